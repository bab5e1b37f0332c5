//! The homeservers that this one federates with, by the names that they call themselves.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    name::{self, dns_name},
    newtype::newtype,
    refusal::Refusal,
};

newtype! {
    /// A server name as the Matrix specification defines it (appendix "Server Name"), in lower case: a DNS name, an IPv4
    /// address, or an IPv6 address in brackets, and perhaps a port.
    Peer, read
}

const NOUN: &str = "a server name";

fn read(text: &str) -> Result<String, Refusal> {
    name::refuse_other_things(text, NOUN)?;
    if text.parse::<Ipv6Addr>().is_ok() {
        return Err(Refusal::of(text, NOUN, "it is an IPv6 address without brackets")
            .hint(format!("write `[{text}]`")));
    }
    let (host, port) = split(text);
    if port.is_some_and(|it| !is_port(it)) {
        return Err(Refusal::of(text, NOUN, "its port is not a number from 1 to 65535"));
    }
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').and_then(|it| it.parse::<Ipv6Addr>().ok());
        address.ok_or_else(|| Refusal::of(text, NOUN, "no IPv6 address stands in the brackets"))?;
    } else if name::is_numeric(host) {
        host.parse::<Ipv4Addr>()
            .map_err(|_| Refusal::of(text, NOUN, "it is neither a name nor an IPv4 address"))?;
    } else {
        dns_name(text, host, NOUN)?;
    }
    Ok(text.to_owned())
}

/// The host, and what stands behind its colon.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    }
}

/// One to five digits, and not zero.
fn is_port(text: &str) -> bool {
    text.len() <= 5
        && text.bytes().all(|b| b.is_ascii_digit())
        && text.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_legal_form_is_accepted_as_it_is_written() {
        for text in [
            "example.org",
            "example.org:8448",
            "matrix.xn--p1ai:443",
            "203.0.113.7",
            "203.0.113.7:8448",
            "[::1]",
            "[2001:db8::7]:8448",
            "[::ffff:203.0.113.7]:1",
            "1.example.org",
        ] {
            let peer: Peer = text.parse().unwrap_or_else(|it| panic!("{text}: {it}"));
            assert_eq!(peer.as_str(), text);
        }
    }

    #[test]
    fn what_no_homeserver_calls_itself_is_refused() {
        for (text, reason) in [
            ("", "it is empty"),
            ("matrix", "it has no dot"),
            ("matrix:8448", "it has no dot"),
            ("example.org:", "its port"),
            ("example.org:0", "its port"),
            ("example.org:65536", "its port"),
            ("example.org:+80", "its port"),
            ("example.org:000443", "its port"),
            ("example.org:https", "its port"),
            ("a:b:1", "`:` is not allowed"),
            ("Example.org:8448", "capital letters"),
            ("[2001:DB8::7]", "capital letters"),
            ("2001:db8::7", "without brackets"),
            ("[2001:db8::7", "brackets"),
            ("[2001:db8::g]", "brackets"),
            ("[203.0.113.7]", "brackets"),
            ("[]", "brackets"),
            ("[::1]8448", "brackets"),
            ("203.0.113.256", "neither a name nor"),
            ("203.0.113:8448", "neither a name nor"),
            ("-a.example.org:8448", "begins with `-`"),
            ("example.org.:8448", "ends with a dot"),
            ("exa_mple.org:8448", "`_` is not allowed"),
            ("@alice:example.org", "user ID"),
            ("https://example.org:8448", "it is a URL"),
            ("~.example.org", "`~` is not allowed"),
            ("example.org:8448;", "its port"),
        ] {
            let refusal = text.parse::<Peer>().expect_err(text).to_string();
            assert!(refusal.contains(reason), "{text}: {refusal}");
        }
    }
}
