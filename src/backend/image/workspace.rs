//! Where an image is made: two temporary folders. The user who runs homeseed owns the first. The second belongs to root
//! of a user namespace, so that the files of the Debian tree in it can have any owner.
//!
//! That root reads the first folder, which everyone may read, and writes only to the second.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    error::{Error, Result},
    host::{Host, files},
};

/// Both folders; gone, with all that is in them, when dropped.
pub(super) struct Workspace<'a> {
    host: &'a Host,
    ours: TempDir,
    results: PathBuf,
}

/// Runs a command as root of the caller's namespace; as root it is root's own.
const INSIDE: [&str; 2] = ["mmdebstrap", "--unshare-helper"];

impl<'a> Workspace<'a> {
    /// Makes it in `$TMPDIR`, or in `/var/tmp`, which holds more than `/tmp` may.
    pub(super) fn make(host: &'a Host) -> Result<Workspace<'a>> {
        let parent = std::env::var("TMPDIR").unwrap_or_else(|_| "/var/tmp".to_owned());
        let open = Permissions::from_mode(0o755);
        let made = tempfile::Builder::new().permissions(open).tempdir_in(&parent);
        let ours =
            made.map_err(|error| Error::host(format!("cannot write to `{parent}`: {error}")))?;
        let line = "dir=$(mktemp -d --tmpdir=\"$1\") && chmod 755 \"$dir\" && echo \"$dir\"";
        let said = host.read(&Workspace::words(&["sh", "-euc", line, "sh", &parent]))?;
        Ok(Workspace { host, ours, results: PathBuf::from(said.trim()) })
    }

    /// Something in our folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.ours.path().join(name)
    }

    /// The same as a word.
    pub(super) fn word(&self, name: &str) -> String {
        self.file(name).to_string_lossy().into_owned()
    }

    /// The tree, which `mmdebstrap` makes in our folder and gives away.
    pub(super) fn tree(&self) -> String {
        self.word("tree")
    }

    /// The folder of the namespace's root.
    pub(super) fn results(&self) -> &Path {
        &self.results
    }

    /// The command that runs `words` as root of the namespace.
    pub(super) fn words(words: &[&str]) -> Vec<String> {
        INSIDE.iter().chain(words).map(|word| (*word).to_owned()).collect()
    }

    /// The packages that were installed: `name version architecture sha256`, one a line.
    pub(super) fn packages(&self) -> Result<String> {
        files::read(&self.results.join("packages"))
    }

    /// How many packages there are.
    pub(super) fn installed(&self) -> Result<usize> {
        Ok(files::read(&self.results.join("installed"))?.lines().count())
    }

    /// What came from the Python registry inside of a package: `name-version.dist-info`, one a line.
    pub(super) fn python(&self) -> Result<String> {
        files::read(&self.results.join("python"))
    }
}

impl Drop for Workspace<'_> {
    fn drop(&mut self) {
        // What cannot be removed is in the folder for what may be.
        let results = self.results.to_string_lossy();
        let words = ["rm", "-rf", "--one-file-system", &results, &self.tree()];
        self.host.run(&Workspace::words(&words)).ok();
    }
}
