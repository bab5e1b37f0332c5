//! What a backup says of itself: the text that the machine signs.
//!
//! ```text
//! homeseed-backup 1
//! time 20261124T030000Z
//! server_name example.org
//! host chat.example.org
//! suite bookworm
//! payload 4482ebcb77…
//! machine ssh-ed25519 AAAA…
//! born admin admin
//! package age 1.1.1-1+b3
//! stream db 5d41402abc…
//! number db events 200
//! tree /var/lib/media
//! file local_content/aa/bb/ID.1764000000.4096 7d793037a0…
//! files 9e107d9d37…
//! ```
//!
//! Digests are SHA-256 of what was encrypted. A `number` belongs to the stream that it names, a `file` to the tree above it.

use std::{collections::BTreeMap, fmt};

use super::{Stamp, Stored};
use crate::{
    digest::is_sha256,
    error::{Error, Result},
};

/// The version of the format that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// The word that begins the text of every version.
const MAGIC: &str = "homeseed-backup";

/// What a backup holds, and of which machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// When it was taken, as in the names of its files.
    pub time: String,
    /// The part of user IDs after the colon.
    pub server_name: String,
    /// The name of the machine.
    pub host: String,
    /// Its Debian release.
    pub suite: String,
    /// The digest of its payload.
    pub payload: String,
    /// The public key with which it signs backups: type and base64.
    pub machine: String,
    /// What it keeps for life, by name.
    pub born: BTreeMap<String, String>,
    /// The versions of its packages, by name.
    pub packages: BTreeMap<String, String>,
    /// What programs poured out, by name.
    pub streams: BTreeMap<String, Stream>,
    /// The files of its trees, by the tree's root.
    pub trees: BTreeMap<String, Vec<TreeFile>>,
    /// The digest of the archive of its small files, which is part of the commit record.
    pub files: String,
}

/// A stream of a backup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stream {
    /// Its digest.
    pub sha256: String,
    /// What its layer counted when it was taken.
    pub numbers: BTreeMap<String, u64>,
}

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// Its name among what is stored, which tells its path, its time and its size.
    pub stored: Stored,
    /// Its digest.
    pub sha256: String,
}

impl Manifest {
    /// Reads the text of the backup of `stamp`; whoever wrote it may be anybody.
    pub fn parse(text: &str, stamp: Stamp) -> Result<Manifest> {
        let damaged = |why: &str| Error::new(format!("the manifest of {stamp} is damaged: {why}"));
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        match first.strip_prefix(MAGIC).map(|rest| rest.trim().parse()) {
            Some(Ok(FORMAT)) => {}
            Some(Ok(format)) => {
                return Err(Error::new(format!("{stamp} is in the format {format}")).hint(format!(
                    "this program reads the format {FORMAT}: use the one that wrote it, or a newer one"
                )));
            }
            _ => return Err(damaged("it does not begin as one")),
        }
        let mut manifest = Manifest::default();
        let mut root = None;
        for line in lines {
            manifest
                .hear(line, &mut root)
                .ok_or_else(|| damaged(&format!("`{}`", line.escape_default())))?;
        }
        let facts = [&manifest.server_name, &manifest.host, &manifest.machine];
        if facts.into_iter().any(String::is_empty) || !is_sha256(&manifest.files) {
            return Err(damaged("it does not come to its end"));
        }
        if manifest.time != stamp.to_string() {
            return Err(damaged(&format!("it is that of {}", manifest.time.escape_default())));
        }
        Ok(manifest)
    }

    /// Takes a line; nothing when it is none.
    pub(super) fn hear(&mut self, line: &str, root: &mut Option<String>) -> Option<()> {
        let (word, rest) = line.split_once(' ')?;
        let own = || rest.to_owned();
        match word {
            "time" => self.time = own(),
            "server_name" => self.server_name = own(),
            "host" => self.host = own(),
            "suite" => self.suite = own(),
            "payload" => self.payload = own(),
            "machine" => self.machine = own(),
            "files" => self.files = own(),
            "born" | "package" => {
                let (name, value) = rest.split_once(' ')?;
                let all = if word == "born" { &mut self.born } else { &mut self.packages };
                all.insert(name.to_owned(), value.to_owned());
            }
            "stream" => {
                let (name, sha256) = rest.split_once(' ').filter(|(_, it)| is_sha256(it))?;
                let is_name = name.bytes().all(|it| it.is_ascii_lowercase());
                let stream = Stream { sha256: sha256.to_owned(), numbers: BTreeMap::new() };
                is_name.then(|| self.streams.insert(name.to_owned(), stream))?;
            }
            "number" => {
                let (stream, rest) = rest.split_once(' ')?;
                let (name, value) = rest.split_once(' ')?;
                let is_name = name.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
                let value = value.parse().ok().filter(|_| is_name)?;
                self.streams.get_mut(stream)?.numbers.insert(name.to_owned(), value);
            }
            "tree" => {
                self.trees.insert(own(), Vec::new());
                *root = Some(own());
            }
            "file" => {
                let (stored, sha256) = rest.split_once(' ').filter(|(_, it)| is_sha256(it))?;
                let stored: Stored = stored.parse().ok()?;
                stored.tree_file()?;
                let file = TreeFile { stored, sha256: sha256.to_owned() };
                self.trees.get_mut(root.as_ref()?)?.push(file);
            }
            _ => return None,
        }
        Some(())
    }

    /// Every file of every tree.
    pub fn files_of_trees(&self) -> impl Iterator<Item = &TreeFile> {
        self.trees.values().flatten()
    }

    /// Everything stored that it takes, but for the commit record.
    pub fn stored(&self, stamp: Stamp) -> impl Iterator<Item = Stored> {
        let streams = self.streams.keys().map(move |name| Stored::stream(stamp, name));
        streams.chain(self.files_of_trees().map(|file| file.stored.clone()))
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{MAGIC} {FORMAT}\ntime {}", self.time)?;
        writeln!(f, "server_name {}\nhost {}", self.server_name, self.host)?;
        writeln!(f, "suite {}\npayload {}\nmachine {}", self.suite, self.payload, self.machine)?;
        self.born.iter().try_for_each(|(name, value)| writeln!(f, "born {name} {value}"))?;
        self.packages.iter().try_for_each(|(name, value)| writeln!(f, "package {name} {value}"))?;
        for (name, stream) in &self.streams {
            writeln!(f, "stream {name} {}", stream.sha256)?;
            let mut numbers = stream.numbers.iter();
            numbers
                .try_for_each(|(number, value)| writeln!(f, "number {name} {number} {value}"))?;
        }
        for (root, files) in &self.trees {
            writeln!(f, "tree {root}")?;
            let mut files = files.iter();
            files.try_for_each(|it| writeln!(f, "file {} {}", it.stored, it.sha256))?;
        }
        writeln!(f, "files {}", self.files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn text(more: &str) -> String {
        format!(
            "homeseed-backup 1\ntime 20261124T030000Z\nserver_name example.org\nhost chat.example.org\nsuite bookworm\n\
             payload {SUM}\nmachine ssh-ed25519 AAAA\nborn admin admin\npackage age 1.1.1-1+b3\nstream db {SUM}\n\
             number db events 200\ntree /var/lib/media\nfile local_content/aa/bb/c.1764000000.4096 {SUM}\n{more}files {SUM}\n"
        )
    }

    #[test]
    fn a_manifest_is_read_as_it_is_written() {
        let stamp: Stamp = "20261124T030000Z".parse().expect("a time");
        let manifest = Manifest::parse(&text(""), stamp).expect("whole");
        assert_eq!(manifest.to_string(), text(""));
        let stored: Vec<String> = manifest.stored(stamp).map(String::from).collect();
        assert_eq!(stored, ["20261124T030000Z.db", "local_content/aa/bb/c.1764000000.4096"]);
        let file = &manifest.files_of_trees().next().expect("a file").stored;
        assert_eq!(file.tree_file(), Some(("local_content/aa/bb/c", 1_764_000_000, 4096)));
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        let stamp: Stamp = "20261124T030000Z".parse().expect("a time");
        let refused = |text: &str| {
            let error = Manifest::parse(text, stamp).expect_err(text);
            error.message().to_owned()
        };
        for line in [
            format!("file ../../etc/passwd.1.2 {SUM}"),
            format!("file local_content/x {SUM}"),
            "file local_content/x.1.2 abc".to_owned(),
            format!("stream ../x {SUM}"),
            "number other events 1".to_owned(),
            "number db events -1".to_owned(),
            "number db $(id) 1".to_owned(),
            "unknown word".to_owned(),
        ] {
            let said = refused(&text(&format!("{line}\n")));
            assert!(said.contains("is damaged"), "{line}: {said}");
        }
        let newer = text("").replace("homeseed-backup 1", "homeseed-backup 2");
        assert!(refused(&newer).contains("in the format 2"));
        assert!(refused("").contains("does not begin"));
        let cut = text("").replace(&format!("files {SUM}\n"), "");
        assert!(refused(&cut).contains("to its end"));
        let other: Stamp = "20261125T030000Z".parse().expect("a time");
        assert!(Manifest::parse(&text(""), other).is_err());
    }
}
