//! A folder that is not written yet: what lies in it, and how it comes to be, whole or not at all.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use crate::{
    error::{Error, Result},
    host::files,
};

/// Something in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its path in the folder.
    pub path: String,
    /// The permission bits.
    pub mode: u32,
    /// What it is.
    pub body: Body,
}

/// What a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A folder.
    Folder,
    /// A file with this text.
    File(String),
    /// A link to this path.
    Link(String),
}

impl Part {
    /// A file with `text`.
    #[must_use]
    pub fn file(path: &str, mode: u32, text: &str) -> Part {
        Part { path: path.to_owned(), mode, body: Body::File(text.to_owned()) }
    }

    /// A link to `to`.
    #[must_use]
    pub fn link(path: &str, to: &str) -> Part {
        Part { path: path.to_owned(), mode: 0o777, body: Body::Link(to.to_owned()) }
    }
}

/// Adds a file, behind the folders above it that are not among `parts` yet.
pub fn add(parts: &mut Vec<Part>, path: &str, mode: u32, text: &str) {
    for (end, _) in path.match_indices('/') {
        let folder = &path[..end];
        if !parts.iter().any(|part| part.path == folder) {
            parts.push(Part { path: folder.to_owned(), mode: 0o755, body: Body::Folder });
        }
    }
    parts.push(Part::file(path, mode, text));
}

/// Makes the folder `path` of `parts`; what was there goes only if it is empty, or `ours` says so.
pub fn write(parts: &[Part], path: &Path, what: &str, ours: fn(&Path) -> bool) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        let is_empty = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
        if !(is_empty || ours(path)) {
            let message = format!("`{}` is there already, and is no {what}", path.display());
            return Err(Error::new(message).hint("name another folder"));
        }
    }
    let draft = files::draft_beside(path)?;
    lay(parts, draft.path())?;
    files::remove(path)?;
    files::rename(&draft.keep(), path)
}

/// Writes the parts below `dir`.
pub fn lay(parts: &[Part], dir: &Path) -> Result<()> {
    for part in parts {
        let path = dir.join(&part.path);
        let done = match &part.body {
            Body::Folder => fs::create_dir_all(&path),
            Body::File(text) => fs::write(&path, text),
            Body::Link(to) => std::os::unix::fs::symlink(to, &path),
        };
        let done = done.and_then(|()| match &part.body {
            Body::Link(_) => Ok(()),
            _ => fs::set_permissions(&path, fs::Permissions::from_mode(part.mode)),
        });
        done.map_err(|error| Error::host(format!("cannot write `{}`: {error}", path.display())))?;
    }
    Ok(())
}
