//! Why a value was not accepted.

use std::fmt;

use crate::error::{Error, Place, drives};

/// A reason, in the user's words, and perhaps what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    reason: String,
    hint: Option<String>,
}

/// With what the first line of a private key ends.
pub(super) const PRIVATE_KEY: &str = "PRIVATE KEY-----";

impl Refusal {
    pub(super) fn new(reason: impl Into<String>) -> Refusal {
        Refusal { reason: reason.into(), hint: None }
    }

    /// The usual form: "`x` is not a host name: it ends with a dot".
    pub(super) fn of(text: &str, noun: &str, reason: &str) -> Refusal {
        Refusal::new(format!("{} is not {noun}: {reason}", quoted(text)))
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Refusal {
        self.hint = Some(hint.into());
        self
    }

    /// For the text of a private key, of which nothing must be repeated.
    pub(super) fn of_private_key() -> Refusal {
        Refusal::new("this is a private key: it must never leave the machine it was made on")
            .hint("a site holds no secrets; give the line of the file that ends in `.pub`")
    }

    /// The same refusal, of the value at a path.
    pub(crate) fn about(self, path: &str) -> Refusal {
        Refusal { reason: format!("{path}: {}", self.reason), ..self }
    }

    /// The error that says so, at a place of a file or without one.
    pub(crate) fn at(&self, place: impl Into<Option<Place>>) -> Error {
        let error = Error::new(&self.reason).at(place);
        match &self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// Whether a text holds a private key in the form that OpenSSH and OpenSSL write.
pub(crate) fn is_private_key(text: &str) -> bool {
    text.contains(PRIVATE_KEY)
}

/// A value in backticks: short, on one line, and harmless on a terminal.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("`");
    for (n, c) in text.chars().enumerate() {
        if n == 60 {
            out.push('…');
            break;
        }
        if drives(c) || c == '\t' { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out.push('`');
    out
}

/// The first character of `text` that `allowed` refuses, in backticks.
pub(super) fn stray(text: &str, allowed: impl Fn(char) -> bool) -> Option<String> {
    let c = text.chars().find(|&c| !allowed(c))?;
    Some(if c == ' ' { "a space".to_owned() } else { quoted(&c.to_string()) })
}
