//! Wraps a document into a `NoCloud` seed: a small disk labelled `cidata`, for machines whose provider has no field
//! for user-data.
//!
//! <https://cloudinit.readthedocs.io/en/22.4.2/topics/datasources/nocloud.html>

use std::{fs::File, io::Read as _, path::Path};

use super::user_data;
use crate::{
    digest::sha256,
    error::Result,
    host::{Host, files},
    plan::Plan,
};

/// How old everything on a seed is: as old as anything can be for `xorriso`, 1980-01-01.
const DATE: u32 = 315_532_800;

/// What lies on a seed.
pub struct Seed<'a> {
    /// What the user would have pasted.
    pub user_data: &'a str,
    /// The instance, and its name.
    pub meta_data: &'a str,
    /// The network, where the machine does not find out by itself.
    pub network_config: Option<&'a str>,
}

/// What a provider would say of the machine: a new document is a new instance.
#[must_use]
pub fn meta_data(plan: &Plan, user_data: &str) -> String {
    meta_data_of(&plan.host, user_data.as_bytes())
}

/// The same for a document whose machine is called `host`.
#[must_use]
pub fn meta_data_of(host: &str, user_data: &[u8]) -> String {
    let digest = sha256(user_data);
    format!("instance-id: homeseed-{}\nlocal-hostname: {host}\n", &digest[..12])
}

/// Whether the file at `path` is a seed with a document of homeseed.
#[must_use]
pub fn is_ours(path: &Path) -> bool {
    // The label of ISO 9660, and the files as they are; a seed has less than a megabyte.
    const LABEL: usize = 16 * 2048 + 40;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(4 << 20).read_to_end(&mut bytes));
    let is_seed = bytes.get(LABEL..).is_some_and(|it| it.starts_with(b"cidata "));
    let is_document = |sector: &[u8]| user_data::is_ours(sector);
    read.is_ok() && is_seed && bytes.chunks(2048).any(is_document)
}

impl Seed<'_> {
    /// Writes an ISO 9660 image to `file` with `xorriso`, which `words` may find elsewhere; the same seed has the same
    /// bytes.
    pub fn write(
        &self,
        host: &Host,
        file: &Path,
        words: impl Fn(&[&str]) -> Vec<String>,
    ) -> Result<()> {
        let draft = files::draft_beside(file)?;
        let dir = draft.path().join("seed");
        files::write(&dir.join("user-data"), self.user_data)?;
        files::write(&dir.join("meta-data"), self.meta_data)?;
        if let Some(network) = self.network_config {
            files::write(&dir.join("network-config"), network)?;
        }
        let image = draft.path().join("seed.iso");
        let (from, to) = (dir.to_string_lossy(), image.to_string_lossy());
        let dates = format!("={DATE}");
        let mut all = vec!["env".to_owned(), format!("SOURCE_DATE_EPOCH={DATE}")];
        all.extend(words(&[
            "xorriso",
            "-as",
            "mkisofs",
            "-quiet",
            "-V",
            "cidata",
            "-J",
            "-R",
            "-uid",
            "0",
            "-gid",
            "0",
            "--set_all_file_dates",
            &dates,
            "-o",
            &to,
            &from,
        ]));
        host.run(&all)?;
        files::rename(&image, file)
    }
}
