//! Names of machines and of homeservers.

use std::{net::IpAddr, str::FromStr};

use serde::Serialize;

use super::refusal::{Refusal, stray};

/// The full name of a machine, such as `chat.example.org`: lower case, at least two labels, no final dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct HostName(String);

/// The part of a Matrix identifier after the colon, such as `example.org`.
///
/// The grammar of Matrix also allows ports and addresses. A name with a port is never looked up by
/// `.well-known`, and no authority signs a certificate for an address, so neither is accepted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ServerName(String);

impl HostName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ServerName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<HostName, Refusal> {
        dns_name(text, "a host name").map(HostName)
    }
}

impl FromStr for ServerName {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<ServerName, Refusal> {
        dns_name(text, "a server name").map(ServerName)
    }
}

fn dns_name(text: &str, noun: &str) -> Result<String, Refusal> {
    refuse_near_misses(text, noun)?;
    let refused = |reason: &str| Refusal::of(text, noun, reason);
    if let Some(c) =
        stray(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c))
    {
        return Err(refused(&format!("{c} is not allowed"))
            .hint("only a-z, 0-9, `-` and `.` can stand in it"));
    }
    if text.len() > 253 {
        return Err(refused("it is longer than 253 characters"));
    }
    if let Some(name) = text.strip_suffix('.') {
        return Err(refused("it ends with a dot").hint(format!("write `{name}`")));
    }
    if !text.contains('.') {
        return Err(refused("it has no dot").hint("write the full name, such as `example.org`"));
    }
    text.split('.').try_for_each(|label| refuse_label(text, noun, label))?;
    Ok(text.to_owned())
}

fn refuse_label(text: &str, noun: &str, label: &str) -> Result<(), Refusal> {
    let reason = match label {
        "" => "a part between two dots is empty".to_owned(),
        _ if label.len() > 63 => "a part between two dots is longer than 63 characters".to_owned(),
        _ if label.starts_with('-') => format!("the part `{label}` begins with `-`"),
        _ if label.ends_with('-') => format!("the part `{label}` ends with `-`"),
        _ => return Ok(()),
    };
    Err(Refusal::of(text, noun, &reason))
}

/// What people write instead of a name.
fn refuse_near_misses(text: &str, noun: &str) -> Result<(), Refusal> {
    let refused = |reason: &str| Refusal::of(text, noun, reason);
    if text.is_empty() {
        return Err(refused("it is empty"));
    }
    if let Some((_, rest)) = text.split_once("://") {
        let name = rest.split(['/', ':']).next().unwrap_or_default();
        return Err(refused("it is a URL").hint(format!("write only the name: `{name}`")));
    }
    if text.starts_with('@') {
        return Err(refused("it is a user ID").hint("write only what stands after the colon"));
    }
    if is_address(text) {
        return Err(refused("it is an IP address").hint("a homeserver needs a name in the DNS"));
    }
    if let Some((name, port)) = text.split_once(':')
        && !port.is_empty()
        && port.bytes().all(|b| b.is_ascii_digit())
    {
        return Err(refused("it has a port")
            .hint(format!("write `{name}`; other servers find the port by themselves")));
    }
    if !text.is_ascii() {
        return Err(refused("it is not ASCII")
            .hint("write the form that the DNS uses, which begins with `xn--`"));
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(refused("it has capital letters")
            .hint(format!("write `{}`", text.to_ascii_lowercase())));
    }
    Ok(())
}

fn is_address(text: &str) -> bool {
    let bare = text.trim_start_matches('[').split(']').next().unwrap_or_default();
    let last = text.split(':').next().unwrap_or_default().rsplit('.').next().unwrap_or_default();
    bare.parse::<IpAddr>().is_ok() || (!last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()))
}
