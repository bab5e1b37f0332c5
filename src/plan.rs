//! Everything a machine needs, decided: no templates, no choices, no reference to a backend.
//!
//! [`plan`] is pure and total: the same site and layers give the same plan, or every conflict
//! between them. Each planned thing remembers the layer that it comes from.

mod assemble;
mod covered;
mod files;
mod minify;
mod seen;
mod settings;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    check::{self, Check},
    error::Errors,
    layer::{Layers, Mode, Sources},
    site::Site,
};

/// Where the machine finds what is planned for it.
pub const HOME: &str = "/usr/lib/homeseed";

/// Where the public facts about a machine stand, as shell.
pub const FACTS: &str = "/etc/homeseed/site.env";

/// What the machine for one site consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The part after the colon of its users' names.
    pub server_name: String,
    /// The machine's own name.
    pub host: String,
    /// Every name that must lead to the machine.
    pub names: Vec<String>,
    /// The Debian release that it runs.
    pub suite: String,
    /// The keys that may log in.
    pub ssh_keys: Vec<String>,
    /// The sha256 of the site's text.
    pub site_digest: String,
    /// What the operator should know before anything is installed.
    pub warnings: Vec<String>,
    /// What the operator has to publish on other machines.
    pub publications: Vec<Publication>,
    /// The layers in the order of their steps.
    pub layers: Vec<Chosen>,
    /// Debian packages, by name.
    pub packages: Vec<Package>,
    /// Packages that every cloud image has, by name; a bare tree needs them too.
    pub presumed: Vec<Package>,
    /// What belongs to one machine and stays in no image, in the order of the layers.
    pub personal: Vec<Personal>,
    /// Units to enable, in the order of the layers.
    pub units: Vec<Unit>,
    /// TCP ports that listen, by number.
    pub ports: Vec<Port>,
    /// Files, by path.
    pub files: Vec<File>,
    /// Shell functions that the checks call.
    pub helpers: String,
    /// Checks, in the order of the layers.
    pub checks: Vec<Check>,
}

/// A layer that is part of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// The folder's name.
    pub name: String,
    /// What it is for, in one line.
    pub about: String,
    /// Whether its step may run when an image is made.
    pub bakes: bool,
}

/// A document for another web server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The host name of that web server.
    pub host: String,
    /// The absolute path of the URL.
    pub path: String,
    /// The whole URL.
    pub url: String,
    /// What it must answer with.
    pub contents: String,
    /// The layer that asks for it.
    pub layer: String,
}

/// A Debian package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// The first layer that asks for it.
    pub layer: String,
}

/// Something that belongs to one machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// An absolute path, or a pattern of the shell.
    pub path: String,
    /// The layer that says so.
    pub layer: String,
}

/// A systemd unit to enable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its name, with the suffix.
    pub name: String,
    /// The layer that asks for it.
    pub layer: String,
}

/// A TCP port that listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// The first layer that declares it.
    pub layer: String,
}

/// A file on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// The absolute path.
    pub path: String,
    /// The layer that it comes from.
    pub layer: String,
    /// The permission bits.
    pub mode: Mode,
    /// The user who owns it.
    pub owner: String,
    /// The group that owns it.
    pub group: String,
    /// The whole text: ASCII, with a newline at the end.
    pub contents: String,
}

/// Decides what the machine for `site` consists of.
pub fn plan(site: &Site, sources: &Sources) -> Result<Plan, Errors> {
    with(site, &Layers::read(sources)?)
}

/// The same with layers that have been read: for more than one site.
pub fn with(site: &Site, layers: &Layers<'_>) -> Result<Plan, Errors> {
    assemble::plan(site, layers)
}

impl Plan {
    /// One line a file: `<sha256> <mode> <owner>:<group> <layer> <absolute path>`.
    #[must_use]
    pub fn inventory(&self) -> String {
        self.files.iter().map(|file| format!("{} {}\n", file.digest(), file.entry())).collect()
    }

    /// All checks as one script.
    #[must_use]
    pub fn script(&self) -> String {
        self.script_of(&self.checks)
    }

    /// The same for who does not want to wait: no check is given more than `seconds`.
    #[must_use]
    pub fn script_within(&self, seconds: u32) -> String {
        let mut checks = self.checks.clone();
        for check in &mut checks {
            check.wait = check.wait.min(seconds);
        }
        self.script_of(&checks)
    }

    /// What stands in quotes in the script is minified before: afterwards it is a string like any other.
    fn script_of(&self, checks: &[Check]) -> String {
        let minified = |text: &str| minify::minify("check.sh", text);
        let run = |check: &Check| Check { run: minified(&check.run), ..check.clone() };
        let checks: Vec<Check> = checks.iter().map(run).collect();
        let facts = self.files.iter().find(|file| file.path == FACTS);
        let facts = facts.map_or("", |file| &file.contents);
        let helpers = minified(&(check::HELPERS.to_owned() + &self.helpers));
        check::script(&checks, &helpers, facts)
    }

    /// The sha256 of the inventory: it names the whole payload.
    #[must_use]
    pub fn digest(&self) -> String {
        sha256(&self.inventory())
    }
}

impl File {
    /// The sha256 of its contents.
    #[must_use]
    pub fn digest(&self) -> String {
        sha256(&self.contents)
    }

    /// Its line of the inventory but for the digest.
    #[must_use]
    pub fn entry(&self) -> String {
        let File { path, layer, mode, owner, group, .. } = self;
        format!("{mode} {owner}:{group} {layer} {path}")
    }
}

/// The sha256 of `text` in hexadecimal digits.
#[must_use]
pub fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
