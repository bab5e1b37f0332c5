//! Why a value was not accepted.

/// A reason, in the user's words, and perhaps what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    reason: String,
    hint: Option<String>,
}

impl Refusal {
    pub(super) fn new(reason: impl Into<String>) -> Refusal {
        Refusal { reason: reason.into(), hint: None }
    }

    /// The usual form: "`x` is not a host name: it ends with a dot".
    pub(super) fn of(text: &str, noun: &str, reason: &str) -> Refusal {
        Refusal::new(format!("{} is not {noun}: {reason}", shown(text)))
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Refusal {
        self.hint = Some(hint.into());
        self
    }

    /// The same refusal, of the value at a path.
    pub(super) fn about(self, path: &str) -> Refusal {
        Refusal { reason: format!("{path}: {}", self.reason), ..self }
    }

    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    pub(crate) fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// A value in backticks: short, on one line, and harmless on a terminal.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::from("`");
    for (n, c) in text.chars().enumerate() {
        if n == 60 {
            out.push('…');
            break;
        }
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out.push('`');
    out
}

/// The first character of `text` that `allowed` refuses, in backticks.
pub(super) fn stray(text: &str, allowed: impl Fn(char) -> bool) -> Option<String> {
    let c = text.chars().find(|&c| !allowed(c))?;
    Some(if c == ' ' { "a space".to_owned() } else { shown(&c.to_string()) })
}
