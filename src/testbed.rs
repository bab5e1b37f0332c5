//! The test internet: boots a site in QEMU and lets the checks speak.
//!
//! [`run`] is the outer half. It has the host's network, makes what is kept below the cache (a tools root, the
//! image, the Matrix repository) and then starts this very program again in namespaces of its own, where
//! [`inside`] opens the test internet and plays the cases. What it starts cannot survive it.

pub mod accelerator;
pub mod acme;
pub mod archive;
pub mod bed;
pub mod bridge;
pub mod case;
pub mod console;
pub mod disk;
pub mod dns;
pub mod drive;
pub mod fixture;
pub mod front;
pub mod image;
pub mod inner;
pub mod internet;
pub mod link;
pub mod look;
pub mod machine;
pub mod mount;
pub mod orders;
pub mod peer;
pub mod progress;
pub mod qmp;
pub mod report;
pub mod root;
pub mod shell;
pub mod stock;
pub mod tally;
pub mod tree;
pub mod trust;
pub mod world;

use std::{
    fs,
    path::{Path, PathBuf},
};

pub use self::orders::Verdict;
use self::{
    archive::Archives,
    case::{Case, Start},
    fixture::Fixture,
    image::Image,
    orders::Orders,
    root::Root,
};
use crate::{
    error::{Error, Errors, Result},
    host::Host,
    plan::Plan,
    site::Site,
};

/// Reads a site and decides what its machine consists of.
pub type Compile<'a> = &'a dyn Fn(&Path) -> std::result::Result<(Site, Plan), Errors>;

/// What is to be tested.
pub struct Request<'a> {
    /// A site, a folder with a `site.yaml`, or a folder of such folders.
    pub path: &'a Path,
    /// How a site becomes a plan.
    pub compile: Compile<'a>,
    /// Where everything is kept that takes long to make.
    pub cache: &'a Path,
    /// What to do with it.
    pub aim: Aim,
}

/// How far a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// Make what is kept, and stop.
    Prepare,
    /// Play the cases.
    Play,
    /// Boot what the last run of the one case left, and give the reader a shell.
    Look,
}

/// The hidden word of the command line after which the orders of [`inside`] stand.
pub const INSIDE: &str = "test-inside";

/// The release that machines run.
const SUITE: &str = "bookworm";

/// Does what `request` aims at; cases are played in namespaces that end with it.
pub fn run(request: &Request) -> std::result::Result<Verdict, Errors> {
    let host = Host::new()?;
    tree::make(request.cache)?;
    let cache = fs::canonicalize(request.cache).map_err(|error| Error::host(error.to_string()))?;
    let orders = prepare(&host, request, cache)?;
    if request.aim == Aim::Prepare {
        return Ok(Verdict { passed: 0, failed: 0 });
    }
    let verdict = Verdict::file(&orders.cache);
    fs::remove_file(&verdict).ok();
    let status = host.attach(&enter(&orders.cache, &orders.write()?)?)?;
    if request.aim == Aim::Look && status == 0 {
        return Ok(Verdict { passed: 0, failed: 0 });
    }
    if status != 0 {
        return Err(ended(status).into());
    }
    let text = tree::read(&verdict).map_err(|_| ended(status))?;
    Ok(serde_json::from_str(&text).map_err(|_| ended(status))?)
}

/// The inner half, with the orders in `file`.
pub fn inside(file: &Path) -> std::result::Result<(), Errors> {
    let orders = Orders::read(file)?;
    if orders.look {
        return Ok(inner::look(&orders)?);
    }
    let verdict = inner::play(&orders)?;
    let text = serde_json::to_string(&verdict).unwrap_or_default();
    Ok(tree::write(&Verdict::file(&orders.cache), &text)?)
}

/// Makes everything that needs the host's network or takes long.
fn prepare(host: &Host, request: &Request, cache: PathBuf) -> std::result::Result<Orders, Errors> {
    let sites = sites(request.path)?;
    let compiled = sites
        .iter()
        .map(|site| (request.compile)(site))
        .collect::<std::result::Result<Vec<_>, _>>()?;
    eprintln!("tools root, image and Matrix repository: made now unless kept from before");
    let root = Root::ready(host, &cache)?;
    let fixture = Fixture::ready(host, &cache)?;
    let image = Image::ready(host, SUITE, &cache)?;
    let mut cases = Vec::new();
    for (site, plan) in sites.iter().zip(compiled) {
        cases.push(Case::compile(site, plan, &fixture)?);
    }
    // Those that start from another's disk come after all who could share theirs.
    cases.sort_by_key(|case| case.start == Start::Packages);
    let upstreams = bridge::open(&Archives::of_this_host(host)?, &cache)?;
    let root = root.dir().to_owned();
    Ok(Orders { cache, root, image, upstreams, fixture, cases, look: request.aim == Aim::Look })
}

/// The site files below `path`.
fn sites(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if path.join("site.yaml").is_file() {
        return Ok(vec![path.join("site.yaml")]);
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        entries.map(|entry| entry.path().join("site.yaml")).filter(|file| file.is_file()).collect();
    found.sort();
    if found.is_empty() {
        let message = format!("there is no site at `{}`", path.display());
        return Err(Error::new(message).hint("name a site.yaml, or a folder with one"));
    }
    Ok(found)
}

/// The command that starts this program again as the first process of namespaces of its own.
///
/// Whatever ends us ends `unshare`, that ends its child, and the kernel all others.
fn enter(cache: &Path, orders: &Path) -> Result<Vec<String>> {
    let program = std::env::current_exe().map_err(|error| Error::host(error.to_string()))?;
    let lock = cache.join("lock");
    let words = [
        "setpriv",
        "--pdeathsig",
        "KILL",
        "--",
        "flock",
        "--nonblock",
        "--no-fork",
        "--conflict-exit-code",
        "75",
        &lock.to_string_lossy(),
        "unshare",
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        &program.to_string_lossy(),
        INSIDE,
        &orders.to_string_lossy(),
    ];
    Ok(words.map(str::to_owned).to_vec())
}

fn ended(status: i32) -> Error {
    match status {
        75 => Error::host("another test runs with the same cache").hint("wait for its end"),
        _ => Error::host(format!("the test bed ended with status {status} and said no verdict")),
    }
}
