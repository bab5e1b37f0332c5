//! Writes a value as one complete token of a kind of file, or says why that cannot be.

use std::fmt::Write as _;

use minijinja::{Value, value::ValueKind};

use super::{Kind, token};
use crate::check;

/// The text of `value` in a file of `kind`.
pub(super) fn value(kind: Kind, value: &Value) -> Result<String, String> {
    match (kind, value.kind()) {
        (Kind::Yaml | Kind::Json, _) => document(kind, value),
        (_, ValueKind::Bool) => Ok(value.is_true().to_string()),
        (_, ValueKind::Number) => number(value),
        (_, ValueKind::String) => string(kind, value.as_str().unwrap_or_default()),
        (_, ValueKind::Seq | ValueKind::Iterable) => words(kind, value),
        (_, other) => Err(format!("{other} cannot be written into a {} file", kind.word())),
    }
}

/// A list is its members, a blank between them.
fn words(kind: Kind, list: &Value) -> Result<String, String> {
    let members = list.try_iter().map_err(|error| error.to_string())?;
    let words: Result<Vec<String>, String> = members.map(|it| value(kind, &it)).collect();
    Ok(words?.join(" "))
}

fn string(kind: Kind, text: &str) -> Result<String, String> {
    match kind {
        Kind::Shell => shell(text),
        Kind::Nginx => nginx(text),
        Kind::Sql => sql(text),
        Kind::Systemd => systemd(text),
        Kind::Keys => only(text, kind, |c| c == ' ' || c.is_ascii_graphic()),
        Kind::Pem => only(text, kind, |c| c == '\n' || c == ' ' || c.is_ascii_graphic()),
        Kind::Plain => only(text, kind, |c| bare(c) || matches!(c, '~' | '[' | ']')),
        Kind::Yaml | Kind::Json => Ok(quoted(kind, text)),
    }
}

/// What means nothing but itself in every kind of file.
fn bare(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '_' | '.' | '/' | ':' | '@' | '%' | '+' | '=' | ',' | '-')
}

fn is_bare(text: &str) -> bool {
    !text.is_empty() && text.chars().all(bare)
}

fn only(text: &str, kind: Kind, allowed: impl Fn(char) -> bool) -> Result<String, String> {
    match text.chars().find(|&c| !allowed(c)) {
        _ if text.is_empty() => {
            Err(format!("nothing cannot be written into a {} file", kind.word()))
        }
        Some(c) => Err(format!("{c:?} of {text:?} cannot be written into a {} file", kind.word())),
        None => Ok(text.to_owned()),
    }
}

/// ASCII that can be seen, and blanks: what a quoted word may hold.
fn visible(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic()
}

fn shell(text: &str) -> Result<String, String> {
    if is_bare(text) {
        return Ok(text.to_owned());
    }
    if !text.is_empty() {
        only(text, Kind::Shell, visible)?;
    }
    Ok(token::marked(&check::quoted(text)))
}

/// nginx has no way to write a dollar sign as itself.
fn nginx(text: &str) -> Result<String, String> {
    if is_bare(text) {
        return Ok(text.to_owned());
    }
    only(text, Kind::Nginx, |c| visible(c) && !matches!(c, '$' | '~'))?;
    Ok(token::marked(&double_quoted(text)))
}

/// A dollar sign means different things in different settings of a unit.
fn systemd(text: &str) -> Result<String, String> {
    if is_bare(text) {
        return Ok(text.replace('%', "%%"));
    }
    only(text, Kind::Systemd, |c| visible(c) && c != '$')?;
    Ok(token::marked(&double_quoted(text).replace('%', "%%")))
}

fn double_quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn sql(text: &str) -> Result<String, String> {
    if !text.is_empty() {
        only(text, Kind::Sql, visible)?;
    }
    Ok(token::marked(&format!("'{}'", text.replace('\'', "''"))))
}

fn quoted(kind: Kind, text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            ' '..='~' => out.push(c),
            _ => push_escape(&mut out, kind, c),
        }
    }
    out + "\""
}

/// JSON knows only units of UTF-16; YAML takes those for characters of their own.
fn push_escape(out: &mut String, kind: Kind, c: char) {
    if kind == Kind::Yaml && c > '\u{ffff}' {
        write!(out, "\\U{:08x}", u32::from(c)).expect("a string takes all");
        return;
    }
    for unit in c.encode_utf16(&mut [0; 2]) {
        write!(out, "\\u{unit:04x}").expect("a string takes all");
    }
}

/// A value as a YAML or JSON document on one line.
fn document(kind: Kind, value: &Value) -> Result<String, String> {
    match value.kind() {
        ValueKind::None => Ok("null".to_owned()),
        ValueKind::Bool => Ok(value.is_true().to_string()),
        ValueKind::Number => number(value),
        ValueKind::String => Ok(quoted(kind, value.as_str().unwrap_or_default())),
        ValueKind::Seq | ValueKind::Iterable => list(kind, value),
        ValueKind::Map => mapping(kind, value),
        other => Err(format!("{other} cannot be written into a {} file", kind.word())),
    }
}

/// Without an exponent, and with a point where there was one: YAML 1.1 takes `1e5` for text.
fn number(value: &Value) -> Result<String, String> {
    if value.is_integer() {
        return Ok(value.to_string());
    }
    let number = f64::try_from(value.clone()).map_err(|error| error.to_string())?;
    if !number.is_finite() {
        return Err(format!("{number} is not a number that a file can hold"));
    }
    let text = number.to_string();
    Ok(if text.contains('.') { text } else { text + ".0" })
}

fn list(kind: Kind, value: &Value) -> Result<String, String> {
    let members = value.try_iter().map_err(|error| error.to_string())?;
    let members: Result<Vec<String>, String> = members.map(|it| document(kind, &it)).collect();
    Ok(format!("[{}]", members?.join(", ")))
}

fn mapping(kind: Kind, value: &Value) -> Result<String, String> {
    let mut members = Vec::new();
    for key in value.try_iter().map_err(|error| error.to_string())? {
        let inner = value.get_item(&key).map_err(|error| error.to_string())?;
        members.push(format!("{}: {}", name(kind, &key)?, document(kind, &inner)?));
    }
    Ok(format!("{{{}}}", members.join(", ")))
}

/// `PyYAML` takes no key beyond 1024 characters.
fn name(kind: Kind, key: &Value) -> Result<String, String> {
    let name = quoted(kind, key.as_str().ok_or("only a string can be the name of a member")?);
    if name.len() > 1000 { Err("a name is too long for YAML".to_owned()) } else { Ok(name) }
}
