//! One address of a homeserver: its certificate, and the keys that it serves.

use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use ruma_common::ServerName;
use serde_json::Value;

use super::{
    keys,
    report::{Certificate, Cipher, Connection, Failure, Version},
};
use crate::client::{Answer, Client, Session, Shown};

/// Far more than any homeserver says here.
const LIMIT: usize = 64 * 1024;

/// What `address` shows of `name`, whose homeserver is at `target`; an error when it serves no keys.
pub(super) async fn examine(
    client: &Client,
    target: &ServerName,
    name: &ServerName,
    address: SocketAddr,
) -> Result<Connection, String> {
    let session = client.open(address, target.host()).await?;
    let trusted = session.trusted();
    let certificates = session.chain().iter().map(certificate).collect();
    let cipher = Cipher { version: session.version(), cipher_suite: session.suite() };
    let keys = document(session, target, "/_matrix/key/v2/server").await?;
    let (mut checks, verify_keys, mut errors) = keys::check(&keys, name);
    checks.certificates = trusted.is_ok();
    checks.all = checks.all && checks.certificates;
    let distrust = trusted.err();
    errors.extend(distrust.clone());
    let errors = errors.into_iter().map(|message| Failure { message }).collect();
    let info = std::collections::BTreeMap::new();
    Ok(Connection { certificates, cipher, checks, errors, verify_keys, info, keys, distrust })
}

/// What the first of `addresses` that answers says of itself; the certificate must be good.
pub(super) async fn version(
    client: &Client,
    target: &ServerName,
    addresses: &[SocketAddr],
) -> Version {
    let mut error = "there is no address to ask".to_owned();
    for address in addresses {
        match ask_version(client, target, *address).await {
            Ok(version) => return version,
            Err(reason) => error = reason,
        }
    }
    Version { error, ..Version::default() }
}

async fn ask_version(
    client: &Client,
    target: &ServerName,
    address: SocketAddr,
) -> Result<Version, String> {
    let session = client.open(address, target.host()).await?;
    session.trusted()?;
    let found = document(session, target, "/_matrix/federation/v1/version").await?;
    let text = |key: &str| found["server"][key].as_str().unwrap_or_default().to_owned();
    Ok(Version { name: text("name"), version: text("version"), error: String::new() })
}

/// The JSON at `path`.
async fn document(session: Session, target: &ServerName, path: &str) -> Result<Value, String> {
    let Answer { status, body, .. } = session.get(target.as_str(), path, LIMIT).await?;
    if status != 200 {
        return Err(format!("{path} answers {status}"));
    }
    serde_json::from_slice(&body).map_err(|error| format!("{path} is not JSON: {error}"))
}

fn certificate(shown: &Shown) -> Certificate {
    Certificate {
        subject: shown.subject.clone(),
        issuer: shown.issuer.clone(),
        fingerprint: STANDARD_NO_PAD.encode(&shown.fingerprint),
        names: shown.names.clone(),
        days_left: shown.days_left(),
        is_late: shown.is_late(),
    }
}
