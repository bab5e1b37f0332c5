//! The text of a site file: the only thing that knows lines and columns.

use super::refusal::{PRIVATE_KEY, Refusal, is_private_key};
use crate::error::{Error, Place};

/// Room for thirty thousand listed servers; it bounds the work that a hostile file can cause.
const LIMIT: usize = 1 << 20;

/// A site file's name and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    file: String,
    text: String,
}

/// Where something stands: line and column count characters from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) width: usize,
}

impl Source {
    /// Takes a text that a parser may see: small, without control characters, without private keys.
    pub(super) fn new(file: &str, text: &str) -> Result<Source, Error> {
        if text.len() > LIMIT {
            return Err(Error::new(format!("{file} is larger than 1 MiB; no more was read"))
                .hint("a site file holds a few dozen lines; is this the right file?"));
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = Source { file: file.to_owned(), text: text.to_owned() };
        source.refuse_private_key()?;
        source.refuse_control_characters()?;
        Ok(source)
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The line `number`, which counts from one.
    pub(super) fn line(&self, number: usize) -> &str {
        self.text.lines().nth(number.saturating_sub(1)).unwrap_or_default()
    }

    pub(super) fn place(&self, spot: Spot) -> Place {
        Place::new(&self.file, &self.text, spot.line, spot.column, spot.width)
    }

    /// The last word in front of `spot`, on the same line, that begins with `sigil`.
    pub(super) fn word_before(&self, spot: Spot, sigil: char) -> Option<Spot> {
        let before: String = self.line(spot.line).chars().take(spot.column - 1).collect();
        let word = before.split_whitespace().rev().take(2).find(|word| word.starts_with(sigil))?;
        let start = before.rfind(word)?;
        let column = before[..start].chars().count() + 1;
        Some(Spot { column, width: word.chars().count(), ..spot })
    }

    // Before anything else, so that no other message can repeat a line of the key.
    fn refuse_private_key(&self) -> Result<(), Error> {
        let Some((at, line)) = self.text.lines().enumerate().find(|(_, it)| is_private_key(it))
        else {
            return Ok(());
        };
        let end = line.find(PRIVATE_KEY).map_or(0, |start| start + PRIVATE_KEY.len());
        let shown = &line[..end];
        let start = shown.find("-----BEGIN").or(shown.find("-----END")).unwrap_or(0);
        let (column, width) = (shown[..start].chars().count() + 1, shown[start..].chars().count());
        let place = Place::of_line(&self.file, shown, at + 1, column, width);
        Err(Refusal::of_private_key().at(place))
    }

    fn refuse_control_characters(&self) -> Result<(), Error> {
        for (at, line) in self.text.split('\n').enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if let Some((column, c)) =
                line.chars().enumerate().find(|(_, c)| c.is_control() && *c != '\t')
            {
                let spot = Spot { line: at + 1, column: column + 1, width: 1 };
                let reason =
                    format!("the control character U+{:04X} has no place here", u32::from(c));
                let refusal = Refusal::new(reason).hint("delete it; is this a text file in UTF-8?");
                return Err(refusal.at(self.place(spot)));
            }
        }
        Ok(())
    }
}

impl Spot {
    /// The spot between two marks of one text, cut to its first line.
    pub(super) fn between(source: &Source, span: &saphyr_parser::Span) -> Spot {
        let (start, end) = (&span.start, &span.end);
        let to = if end.line() == start.line() {
            end.col()
        } else {
            source.line(start.line()).trim_end().chars().count()
        };
        let width = to.saturating_sub(start.col()).max(1);
        Spot { line: start.line(), column: start.col() + 1, width }
    }
}
