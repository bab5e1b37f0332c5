//! Turns a plan into an overlay: a folder, or a tar of it, that any Debian tree can be baked with.
//!
//! ```text
//! overlay/bake        applies the rest to a tree; refuses when any of it was changed
//!         inventory   <sha256> <mode> <owner>:<group> <path>, one line a file
//!         packages    what is installed, by name
//!         sources     the apt sources among the files: a link into the tree
//!         units       what the convergence enables: a link into the tree
//!         tree/       mirrors /
//! ```
//!
//! [`parts`] decides what is in it and does no I/O.

use std::path::Path;

use super::parts::{self, Body, Part};
use crate::{
    digest::sha256,
    error::{Error, Result},
    host::files,
    plan::{self, HOME, Plan},
    site::{Schema, Site},
};

/// The script that applies it, with holes.
pub(crate) const BAKE: &str = include_str!("overlay/bake.sh");

/// Whether a baked tree is one site's machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It is, and converges by itself.
    Site,
    /// It has the packages alone; any site may be delivered to it.
    Generic,
}

/// Every part of the overlay, a folder before what lies in it.
#[must_use]
pub fn parts(plan: &Plan, purpose: Purpose) -> Vec<Part> {
    let plan = &kept(plan, purpose);
    let packages = packages(plan);
    let mut parts = vec![
        Part::file("bake", 0o755, &bake(plan, &packages, purpose)),
        Part::file("inventory", 0o644, &plan.inventory()),
        Part::file("packages", 0o644, &packages),
        Part::link("sources", "tree/etc/apt/sources.list.d"),
        Part::link("units", &format!("tree{HOME}/units")),
    ];
    for planned in &plan.files {
        let path = format!("tree{}", planned.path);
        // What the machine keeps to itself is no secret here, and whoever bakes has to read it.
        let mode = if planned.mode.0 & 0o111 == 0 { 0o644 } else { 0o755 };
        parts::add(&mut parts, &path, mode, &planned.contents);
    }
    parts
}

/// Writes the overlay to `path`: a tar when it is named so, otherwise a folder, which is no other's without `force`.
pub fn write(plan: &Plan, path: &Path, force: bool) -> Result<()> {
    let parts = parts(plan, Purpose::Site);
    if is_tar(path) {
        return files::replace(path, &tar(&parts::listed(&parts))?);
    }
    if !(force || parts::is_ours(path)) {
        let message = format!("`{}` is there already, and is no overlay", path.display());
        return Err(Error::new(message).hint("name another folder"));
    }
    parts::write(&parts, path, force)
}

/// Whether a path names a tar.
#[must_use]
pub fn is_tar(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "tar")
}

/// Whether the file at `path` is a tar of an overlay.
#[must_use]
pub fn is_ours(path: &Path) -> bool {
    let entries = |file| {
        let mut archive = tar::Archive::new(file);
        let names = archive.entries()?.take(2);
        names.map(|entry| Ok(entry?.path()?.into_owned())).collect::<std::io::Result<Vec<_>>>()
    };
    let names = std::fs::File::open(path).and_then(entries).unwrap_or_default();
    names == ["overlay/", "overlay/bake"].map(std::path::PathBuf::from)
}

/// A plan for no site at all: what a generic image is made from.
#[must_use]
pub fn placeholder(schema: &Schema) -> Site {
    let text = "server_name: homeserver.invalid\nhost: homeserver.invalid\n\
                operator: {email: nobody@homeserver.invalid}\n";
    Site::parse("placeholder", text, schema).expect("a site of ours")
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
        .replace("@PACKAGES@", &sha256(packages))
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
