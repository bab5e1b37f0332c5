//! The keys beyond the few that every site has: the values that were given, and the defaults of the others as comments.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::Value as Json;

use super::Question;
use crate::{
    error::{Error, for_terminal},
    layer,
    site::{Key, Kind, Site, suggest, written},
};

/// The keys that an operator is asked for.
pub fn questions() -> impl Iterator<Item = &'static Key> {
    layer::embedded_schema().keys().iter().filter(|key| key.ask)
}

/// What is wrong with `text` as the value of the key at `path`.
#[must_use]
pub fn mistakes_in(path: &str, text: &str) -> Vec<Error> {
    let schema = layer::embedded_schema();
    if let Some(question) = Question::ALL.into_iter().find(|it| it.path() == path) {
        let error = Error::new(format!("`{path}` has a flag of its own"));
        return vec![error.hint(format!("write `{}`", question.flag()))];
    }
    let Some(key) = schema.find(path) else { return vec![unknown(path)] };
    if text.contains(char::is_control) {
        return vec![Error::new(format!("{path}: the value must be one line of text"))];
    }
    let mistakes = schema.mistakes(key, &value(key, text)).into_iter();
    mistakes.map(|error| error.at(None)).collect()
}

/// Settings of a section as a single value and of keys in it.
pub(super) fn doubles(settings: &[(String, String)]) -> Vec<Error> {
    let is_below =
        |path: &str, other: &str| path.strip_prefix(other).is_some_and(|it| it.starts_with('.'));
    let both =
        settings.iter().filter(|(other, _)| settings.iter().any(|(it, _)| is_below(it, other)));
    let error = |(path, _): &(String, String)| {
        Error::new(format!("`{path}` is set, and so is a key in it")).hint("set one of them")
    };
    both.map(error).collect()
}

fn unknown(path: &str) -> Error {
    let error = Error::new(format!("there is no key `{}`", for_terminal(path)));
    let paths = layer::embedded_schema().keys().iter().map(|key| key.path.as_str());
    match suggest::nearest(path, paths) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`docs/site.md` lists the keys"),
    }
}

/// `text` as it stands in a site: a single value is put in quotes where YAML would read something else.
fn value(key: &Key, text: &str) -> String {
    match key.kind {
        Kind::One(_) | Kind::Choice(_) => written(&Json::from(text)),
        Kind::Flag | Kind::List(_) | Kind::Options => text.to_owned(),
    }
}

/// A key and its value, as a site shows them.
struct Line<'a> {
    path: Vec<&'a str>,
    value: String,
    about: String,
    /// Whether it holds, or is a comment that shows the default.
    holds: bool,
}

/// The lines of a site behind those of the keys that every site has.
pub(super) fn rest(site: &Site, settings: &[(String, String)]) -> String {
    let schema = layer::embedded_schema();
    let is_written = |section: &str| {
        let below = format!("{section}.");
        settings.iter().any(|(path, _)| path.starts_with(&below))
    };
    let section = |key: &'static Key| key.path.split_once('.').map(|(section, _)| section);
    let absent: BTreeSet<&str> = schema
        .keys()
        .iter()
        .filter_map(section)
        .filter(|section| schema.is_optional(section) && !is_written(section))
        .collect();
    let lines: Vec<Line<'_>> = schema
        .keys()
        .iter()
        .filter(|key| !Question::ALL.iter().any(|it| it.path() == key.path))
        .filter(|key| section(key).is_none_or(|section| !absent.contains(section)))
        .filter_map(|key| line(key, site, settings))
        .collect();
    let sections = grouped(&lines.iter().collect::<Vec<_>>(), 0);
    let (given, defaults): (Vec<_>, Vec<_>) =
        sections.into_iter().partition(|lines| lines.iter().any(|line| line.holds));
    let mut text = String::new();
    for lines in given {
        text.push('\n');
        add(&lines, 0, &mut text);
    }
    text.push('\n');
    for section in absent {
        let _ = writeln!(
            text,
            "# There is no `{section}` until it is written: homeseed explain {section}"
        );
    }
    text.push_str("# Everything else has a default:\n");
    for lines in defaults {
        add(&lines, 0, &mut text);
    }
    text
}

/// The value of `key`; nothing when it was not given and has no default that could be shown.
fn line<'a>(key: &'a Key, site: &Site, settings: &[(String, String)]) -> Option<Line<'a>> {
    let given = settings.iter().rev().find(|(path, _)| *path == key.path);
    let below = format!("{}.", key.path);
    let is_section = settings.iter().any(|(path, _)| path.starts_with(&below));
    let default = site.default_of(key).filter(|_| !is_section).map(str::to_owned);
    let value = given.map(|(_, text)| self::value(key, text)).or(default)?;
    let holds = given.is_some() || key.ask;
    let about = match alternatives(key) {
        Some(words) => format!("{} ({words})", key.about),
        None => key.about.clone(),
    };
    Some(Line { path: key.path.split('.').collect(), value, about, holds })
}

/// The words that a key takes, when there are few; what is said of it may name them already.
fn alternatives(key: &Key) -> Option<String> {
    let own: Vec<&str> = match &key.kind {
        Kind::Flag => vec!["true", "false"],
        Kind::Choice(words) => words.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    let words: Vec<&str> = own.into_iter().chain(key.words.keys().map(String::as_str)).collect();
    let is_told = words.iter().all(|word| key.about.contains(&format!("`{word}`")));
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    (!is_told).then(|| words.join(" or "))
}

/// The lines of each section together, in the order of the first of each.
fn grouped<'l, 'a>(lines: &[&'l Line<'a>], depth: usize) -> Vec<Vec<&'l Line<'a>>> {
    let mut groups: Vec<Vec<&Line<'_>>> = Vec::new();
    for line in lines {
        match groups.iter_mut().find(|group| group[0].path[depth] == line.path[depth]) {
            Some(group) => group.push(line),
            None => groups.push(vec![line]),
        }
    }
    groups
}

/// Adds one section, or a key that is in none.
fn add(lines: &[&Line<'_>], depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    let name = lines[0].path[depth];
    let holds = lines.iter().any(|line| line.holds);
    let mark = if holds { "" } else { "# " };
    match lines {
        [Line { path, value, about, .. }] if path.len() == depth + 1 => {
            let line = format!("{indent}{name}: {value}");
            text.push_str(&if holds {
                format!("{indent}# {about}\n{line}\n")
            } else {
                format!("# {:<50}# {about}\n", line + " ")
            });
        }
        _ => {
            text.push_str(&format!("{mark}{indent}{name}:\n"));
            for group in grouped(lines, depth + 1) {
                add(&group, depth + 1, text);
            }
        }
    }
}
