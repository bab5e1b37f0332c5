//! The commit record: an archive of the manifest, its signature, and the machine's small files.

use std::io::{self, Read as _};

use super::{Folder, Identities, Manifest, Recipients, Signers, Stamp, Stored, Trust};
use crate::{
    digest::sha256,
    error::{Error, Result},
};

/// The names in the archive, in their order.
const MEMBERS: [&str; 3] = ["manifest", "manifest.sig", "files.tar"];

/// More is no commit record of ours.
const MOST: u64 = 1 << 30;

/// A commit record.
#[derive(Debug)]
pub struct Record {
    /// Of which backup.
    pub stamp: Stamp,
    /// What it says.
    pub manifest: Manifest,
    /// The archive of the small files.
    pub files: Vec<u8>,
    /// What the machine signed, to the byte.
    text: String,
    signature: String,
}

impl Record {
    /// The record of `manifest`, whose text the machine has signed.
    #[must_use]
    pub fn new(
        stamp: Stamp,
        manifest: Manifest,
        text: String,
        signature: String,
        files: Vec<u8>,
    ) -> Record {
        Record { stamp, manifest, files, text, signature }
    }

    /// Writes it, by which the backup becomes one.
    pub fn write(&self, folder: &Folder, recipients: &Recipients) -> Result<()> {
        let members = [self.text.as_bytes(), self.signature.as_bytes(), &self.files];
        let mut archive = tar::Builder::new(Vec::new());
        for (name, bytes) in MEMBERS.iter().zip(members) {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o600);
            archive.append_data(&mut header, name, bytes).expect("memory takes all");
        }
        let archive = archive.into_inner().expect("memory takes all");
        let mut draft = folder.draft(&Stored::record(self.stamp), recipients)?;
        draft.fill(&mut archive.as_slice(), &|_| ())?;
        draft.commit().map(drop)
    }

    /// Reads the one of `stamp`; what is in it is what its text says, whoever wrote that.
    pub fn read(folder: &Folder, stamp: Stamp, identities: &Identities) -> Result<Record> {
        let path = folder.path(&Stored::record(stamp));
        let mut bytes = Vec::new();
        let damaged = |why: &str| Error::new(format!("`{}` is damaged: {why}", path.display()));
        let length = identities.open(&path)?.take(MOST + 1).read_to_end(&mut bytes);
        if length.map_err(|error| damaged(&error.to_string()))? as u64 > MOST {
            return Err(damaged("it is longer than a commit record is"));
        }
        let members = members(&bytes).map_err(|error| damaged(&error.to_string()))?;
        let [text, signature, files]: [Vec<u8>; 3] =
            members.try_into().map_err(|_| damaged("something is missing in it"))?;
        let text = String::from_utf8(text).map_err(|_| damaged("its manifest is no text"))?;
        let signature =
            String::from_utf8(signature).map_err(|_| damaged("its signature is no text"))?;
        let manifest = Manifest::parse(&text, stamp)?;
        if sha256(&files) != manifest.files {
            return Err(damaged("its files are others than the manifest says"));
        }
        Ok(Record { stamp, manifest, files, text, signature })
    }

    /// What its signature is worth; an error when it is that of nobody.
    pub fn trust(&self, signers: &Signers) -> Result<Trust> {
        let Manifest { server_name, machine, .. } = &self.manifest;
        let judged = signers.judge(server_name, machine, &self.text, &self.signature);
        judged.map_err(|why| {
            Error::new(format!("the backup of {} is forged: {why}", self.stamp.spoken()))
        })
    }
}

/// The members of an archive, which are all those that it should have, or the first of them.
fn members(archive: &[u8]) -> io::Result<Vec<Vec<u8>>> {
    let mut members = Vec::new();
    for entry in tar::Archive::new(archive).entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        if MEMBERS.get(members.len()) != Some(&name.as_str()) {
            return Err(io::Error::other(format!("`{name}` does not belong there")));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        members.push(bytes);
    }
    Ok(members)
}
