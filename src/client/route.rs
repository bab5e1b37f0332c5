//! Another way to the machine: the URLs stay what they are, the connections go elsewhere.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use crate::http_url;

/// Where connections go instead of where their names lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    host: String,
    https: Option<u16>,
}

impl Route {
    /// Where a connection to `port` goes: to the same one, but for HTTPS when the route says so.
    #[must_use]
    pub fn of(&self, port: u16) -> (String, u16) {
        let port = if port == 443 { self.https.unwrap_or(port) } else { port };
        (self.host.clone(), port)
    }

    /// The same for curl, as arguments.
    #[must_use]
    pub fn curl(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let https = self.https.map(|port| format!("--connect-to :443:{host}:{port} "));
        format!("{}--connect-to ::{host}:", https.unwrap_or_default())
    }
}

/// Arguments of curl that let connections to `host` go to `address`, at whatever port.
///
/// Without an address they fail at once: nobody connects to a broadcast address.
#[must_use]
pub fn leads_to(host: &str, address: Option<IpAddr>) -> String {
    match address {
        Some(IpAddr::V6(address)) => format!("--connect-to {host}::[{address}]: "),
        Some(IpAddr::V4(address)) => format!("--connect-to {host}::{address}: "),
        None => format!("--connect-to {host}::{}: ", Ipv4Addr::BROADCAST),
    }
}

impl FromStr for Route {
    type Err = String;

    /// `HOST`, `HOST:PORT`, an address, or `[IPV6]:PORT`; the port is that of HTTPS.
    fn from_str(text: &str) -> Result<Route, String> {
        let refusal =
            || "a way is such as `203.0.113.7`, `127.0.0.1:8443` or `[2001:db8::7]:443`".to_owned();
        let authority = match text.parse::<Ipv6Addr>() {
            Ok(address) => format!("[{address}]"),
            Err(_) => text.to_owned(),
        };
        let url = http_url::parse(&format!("https://{authority}")).map_err(|_| refusal())?;
        if text.contains('/') {
            return Err(refusal());
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        Ok(Route { host: host.to_owned(), https: url.port() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_keeps_every_port_but_that_of_https() {
        let cases = [
            ("127.0.0.1:8443", "--connect-to :443:127.0.0.1:8443 --connect-to ::127.0.0.1:", 8443),
            ("203.0.113.7", "--connect-to ::203.0.113.7:", 443),
            ("2001:db8::7", "--connect-to ::[2001:db8::7]:", 443),
            ("[::1]:8443", "--connect-to :443:[::1]:8443 --connect-to ::[::1]:", 8443),
            ("front.example.net", "--connect-to ::front.example.net:", 443),
        ];
        for (text, curl, https) in cases {
            let route: Route = text.parse().expect(text);
            assert_eq!((route.curl().as_str(), route.of(443).1), (curl, https), "{text}");
            assert_eq!(route.of(80).1, 80);
        }
    }

    #[test]
    fn what_is_no_route_is_refused() {
        for text in [
            "",
            ":443",
            "a b",
            "host/",
            "host?",
            "a@host",
            "127.1",
            "host:0",
            "host:https",
            "[::1",
            "[::1]8443",
            "-o:1",
            "$(id):1",
        ] {
            text.parse::<Route>().expect_err(text);
        }
    }
}
