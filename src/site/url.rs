//! Addresses of services: https for what must be trusted, http as well for a proxy.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::Serialize;

use super::refusal::{Refusal, shown, stray};

/// An `https://` URL without credentials, query or fragment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct HttpsUrl(String);

/// The URL of a proxy: `http://` or `https://`, a host, perhaps a port, and no path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ProxyUrl(String);

impl HttpsUrl {
    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ProxyUrl {
    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HttpsUrl {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<HttpsUrl, Refusal> {
        if let Some(rest) = text.strip_prefix("http://") {
            return Err(refused(text, "it is not encrypted")
                .hint(format!("write `https://{}`", tail(rest))));
        }
        check(text, text.strip_prefix("https://"), "https://")?;
        Ok(HttpsUrl(text.to_owned()))
    }
}

impl FromStr for ProxyUrl {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<ProxyUrl, Refusal> {
        let rest = text.strip_prefix("http://").or(text.strip_prefix("https://"));
        let path = check(text, rest, "http://")?;
        if path.is_empty() || path == "/" {
            return Ok(ProxyUrl(text.to_owned()));
        }
        Err(refused(text, "a proxy has no path").hint("end it after the port"))
    }
}

/// Reads what follows the scheme; the answer is the path.
fn check<'a>(text: &str, rest: Option<&'a str>, scheme: &str) -> Result<&'a str, Refusal> {
    if let Some(c) = stray(text, |c| c.is_ascii_alphanumeric() || "-._~:/@[]%+=,?#".contains(c)) {
        return Err(refused(text, &format!("{c} is not allowed")));
    }
    let Some(rest) = rest else {
        return Err(refused(text, &format!("it does not begin with `{scheme}`")));
    };
    if text.len() > 255 {
        return Err(refused(text, "it is longer than 255 characters"));
    }
    if text.contains(['?', '#']) {
        return Err(refused(text, "queries and fragments are not supported"));
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(Refusal::new("this URL holds credentials")
            .hint("a site holds no secrets: delete what stands before the `@`"));
    }
    if !is_authority(authority) {
        return Err(refused(text, &format!("{} is not a host and a port", shown(authority))));
    }
    if path.contains(['[', ']']) || path.split('/').any(|part| part == "..") || !is_escaped(path) {
        return Err(refused(text, &format!("{} is not a path", shown(path))));
    }
    Ok(path)
}

fn is_authority(text: &str) -> bool {
    let address = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) =
        address.unwrap_or_else(|| text.split_at(text.find(':').unwrap_or(text.len())));
    let known = if address.is_some() { host.parse::<Ipv6Addr>().is_ok() } else { is_host(host) };
    known && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let numeric = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if numeric { text.parse::<Ipv4Addr>().is_ok() } else { text.split('.').all(is_label) }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Every `%` is followed by two hexadecimal digits.
fn is_escaped(path: &str) -> bool {
    path.split('%')
        .skip(1)
        .all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}

fn refused(text: &str, reason: &str) -> Refusal {
    Refusal::new(format!("{} cannot be used: {reason}", shown(text)))
}

/// What a hint may repeat: short, and nothing that looks like a password.
fn tail(rest: &str) -> &str {
    if rest.contains('@') || rest.len() > 60 { "…" } else { rest }
}
