//! Everything a machine needs, decided: no templates, no choices, no reference to a backend.
//!
//! [`plan`] is pure and total: the same site and layers give the same plan, or every conflict
//! between them. Each planned thing remembers the layer that it comes from.

mod assemble;
mod covered;
mod entry;
mod facts;
mod files;
mod kept;
mod minify;
mod selection;
mod settings;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::minify::minify;

use crate::{
    check::{self, Check, Helpers, Judgement, Vantage},
    digest::sha256,
    error::Errors,
    layer::{Layers, Sources},
    site::Site,
};

pub use entry::{
    Born, Chosen, Fact, File, KeptFile, KeptStream, KeptTree, Package, Personal, Port, Publication,
    Record, Secret, Unit,
};

/// Where the machine finds what is planned for it.
pub const HOME: &str = "/usr/lib/homeseed";

/// Where the public facts about a machine stand, as shell.
pub const FACTS: &str = "/etc/homeseed/site.env";

/// Where the machine's own script of checks takes these facts from, exported.
const ON_THE_MACHINE: &str = ". /usr/lib/homeseed/lib.sh\n";

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
    /// Further records of the DNS, in the order of the layers.
    pub records: Vec<Record>,
    /// Variables for the shell of checks and steps, in the order of the layers.
    pub facts: Vec<Fact>,
    /// What the machine keeps for life.
    pub born: Vec<Born>,
    /// Secrets that it is handed or makes.
    pub secrets: Vec<Secret>,
    /// What a backup keeps.
    pub keeps: Keeps,
    /// Units to enable, in the order of the layers.
    pub units: Vec<Unit>,
    /// Ports that listen, by protocol and number.
    pub ports: Vec<Port>,
    /// Files, by path.
    pub files: Vec<File>,
    /// Shell functions that the checks call.
    pub helpers: Vec<Helpers>,
    /// What to do when a judgement of `verify` fails, by its word.
    pub cures: BTreeMap<Judgement, String>,
    /// Checks, in the order of the layers.
    pub checks: Vec<Check>,
}

/// What a machine is for, beside serving its site.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Aim {
    /// It begins with a backup: it serves nothing before it has it.
    pub restores: bool,
    /// It is tried where the operator's other computers are not: the layers that rely on one are left out, with a warning.
    pub rehearses: bool,
}

/// What a backup keeps of a machine, in the order of the layers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keeps {
    /// Files, and folders of few bytes.
    pub files: Vec<KeptFile>,
    /// The keys that can read it: `ssh-ed25519 …`, `ssh-rsa …` and `age1…` can, others are of no use for that.
    pub readers: Vec<String>,
    /// The file that brings the machine to life, which a restore puts in place after everything else.
    pub last: Option<KeptFile>,
    /// Folders of many files that never change.
    pub trees: Vec<KeptTree>,
    /// What programs pour out.
    pub streams: Vec<KeptStream>,
}

/// Decides what the machine for `site` consists of.
pub fn plan(site: &Site, sources: &Sources) -> Result<Plan, Errors> {
    with(site, &Layers::read(sources)?)
}

/// The same with layers that have been read: for more than one site.
pub fn with(site: &Site, layers: &Layers<'_>) -> Result<Plan, Errors> {
    aimed(site, layers, Aim::default())
}

/// The same for a machine with an aim of its own.
pub fn aimed(site: &Site, layers: &Layers<'_>, aim: Aim) -> Result<Plan, Errors> {
    assemble::plan(site, layers, aim)
}

impl Plan {
    /// One line a file: `<sha256> <mode> <owner>:<group> <absolute path>`.
    #[must_use]
    pub fn inventory(&self) -> String {
        inventory(&self.files)
    }

    /// Every check that the machine can make, as one script.
    #[must_use]
    pub fn script(&self) -> String {
        let mut checks = self.checks.clone();
        checks.retain(|check| check.from.is_its_own());
        check::script(&checks, &self.helpers, ON_THE_MACHINE, &|text| minify("part.sh", text))
    }

    /// Every check, for another computer; no check is given more than `seconds` to come true.
    ///
    /// What can be seen from outside alone is among those from the network, and what takes a login among those on the host.
    #[must_use]
    pub fn script_elsewhere(&self, seconds: u32) -> String {
        let mut checks = self.checks.clone();
        checks.retain(|check| check.from != Vantage::Tor);
        for check in &mut checks {
            check.wait = check.wait.min(seconds);
            check.from = check.from.reached_from();
        }
        // A machine that is not there is not waited for.
        let env = self.facts_text(|_| true) + "CHECK_CURL=${CHECK_CURL-'--connect-timeout 5'}\n";
        check::script(&checks, &self.helpers, &env, &str::to_owned)
    }

    /// The script of the checks that are made through Tor. It reads `ONION`, the address without `http://`, and
    /// `TOR_PROXY`, such as `socks5h://127.0.0.1:9050`, and runs with the argument `network`.
    #[must_use]
    pub fn script_through_tor(&self) -> String {
        let mut checks = self.checks.clone();
        checks.retain(|check| check.from == Vantage::Tor);
        for check in &mut checks {
            check.from = Vantage::Network;
        }
        check::script(&checks, &self.helpers, &self.facts_text(|_| true), &str::to_owned)
    }

    /// The facts whose names are `wanted` as shell, one assignment a line.
    #[must_use]
    pub fn facts_text(&self, wanted: impl Fn(&str) -> bool) -> String {
        self.facts
            .iter()
            .filter(|fact| wanted(&fact.name))
            .map(|fact| format!("{}={}\n", fact.name, check::word(&fact.value)))
            .collect()
    }

    /// The value of a fact; nothing when no layer of the machine declares it.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.as_str())
    }

    /// The sha256 of the inventory: it names the whole payload.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&self.files)
    }
}

/// The inventory of `files`.
fn inventory(files: &[File]) -> String {
    files.iter().map(|file| format!("{} {}\n", file.digest(), file.entry())).collect()
}

/// The sha256 of the inventory of `files`.
pub(crate) fn digest(files: &[File]) -> String {
    sha256(inventory(files))
}

#[cfg(test)]
mod tests;
