//! What cloud-init 22.4.2, the one of Debian 12, makes of a text: what it runs.
//!
//! It is YAML 1.1 as `PyYAML` 6.0 reads it, which no parser of Rust does: line ends of five kinds, characters that
//! spoil the whole text, a key that stands twice and counts the last time. Only what a document of ours can become
//! without a change of its meaning is read here; all else is a fault, although `PyYAML` may take it.
//!
//! Sources: `cloudinit/handlers/__init__.py` (`type_from_starts_with`), `cloudinit/user_data.py` (`convert_string`),
//! `cloudinit/config/cc_bootcmd.py`, and `yaml/reader.py` and `yaml/scanner.py` of `PyYAML`.

use super::damage::{Fault, Kind};

/// What a text without this at its start is to cloud-init: nothing.
pub(super) const FIRST: &str = "#cloud-config";

/// What a text tells cloud-init.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Instructions<'a> {
    /// Whether it makes no host key but the one that is enough.
    pub(super) one_host_key: bool,
    /// The script, line by line, without what is blank at its end.
    pub(super) script: Vec<Line<'a>>,
    /// Whether a key stands twice. The last one counts.
    pub(super) twice: bool,
}

/// A line of the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Its text, without the indentation.
    pub(super) text: &'a str,
    /// Its number in the document, from one.
    pub(super) number: usize,
}

/// Reads `text` as cloud-init does.
pub(super) fn read(text: &str) -> Result<Instructions<'_>, Fault> {
    header(text)?;
    printable(text)?;
    Scanner { lines: lines(text), at: 0 }.document()
}

/// cloud-init looks for a word at the start, in letters of either case and behind any blanks.
fn header(text: &str) -> Result<(), Fault> {
    let start: String = text.trim_start().chars().take(30).collect::<String>().to_lowercase();
    let others = ["#cloud-config-archive", "#cloud-config-jsonp"];
    let is_other = others.iter().any(|it| start.starts_with(it));
    let head = text.as_bytes().get(..4096).unwrap_or(text.as_bytes()).to_ascii_lowercase();
    let is_mail = head.windows(13).any(|it| it == b"mime-version:");
    if start.starts_with(FIRST) && !is_other && !is_mail {
        return Ok(());
    }
    Err(Fault::new(Kind::Surrounded, 1, &format!("cloud-init wants `{FIRST}` here")))
}

/// One character that `PyYAML` does not take, and it takes nothing of the text.
fn printable(text: &str) -> Result<(), Fault> {
    let taken = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
    let Some((at, c)) = text.char_indices().find(|(_, c)| !taken(*c)) else { return Ok(()) };
    let line = lines(&text[..at]).len().max(1);
    Err(Fault::new(Kind::Control, line, &format!("it holds the character U+{:04X}", u32::from(c))))
}

/// The lines of `text`; an end that is none of ours stays with its line.
pub(super) fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut start, mut characters) = (0, text.char_indices().peekable());
    while let Some((at, c)) = characters.next() {
        let (end, next) = match c {
            '\r' if characters.next_if(|(_, c)| *c == '\n').is_some() => (at, at + 2),
            '\n' | '\r' | '\u{85}' => (at, at + c.len_utf8()),
            '\u{2028}' | '\u{2029}' => (at + c.len_utf8(), at + c.len_utf8()),
            _ => continue,
        };
        lines.push(&text[start..end]);
        start = next;
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

struct Scanner<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// The mapping that a document is.
    fn document(&mut self) -> Result<Instructions<'a>, Fault> {
        let mut base = None;
        let mut seen = Vec::new();
        let mut script = None;
        while let Some((indent, body)) = self.entry() {
            let Some((key, value)) = body.split_once(':') else { return Err(self.odd()) };
            let is_key = *base.get_or_insert(indent) == indent
                && (value.is_empty() || value.starts_with(' '));
            self.at += 1;
            match (key, bare(value)) {
                _ if !is_key => return Err(self.odd_before()),
                ("ssh_genkeytypes", list) if is_one_host_key(list) => (),
                ("bootcmd", "") => script = Some(self.script(indent)?),
                _ => return Err(self.odd_before()),
            }
            seen.push(key);
        }
        let stands = |key: &str| seen.contains(&key);
        let times = |key: &&str| seen.iter().filter(|it| *it == key).count();
        let Some(script) = script else { return Err(self.missing()) };
        Ok(Instructions {
            one_host_key: stands("ssh_genkeytypes"),
            script,
            twice: seen.iter().any(|key| times(key) > 1),
        })
    }

    /// The next line that is more than a comment, and how far it is indented.
    fn entry(&mut self) -> Option<(usize, &'a str)> {
        while let Some(line) = self.lines.get(self.at) {
            let line = line.trim_end_matches(['\u{2028}', '\u{2029}']);
            let body = line.trim_start_matches(' ');
            if !(body.is_empty() || body.starts_with('#')) {
                return Some((line.len() - body.len(), body));
            }
            self.at += 1;
        }
        None
    }

    /// A list of one script, as a literal block.
    fn script(&mut self, base: usize) -> Result<Vec<Line<'a>>, Fault> {
        let Some((indent, body)) = self.entry().filter(|(indent, _)| *indent >= base) else {
            return Err(self.odd_before());
        };
        let rest = body.strip_prefix("- ").map(|rest| rest.trim_start_matches(' '));
        // Whether it says what becomes of the line ends behind the script is all the same to a shell.
        let rest = rest.and_then(|rest| rest.strip_prefix('|'));
        let rest = rest.map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
        let opens =
            rest.is_some_and(|it| (it.is_empty() || it.starts_with(' ')) && bare(it).is_empty());
        if !opens {
            return Err(self.odd());
        }
        self.at += 1;
        self.block(indent + 1)
    }

    /// The lines of a literal block that is indented by `least` blanks or more.
    fn block(&mut self, least: usize) -> Result<Vec<Line<'a>>, Fault> {
        let indent = self.indentation().max(least);
        let mut script = Vec::new();
        while let Some(line) = self.lines.get(self.at) {
            let number = self.at + 1;
            if line.ends_with(['\u{2028}', '\u{2029}']) {
                return Err(Fault::new(Kind::Changed, number, "it ends as no line of ours does"));
            }
            let blanks = line.len() - line.trim_start_matches(' ').len();
            match line.get(indent..).filter(|_| blanks >= indent) {
                Some(text) => script.push(Line { text, number }),
                None if blanks == line.len() => script.push(Line { text: "", number }),
                None => break,
            }
            self.at += 1;
        }
        while let Some(last) = script.last_mut() {
            last.text = last.text.trim_end_matches([' ', '\t']);
            if !last.text.is_empty() {
                break;
            }
            script.pop();
        }
        Ok(script)
    }

    /// The most blanks that a line begins with, up to the first line that is more than blanks.
    fn indentation(&self) -> usize {
        let mut most = 0;
        for line in &self.lines[self.at..] {
            let blanks = line.len() - line.trim_start_matches(' ').len();
            most = most.max(blanks);
            if blanks < line.len() {
                break;
            }
        }
        most
    }

    fn odd(&self) -> Fault {
        Fault::new(Kind::Changed, self.at + 1, "cloud-init does not read here what was written")
    }

    fn odd_before(&self) -> Fault {
        Fault { line: self.at, ..self.odd() }
    }

    fn missing(&self) -> Fault {
        Fault::new(Kind::Cut, self.lines.len(), "cloud-init finds nothing to run")
    }
}

/// A value on its line, without a comment.
fn bare(value: &str) -> &str {
    value.find(" #").map_or(value, |at| &value[..at]).trim_matches(' ')
}

fn is_one_host_key(list: &str) -> bool {
    let inner = list.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| inner.trim_matches(' ') == "ed25519")
}

#[cfg(test)]
mod tests;
