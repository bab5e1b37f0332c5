//! Who can read a backup: the operator's public keys, and the private ones that they belong to.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, BufReader, IsTerminal as _, Read, Write},
    path::Path,
};

use age::{DecryptError, Decryptor, Encryptor, secrecy::SecretString, ssh, stream, x25519};

use crate::{
    error::{Error, Result},
    host::files,
};

/// The keys that a backup is encrypted to.
pub struct Recipients {
    keys: Vec<Box<dyn age::Recipient + Send + Sync>>,
    lines: BTreeSet<String>,
}

impl Recipients {
    /// Those of `lines` that can be encrypted to, and what has to be said of the others.
    ///
    /// A line is `ssh-ed25519 …`, `ssh-rsa …` or `age1…`. It is an error when none of them is.
    pub fn of(lines: &[String]) -> Result<(Recipients, Vec<String>)> {
        let (mut keys, mut others) = (Vec::new(), Vec::new());
        let mut named = BTreeSet::new();
        for line in lines {
            match recipient(line) {
                Some(key) => {
                    keys.push(key);
                    named.insert(uncommented(line));
                }
                None => others.push(kind(line)),
            }
        }
        if !keys.is_empty() {
            return Ok((Recipients { keys, lines: named }, others));
        }
        let message = match others.as_slice() {
            [] => "there is no key that a backup could be encrypted to".to_owned(),
            others => {
                format!("a backup cannot be encrypted to a key of the type {}", others.join(", "))
            }
        };
        Err(Error::new(message).hint(
            "name one under `operator.ssh_keys` that is `ssh-ed25519` or `ssh-rsa`; `ssh-keygen -t ed25519` makes one",
        ))
    }

    /// Their public keys, without comments.
    #[must_use]
    pub fn lines(&self) -> &BTreeSet<String> {
        &self.lines
    }

    /// What encrypts all that is written to it; `finish` ends it.
    pub fn seal<W: Write>(&self, out: W) -> io::Result<stream::StreamWriter<W>> {
        let keys = self.keys.iter().map(|it| it.as_ref() as &dyn age::Recipient);
        Encryptor::with_recipients(keys).map_err(io::Error::other)?.wrap_output(out)
    }
}

fn recipient(line: &str) -> Option<Box<dyn age::Recipient + Send + Sync>> {
    if let Ok(key) = line.parse::<x25519::Recipient>() {
        return Some(Box::new(key));
    }
    let key: ssh::Recipient = line.parse().ok()?;
    Some(Box::new(key))
}

/// What a line says of its key, without whose it is.
fn uncommented(line: &str) -> String {
    line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

fn kind(line: &str) -> String {
    line.split_whitespace().next().unwrap_or_default().to_owned()
}

/// Private keys, held in memory alone.
pub struct Identities(Vec<Box<dyn age::Identity>>);

/// How often a passphrase may be wrong.
const TRIES: usize = 3;

impl Identities {
    /// The keys in the file at `path`: one of OpenSSH, with a passphrase or without, or some of age's own.
    ///
    /// A passphrase is asked for on the terminal.
    pub fn read(path: &Path) -> Result<Identities> {
        let text = files::read(path)?;
        if text.starts_with("ssh-") || text.starts_with("ecdsa-") || text.starts_with("age1") {
            return Err(Error::new(format!("`{}` holds a public key", path.display()))
                .hint("name the private one: the same file without `.pub`"));
        }
        if text.contains("-----BEGIN ") {
            return of_openssh(path, &text).map(|key| Identities(vec![key]));
        }
        let unreadable = |error: String| {
            Error::new(format!("`{}` holds no key that age could use: {error}", path.display()))
                .hint("name a private key of OpenSSH (ed25519 or RSA), or a file of `age-keygen`")
        };
        let file = age::IdentityFile::from_buffer(text.as_bytes());
        let keys = file.map_err(|it| unreadable(it.to_string()))?.into_identities();
        let keys = keys.map_err(|it| unreadable(it.to_string()))?;
        if keys.is_empty() {
            return Err(unreadable("it is empty".to_owned()));
        }
        Ok(Identities(keys.into_iter().map(|it| it as Box<dyn age::Identity>).collect()))
    }

    /// What the file at `path` says when it is decrypted. What was damaged shows while it is read.
    pub fn open(&self, path: &Path) -> Result<impl Read + use<>> {
        let name = path.display();
        let file = File::open(path)
            .map_err(|error| Error::new(format!("`{name}` cannot be read: {error}")))?;
        let sealed = Decryptor::new_buffered(BufReader::with_capacity(1 << 17, file));
        let keys = self.0.iter().map(|it| it.as_ref() as &dyn age::Identity);
        sealed.and_then(|it| it.decrypt(keys)).map_err(|error| match error {
            DecryptError::NoMatchingKeys => {
                Error::new(format!("`{name}` was not encrypted to this identity"))
                    .hint("name the private key of one that stands in the site, with `--identity`")
            }
            error => Error::new(format!("`{name}` is damaged: {error}")),
        })
    }
}

fn of_openssh(path: &Path, text: &str) -> Result<Box<dyn age::Identity>> {
    let name = path.display();
    let key = ssh::Identity::from_buffer(text.as_bytes(), None)
        .map_err(|error| Error::new(format!("`{name}` is no private key of OpenSSH: {error}")))?;
    match key {
        ssh::Identity::Unencrypted(_) => Ok(Box::new(key)),
        ssh::Identity::Encrypted(sealed) => {
            for left in (0..TRIES).rev() {
                match sealed.decrypt(passphrase(path)?) {
                    Ok(key) => return Ok(Box::new(ssh::Identity::from(key))),
                    Err(_) if left > 0 && io::stdin().is_terminal() => eprintln!("that is not it"),
                    Err(_) => break,
                }
            }
            Err(Error::new(format!("the passphrase of `{name}` is another")))
        }
        ssh::Identity::Unsupported(reason) => Err(unsupported(path, &reason)),
    }
}

fn unsupported(path: &Path, reason: &ssh::UnsupportedKey) -> Error {
    let name = path.display();
    match reason {
        ssh::UnsupportedKey::Hardware(_) => {
            Error::new(format!("`{name}` is a key in hardware, which signs and cannot decrypt"))
                .hint("use another of the keys that the backup was encrypted to")
        }
        ssh::UnsupportedKey::EncryptedPem => {
            Error::new(format!("`{name}` is in an old format of OpenSSH"))
                .hint(format!("`ssh-keygen -p -f {name}` writes it in the new one"))
        }
        ssh::UnsupportedKey::EncryptedSsh(cipher) => {
            Error::new(format!("`{name}` is encrypted with {cipher}, which is not known here"))
                .hint(format!("`ssh-keygen -p -Z aes256-ctr -f {name}` encrypts it with another"))
        }
        ssh::UnsupportedKey::Type(kind) => {
            Error::new(format!("`{name}` is a key of the type {kind}, which cannot decrypt"))
                .hint("use one that is ed25519 or RSA")
        }
    }
}

/// Asks on the terminal itself, with echo off: standard input may be something else.
fn passphrase(path: &Path) -> Result<SecretString> {
    let prompt = format!("Passphrase of {}: ", path.display());
    rpassword::prompt_password(prompt).map(SecretString::from).map_err(|error| {
        Error::host(format!(
            "`{}` has a passphrase, and it cannot be asked for: {error}",
            path.display()
        ))
        .hint("run it on a terminal, or name a key without a passphrase")
    })
}
