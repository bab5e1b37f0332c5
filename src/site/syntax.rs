//! Explains what the YAML parser stumbled over.

use saphyr_parser::{Marker, ScanError};

use super::source::{Source, Spot};
use crate::error::Error;

/// The parser's complaint in the user's words, with advice where the usual cause is known.
pub(super) fn explain(source: &Source, error: &ScanError) -> Error {
    let line = error.marker().line();
    if let Some(spot) = indenting_tab(source, line) {
        return Error::new("a tab cannot indent YAML").at(source.place(spot)).hint("use spaces");
    }
    if let Some((spot, message, hint)) = behind_a_key(source, line) {
        return Error::new(message).at(source.place(spot)).hint(hint);
    }
    let spot = spot(source, error.marker());
    let error_at = |message: String| Error::new(message).at(source.place(spot));
    match advice(error.info()) {
        Some(hint) => error_at(format!("this is not YAML: {}", error.info())).hint(hint),
        None => error_at(format!("this is not YAML: {}", error.info())),
    }
}

/// Where the parser stopped, or the last line before it that holds something.
fn spot(source: &Source, mark: &Marker) -> Spot {
    let (mut line, mut column, mut width) = (mark.line().max(1), mark.col() + 1, 1);
    while line > 1 && source.line(line).trim().is_empty() {
        line -= 1;
        let text = source.line(line);
        column = text.chars().take_while(|c| c.is_whitespace()).count() + 1;
        width = text.trim().chars().count();
    }
    Spot { line, column, width }
}

/// A tab in front of the line that was refused, or of one of the two before it.
fn indenting_tab(source: &Source, line: usize) -> Option<Spot> {
    (line.saturating_sub(2).max(1)..=line).rev().find_map(|line| {
        let text = source.line(line);
        let indent = &text[..text.len() - text.trim_start().len()];
        let column = indent.chars().position(|c| c == '\t')? + 1;
        Some(Spot { line, column, width: 1 })
    })
}

/// What stands behind the colon of a key and is no blank, in the line that was refused or the one before it.
fn behind_a_key(source: &Source, line: usize) -> Option<(Spot, &'static str, &'static str)> {
    (line.saturating_sub(1).max(1)..=line).find_map(|line| {
        let text = source.line(line);
        let start = text.len() - text.trim_start_matches([' ', '-']).len();
        let colon = start + text[start..].find(':')?;
        let is_key = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let next = text[colon + 1..].chars().next().filter(|c| !" /".contains(*c))?;
        if colon == start || !text[start..colon].chars().all(is_key) {
            return None;
        }
        let (message, hint) = match next {
            '\t' => ("a tab stands behind the colon", "write a space instead"),
            c if is_odd_blank(c) => {
                ("a no-break space stands behind the colon", "write an ordinary space instead")
            }
            _ => ("there is no space behind the colon", "write `key: value`"),
        };
        let column = text[..=colon].chars().count() + 1;
        Some((Spot { line, column, width: 1 }, message, hint))
    })
}

/// A blank that YAML takes for a letter.
pub(super) fn is_odd_blank(c: char) -> bool {
    matches!(
        c,
        '\u{a0}' | '\u{2000}'
            ..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{2060}' | '\u{3000}' | '\u{feff}'
    )
}

fn advice(info: &str) -> Option<&'static str> {
    const CAUSES: [(&str, &str); 10] = [
        (
            "mapping values are not allowed",
            "text that holds `: ` needs quotes; or the line above lacks its colon or its indentation",
        ),
        ("unexpected character", "text that begins with this character needs quotes"),
        ("block sequence entries", "a list begins on the line after its key"),
        ("unknown anchor", "text that begins with `*` needs quotes"),
        (
            "quoted scalar",
            "a quote is missing, or a `\\` in double quotes is meant as it is: use single quotes",
        ),
        ("flow", "a `]`, a `}` or a comma is missing"),
        ("illegal placement of ':'", "a `]` or a `}` is missing above"),
        ("simple key", "after a key stand a colon and a space: `key: value`"),
        ("expected key", "keys of one mapping stand under each other, equally indented"),
        ("document start", "keys of one mapping stand under each other, equally indented"),
    ];
    CAUSES.iter().find(|(cause, _)| info.contains(cause)).map(|(_, hint)| *hint)
}
