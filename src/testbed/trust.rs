//! Whom the test internet trusts: an authority made for this run, and what it signs.
//!
//! Its certificate lies in the trust stores of the tools root and of the machine's disk, as a public
//! authority's would; nothing that is tested knows of it.

use std::path::{Path, PathBuf};

use super::root::Root;
use crate::{
    error::Result,
    host::{Host, files},
};

/// The authority of this run.
pub struct Authority {
    dir: PathBuf,
    root: Root,
}

/// A certificate chain and its key, as files.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate, then the authority's.
    pub chain: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// Which part of a certificate's life it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// The beginning.
    Begins,
    /// A month after the end.
    Over,
}

const DAYS: &str = "30";

impl Life {
    /// The command that sets the clock of what follows.
    fn clock(self) -> &'static [&'static str] {
        match self {
            Life::Begins => &[],
            Life::Over => &["faketime", "-f", "-60d"],
        }
    }
}

impl Authority {
    /// Makes a new authority in `dir`, which the tools root sees under the same path.
    pub fn new(host: &Host, root: &Root, dir: &Path) -> Result<Authority> {
        files::make(dir)?;
        let authority = Authority { dir: dir.to_owned(), root: root.clone() };
        let (certificate, key) = (authority.file("ca.pem"), authority.file("ca.key"));
        let subject = ["-subj", "/CN=Test internet authority"];
        let extension = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"];
        authority.make(host, Life::Begins, (&key, &certificate), &[subject, extension])?;
        Ok(authority)
    }

    /// The authority's own certificate.
    pub fn certificate(&self) -> Result<String> {
        files::read(&self.dir.join("ca.pem"))
    }

    /// Signs a certificate for `names`; `label` names the files.
    pub fn issue(&self, host: &Host, label: &str, names: &[String]) -> Result<Certificate> {
        self.issue_in(host, Life::Begins, label, names)
    }

    /// The same at another time.
    pub fn issue_in(
        &self,
        host: &Host,
        life: Life,
        label: &str,
        names: &[String],
    ) -> Result<Certificate> {
        let (leaf, key) = (self.file(&format!("{label}.leaf")), self.file(&format!("{label}.key")));
        let alternatives: Vec<String> = names.iter().map(|name| format!("DNS:{name}")).collect();
        let extension = format!("subjectAltName={}", alternatives.join(","));
        let details = [
            ["-subj", "/CN=Test internet"],
            ["-addext", &extension],
            ["-addext", "basicConstraints=critical,CA:FALSE"],
            ["-CA", &self.file("ca.pem")],
            ["-CAkey", &self.file("ca.key")],
        ];
        self.make(host, life, (&key, &leaf), &details)?;
        let chain = self.dir.join(format!("{label}.pem"));
        let text = files::read(Path::new(&leaf))? + &self.certificate()?;
        files::write(&chain, &text)?;
        Ok(Certificate { chain, key: PathBuf::from(key) })
    }

    fn file(&self, name: &str) -> String {
        self.dir.join(name).to_string_lossy().into_owned()
    }

    /// A new key and its certificate, with further `details` as options of `openssl req`.
    fn make(
        &self,
        host: &Host,
        life: Life,
        (key, to): (&str, &str),
        details: &[[&str; 2]],
    ) -> Result<()> {
        let mut words = life.clock().to_vec();
        words.extend(["openssl", "req", "-x509", "-nodes", "-days", DAYS]);
        words.extend(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        words.extend(["-keyout", key, "-out", to]);
        words.extend(details.iter().flatten());
        host.run(&self.root.words(&words))
    }
}
