//! The Matrix repository of the test internet, with packages made here.
//!
//! `matrix-synapse-py3` is Synapse from the Python registry in a package that behaves as the one of
//! matrix.org: same paths, user, questions and service. The scripts that make it lie beside this file
//! and run as they are; this module decides when, and keeps what they made. The key is made on this
//! host and stays in the cache.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    digest::sha256,
    error::{Error, Result},
    host::{Host, files},
};

/// A repository that stands, and the tree that its `matrix-synapse-py3` unpacks to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fixture {
    dir: PathBuf,
    version: String,
    fingerprint: String,
}

/// A version of Synapse; they compare as numbers do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Version(Vec<u32>);

/// The folder of the scripts, with their names.
const SCRIPTS: &[(&str, &str)] = &[
    ("build.sh", include_str!("fixture/build.sh")),
    ("key.sh", include_str!("fixture/key.sh")),
    ("repository.sh", include_str!("fixture/repository.sh")),
    ("debian/config", include_str!("fixture/debian/config")),
    ("debian/conffiles", include_str!("fixture/debian/conffiles")),
    ("debian/control", include_str!("fixture/debian/control")),
    ("debian/copyright", include_str!("fixture/debian/copyright")),
    ("debian/keyring.control", include_str!("fixture/debian/keyring.control")),
    ("debian/matrix-synapse.default", include_str!("fixture/debian/matrix-synapse.default")),
    ("debian/matrix-synapse.service", include_str!("fixture/debian/matrix-synapse.service")),
    ("debian/postinst", include_str!("fixture/debian/postinst")),
    ("debian/postrm", include_str!("fixture/debian/postrm")),
    ("debian/preinst", include_str!("fixture/debian/preinst")),
    ("debian/prerm", include_str!("fixture/debian/prerm")),
    ("debian/settings.sh", include_str!("fixture/debian/settings.sh")),
    ("debian/templates", include_str!("fixture/debian/templates")),
    ("debian/triggers", include_str!("fixture/debian/triggers")),
];

/// What the scripts call, and the package of each.
const TOOLS: &[(&str, &str)] = &[
    ("gcc", "gcc"),
    ("gpg", "gnupg"),
    ("pg_config", "libpq-dev"),
    ("python3-config", "python3-dev"),
    ("xz", "xz-utils"),
];

/// Debian's own, whatever else is on the path: the package is for it.
const PYTHON: &str = "/usr/bin/python3";

impl Fixture {
    /// The newest Synapse, packaged; the first time for a version takes two to three minutes.
    ///
    /// Without a way to the Python registry it is the newest that was packaged before.
    pub fn ready(host: &Host, cache: &Path) -> Result<Fixture> {
        let cache = cache.join("fixture");
        let scripts = cache.join("scripts");
        place_scripts(&scripts)?;
        let key = ready_key(host, &cache, &scripts)?;
        let fingerprint = files::read(&key.join("fingerprint"))?.trim().to_owned();
        let suffix = format!("-{}", &digest(&fingerprint)[..12]);
        let version = match newest(host, &cache) {
            Ok(version) => version,
            Err(error) => newest_kept(&cache, &suffix).ok_or(error)?,
        };
        let dir = cache.join(format!("{version}{suffix}"));
        if !dir.is_dir() {
            build(host, &scripts, &key, &version, &dir)?;
            forget_others(&cache, &dir);
        }
        Ok(Fixture { dir, version: version.to_string(), fingerprint })
    }

    /// The folder with its `pool` of packages; beside it lie the `key` that signs it and the `scripts` that make it.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folder to serve as `https://packages.matrix.org/debian/`.
    #[must_use]
    pub fn repository(&self) -> PathBuf {
        self.dir.join("repository/debian")
    }

    /// The fingerprint of the primary key that the repository hangs from, 40 upper case hex digits.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The version of Synapse, such as `1.163.2`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The Python that runs this Synapse without an installation, here or in a Debian tree of the
    /// same release.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.dir.join("tree/opt/venvs/matrix-synapse/bin/python")
    }
}

impl Version {
    /// Digits and dots only: previews are not for tests.
    fn parse(text: &str) -> Option<Version> {
        text.split('.').map(|part| part.parse().ok()).collect::<Option<_>>().map(Version)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&parts.join("."))
    }
}

/// Names everything besides the version that the packages depend on.
fn digest(fingerprint: &str) -> String {
    let parts = SCRIPTS.iter().map(|(name, text)| format!("\n{name} {}\n{text}", text.len()));
    sha256(fingerprint.to_owned() + &parts.collect::<String>())
}

fn place_scripts(dir: &Path) -> Result<()> {
    files::remove(dir)?;
    SCRIPTS.iter().try_for_each(|(name, text)| files::write(&dir.join(name), text))
}

/// The key of this host, made once.
fn ready_key(host: &Host, cache: &Path, scripts: &Path) -> Result<PathBuf> {
    let key = cache.join("key");
    if !key.is_dir() {
        host.require("gpg", "gnupg")?;
        let draft = fresh(cache, "key.new")?;
        host.run(&["sh", &word(&scripts.join("key.sh")), &word(&draft)])?;
        files::rename(&draft, &key)?;
    }
    Ok(key)
}

/// What the Python registry has, asked by its own client.
fn newest(host: &Host, cache: &Path) -> Result<Version> {
    let client = cache.join("pip");
    if !client.is_dir() {
        let draft = cache.join("pip.new");
        files::remove(&draft)?;
        host.run(&[PYTHON, "-m", "venv", &word(&draft)])
            .map_err(|error| error.hint("apt-get install python3-venv"))?;
        files::rename(&draft, &client)?;
    }
    let python = word(&client.join("bin/python"));
    let said = host.read(&[
        &python,
        "-m",
        "pip",
        "--timeout",
        "15",
        "--retries",
        "1",
        "--disable-pip-version-check",
        "index",
        "versions",
        "matrix-synapse",
    ])?;
    parse_newest(&said)
        .ok_or_else(|| Error::host("`pip index versions matrix-synapse` names no version"))
}

/// The first line is `matrix-synapse (1.163.2)`.
fn parse_newest(said: &str) -> Option<Version> {
    let (_, rest) = said.lines().next()?.split_once('(')?;
    Version::parse(rest.trim_end().strip_suffix(')')?)
}

/// What was packaged before by these very scripts.
fn newest_kept(cache: &Path, suffix: &str) -> Option<Version> {
    let names = fs::read_dir(cache).ok()?.flatten().map(|entry| entry.file_name());
    names.filter_map(|name| Version::parse(name.to_str()?.strip_suffix(suffix)?)).max()
}

fn build(host: &Host, scripts: &Path, key: &Path, version: &Version, dir: &Path) -> Result<()> {
    require_release()?;
    TOOLS.iter().try_for_each(|(program, package)| host.require(program, package))?;
    let cache = dir.parent().unwrap_or(dir);
    let draft = fresh(cache, "packages.new")?;
    let (debian, public) = (scripts.join("debian"), key.join("public.gpg"));
    let version = version.to_string();
    let script = |name: &str| word(&scripts.join(name));
    host.run(&[
        "sh",
        &script("build.sh"),
        &version,
        &word(&debian),
        &word(&public),
        &word(&draft),
    ])?;
    let (pool, repository) = (draft.join("pool"), draft.join("repository"));
    host.run(&["sh", &script("repository.sh"), &word(&pool), &word(key), &word(&repository)])?;
    files::rename(&draft, dir)
}

/// The packages hold what this host's Python compiled, for the Python of the machine.
fn require_release() -> Result<()> {
    let release = files::read(Path::new("/etc/os-release"))?;
    if release.lines().any(|line| line == format!("VERSION_CODENAME={}", super::SUITE)) {
        return Ok(());
    }
    Err(Error::host("the Matrix repository of the test internet is made on Debian 12 only")
        .hint("run the test in a Debian 12 machine, chroot or container"))
}

/// An empty folder, whatever an interrupted run left.
fn fresh(cache: &Path, name: &str) -> Result<PathBuf> {
    let dir = cache.join(name);
    files::remove(&dir)?;
    files::make(&dir)?;
    Ok(dir)
}

/// Older packages take 400 MB each; what cannot be removed now is no harm.
fn forget_others(cache: &Path, current: &Path) {
    let entries = fs::read_dir(cache).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()).filter(|path| path != current) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.split_once('-').is_some_and(|(version, _)| Version::parse(version).is_some()) {
            files::remove(&path).ok();
        }
    }
}

fn word(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_read_from_the_first_line() {
        let said = "matrix-synapse (1.163.2)\nAvailable versions: 1.163.2, 1.163.1\n";
        assert_eq!(parse_newest(said).map(|version| version.to_string()), Some("1.163.2".into()));
        assert_eq!(parse_newest("ERROR: no matching distribution\n"), None);
    }

    #[test]
    fn versions_compare_as_numbers_and_previews_are_none() {
        assert!(Version::parse("1.100.0") > Version::parse("1.99.0"));
        assert_eq!(Version::parse("1.164.0rc1"), None);
    }

    #[test]
    fn a_kept_version_counts_only_for_the_same_scripts() {
        let dir = tempfile::tempdir().expect("a folder");
        for name in ["1.9.0-abc", "1.10.0-abc", "1.11.0-other", "key", "1.12.0"] {
            fs::create_dir(dir.path().join(name)).expect("a folder in it");
        }
        assert_eq!(newest_kept(dir.path(), "-abc"), Version::parse("1.10.0"));
        forget_others(dir.path(), &dir.path().join("1.10.0-abc"));
        let mut left: Vec<_> = fs::read_dir(dir.path()).expect("readable").flatten().collect();
        left.sort_by_key(fs::DirEntry::file_name);
        assert_eq!(left.len(), 3, "{left:?}");
    }

    /// Sources the package's `settings.sh` and runs `line` with the file of `text` as `$1`.
    fn with_settings(text: &str, line: &str) -> (String, String) {
        let dir = tempfile::tempdir().expect("a folder");
        let (library, file) = (dir.path().join("settings.sh"), dir.path().join("a.yaml"));
        let settings = SCRIPTS.iter().find(|(name, _)| *name == "debian/settings.sh");
        files::write(&library, settings.expect("it is embedded").1).expect("written");
        files::write(&file, text).expect("written");
        let script = format!(". {}; {line}", library.display());
        let host = Host::new().expect("a host");
        let said = host.read(&["sh", "-euc", &script, "sh", &word(&file)]).expect("it runs");
        (said, files::read(&file).expect("the file"))
    }

    #[test]
    fn the_package_reads_the_last_value_without_its_quotes() {
        let text = "server_name: old.example\nother: 1\nserver_name : \"new.example\"  \n";
        assert_eq!(with_settings(text, "last_value server_name \"$1\"").0, "new.example\n");
    }

    #[test]
    fn the_package_rewrites_only_the_lines_of_its_settings() {
        let text = "# server_name: a\nserver_name: 'b'\nnested:\n  server_name: c\n";
        let (_, after) = with_settings(text, r#"yaml_set server_name 'd\n&.example' "$1""#);
        let expected = text.replace("'b'", r"d\n&.example");
        assert_eq!(after, expected);
    }
}
