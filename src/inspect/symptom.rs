//! Reads a document, and names what was done to one that is not whole: by undoing it, and where that does not help, by
//! what it looks like.

use std::borrow::Cow;

use super::{
    Claims, Form, Found, Note,
    cloud_config::{self, FIRST, Line},
    contents,
    damage::{Damage, Fault, Kind},
    undo,
};
use crate::error::for_terminal;

/// What word processors, mail programs and chats make of quotes and hyphens.
const TYPOGRAPHY: [char; 14] = [
    '\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}', '\u{2018}', '\u{2019}', '\u{201a}', '\u{2032}',
    '\u{2033}', '\u{ab}', '\u{bb}', '\u{2013}', '\u{2014}', '\u{2026}',
];

/// The last lines of every document.
const END: [&str; 3] = ["trap - 0", "sh $p/usr/lib/homeseed/arm", "}"];

/// Reads the document in `bytes`.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Found, Damage> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(no_utf8(name, bytes, error.valid_up_to())),
    };
    attempt(text).map_err(|fault| named(name, text, &fault))
}

/// The document in `text`, if it is whole.
fn attempt(text: &str) -> Result<Found, Fault> {
    let told = cloud_config::read(text)?;
    let (payload, compact) = contents::read(&told)?;
    let notes = [(Note::Crlf, text.contains("\r\n")), (Note::Twice, told.twice)];
    Ok(Found {
        forms: vec![if compact { Form::Compact } else { Form::Plain }],
        length: text.len(),
        claims: claims(text),
        notes: notes.into_iter().filter(|(_, is_so)| *is_so).map(|(note, _)| note).collect(),
        keys: Some(contents::keys(&payload.files)),
        payload,
    })
}

/// The payload in `bytes`, which is fetched and not pasted: what was done to it is not looked for.
pub(super) fn payload(name: &str, bytes: &[u8]) -> Result<Found, Damage> {
    let text = std::str::from_utf8(bytes).map_err(|_| Damage::whole(name, Kind::Changed))?;
    let lines: Vec<Line<'_>> =
        text.lines().zip(1..).map(|(text, number)| Line { text, number }).collect();
    let script = lines.iter().position(|line| !line.text.starts_with('#')).unwrap_or(lines.len());
    let (payload, _) =
        contents::script(&lines[script..]).map_err(|fault| changed(name, text, &fault))?;
    Ok(Found {
        forms: vec![Form::Payload],
        length: text.len(),
        claims: claims(text),
        notes: Vec::new(),
        keys: Some(contents::keys(&payload.files)),
        payload,
    })
}

/// The comments that stand before everything else.
fn claims(text: &str) -> Claims {
    let claim = |prefix: &str| {
        let line = text.lines().take(8).find_map(|line| line.trim().strip_prefix(prefix))?;
        Some(for_terminal(line.split(": ").next()?).chars().take(80).collect())
    };
    Claims { version: claim("# homeseed "), site_digest: claim("# site sha256:") }
}

/// What UTF-8 does not have: PowerShell's UTF-16, or a byte that was changed.
fn no_utf8(name: &str, bytes: &[u8], at: usize) -> Damage {
    if let Some(text) = utf16(bytes) {
        return if is_ours(&text) { Damage::whole(name, Kind::Utf16) } else { none(name) };
    }
    if !is_ours(&String::from_utf8_lossy(bytes)) {
        return none(name);
    }
    let line = String::from_utf8_lossy(&bytes[..at]).lines().count().max(1);
    let text = String::from_utf8_lossy(bytes);
    let what = "it holds a byte that is no text, and YAML takes none of it";
    Damage::faulty(name, &Fault::new(Kind::Changed, line, what), line_of(&text, line))
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let read: fn([u8; 2]) -> u16 = match bytes.get(..2)? {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let units = bytes[2..].chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
    Some(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect())
}

fn none(name: &str) -> Damage {
    Damage::whole(name, Kind::None)
}

/// Whether `text` was a document of ours, however its blanks and lines are now.
fn is_ours(text: &str) -> bool {
    let dense: String = text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let has = |mark: &str| dense.contains(mark);
    let is_whose = has("#homeseed") || has("usr/lib/homeseed");
    has("thisdocumentisdamaged") || has("/usr/lib/homeseed/arm") || has(FIRST) && is_whose
}

/// What happened to `text`, in which a reader found `fault`.
fn named(name: &str, text: &str, fault: &Fault) -> Damage {
    if let Some(damage) = encoded(name, text) {
        return damage;
    }
    if !is_ours(text) {
        return none(name);
    }
    let unix = Cow::from(text.replace("\r\n", "\n").replace('\r', "\n"));
    let undone = undo::all(&unix).find(|(_, other)| attempt(other).is_ok());
    let kind = undone.map(|(kind, _)| kind).or_else(|| symptom(&unix, fault));
    match kind {
        Some(kind) => shown(name, &unix, kind, fault),
        None => foreign(name, text).unwrap_or_else(|| changed(name, text, fault)),
    }
}

/// Base64 of a document, in one line or more.
fn encoded(name: &str, text: &str) -> Option<Damage> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let dense: String = text.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(dense.get(..64)?).ok()?;
    let is_document = bytes.starts_with(FIRST.as_bytes()) || super::gzip::is_one(&bytes);
    is_document.then(|| Damage::whole(name, Kind::Base64))
}

/// What `text` looks like.
fn symptom(text: &str, fault: &Fault) -> Option<Kind> {
    let has = |c: char| text.contains(c);
    let escapes = ["&lt;", "&gt;", "&amp;", "&quot;", "&#39;"];
    let torn = torn(text);
    let wrapped = wrapped(text, &torn);
    let signs = [
        (Kind::Twice, text.matches(FIRST).count() > 1),
        (Kind::Control, fault.kind == Kind::Control),
        (Kind::ByteOrderMark, has('\u{feff}')),
        (Kind::OddBlanks, text.contains(is_odd_blank)),
        (Kind::Typography, text.contains(TYPOGRAPHY)),
        (Kind::Fence, fenced(text)),
        (Kind::Html, in_frame(text, &escapes)),
        (Kind::Wrapped { width: wrapped.unwrap_or_default() }, wrapped.is_some()),
        (Kind::LostBlanks, torn.len() > 2),
        (Kind::Tabs, text.contains("\n\t")),
        (Kind::BlankLines, has_blank_lines(text)),
        (Kind::Cut, is_cut(text)),
        (Kind::BlankEnds, has_blank_ends(text)),
        (Kind::Surrounded, fault.kind == Kind::Surrounded && text.contains(&format!("\n{FIRST}"))),
        (Kind::Tabs, has('\t') && fault.last.is_none()),
    ];
    signs.into_iter().find(|(_, is_so)| *is_so).map(|(kind, _)| kind)
}

/// A blank of Unicode that is not that of ASCII, or a character without a width.
fn is_odd_blank(c: char) -> bool {
    matches!(
        c,
        '\u{a0}' | '\u{ad}' | '\u{2000}'
            ..='\u{200f}' | '\u{202f}' | '\u{205f}' | '\u{2060}' | '\u{3000}'
    )
}

fn fenced(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.next().is_some_and(undo::is_fence) || lines.next_back().is_some_and(undo::is_fence)
}

/// Whether one of `signs` stands in a line that has a sign for each of them in every document.
fn in_frame(text: &str, signs: &[&str]) -> bool {
    let marks = ["/dev/console", "sha256sum", "/dev/null", "homeseed", "<<'", "&lt;&lt;", "ssh-"];
    let mut lines = text.lines().filter(|line| marks.iter().any(|mark| line.contains(mark)));
    lines.any(|line| signs.iter().any(|sign| line.contains(sign)))
}

/// Lines that begin as none of ours does, from zero, each with the one before it.
fn torn(text: &str) -> Vec<(&str, &str)> {
    let lines: Vec<&str> = text.lines().collect();
    let pairs = lines.windows(2).map(|pair| (pair[0], pair[1]));
    pairs.filter(|(_, next)| undo::is_torn(next)).collect()
}

/// The width at which all but a few torn lines could not have stood in the line before them.
fn wrapped(text: &str, torn: &[(&str, &str)]) -> Option<usize> {
    let length = |text: &str| text.chars().count();
    let words = torn.iter().filter(|(line, _)| torn.len() > 2 && line.trim_start().contains(' '));
    // A word that is longer than the line stays whole where lines are broken between words.
    let widths = [Some(undo::width(text)), words.map(|(line, _)| length(line)).max()];
    let is_it = |width: &usize| {
        let is_full = |(line, next): &&(&str, &str)| {
            let word = next.split(' ').next().map_or(0, length);
            length(line) + word + 1 > *width
        };
        !torn.is_empty() && torn.iter().filter(is_full).count() * 5 >= torn.len() * 4
    };
    widths.into_iter().flatten().find(is_it)
}

/// Whether the last lines are not there, and not only changed.
fn is_cut(text: &str) -> bool {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim).collect();
    let [.., early, late, last] = lines.as_slice() else { return true };
    !(*late == END[1] || *early == END[0] && *last == END[2])
}

/// Whether empty lines stand between several lines in a row.
fn has_blank_lines(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let is_doubled =
        |lines: &[&str]| lines.chunks(2).all(|pair| !pair[0].is_empty() && pair[1].is_empty());
    lines.windows(8).any(is_doubled)
}

/// Whether more lines end with a blank than do not.
fn has_blank_ends(text: &str) -> bool {
    let count = text.lines().filter(|line| line.len() > 1 && line.ends_with([' ', '\t'])).count();
    count * 2 > text.lines().count()
}

/// The first line that shows `kind`.
fn shown(name: &str, text: &str, kind: Kind, fault: &Fault) -> Damage {
    let lines = || text.lines().zip(1..);
    let line = match kind {
        Kind::Cut => Some(text.lines().count().max(1)),
        Kind::OddBlanks => first(lines(), |line| line.contains(is_odd_blank)),
        Kind::Typography => first(lines(), |line| line.contains(TYPOGRAPHY)),
        Kind::ByteOrderMark => first(lines(), |line| line.contains('\u{feff}')),
        Kind::Tabs => first(lines(), |line| line.contains('\t')),
        Kind::Fence => first(lines(), undo::is_fence),
        Kind::Html => first(lines(), |line| {
            line.contains("&lt;")
                || line.contains("&amp;")
                || line.contains("&gt;")
                || line.contains("&quot;")
        }),
        Kind::Wrapped { .. } | Kind::LostBlanks => first(lines(), undo::is_torn),
        Kind::Twice => text.rfind(FIRST).map(|at| text[..at].lines().count() + 1),
        Kind::BlankEnds => first(lines(), |line| line.ends_with([' ', '\t'])),
        Kind::Control | Kind::Surrounded => Some(fault.line),
        _ => None,
    };
    match line {
        Some(line) => Damage::at(name, kind, line, line_of(text, line)),
        None => Damage::whole(name, kind),
    }
}

fn first<'a>(
    mut lines: impl Iterator<Item = (&'a str, usize)>,
    shows: impl Fn(&str) -> bool,
) -> Option<usize> {
    lines.find(|(line, _)| shows(line)).map(|(_, number)| number)
}

fn line_of(text: &str, number: usize) -> &str {
    text.lines().nth(number.saturating_sub(1)).unwrap_or_default()
}

/// A document of another version: what is around the payload is not known, the payload may be.
fn foreign(name: &str, text: &str) -> Option<Damage> {
    let version = claims(text).version.filter(|it| it != env!("CARGO_PKG_VERSION"))?;
    let told = cloud_config::read(text).ok()?;
    let state = match contents::loose(&told.script) {
        Some(payload) => format!("its payload, for {}, is whole", for_terminal(&payload.host)),
        None => "its payload cannot be read either".to_owned(),
    };
    let ours = env!("CARGO_PKG_VERSION");
    let sentence = format!(
        "says that homeseed {version} made it, and its script is not the one that {ours} knows; {state}"
    );
    Some(Damage::of(name, Kind::Foreign, &sentence))
}

fn changed(name: &str, text: &str, fault: &Fault) -> Damage {
    Damage::faulty(
        name,
        fault,
        cloud_config::lines(text).get(fault.line.saturating_sub(1)).unwrap_or(&""),
    )
}
