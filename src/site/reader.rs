//! Walks the tree of a site file and collects what is wrong with it.

use std::str::FromStr;

use super::{
    keys::{self, Fallback},
    mistakes::Mistakes,
    refusal::{Refusal, shown},
    scalar::{self, Plain},
    source::{Source, Spot},
    tree::{self, Entry, Node, Value},
};
use crate::error::Error;

/// Reads typed values; every method that answers `None` has reported why.
pub(super) struct Reader<'a> {
    root: &'a Node,
    mistakes: Mistakes<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(root: &'a Node, mistakes: Mistakes<'a>) -> Reader<'a> {
        Reader { root, mistakes }
    }

    /// All mistakes that were found.
    pub(super) fn into_errors(self) -> Vec<Error> {
        self.mistakes.into_errors()
    }

    /// Reports a mistake at a spot, or of the file as a whole.
    pub(super) fn report(&mut self, spot: impl Into<Option<Spot>>, refusal: &Refusal) {
        self.mistakes.report(spot, refusal);
    }

    /// The text that is read.
    pub(super) fn source(&self) -> &'a Source {
        self.mistakes.source()
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

    /// The same, for a key without default; `None` as well when it is not written.
    pub(super) fn optional<T: FromStr<Err = Refusal>>(&mut self, path: &str) -> Option<T> {
        find(self.root, path)?;
        self.value(path)
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, path: &str) -> Option<bool> {
        self.with(path, |reader, node| {
            let text = reader.scalar(path, node)?;
            let hint = match (node.plain(), scalar::resolve(text)) {
                (Some(Plain::Bool(flag)), _) => return Some(flag),
                (None, Plain::Bool(_)) => "write it without quotes",
                (_, Plain::Unclear(hint)) if hint.starts_with("write `true`") => "write `true`",
                (_, Plain::Unclear(hint)) if hint.starts_with("write `false`") => "write `false`",
                _ => "write `true` or `false`",
            };
            let reason = format!("{path}: {} is neither `true` nor `false`", shown(text));
            reader.report(node.spot, &Refusal::new(reason).hint(hint));
            None
        })
    }

    /// A list of words, each of them once.
    pub(super) fn list<T>(&mut self, path: &str) -> Option<Vec<T>>
    where
        T: FromStr<Err = Refusal> + PartialEq,
    {
        self.with(path, |reader, node| {
            if let Value::List(nodes) = &node.value {
                return reader.words(path, nodes);
            }
            let hint = match &node.value {
                Value::Scalar { .. } if !node.is_null() => {
                    "put `- ` in front of each entry, on lines of their own"
                }
                _ => "for none, write `[]`",
            };
            reader.report_kind(path, node, "must be a list", hint)
        })
    }

    /// The whole document.
    pub(super) fn root(&self) -> &'a Node {
        self.root
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
                let (root, mistakes) = tree::read(&source).ok()?;
                read(&mut Reader::new(self.root, mistakes), &root?)
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
            match self.entry(path, node, &words) {
                Some(word) => words.push(word),
                None => whole = false,
            }
        }
        whole.then_some(words)
    }

    fn entry<T>(&mut self, path: &str, node: &Node, others: &[T]) -> Option<T>
    where
        T: FromStr<Err = Refusal> + PartialEq,
    {
        let (reason, hint) = if node.is_null() {
            ("an entry is empty", "delete its `-`")
        } else {
            let word = self.word(path, node)?;
            if !others.contains(&word) {
                return Some(word);
            }
            ("this stands in the list twice", "delete one of them")
        };
        self.report(node.spot, &Refusal::new(reason).hint(hint).about(path));
        None
    }

    fn word<T: FromStr<Err = Refusal>>(&mut self, path: &str, node: &Node) -> Option<T> {
        let text = self.scalar(path, node)?;
        let value = self.parsed(path, node.spot, text)?;
        let kind = match node.plain() {
            Some(Plain::Bool(_)) => "a truth value",
            Some(Plain::Number(_)) => "a number",
            _ => return Some(value),
        };
        let reason = format!("{path} must be text, but {} is {kind}", shown(text));
        self.report(node.spot, &Refusal::new(reason).hint(format!("put it in quotes: \"{text}\"")));
        None
    }

    fn parsed<T: FromStr<Err = Refusal>>(
        &mut self,
        path: &str,
        spot: Spot,
        text: &str,
    ) -> Option<T> {
        text.parse().map_err(|refusal: Refusal| self.report(spot, &refusal.about(path))).ok()
    }

    /// A scalar that is not nothing.
    fn scalar<'n>(&mut self, path: &str, node: &'n Node) -> Option<&'n str> {
        match &node.value {
            _ if node.is_null() => {
                let hint = match keys::find(path).map(|key| key.fallback) {
                    Some(Fallback::Asked) | None => "write one after the colon",
                    Some(_) => "write one after the colon, or delete the line to get the default",
                };
                self.report(node.spot, &Refusal::new(format!("{path} has no value")).hint(hint));
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

    fn report_missing(&mut self, path: &str) {
        let about = keys::find(path).map_or("", |key| key.about);
        let section = path.rsplit_once('.').and_then(|(section, _)| find(self.root, section));
        if section.is_some_and(|entry| !entry.node.is_section()) {
            return;
        }
        let reason = format!("{}: `{path}` is missing", self.source().file());
        let refusal = Refusal::new(reason).hint(format!("it is {about}"));
        self.report(section.map(|entry| entry.spot), &refusal);
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
