//! The report, in the shape and with the keys of federationtester.matrix.org.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::client::Service;

/// What was found.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Report {
    /// Why nothing could be connected to; empty when something could.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// The well-known document.
    #[serde(rename = "WellKnownResult")]
    pub well_known: WellKnown,
    /// Records of the DNS.
    #[serde(rename = "DNSResult")]
    pub dns: Dns,
    /// What each address showed, by `address:port`.
    #[serde(rename = "ConnectionReports")]
    pub connections: BTreeMap<String, Connection>,
    /// Why an address showed nothing.
    pub connection_errors: BTreeMap<String, Failure>,
    /// What the homeserver calls itself.
    pub version: Version,
    /// Whether nothing stands in the way.
    #[serde(rename = "FederationOK")]
    pub federation_ok: bool,
}

/// The document at `/.well-known/matrix/server`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WellKnown {
    /// Where it delegates to.
    #[serde(rename = "m.server")]
    pub server: String,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub result: String,
    /// Until when others keep it, in seconds since 1970; 0 when they do not.
    #[serde(rename = "CacheExpiresAt")]
    pub cache_expires_at: u64,
}

/// What the DNS said.
#[derive(Debug, Default, Serialize)]
pub struct Dns {
    /// Whether SRV records play no part: there is a port, or an address.
    #[serde(rename = "SRVSkipped")]
    pub srv_skipped: bool,
    /// The name that the records were found at.
    #[serde(rename = "SRVCName")]
    pub srv_name: String,
    /// SRV records, in the order of their priority.
    #[serde(rename = "SRVRecords")]
    pub srv_records: Vec<Service>,
    /// Why there are none.
    #[serde(rename = "SRVError")]
    pub srv_error: Option<Failure>,
    /// The hosts that were looked up.
    #[serde(rename = "Hosts")]
    pub hosts: BTreeMap<String, HostRecords>,
    /// Every `address:port`.
    #[serde(rename = "Addrs")]
    pub addrs: Vec<String>,
}

/// The records of a host.
#[derive(Debug, Default, Serialize)]
pub struct HostRecords {
    /// The name at the end of its aliases.
    #[serde(rename = "CName")]
    pub cname: String,
    /// Its addresses.
    #[serde(rename = "Addrs")]
    pub addrs: Vec<String>,
    /// Why there are none.
    #[serde(rename = "Error")]
    pub error: Option<Failure>,
}

/// A sentence.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// What went wrong.
    #[serde(rename = "Message")]
    pub message: String,
}

/// What `/_matrix/federation/v1/version` says.
#[derive(Debug, Default, Serialize)]
pub struct Version {
    /// The software.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Why that is not known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
}

/// What one address showed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Connection {
    /// The certificates, the server's own first.
    pub certificates: Vec<Certificate>,
    /// How it encrypts.
    pub cipher: Cipher,
    /// What was checked.
    pub checks: Checks,
    /// What is wrong, in sentences.
    pub errors: Vec<Failure>,
    /// The keys that proved themselves, in base64 without padding.
    #[serde(rename = "Ed25519VerifyKeys")]
    pub verify_keys: BTreeMap<String, String>,
    /// Nothing; the tester has it.
    pub info: BTreeMap<String, Value>,
    /// The document at `/_matrix/key/v2/server`.
    pub keys: Value,
    /// Why the certificate is not trusted; the tester has it among the errors, as here.
    #[serde(skip)]
    pub distrust: Option<String>,
}

/// How a connection is encrypted.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Cipher {
    /// Such as `TLS 1.3`.
    pub version: String,
    /// Its name in the registry.
    pub cipher_suite: String,
}

/// A certificate.
#[derive(Debug, Serialize)]
pub struct Certificate {
    /// The subject's common name.
    #[serde(rename = "SubjectCommonName")]
    pub subject: String,
    /// The issuer's common name.
    #[serde(rename = "IssuerCommonName")]
    pub issuer: String,
    /// In base64 without padding.
    #[serde(rename = "SHA256Fingerprint")]
    pub fingerprint: String,
    /// The names that it is for.
    #[serde(rename = "DNSNames")]
    pub names: Vec<String>,
    /// Whole days until it ends; the tester does not say it.
    #[serde(rename = "DaysLeft")]
    pub days_left: i64,
    /// Whether it should have been renewed by now.
    #[serde(skip)]
    pub is_late: bool,
}

/// What was checked of one address.
// One truth each, as the tester prints them.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Default, Serialize)]
pub struct Checks {
    /// All of them.
    #[serde(rename = "AllChecksOK")]
    pub all: bool,
    /// The keys are those of the name that was asked for.
    #[serde(rename = "MatchingServerName")]
    pub matching_name: bool,
    /// They are still valid.
    #[serde(rename = "FutureValidUntilTS")]
    pub still_valid: bool,
    /// There is one.
    #[serde(rename = "HasEd25519Key")]
    pub has_key: bool,
    /// Every key is whole and has signed the document.
    #[serde(rename = "AllEd25519ChecksOK")]
    pub all_keys: bool,
    /// Each key.
    #[serde(rename = "Ed25519Checks")]
    pub keys: BTreeMap<String, KeyCheck>,
    /// The certificate is trusted for the name.
    #[serde(rename = "ValidCertificates")]
    pub certificates: bool,
}

/// One key.
#[derive(Debug, Default, Serialize)]
pub struct KeyCheck {
    /// It has 32 bytes.
    #[serde(rename = "ValidEd25519")]
    pub whole: bool,
    /// It has signed the document.
    #[serde(rename = "MatchingSignature")]
    pub signed: bool,
}

impl Report {
    /// No step failed, and every address passed.
    pub(super) fn is_good(&self) -> bool {
        self.error.is_empty()
            && self.version.error.is_empty()
            && self.connection_errors.is_empty()
            && !self.connections.is_empty()
            && self.connections.values().all(|it| it.checks.all)
    }

    /// Everything that stands in the way, in sentences, the decisive first.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut say = |line: String| lines.push(line);
        if !self.error.is_empty() {
            say(self.error.clone());
        }
        for (host, records) in &self.dns.hosts {
            if let Some(error) = &records.error {
                say(format!("{host}: {}", error.message));
            }
        }
        for (address, error) in &self.connection_errors {
            say(format!("{address}: {}", error.message));
        }
        for (address, connection) in &self.connections {
            connection.errors.iter().for_each(|error| say(format!("{address}: {}", error.message)));
        }
        if !self.version.error.is_empty() {
            say(format!("version: {}", self.version.error));
        }
        // Not fatal by itself: others then look further.
        if !self.well_known.result.is_empty() {
            say(format!("well-known: {}", self.well_known.result));
        }
        lines
    }
}
