//! Turns a plan into an overlay: a folder, or a tar of it, that any Debian tree can be baked with.
//!
//! ```text
//! overlay/bake        applies the rest to a tree; refuses when any of it was changed
//!         inventory   <sha256> <mode> <owner>:<group> <layer> <path>, one line a file
//!         packages    what is installed, by name
//!         sources     the apt sources among the files: a link into the tree
//!         units       what the convergence enables: a link into the tree
//!         tree/       mirrors /
//! ```
//!
//! [`parts`] decides what is in it and does no I/O.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use tempfile::TempDir;

use crate::{
    error::{Error, Result},
    host::files,
    plan::{self, HOME, Plan},
    site::Site,
};

const BAKE: &str = include_str!("overlay/bake.sh");

/// Whether a baked tree is one site's machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It is, and converges by itself.
    Site,
    /// It has the packages alone; any site may be delivered to it.
    Generic,
}

/// A part of an overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its path in the overlay.
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

/// Every part of the overlay, a folder before what lies in it.
#[must_use]
pub fn parts(plan: &Plan, purpose: Purpose) -> Vec<Part> {
    let plan = &kept(plan, purpose);
    let packages = packages(plan);
    let mut parts = vec![
        file("bake", 0o755, &bake(plan, &packages, purpose)),
        file("inventory", 0o644, &plan.inventory()),
        file("packages", 0o644, &packages),
        link("sources", "tree/etc/apt/sources.list.d"),
        link("units", &format!("tree{HOME}/units")),
    ];
    for planned in &plan.files {
        let path = format!("tree{}", planned.path);
        folders(&path, &mut parts);
        // What the machine keeps to itself is no secret here, and whoever bakes has to read it.
        let mode = if planned.mode.0 & 0o111 == 0 { 0o644 } else { 0o755 };
        parts.push(file(&path, mode, &planned.contents));
    }
    parts
}

/// Writes the overlay to `path`: a tar when it is named so, otherwise a folder, whole or not at all.
pub fn write(plan: &Plan, path: &Path) -> Result<()> {
    let parts = parts(plan, Purpose::Site);
    if path.extension().is_some_and(|it| it == "tar") {
        return files::replace(path, &tar(&parts)?);
    }
    let draft = files::draft_beside(path)?;
    lay(&parts, draft.path())?;
    settle(draft, path)
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

/// A plan for no site at all: what a generic image is made from.
#[must_use]
pub fn placeholder() -> Site {
    let text = "server_name: homeserver.invalid\nhost: homeserver.invalid\ndelegation: none\n\
                operator: {email: nobody@homeserver.invalid}\n";
    Site::parse("placeholder", text).expect("a site of ours")
}

/// Of a generic tree's files: what the steps that it runs need, and nothing that a package brings too.
fn kept(plan: &Plan, purpose: Purpose) -> Plan {
    let mut plan = plan.clone();
    if purpose == Purpose::Generic {
        let bakes = |name: &str| plan.layers.iter().any(|it| it.bakes && it.name == name);
        let ours = |path: &str| path.starts_with(HOME) || path.starts_with("/etc/homeseed/");
        let keep = |file: &plan::File| ours(&file.path) || bakes(&file.layer);
        plan.files = plan.files.iter().filter(|file| keep(file)).cloned().collect();
    }
    plan
}

/// One name a line.
fn packages(plan: &Plan) -> String {
    let all = plan.packages.iter().chain(&plan.presumed);
    let mut names: Vec<&str> = all.map(|it| it.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.iter().map(|name| format!("{name}\n")).collect()
}

fn bake(plan: &Plan, packages: &str, purpose: Purpose) -> String {
    let names = |items: Vec<&str>| items.join(" ");
    let bakes = |name: &str| plan.layers.iter().any(|it| it.bakes && it.name == name);
    let is_step = |file: &&plan::File| file.path.starts_with(&format!("{HOME}/steps/"));
    let steps = plan.files.iter().filter(is_step).filter(|file| bakes(&file.layer));
    BAKE.replace("@SUITE@", &plan.suite)
        .replace("@PRESUMED@", &names(plan.presumed.iter().map(|it| it.name.as_str()).collect()))
        .replace("@STEPS@", &names(steps.map(|it| it.path.as_str()).collect()))
        .replace("@PERSONAL@", &names(plan.personal.iter().map(|it| it.path.as_str()).collect()))
        .replace("@GENERIC@", if purpose == Purpose::Generic { "yes" } else { "no" })
        .replace("@INVENTORY@", &plan.digest())
        .replace("@PACKAGES@", &plan::sha256(packages))
}

fn file(path: &str, mode: u32, text: &str) -> Part {
    Part { path: path.to_owned(), mode, body: Body::File(text.to_owned()) }
}

fn link(path: &str, to: &str) -> Part {
    Part { path: path.to_owned(), mode: 0o777, body: Body::Link(to.to_owned()) }
}

/// Those above `path` that are not among `parts` yet.
fn folders(path: &str, parts: &mut Vec<Part>) {
    for (end, _) in path.match_indices('/') {
        let folder = &path[..end];
        if !parts.iter().any(|part| part.path == folder) {
            parts.push(Part { path: folder.to_owned(), mode: 0o755, body: Body::Folder });
        }
    }
}

/// The same parts, the same bytes: all of it root's, and as old as time itself.
fn tar(parts: &[Part]) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| Error::host(format!("cannot make the tar: {error}"));
    let mut builder = tar::Builder::new(Vec::new());
    let top = Part { path: String::new(), mode: 0o755, body: Body::Folder };
    for part in std::iter::once(&top).chain(parts) {
        let mut header = tar::Header::new_ustar();
        header.set_mode(part.mode);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        let path = format!("overlay/{}", part.path);
        match &part.body {
            Body::Folder => {
                header.set_entry_type(tar::EntryType::Directory);
                builder.append_data(&mut header, format!("{path}/").replace("//", "/"), &b""[..])
            }
            Body::File(text) => {
                header.set_size(text.len() as u64);
                builder.append_data(&mut header, path, text.as_bytes())
            }
            Body::Link(to) => {
                header.set_entry_type(tar::EntryType::Symlink);
                builder.append_link(&mut header, path, to)
            }
        }
        .map_err(failed)?;
    }
    builder.into_inner().map_err(failed)
}

/// Gives the finished folder its name; what was there goes only if it was an overlay.
fn settle(draft: TempDir, path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        let is_overlay = path.join("bake").is_file() && path.join("inventory").is_file();
        let is_empty = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
        if !(is_overlay || is_empty) {
            let message = format!("`{}` is there already, and is no overlay", path.display());
            return Err(
                Error::new(message).hint("name another folder, or a file that ends in `.tar`")
            );
        }
        files::remove(path)?;
    }
    files::rename(&draft.keep(), path)
}
