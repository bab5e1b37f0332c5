//! A folder that is not written yet: what lies in it, and how it comes to be, beside what others have there.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Component, Path},
};

use crate::{
    digest::sha256,
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

/// What a folder of ours says of itself: the digest and the name of each file in it, as `sha256sum -c` reads them.
const LIST: &str = ".homeseed";

/// How that list begins.
const LISTED: &str = "# Written by homeseed. `sha256sum -c .homeseed` compares.\n";

/// How many conflicts are named.
const NAMED: usize = 8;

/// The parts, and the list of them at the end.
#[must_use]
pub fn listed(parts: &[Part]) -> Vec<Part> {
    let line = |part: &Part| match &part.body {
        Body::File(text) => Some(format!("{}  {}\n", sha256(text), part.path)),
        _ => None,
    };
    let list: String = parts.iter().filter_map(line).collect();
    [parts, &[Part::file(LIST, 0o644, &(LISTED.to_owned() + &list))]].concat()
}

/// Whether `path` is a folder that [`write`] made, or has nothing in it, or is not there.
#[must_use]
pub fn is_ours(path: &Path) -> bool {
    let is_empty = || fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    path.symlink_metadata().is_err() || !old(path).is_empty() || is_empty()
}

/// Makes the folder `path` of `parts`, which must not be there yet, or have nothing in it.
pub fn fresh(parts: &[Part], path: &Path) -> Result<()> {
    let draft = files::draft_beside(path)?;
    lay(parts, draft.path())?;
    if fs::rename(draft.path(), path).is_ok() {
        return Ok(());
    }
    let message = format!("`{}` is there already, and is no empty folder", path.display());
    Err(Error::new(message).hint("name another folder"))
}

/// Puts `parts` and the list of them into the folder `path`, and takes out what an older list had more.
///
/// What is there and was not written by us stays: a file in the way is an error, unless `force` says that it goes.
pub fn write(parts: &[Part], path: &Path, force: bool) -> Result<()> {
    let parts = listed(parts);
    let draft = files::draft_beside(path)?;
    lay(&parts, draft.path())?;
    // Whole, where nothing is yet.
    if fs::rename(draft.path(), path).is_ok() {
        return Ok(());
    }
    if !path.is_dir() {
        return Err(
            Error::new(format!("`{}` is no folder", path.display())).hint("name another folder")
        );
    }
    let old = old(path);
    let mut in_the_way = parts.iter().filter(|part| !may_go(part, path, &old)).peekable();
    if !force && in_the_way.peek().is_some() {
        let names = in_the_way.take(NAMED).map(|part| format!("\n  {}", part.path));
        let message = format!(
            "in `{}` are files that homeseed did not write, or that were changed since:{}",
            path.display(),
            names.collect::<String>()
        );
        return Err(
            Error::new(message).hint("name another folder, or say `--force` to replace them")
        );
    }
    place(&parts, draft.path(), path)?;
    take_out(&old, &parts, path);
    Ok(())
}

/// The digests of what the last run wrote, by path.
fn old(path: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(path.join(LIST)).unwrap_or_default();
    let lines = text.strip_prefix(LISTED).unwrap_or_default().lines();
    let pair = |line: &str| line.split_once("  ").map(|(sum, name)| (name.into(), sum.into()));
    lines.filter_map(pair).collect()
}

/// Whether what stands in the place of `part`, if anything, is ours or just the same.
fn may_go(part: &Part, dir: &Path, old: &BTreeMap<String, String>) -> bool {
    let path = dir.join(&part.path);
    let Ok(found) = path.symlink_metadata() else { return true };
    match &part.body {
        Body::Folder => path.is_dir(),
        Body::Link(to) => path.read_link().is_ok_and(|it| it == Path::new(to)),
        Body::File(_) if !found.is_file() => false,
        Body::File(_) if part.path == LIST => {
            fs::read_to_string(&path).is_ok_and(|text| text.starts_with(LISTED))
        }
        Body::File(text) => fs::read(&path).is_ok_and(|there| {
            there == text.as_bytes() || old.get(&part.path) == Some(&sha256(&there))
        }),
    }
}

/// Moves the parts from the draft into the folder, one by one; the list comes last.
fn place(parts: &[Part], draft: &Path, dir: &Path) -> Result<()> {
    for part in parts {
        let to = dir.join(&part.path);
        if part.body == Body::Folder {
            files::make(&to)?;
        } else {
            files::rename(&draft.join(&part.path), &to)?;
        }
    }
    Ok(())
}

/// Removes what was written once, is unchanged, and is no part any more.
fn take_out(old: &BTreeMap<String, String>, parts: &[Part], dir: &Path) {
    for (name, sum) in old {
        let is_inside = Path::new(name).components().all(|it| matches!(it, Component::Normal(_)));
        let path = dir.join(name);
        let is_left = is_inside && !parts.iter().any(|part| part.path == *name);
        if is_left && fs::read(&path).is_ok_and(|bytes| sha256(bytes) == *sum) {
            // What cannot be removed does no harm, and a folder with more in it is somebody's.
            fs::remove_file(&path).ok();
            let above = path.ancestors().skip(1).take_while(|it| *it != dir);
            above.for_each(|folder| drop(fs::remove_dir(folder)));
        }
    }
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
