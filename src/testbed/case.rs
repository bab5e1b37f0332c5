//! One case: a site, what it compiles to, and the script that says what must hold.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Script, fixture::Fixture, machine};
use crate::{
    backend::user_data::{self, Encoding, Split},
    error::{Error, Errors, Result},
    host::files,
    http_url,
    plan::Plan,
    site::HostName,
};

/// A case, compiled: the half that runs in the namespace reads no site.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// What the machine runs in.
    pub lane: Lane,
    /// Whether a container has a disk of its own.
    pub disk: bool,
    /// What the machine starts from.
    pub start: Start,
    /// Its site file.
    pub site: PathBuf,
    /// The script of the case; the standard one when there is none.
    pub script: Option<String>,
    /// Variables of its own.
    pub variables: Vec<(String, String)>,
    /// What the machine consists of.
    pub plan: Plan,
    /// What its image consists of, when that is not the same.
    pub generic: Option<Plan>,
    /// The fingerprint that the site pins.
    pub fingerprint: String,
    /// What the user pastes.
    pub user_data: String,
    /// Where the machine fetches its payload, if it does.
    pub mirror: Option<Mirror>,
    /// Whether another machine of the same site is to wait for a backup.
    pub restores: bool,
    /// When it is played, of those that start from the same.
    pub turn: Turn,
    /// Further sites of the folder, by the names of their files without the ending.
    pub further: BTreeMap<String, Further>,
    /// The localpart of its first user.
    pub admin: String,
    /// A homeserver that the site federates with, if it does with any.
    pub listed: Option<String>,
    /// Whether it federates with every other too.
    pub anyone: bool,
    /// Where the machine finds the Matrix repository.
    pub repository: String,
    /// Where the machine finds its certificate authority.
    pub authority: String,
}

/// A web server that has what a machine fetches.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mirror {
    /// Where it is.
    pub url: Url,
    /// The payload that the document expects.
    pub payload: Vec<u8>,
}

/// The line of a script that names the mirrors of its payload, in the order in which the machine asks them. The last
/// one serves what `payload` of the case's folder holds at the time; the others are nowhere.
const FETCHES: &str = "# fetches from: ";

/// The line of a script that wants a document with which a machine waits for a backup.
const RESTORES: &str = "# restores a backup";

/// When a case is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Turn {
    /// Before the others, since it waits more than it works.
    Early,
    /// As their folders are called.
    InOrder,
}

/// The line of a script whose turn is early.
const WAITS: &str = "# waits more than it works";

/// The name of that document.
pub const RESTORING: &str = "restoring";

/// The document of `plan`, and where the machine fetches its payload when `script` says that it does.
fn delivered(plan: &Plan, script: &str) -> Result<(String, Option<Mirror>)> {
    let Some(line) = script.lines().find_map(|line| line.strip_prefix(FETCHES)) else {
        return Ok((document(plan)?, None));
    };
    let parse = |text| {
        http_url::parse(text)
            .map_err(|fault| Error::new(format!("`{text}` is no address of a mirror: {fault}")))
    };
    let mirrors = line.split_whitespace().map(parse).collect::<Result<Vec<Url>>>()?;
    let url = mirrors.last().cloned().ok_or_else(|| Error::new("a script names no mirror"))?;
    let Split { document, payload } =
        user_data::split(plan, &mirrors, Encoding::Auto, user_data::LIMIT);
    Ok((document, Some(Mirror { url, payload })))
}

/// Another document for the same machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Further {
    /// What the machine is to become.
    pub plan: Plan,
    /// What the user pastes.
    pub user_data: String,
}

/// What a machine runs in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// A QEMU, with a kernel of its own.
    #[default]
    Qemu,
    /// A container, on the kernel of this host.
    Container,
}

/// The line of a script that says what its machine runs in, if it is not QEMU.
const RUNS: &str = "# runs in: ";

impl Lane {
    /// What a script says, and whether a container has a disk of its own.
    fn of(script: &str) -> Result<(Lane, bool)> {
        match script.lines().find_map(|line| line.strip_prefix(RUNS)) {
            None | Some("qemu") => Ok((Lane::Qemu, false)),
            Some("container") => Ok((Lane::Container, false)),
            Some("container, on a disk") => Ok((Lane::Container, true)),
            Some(word) => Err(Error::new(format!("a machine cannot run in `{word}`"))
                .hint("write `# runs in: container`, `container, on a disk` or `qemu`")),
        }
    }

    /// Where machines run, for the reader.
    #[must_use]
    pub fn place(self) -> &'static str {
        match self {
            Lane::Qemu => "QEMU",
            Lane::Container => "the containers",
        }
    }

    /// Its name, as a script says it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Lane::Qemu => "qemu",
            Lane::Container => "container",
        }
    }
}

/// The line of a script that says which packages it needs in the tools root, beside those that are always there.
const INSTALLS: &str = "# installs: ";

/// All packages that the scripts beside these sites need so.
pub(super) fn installs(sites: &[PathBuf]) -> Result<Vec<String>> {
    let mut all = BTreeSet::new();
    for script in sites.iter().map(|site| site.with_file_name("test.sh")).filter(|it| it.is_file())
    {
        let text = files::read(&script)?;
        let lines = text.lines().filter_map(|line| line.strip_prefix(INSTALLS));
        all.extend(lines.flat_map(str::split_whitespace).map(str::to_owned));
    }
    Ok(all.into_iter().collect())
}

/// What a machine starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// The stock image.
    Fresh,
    /// The disk of an earlier case, as it was when its packages stood; the stock image when there is none.
    Packages,
    /// An image of the site, made for it; the second time it must be the same.
    Image {
        /// Whether it is made a second time.
        twice: bool,
    },
    /// A generic image, made for it, and the user-data.
    GenericImage,
    /// A tree of `debootstrap`'s, baked with the site's overlay.
    Debootstrap,
    /// An image that the caller brought.
    Given(PathBuf),
}

/// The line of a script that says what its machine starts from, if it is not the stock image.
const STARTS: &str = "# starts from: ";

impl Start {
    /// Whether it is made for the case, which takes a while.
    #[must_use]
    pub fn is_made(&self) -> bool {
        matches!(self, Start::Image { .. } | Start::GenericImage | Start::Debootstrap)
    }

    /// An error when no machine of that kind can start from it.
    fn fits(&self, lane: Lane, disk: bool) -> Result<()> {
        if lane == Lane::Container && !matches!(self, Start::Fresh | Start::Packages) {
            return Err(Error::new("a container starts from the tree of the stock image alone")
                .hint("test an image in QEMU"));
        }
        if disk && *self != Start::Fresh {
            return Err(Error::new("a container with a disk starts from the stock image alone"));
        }
        Ok(())
    }

    /// What a script says.
    fn of(script: &str) -> Result<Start> {
        let Some(word) = script.lines().find_map(|line| line.strip_prefix(STARTS)) else {
            return Ok(Start::Fresh);
        };
        match word {
            "packages" => Ok(Start::Packages),
            "image" => Ok(Start::Image { twice: false }),
            "image, made twice" => Ok(Start::Image { twice: true }),
            "generic image" => Ok(Start::GenericImage),
            "debootstrap" => Ok(Start::Debootstrap),
            _ => Err(Error::new(format!("a machine cannot start from `{word}`"))),
        }
    }
}

impl Case {
    /// Compiles the case of `file`, with the key of `fixture` in place of the one that the site pins.
    ///
    /// An image that the caller brought has its packages, hence its key: the site is left alone.
    pub fn compile(
        file: &Path,
        mut plan: Plan,
        wanted: &Wanted<'_>,
        fixture: &Fixture,
    ) -> std::result::Result<Case, Errors> {
        let listed = fact(&plan, "LISTED")?;
        let anyone = listed == "anyone";
        let fingerprint = fact(&plan, "MATRIX_FINGERPRINT")?;
        if wanted.image.is_none() {
            pin(&mut plan, &fingerprint, fixture.fingerprint());
        }
        let own = file.with_file_name("test.sh");
        let script = match wanted.script {
            Some(script) => Some(script.text.to_owned()),
            None if own.is_file() => Some(files::read(&own)?),
            None => None,
        };
        let text = script.clone().unwrap_or_default();
        let variables = wanted.script.map(|it| it.variables.clone()).unwrap_or_default();
        let start = match wanted.image {
            Some(image) => Start::Given(image.to_owned()),
            None => Start::of(&text)?,
        };
        let (lane, disk) = match Lane::of(&text)? {
            (_, disk) if wanted.container => (Lane::Container, disk),
            said => said,
        };
        start.fits(lane, disk)?;
        let (user_data, mirror) = delivered(&plan, &text)?;
        Ok(Case {
            name: name(file),
            lane,
            disk,
            user_data,
            mirror,
            restores: text.lines().any(|line| line == RESTORES),
            turn: if text.lines().any(|line| line == WAITS) { Turn::Early } else { Turn::InOrder },
            further: BTreeMap::new(),
            site: std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned()),
            start,
            script,
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            admin: fact(&plan, "ADMIN")?,
            listed: if anyone { Some("listed.example.net".to_owned()) } else { Some(listed) }
                .filter(|it| *it != plan.server_name && it.parse::<HostName>().is_ok()),
            anyone,
            repository: fact(&plan, "MATRIX_REPOSITORY")?,
            authority: fact(&plan, "ACME")?,
            generic: None,
            fingerprint,
            plan,
        })
    }

    /// Adds another site of its folder.
    pub fn add(&mut self, file: &Path, plan: Plan, fixture: &Fixture) -> Result<()> {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        self.add_as(&name, plan, fixture)
    }

    /// Adds the document with which a machine of its site waits for a backup.
    pub fn restore_with(&mut self, plan: Plan, fixture: &Fixture) -> Result<()> {
        self.add_as(RESTORING, plan, fixture)
    }

    fn add_as(&mut self, name: &str, mut plan: Plan, fixture: &Fixture) -> Result<()> {
        let fingerprint = fact(&plan, "MATRIX_FINGERPRINT")?;
        pin(&mut plan, &fingerprint, fixture.fingerprint());
        let user_data = document(&plan)?;
        self.further.insert(name.to_owned(), Further { plan, user_data });
        Ok(())
    }

    /// Puts the key of `fixture` into the plan of its image too.
    pub fn pin(&mut self, fixture: &Fixture) {
        if let Some(generic) = &mut self.generic {
            pin(generic, &self.fingerprint, fixture.fingerprint());
        }
    }

    /// Its machine, as a provider numbers it.
    #[must_use]
    pub fn id(&self) -> String {
        format!("testbed-{}", self.name)
    }

    /// Where everything of it lies below `cache`.
    #[must_use]
    pub fn dir(&self, cache: &Path) -> PathBuf {
        dir(cache, &self.name)
    }
}

/// What the caller asks for beside the case itself.
#[derive(Debug, Default)]
pub struct Wanted<'a> {
    /// An image to start from.
    pub image: Option<&'a Path>,
    /// A container, whatever the script says.
    pub container: bool,
    /// Another script.
    pub script: Option<&'a Script<'a>>,
}

/// The further sites beside that of a case: all but `site.yaml` in a folder with a script.
pub fn beside(file: &Path) -> Result<Vec<PathBuf>> {
    let is_case = file.file_name().is_some_and(|name| name == "site.yaml");
    if !is_case || !file.with_file_name("test.sh").is_file() {
        return Ok(Vec::new());
    }
    let all = files::list(file.parent().unwrap_or(Path::new(".")))?;
    let is_site = |path: &PathBuf| path.extension().is_some_and(|it| it == "yaml") && path != file;
    Ok(all.into_iter().filter(is_site).collect())
}

/// An error when the case of `file` cannot be played here: to be asked before anything is built.
pub fn possible(file: &Path, plan: &Plan, cache: &Path) -> Result<()> {
    if let Some(proxy) = plan.fact("APT_PROXY").filter(|proxy| !proxy.is_empty()) {
        return Err(Error::new(format!("the test internet has no proxy `{proxy}`"))
            .hint("test the site without it"));
    }
    machine::fits(&dir(cache, &name(file)))
}

fn dir(cache: &Path, name: &str) -> PathBuf {
    cache.join("runs").join(name)
}

/// How much a provider takes is no matter of a machine here.
fn document(plan: &Plan) -> Result<String> {
    user_data::render(plan, Encoding::Auto, user_data::LIMIT)
        .or_else(|_| user_data::render(plan, Encoding::Compact, usize::MAX))
}

/// The folder says what a case is about; a site beside others is known by its own name.
fn name(file: &Path) -> String {
    let folder = file.parent().and_then(Path::file_name);
    let stem = file.file_stem().unwrap_or_default();
    let name = folder.filter(|_| stem == "site").unwrap_or(stem).to_string_lossy().into_owned();
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

/// The one thing in which a tested machine differs from the user's: whose packages it trusts.
fn pin(plan: &mut Plan, from: &str, to: &str) {
    for file in &mut plan.files {
        file.contents = file.contents.replace(from, to);
    }
}

/// A fact that the test environment has to know of every machine.
fn fact(plan: &Plan, name: &str) -> Result<String> {
    let missing = || Error::new(format!("no layer of this site declares the fact `{name}`"));
    plan.fact(name).map(str::to_owned).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_named_after_its_folder_or_its_file() {
        assert_eq!(name(Path::new("image-tests/late-dns/site.yaml")), "late-dns");
        assert_eq!(name(Path::new("sites/my chat.yaml")), "my_chat");
        assert_eq!(name(Path::new("site.yaml")), "site");
    }
}
