//! Reads backups back: decrypts all that they hold and compares it with what the machine signed.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Folder, Identities, Manifest, Record, Signers, Stamp, Stored, Trust, folder::digested,
    meter::Meter,
};
use crate::{error::Result, host::progress::Progress};

/// What became of a look at a folder.
#[derive(Debug)]
pub struct Verdict {
    /// The backups that were looked at, the oldest first.
    pub backups: Vec<Judged>,
    /// What lies in the folder and belongs to none of its backups: what an interrupted run has left, or an old one.
    pub strays: Vec<Stored>,
}

/// A backup that was looked at.
#[derive(Debug)]
pub struct Judged {
    /// Which one.
    pub stamp: Stamp,
    /// What it holds; nothing when it cannot be read.
    pub manifest: Option<Manifest>,
    /// What its signature is worth; nothing when it has none.
    pub trust: Option<Trust>,
    /// What is wrong with it.
    pub faults: Vec<String>,
}

/// Looks at every backup in `folder`, or at the one of `only`.
pub fn verify(
    folder: &Folder,
    only: Option<Stamp>,
    identities: &Identities,
    signers: &Signers,
    progress: &Progress,
) -> Result<Verdict> {
    let stamps = folder.stamps()?;
    let mut examiner = Examiner::new(folder, identities, progress);
    let mut named = BTreeSet::new();
    let mut backups = Vec::new();
    for &stamp in stamps.iter().filter(|it| only.is_none_or(|only| only == **it)) {
        let judged = judged(&mut examiner, stamp, signers);
        named.insert(Stored::record(stamp));
        named.extend(judged.manifest.iter().flat_map(|it| it.stored(stamp)));
        backups.push(judged);
    }
    let unread = backups.iter().any(|it| it.manifest.is_none());
    let strays = if only.is_some() || unread { Vec::new() } else { folder.everything()? };
    let strays = strays.into_iter().filter(|it| !named.contains(it)).collect();
    Ok(Verdict { backups, strays })
}

fn judged(examiner: &mut Examiner<'_>, stamp: Stamp, signers: &Signers) -> Judged {
    let record = match Record::read(examiner.folder, stamp, examiner.identities) {
        Ok(record) => record,
        Err(error) => {
            let faults = vec![error.message().to_owned()];
            return Judged { stamp, manifest: None, trust: None, faults };
        }
    };
    let (trust, mut faults) = match record.trust(signers) {
        Ok(trust) => (Some(trust), Vec::new()),
        Err(error) => (None, vec![error.message().to_owned()]),
    };
    faults.extend(examiner.faults(&record));
    Judged { stamp, manifest: Some(record.manifest), trust, faults }
}

/// Decrypts what is stored, each thing once.
pub(super) struct Examiner<'a> {
    folder: &'a Folder,
    identities: &'a Identities,
    progress: &'a Progress,
    seen: BTreeMap<Stored, std::result::Result<String, String>>,
}

impl<'a> Examiner<'a> {
    pub(super) fn new(
        folder: &'a Folder,
        identities: &'a Identities,
        progress: &'a Progress,
    ) -> Examiner<'a> {
        Examiner { folder, identities, progress, seen: BTreeMap::new() }
    }

    /// What is wrong with what `record` names.
    pub(super) fn faults(&mut self, record: &Record) -> Vec<String> {
        let Record { stamp, manifest, .. } = record;
        let streams = manifest.streams.iter();
        let streams = streams.map(|(name, it)| (Stored::stream(*stamp, name), &it.sha256));
        let files = manifest.files_of_trees().map(|it| (it.stored.clone(), &it.sha256));
        let bytes = self.folder.size_of(*stamp, manifest);
        let meter = Meter::of(self.progress, &format!("reading {stamp}"), bytes);
        let faults = streams.chain(files).filter_map(|(stored, sha256)| {
            let found = self.seen.entry(stored.clone()).or_insert_with(|| {
                read(self.folder, self.identities, &stored, &|bytes| meter.count(bytes))
            });
            match found {
                Err(why) => Some(why.clone()),
                Ok(found) if found != sha256 => {
                    Some(format!("`{stored}` is not what the machine signed"))
                }
                Ok(_) => None,
            }
        });
        faults.collect()
    }
}

fn read(
    folder: &Folder,
    identities: &Identities,
    stored: &Stored,
    on: &dyn Fn(u64),
) -> std::result::Result<String, String> {
    let path = folder.path(stored);
    if !folder.has(stored) {
        return Err(format!("`{}` is missing", path.display()));
    }
    let mut plain = identities.open(&path).map_err(|error| error.message().to_owned())?;
    digested(&mut plain, on).map_err(|error| format!("`{}` is damaged: {error}", path.display()))
}
