//! Sees to it that a quoted value stands where quotes mean what they say.
//!
//! A value that needs quotes is marked when it is written. When the whole file is there, each mark
//! must stand between blanks or signs that end a word, outside of other quotes, comments and
//! here-documents; a template that breaks this is wrong, and is refused.

use super::Kind;

const START: char = '\u{1}';
const END: char = '\u{2}';

/// `quoted`, marked for [`settled`].
pub(super) fn marked(quoted: &str) -> String {
    format!("{START}{quoted}{END}")
}

/// The text without marks, or the reason why a mark stands in the wrong place.
pub(super) fn settled(kind: Kind, text: &str) -> Result<String, String> {
    if text.contains(START) {
        verdict(kind, text)?;
    }
    Ok(text.replace([START, END], ""))
}

fn verdict(kind: Kind, text: &str) -> Result<(), String> {
    let mut scan = Scan { kind, inside: Inside::Word, here: None };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(START) {
        let (value, behind) = after.split_once(END).ok_or("a value is cut off")?;
        scan.over(before);
        if !(scan.inside == Inside::Word && opens(before) && closes(behind)) {
            let last = before.lines().last().unwrap_or_default().trim_start();
            return Err(format!("a value that needs quotes must stand alone: {last}{value}"));
        }
        rest = behind;
    }
    Ok(())
}

/// Whether a word can begin behind `before`.
fn opens(before: &str) -> bool {
    before.chars().last().is_none_or(|c| c.is_ascii_whitespace() || matches!(c, '=' | '(' | ','))
}

/// Whether a word ends before `behind`.
fn closes(behind: &str) -> bool {
    behind.chars().next().is_none_or(|c| c.is_ascii_whitespace() || matches!(c, ';' | ')' | ','))
}

/// Where in a file one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Word,
    Single,
    Double,
    Comment,
    Here,
}

struct Scan {
    kind: Kind,
    inside: Inside,
    /// The word that ends the here-document which begins at the next line.
    here: Option<String>,
}

impl Scan {
    /// Goes on over `text`.
    fn over(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            self.line(line);
        }
    }

    fn line(&mut self, line: &str) {
        if self.inside == Inside::Here {
            if self.here.as_deref() == Some(line.trim()) {
                (self.inside, self.here) = (Inside::Word, None);
            }
            return;
        }
        self.here = self.here.take().or_else(|| self.announced(line));
        let mut before = ' ';
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            if c == '\\' && self.inside != Inside::Single {
                chars.next();
            }
            self.inside = self.after(before, c);
            before = c;
        }
        if line.ends_with('\n') && self.here.is_some() {
            self.inside = Inside::Here;
        }
    }

    fn after(&self, before: char, c: char) -> Inside {
        match (self.inside, c) {
            (Inside::Word, '\'') => Inside::Single,
            (Inside::Word, '"') => Inside::Double,
            (Inside::Word, '#') if self.kind != Kind::Sql && before.is_whitespace() => {
                Inside::Comment
            }
            (Inside::Single, '\'') | (Inside::Double, '"') | (Inside::Comment, '\n') => {
                Inside::Word
            }
            (inside, _) => inside,
        }
    }

    /// The word that ends the here-document which `line` announces.
    fn announced(&self, line: &str) -> Option<String> {
        let (_, behind) = line.split_once("<<").filter(|_| self.kind == Kind::Shell)?;
        let word = behind.trim_start_matches(['-', ' ', '\'', '"', '\\']);
        let length = word.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.')));
        Some(word[..length.unwrap_or(word.len())].to_owned()).filter(|it| !it.is_empty())
    }
}
