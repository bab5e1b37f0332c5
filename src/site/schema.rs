//! Every key that a site can have, and what must hold between keys.
//!
//! A few keys belong to no layer ([`CORE`]); all others are declared by the layers. It knows neither.

use std::collections::BTreeMap;

use minijinja::Value;
use serde_json::Value as Json;

use super::{suite::SUITES, vocabulary::Kind};
use crate::template::Conditional;

/// A key that a site may have.
#[derive(Debug, Clone)]
pub struct Key {
    /// The way to it, joined with dots: `operator.email`.
    pub path: String,
    /// What it takes.
    pub kind: Kind,
    /// What it decides, in one line.
    pub about: String,
    /// What holds when it is not written.
    pub fallback: Fallback,
    /// Words that may stand instead of a value, and the value that each of them stands for.
    pub words: BTreeMap<String, String>,
    /// What to write instead of values that are often written by mistake.
    pub hints: BTreeMap<String, String>,
    /// For a section that may also be a single value: the key below it whose value that is.
    pub into: Option<String>,
    /// Whether a new site is asked for it.
    pub ask: bool,
    /// The layer that declares it; none for those that belong to no layer.
    pub layer: Option<String>,
}

/// What holds when a key is not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fallback {
    /// Nothing could: it has to be written, if its section is.
    Required,
    /// There is none of it.
    Nothing,
    /// The first of these values whose condition holds, each as it would be written.
    Default(Vec<Conditional<String>>),
}

/// What must hold between the values of a site, or is worth a warning.
#[derive(Debug, Clone)]
pub struct Rule {
    /// An expression on the site: when it holds, the rule is broken.
    pub broken: String,
    /// Whether the site is refused, or the operator only warned.
    pub refuses: bool,
    /// The key at which a refusal is shown.
    pub at: String,
    /// What is wrong, in one sentence.
    pub says: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// The keys and rules of sites that are compiled with one set of layers.
#[derive(Debug, Clone)]
pub struct Schema {
    keys: Vec<Key>,
    rules: Vec<Rule>,
}

impl Schema {
    /// The keys that belong to no layer, and what is said of them.
    #[must_use]
    pub fn core() -> Schema {
        let rules = vec![Rule {
            broken: "site.operator.ssh_keys | length == 0".to_owned(),
            refuses: false,
            at: String::new(),
            says: "`operator.ssh_keys` is empty: password login over SSH stays open, since nothing else could let you in".to_owned(),
            hint: None,
        }];
        Schema { keys: core(), rules }
    }

    /// Adds what a layer declares; the path of a key that is declared already is an error.
    pub fn add(&mut self, keys: Vec<Key>, rules: Vec<Rule>) -> Result<(), String> {
        for key in &keys {
            if self.find(&key.path).is_some() {
                return Err(key.path.clone());
            }
        }
        self.keys.extend(keys);
        self.rules.extend(rules);
        Ok(())
    }

    /// All keys: those of no layer, then those of the layers in their order.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// All rules, in the order of the layers.
    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The key at a path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.path == path)
    }

    /// Whether keys stand below this path.
    pub(super) fn is_section(&self, path: &str) -> bool {
        self.below(path).next().is_some()
    }

    /// Whether a section may be missing as a whole, though a key in it must be written.
    pub(crate) fn is_optional(&self, section: &str) -> bool {
        let must = |key: &Key| key.layer.is_some() && key.fallback == Fallback::Required;
        self.below(section).any(|key| must(key) && !self.has_short_form(key))
    }

    /// Whether the section of `key` may also be written as a single value.
    pub(super) fn has_short_form(&self, key: &Key) -> bool {
        let section = key.path.rsplit_once('.').and_then(|(section, _)| self.find(section));
        section.is_some_and(|section| section.into.is_some())
    }

    pub(super) fn below(&self, section: &str) -> impl Iterator<Item = &Key> {
        self.keys
            .iter()
            .filter(move |key| key.path.strip_prefix(section).is_some_and(|it| it.starts_with('.')))
    }

    /// The names that can stand in a section; the empty path is the document.
    pub(super) fn names_in(&self, section: &str) -> Vec<&str> {
        let prefix = if section.is_empty() { String::new() } else { format!("{section}.") };
        let rest = |key: &Key| key.path.strip_prefix(&prefix).map(str::len);
        let mut names: Vec<&str> = Vec::new();
        for key in &self.keys {
            let Some(length) = rest(key) else { continue };
            let name = key.path[key.path.len() - length..].split('.').next().unwrap_or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

impl Key {
    /// A key of this path and type without a default, a hint or a layer.
    #[must_use]
    pub fn new(path: &str, kind: Kind, about: &str) -> Key {
        Key {
            path: path.to_owned(),
            kind,
            about: about.to_owned(),
            fallback: Fallback::Nothing,
            words: BTreeMap::new(),
            hints: BTreeMap::new(),
            into: None,
            ask: false,
            layer: None,
        }
    }

    /// The default, as it would be written, where no condition of another one holds.
    #[must_use]
    pub fn default_text(&self) -> Option<&str> {
        self.defaults().last().map(|it| it.value.as_str())
    }

    /// The default for what `context` holds; a condition that cannot be told does not hold.
    pub(super) fn default_for(&self, context: &Value) -> Option<&str> {
        let holds = |it: &&Conditional<String>| it.counts(context).unwrap_or_default();
        let first = self.defaults().iter().find(holds);
        first.map(|it| it.value.as_str()).or(self.default_text())
    }

    fn defaults(&self) -> &[Conditional<String>] {
        match &self.fallback {
            Fallback::Default(values) => values,
            Fallback::Required | Fallback::Nothing => &[],
        }
    }
}

fn core() -> Vec<Key> {
    let one = |name| Kind::named(name, &[]).expect("a type of the vocabulary");
    let required = |path, kind, about| Key {
        fallback: Fallback::Required,
        ..Key::new(path, one(kind), about)
    };
    let default = |path, kind, about, text: &str| Key {
        fallback: Fallback::Default(vec![Conditional::always(text.to_owned())]),
        ..Key::new(path, kind, about)
    };
    let suites = SUITES.iter().map(|suite| suite.name.to_owned()).collect();
    let mut suite = default(
        "suite",
        Kind::Choice(suites),
        "the release of Debian on the machine",
        SUITES[0].name,
    );
    suite.hints.insert(
        "trixie".to_owned(),
        "it is not supported yet: write `bookworm`, and order a machine with Debian 12".to_owned(),
    );
    vec![
        required(
            "server_name",
            "server name",
            "the part after the colon of `@alice:example.org`; it can never change",
        ),
        required("host", "host name", "the full name of the machine that Synapse runs on"),
        required(
            "operator.email",
            "e-mail",
            "where the certificate authority and other operators can write to",
        ),
        default(
            "operator.ssh_keys",
            one("list of SSH keys"),
            "public keys that may log in as root; any key closes password login",
            "[]",
        ),
        suite,
        default(
            "layers",
            one("list of folders"),
            "folders of further layers, relative to this file",
            "[]",
        ),
    ]
}

/// A value as a site would hold it, on one line.
#[must_use]
pub fn written(value: &Json) -> String {
    match value {
        Json::String(text) if is_plain(text) => text.clone(),
        Json::Array(items) => {
            format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// Whether a text means itself without quotes.
fn is_plain(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "._/:@+-".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(inner)
        && !text.ends_with(':')
        && matches!(super::scalar::resolve(text), super::scalar::Plain::Text)
}
