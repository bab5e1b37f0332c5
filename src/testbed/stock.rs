//! What Debian's genericcloud image holds, for the days when it cannot be fetched.
//!
//! Lists and files follow Debian's own build of it (its classes for a booting cloud system
//! with extras); only the boot loader is left out, because our machine is given the kernel directly.

use std::path::Path;

use serde_yaml::Value;
use sha2::{Digest, Sha256};

use super::tree;
use crate::{
    error::{Error, Result},
    host::Host,
};

/// The file system's label.
pub const LABEL: &str = "stock";

/// Every package that Debian's build names.
pub const PACKAGES: &[&str] = &[
    "apparmor",
    "apt-listchanges",
    "apt-utils",
    "bash-completion",
    "bind9-host",
    "ca-certificates",
    "cloud-guest-utils",
    "cloud-init",
    "cloud-initramfs-growroot",
    "curl",
    "dbus",
    "ethtool",
    "init",
    "iptables",
    "iputils-ping",
    "less",
    "libnss-myhostname",
    "libpam-systemd",
    "linux-image-cloud-amd64",
    "man-db",
    "manpages",
    "nano",
    "netbase",
    "netplan.io",
    "openssh-server",
    "pciutils",
    "polkitd",
    "psmisc",
    "reportbug",
    "screen",
    "socat",
    "ssh-import-id",
    "sudo",
    "systemd-resolved",
    "systemd-timesyncd",
    "tcpdump",
    "traceroute",
    "unattended-upgrades",
    "uuid-runtime",
    "vim",
    "vim-tiny",
    "whiptail",
    "xz-utils",
    "zstd",
];

/// Debian's file of the same name.
const CLOUD: &str = "\
apt:
  generate_mirrorlists: true

manage_etc_hosts: true

system_info:
  default_user:
    name: debian
    sudo: ALL=(ALL) NOPASSWD:ALL
    shell: /bin/bash
    lock_passwd: True
    gecos: Debian
    groups: [adm, audio, cdrom, dialout, dip, floppy, netdev, plugdev, sudo, video]
";

const LOCALE: &str = "LANG=C.UTF-8\n";

/// Names everything that `furnish` writes.
#[must_use]
pub fn key(suite: &str) -> String {
    format!("{:x}\n", Sha256::digest(format!("{CLOUD}{LOCALE}{TIDY}{}", sources(suite))))
}

/// Turns a tree of `PACKAGES` into what the image holds.
pub fn furnish(host: &Host, suite: &str, dir: &Path) -> Result<()> {
    tree::write(&dir.join("etc/cloud/cloud.cfg.d/01_debian_cloud.cfg"), CLOUD)?;
    tree::write(&dir.join("etc/apt/sources.list.d/debian.sources"), &sources(suite))?;
    let (main, security) = mirrors(&tree::read(&dir.join("etc/cloud/cloud.cfg"))?)?;
    tree::write(&dir.join("etc/apt/mirrors/debian.list"), &format!("{main}\n"))?;
    tree::write(&dir.join("etc/apt/mirrors/debian-security.list"), &format!("{security}\n"))?;
    tree::write(&dir.join("etc/fstab"), &fstab())?;
    tree::write(&dir.join("etc/default/locale"), LOCALE)?;
    tree::write(&dir.join("etc/hostname"), "localhost\n")?;
    tree::write(&dir.join("etc/machine-id"), "")?;
    host.run(&["chroot", &dir.to_string_lossy(), "sh", "-euc", TIDY])
}

/// The archives that a machine of this image installs from: those of cloud-init's own defaults.
pub fn mirrors(cloud_cfg: &str) -> Result<(String, String)> {
    let none = || Error::host("the image's `cloud.cfg` names no archive");
    let config: Value = serde_yaml::from_str(cloud_cfg).map_err(|_| none())?;
    let failsafe = &config["system_info"]["package_mirrors"][0]["failsafe"];
    let name = |key: &str| failsafe[key].as_str().map(str::to_owned).ok_or_else(none);
    Ok((name("primary")?, name("security")?))
}

const TIDY: &str = "
ln -sf /run/systemd/resolve/resolv.conf /etc/resolv.conf
rm -f /etc/ssh/ssh_host_* /etc/apt/sources.list.d/0000*.list /etc/apt/sources.list \
    /etc/apt/apt.conf.d/99mmdebstrap
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/*.log
";

fn fstab() -> String {
    format!("LABEL={LABEL} / ext4 rw,discard,errors=remount-ro,x-systemd.growfs 0 1\n")
}

fn sources(suite: &str) -> String {
    let part = |list: &str, suites: &str| {
        format!(
            "Types: deb deb-src\nURIs: mirror+file:///etc/apt/mirrors/{list}.list\n\
             Suites: {suites}\nComponents: main\n"
        )
    };
    let main = part("debian", &format!("{suite} {suite}-updates {suite}-backports"));
    format!("{main}\n{}", part("debian-security", &format!("{suite}-security")))
}
