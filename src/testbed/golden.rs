//! Machines that are made ahead of time, inside the test internet: images, and trees of `debootstrap`'s.

use std::path::{Path, PathBuf};

use super::{disk::Base, root::Root, stock};
use crate::{
    backend::{
        image::{self, Format, Made, Request},
        overlay::{self, Purpose},
    },
    error::{Error, Result},
    host::{Host, archives::Archives, files, progress::Progress},
    plan::Plan,
};

/// An image of a case, and the machines that start from it.
pub struct Golden {
    root: Root,
    authorities: Vec<String>,
    dir: PathBuf,
    plan: Plan,
    purpose: Purpose,
    archives: Archives,
}

/// The name of the image in the folder of its case, and of the same as plain bytes.
const IMAGE: &str = "image.qcow2";
const PLAIN: &str = "image.raw";

/// Bytes of a machine's disk: more than the image's, so that it has to grow.
const DISK: &str = "8G";

/// What a bare tree needs to boot here: a kernel to take from it, and a network.
const KERNEL: &str = "--include=linux-image-cloud-amd64,initramfs-tools";
const NETWORK: &str = "[Match]\nName=en* eth*\n\n[Network]\nDHCP=yes\n";

impl Golden {
    /// The image of `plan`, to be made in `dir`.
    pub fn new(
        root: &Root,
        authorities: &[String],
        dir: &Path,
        plan: &Plan,
        purpose: Purpose,
        archives: &Archives,
    ) -> Golden {
        Golden {
            root: root.clone(),
            authorities: authorities.to_owned(),
            dir: dir.to_owned(),
            plan: plan.clone(),
            purpose,
            archives: archives.clone(),
        }
    }

    /// Where the image lies.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes the image.
    pub fn make(&self, host: &Host, progress: &Progress) -> Result<Made> {
        let made = self.build(host, IMAGE, progress)?;
        self.unpack(host, &self.dir.join(IMAGE))?;
        Ok(made)
    }

    /// Takes the image in `file` instead of making one; says whether it is the site's.
    pub fn take(&self, host: &Host, file: &Path) -> Result<Purpose> {
        self.unpack(host, file)?;
        let base = self.base(host, &self.dir.join(PLAIN))?;
        let inventory = base.read(host, "/usr/lib/homeseed/inventory")?;
        if inventory.is_empty() {
            return Ok(Purpose::Generic);
        }
        if inventory == self.plan.inventory() {
            return Ok(Purpose::Site);
        }
        Err(Error::new(format!("`{}` is of another site", file.display()))
            .hint("make it again: `homeseed image`"))
    }

    /// Makes the image once more, from the lock of the first time; an error when it is another one.
    pub fn make_again(&self, host: &Host, progress: &Progress) -> Result<Made> {
        let made = self.build(host, "again.qcow2", progress)?;
        let (one, two) = (self.dir.join(IMAGE), self.dir.join("again.qcow2"));
        host.run(&["cmp", &one.to_string_lossy(), &two.to_string_lossy()])?;
        let bill = |file: &Path| files::read(&file.with_extension("qcow2.cdx.json"));
        if bill(&one)?.replace(IMAGE, "again.qcow2") != bill(&two)? {
            return Err(Error::new("the bills of materials differ"));
        }
        files::remove(&two)?;
        Ok(made)
    }

    /// A disk for one machine: the image with the run's trust and shell laid in, on a larger disk.
    pub fn lay(&self, host: &Host, disk: &Path) -> Result<()> {
        let (from, to) = (self.dir.join(PLAIN), disk.to_string_lossy());
        host.run(&["cp", "--sparse=always", &from.to_string_lossy(), &to])?;
        self.base(host, disk)?.lay_in(host, &self.authorities)?;
        host.run(&["truncate", "-s", DISK, &to])
    }

    fn base(&self, host: &Host, disk: &Path) -> Result<Base> {
        Base::at(host, &self.root, disk)
    }

    fn build(&self, host: &Host, name: &str, progress: &Progress) -> Result<Made> {
        let request = Request {
            plan: &self.plan,
            purpose: self.purpose,
            output: &self.dir.join(name),
            format: Format::Qcow2,
            size: None,
            lock: Some(&self.dir.join("image.lock")),
            sources: &self.archives.sources(&self.plan.suite),
        };
        image::build(host, &request, progress)
    }

    fn unpack(&self, host: &Host, image: &Path) -> Result<()> {
        let (from, to) = (image.to_string_lossy(), self.dir.join(PLAIN));
        host.run(&["qemu-img", "convert", "-O", "raw", &from, &to.to_string_lossy()])
    }
}

/// What an image takes, in one line.
#[must_use]
pub fn figures(made: &Made) -> String {
    let stages = made.stages.iter().map(|(name, took)| format!("{name} {} s", took.as_secs()));
    let stages = stages.collect::<Vec<_>>().join(", ");
    let (installed, stored) = (made.installed >> 20, made.stored >> 20);
    format!("image: {installed} MiB of files, {stored} MiB stored; {stages}")
}

/// A disk with a tree of `debootstrap`'s, baked twice with the plan's overlay; the kernel and its initrd lie beside it.
///
/// What the overlay leaves to others is added: a network. An error when the second time changes anything.
pub fn debootstrap(host: &Host, golden: &Golden, disk: &Path, progress: &Progress) -> Result<()> {
    let (tree, overlay) = (golden.dir.join("tree"), golden.dir.join("overlay"));
    let (root, bake) = (tree.to_string_lossy(), overlay.join("bake"));
    progress.stage("debootstrap");
    let mirror = golden.archives.main.uri();
    host.run(&["debootstrap", KERNEL, &golden.plan.suite, &root, &mirror])?;
    files::write(&tree.join("etc/systemd/network/wire.network"), NETWORK)?;
    host.run(&["chroot", &root, "systemctl", "enable", "--quiet", "systemd-networkd"])?;
    files::write(&tree.join("etc/fstab"), stock::FSTAB)?;
    overlay::write(&golden.plan, &overlay, true)?;
    let mut states = Vec::new();
    for time in ["bake", "bake again"] {
        progress.stage(time);
        host.run(&[&bake.to_string_lossy(), root.as_ref()])?;
        states.push(host.read(&["sh", "-euc", STATE, "state", &root])?);
    }
    if states[0] != states[1] {
        for (n, state) in states.iter().enumerate() {
            files::write(&golden.dir.join(format!("baked-{n}")), state)?;
        }
        return Err(Error::new("baking a second time changed the tree")
            .hint(format!("compare `baked-0` and `baked-1` in `{}`", golden.dir.display())));
    }
    progress.stage("file system");
    let kernel = (stock::newest(&tree, "vmlinuz-")?, stock::newest(&tree, "initrd.img-")?);
    let kept = kernel_of(&golden.dir);
    for (from, to) in [(&kernel.0, &kept.0), (&kernel.1, &kept.1)] {
        host.run(&["cp", &from.to_string_lossy(), &to.to_string_lossy()])?;
    }
    stock::fill(host, &tree, disk)?;
    files::remove(&tree)?;
    golden.base(host, disk)?.lay_in(host, &golden.authorities)
}

/// Where the kernel of a bare tree and its initrd are kept.
#[must_use]
pub fn kernel_of(dir: &Path) -> (PathBuf, PathBuf) {
    (dir.join("vmlinuz"), dir.join("initrd"))
}

/// All that is in a tree: kind, mode, owner, name, and what it holds.
const STATE: &str = "cd \"$1\"
find . -xdev -printf '%y %m %U:%G %p %l\\n' | sort
find . -xdev -type f -print0 | sort -z | xargs -0 sha256sum";
