//! What a layer declares to others: keys of the site, rules between them, facts, and secrets.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value as Json;

use super::Owned;
use crate::{
    site::{Fallback, Key, Kind, Rule, written},
    template::Conditional,
};

/// A key of the site, below `keys:`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// A type of the vocabulary, such as `host name` or `list of server names`.
    r#type: String,
    /// The words of a `choice`.
    #[serde(default)]
    choices: Vec<String>,
    /// What it decides, in one line.
    about: String,
    /// Whether it has to be written, if its section is.
    #[serde(default)]
    required: bool,
    /// Whether `homeseed init` asks for it.
    #[serde(default)]
    ask: bool,
    /// What holds when it is not written: a value, or several with their conditions.
    #[serde(default, deserialize_with = "defaults")]
    default: Vec<Conditional<Json>>,
    /// Words that may stand instead of a value, and what each of them stands for.
    #[serde(default)]
    words: BTreeMap<String, String>,
    /// What to write instead of values that are often written by mistake.
    #[serde(default)]
    hints: BTreeMap<String, String>,
    /// For a section that may also be a single value: the key below it that it is the value of.
    into: Option<String>,
}

/// Something that must hold between keys, below `rules:`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleEntry {
    /// An expression on the site: when it holds, the site is refused.
    refuse: Option<String>,
    /// An expression on the site: when it holds, the operator is warned.
    warn: Option<String>,
    /// The key at which a refusal is shown.
    at: Option<String>,
    /// What is wrong, in one sentence.
    says: String,
    /// What to write instead.
    hint: Option<String>,
}

/// What a machine is born with and keeps for life, below `born:`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BornEntry {
    /// An expression on the site.
    pub value: String,
    /// Why it cannot change, as a clause.
    pub because: String,
}

/// A secret of the machine's own, below `secrets:`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretEntry {
    /// Who may read it: owner, group and mode.
    pub readers: Owned,
    /// What the operator is asked for, in one sentence; the machine makes it when there is none.
    pub ask: Option<String>,
    /// Where it is kept; below `/etc/homeseed/secrets` unless a program wants it elsewhere.
    pub path: Option<String>,
    /// An expression on the site.
    pub when: Option<String>,
}

/// What a backup keeps, below `keeps:`. Secrets and facts for life are kept without being named here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepsEntry {
    /// Files and folders of few bytes: absolute paths.
    #[serde(default)]
    pub files: Vec<String>,
    /// An expression: the keys that can read a backup, even where the layer is left out.
    pub readers: Option<String>,
    /// The file that brings the machine to life: a restore puts it in place after everything else.
    pub last: Option<String>,
    /// Folders of many files that never change once they are written.
    #[serde(default)]
    pub trees: Vec<TreeEntry>,
    /// What a program pours out and takes back.
    #[serde(default, deserialize_with = "in_order")]
    pub streams: Vec<(String, StreamEntry)>,
}

/// A folder of files, below `keeps.trees`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeEntry {
    /// The folder that holds them: an absolute path.
    pub root: String,
    /// Those folders in it that are kept.
    pub folders: Vec<String>,
    /// Who owns everything in them, as user and group with a colon between.
    pub owner: String,
}

/// What a program pours out, below `keeps.streams`: shell that runs as root.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamEntry {
    /// Writes it to standard output, and its numbers to standard error, as lines `@ NAME VALUE`; the last is `@ whole yes`.
    pub save: String,
    /// Succeeds when this machine can take a stream whose numbers are the variables `KEPT_NAME`; says why not otherwise.
    pub takes: String,
    /// Takes it from standard input into a draft, and prints the numbers of the draft.
    pub load: String,
    /// Puts the draft in the place of what is there.
    pub adopt: String,
}

/// A record that the DNS should hold, below `records:`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordEntry {
    /// An expression: the name or the names that have it.
    pub names: String,
    /// Such as `CAA`.
    pub r#type: String,
    /// As a zone file has it.
    pub value: String,
    /// What it is for, in half a sentence.
    pub why: String,
    /// An expression on the site.
    pub when: Option<String>,
}

impl KeyEntry {
    /// The key at `path` that `layer` declares; the error says what is wrong with it.
    pub fn key(&self, path: &str, layer: &str) -> Result<Key, String> {
        let mut key = Key::new(path, Kind::named(&self.r#type, &self.choices)?, &self.about);
        key.fallback = match (self.required, self.default.is_empty()) {
            (true, false) => return Err("a key with a default cannot be required".to_owned()),
            (true, true) => Fallback::Required,
            (false, true) => Fallback::Nothing,
            (false, false) => Fallback::Default(self.default.iter().map(text).collect()),
        };
        key.words.clone_from(&self.words);
        key.hints.clone_from(&self.hints);
        key.into.clone_from(&self.into);
        key.ask = self.ask;
        key.layer = Some(layer.to_owned());
        Ok(key)
    }
}

fn text(default: &Conditional<Json>) -> Conditional<String> {
    Conditional { value: written(&default.value), when: default.when.clone() }
}

impl RuleEntry {
    /// The rule of a layer that is part of the machine `when` its condition holds.
    pub fn rule(&self, when: Option<&str>) -> Result<Rule, String> {
        let (broken, refuses) = match (&self.refuse, &self.warn) {
            (Some(expression), None) => (expression, true),
            (None, Some(expression)) => (expression, false),
            _ => return Err("a rule has either `refuse` or `warn`".to_owned()),
        };
        let guarded = |when: &str| format!("({when}) and ({broken})");
        Ok(Rule {
            broken: when.map_or_else(|| broken.clone(), guarded),
            refuses,
            at: self.at.clone().unwrap_or_default(),
            says: self.says.clone(),
            hint: self.hint.clone(),
        })
    }
}

/// One default, or a list whose entries are guarded: the last one may go without a condition.
fn defaults<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Conditional<Json>>, D::Error> {
    let value = Json::deserialize(deserializer)?;
    let is_guarded = |it: &Json| it.get("when").is_some();
    match &value {
        Json::Array(entries) if entries.iter().any(is_guarded) => {
            serde_json::from_value(value).map_err(serde::de::Error::custom)
        }
        _ => Ok(vec![Conditional::always(value)]),
    }
}

/// A mapping in the order of its lines.
pub(super) fn in_order<'de, D, T>(deserializer: D) -> Result<Vec<(String, T)>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Pairs<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Pairs<T> {
        type Value = Vec<(String, T)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a mapping")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }
    deserializer.deserialize_map(Pairs(PhantomData))
}
