//! What a plan is made of; each entry remembers its layer.

use serde::{Deserialize, Serialize};

use super::sha256;
use crate::{
    error::Error,
    layer::{Mode, PortRange, SecretEntry},
};

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

/// A record that the DNS should hold beside the addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The name, without the last dot.
    pub name: String,
    /// Such as `CAA`.
    pub kind: String,
    /// As a zone file has it.
    pub value: String,
    /// What it is for, in half a sentence.
    pub why: String,
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

/// A variable for the shell of checks and steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Its name, in capitals.
    pub name: String,
    /// Its value: one line.
    pub value: String,
    /// The layer that declares it.
    pub layer: String,
}

/// What a machine is born with and keeps for life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Born {
    /// Its name, that of a key of the site where there is one.
    pub name: String,
    /// One word.
    pub value: String,
    /// Why it cannot change, as a clause.
    pub because: String,
    /// The layer that says so.
    pub layer: String,
}

/// A secret of the machine's own: no plan holds its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// Where it is kept.
    pub path: String,
    /// The permission bits.
    pub mode: Mode,
    /// The user who owns it.
    pub owner: String,
    /// The group that owns it.
    pub group: String,
    /// What the operator is asked for, in one sentence; nothing when the machine makes it.
    pub ask: Option<String>,
    /// The layer that declares it.
    pub layer: String,
}

/// Something of few bytes that a backup keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// The absolute path of a file or a folder, which need not be there.
    pub path: String,
    /// The layer that declares it.
    pub layer: String,
}

/// Folders of files that a backup keeps one by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptTree {
    /// The absolute path of the folder that holds them.
    pub root: String,
    /// The folders in it.
    pub folders: Vec<String>,
    /// Who owns everything in them, as `USER:GROUP`.
    pub owner: String,
    /// The layer that declares it.
    pub layer: String,
}

/// What a program pours out for a backup, and takes back: shell, with the helpers of the layer before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptStream {
    /// Its name: a to z.
    pub name: String,
    /// The layer that declares it.
    pub layer: String,
    /// Writes it to standard output, and its numbers to standard error.
    pub save: String,
    /// Whether this machine can take it.
    pub takes: String,
    /// Takes it from standard input into a draft, and prints the numbers of the draft.
    pub load: String,
    /// Puts the draft in the place of what is there.
    pub adopt: String,
}

/// A systemd unit to enable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its name, with the suffix.
    pub name: String,
    /// The layer that asks for it.
    pub layer: String,
}

/// A port that listens, or a range of ports that may.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Port {
    /// Protocol and numbers.
    #[serde(flatten)]
    pub range: PortRange,
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

impl Secret {
    /// The secret that `layer` declares; what it says must fit a line of a table that shell reads.
    pub(super) fn of(layer: &str, name: &str, entry: &SecretEntry) -> Result<Secret, Error> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let path = entry.path.clone().unwrap_or_else(|| format!("/etc/homeseed/secrets/{name}"));
        let fits = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        let sentence = entry.ask.as_deref().unwrap_or("made by the machine");
        let harmless = sentence.chars().all(|c| c == ' ' || c.is_ascii_graphic());
        let is_name = !name.is_empty() && name.chars().all(plain);
        if !is_name || !path.starts_with('/') || !path.chars().all(fits) || !harmless {
            let message =
                format!("layer `{layer}`: the secret `{name}` cannot be declared like this");
            return Err(Error::new(message).hint(
                "its name is made of a to z, digits and `_`, its path is absolute, and it asks in one line of ASCII",
            ));
        }
        let readers = &entry.readers;
        Ok(Secret {
            name: name.to_owned(),
            path,
            mode: readers.mode,
            owner: readers.owner.clone(),
            group: readers.group.clone(),
            ask: entry.ask.clone(),
            layer: layer.to_owned(),
        })
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
        let File { path, mode, owner, group, .. } = self;
        format!("{mode} {owner}:{group} {path}")
    }
}
