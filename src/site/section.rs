//! The keys that stand together under one heading.

use serde::Serialize;

use super::{
    amount::{ByteSize, Lifetime},
    choice::Unlisted,
    peer::Peer,
    person::Email,
    proof::{Certificate, Fingerprint},
    reader::Reader,
    refusal::Refusal,
    ssh_key::SshKey,
    tree::{Node, Value},
    url::{HttpsUrl, ProxyUrl, RepositoryUrl},
};

/// Who runs the homeserver.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Operator {
    pub(super) email: Email,
    pub(super) ssh_keys: Vec<SshKey>,
}

/// With whom the homeserver speaks.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Federation {
    #[serde(flatten)]
    pub(super) peers: Peers,
    pub(super) unlisted: Unlisted,
    pub(super) port_8448: bool,
}

/// The homeservers to federate with.
#[derive(Debug, Clone)]
pub(super) enum Peers {
    Anyone,
    Listed(Vec<Peer>),
}

/// What happens to pictures and files.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Media {
    pub(super) max_upload: ByteSize,
    pub(super) remote_lifetime: Lifetime,
    pub(super) local_lifetime: Lifetime,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tls {
    pub(super) acme: Acme,
}

/// A certificate authority that speaks ACME.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Acme {
    pub(super) directory: HttpsUrl,
    pub(super) ca: Option<Certificate>,
}

/// How packages are downloaded.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Apt {
    pub(super) proxy: Option<ProxyUrl>,
    pub(super) matrix: Repository,
}

/// The repository that Synapse comes from.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Repository {
    pub(super) url: RepositoryUrl,
    pub(super) host: String,
    pub(super) fingerprint: Fingerprint,
}

impl Operator {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Operator> {
        let email = reader.value("operator.email");
        let ssh_keys = reader.list("operator.ssh_keys");
        Some(Operator { email: email?, ssh_keys: ssh_keys? })
    }
}

impl Federation {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Federation> {
        let peers = Peers::read(reader);
        let unlisted = reader.value("federation.unlisted");
        let port_8448 = reader.flag("federation.port_8448");
        Some(Federation { peers: peers?, unlisted: unlisted?, port_8448: port_8448? })
    }
}

impl Peers {
    const PATH: &str = "federation.allow";

    fn read(reader: &mut Reader<'_>) -> Option<Peers> {
        let Some(node) = reader.node(Peers::PATH) else {
            return reader.list(Peers::PATH).map(Peers::Listed);
        };
        let lonely = match &node.value {
            Value::Scalar { text, .. } if text == "anyone" => return Some(Peers::Anyone),
            Value::List(nodes) => nodes.iter().find(|node| means_anyone(node)),
            _ => Some(node).filter(|node| means_anyone(node)),
        };
        let Some(lonely) = lonely else {
            return reader.list(Peers::PATH).map(Peers::Listed);
        };
        let refusal = Refusal::new(format!("{}: this is no server name", Peers::PATH))
            .hint("to federate with everybody, write `allow: anyone`");
        reader.report(lonely.spot, &refusal);
        None
    }
}

/// What people write for `anyone`, or where they write it.
fn means_anyone(node: &Node) -> bool {
    const WORDS: [&str; 5] = ["anyone", "any", "all", "everyone", "*"];
    matches!(&node.value, Value::Scalar { text, .. } if WORDS.iter().any(|it| text.eq_ignore_ascii_case(it)))
}

impl Serialize for Peers {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            anyone: bool,
            allow: &'a [Peer],
        }
        match self {
            Peers::Anyone => Shape { anyone: true, allow: &[] }.serialize(serializer),
            Peers::Listed(allow) => Shape { anyone: false, allow }.serialize(serializer),
        }
    }
}

impl Media {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Media> {
        let max_upload = reader.amount("media.max_upload");
        let remote_lifetime = reader.amount("media.remote_lifetime");
        let local_lifetime = reader.amount("media.local_lifetime");
        Some(Media {
            max_upload: max_upload?,
            remote_lifetime: remote_lifetime?,
            local_lifetime: local_lifetime?,
        })
    }
}

impl Tls {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Tls> {
        let acme = match reader.node("tls.acme").map(|node| &node.value) {
            Some(Value::Map(_)) => Acme::read(reader),
            _ => reader.value("tls.acme").map(|Directory(directory)| Acme { directory, ca: None }),
        };
        Some(Tls { acme: acme? })
    }
}

impl Acme {
    fn read(reader: &mut Reader<'_>) -> Option<Acme> {
        let directory = reader.value("tls.acme.directory");
        let ca = reader.optional("tls.acme.ca");
        directory.map(|Directory(directory)| Acme { directory, ca })
    }
}

/// An ACME directory, by its URL or by a name that everybody knows.
struct Directory(HttpsUrl);

impl Directory {
    const STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";
    const LETSENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
}

impl Acme {
    /// Whether certificates are for tests only.
    pub(super) fn is_staging(&self) -> bool {
        self.directory.as_str() == Directory::STAGING
    }

    /// The issuer's name in CAA records, as Let's Encrypt documents its own.
    pub(super) fn caa(&self) -> Option<&'static str> {
        let known = [Directory::STAGING, Directory::LETSENCRYPT];
        known.contains(&self.directory.as_str()).then_some("letsencrypt.org")
    }
}

impl std::str::FromStr for Directory {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Directory, Refusal> {
        let known = |url| Ok(Directory(HttpsUrl::known(url)));
        match text {
            "letsencrypt" => known(Directory::LETSENCRYPT),
            "staging" => known(Directory::STAGING),
            _ => text.parse().map(Directory).map_err(|refusal| {
                if text.contains(':') {
                    refusal
                } else {
                    Refusal::of(text, "a certificate authority", "it is no URL")
                        .hint("write `letsencrypt`, `staging`, or the URL of an ACME directory")
                }
            }),
        }
    }
}

impl Apt {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Apt> {
        let proxy = reader.optional("apt.proxy");
        let url: Option<RepositoryUrl> = reader.value("apt.matrix.url");
        let fingerprint = reader.value("apt.matrix.fingerprint");
        let (url, fingerprint) = url.zip(fingerprint)?;
        let matrix = Repository { host: url.host(), url, fingerprint };
        Some(Apt { proxy, matrix })
    }
}
