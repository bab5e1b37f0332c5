//! What can be done to a document by accident, backwards. Whichever of it makes the document whole again is what
//! happened.

use super::{cloud_config::FIRST, damage::Kind};
use crate::backend::user_data::payload::Width;

/// The lines that mark code in Markdown.
const FENCES: [&str; 2] = ["```", "~~~"];

/// From a text to what it was before.
type Way<'a> = &'a dyn Fn(&str) -> String;

/// Each kind of damage that may be the one of `text`, and the text without it.
pub(super) fn all(text: &str) -> impl Iterator<Item = (Kind, String)> {
    let width = width(text);
    // Where a line of digits is as long as it was, digits may stand in lines of any length: it is no proof of a break.
    let is_long = Width::ALL.into_iter().any(|it| width == it as usize + 1);
    let ways: [(Kind, Way<'_>); 16] = [
        (Kind::Fence, &unfenced),
        (Kind::ByteOrderMark, &|text| text.replace('\u{feff}', "")),
        (Kind::Quoted, &unquoted),
        (Kind::Html, &unescaped),
        (Kind::OddBlanks, &|text| text.replace('\u{a0}', " ")),
        (Kind::Tabs, &|text| text.replace("\n\t", "\n ")),
        (Kind::Tabs, &|text| text.replace('\t', " ")),
        (Kind::LostBlanks, &|text| if is_long { indented(text) } else { text.to_owned() }),
        (Kind::Wrapped { width }, &|text| {
            joined(text, |line, _| line.chars().count() == width, "")
        }),
        (Kind::Wrapped { width }, &|text| joined(text, |_, next| is_torn(next), "")),
        (Kind::Wrapped { width }, &|text| joined(text, |_, next| is_torn(next), " ")),
        (Kind::LostBlanks, &indented),
        (Kind::BlankEnds, &trimmed),
        (Kind::BlankLines, &|text| text.replace("\n\n", "\n")),
        (Kind::Surrounded, &alone),
        (Kind::Twice, &last),
    ];
    let undone: Vec<_> = ways.map(|(kind, undo)| (kind, undo(text))).into();
    undone.into_iter().filter(move |(_, other)| other != text)
}

/// The length of the longest line, in characters.
pub(super) fn width(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or_default()
}

/// Whether no line of a document begins like this: all begin with a blank, but for those of a few words.
pub(super) fn is_torn(line: &str) -> bool {
    let words = ["#", "- ", "ssh_", "bootcmd:", " ", "\t"];
    !(line.is_empty() || words.iter().any(|word| line.starts_with(word)))
}

/// Whether `line` marks code.
pub(super) fn is_fence(line: &str) -> bool {
    FENCES.iter().any(|fence| line.trim().starts_with(fence))
}

fn each(text: &str, change: impl Fn(&str) -> String) -> String {
    text.lines().map(|line| change(line) + "\n").collect()
}

fn unfenced(text: &str) -> String {
    text.lines().filter(|line| !is_fence(line)).map(|line| format!("{line}\n")).collect()
}

fn unquoted(text: &str) -> String {
    each(text, |line| {
        let rest = line.strip_prefix('>').unwrap_or(line);
        rest.strip_prefix(' ').unwrap_or(rest).to_owned()
    })
}

/// Once, the ampersand last.
fn unescaped(text: &str) -> String {
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&apos;", "'")];
    let signs = signs.into_iter().chain([("&nbsp;", " "), ("&amp;", "&")]);
    signs.fold(text.to_owned(), |text, (sign, plain)| text.replace(sign, plain))
}

/// A blank before each line of the script that has none.
fn indented(text: &str) -> String {
    let Some((head, script)) = text.split_once("\n- |\n") else { return text.to_owned() };
    let blank = |line: &str| {
        if line.is_empty() || line.starts_with(' ') { line.to_owned() } else { format!(" {line}") }
    };
    format!("{head}\n- |\n{}", each(script, blank))
}

/// Each line joined with the next where `goes_on` says so of the two.
fn joined(text: &str, goes_on: impl Fn(&str, &str) -> bool, between: &str) -> String {
    let mut whole = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        whole.push_str(line);
        let is_broken = lines.peek().is_some_and(|next| goes_on(line, next));
        whole.push_str(if is_broken { between } else { "\n" });
    }
    whole
}

fn trimmed(text: &str) -> String {
    each(text, |line| line.trim_end_matches([' ', '\t']).to_owned())
}

/// From the last first line on.
fn last(text: &str) -> String {
    let at = text.rfind(FIRST).unwrap_or_default();
    text[at..].to_owned()
}

/// From the first line to the last.
fn alone(text: &str) -> String {
    let start = text.find(FIRST).unwrap_or_default();
    let end = text.rfind("\n }").map_or(text.len(), |at| at + 3);
    text.get(start..end).unwrap_or(text).to_owned()
}
