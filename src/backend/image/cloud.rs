//! What Debian's own cloud image (`genericcloud`) holds beside its boot loader.
//!
//! The list follows Debian's build of it: its classes for a booting cloud system with extras. The test bed makes its
//! stock image of the same, for the days when Debian's own cannot be fetched.

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

/// A script: turns a tree with these packages, its only argument, into what the image holds.
pub const CLOUD_IMAGE: &str = include_str!("cloud-image.sh");
