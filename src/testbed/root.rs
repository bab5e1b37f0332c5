//! The tools root: one Debian tree with every daemon and tool that the test internet runs.
//!
//! Nothing of it is installed on the host. The same tree gives the tests their real parsers.

use std::path::{Path, PathBuf};

use super::tree::Recipe;
use crate::{
    error::{Error, Result},
    host::{self, Host, archives::Archives},
};

/// A tree to change root into.
#[derive(Debug, Clone)]
pub struct Root {
    dir: PathBuf,
}

/// The release whose parsers are the ones of the machine.
const SUITE: &str = "bookworm";

const PACKAGES: &[&str] = &[
    "age",
    "apache2-bin",
    "apt-utils",
    "bind9-dnsutils",
    "ca-certificates",
    "caddy",
    "cloud-init",
    "curl",
    "dnsmasq-base",
    "e2fsprogs",
    "faketime",
    "gnupg",
    "iproute2",
    "jq",
    "libjemalloc2",
    "libpq5",
    "nftables",
    "nginx-light",
    "openssh-server",
    "openssl",
    "ovmf",
    "pebble",
    "postgresql",
    "procps",
    "python3",
    "python3-aiosmtpd",
    "python3-matrix-nio",
    "python3-yaml",
    "qemu-system-x86",
    "qemu-utils",
    "rsync",
    "socat",
    "sudo",
    "systemd",
    "tor",
    "xorriso",
];

/// QEMU comes from the backports: the one of the release takes three times as long to emulate the start of a
/// process, and installing packages is little else.
const PINS: &str = r#"--setup-hook=cat >"$1/etc/apt/preferences.d/qemu" <<END
Package: src:qemu src:seabios
Pin: release n=bookworm-backports
Pin-Priority: 500
END
"#;

const ARGUMENTS: &[&str] = &[
    PINS,
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
];

impl Root {
    /// Builds the tree below `cache`, with `further` packages, unless it stands there already; takes a minute or two.
    pub fn ready(host: &Host, cache: &Path, further: &[String]) -> Result<Root> {
        require(host)?;
        let archives = Archives::of_this_host(host)?;
        let packages: Vec<&str> =
            PACKAGES.iter().copied().chain(further.iter().map(String::as_str)).collect();
        let recipe = Recipe {
            name: "root",
            suite: SUITE,
            packages: &packages,
            arguments: ARGUMENTS,
            sources: &archives.backports(SUITE),
            at_least: true,
        };
        Ok(Root { dir: recipe.ready(host, &archives, cache)? })
    }

    /// A tree that stands.
    #[must_use]
    pub fn at(dir: &Path) -> Root {
        Root { dir: dir.to_owned() }
    }

    /// The folder of the tree.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The command that runs `words` in the tree.
    #[must_use]
    pub fn words<S: AsRef<str>>(&self, words: &[S]) -> Vec<String> {
        let dir = self.dir.to_string_lossy().into_owned();
        let mut all = vec!["chroot".to_owned(), dir];
        all.extend(words.iter().map(|word| word.as_ref().to_owned()));
        all
    }
}

/// An error with the way out when something of the host is missing.
fn require(host: &Host) -> Result<()> {
    if !host::is_root() {
        return Err(Error::host(
            "the test environment needs root: it mounts, and makes a network of its own",
        )
        .hint("run it with sudo, or in a throw-away virtual machine"));
    }
    host.require("mmdebstrap", "mmdebstrap")?;
    host.require("mke2fs", "e2fsprogs")?;
    host.require("setpriv", "util-linux")
}
