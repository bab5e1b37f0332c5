//! Walks the tree of a site file and collects what is wrong with it.

use std::str::FromStr;

use super::{
    keys::{self, Fallback},
    refusal::{Refusal, shown},
    scalar::{self, Plain},
    source::{Source, Spot},
    suggest,
    tree::{self, Entry, Node, Value},
};
use crate::error::Error;

/// Reads typed values; every method that answers `None` has reported why.
pub(super) struct Reader<'a> {
    source: &'a Source,
    root: &'a Node,
    errors: Vec<Error>,
}

/// How many mistakes are worth printing.
const ENOUGH: usize = 100;

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Source, root: &'a Node, errors: Vec<Error>) -> Reader<'a> {
        Reader { source, root, errors }
    }

    pub(super) fn source(&self) -> &Source {
        self.source
    }

    /// All mistakes that were found.
    pub(super) fn into_errors(mut self) -> Vec<Error> {
        self.errors.truncate(ENOUGH);
        self.errors
    }

    /// Reports a mistake at a spot.
    pub(super) fn report(&mut self, spot: Spot, refusal: &Refusal) {
        if self.errors.len() >= ENOUGH {
            return;
        }
        let error = Error::new(refusal.reason()).at(self.source.place(spot));
        self.errors.push(match refusal.advice() {
            Some(hint) => error.hint(hint),
            None => error,
        });
    }

    /// A word that is parsed from text.
    pub(super) fn value<T: FromStr<Err = Refusal>>(&mut self, path: &str) -> Option<T> {
        self.with(path, |reader, node| reader.word(path, node))
    }

    /// The same, for a type whose values can be bare numbers.
    pub(super) fn amount<T: FromStr<Err = Refusal>>(&mut self, path: &str) -> Option<T> {
        self.with(path, |reader, node| {
            let text = reader.scalar(path, node)?;
            reader.parsed(path, node.spot, text)
        })
    }

    /// `Some(None)` when a key without default is not written.
    pub(super) fn optional<T: FromStr<Err = Refusal>>(&mut self, path: &str) -> Option<Option<T>> {
        if find(self.root, path).is_none() {
            return Some(None);
        }
        self.value(path).map(Some)
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, path: &str) -> Option<bool> {
        self.with(path, |reader, node| {
            let text = reader.scalar(path, node)?;
            let plain = matches!(node.value, Value::Scalar { plain: true, .. });
            let refusal =
                Refusal::new(format!("{path}: {} is neither `true` nor `false`", shown(text)));
            let refusal = match (plain, scalar::resolve(text)) {
                (true, Plain::Bool(flag)) => return Some(flag),
                (false, Plain::Bool(_)) => refusal.hint("write it without quotes"),
                (_, Plain::Unclear(hint)) if hint.contains("true") => refusal.hint("write `true`"),
                (_, Plain::Unclear(hint)) if hint.contains("false") => {
                    refusal.hint("write `false`")
                }
                _ => refusal.hint("write `true` or `false`"),
            };
            reader.report(node.spot, &refusal);
            None
        })
    }

    /// A list of words, each of them once.
    pub(super) fn list<T>(&mut self, path: &str) -> Option<Vec<T>>
    where
        T: FromStr<Err = Refusal> + PartialEq,
    {
        self.with(path, |reader, node| match &node.value {
            Value::List(nodes) => reader.words(path, nodes),
            _ => {
                let wanted = "must be a list";
                let hint = match &node.value {
                    Value::Scalar { text, plain }
                        if !(*plain && scalar::resolve(text) == Plain::Null) =>
                    {
                        "put `- ` in front of each entry, on lines of their own".to_owned()
                    }
                    _ => "for none, write `[]`".to_owned(),
                };
                reader.report_kind(path, node, wanted, &hint)
            }
        })
    }

    /// What stands at a path, if anything does.
    pub(super) fn node(&self, path: &str) -> Option<&'a Node> {
        find(self.root, path).map(|entry| &entry.node)
    }

    /// The spot of what stands at a path; otherwise the beginning of the file.
    pub(super) fn spot(&self, path: &str) -> Spot {
        self.node(path).map_or(Spot { line: 1, column: 1, width: 1 }, |node| node.spot)
    }

    /// Reads what stands at a path, or else the default.
    fn with<T>(
        &mut self,
        path: &str,
        read: impl FnOnce(&mut Reader<'_>, &Node) -> Option<T>,
    ) -> Option<T> {
        if let Some(node) = self.node(path) {
            return read(self, node);
        }
        match keys::find(path)?.fallback {
            Fallback::Value(text) => {
                let source = Source::new("default", text).ok()?;
                let (root, _) = tree::read(&source).ok()?;
                read(&mut Reader { source: &source, root: self.root, errors: Vec::new() }, &root?)
            }
            Fallback::Asked | Fallback::Nothing => {
                self.report_missing(path);
                None
            }
        }
    }

    fn words<T>(&mut self, path: &str, nodes: &[Node]) -> Option<Vec<T>>
    where
        T: FromStr<Err = Refusal> + PartialEq,
    {
        let mut words: Vec<T> = Vec::new();
        let mut whole = true;
        for node in nodes {
            match self.word(path, node) {
                Some(word) if words.contains(&word) => {
                    self.report(
                        node.spot,
                        &Refusal::new(format!("{path}: this stands in the list twice")),
                    );
                    whole = false;
                }
                Some(word) => words.push(word),
                None => whole = false,
            }
        }
        whole.then_some(words)
    }

    fn word<T: FromStr<Err = Refusal>>(&mut self, path: &str, node: &Node) -> Option<T> {
        let text = self.text(path, node)?;
        self.parsed(path, node.spot, text)
    }

    fn parsed<T: FromStr<Err = Refusal>>(
        &mut self,
        path: &str,
        spot: Spot,
        text: &str,
    ) -> Option<T> {
        let refusal = match text.parse() {
            Ok(value) => return Some(value),
            Err(refusal) => refusal,
        };
        let named = Refusal::new(format!("{path}: {}", refusal.reason()));
        self.report(spot, &refusal.advice().map_or(named.clone(), |hint| named.hint(hint)));
        None
    }

    /// A scalar that is text and nothing else.
    fn text<'n>(&mut self, path: &str, node: &'n Node) -> Option<&'n str> {
        let text = self.scalar(path, node)?;
        let kind = match (&node.value, scalar::resolve(text)) {
            (Value::Scalar { plain: true, .. }, Plain::Bool(_)) => "a truth value",
            (Value::Scalar { plain: true, .. }, Plain::Number(_)) => "a number",
            _ => return Some(text),
        };
        let reason = format!("{path} must be text, but {} is {kind}", shown(text));
        self.report(
            node.spot,
            &Refusal::new(reason).hint(format!("if it is meant so, put it in quotes: \"{text}\"")),
        );
        None
    }

    /// A scalar that is not nothing.
    fn scalar<'n>(&mut self, path: &str, node: &'n Node) -> Option<&'n str> {
        match &node.value {
            _ if node.is_null() => {
                let hint = match keys::find(path).map(|key| key.fallback) {
                    Some(Fallback::Asked) | None => "write one after the colon",
                    Some(_) => "write one after the colon, or delete the line to get the default",
                };
                let spot = find(self.root, path).map_or(node.spot, |entry| entry.spot);
                self.report(spot, &Refusal::new(format!("{path} has no value")).hint(hint));
                None
            }
            Value::Scalar { text, .. } => Some(text),
            _ => self.report_kind(
                path,
                node,
                "must be a single value",
                "write it after the colon, on the same line",
            ),
        }
    }

    fn report_kind<T>(&mut self, path: &str, node: &Node, wanted: &str, hint: &str) -> Option<T> {
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

    fn report_missing(&mut self, path: &str) {
        let about = keys::find(path).map_or("", |key| key.about);
        let section = path.rsplit_once('.').and_then(|(section, _)| find(self.root, section));
        let error = Error::new(format!("{}: `{path}` is missing", self.source.file()));
        let place = section.map(|entry| self.source.place(entry.spot));
        self.errors.push(error.at(place).hint(format!("it is {about}")));
    }

    /// Reports every key that no site has, and every section that is no mapping.
    pub(super) fn check_keys(&mut self) {
        self.check_section("", self.root);
    }

    fn check_section(&mut self, section: &str, node: &Node) {
        for entry in node.entries() {
            let path = if section.is_empty() {
                entry.key.clone()
            } else {
                format!("{section}.{}", entry.key)
            };
            let (known, section) = (keys::find(&path).is_some(), keys::is_section(&path));
            match &entry.node.value {
                Value::Map(_) if section => self.check_section(&path, &entry.node),
                _ if known => {}
                _ if section && entry.node.is_null() => {}
                _ if section => {
                    let hint = format!(
                        "the keys below it are {}",
                        suggest::alternatives(&keys::names_in(&path))
                    );
                    self.report_kind::<()>(&path, &entry.node, "must be a mapping", &hint);
                }
                _ => self.report_unknown(&path, entry),
            }
        }
    }

    fn report_unknown(&mut self, path: &str, entry: &Entry) {
        let section = path.rsplit_once('.').map_or("", |(section, _)| section);
        let names = keys::names_in(section);
        let elsewhere = || {
            keys::KEYS
                .iter()
                .map(|key| key.path)
                .find(|path| path.rsplit('.').next() == Some(&entry.key))
        };
        let hint = if let Some(name) = suggest::nearest(&entry.key, names.iter().copied()) {
            format!("did you mean `{name}`?")
        } else if let Some(path) = elsewhere() {
            format!("did you mean `{path}`?")
        } else if section.is_empty() {
            "an option of Synapse stands below `synapse:`; `homeseed init` prints the usual keys"
                .to_owned()
        } else {
            format!("here can stand {}", suggest::alternatives(&names))
        };
        let reason = match section {
            "" => format!("there is no key {}", shown(&entry.key)),
            _ => format!("there is no key {} in `{section}`", shown(&entry.key)),
        };
        self.report(entry.spot, &Refusal::new(reason).hint(hint));
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
