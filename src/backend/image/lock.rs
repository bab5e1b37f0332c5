//! The lock: every package of an image with its version and checksum, so that the next one is the same.

use std::{collections::BTreeMap, fs, io::ErrorKind, path::Path};

use super::workspace::Workspace;
use crate::{
    digest::is_sha256,
    error::{Error, Result},
};

/// Every package, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lock(BTreeMap<String, Locked>);

/// One package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Locked {
    /// Its version.
    pub(super) version: String,
    /// `amd64` or `all`.
    pub(super) architecture: String,
    /// The checksum of its file, in hexadecimal digits.
    pub sha256: String,
}

const HEAD: &str =
    "# Packages of an image, as homeseed installed them: name version architecture sha256\n";

impl Lock {
    /// The lock in a file; none when there is no such file yet.
    pub(super) fn kept(path: &Path) -> Result<Option<Lock>> {
        match fs::read_to_string(path) {
            Ok(text) => Lock::parse(&path.display().to_string(), &text).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::host(format!("cannot read `{}`: {error}", path.display()))),
        }
    }

    /// What was installed in a workspace.
    pub(super) fn of_workspace(workspace: &Workspace<'_>) -> Result<Lock> {
        let lock = Lock::parse("what apt knows", &workspace.packages()?)?;
        let installed = workspace.installed()?;
        if lock.0.len() == installed {
            return Ok(lock);
        }
        let known = lock.0.len();
        Err(Error::host(format!("apt knows the checksums of {known} of {installed} packages")))
    }

    /// Reads a lock; `name` is said in errors.
    pub(super) fn parse(name: &str, text: &str) -> Result<Lock> {
        let mut packages = BTreeMap::new();
        for (n, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            let [package, version, architecture, sha256] = words[..] else {
                return Err(damaged(name, n));
            };
            if !is_sha256(sha256) {
                return Err(damaged(name, n));
            }
            let locked = Locked {
                version: version.to_owned(),
                architecture: architecture.to_owned(),
                sha256: sha256.to_owned(),
            };
            packages.insert(package.to_owned(), locked);
        }
        Ok(Lock(packages))
    }

    /// The text of the file.
    pub(super) fn text(&self) -> String {
        let line = |(name, it): (&String, &Locked)| {
            format!("{name} {} {} {}\n", it.version, it.architecture, it.sha256)
        };
        HEAD.to_owned() + &self.0.iter().map(line).collect::<String>()
    }

    /// Makes apt install these versions and no others, if the archive still has them.
    pub(super) fn pins(&self) -> String {
        let pin = |(name, it): (&String, &Locked)| {
            format!("Package: {name}\nPin: version {}\nPin-Priority: 1001\n\n", it.version)
        };
        self.0.iter().map(pin).collect()
    }

    /// An error that names every difference between this lock and what was `installed`.
    pub(super) fn agrees_with(&self, installed: &Lock) -> Result<()> {
        let mut differences = Vec::new();
        for (name, wanted) in &self.0 {
            match installed.0.get(name) {
                Some(found) if found == wanted => {}
                Some(found) if found.version == wanted.version => {
                    differences.push(format!("{name} {} has another checksum", found.version));
                }
                Some(found) => {
                    let (has, wants) = (&found.version, &wanted.version);
                    differences.push(format!("{name}: locked is {wants}, installed was {has}"));
                }
                None => differences.push(format!("{name} is locked, and nothing installs it")),
            }
        }
        let news = installed.0.keys().filter(|name| !self.0.contains_key(*name));
        differences.extend(news.map(|name| format!("{name} is installed and not locked")));
        if differences.is_empty() {
            return Ok(());
        }
        Err(Error::new(format!("the lock does not hold:\n{}", differences.join("\n")))
            .hint("an archive keeps old versions only for a while: name a snapshot of it with `--mirror`, or remove the lock to make a new one"))
    }

    /// The packages, by name.
    pub(super) fn packages(&self) -> impl Iterator<Item = (&String, &Locked)> {
        self.0.iter()
    }
}

fn damaged(name: &str, n: usize) -> Error {
    Error::new(format!("{name}:{}: this is not `name version architecture sha256`", n + 1))
        .hint("remove the file to make a new lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn lock(lines: &[&str]) -> Lock {
        let text: String = lines.iter().map(|line| format!("{line} {SUM}\n")).collect();
        Lock::parse("lock", &text).expect("it is well-formed")
    }

    #[test]
    fn a_lock_is_read_as_it_was_written() {
        let one = lock(&["curl 7.88-1 amd64", "adduser 3.134 all"]);
        assert_eq!(Lock::parse("lock", &one.text()), Ok(one.clone()));
        assert!(one.agrees_with(&one).is_ok());
        assert!(one.pins().contains("Package: curl\nPin: version 7.88-1\nPin-Priority: 1001\n"));
    }

    #[test]
    fn every_difference_is_named() {
        let wanted = lock(&["curl 7.88-1 amd64", "gone 1 all"]);
        let error = wanted.agrees_with(&lock(&["curl 7.88-2 amd64", "new 1 all"])).unwrap_err();
        for words in
            ["curl: locked is 7.88-1, installed was 7.88-2", "gone is locked", "new is inst"]
        {
            assert!(error.message().contains(words), "{error}");
        }
    }

    #[test]
    fn a_damaged_lock_is_refused_with_its_line() {
        let error = Lock::parse("x.lock", "# a\ncurl 1 amd64\n").unwrap_err();
        assert!(error.message().starts_with("x.lock:2:"), "{error}");
    }
}
