//! Debian's genericcloud image, for the days when it cannot be fetched; only the boot loader is left out, because
//! our machine is given the kernel directly.

use std::path::{Path, PathBuf};

use serde_yaml::Value;

use crate::{
    backend::image::cloud,
    digest::sha256,
    error::{Error, Result},
    host::{Host, files},
};

/// The file system's label.
const LABEL: &str = "stock";

/// Bytes of the disk: what the smallest common offer has, and sparse.
const SIZE: &str = "8G";

/// How it finds its root.
pub const FSTAB: &str = "LABEL=stock / ext4 rw,discard,errors=remount-ro,x-systemd.growfs 0 1\n";

/// Names everything that `cloud_image` writes.
#[must_use]
pub fn key() -> String {
    sha256(format!("{}{FSTAB}", cloud::CLOUD_IMAGE)) + "\n"
}

/// Turns a tree of the image's packages into what the image holds.
pub fn cloud_image(host: &Host, dir: &Path) -> Result<()> {
    files::write(&dir.join("etc/fstab"), FSTAB)?;
    host.run(&["sh", "-euc", cloud::CLOUD_IMAGE, "cloud_image", &dir.to_string_lossy()])
}

/// The archives that a machine of this image installs from: those of cloud-init's own defaults.
pub fn mirrors(cloud_cfg: &str) -> Result<(String, String)> {
    let none = || Error::host("the image's `cloud.cfg` names no archive");
    let config: Value = serde_yaml::from_str(cloud_cfg).map_err(|_| none())?;
    let failsafe = &config["system_info"]["package_mirrors"][0]["failsafe"];
    let name = |key: &str| failsafe[key].as_str().map(str::to_owned).ok_or_else(none);
    Ok((name("primary")?, name("security")?))
}

/// A file system from a tree, without mounting anything.
pub fn fill(host: &Host, tree: &Path, disk: &Path) -> Result<()> {
    let draft = disk.with_extension("new");
    files::remove(&draft)?;
    let (tree, file) = (tree.to_string_lossy(), draft.to_string_lossy());
    host.run(&["mke2fs", "-q", "-t", "ext4", "-L", LABEL, "-d", &tree, &file, SIZE])?;
    files::rename(&draft, disk)
}

/// The newest file in its `boot` whose name begins so.
pub fn newest(tree: &Path, prefix: &str) -> Result<PathBuf> {
    let boot = tree.join("boot");
    let is_one = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
    };
    files::list(&boot)?
        .into_iter()
        .rfind(is_one)
        .ok_or_else(|| Error::host(format!("`{}` holds no `{prefix}`", boot.display())))
}
