//! TLS: takes whatever certificate is shown, then says what is wrong with it.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        self, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore,
        SignatureScheme,
        client::{
            WebPkiServerVerifier,
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        },
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, ServerName, UnixTime},
    },
};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::error::{Error, Result};

/// What every connection needs.
pub(super) struct Tls {
    connector: TlsConnector,
    judge: Arc<WebPkiServerVerifier>,
}

/// An open connection, and what the other side showed.
pub struct Session {
    pub(super) stream: TlsStream<TcpStream>,
    verdict: std::result::Result<(), String>,
    chain: Vec<Shown>,
}

/// A certificate that was shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The subject's common name; often empty.
    pub subject: String,
    /// The issuer's common name.
    pub issuer: String,
    /// The sha256 of the whole certificate.
    pub fingerprint: Vec<u8>,
    /// The DNS names it is for.
    pub names: Vec<String>,
    /// When it began, in seconds since 1970.
    pub begins: i64,
    /// When it ends, in the same.
    pub ends: i64,
    /// The same for people.
    pub end: String,
}

impl Tls {
    /// Trusts the authorities that this host trusts.
    pub(super) fn new() -> Result<Tls> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (known, _) = roots.add_parsable_certificates(found.certs);
        if known == 0 {
            let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
            return Err(Error::host(format!("this computer knows no certificate authority{why}"))
                .hint("apt-get install ca-certificates"));
        }
        let provider = Arc::new(ring::default_provider());
        let failed = |error: &dyn std::fmt::Display| Error::host(format!("no TLS: {error}"));
        let judge = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone());
        let judge = judge.build().map_err(|error| failed(&error))?;
        let config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Listener(provider)))
            .with_no_client_auth();
        Ok(Tls { connector: Arc::new(config).into(), judge })
    }

    /// Greets whoever is at the other end of `stream` as `host`.
    pub(super) async fn open(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> std::result::Result<Session, String> {
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
        let name = name.map_err(|_| format!("`{host}` is no name for TLS"))?;
        let stream = self.connector.connect(name.clone(), stream).await;
        let stream = stream.map_err(|error| format!("no TLS: {error}"))?;
        let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let chain: Vec<Shown> = shown.iter().filter_map(Shown::read).collect();
        let verdict = self.judge(shown, &name, &chain);
        Ok(Session { stream, verdict, chain })
    }

    fn judge(
        &self,
        shown: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        chain: &[Shown],
    ) -> std::result::Result<(), String> {
        let (leaf, others) = shown.split_first().ok_or("it shows no certificate")?;
        let verdict = self.judge.verify_server_cert(leaf, others, name, &[], UnixTime::now());
        verdict.map(drop).map_err(|error| said(&error, &name.to_str(), chain.first()))
    }
}

/// The commonest reasons in words; rustls's own for the rest.
fn said(error: &rustls::Error, host: &str, leaf: Option<&Shown>) -> String {
    let rustls::Error::InvalidCertificate(reason) = error else { return error.to_string() };
    let issuer = leaf.map(|it| it.issuer.as_str()).unwrap_or_default();
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            let end = leaf.map_or("before now", |it| it.end.as_str());
            format!("its certificate expired: it ended {end}")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; is a clock wrong?".to_owned()
        }
        CertificateError::UnknownIssuer => {
            format!(
                "no authority that is trusted here signed its certificate, but `{issuer}`, or a link is missing"
            )
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let names = leaf.map(|it| it.names.join(", ")).unwrap_or_default();
            format!("its certificate is not for {host}, but for {names}")
        }
        CertificateError::Other(error) if error.to_string().contains("CaUsedAsEndEntity") => {
            "its certificate is that of an authority, not of a server; perhaps it signed itself"
                .to_owned()
        }
        other => format!("its certificate is refused: {other}"),
    }
}

impl Session {
    /// What is wrong with the certificate, as the client's host sees it.
    pub fn trusted(&self) -> std::result::Result<(), String> {
        self.verdict.clone()
    }

    /// The certificates, the server's own first.
    #[must_use]
    pub fn chain(&self) -> &[Shown] {
        &self.chain
    }

    /// The version of TLS, such as `TLS 1.3`.
    #[must_use]
    pub fn version(&self) -> String {
        let version = self.stream.get_ref().1.protocol_version();
        let name = version.and_then(|it| it.as_str()).unwrap_or_default();
        name.replace("TLSv1_", "TLS 1.")
    }

    /// The cipher suite by its name in the registry, such as `TLS_AES_128_GCM_SHA256`.
    #[must_use]
    pub fn suite(&self) -> String {
        let suite = self.stream.get_ref().1.negotiated_cipher_suite();
        let name = suite.and_then(|it| it.suite().as_str()).unwrap_or_default();
        name.replace("TLS13_", "TLS_")
    }
}

impl Shown {
    fn read(der: &CertificateDer<'_>) -> Option<Shown> {
        let (_, it) = X509Certificate::from_der(der).ok()?;
        let first = |name: &x509_parser::x509::X509Name<'_>| {
            let common = name.iter_common_name().next()?.as_str().ok()?;
            Some(common.to_owned())
        };
        let alternatives = it.subject_alternative_name().ok().flatten();
        let names = alternatives.map(|it| it.value.general_names.iter().filter_map(dns).collect());
        Some(Shown {
            subject: first(it.subject()).unwrap_or_default(),
            issuer: first(it.issuer()).unwrap_or_default(),
            fingerprint: Sha256::digest(der).to_vec(),
            names: names.unwrap_or_default(),
            end: it.validity().not_after.to_string(),
            begins: it.validity().not_before.timestamp(),
            ends: it.validity().not_after.timestamp(),
        })
    }

    /// Whole days until it ends; negative once it has.
    #[must_use]
    pub fn days_left(&self) -> i64 {
        (self.ends - now()).div_euclid(86_400)
    }

    /// Whether it has less than a quarter of its life left: by then it should have been renewed.
    #[must_use]
    pub fn is_late(&self) -> bool {
        is_late(self.begins, self.ends, now())
    }
}

fn is_late(begins: i64, ends: i64, now: i64) -> bool {
    ends - now < (ends - begins) / 4
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(now).unwrap_or(i64::MAX)
}

fn dns(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    }
}

/// Takes any certificate, whose key must still sign the handshake.
#[derive(Debug)]
struct Listener(Arc<CryptoProvider>);

impl ServerCertVerifier for Listener {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Greets `host` in TLS 1.1 (RFC 4346; no kept library speaks it any more) and looks whether a
/// `ServerHello` of that version comes back.
pub(super) async fn offers_1_1(
    mut stream: TcpStream,
    host: &str,
) -> std::result::Result<bool, String> {
    let greeting = hello_1_1(host);
    let failed = |error: std::io::Error| format!("it hangs up: {error}");
    stream.write_all(&greeting).await.map_err(failed)?;
    let mut answer = [0; 5];
    // To hang up without a word is a refusal too.
    let answered = stream.read_exact(&mut answer).await.is_ok();
    // A handshake's record, of version 3.2.
    Ok(answered && answer[..3] == [22, 3, 2])
}

/// A `ClientHello` with the commonest cipher suites, the curves that they need and the server's name.
fn hello_1_1(host: &str) -> Vec<u8> {
    let suites = [0xc013_u16, 0xc014, 0xc009, 0xc00a, 0x002f, 0x0035, 0x000a];
    let name = [&[0][..], &counted(host.as_bytes())].concat();
    let extensions = [
        extension(0, &counted(&name)),
        extension(10, &counted(&[0, 23, 0, 24])),
        extension(11, &[1, 0]),
    ]
    .concat();
    let suites: Vec<u8> = suites.iter().flat_map(|it| it.to_be_bytes()).collect();
    let random = [7; 32];
    let body =
        [&[3, 2][..], &random, &[0], &counted(&suites), &[1, 0], &counted(&extensions)].concat();
    let handshake = [&[1, 0][..], &counted(&body)].concat();
    [&[22, 3, 1][..], &counted(&handshake)].concat()
}

fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &counted(body)].concat()
}

/// Behind its length in two bytes.
fn counted(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("names and lists are short");
    [&length.to_be_bytes()[..], body].concat()
}

#[cfg(test)]
mod tests {
    use super::is_late;

    #[test]
    fn a_certificate_is_late_in_the_last_quarter_of_its_life_however_long_that_is() {
        for days in [6, 45, 90, 365] {
            assert!(!is_late(0, days * 86_400, days * 86_400 * 3 / 4), "{days}");
            assert!(is_late(0, days * 86_400, days * 86_400 * 3 / 4 + 1), "{days}");
        }
    }
}
