//! Which machines' signatures count: the public halves, kept at the desk.
//!
//! Whoever has the operator's public key can encrypt to it, the place that stores a backup included. So a backup is
//! believed when the machine signed it, with a key that this desk has seen before.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ssh_key::{PublicKey, SshSig};

use crate::{
    error::{Error, Result},
    host::files,
};

/// What a signature is for (`ssh-keygen -Y sign -n`).
pub(super) const NAMESPACE: &str = "homeseed-backup";

/// The file that says whose signature counts, in the form of `ALLOWED SIGNERS` of ssh-keygen(1): a line for each key.
#[derive(Debug)]
pub struct Signers {
    path: PathBuf,
    known: Vec<(String, PublicKey)>,
}

/// What a signature is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// A machine signed it that this desk knows under that server name.
    Known,
    /// Somebody signed it.
    Unknown,
}

impl Signers {
    /// Those in the file at `path`, or in the desk's own: `homeseed/machines` in the folder of configurations.
    ///
    /// A file that is not there knows nobody; one that is named has to be there.
    pub fn read(path: Option<&Path>) -> Result<Signers> {
        let own = path.is_none();
        let path = path.map_or_else(desks_own, |it| Ok(it.to_owned()))?;
        if own && !path.exists() {
            return Ok(Signers { path, known: Vec::new() });
        }
        let mut known = Vec::new();
        for line in files::read(&path)?.lines() {
            if !line.trim().is_empty() && !line.starts_with('#') {
                known.push(signer(line).ok_or_else(|| {
                    Error::new(format!(
                        "`{}` has a line that names no signer: {line}",
                        path.display()
                    ))
                    .hint("a line is `SERVER_NAME ssh-ed25519 AAAA…`")
                })?);
            }
        }
        Ok(Signers { path, known })
    }

    /// Nobody yet, in a file at `path` that is not there.
    #[must_use]
    pub fn at(path: &Path) -> Signers {
        Signers { path: path.to_owned(), known: Vec::new() }
    }

    /// Writes them to another file.
    pub fn write_to(&self, path: &Path) -> Result<()> {
        let text = if self.path.exists() { files::read(&self.path)? } else { String::new() };
        files::replace(path, text.as_bytes())
    }

    /// Where they stand.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether any machine of that name is known.
    #[must_use]
    pub fn knows(&self, server_name: &str) -> bool {
        self.known.iter().any(|(name, _)| name == server_name)
    }

    /// Whether `machine` (type and base64) is known by that name.
    #[must_use]
    pub fn is_known(&self, server_name: &str, machine: &str) -> bool {
        let is = |it: &PublicKey| key(machine).is_some_and(|key| key.key_data() == it.key_data());
        self.known.iter().any(|(name, it)| name == server_name && is(it))
    }

    /// Whether the signature is that of `machine` (type and base64) over `text`, and whether the machine is known.
    pub fn judge(
        &self,
        server_name: &str,
        machine: &str,
        text: &str,
        signature: &str,
    ) -> std::result::Result<Trust, String> {
        let key = key(machine).ok_or("the manifest names no key of a machine")?;
        let signature = SshSig::from_pem(signature)
            .map_err(|error| format!("its signature is damaged: {error}"))?;
        key.verify(NAMESPACE, text.as_bytes(), &signature)
            .map_err(|_| "its signature is not that of the machine which it names".to_owned())?;
        Ok(if self.is_known(server_name, machine) { Trust::Known } else { Trust::Unknown })
    }

    /// Believes `machine` from now on; whether it was new.
    pub fn add(&mut self, server_name: &str, machine: &str) -> Result<bool> {
        let key = key(machine).ok_or_else(|| {
            Error::new(format!("`{machine}` is not a public key of a machine")).hint(
                "it is `ssh-ed25519 AAAA…`: `homeserver backup key` shows it, behind the options",
            )
        })?;
        if self.is_known(server_name, machine) {
            return Ok(false);
        }
        let old = if self.path.exists() { files::read(&self.path)? } else { String::new() };
        if let Some(above) = self.path.parent() {
            fs::create_dir_all(above).map_err(|error| {
                Error::host(format!("cannot make `{}`: {error}", above.display()))
            })?;
        }
        let line = format!("{server_name} namespaces=\"{NAMESPACE}\" {machine}\n");
        files::replace(&self.path, (old + &line).as_bytes())?;
        self.known.push((server_name.to_owned(), key));
        Ok(true)
    }
}

/// The fingerprint of a machine's key, as ssh shows it.
#[must_use]
pub(super) fn fingerprint(machine: &str) -> String {
    key(machine).map_or_else(String::new, |it| it.fingerprint(ssh_key::HashAlg::Sha256).to_string())
}

fn key(machine: &str) -> Option<PublicKey> {
    PublicKey::from_openssh(machine).ok().filter(|it| it.algorithm() == ssh_key::Algorithm::Ed25519)
}

fn signer(line: &str) -> Option<(String, PublicKey)> {
    let (name, rest) = line.split_once(' ')?;
    let at = rest.find("ssh-ed25519 ")?;
    Some((name.to_owned(), key(&rest[at..])?))
}

fn desks_own() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    let configurations =
        set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|it| it.join(".config")));
    configurations.map(|it| it.join("homeseed/machines")).ok_or_else(|| {
        Error::host("there is no HOME, where the keys of machines would be kept")
            .hint("name a file with `--signers`")
    })
}
