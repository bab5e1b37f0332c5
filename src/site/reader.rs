//! Walks the tree of a site file by its schema, and collects what is wrong with it.

use std::collections::HashSet;

use minijinja::{Value as Context, context};
use serde_json::{Map, Value as Json};

use super::{
    mistakes::Mistakes,
    options,
    refusal::{Refusal, quoted},
    scalar::{self, Plain},
    schema::{Fallback, Key, Schema},
    source::{Source, Spot},
    suggest,
    tree::{self, Entry, Node, Value},
    vocabulary::{Kind, Word},
};
use crate::error::Error;

/// Reads typed values; every method that answers `None` has reported why.
pub(super) struct Reader<'a> {
    root: &'a Node,
    schema: &'a Schema,
    mistakes: Mistakes<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(root: &'a Node, schema: &'a Schema, mistakes: Mistakes<'a>) -> Reader<'a> {
        Reader { root, schema, mistakes }
    }

    /// All mistakes that were found.
    pub(super) fn into_errors(self) -> Vec<Error> {
        self.mistakes.into_errors()
    }

    /// How many mistakes are only counted.
    pub(super) fn more(&self) -> usize {
        self.mistakes.more()
    }

    /// Whether a mistake was found so far.
    pub(super) fn has_mistakes(&self) -> bool {
        self.mistakes.is_any()
    }

    /// Reports a mistake at a spot, or of the file as a whole.
    pub(super) fn report(&mut self, spot: impl Into<Option<Spot>>, refusal: &Refusal) {
        self.mistakes.report(spot, refusal);
    }

    /// The whole document.
    pub(super) fn root(&self) -> &'a Node {
        self.root
    }

    /// The keys that there are.
    pub(super) fn schema(&self) -> &'a Schema {
        self.schema
    }

    /// The spot of what stands at a path; otherwise the beginning of the file.
    pub(super) fn spot(&self, path: &str) -> Spot {
        self.node(path).map_or(Spot { line: 1, column: 1, width: 1 }, |node| node.spot)
    }

    /// The values of all keys, as far as they could be read: a tree like that of the file.
    ///
    /// A section that may be missing as a whole, and is, is `null`.
    pub(super) fn values(&mut self) -> Map<String, Json> {
        let mut values = Map::new();
        for key in self.schema.keys() {
            let section = key.path.split('.').next().unwrap_or_default();
            if self.schema.is_optional(section) && self.node(section).is_none() {
                values.insert(section.to_owned(), Json::Null);
                continue;
            }
            let path =
                key.into.as_ref().map_or(key.path.clone(), |it| format!("{}.{it}", key.path));
            if let Some(value) = self.value(key, &values) {
                insert(&mut values, &path, value);
            }
        }
        values
    }

    /// The value of `key`; `others` are those that stand before it in the schema.
    fn value(&mut self, key: &Key, others: &Map<String, Json>) -> Option<Json> {
        match self.node(&key.path) {
            // The keys below it have the values.
            Some(Node { value: Value::Map(_), .. }) if key.into.is_some() => None,
            Some(node) => self.read(key, node),
            None if key.fallback == Fallback::Required && self.is_short(key) => None,
            None => self.fallback(key, others),
        }
    }

    /// Whether the section of `key` is written as a single value, or not at all.
    fn is_short(&self, key: &Key) -> bool {
        let section = key.path.rsplit_once('.').and_then(|(section, _)| self.node(section));
        let is_mapping = section.is_some_and(|node| matches!(node.value, Value::Map(_)));
        self.schema.has_short_form(key) && !is_mapping
    }

    fn fallback(&mut self, key: &Key, others: &Map<String, Json>) -> Option<Json> {
        match &key.fallback {
            Fallback::Nothing => Some(Json::Null),
            Fallback::Required => {
                self.report_missing(key);
                None
            }
            Fallback::Default(_) => {
                let text = key.default_for(&context(others, &[]))?;
                let source = Source::new("default", text).ok()?;
                let (root, mistakes) = tree::read(&source).ok()?;
                let root = root?;
                Reader::new(&root, self.schema, mistakes).read(key, &root)
            }
        }
    }

    /// What `node` says of `key`.
    fn read(&mut self, key: &Key, node: &Node) -> Option<Json> {
        if let Value::Scalar { text, .. } = &node.value
            && let Some(stands_for) = key.words.get(text)
        {
            return self.word_of(key, node, stands_for);
        }
        match &key.kind {
            Kind::Flag => self.flag(key, node).map(Json::Bool),
            Kind::Choice(words) => self.choice(key, node, words),
            Kind::One(word) => self.single(key, node, *word),
            Kind::List(word) => self.list(key, node, *word),
            Kind::Options => options::read(self, key, node).map(Json::Object),
        }
    }

    /// What a word of the key's own stands for; a list has no such member, so it is itself.
    fn word_of(&mut self, key: &Key, node: &Node, text: &str) -> Option<Json> {
        match key.kind {
            Kind::One(word) => self.parsed(key, node.spot, text, word),
            _ => Some(Json::String(text.to_owned())),
        }
    }

    fn flag(&mut self, key: &Key, node: &Node) -> Option<bool> {
        let text = self.scalar(key, node)?;
        let hint = match (node.plain(), scalar::resolve(text)) {
            (Some(Plain::Bool(flag)), _) => return Some(flag),
            (None, Plain::Bool(_)) => "write it without quotes",
            (_, Plain::Unclear(hint)) if hint.starts_with("write `true`") => "write `true`",
            (_, Plain::Unclear(hint)) if hint.starts_with("write `false`") => "write `false`",
            _ => "write `true` or `false`",
        };
        let reason = format!("{}: {} is neither `true` nor `false`", key.path, quoted(text));
        self.report(node.spot, &Refusal::new(reason).hint(hint));
        None
    }

    fn choice(&mut self, key: &Key, node: &Node, choices: &[String]) -> Option<Json> {
        let text = self.scalar(key, node)?;
        if choices.iter().any(|word| word == text) {
            return self.unless_other_type(key, node, Json::String(text.to_owned()));
        }
        let words: Vec<&str> = choices.iter().map(String::as_str).collect();
        let refusal = Refusal::new(format!("{} is not one of the choices", quoted(text)));
        let refusal = match suggest::nearest(text, words.iter().copied()) {
            Some(word) => refusal.hint(format!("did you mean `{word}`?")),
            None => refusal.hint(format!("write {}", suggest::alternatives(&words))),
        };
        self.report(node.spot, &hinted(key, text, refusal).about(&key.path));
        None
    }

    fn list(&mut self, key: &Key, node: &Node, word: Word) -> Option<Json> {
        if let Value::List(nodes) = &node.value {
            return self.members(key, nodes, word);
        }
        let hint = match &node.value {
            Value::Scalar { text, .. } if !node.is_null() && key.hints.contains_key(text) => {
                key.hints[text].as_str()
            }
            Value::Scalar { .. } if !node.is_null() => {
                "put `- ` in front of each entry, on lines of their own"
            }
            Value::Map(_) => "put `- ` in front of each entry, and no colon behind it",
            _ => "for none, write `[]`; for the default, delete the line",
        };
        self.report_kind(&key.path, node, "must be a list", hint)
    }

    fn members(&mut self, key: &Key, nodes: &[Node], word: Word) -> Option<Json> {
        let (mut members, mut seen) = (Vec::new(), HashSet::new());
        let mut whole = true;
        for node in nodes {
            match self.member(key, node, word, &mut seen) {
                Some(member) => members.push(member),
                None => whole = false,
            }
        }
        whole.then_some(Json::Array(members))
    }

    fn member(
        &mut self,
        key: &Key,
        node: &Node,
        word: Word,
        seen: &mut HashSet<String>,
    ) -> Option<Json> {
        let (reason, hint) = if node.is_null() {
            ("an entry is empty", "delete its `-`")
        } else {
            let member = self.single(key, node, word)?;
            if seen.insert(member.to_string()) {
                return Some(member);
            }
            ("this stands in the list twice", "delete one of them")
        };
        self.report(node.spot, &Refusal::new(reason).hint(hint).about(&key.path));
        None
    }

    fn single(&mut self, key: &Key, node: &Node, word: Word) -> Option<Json> {
        let text = self.scalar(key, node)?;
        let value = self.parsed(key, node.spot, text, word)?;
        if word.numeric { Some(value) } else { self.unless_other_type(key, node, value) }
    }

    /// `value`, unless other readers of YAML would take the text for a number or a truth value.
    fn unless_other_type(&mut self, key: &Key, node: &Node, value: Json) -> Option<Json> {
        let kind = match node.plain() {
            Some(Plain::Bool(_)) => "a truth value",
            Some(Plain::Number(_)) => "a number",
            _ => return Some(value),
        };
        let Value::Scalar { text, .. } = &node.value else { return Some(value) };
        let reason = format!("{} must be text, but {} is {kind}", key.path, quoted(text));
        self.report(node.spot, &Refusal::new(reason).hint(format!("put it in quotes: \"{text}\"")));
        None
    }

    fn parsed(&mut self, key: &Key, spot: Spot, text: &str, word: Word) -> Option<Json> {
        let refusal = match (word.read)(text) {
            Ok(value) => return Some(value),
            Err(refusal) => hinted(key, text, worded(key, text, refusal)),
        };
        self.report(spot, &refusal.about(&key.path));
        None
    }

    /// A scalar that is not nothing.
    fn scalar<'n>(&mut self, key: &Key, node: &'n Node) -> Option<&'n str> {
        match &node.value {
            _ if node.is_null() => {
                let hint = match key.fallback {
                    Fallback::Required => "write one after the colon",
                    _ => "write one after the colon, or delete the line to get the default",
                };
                let reason = format!("{} has no value", key.path);
                self.report(node.spot, &Refusal::new(reason).hint(hint));
                None
            }
            Value::Scalar { text, .. } => Some(text),
            _ => self.report_kind(
                &key.path,
                node,
                "must be a single value",
                "write it after the colon, on the same line",
            ),
        }
    }

    /// Reports a value of the wrong shape.
    pub(super) fn report_kind<T>(
        &mut self,
        path: &str,
        node: &Node,
        wanted: &str,
        hint: &str,
    ) -> Option<T> {
        let kind = match &node.value {
            Value::Broken => return None,
            Value::List(_) => "is a list",
            Value::Map(_) => "is a mapping",
            _ if node.is_null() => "has no value",
            Value::Scalar { .. } => "is a single value",
        };
        self.report(node.spot, &Refusal::new(format!("{path} {wanted}, but {kind}")).hint(hint));
        None
    }

    fn report_missing(&mut self, key: &Key) {
        let path = key.path.as_str();
        let section = path.rsplit_once('.').and_then(|(section, _)| find(self.root, section));
        if section.is_some_and(|entry| !entry.node.is_section()) {
            return;
        }
        let reason = format!("{}: `{path}` is missing", self.mistakes.source().file());
        let refusal = Refusal::new(reason).hint(format!("it is {}", key.about));
        self.report(section.map(|entry| entry.spot), &refusal);
    }

    /// What stands at a path, if anything does.
    fn node(&self, path: &str) -> Option<&'a Node> {
        find(self.root, path).map(|entry| &entry.node)
    }
}

impl Schema {
    /// Why a site could not hold `text` as the value of `key`; nothing when it could.
    #[must_use]
    pub fn mistakes(&self, key: &Key, text: &str) -> Vec<Error> {
        let read = Source::new("value", text).and_then(|source| {
            let (root, mistakes) = tree::read(&source)?;
            let root = root.ok_or_else(|| Error::new(format!("{} has no value", key.path)))?;
            let mut reader = Reader::new(&root, self, mistakes);
            reader.read(key, &root);
            Ok(reader.into_errors())
        });
        read.unwrap_or_else(|error| vec![error])
    }
}

/// What expressions on a site can see: its values, and the paths of the keys that are `written`.
pub(super) fn context(values: &Map<String, Json>, written: &[String]) -> Context {
    context! { site => Context::from_serialize(values), written => written }
}

/// The refusal with the advice that the key has for just this text.
fn hinted(key: &Key, text: &str, refusal: Refusal) -> Refusal {
    match key.hints.get(&text.to_ascii_lowercase()) {
        Some(hint) => refusal.hint(hint),
        None => refusal,
    }
}

/// The refusal of a text that was probably meant as one of the key's own words.
fn worded(key: &Key, text: &str, refusal: Refusal) -> Refusal {
    let words: Vec<&str> = key.words.keys().map(String::as_str).collect();
    if words.is_empty() || text.contains([':', '.', '/']) {
        return refusal;
    }
    match suggest::nearest(text, words.iter().copied()) {
        Some(word) => refusal.hint(format!("did you mean `{word}`?")),
        None => refusal.hint(format!("or write {}", suggest::alternatives(&words))),
    }
}

/// Puts `value` at `path` of a tree of mappings.
fn insert(values: &mut Map<String, Json>, path: &str, value: Json) {
    match path.split_once('.') {
        None => {
            values.insert(path.to_owned(), value);
        }
        Some((section, rest)) => {
            let entry = values.entry(section).or_insert_with(|| Json::Object(Map::new()));
            if let Json::Object(inner) = entry {
                insert(inner, rest, value);
            }
        }
    }
}

/// The entry at a path that is joined with dots.
pub(super) fn find<'n>(root: &'n Node, path: &str) -> Option<&'n Entry> {
    let (first, rest) =
        path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let entry = root.entry(first)?;
    match rest {
        None => Some(entry),
        Some(rest) => find(&entry.node, rest),
    }
}
