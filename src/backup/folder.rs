//! The folder that holds backups: on this computer, or wherever it is carried.
//!
//! ```text
//! 20261124T030000Z.age              the commit record, written last
//! 20261124T030000Z.db.age           what a program poured out
//! local_content/aa/bb/ID.1764000000.4096.age
//!                                   a file of a tree, by its time and its size: written once, shared by all backups
//! ```

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use age::stream::StreamWriter;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use walkdir::WalkDir;

use super::{Manifest, Recipients, Stamp};
use crate::{
    error::{Error, Result},
    host::files,
};

/// The end of every name.
const END: &str = ".age";

/// The beginning of the name of what is not whole yet.
const DRAFT: &str = ".draft-";

/// The file that who writes in the folder holds.
const LOCK: &str = ".lock";

/// The file with the keys that everything in the folder was encrypted to.
const READERS: &str = ".recipients";

/// A folder of backups.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
}

/// A name in such a folder, without the end `.age`: a relative path of harmless characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stored(String);

impl Folder {
    /// The folder at `dir`, which is there.
    pub fn open(dir: &Path) -> Result<Folder> {
        if dir.is_dir() {
            return Ok(Folder { dir: dir.to_owned() });
        }
        Err(Error::new(format!("there is no folder `{}`", dir.display()))
            .hint("`homeseed backup pull` makes one"))
    }

    /// The folder at `dir`, which is made if it is not there; others than its owner cannot look into a new one.
    pub fn make(dir: &Path) -> Result<Folder> {
        use std::os::unix::fs::DirBuilderExt as _;
        if !dir.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| {
                Error::host(format!("cannot make `{}`: {error}", dir.display()))
            })?;
        }
        Folder::open(dir)
    }

    /// The folder for this program alone, as long as what this gives is there; what an interrupted run had not finished
    /// is removed.
    pub fn lock(&self) -> Result<File> {
        let path = self.dir.join(LOCK);
        let unusable =
            |error: io::Error| Error::host(format!("cannot write `{}`: {error}", path.display()));
        let lock = File::options().create(true).append(true).open(&path).map_err(unusable)?;
        if lock.try_lock().is_err() {
            let message = format!("another homeseed is at work in `{}`", self.dir.display());
            return Err(Error::new(message).hint("wait until it is done"));
        }
        for entry in WalkDir::new(&self.dir).into_iter().filter_map(std::result::Result::ok) {
            if entry.file_name().to_string_lossy().starts_with(DRAFT) {
                files::remove(entry.path())?;
            }
        }
        Ok(lock)
    }

    /// Notes that all that comes is for `recipients`; an error when one of them could not read the files of trees that are here
    /// already, which are never written again.
    ///
    /// What was pushed here, or copied, says nothing of that.
    pub fn is_for(&self, recipients: &Recipients) -> Result<()> {
        let path = self.dir.join(READERS);
        if path.is_file() && self.everything()?.iter().any(|it| it.stamp().is_none()) {
            let former = files::read(&path)?;
            let former: BTreeSet<&str> = former.lines().collect();
            let new = recipients.lines().iter().find(|it| !former.contains(it.as_str()));
            if let Some(new) = new {
                let message = format!(
                    "`{}` holds files that this key cannot read: {new}",
                    self.dir.display()
                );
                return Err(Error::new(message)
                    .hint("pull into another folder: what lies in this one stays as it is"));
            }
        }
        let lines: String = recipients.lines().iter().map(|it| format!("{it}\n")).collect();
        files::write(&path, &lines)
    }

    /// The backups in it, the oldest first: those that have a commit record.
    pub fn stamps(&self) -> Result<Vec<Stamp>> {
        let names = files::list(&self.dir)?;
        let names = names.iter().filter_map(|path| path.file_name()?.to_str()?.strip_suffix(END));
        let mut stamps: Vec<Stamp> = names.filter_map(|name| name.parse().ok()).collect();
        stamps.sort();
        Ok(stamps)
    }

    /// The newest backup in it; an error when there is none.
    pub fn newest(&self) -> Result<Stamp> {
        self.stamps()?.pop().ok_or_else(|| {
            Error::new(format!("there is no backup in `{}`", self.dir.display()))
                .hint("a backup has a file such as `20261124T030000Z.age`, which is written last")
        })
    }

    /// Where something is, whether it is there or not.
    #[must_use]
    pub fn path(&self, stored: &Stored) -> PathBuf {
        self.dir.join(format!("{}{END}", stored.0))
    }

    /// Whether it is there.
    #[must_use]
    pub fn has(&self, stored: &Stored) -> bool {
        self.path(stored).is_file()
    }

    /// The bytes that it takes, encrypted; none when it is not there.
    #[must_use]
    pub fn size(&self, stored: &Stored) -> u64 {
        fs::metadata(self.path(stored)).map_or(0, |it| it.len())
    }

    /// The bytes that everything takes which a backup names, encrypted.
    #[must_use]
    pub fn size_of(&self, stamp: Stamp, manifest: &Manifest) -> u64 {
        let named = manifest.stored(stamp).chain([Stored::record(stamp)]);
        named.map(|it| self.size(&it)).sum()
    }

    /// Everything that bears the name of something stored, in the order of the names.
    pub fn everything(&self) -> Result<Vec<Stored>> {
        let mut found = Vec::new();
        for entry in WalkDir::new(&self.dir).sort_by_file_name() {
            let entry = entry.map_err(|error| Error::host(error.to_string()))?;
            let name = entry.path().strip_prefix(&self.dir).ok().and_then(Path::to_str);
            let stored = name.and_then(|it| it.strip_suffix(END)).and_then(|it| it.parse().ok());
            found.extend(stored.filter(|_| entry.file_type().is_file()));
        }
        Ok(found)
    }

    /// Something that is to be stored: encrypted while it is written, and not there before it is committed.
    pub fn draft(&self, stored: &Stored, recipients: &Recipients) -> Result<Draft> {
        let path = self.path(stored);
        let above = path.parent().unwrap_or(&self.dir);
        files::make(above)?;
        let file = tempfile::Builder::new().prefix(DRAFT).tempfile_in(above);
        let sealed = file.and_then(|file| recipients.seal(BufWriter::new(file)));
        let sealed = sealed.map_err(|error| unwritten(&path, &error))?;
        Ok(Draft { path, sealed, digest: Sha256::new() })
    }

    /// Removes it, and the folders that hold nothing else.
    pub fn remove(&self, stored: &Stored) -> Result<()> {
        let path = self.path(stored);
        files::remove(&path)?;
        let above = path.ancestors().skip(1).take_while(|it| *it != self.dir);
        // It fails at the first that holds something.
        let _ = above.map(fs::remove_dir).take_while(std::result::Result::is_ok).count();
        Ok(())
    }
}

/// Something that is not stored yet; dropped, it is gone.
pub struct Draft {
    path: PathBuf,
    sealed: StreamWriter<BufWriter<NamedTempFile>>,
    digest: Sha256,
}

impl Draft {
    /// Takes everything that `source` says and gives how many bytes that were; `on` hears how many came at a time.
    pub fn fill(&mut self, source: &mut dyn Read, on: &dyn Fn(u64)) -> Result<u64> {
        let (mut buffer, mut size) = (vec![0; 1 << 17], 0);
        loop {
            let length = match source.read(&mut buffer) {
                Ok(0) => return Ok(size),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(Error::host(format!("it cannot be read to its end: {error}")));
                }
            };
            size += length as u64;
            self.digest.update(&buffer[..length]);
            self.sealed.write_all(&buffer[..length]).map_err(|it| unwritten(&self.path, &it))?;
            on(length as u64);
        }
    }

    /// Stores it: it is on the disk when this returns. Gives the SHA-256 of what it took, in hexadecimal digits.
    pub fn commit(self) -> Result<String> {
        let Draft { path, sealed, digest } = self;
        let stored = || {
            let file = sealed.finish()?.into_inner().map_err(io::Error::other)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            path.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())
        };
        stored().map_err(|error| unwritten(&path, &error))?;
        Ok(format!("{:x}", digest.finalize()))
    }
}

fn unwritten(path: &Path, error: &io::Error) -> Error {
    Error::host(format!("cannot write `{}`: {error}", path.display()))
        .hint("what is there stays, and the next run goes on from it")
}

/// The SHA-256 of all that `source` says, in hexadecimal digits; `on` hears how many bytes came at a time.
pub(super) fn digested(source: &mut dyn Read, on: &dyn Fn(u64)) -> io::Result<String> {
    let (mut digest, mut buffer) = (Sha256::new(), vec![0; 1 << 17]);
    loop {
        let length = match source.read(&mut buffer) {
            Ok(0) => return Ok(format!("{:x}", digest.finalize())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            length => length?,
        };
        digest.update(&buffer[..length]);
        on(length as u64);
    }
}

impl Stored {
    /// The commit record of a backup.
    #[must_use]
    pub fn record(stamp: Stamp) -> Stored {
        Stored(stamp.to_string())
    }

    /// A stream of a backup.
    #[must_use]
    pub fn stream(stamp: Stamp, name: &str) -> Stored {
        Stored(format!("{stamp}.{name}"))
    }

    /// A file of a tree, at `path` in its root, last changed at `seconds` since 1970 and `size` bytes long; nothing when its
    /// name is none that Synapse gives.
    ///
    /// A file that is taken while it is written, or that is made again, is another one: time and size are part of the name.
    #[must_use]
    pub fn of_tree(path: &str, seconds: u64, size: u64) -> Option<Stored> {
        format!("{path}.{seconds}.{size}").parse().ok()
    }

    /// The path of a file of a tree, its time in seconds since 1970, and its bytes; none when it is no such file.
    #[must_use]
    pub fn tree_file(&self) -> Option<(&str, u64, u64)> {
        let mut parts = self.0.rsplitn(3, '.');
        let (size, seconds) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some((parts.next()?, seconds, size))
    }

    /// The same of a name that is known to be one.
    pub(super) fn place(&self) -> (&str, u64, u64) {
        self.tree_file().expect("it was taken for a file of a tree")
    }

    /// The backup whose record or stream it is; none for a file of a tree.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp> {
        self.0.split('.').next()?.parse().ok()
    }
}

impl std::fmt::Display for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Stored {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Stored, String> {
        if is_harmless(text) {
            return Ok(Stored(text.to_owned()));
        }
        Err(format!("`{}` is no name of something stored", text.escape_default()))
    }
}

impl From<Stored> for String {
    fn from(stored: Stored) -> String {
        stored.0
    }
}

/// Whether `path` is relative, stays below where it starts, and can stand in a line of shell or in a list.
fn is_harmless(path: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-@+=,".contains(c);
    let is_part =
        |part: &str| !part.is_empty() && !part.starts_with(['.', '-']) && part.chars().all(fits);
    path.len() < 1000 && path.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_out_of_the_folder() {
        for name in ["20261124T030000Z", "20261124T030000Z.db", "local_content/aa/bb/c-d.1.2"] {
            name.parse::<Stored>().expect(name);
        }
        for name in ["", "/etc/passwd", "a//b", "../a", "a/../b", "a/.b", "-a", "a b", "a\n", "a/"]
        {
            name.parse::<Stored>().expect_err(name);
        }
    }

    #[test]
    fn a_further_key_is_refused_once_there_are_files_that_it_cannot_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(dir.path()).expect("it is there");
        let key = || age::x25519::Identity::generate().to_public().to_string();
        let (one, two) = (key(), key());
        let of = |keys: &[&String]| {
            let keys: Vec<String> = keys.iter().map(|it| (*it).clone()).collect();
            Recipients::of(&keys).expect("recipients").0
        };
        let (both, first, second) = (of(&[&one, &two]), of(&[&one]), of(&[&two]));
        for recipients in [&first, &second] {
            folder.is_for(recipients).expect("nothing is here that one could not read");
        }
        folder.is_for(&both).expect("nothing is here yet");
        let stored = Stored::of_tree("local_content/a", 1, 1).expect("a name");
        folder.draft(&stored, &both).and_then(Draft::commit).expect("room");
        folder.is_for(&second).expect("it can read everything");
        let error = folder.is_for(&both).expect_err("the first has not been a reader all the time");
        assert!(error.message().contains(&one), "{}", error.message());
    }

    #[test]
    fn what_is_written_is_whole_or_not_there() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Folder::make(&dir.path().join("backups")).expect("made");
        let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
        let (keys, others) = Recipients::of(&[key.to_owned()]).expect("a recipient");
        assert!(others.is_empty());
        let stamp: Stamp = "20261124T030000Z".parse().expect("a time");
        let stream = Stored::stream(stamp, "db");
        let write = |stored: &Stored, text: &str| {
            let mut draft = folder.draft(stored, &keys).expect("room");
            draft.fill(&mut text.as_bytes(), &|_| ()).expect("room");
            draft
        };
        drop(write(&stream, "abc"));
        fs::write(dir.path().join("backups/.draft-1"), "half").expect("room");
        let lock = folder.lock().expect("nobody is at work");
        assert!(!dir.path().join("backups/.draft-1").exists());
        assert!(folder.lock().is_err());
        drop(lock);
        assert!(folder.everything().expect("readable").is_empty());
        let sha256 = write(&stream, "abc").commit().expect("written");
        assert_eq!(&sha256[..8], "ba7816bf");
        assert!(folder.stamps().expect("readable").is_empty());
        assert!(folder.newest().is_err());
        let record = Stored::record(stamp);
        write(&record, "").commit().expect("written");
        assert_eq!(folder.newest().expect("a backup"), stamp);
        let media = Stored::of_tree("local_content/aa/bb/c", 5, 7).expect("harmless");
        write(&media, "").commit().expect("written");
        assert_eq!(folder.everything().expect("readable"), [record, stream, media.clone()]);
        folder.remove(&media).expect("removed");
        assert!(!dir.path().join("backups/local_content").exists());
    }
}
