//! Addresses of services: https for what must be trusted, http as well for a proxy.

use ::url::Url;

use super::{
    newtype::newtype,
    refusal::{Refusal, quoted},
};
use crate::http_url::{self, Fault};

newtype! {
    /// An `https://` URL without credentials, query or fragment.
    HttpsUrl, |text: &str| https(text).map(String::from)
}

newtype! {
    /// The `https://` URL of a repository of packages; it ends with a slash, as apt writes it.
    RepositoryUrl, repository
}

newtype! {
    /// The URL of a proxy: `http://` or `https://`, a host, perhaps a port, and no path.
    ProxyUrl, proxy
}

fn https(text: &str) -> Result<Url, Refusal> {
    if let Some(rest) = text.strip_prefix("http://") {
        return Err(
            refused(text, "it is not encrypted").hint(format!("write `https://{}`", tail(rest)))
        );
    }
    parse(text, "https://")
}

fn repository(text: &str) -> Result<String, Refusal> {
    let url = https(text)?;
    let end = if url.path().ends_with('/') { "" } else { "/" };
    Ok(format!("{url}{end}"))
}

/// Stays as it is written: apt's own port for a proxy without one is not that of its scheme.
fn proxy(text: &str) -> Result<String, Refusal> {
    match parse(text, "http://")?.path() {
        "/" => Ok(text.to_owned()),
        _ => Err(refused(text, "a proxy has no path").hint("end it after the port")),
    }
}

/// A URL that should begin with `scheme`.
fn parse(text: &str, scheme: &str) -> Result<Url, Refusal> {
    http_url::parse(text).map_err(|fault| match fault {
        Fault::Scheme => refused(text, &format!("it does not begin with `{scheme}`")),
        Fault::Credentials => Refusal::new("this URL holds credentials")
            .hint("a site holds no secrets: delete what stands before the `@`"),
        fault => refused(text, &fault.to_string()),
    })
}

fn refused(text: &str, reason: &str) -> Refusal {
    Refusal::new(format!("{} cannot be used: {reason}", quoted(text)))
}

/// What a hint may repeat: short, and nothing that looks like a password.
fn tail(rest: &str) -> &str {
    if rest.contains('@') || rest.len() > 60 { "…" } else { rest }
}
