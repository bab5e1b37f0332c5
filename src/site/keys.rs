//! Every key of `site.yaml`, once: the reader, the documentation's test and the advice draw from this list.

/// A key that a site may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The way to it, joined with dots: `operator.email`.
    pub path: &'static str,
    /// What it decides, in one line.
    pub about: &'static str,
    /// What holds when it is not written.
    pub fallback: Fallback,
}

/// What holds when a key is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// Nothing could: it has to be written.
    Asked,
    /// There is none of it.
    Nothing,
    /// This value, as it would be written.
    Value(&'static str),
}

use Fallback::{Asked, Nothing, Value};

/// All keys, in the order of the documentation.
pub(super) const KEYS: &[Key] = &[
    key(
        "server_name",
        "the part after the colon of `@alice:example.org`; it can never change",
        Asked,
    ),
    key("host", "the full name of the machine that Synapse runs on", Asked),
    key(
        "operator.email",
        "where the certificate authority and other operators can write to",
        Asked,
    ),
    key(
        "operator.ssh_keys",
        "public keys that may log in as root; any key closes password login",
        Value("[]"),
    ),
    key("admin", "the localpart of the first user, who administers the homeserver", Value("admin")),
    key("delegation", "who serves the well-known documents of the server name", Value("same-host")),
    key(
        "federation.allow",
        "the servers to federate with, or `anyone`",
        Value("[matrix.org, mozilla.org, kde.org]"),
    ),
    key("federation.unlisted", "what other servers get: no answer, or a refusal", Value("drop")),
    key("federation.port_8448", "whether federation is also served on port 8448", Value("false")),
    key("registration", "who may make an account", Value("closed")),
    key("media.max_upload", "the largest file that can be uploaded", Value("100M")),
    key(
        "media.remote_lifetime",
        "how long copies of other servers' media are kept after their last use",
        Value("90d"),
    ),
    key(
        "media.local_lifetime",
        "how long your users' own media is kept after its last use",
        Value("never"),
    ),
    key("tls.acme", "the certificate authority", Value("letsencrypt")),
    key("tls.acme.directory", "the certificate authority, when `ca` is given too", Asked),
    key(
        "tls.acme.ca",
        "the certificate that signs the authority's own address, in PEM form",
        Nothing,
    ),
    key(
        "presence",
        "whether users see who is online; it costs much processor time",
        Value("false"),
    ),
    key(
        "url_previews",
        "whether the server fetches linked pages to show a preview",
        Value("false"),
    ),
    key("suite", "the release of Debian on the machine", Value("bookworm")),
    key("apt.proxy", "a proxy for the downloads of apt", Nothing),
    key(
        "apt.matrix.url",
        "the repository that Synapse comes from",
        Value("https://packages.matrix.org/debian/"),
    ),
    key(
        "apt.matrix.fingerprint",
        "the primary fingerprint of the key that signs the repository",
        Value("AAF9AE843A7584B5A3E4CD2BCF45A512DE2DA058"),
    ),
    key("layers", "folders of further layers, relative to this file", Value("[]")),
    key("synapse", "any further options of Synapse", Value("{}")),
];

const fn key(path: &'static str, about: &'static str, fallback: Fallback) -> Key {
    Key { path, about, fallback }
}

/// The key at a path.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// Whether keys stand below this path.
pub(super) fn is_section(path: &str) -> bool {
    KEYS.iter().any(|key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// The names that can stand in a section; the empty path is the document.
pub(super) fn names_in(section: &str) -> Vec<&'static str> {
    let prefix = if section.is_empty() { String::new() } else { format!("{section}.") };
    let mut names: Vec<&str> =
        KEYS.iter().filter_map(|key| key.path.strip_prefix(&prefix)?.split('.').next()).collect();
    names.dedup();
    names
}
