//! URLs of web services, as the `url` crate reads them: only such that every reader takes for the same service, and
//! none with credentials, query or fragment. Knows no purpose of a service.

use std::fmt;

use url::{Host, Position, Url};

use crate::error::for_terminal;

/// The characters that a URL may be written with.
const SIGNS: &str = "-._~:/@[]%+=,?#";

/// The most characters; longer ones are mistakes.
const LENGTH: usize = 255;

/// Why a text is no URL of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It holds a character that no URL may be written with.
    Character(char),
    /// It does not begin with `http://` or `https://`.
    Scheme,
    /// It has more than 255 characters.
    Length,
    /// A user or a password stands before the host.
    Credentials,
    /// It has a query or a fragment.
    Query,
    /// This part is no host with or without a port.
    Host(String),
    /// This part is no path, or would be rewritten.
    Path(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Character(' ') => f.write_str("a space is not allowed"),
            Fault::Character(c) => write!(f, "`{}` is not allowed", for_terminal(&c.to_string())),
            Fault::Scheme => f.write_str("it does not begin with `http://` or `https://`"),
            Fault::Length => write!(f, "it is longer than {LENGTH} characters"),
            Fault::Credentials => f.write_str("it holds credentials"),
            Fault::Query => f.write_str("queries and fragments are not supported"),
            Fault::Host(part) => write!(f, "`{part}` is not a host and a port"),
            Fault::Path(part) => write!(f, "`{part}` is not a path"),
        }
    }
}

/// Reads an `http://` or `https://` URL.
pub fn parse(text: &str) -> Result<Url, Fault> {
    if let Some(c) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || SIGNS.contains(*c))) {
        return Err(Fault::Character(c));
    }
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let rest = rest.ok_or(Fault::Scheme)?;
    if text.len() > LENGTH {
        return Err(Fault::Length);
    }
    if rest.contains(['?', '#']) {
        return Err(Fault::Query);
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(Fault::Credentials);
    }
    let url = Url::parse(text).map_err(|_| Fault::Host(authority.to_owned()))?;
    if !is_authority_of(&url, authority) {
        return Err(Fault::Host(authority.to_owned()));
    }
    if !is_path_of(&url, path) {
        return Err(Fault::Path(path.to_owned()));
    }
    Ok(url)
}

/// The host and the port as they stand in a URL or in the `Host` of a request.
#[must_use]
pub fn authority(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

/// Whether `written` is what the crate took for the host and the port: it would also read `127.1` as an address, an
/// empty port, and `%61` as a letter.
fn is_authority_of(url: &Url, written: &str) -> bool {
    let is_host = match url.host() {
        Some(Host::Domain(name)) => is_name(name) && written.to_lowercase().starts_with(name),
        Some(Host::Ipv4(address)) => written.starts_with(&address.to_string()),
        Some(Host::Ipv6(_)) => true,
        None => false,
    };
    is_host && !written.ends_with(':') && url.port() != Some(0)
}

/// Whether each label has a length that the DNS takes, the characters that names have, and no hyphen at an end, where a
/// program would see an option.
fn is_name(name: &str) -> bool {
    name.split('.').all(|it| {
        (1..=63).contains(&it.len())
            && it.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            && !it.starts_with('-')
            && !it.ends_with('-')
    })
}

/// Whether `written` stays as it is: no `..` to resolve, no half an escape.
fn is_path_of(url: &Url, written: &str) -> bool {
    let mut escapes = written.split('%').skip(1);
    (written.is_empty() || url.path() == written)
        && !written.contains(['[', ']'])
        && escapes.all(|it| it.len() >= 2 && it.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_services_are_accepted() {
        for (text, authority_of_it) in [
            ("https://example.org", "example.org"),
            ("https://Example.ORG/a%20b/", "example.org"),
            ("http://mirror:3142/debian", "mirror:3142"),
            ("https://mirror:443/", "mirror"),
            ("http://203.0.113.7:8080/", "203.0.113.7:8080"),
            ("http://[2001:DB8::1]:3142/", "[2001:db8::1]:3142"),
            ("https://a_b.example.org/~x/", "a_b.example.org"),
        ] {
            let url = parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert_eq!(authority(&url), authority_of_it, "{text}");
        }
    }

    #[test]
    fn what_readers_would_take_for_different_things_is_refused() {
        let host = |text: &str| Fault::Host(text.to_owned());
        let path = |text: &str| Fault::Path(text.to_owned());
        let long = format!("https://example.org/{}", "a".repeat(LENGTH));
        for (text, fault) in [
            ("https://a b", Fault::Character(' ')),
            ("https://a/\u{1b}", Fault::Character('\u{1b}')),
            ("https:\\\\a", Fault::Character('\\')),
            ("ftp://example.org/", Fault::Scheme),
            ("HTTPS://example.org/", Fault::Scheme),
            ("example.org", Fault::Scheme),
            (&long, Fault::Length),
            ("https://user:word@example.org/", Fault::Credentials),
            ("https://example.org/?a", Fault::Query),
            ("https://example.org#a", Fault::Query),
            ("https://", host("")),
            ("https:///example.org", host("")),
            ("https://a..b/", host("a..b")),
            ("https://-a.example/", host("-a.example")),
            ("https://a~b.example/", host("a~b.example")),
            ("https://a,b.example/", host("a,b.example")),
            ("https://%61.example/", host("%61.example")),
            ("https://127.1/", host("127.1")),
            ("https://1.2.3.400/", host("1.2.3.400")),
            ("https://[::g]/", host("[::g]")),
            ("https://a:/", host("a:")),
            ("https://a:0/", host("a:0")),
            ("https://a:65536/", host("a:65536")),
            ("https://a:b/", host("a:b")),
            ("https://a/b/../c", path("/b/../c")),
            ("https://a/%2e%2e/c", path("/%2e%2e/c")),
            ("https://a/%zz", path("/%zz")),
            ("https://a/[b]", path("/[b]")),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
    }
}
