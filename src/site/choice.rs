//! Values that are one word of a few.

use std::str::FromStr;

use serde::Serialize;

use super::{
    refusal::{Refusal, shown},
    suggest,
};

/// Who answers for the server name when it is not the machine's own name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delegation {
    /// This machine also serves the bare domain's well-known documents.
    SameHost,
    /// The operator publishes two documents where the bare domain is served.
    Elsewhere,
    /// Nobody: the server name is the machine's name.
    None,
}

/// What happens to federation requests of servers that are not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unlisted {
    /// The connection is closed without an answer.
    Drop,
    /// Synapse answers 403.
    Refuse,
}

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Registration {
    /// Nobody but the operator.
    Closed,
    /// Whoever holds a token that the operator made.
    Tokens,
}

/// The release of Debian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suite {
    /// Debian 12.
    Bookworm,
}

impl FromStr for Delegation {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Delegation, Refusal> {
        use Delegation::{Elsewhere, None, SameHost};
        one_of(text, &[("same-host", SameHost), ("elsewhere", Elsewhere), ("none", None)])
    }
}

impl FromStr for Unlisted {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Unlisted, Refusal> {
        one_of(text, &[("drop", Unlisted::Drop), ("refuse", Unlisted::Refuse)])
    }
}

impl FromStr for Registration {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Registration, Refusal> {
        if matches!(text, "open" | "public") {
            return Err(Refusal::new(
                "open registration is not offered: such servers are flooded with spam",
            )
            .hint("write `tokens` and hand out tokens"));
        }
        one_of(text, &[("closed", Registration::Closed), ("tokens", Registration::Tokens)])
    }
}

impl FromStr for Suite {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Suite, Refusal> {
        if text == "trixie" {
            return Err(Refusal::new("`trixie` is not supported yet")
                .hint("write `bookworm`, and order a machine with Debian 12"));
        }
        one_of(text, &[("bookworm", Suite::Bookworm)])
    }
}

fn one_of<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, Refusal> {
    if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
    let refusal = Refusal::new(format!("{} is not one of the choices", shown(text)));
    Err(match suggest::nearest(text, words.iter().copied()) {
        Some(word) => refusal.hint(format!("did you mean `{word}`?")),
        None => refusal.hint(format!("write {}", suggest::alternatives(&words))),
    })
}
