//! `layer.yaml`: what a layer adds and what it promises. The grammar is in `docs/layers.md`.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{
    declaration::{BornEntry, KeepsEntry, KeyEntry, RecordEntry, RuleEntry, SecretEntry, in_order},
    port::DeclaredPort,
};
use crate::{
    check::{Judgement, Vantage},
    error::{Error, Place},
    template::Conditional,
    units::duration::Duration,
};

/// `layer.yaml`, read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// One line for listings.
    pub about: String,
    /// Whether all others stand on it: it comes first, and the generated files are its own.
    #[serde(default)]
    pub foundation: bool,
    /// The layers that must come before it.
    #[serde(default)]
    pub needs: Vec<String>,
    /// An expression on the site; the layer is left out when it is false.
    pub when: Option<String>,
    /// Keys of the site, in the order of the documentation.
    #[serde(default, deserialize_with = "in_order")]
    pub keys: Vec<(String, KeyEntry)>,
    /// What must hold between keys, and what is worth a warning.
    #[serde(default)]
    pub rules: Vec<RuleEntry>,
    /// Expressions: further names that must lead to the machine.
    #[serde(default)]
    pub names: Vec<Conditional<String>>,
    /// Further records that the DNS should hold.
    #[serde(default)]
    pub records: Vec<RecordEntry>,
    /// Variables for checks and steps, its own and those of the layers that need it: expressions.
    #[serde(default, deserialize_with = "in_order")]
    pub facts: Vec<(String, String)>,
    /// What the machine is born with and keeps for life.
    #[serde(default, deserialize_with = "in_order")]
    pub born: Vec<(String, BornEntry)>,
    /// Secrets that the operator hands to the machine, or that the machine makes.
    #[serde(default, deserialize_with = "in_order")]
    pub secrets: Vec<(String, SecretEntry)>,
    /// What a backup keeps beside secrets and facts for life.
    #[serde(default)]
    pub keeps: KeepsEntry,
    /// Debian packages.
    #[serde(default)]
    pub packages: Vec<Conditional<String>>,
    /// Packages that every cloud image has: nobody installs them there, but a bare tree needs them.
    #[serde(default)]
    pub presumes: Vec<Conditional<String>>,
    /// The computer of the operator's, in words, without which it never comes to its end.
    pub relies_on: Option<String>,
    /// Whether its step needs nothing of the machine's own, so that it may run when an image is made.
    #[serde(default)]
    pub bakes: bool,
    /// What belongs to one machine and stays in no image: absolute paths, or patterns of the shell.
    #[serde(default)]
    pub personal: Vec<String>,
    /// Owner and mode of its files where they differ from the default.
    #[serde(default)]
    pub modes: BTreeMap<String, Owned>,
    /// Units that the convergence enables.
    #[serde(default)]
    pub units: Vec<Conditional<String>>,
    /// Ports that listen.
    #[serde(default)]
    pub ports: Vec<Conditional<DeclaredPort>>,
    /// A part of the site that is handed through to a program.
    pub settings: Option<Settings>,
    /// What the operator has to publish elsewhere.
    pub publish: Option<Publish>,
    /// Shell functions for the checks, its own and those of the layers that need it.
    #[serde(default)]
    pub helpers: String,
    /// What it promises.
    #[serde(default)]
    pub checks: Vec<CheckEntry>,
    /// Files that no check covers, each with the reason.
    #[serde(default)]
    pub waives: BTreeMap<String, String>,
    /// What to do when a judgement of `homeseed verify` fails, by the judgement's word.
    #[serde(default)]
    pub cures: BTreeMap<Judgement, String>,
}

/// Owner, group and mode of a file, written `root:www-data 0640`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The user.
    pub owner: String,
    /// The group.
    pub group: String,
    /// The permission bits.
    pub mode: Mode,
}

/// Permission bits; shown as four octal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mode(pub u32);

/// Hands the options in one key of the site through to a program, if the program knows them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The key of the site: a mapping of options.
    pub from: String,
    /// A file of the layer: the options that the program knows, one a line, those of sections behind a dot, each with its
    /// type (`flag`, `number`, `duration`, `size`, `text`, `list`, `mapping`) where it is known.
    pub known: String,
    /// The folder whose YAML files may each set an option only once.
    pub beside: String,
    /// Options that the program knows and a site must not set, each with what to do instead.
    #[serde(default)]
    pub refuse: BTreeMap<String, String>,
    /// Endings of the names of options, at any depth, whose texts are secrets.
    #[serde(default)]
    pub secret: Vec<String>,
    /// Names with such an ending that are none.
    #[serde(default)]
    pub public: Vec<String>,
}

/// Planned files that the operator has to publish on another web server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// An expression on the site: the host name of that web server.
    pub host: String,
    /// An expression on the site.
    pub when: Option<String>,
    /// The path of the URL, and the path of the planned file.
    pub files: BTreeMap<String, String>,
}

/// A check as it stands in a manifest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckEntry {
    /// The fact, in the present tense.
    pub name: String,
    /// Where it can be seen from.
    pub from: Vantage,
    /// What to do when it does not hold.
    #[serde(default)]
    pub cure: String,
    /// The shell that proves it.
    pub run: String,
    /// How long to wait for it, such as `60s` or `5m`.
    #[serde(default)]
    pub wait: Wait,
    /// An expression on the site.
    pub when: Option<String>,
    /// Whether it takes a kernel of the machine's own, which a container has not.
    #[serde(default)]
    pub own_kernel: bool,
    /// The files it exercises.
    #[serde(default)]
    pub covers: Vec<String>,
}

/// A time in whole seconds, at most an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(pub u32);

impl Manifest {
    /// Reads `text`; `file` names it in errors.
    pub fn parse(file: &str, text: &str) -> Result<Manifest, Error> {
        serde_yaml::from_str(text).map_err(|error| {
            let message = error.to_string();
            let Some(at) = error.location() else {
                return Error::new(format!("{file}: {message}"));
            };
            let suffix = format!(" at line {} column {}", at.line(), at.column());
            let message = message.strip_suffix(&suffix).unwrap_or(&message).to_owned();
            Error::new(message).at(Place::new(file, text, at.line(), at.column(), 1))
        })
    }
}

impl Default for Wait {
    fn default() -> Wait {
        Wait(10)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl Serialize for Mode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Mode, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mode = u32::from_str_radix(&text, 8).ok().filter(|_| text.len() == 4);
        mode.map(Mode).ok_or_else(|| de::Error::custom(format!("`{text}` is no mode")))
    }
}

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Wait, D::Error> {
        let text = String::deserialize(deserializer)?;
        let seconds = Duration::parse(&text).map_or(u64::MAX, Duration::seconds);
        let seconds = u32::try_from(seconds).ok().filter(|it| *it <= 3600);
        seconds.map(Wait).ok_or_else(|| {
            de::Error::custom(format!(
                "`{text}` is not a time of at most one hour, such as `60s` or `5m`"
            ))
        })
    }
}

impl<'de> Deserialize<'de> for Owned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Owned, D::Error> {
        let text = String::deserialize(deserializer)?;
        Owned::parse(&text).ok_or_else(|| {
            de::Error::custom(format!("`{text}` is not an owner and mode such as `root:adm 0640`"))
        })
    }
}

impl Owned {
    fn parse(text: &str) -> Option<Owned> {
        let (who, digits) = text.split_once(' ')?;
        let (owner, group) = who.split_once(':')?;
        let plain = |name: &str| {
            let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            !name.is_empty() && name.chars().all(ok)
        };
        let mode = u32::from_str_radix(digits, 8).ok().filter(|_| digits.len() == 4)?;
        (plain(owner) && plain(group)).then(|| Owned {
            owner: owner.to_owned(),
            group: group.to_owned(),
            mode: Mode(mode),
        })
    }
}
