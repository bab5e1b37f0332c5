//! A Debian tree in a folder, built once for a recipe and kept until the recipe changes.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::archive::Archives;
use crate::{
    error::{Error, Result},
    host::Host,
};

/// What stands in the tree.
pub struct Recipe<'a> {
    /// The folder's name below the cache.
    pub name: &'a str,
    /// The Debian release.
    pub suite: &'a str,
    /// Every package that is asked for; recommended ones are not followed.
    pub packages: &'a [&'a str],
    /// Further arguments of `mmdebstrap`.
    pub arguments: &'a [&'a str],
    /// Further lines of its `sources.list`.
    pub sources: &'a str,
}

impl Recipe<'_> {
    /// The tree's folder, built now unless one of this very recipe stands there.
    pub fn ready(&self, host: &Host, archives: &Archives, cache: &Path) -> Result<PathBuf> {
        let dir = cache.join(self.name);
        let mark = cache.join(format!("{}.recipe", self.name));
        if dir.is_dir() && fs::read_to_string(&mark).is_ok_and(|text| text == self.key()) {
            return Ok(dir);
        }
        remove(&dir)?;
        let draft = cache.join(format!("{}.new", self.name));
        remove(&draft)?;
        self.build(host, archives, &draft)?;
        rename(&draft, &dir)?;
        write(&mark, &self.key())?;
        Ok(dir)
    }

    /// Names the recipe: equal keys mean equal trees, apart from the archive's own updates.
    #[must_use]
    pub fn key(&self) -> String {
        let text = format!("{} {:?} {:?}", self.suite, self.packages, self.arguments);
        format!("{:x}\n", Sha256::digest(text))
    }

    fn build(&self, host: &Host, archives: &Archives, dir: &Path) -> Result<()> {
        let include = format!("--include={}", self.packages.join(","));
        let mut words = vec![
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            "--aptopt=Acquire::Languages \"none\"",
            "--aptopt=APT::Install-Recommends \"false\"",
            &include,
        ];
        let target = dir.to_string_lossy();
        words.extend(self.arguments);
        words.extend([self.suite, &target, "-"]);
        host.feed(&words, &(archives.sources(self.suite) + self.sources)).map(drop)
    }
}

/// Removes a folder or a file that may not be there.
pub fn remove(path: &Path) -> Result<()> {
    let is_dir = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir());
    match if is_dir { fs::remove_dir_all(path) } else { fs::remove_file(path) } {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::host(format!("cannot remove `{}`: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

/// What lies in a folder, by name.
pub fn list(dir: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error| Error::host(format!("cannot read `{}`: {error}", dir.display()));
    let entries = fs::read_dir(dir).map_err(unreadable)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

/// Makes a folder and those above it.
pub fn make(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir)
        .map_err(|error| Error::host(format!("cannot make `{}`: {error}", dir.display())))
}

/// Writes a text, folders above included.
pub fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(above) = path.parent() {
        make(above)?;
    }
    fs::write(path, text)
        .map_err(|error| Error::host(format!("cannot write `{}`: {error}", path.display())))
}

/// Reads a text.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path)
        .map_err(|error| Error::host(format!("cannot read `{}`: {error}", path.display())))
}

/// Gives a finished thing its name.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| {
        Error::host(format!("cannot rename `{}` to `{}`: {error}", from.display(), to.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_lies_there_is_removed() {
        let dir = tempfile::tempdir().expect("a folder");
        let (file, folder) = (dir.path().join("file"), dir.path().join("folder"));
        write(&file, "").expect("written");
        write(&folder.join("file"), "").expect("written");
        assert_eq!(list(dir.path()).expect("readable"), [file.clone(), folder.clone()]);
        for path in [&file, &folder, &folder] {
            remove(path).expect("removed, or not there");
        }
        assert!(list(dir.path()).expect("readable").is_empty());
    }
}
