//! Writes a `site.yaml` to start from.

mod answers;

use std::{collections::BTreeSet, str::FromStr};

use crate::{
    error::{Error, Errors},
    layer,
    site::{Email, HostName, Refusal, ServerName, Site, SshKey, is_private_key},
};

pub use answers::{mistakes_in, questions};

/// The file with the JSON Schema that editors look for beside a site.
pub const SCHEMA_FILE: &str = "site.schema.json";

/// What the operator has to say; all else has a default.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The part of user IDs after the colon.
    pub server_name: String,
    /// The full name of the machine.
    pub host: String,
    /// The operator's e-mail address.
    pub email: String,
    /// The texts of public keys: each as a `.pub` or an `authorized_keys` file holds it.
    pub ssh_keys: Vec<String>,
    /// Values of further keys, by their paths; the last one counts.
    pub settings: Vec<(String, String)>,
}

/// Something that a site cannot guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// The server name.
    ServerName,
    /// The machine's name.
    Host,
    /// The operator's e-mail address.
    Email,
    /// The keys that may log in.
    SshKeys,
}

impl Question {
    /// All of them.
    const ALL: [Question; 4] =
        [Question::ServerName, Question::Host, Question::Email, Question::SshKeys];

    /// The flag that answers it in advance.
    #[must_use]
    pub fn flag(self) -> &'static str {
        match self {
            Question::ServerName => "--server-name",
            Question::Host => "--host",
            Question::Email => "--email",
            Question::SshKeys => "--ssh-key",
        }
    }

    /// What it means, in half a sentence: that of the key in the site.
    #[must_use]
    pub fn about(self) -> &'static str {
        about_of(self.path())
    }

    /// The key of the site that its answer is for.
    fn path(self) -> &'static str {
        match self {
            Question::ServerName => "server_name",
            Question::Host => "host",
            Question::Email => "operator.email",
            Question::SshKeys => "operator.ssh_keys",
        }
    }

    /// What is wrong with an answer, by the rules of a site.
    #[must_use]
    pub fn mistakes(self, answer: &str) -> Vec<Error> {
        let wrong = match self {
            Question::ServerName => vec![refused::<ServerName>(answer)],
            Question::Host => vec![refused::<HostName>(answer)],
            Question::Email => vec![refused::<Email>(answer)],
            Question::SshKeys => key_lines(answer).into_iter().map(refused::<SshKey>).collect(),
        };
        wrong.into_iter().flatten().map(|it| it.about(self.flag()).at(None)).collect()
    }
}

/// The text of a site file with these values; it parses as it is.
pub fn site_yaml(options: &Options) -> Result<String, Errors> {
    let keys = distinct(options.ssh_keys.iter().flat_map(|text| key_lines(text)));
    let answers = [
        (Question::ServerName, options.server_name.as_str()),
        (Question::Host, &options.host),
        (Question::Email, &options.email),
    ];
    let keys_given = keys.iter().map(|key| (Question::SshKeys, *key));
    let all = answers.into_iter().chain(keys_given);
    let wrong = all.flat_map(|(question, answer)| question.mistakes(answer));
    let wrong_settings = options.settings.iter().flat_map(|(path, text)| mistakes_in(path, text));
    let wrong = wrong.chain(wrong_settings).chain(answers::doubles(&options.settings));
    Errors::none_or(wrong.collect())?;
    let head = written(options, &keys);
    let schema = layer::embedded_schema();
    let site = Site::parse("site.yaml", &head, schema)?;
    let text = head + &answers::rest(&site, &options.settings);
    // What must hold between the answers.
    Site::parse("site.yaml", &text, schema)?;
    Ok(text)
}

/// The lines of a file of public keys that are keys.
fn key_lines(text: &str) -> Vec<&str> {
    // In one piece, so that no message repeats a line of it.
    if is_private_key(text) {
        return vec![text];
    }
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Each key where it first stands. More blanks do not make another key.
fn distinct<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    keys.filter(|key| seen.insert(key.split_ascii_whitespace().collect::<Vec<_>>())).collect()
}

fn refused<T: FromStr<Err = Refusal>>(text: &str) -> Option<Refusal> {
    text.parse::<T>().err()
}

fn written(options: &Options, keys: &[&str]) -> String {
    let Options { server_name, host, email, .. } = options;
    let items: String = keys.iter().map(|key| format!("\n    - {}", scalar(key))).collect();
    let keys = if keys.is_empty() { " []" } else { &items };
    format!(
        "\
# yaml-language-server: $schema={SCHEMA_FILE}
# The homeserver of {server_name}. This file holds no secrets.
#   homeseed check                  finds mistakes
#   homeseed explain KEY            says what a key decides, and what it takes
#   homeseed user-data              prints the document to paste into the order form

{about_server_name}
server_name: {name}
{about_host}
host: {machine}

operator:
  {about_email}
  email: {email}
  {about_keys}
  ssh_keys:{keys}
",
        about_server_name = about("server_name"),
        about_host = about("host"),
        about_email = about("operator.email"),
        about_keys = about("operator.ssh_keys"),
        name = scalar(server_name),
        machine = scalar(host),
        email = scalar(email),
    )
}

fn about(path: &str) -> String {
    format!("# {}", about_of(path))
}

/// What the key at `path` decides, in half a sentence.
fn about_of(path: &str) -> &'static str {
    layer::embedded_schema().find(path).map_or("", |key| &key.about)
}

/// The text as YAML reads it back: bare where that is beyond doubt, else in double quotes.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 7] = ["null", "true", "false", "yes", "no", "on", "off"];
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " .@_+/=-".contains(c))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if bare { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
