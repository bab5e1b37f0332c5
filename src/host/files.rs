//! Folders and files of this host, with errors that name them.

use std::{
    fs::{self, Permissions},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::error::{Error, Result};

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

/// Puts `bytes` into the file at `path`, whole or not at all; a file that is there keeps its mode.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed =
        |error: io::Error| Error::host(format!("cannot write {}: {error}", path.display()));
    let path = behind_links(path);
    let mode = match fs::metadata(&path) {
        Ok(found) => found.permissions(),
        Err(error) if error.kind() == ErrorKind::NotFound => Permissions::from_mode(0o644),
        Err(error) => return Err(failed(error)),
    };
    let mut options = tempfile::Builder::new();
    let mut file = options
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(above(&path))
        .map_err(failed)?;
    let written = file.as_file().set_permissions(mode).and_then(|()| file.write_all(bytes));
    written.and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    file.persist(&path).map(drop).map_err(|error| failed(error.error))
}

/// A folder beside `path`, to be given its name when all is in it; gone when dropped.
pub fn draft_beside(path: &Path) -> Result<TempDir> {
    let parent = above(path);
    if !parent.is_dir() {
        return Err(Error::new(format!("there is no folder `{}`", parent.display())));
    }
    let made = tempfile::Builder::new()
        .prefix(".homeseed-")
        .permissions(Permissions::from_mode(0o755))
        .tempdir_in(parent);
    made.map_err(|error| Error::host(format!("cannot write to {}: {error}", parent.display())))
}

/// The bytes that a file takes on its disk.
pub fn stored(path: &Path) -> Result<u64> {
    let found = fs::metadata(path);
    let found =
        found.map_err(|error| Error::host(format!("cannot read `{}`: {error}", path.display())))?;
    Ok(found.blocks() * 512)
}

/// The file that `path` leads to, whether it is there yet or not.
fn behind_links(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.read_link()) {
        (Ok(real), _) => real,
        (Err(error), Ok(link)) if error.kind() == ErrorKind::NotFound => {
            behind_links(&above(path).join(link))
        }
        _ => path.to_owned(),
    }
}

/// The folder that `path` lies in.
fn above(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
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
