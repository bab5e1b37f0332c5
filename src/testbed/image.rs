//! The disk that every machine starts from: Debian's own genericcloud image when it can be
//! fetched, otherwise the same package set made here.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{stock, tree::Recipe};
use crate::{
    backend::image::cloud,
    error::{Error, Result},
    host::{Host, archives::Archives, files},
};

/// A disk with Debian on it, never written to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Image {
    /// Where it comes from, for the reader of a report.
    pub origin: String,
    /// The disk file.
    pub disk: PathBuf,
    /// `raw` or `qcow2`.
    pub format: String,
    /// The kernel and its initrd when the disk has no boot loader.
    pub kernel: Option<(PathBuf, PathBuf)>,
    /// The same packages and files as a tree.
    pub tree: PathBuf,
}

const OFFICIAL: &str = "https://cloud.debian.org/images/cloud";

impl Image {
    /// The image of `suite`, fetched or built below `cache` unless it stands there already.
    pub fn ready(host: &Host, suite: &str, cache: &Path) -> Result<Image> {
        let tree = tree(host, suite, cache)?;
        match official(host, suite, &tree, cache)? {
            Some(image) => Ok(image),
            None => build(host, suite, tree, cache),
        }
    }
}

/// Debian's own file; `None` when it cannot be reached.
fn official(host: &Host, suite: &str, tree: &Path, cache: &Path) -> Result<Option<Image>> {
    let Some(name) = official_name(suite) else { return Ok(None) };
    let folder = format!("{OFFICIAL}/{suite}/latest");
    let Ok(sums) = fetch(host, &format!("{folder}/SHA512SUMS")) else { return Ok(None) };
    let Some(sum) = sums.lines().find(|line| line.ends_with(&name)) else { return Ok(None) };
    let disk = cache.join(&name);
    let image = Image {
        origin: format!("{folder}/{name}, checksum verified"),
        disk: disk.clone(),
        format: "qcow2".to_owned(),
        kernel: None,
        tree: tree.to_owned(),
    };
    if matches(host, sum, cache) {
        return Ok(Some(image));
    }
    let draft = disk.to_string_lossy().into_owned();
    host.run(&["curl", "-fsSL", "--max-time", "900", "-o", &draft, &format!("{folder}/{name}")])?;
    if matches(host, sum, cache) {
        return Ok(Some(image));
    }
    Err(Error::host(format!("`{name}` does not have the checksum that Debian publishes")))
}

fn official_name(suite: &str) -> Option<String> {
    let number = match suite {
        "bookworm" => 12,
        "trixie" => 13,
        _ => return None,
    };
    Some(format!("debian-{number}-genericcloud-amd64.qcow2"))
}

fn fetch(host: &Host, url: &str) -> Result<String> {
    host.read(&["curl", "-fsSL", "--connect-timeout", "5", "--max-time", "20", url])
}

fn matches(host: &Host, sum: &str, cache: &Path) -> bool {
    let folder = cache.to_string_lossy();
    let words = ["env", "-C", &folder, "sha512sum", "--check", "--status", "-"];
    host.outcome(&words, &format!("{sum}\n")).is_ok_and(|outcome| outcome.status == 0)
}

/// The packages and files of the image in a folder, made below `cache` unless it stands there already.
fn tree(host: &Host, suite: &str, cache: &Path) -> Result<PathBuf> {
    let (name, packages) = (format!("image-{suite}"), cloud::PACKAGES);
    let recipe =
        Recipe { name: &name, suite, packages, arguments: &[], sources: "", at_least: false };
    let mark = cache.join(format!("{name}.tree.recipe"));
    let key = format!("{}{}", recipe.key(), stock::key());
    let tree = recipe.ready(host, &Archives::of_this_host(host)?, cache)?;
    if fs::read_to_string(&mark).is_ok_and(|text| text == key) {
        return Ok(tree);
    }
    stock::cloud_image(host, &tree)?;
    files::remove(&cache.join(format!("{name}.raw")))?;
    files::write(&mark, &key)?;
    Ok(tree)
}

/// The tree on a disk without a boot loader; a new tree has removed the disk of the old one.
fn build(host: &Host, suite: &str, tree: PathBuf, cache: &Path) -> Result<Image> {
    let disk = cache.join(format!("image-{suite}.raw"));
    if !disk.is_file() {
        stock::fill(host, &tree, &disk)?;
    }
    Ok(Image {
        origin: format!("Debian's genericcloud package set of {suite}, made here"),
        disk,
        format: "raw".to_owned(),
        kernel: Some((stock::newest(&tree, "vmlinuz-")?, stock::newest(&tree, "initrd.img-")?)),
        tree,
    })
}
