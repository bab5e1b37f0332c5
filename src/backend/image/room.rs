//! A folder that belongs to the root of a user's namespace, where the tree has its owners.

use std::path::{Path, PathBuf};

use crate::{
    error::Result,
    host::{Host, files},
};

/// The folder; gone, with all that is in it, when dropped.
pub(super) struct Room<'a> {
    host: &'a Host,
    dir: String,
}

/// Runs a command as root of the caller's namespace; as root it is root's own.
const INSIDE: [&str; 2] = ["mmdebstrap", "--unshare-helper"];

impl<'a> Room<'a> {
    /// Makes it in `$TMPDIR`, or in `/var/tmp`, which holds more than `/tmp` may.
    pub(super) fn make(host: &'a Host) -> Result<Room<'a>> {
        let parent = std::env::var("TMPDIR").unwrap_or_else(|_| "/var/tmp".to_owned());
        let line = "dir=$(mktemp -d --tmpdir=\"$1\") && chmod 755 \"$dir\" && echo \"$dir\"";
        let mut words = INSIDE.to_vec();
        words.extend(["sh", "-euc", line, "sh", &parent]);
        let dir = host.read(&words)?.trim().to_owned();
        Ok(Room { host, dir })
    }

    /// Its name.
    pub(super) fn dir(&self) -> &str {
        &self.dir
    }

    /// Its name as a path.
    pub(super) fn dir_path(&self) -> &Path {
        Path::new(&self.dir)
    }

    /// The name of something in it.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.dir)
    }

    /// The command that runs `words` as the owner of rooms.
    pub(super) fn words(words: &[&str]) -> Vec<String> {
        INSIDE.iter().chain(words).map(|word| (*word).to_owned()).collect()
    }

    /// The packages that were installed: `name version architecture sha256`, one a line.
    pub(super) fn packages(&self) -> Result<String> {
        files::read(&self.file("out/packages"))
    }

    /// How many packages there are.
    pub(super) fn installed(&self) -> Result<usize> {
        Ok(files::read(&self.file("out/installed"))?.lines().count())
    }

    /// What came from the Python registry inside of a package: `name-version.dist-info`, one a line.
    pub(super) fn python(&self) -> Result<String> {
        files::read(&self.file("out/python"))
    }

    fn file(&self, name: &str) -> PathBuf {
        PathBuf::from(self.path(name))
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        // What cannot be removed is in the folder for what may be.
        self.host.run(&Room::words(&["rm", "-rf", "--one-file-system", &self.dir])).ok();
    }
}
