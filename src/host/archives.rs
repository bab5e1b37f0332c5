//! The Debian archives that this host itself installs from: host names and paths come from its
//! own apt configuration, so that a run uses whatever mirror the host uses.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::files;
use crate::{
    error::{Error, Result},
    host::Host,
    http_url,
};

/// The two archives of a Debian release.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Archives {
    /// The archive itself.
    pub main: Archive,
    /// Its security updates.
    pub security: Archive,
}

/// One archive: an `http` or `https` address, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// `http` or `https`.
    pub scheme: String,
    /// The host's name, without the port.
    pub host: String,
    /// The port, said or implied.
    pub port: u16,
    /// The path, with a slash at both ends.
    pub path: String,
}

impl Archives {
    /// What `apt` on this host knows.
    pub fn of_this_host(host: &Host) -> Result<Archives> {
        let format = "$(LABEL) $(REPO_URI)";
        let known =
            host.read(&["apt-get", "indextargets", "--format", format, "Created-By: Packages"])?;
        let find = |label: &str| {
            known.lines().filter_map(|line| line.split_once(' ')).find(|(l, _)| *l == label)
        };
        match (find("Debian"), find("Debian-Security")) {
            (Some((_, main)), Some((_, security))) => {
                Ok(Archives { main: Archive::found(main)?, security: Archive::found(security)? })
            }
            _ => Err(Error::host("apt on this host knows no Debian archive")
                .hint("the test internet needs a Debian host on which `apt-get update` has run")),
        }
    }

    /// The line of a `sources.list` for what `suite` gets from the next release.
    #[must_use]
    pub fn backports(&self, suite: &str) -> String {
        format!("deb {} {suite}-backports main\n", self.main.uri())
    }

    /// The lines of a `sources.list` for `suite`.
    #[must_use]
    pub fn sources(&self, suite: &str) -> String {
        let (main, security) = (self.main.uri(), self.security.uri());
        format!(
            "deb {main} {suite} main\ndeb {main} {suite}-updates main\n\
             deb {security} {suite}-security main\n"
        )
    }
}

impl Archive {
    /// The archive at an address of apt's; `mirror+file:` names a list, as on Debian's cloud images.
    fn found(uri: &str) -> Result<Archive> {
        let Some(list) = uri.strip_prefix("mirror+file:") else {
            return Archive::parse(uri);
        };
        let text = files::read(Path::new(list.trim_end_matches('/')))?;
        let first = text.lines().find(|line| !line.is_empty() && !line.starts_with('#'));
        let uri = first.and_then(|line| line.split_whitespace().next());
        Archive::parse(uri.ok_or_else(|| Error::host(format!("`{list}` names no mirror")))?)
    }

    /// Takes an address apart.
    pub fn parse(uri: &str) -> Result<Archive> {
        let url = http_url::parse(uri).map_err(|fault| {
            Error::host(format!("`{uri}` is not an http or https address: {fault}"))
        })?;
        let path = format!("/{}/", url.path().trim_matches('/')).replace("//", "/");
        Ok(Archive {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default().unwrap_or_default(),
            path,
        })
    }

    /// Where the security updates are that belong to a mirror: beside it, as on Debian's own.
    #[must_use]
    pub fn security(&self) -> Archive {
        let path = format!("{}-security/", self.path.trim_end_matches('/'));
        Archive { path, ..self.clone() }
    }

    /// The address again.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("{}://{}:{}{}", self.scheme, self.host, self.port, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let archive = Archive::parse("https://mirror.example.org:8443/pub/debian").expect("fine");
        assert_eq!((archive.host.as_str(), archive.port), ("mirror.example.org", 8443));
        assert_eq!(archive.path, "/pub/debian/");
        assert_eq!(Archive::parse("http://a.example").expect("fine").uri(), "http://a.example:80/");
        let archive = Archive::parse("http://[2001:db8::1]:3142/debian/").expect("fine");
        assert_eq!(archive.uri(), "http://[2001:db8::1]:3142/debian/");
    }

    #[test]
    fn other_transports_are_refused() {
        assert!(Archive::parse("cdrom:[Debian]/").is_err());
        assert!(Archive::parse("ftp://a.example/debian").is_err());
    }
}
