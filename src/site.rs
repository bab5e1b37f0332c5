//! What the operator decided: `site.yaml`, read, checked and typed.
//!
//! [`Site::parse`] is the only door: whoever holds a [`Site`] holds values that cannot be wrong by themselves or against
//! each other. Which keys there are, a [`Schema`] says. It knows no layer and no file of the machine.

mod amount;
pub mod json_schema;
mod mistakes;
mod name;
mod newtype;
mod options;
mod peer;
mod person;
mod placeholder;
mod proof;
mod reader;
mod refusal;
mod remote;
mod rules;
mod scalar;
mod schema;
mod source;
mod ssh_key;
pub(crate) mod suggest;
mod suite;
mod syntax;
mod tree;
mod unknown;
mod url;
mod vocabulary;
mod written;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json};

pub(crate) use self::refusal::is_private_key;
pub use self::{
    amount::{ByteSize, Lifetime, TimeOfDay},
    name::{HostName, ServerName},
    peer::Peer,
    person::{Email, Localpart},
    proof::{Certificate, Fingerprint},
    refusal::Refusal,
    remote::{AgeRecipient, RemoteFolder},
    schema::{Fallback, Key, Rule, Schema, written},
    ssh_key::SshKey,
    suite::{SUITES, Suite},
    url::{HttpsUrl, ProxyUrl, RepositoryUrl},
    vocabulary::{Duration, Folder, Kind, Text, Word, type_names},
    written::Thing,
};
use self::{
    reader::Reader,
    refusal::quoted,
    source::Source,
    tree::{Node, Value},
};
use crate::{
    digest::sha256,
    error::{Error, Errors, Place},
};

/// The description of one homeserver.
#[derive(Debug, Clone)]
pub struct Site {
    values: Map<String, Json>,
    warnings: Vec<String>,
    digest: String,
    source: Source,
    tree: Node,
}

/// The folder of a further layer, and where a site names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerFolder {
    /// As it is written, relative to the site file.
    pub path: String,
    /// Where that is.
    pub place: Place,
}

/// The folders of further layers that the text of a site names, as far as they can be read; `file` is its name in
/// messages.
///
/// They bring keys of their own, so they are wanted before the site is read as a whole; what is
/// wrong with them, [`Site::parse`] says.
#[must_use]
pub fn folders(file: &str, text: &str) -> Vec<LayerFolder> {
    let schema = Schema::core();
    let folders = || {
        let source = Source::new(file, text).ok()?;
        let (root, mistakes) = tree::read(&source).ok()?;
        let root = root?;
        let values = Reader::new(&root, &schema, mistakes).values();
        let good = strings(values.get("layers"));
        let written = &root.entry("layers")?.node;
        let named = written.items().iter().filter_map(|item| Some((item.text()?, item.spot)));
        let named = named.filter(|(path, _)| good.contains(path));
        let folder = |(path, spot): (&str, _)| LayerFolder {
            path: path.to_owned(),
            place: source.place(spot),
        };
        Some(named.map(folder).collect())
    };
    folders().unwrap_or_default()
}

impl Site {
    /// Reads the text of a site file by the keys of `schema`; `file` is its name in messages.
    ///
    /// All mistakes are reported at once, unless the text is no YAML.
    pub fn parse(file: &str, text: &str, schema: &Schema) -> Result<Site, Errors> {
        let source = Source::new(file, text)?;
        let (root, mistakes) = tree::read(&source)?;
        let Some(root) = root.filter(|root| !root.is_null()) else {
            return Err(empty(file).into());
        };
        let mut reader = Reader::new(&root, schema, mistakes);
        let (values, warnings) = if is_mapping(&mut reader, &root) {
            Site::read(&mut reader)?
        } else {
            (Map::new(), Vec::new())
        };
        let more = reader.more();
        Errors::none_or(reader.into_errors()).map_err(|errors| errors.and_more(more))?;
        Ok(Site { values, warnings, digest: sha256(text), source, tree: root })
    }

    fn read(reader: &mut Reader<'_>) -> Result<(Map<String, Json>, Vec<String>), Error> {
        unknown::check(reader);
        let values = reader.values();
        let is_whole = !reader.has_mistakes();
        let warnings = rules::judge(reader, &values, is_whole)?;
        Ok((values, warnings))
    }

    /// Every value, as templates see it: a tree like that of the file, with the defaults.
    #[must_use]
    pub fn values(&self) -> &Map<String, Json> {
        &self.values
    }

    /// What the operator should know before the machine is born; each is one sentence.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What holds when `key` is not written in this site, as it would be written.
    #[must_use]
    pub fn default_of<'k>(&self, key: &'k Key) -> Option<&'k str> {
        key.default_for(&reader::context(&self.values, &[]))
    }

    /// The part of user IDs after the colon.
    #[must_use]
    pub fn server_name(&self) -> &str {
        self.text("server_name")
    }

    /// The name of the machine.
    #[must_use]
    pub fn host(&self) -> &str {
        self.text("host")
    }

    /// The public keys of the operator, as lines of `authorized_keys`.
    #[must_use]
    pub fn ssh_keys(&self) -> Vec<&str> {
        strings(self.values.get("operator").and_then(|it| it.get("ssh_keys")))
    }

    /// Folders of further layers, relative to the site file.
    #[must_use]
    pub fn layers(&self) -> Vec<&str> {
        strings(self.values.get("layers"))
    }

    /// The Debian release.
    #[must_use]
    pub fn suite(&self) -> Suite {
        Suite::named(self.text("suite")).expect("only releases of the table can be written")
    }

    fn text(&self, key: &str) -> &str {
        self.values.get(key).and_then(Json::as_str).unwrap_or_default()
    }

    /// The SHA-256 of the site file, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Where a key stands in the site file, such as `["operator", "email"]`; `None` when it is not written.
    #[must_use]
    pub fn place_of(&self, path: &[&str]) -> Option<Place> {
        let (first, rest) = path.split_first()?;
        let start = self.tree.entry(first)?;
        let entry = rest.iter().try_fold(start, |entry, key| entry.node.entry(key))?;
        Some(self.source.place(entry.spot))
    }
}

/// A site is its values.
impl Serialize for Site {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.values.serialize(serializer)
    }
}

/// The members of a list of texts.
fn strings(list: Option<&Json>) -> Vec<&str> {
    list.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect()
}

fn empty(file: &str) -> Error {
    Error::new(format!("{file} is empty")).hint(
        "`homeseed init --server-name example.org --host chat.example.org --email you@example.org > site.yaml` writes one to start from",
    )
}

fn is_mapping(reader: &mut Reader<'_>, root: &Node) -> bool {
    let text = match &root.value {
        Value::Map(_) => return true,
        Value::Scalar { text, .. } => quoted(text),
        Value::List(_) => "a list".to_owned(),
        Value::Broken => return false,
    };
    let refusal = Refusal::new(format!("a site file consists of keys and values, not of {text}"));
    reader.report(
        root.spot,
        &refusal.hint("write `server_name: example.org`: a key, a colon, a space, a value"),
    );
    false
}
