//! The template engine, set up so that a mistake is an error and that a value is never code.
//!
//! What a value looks like in the output depends on the kind of file that the template makes
//! ([`Kind`]); [`escape`] writes it as one complete token of that kind, and [`token`] refuses a
//! template that puts a token where it would not be one. It knows no layer.

mod conditional;
mod escape;
mod kind;
mod token;

use std::{collections::BTreeMap, sync::LazyLock};

use minijinja::{
    AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior, Value, value::ValueKind,
};

use crate::error::{Error, Place};

pub use conditional::{Conditional, counting, holds as condition_holds};
pub use kind::Kind;

/// Templates by name, compiled once and rendered for any number of sites.
#[derive(Debug, Default)]
pub struct Templates<'s> {
    env: Environment<'s>,
    kinds: BTreeMap<&'s str, (Kind, &'s str)>,
}

impl<'s> Templates<'s> {
    /// Compiles `text`; a mistake in its syntax is reported at its place.
    pub fn add(&mut self, name: &'s str, text: &'s str, kind: Kind) -> Result<(), Error> {
        if self.kinds.is_empty() {
            self.env = environment();
        }
        self.kinds.insert(name, (kind, text));
        self.env.set_auto_escape_callback(move |_| AutoEscape::Custom(kind.word()));
        self.env.add_template(name, text).map_err(|error| located(name, text, &error))
    }

    /// Renders the template `name` with what `seen` holds.
    pub fn render(&self, name: &str, seen: &Value) -> Result<String, Error> {
        let (kind, text) = self.kinds.get(name).expect("only templates that were added");
        let raw = self
            .env
            .get_template(name)
            .and_then(|template| template.render(seen))
            .map_err(|error| located(name, text, &error))?;
        token::settled(*kind, &raw).map_err(|why| Error::new(format!("{name}: {why}")))
    }
}

/// Whether `expression` holds for what `seen` holds; a section that is there holds, one that is not does not.
pub fn holds(expression: &str, seen: &Value) -> Result<bool, Error> {
    let value = evaluated(expression, seen)?;
    match value.kind() {
        ValueKind::Bool | ValueKind::Map | ValueKind::None => {
            Ok(value.is_true() || value.kind() == ValueKind::Map)
        }
        _ => Err(Error::new(format!("`{expression}` is neither true nor false"))),
    }
}

/// The value of `expression` for what `seen` holds.
pub fn value(expression: &str, seen: &Value) -> Result<Value, Error> {
    evaluated(expression, seen)
}

/// A value as one line of text: nothing is empty, a list is its members with blanks between them.
pub fn plain_text(value: &Value) -> std::result::Result<String, String> {
    let text = match value.kind() {
        ValueKind::None | ValueKind::Undefined => String::new(),
        ValueKind::Seq | ValueKind::Iterable => {
            let members = value.try_iter().map_err(|error| error.to_string())?;
            let words: std::result::Result<Vec<_>, _> = members.map(|it| plain_text(&it)).collect();
            words?.join(" ")
        }
        ValueKind::Map => return Err("a mapping is no line of text".to_owned()),
        _ => value.to_string(),
    };
    match text.chars().find(|c| *c != ' ' && !c.is_ascii_graphic()) {
        Some(c) => Err(format!("{c:?} does not belong in one line of text")),
        None => Ok(text),
    }
}

/// What `expression` says, as text.
pub fn text(expression: &str, seen: &Value) -> Result<String, Error> {
    let value = evaluated(expression, seen)?;
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| Error::new(format!("`{expression}` is not a string")))
}

fn evaluated(expression: &str, seen: &Value) -> Result<Value, Error> {
    static PLAIN: LazyLock<Environment<'static>> = LazyLock::new(environment);
    PLAIN
        .compile_expression(expression)
        .and_then(|compiled| compiled.eval(seen))
        .map_err(|error| Error::new(format!("`{expression}`: {}", message(&error))))
}

fn environment<'s>() -> Environment<'s> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_keep_trailing_newline(true);
    env.set_trim_blocks(true);
    env.set_lstrip_blocks(true);
    // Keeps the span of a failing expression in release builds too.
    env.set_debug(true);
    env.set_formatter(format);
    // There is no way round the escaping.
    for filter in ["safe", "escape", "e"] {
        env.remove_filter(filter);
    }
    env.add_filter("url_host", url_host);
    env
}

/// The host in a URL, without the port; an error when there is none.
fn url_host(url: &str) -> Result<String, minijinja::Error> {
    let host = url::Url::parse(url).ok().and_then(|it| it.host_str().map(str::to_owned));
    host.ok_or_else(|| {
        minijinja::Error::new(ErrorKind::InvalidOperation, "this is no URL with a host")
    })
}

/// Writes one value; what a macro returned has been written by this already.
fn format(out: &mut Output, state: &State, value: &Value) -> Result<(), minijinja::Error> {
    let refuse = |why: String| minijinja::Error::new(ErrorKind::BadEscape, why);
    if value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    let escaped = match (state.auto_escape(), value.as_str()) {
        (_, Some(written)) if value.is_safe() => written.to_owned(),
        (AutoEscape::Custom(word), _) => {
            let kind = Kind::from_word(word).expect("only words of kinds are set");
            escape::value(kind, value).map_err(refuse)?
        }
        _ => return Err(refuse("escaping cannot be turned off".to_owned())),
    };
    out.write_str(&escaped).map_err(minijinja::Error::from)
}

// Not `{err:#}`: it prints the value of every variable in scope.
fn message(error: &minijinja::Error) -> String {
    match error.detail() {
        // Ours, from `format`.
        Some(detail) if error.kind() == ErrorKind::BadEscape => detail.to_owned(),
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

fn located(name: &str, text: &str, error: &minijinja::Error) -> Error {
    let range = error.range().unwrap_or(0..0);
    let before = text.get(..range.start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    let width = text.get(range).map_or(1, |it| it.lines().next().unwrap_or("").chars().count());
    Error::new(message(error)).at(Place::new(name, text, line, column, width))
}

#[cfg(test)]
mod tests;
