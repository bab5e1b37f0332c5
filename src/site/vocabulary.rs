//! The types that a key of `site.yaml` can have, by the words that name them in a manifest.

use std::{fmt, str::FromStr};

use serde::Serialize;
use serde_json::Value as Json;

use super::{
    amount::{ByteSize, Lifetime, TimeOfDay},
    name::{HostName, ServerName},
    newtype::newtype,
    peer::Peer,
    person::{Email, Localpart},
    proof::{Certificate, Fingerprint},
    refusal::{Refusal, quoted, stray},
    remote::{AgeRecipient, RemoteFolder},
    ssh_key::SshKey,
    url::{HttpsUrl, ProxyUrl, RepositoryUrl},
};

/// What a key takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// One word of a few.
    Choice(Vec<String>),
    /// A single value.
    One(Word),
    /// A list of values, each of them once.
    List(Word),
    /// A mapping whose values may be anything that JSON can say.
    Options,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Flag => f.write_str("true or false"),
            Kind::Choice(words) => write!(f, "one of {}", words.join(", ")),
            Kind::One(word) => f.write_str(word.name),
            Kind::List(word) => write!(f, "list of {}s", word.name),
            Kind::Options => f.write_str("options and their values"),
        }
    }
}

/// The type of a single value.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// Its name in a manifest.
    pub name: &'static str,
    /// Whether a bare number may stand for it.
    pub(super) numeric: bool,
    /// Reads it.
    pub(super) read: fn(&str) -> Result<Json, Refusal>,
}

/// All of them, by name.
const WORDS: &[Word] = &[
    word("age recipient", false, typed::<AgeRecipient>),
    word("byte size", true, typed::<ByteSize>),
    word("PEM certificate", false, typed::<Certificate>),
    word("duration", true, typed::<Duration>),
    word("e-mail", false, typed::<Email>),
    word("fingerprint", true, typed::<Fingerprint>),
    word("folder", false, typed::<Folder>),
    word("host name", false, typed::<HostName>),
    word("https URL", false, typed::<HttpsUrl>),
    word("lifetime", true, typed::<Lifetime>),
    word("localpart", false, typed::<Localpart>),
    word("number", true, typed::<Number>),
    word("port", true, typed::<Port>),
    word("peer", false, typed::<Peer>),
    word("proxy URL", false, typed::<ProxyUrl>),
    word("remote folder", false, typed::<RemoteFolder>),
    word("repository URL", false, typed::<RepositoryUrl>),
    word("server name", false, typed::<ServerName>),
    word("SSH key", false, typed::<SshKey>),
    word("text", false, typed::<Text>),
    word("time of day", false, typed::<TimeOfDay>),
];

const fn word(name: &'static str, numeric: bool, read: fn(&str) -> Result<Json, Refusal>) -> Word {
    Word { name, numeric, read }
}

impl PartialEq for Word {
    fn eq(&self, other: &Word) -> bool {
        self.name == other.name
    }
}

impl Eq for Word {}

impl Kind {
    /// The type that `name` stands for, such as `flag`, `host name` or `list of server names`.
    ///
    /// The error lists the names that there are.
    pub fn named(name: &str, choices: &[String]) -> Result<Kind, String> {
        let single = |name: &str| WORDS.iter().find(|word| word.name == name).copied();
        let plural = |name: &str| single(name).or_else(|| single(name.strip_suffix('s')?));
        match (name, name.strip_prefix("list of ")) {
            ("choice", _) if choices.is_empty() => Err("a choice needs `choices`".to_owned()),
            ("choice", _) => Ok(Kind::Choice(choices.to_vec())),
            _ if !choices.is_empty() => Err("only a `choice` has `choices`".to_owned()),
            ("flag", _) => Ok(Kind::Flag),
            ("options", _) => Ok(Kind::Options),
            (_, Some(members)) => plural(members).map(Kind::List).ok_or_else(unknown),
            _ => single(name).map(Kind::One).ok_or_else(unknown),
        }
    }
}

/// The names of every type, in the order of the documentation.
#[must_use]
pub fn type_names() -> Vec<&'static str> {
    let words = WORDS.iter().map(|word| word.name);
    words.chain(["choice", "flag", "options", "list of …"]).collect()
}

fn unknown() -> String {
    format!("the types are {}", type_names().join(", "))
}

fn typed<T: FromStr<Err = Refusal> + Serialize>(text: &str) -> Result<Json, Refusal> {
    let value: T = text.parse()?;
    Ok(serde_json::to_value(value).expect("a typed value is JSON"))
}

newtype! {
    /// A path that is relative to the site file.
    Folder, folder
}

newtype! {
    /// One line of harmless characters.
    Text, line
}

newtype! {
    /// A time span as systemd reads it (`systemd.time(7)`): a number and one of `s min h d w`.
    Duration, duration
}

/// A TCP or UDP port: 1 to 65535.
#[derive(Serialize)]
#[serde(transparent)]
struct Port(u16);

/// A whole number that is not negative.
#[derive(Serialize)]
#[serde(transparent)]
struct Number(u32);

fn refused<T>(text: &str, reason: &str) -> Result<T, Refusal> {
    Err(Refusal::new(format!("{} cannot be used: {reason}", quoted(text))))
}

fn folder(text: &str) -> Result<String, Refusal> {
    let folder = text.trim_end_matches('/');
    if text.starts_with(['/', '~']) {
        return refused(text, "it is not relative to the site file");
    }
    if folder.is_empty() {
        return refused(text, "it is empty");
    }
    if text.chars().any(char::is_control) {
        return refused(text, "it holds control characters");
    }
    Ok(folder.to_owned())
}

fn line(text: &str) -> Result<String, Refusal> {
    let plain = |c: char| c.is_ascii_alphanumeric() || " ._:/@+,=()-".contains(c);
    if let Some(c) = stray(text, plain) {
        return refused(text, &format!("{c} is not allowed"))
            .map_err(|it: Refusal| it.hint("letters, digits, spaces and `._:/@+,=()-` are"));
    }
    if text.is_empty() || text.trim() != text || text.len() > 200 {
        return refused(text, "it is empty, has a space at its end, or is too long");
    }
    Ok(text.to_owned())
}

fn duration(text: &str) -> Result<String, Refusal> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(end);
    let whole = count.parse::<u32>().is_ok_and(|count| count > 0);
    if whole && ["s", "min", "h", "d", "w"].contains(&unit) {
        return Ok(text.to_owned());
    }
    Err(Refusal::of(text, "a time span", "it is not a number and one of s, min, h, d, w")
        .hint("write, for example, `15min` or `2h`"))
}

impl FromStr for Port {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Port, Refusal> {
        let port = text.parse().ok().filter(|port| *port > 0);
        port.map(Port)
            .ok_or_else(|| Refusal::of(text, "a port", "it is not a number from 1 to 65535"))
    }
}

impl FromStr for Number {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Number, Refusal> {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits);
        number.map(Number).ok_or_else(|| {
            Refusal::of(text, "a number", "it is not a whole number from 0 to 4294967295")
        })
    }
}
