//! The tools root of one run: the cached tree with a layer above it for this run's own files.

use std::path::Path;

use super::{root::Root, tree};
use crate::{error::Result, host::Host};

/// Puts a writable layer over `tree` at `dir`; `shared` is seen inside under its own path.
///
/// Needs a mount namespace: what is mounted here ends with it.
pub fn overlay(host: &Host, tree: &Root, dir: &Path, shared: &Path) -> Result<Root> {
    let (upper, work, merged) = (dir.join("upper"), dir.join("work"), dir.join("root"));
    for folder in [&upper, &work, &merged] {
        tree::remove(folder)?;
        tree::make(folder)?;
    }
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        tree.dir().display(),
        upper.display(),
        work.display()
    );
    host.run(&["mount", "-t", "overlay", "overlay", "-o", &options, &merged.to_string_lossy()])?;
    for (kind, place) in [("proc", "proc"), ("sysfs", "sys"), ("tmpfs", "tmp"), ("tmpfs", "run")] {
        let place = merged.join(place);
        host.run(&["mount", "-t", kind, kind, &place.to_string_lossy()])?;
    }
    bind(host, Path::new("/dev"), &merged.join("dev"))?;
    bind(host, shared, &inside(&merged, shared))?;
    Ok(Root::at(&merged))
}

/// Shows a folder of the host at `target`, which is made.
pub fn bind(host: &Host, source: &Path, target: &Path) -> Result<()> {
    tree::make(target)?;
    host.run(&["mount", "--rbind", &source.to_string_lossy(), &target.to_string_lossy()])
}

/// Where an absolute path of the root lies, seen from outside.
#[must_use]
pub fn inside(root: &Path, path: &Path) -> std::path::PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}
