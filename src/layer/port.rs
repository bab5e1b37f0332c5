//! Ports as a manifest declares them: `443`, `3478/udp`, `49152-65535/udp`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};

/// One port, or a range of them, of one protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PortRange {
    /// Of which protocol.
    pub protocol: Protocol,
    /// The first port, from 1.
    pub first: u16,
    /// The last port; the first when it is only one.
    pub last: u16,
}

/// What runs over IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Connections.
    Tcp,
    /// Datagrams.
    Udp,
}

impl PortRange {
    /// Its numbers without the protocol, as nftables takes them: `443` or `49152-65535`.
    #[must_use]
    pub fn numbers(&self) -> String {
        if self.first == self.last {
            self.first.to_string()
        } else {
            format!("{}-{}", self.first, self.last)
        }
    }

    /// Whether the two have a port in common.
    #[must_use]
    pub fn meets(&self, other: &PortRange) -> bool {
        self.protocol == other.protocol && self.first <= other.last && other.first <= self.last
    }

    /// Whether `port` of TCP is one of them.
    #[must_use]
    pub fn has_tcp(&self, port: u16) -> bool {
        self.protocol == Protocol::Tcp && (self.first..=self.last).contains(&port)
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.numbers())?;
        f.write_str(if self.protocol == Protocol::Udp { "/udp" } else { "" })
    }
}

impl FromStr for PortRange {
    type Err = String;

    fn from_str(text: &str) -> Result<PortRange, String> {
        let refused =
            || format!("`{text}` is not a port such as `443`, `3478/udp` or `49152-65535/udp`");
        let (numbers, protocol) = match text.split_once('/') {
            None | Some((_, "tcp")) => (text.trim_end_matches("/tcp"), Protocol::Tcp),
            Some((numbers, "udp")) => (numbers, Protocol::Udp),
            Some(_) => return Err(refused()),
        };
        let port = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
        let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
        match (port(first), port(last)) {
            (Some(first), Some(last)) if first <= last => Ok(PortRange { protocol, first, last }),
            _ => Err(refused()),
        }
    }
}

/// A port in a manifest: a bare number is one of TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeclaredPort(pub PortRange);

impl<'de> Deserialize<'de> for DeclaredPort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DeclaredPort, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Text(String),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Number(number) => number.to_string(),
            Written::Text(text) => text,
        };
        text.parse().map(DeclaredPort).map_err(de::Error::custom)
    }
}
