//! What the operator decided: `site.yaml`, read, checked and typed.
//!
//! [`Site::parse`] is the only door: whoever holds a [`Site`] holds values that cannot be wrong by themselves or against
//! each other. It knows no layer and no file of the machine. Serialized, a site is what templates see.

mod amount;
mod choice;
mod keys;
mod mistakes;
mod name;
mod newtype;
mod options;
mod peer;
mod person;
mod proof;
mod reader;
mod refusal;
mod rules;
mod scalar;
mod section;
mod source;
mod ssh_key;
pub(crate) mod suggest;
mod syntax;
mod tree;
mod unknown;
mod url;
mod warnings;

use serde::Serialize;
use serde_json::{Map, Value as Json};

pub(crate) use self::refusal::is_private_key;
pub use self::{
    amount::{ByteSize, Lifetime},
    choice::{Delegation, Registration, Suite, Unlisted},
    keys::{Fallback, Key},
    name::{HostName, ServerName},
    peer::Peer,
    person::{Email, Localpart},
    proof::{Certificate, Fingerprint},
    refusal::Refusal,
    ssh_key::SshKey,
    url::{HttpsUrl, ProxyUrl, RepositoryUrl},
};
use self::{
    reader::Reader,
    refusal::shown,
    section::{Apt, Federation, Media, Operator, Tls},
    source::Source,
    tree::{Node, Value},
};
use crate::{
    digest::sha256,
    error::{Error, Errors, Place},
};

/// The description of one homeserver.
#[derive(Debug, Clone, Serialize)]
pub struct Site {
    server_name: ServerName,
    host: HostName,
    operator: Operator,
    admin: Localpart,
    delegation: Delegation,
    federation: Federation,
    registration: Registration,
    media: Media,
    tls: Tls,
    presence: bool,
    url_previews: bool,
    suite: Suite,
    apt: Apt,
    synapse: Map<String, Json>,
    names: Vec<String>,
    #[serde(skip)]
    layers: Vec<String>,
    #[serde(skip)]
    digest: String,
    #[serde(skip)]
    source: Source,
    #[serde(skip)]
    tree: Node,
}

impl Site {
    /// Reads the text of a site file; `file` is its name in messages.
    ///
    /// All mistakes are reported at once, unless the text is no YAML.
    pub fn parse(file: &str, text: &str) -> Result<Site, Errors> {
        let source = Source::new(file, text)?;
        let (root, mistakes) = tree::read(&source)?;
        let Some(root) = root.filter(|root| !root.is_null()) else {
            return Err(empty(file).into());
        };
        let mut reader = Reader::new(&root, mistakes);
        let site = if is_mapping(&mut reader, &root) { Site::read(&mut reader) } else { None };
        let errors = reader.into_errors();
        match site {
            Some(site) if errors.is_empty() => {
                Ok(Site { digest: sha256(text), source, tree: root, ..site })
            }
            _ => Err(Errors::from(errors)),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Option<Site> {
        unknown::check(reader);
        let server_name = reader.value("server_name");
        let host = reader.value("host");
        let operator = Operator::read(reader);
        let admin = reader.value("admin");
        let delegation = rules::delegation(reader, server_name.as_ref(), host.as_ref());
        let federation = Federation::read(reader);
        let registration = reader.value("registration");
        let media = Media::read(reader);
        let tls = Tls::read(reader);
        let presence = reader.flag("presence");
        let url_previews = reader.flag("url_previews");
        let suite = reader.value("suite");
        let apt = Apt::read(reader);
        let layers = rules::layers(reader);
        let synapse = options::read(reader);
        rules::user_id(reader, admin.as_ref(), server_name.as_ref());
        Some(
            Site {
                server_name: server_name?,
                host: host?,
                operator: operator?,
                admin: admin?,
                delegation: delegation?,
                federation: federation?,
                registration: registration?,
                media: media?,
                tls: tls?,
                presence: presence?,
                url_previews: url_previews?,
                suite: suite?,
                apt: apt?,
                synapse: synapse?,
                names: Vec::new(),
                layers: layers?,
                digest: String::new(),
                source: reader.source().clone(),
                tree: Node::broken(),
            }
            .named(),
        )
    }

    /// Finds out for which names this machine answers.
    fn named(mut self) -> Site {
        self.names = vec![self.host.as_str().to_owned()];
        if self.delegation == Delegation::SameHost {
            self.names.push(self.server_name.as_str().to_owned());
        }
        self
    }

    /// Every key that a site can have, in the order of the documentation.
    #[must_use]
    pub fn keys() -> &'static [Key] {
        keys::KEYS
    }

    /// How the DNS calls the certificate authority (RFC 8659); nothing when it is not a known one.
    #[must_use]
    pub fn certificate_authority(&self) -> Option<&'static str> {
        self.tls.acme.caa()
    }

    /// What a machine is born with and keeps for life: the key, its value, and why.
    #[must_use]
    pub fn born_with(&self) -> [(&'static str, String, &'static str); 3] {
        [
            (
                "server_name",
                self.server_name().to_owned(),
                "it is part of every user ID and signature",
            ),
            ("suite", self.suite().to_owned(), "a machine does not change its Debian release here"),
            (
                "admin",
                self.admin.as_str().to_owned(),
                "its account exists for life; make another by hand",
            ),
        ]
    }

    /// The part of user IDs after the colon.
    #[must_use]
    pub fn server_name(&self) -> &str {
        self.server_name.as_str()
    }

    /// The name of the machine.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.as_str()
    }

    /// Every name that must lead to this machine and stand in its certificate; the machine's own is first.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The public keys of the operator, as lines of `authorized_keys`.
    #[must_use]
    pub fn ssh_keys(&self) -> Vec<&str> {
        self.operator.ssh_keys.iter().map(SshKey::as_str).collect()
    }

    /// Folders of further layers, relative to the site file.
    #[must_use]
    pub fn layers(&self) -> &[String] {
        &self.layers
    }

    /// The Debian release, by its name.
    #[must_use]
    pub fn suite(&self) -> &'static str {
        match self.suite {
            Suite::Bookworm => "bookworm",
        }
    }

    /// The SHA-256 of the site file, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Where a key stands in the site file, such as `["synapse", "rc_message"]`; `None` when it is not written.
    #[must_use]
    pub fn place_of(&self, path: &[&str]) -> Option<Place> {
        let (first, rest) = path.split_first()?;
        let start = self.tree.entry(first)?;
        let entry = rest.iter().try_fold(start, |entry, key| entry.node.entry(key))?;
        Some(self.source.place(entry.spot))
    }
}

fn empty(file: &str) -> Error {
    Error::new(format!("{file} is empty")).hint(
        "`homeseed init --server-name example.org --host chat.example.org --email you@example.org > site.yaml` writes one to start from",
    )
}

fn is_mapping(reader: &mut Reader<'_>, root: &Node) -> bool {
    let text = match &root.value {
        Value::Map(_) => return true,
        Value::Scalar { text, .. } => shown(text),
        Value::List(_) => "a list".to_owned(),
        Value::Broken => return false,
    };
    let refusal = Refusal::new(format!("a site file consists of keys and values, not of {text}"));
    reader.report(
        root.spot,
        &refusal.hint("write `server_name: example.org`: a key, a colon, a space, a value"),
    );
    false
}
