//! The tools root of one run: the cached tree with a layer above it for this run's own files.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::root::Root;
use crate::{
    error::{Error, Result},
    host::{Host, files, wait_until},
};

/// Puts a writable layer over `tree` at `dir`; `shared` is seen inside under its own path.
///
/// Needs a mount namespace: what is mounted here ends with it.
pub fn overlay(host: &Host, tree: &Root, dir: &Path, shared: &Path) -> Result<Root> {
    let merged = dir.join("root");
    for folder in [&dir.join("upper"), &dir.join("work"), &merged] {
        files::remove(folder)?;
    }
    layered(host, &[tree.dir().to_owned()], dir)?;
    for (kind, place) in [("proc", "proc"), ("sysfs", "sys"), ("tmpfs", "tmp"), ("tmpfs", "run")] {
        let place = merged.join(place);
        host.run(&["mount", "-t", kind, kind, &place.to_string_lossy()])?;
    }
    bind(host, Path::new("/dev"), &merged.join("dev"))?;
    bind(host, shared, &inside(&merged, shared))?;
    Ok(Root::at(&merged))
}

/// Shows the trees `below`, the uppermost first, at `dir/root`; what is written there goes to `dir/upper`.
pub fn layered(host: &Host, below: &[PathBuf], dir: &Path) -> Result<()> {
    let (upper, work, merged) = (dir.join("upper"), dir.join("work"), dir.join("root"));
    for folder in [&upper, &work, &merged] {
        files::make(folder)?;
    }
    let below: Vec<String> = below.iter().map(|tree| tree.display().to_string()).collect();
    let (upper, work) = (upper.display(), work.display());
    let options = format!("lowerdir={},upperdir={upper},workdir={work}", below.join(":"));
    host.run(&["mount", "-t", "overlay", "overlay", "-o", &options, &merged.to_string_lossy()])
}

/// Mounts the file system that begins so many bytes into a disk; a journal that was not finished is played first.
pub fn disk(host: &Host, disk: &Path, offset: u64, target: &Path) -> Result<()> {
    files::make(target)?;
    let options = format!("loop,offset={offset}");
    host.run(&["mount", "-o", &options, &disk.to_string_lossy(), &target.to_string_lossy()])
}

/// Takes away the disk that is mounted at `target`, and waits until nobody sees its file system any more: who mounts it
/// before that gets the old one, whatever became of it.
pub fn release_disk(host: &Host, disk: &Path, target: &Path) -> Result<()> {
    release(host, target)?;
    // Its last user writes down whatever is not on the disk yet, which on a busy host takes a while.
    let (limit, pause) = (Duration::from_secs(300), Duration::from_millis(50));
    let words = ["losetup", "--associated", &disk.to_string_lossy()];
    if wait_until(limit, pause, || Ok(host.outcome(&words, "")?.stdout.is_empty()))? {
        return Ok(());
    }
    Err(Error::host(format!("`{}` is still in use", disk.display())))
}

/// Takes away what is mounted at `target`, once its last user is gone.
pub fn release(host: &Host, target: &Path) -> Result<()> {
    let words = ["umount", &target.to_string_lossy()];
    let (limit, pause) = (Duration::from_secs(10), Duration::from_millis(200));
    if wait_until(limit, pause, || Ok(host.outcome(&words, "")?.status == 0))? {
        return Ok(());
    }
    host.run(&words)
}

/// Shows a folder of the host at `target`, which is made.
pub fn bind(host: &Host, source: &Path, target: &Path) -> Result<()> {
    files::make(target)?;
    host.run(&["mount", "--rbind", &source.to_string_lossy(), &target.to_string_lossy()])
}

/// Shows the file `source` in place of the host's file `target`.
pub fn cover(host: &Host, source: &Path, target: &Path) -> Result<()> {
    let target = std::fs::canonicalize(target)
        .map_err(|error| Error::host(format!("cannot find `{}`: {error}", target.display())))?;
    host.run(&["mount", "--bind", &source.to_string_lossy(), &target.to_string_lossy()])
}

/// The host's own file of the same name as one in the root.
#[must_use]
pub fn outside(root: &Path, path: &Path) -> PathBuf {
    Path::new("/").join(path.strip_prefix(root).unwrap_or(path))
}

/// Where an absolute path of the root lies, seen from outside.
#[must_use]
pub fn inside(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}
