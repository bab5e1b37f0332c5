//! A YAML document as a small tree in which every key and value knows its spot.
//!
//! Only what a site needs: one document of mappings, lists and scalars. What would make a text mean
//! something else than it says (anchors, aliases, tags, merge keys) is refused.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use super::{
    mistakes::Mistakes,
    refusal::{Refusal, quoted},
    scalar::{self, Plain},
    source::{Source, Spot},
    syntax,
};
use crate::error::Error;

/// Deeper than any option of Synapse.
const DEPTH: usize = 24;

/// No key of anything is longer.
const KEY: usize = 128;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) spot: Spot,
    pub(super) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A scalar; only a plain one can be a number, a truth value or nothing.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Something that has already been reported.
    Broken,
}

/// A key, where it stands, and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) spot: Spot,
    pub(super) node: Node,
}

impl Node {
    /// Whether the value is written as nothing: `~`, `null`, or no word at all.
    pub(super) fn is_null(&self) -> bool {
        self.plain() == Some(Plain::Null)
    }

    /// What a scalar without quotes means.
    pub(super) fn plain(&self) -> Option<Plain> {
        match &self.value {
            Value::Scalar { text, plain: true } => Some(scalar::resolve(text)),
            _ => None,
        }
    }

    /// Whether keys stand below it, or could.
    pub(super) fn is_section(&self) -> bool {
        matches!(self.value, Value::Map(_)) || self.is_null()
    }

    /// The entry of a mapping by its key.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries of a mapping; anything else has none.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; anything else has none.
    pub(super) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// A scalar as it is written.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// Reads a document: the tree, and the mistakes that did not stop the reading.
///
/// `None` stands for a text without any value.
pub(super) fn read(source: &Source) -> Result<(Option<Node>, Mistakes<'_>), Error> {
    let events = Parser::new_from_str(source.text());
    let mut builder = Builder { source, events, mistakes: Mistakes::new(source) };
    let root = builder.document()?;
    Ok((root, builder.mistakes))
}

struct Builder<'a> {
    source: &'a Source,
    events: Parser<'a, StrInput<'a>>,
    mistakes: Mistakes<'a>,
}

impl<'a> Builder<'a> {
    fn document(&mut self) -> Result<Option<Node>, Error> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root),
                Event::DocumentStart(_) if root.is_some() => {
                    return Err(self
                        .error(&span, "a site file holds one document only")
                        .hint("delete this line and what follows, or make it a file of its own"));
                }
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd => {}
                event => root = Some(self.node(event, &span, 0)?),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Error> {
        match self.events.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(syntax::explain(self.source, &error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node, Error> {
        if depth > DEPTH {
            let message = format!("this is nested more than {DEPTH} levels deep");
            return Err(self.error(span, &message).hint("no option of any program is"));
        }
        self.refuse_extras(&event, span);
        let spot = Spot::between(self.source, span);
        let value = match event {
            Event::Scalar(text, style, ..) => {
                Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain }
            }
            Event::SequenceStart(..) => Value::List(self.list(depth)?),
            Event::MappingStart(..) => Value::Map(self.map(depth)?),
            _ => Value::Broken,
        };
        Ok(Node { spot, value })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Error> {
        let mut nodes = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd | Event::StreamEnd, _) => return Ok(nodes),
                (event, span) => nodes.push(self.node(event, &span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        let mut lines = HashMap::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd | Event::StreamEnd) {
                return Ok(entries);
            }
            let name = self.node(event, &span, depth + 1)?;
            let (event, span) = self.next()?;
            let mut node = self.node(event, &span, depth + 1)?;
            if span.is_empty() && node.is_null() {
                node.spot = name.spot;
            }
            match key(&name, &lines) {
                Ok(key) => {
                    lines.insert(key.clone(), name.spot.line);
                    entries.push(Entry { key, spot: name.spot, node });
                }
                Err(refusal) => self.mistakes.report(name.spot, &refusal),
            }
        }
    }

    fn refuse_extras(&mut self, event: &Event<'a>, span: &Span) {
        let (anchor, tag) = match event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(anchor, tag)
            | Event::MappingStart(anchor, tag) => (*anchor > 0, tag.is_some()),
            Event::Alias(_) => (true, false),
            _ => (false, false),
        };
        if anchor {
            self.refuse_extra('&', span, "anchors and aliases are not supported");
        }
        if tag {
            self.refuse_extra('!', span, "tags are not supported");
        }
    }

    /// Refuses the word before a value that begins with `sigil`.
    fn refuse_extra(&mut self, sigil: char, span: &Span, message: &str) {
        let value = Spot::between(self.source, span);
        let spot = self.source.word_before(value, sigil).unwrap_or(value);
        let refusal = Refusal::new(message)
            .hint("write the value out; if the sign is part of the text, put the text in quotes");
        self.mistakes.report(spot, &refusal);
    }

    fn error(&self, span: &Span, message: &str) -> Error {
        Error::new(message).at(self.source.place(Spot::between(self.source, span)))
    }
}

/// The text of a key, unless it is no word or stands in the mapping already.
fn key(node: &Node, lines: &HashMap<String, usize>) -> Result<String, Refusal> {
    let not_a_key =
        Refusal::new("this is not a key").hint("a key is one word, then a colon and a space");
    match &node.value {
        Value::Scalar { text, .. } if text == "<<" => {
            Err(Refusal::new("merge keys are not supported").hint("write the lines out"))
        }
        Value::Scalar { text, .. } if text.is_empty() || node.is_null() || text.len() > KEY => {
            Err(not_a_key)
        }
        Value::Scalar { text, .. } => match lines.get(text) {
            None => Ok(text.clone()),
            Some(line) => Err(Refusal::new(format!("{} stands here twice", quoted(text)))
                .hint(format!("the first one is on line {line}; keep one of them"))),
        },
        _ => Err(not_a_key),
    }
}
