//! The test internet: boots a site in QEMU, or in a container, and lets the checks speak.
//!
//! [`run`] is the outer half. It has the host's network, makes what is kept below the cache (a tools root, the
//! image, the Matrix repository) and then starts this very program again in namespaces of its own, once
//! for each lane, where [`inside`] opens the test internet and plays the cases. What it starts cannot survive it.

// `pub` in the parts means: for the other parts. They are private, so that what nobody uses is seen.
#![allow(unreachable_pub)]

mod accelerator;
mod acme;
mod ahead;
mod bridge;
mod case;
mod console;
mod container;
mod context;
mod disk;
mod dns;
mod drive;
mod environment;
mod fixture;
mod front;
mod golden;
mod guest;
mod image;
mod inner;
mod internet;
mod link;
mod machine;
mod mount;
mod peer;
mod qmp;
mod report;
mod results;
mod root;
mod run_spec;
mod shell;
mod stock;
mod tap_writer;
mod terminal;
pub mod timeline;
mod tree;
mod trust;
mod verdict;

use std::{
    fs::{self, File, TryLockError},
    io::{Stdout, stdout},
    panic::resume_unwind,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread::{self, ScopedJoinHandle},
};

pub use self::tap_writer::Verdict;
use self::{
    case::{Case, Lane, Start, Wanted},
    fixture::Fixture,
    image::Image,
    report::Report,
    results::Message,
    root::Root,
    run_spec::RunSpec,
    tap_writer::TapWriter,
};
use crate::{
    error::{Error, Errors, Result},
    host::{Host, archives::Archives, files},
    plan::{Aim, Plan},
};

/// Reads a site and decides what its machine consists of.
pub type Compile<'a> = &'a dyn Fn(&Path, Aim) -> std::result::Result<Plan, Errors>;

/// What is to be tested.
pub struct Request<'a> {
    /// A site, a folder with a `site.yaml`, or a folder of such folders.
    pub path: &'a Path,
    /// How a site becomes a plan.
    pub compile: Compile<'a>,
    /// What a generic image is made from.
    pub generic: &'a dyn Fn() -> std::result::Result<Plan, Errors>,
    /// Where everything is kept that takes long to make.
    pub cache: &'a Path,
    /// An image to boot instead of the stock one.
    pub image: Option<&'a Path>,
    /// Play it in a container, whatever its script says.
    pub container: bool,
    /// Another script than that of the case, and the variables that it reads.
    pub script: Option<Script<'a>>,
    /// What to do with it.
    pub mode: Mode,
}

/// What is done with a machine.
#[derive(Debug, Clone)]
pub struct Script<'a> {
    /// The shell, with the verbs of `image-tests/lib.sh`.
    pub text: &'a str,
    /// The variables that it reads beside those of every script.
    pub variables: Vec<(&'static str, String)>,
}

/// How far a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Make what is kept, and stop.
    Prepare,
    /// Play the cases.
    Play,
    /// Boot what the last run of the one case left, and give the reader a shell.
    Shell,
}

/// The hidden word of the command line after which the spec of [`inside`] stand.
pub const INSIDE: &str = "test-inside";

/// The release that machines run.
const SUITE: &str = "bookworm";

/// Does what `request` aims at; cases are played in namespaces that end with it.
pub fn run(request: &Request) -> std::result::Result<Verdict, Errors> {
    let host = Host::new()?;
    files::make(request.cache)?;
    let cache = fs::canonicalize(request.cache).map_err(|error| Error::host(error.to_string()))?;
    let _lock = lock(&cache)?;
    let spec = prepare(&host, request, cache)?;
    match request.mode {
        Mode::Prepare => Ok(Verdict::default()),
        Mode::Shell => Ok(shell(&host, spec)?),
        Mode::Play => Ok(play(spec)?),
    }
}

/// The inner half, with the specification in `file`.
pub fn inside(file: &Path) -> std::result::Result<(), Errors> {
    let spec = RunSpec::read(file)?;
    Ok(if spec.shell { inner::shell(&spec) } else { inner::play(&spec) }?)
}

/// Lets the reader look into the one machine.
fn shell(host: &Host, spec: RunSpec) -> Result<Verdict> {
    for spec in spec.divided() {
        let status = host.attach(&enter(&spec.write()?)?)?;
        if status != 0 {
            return Err(ended(status));
        }
    }
    Ok(Verdict::default())
}

/// Plays the cases at once that do not need each other: a machine with a kernel of its own keeps one core busy, and
/// containers wait most of the time.
fn play(spec: RunSpec) -> Result<Verdict> {
    eprintln!(
        "image: {}\nthe Matrix repository is ours, with Synapse {} and a key of its own",
        spec.image.origin,
        spec.fixture.version()
    );
    spec.clear()?;
    let names: Vec<String> = spec.cases.iter().map(|case| case.name.clone()).collect();
    let (cache, specs) = (spec.cache.clone(), spec.divided());
    let writer = Mutex::new((TapWriter::new(stdout()), Report::default()));
    thread::scope(|scope| {
        let lanes: Vec<_> =
            specs.iter().map(|spec| scope.spawn(|| follow(spec, &writer))).collect();
        lanes.into_iter().map(joined).collect::<Result<Vec<()>>>()
    })?;
    let (writer, report) = writer.into_inner().unwrap_or_else(PoisonError::into_inner);
    files::write(&cache.join("report.txt"), &report.table())?;
    eprintln!("{}\n{}", report.table(), writer.failures());
    // The halves agree among themselves who plays what.
    let astray = report.astray(names.iter().map(String::as_str));
    if !astray.is_empty() {
        let astray = astray.join(", ");
        return Err(Error::host(format!("not played, or more than once: {astray}")));
    }
    Ok(writer.finish())
}

/// Plays the cases of one lane, and hands on what is said of them.
fn follow(spec: &RunSpec, writer: &Mutex<(TapWriter<Stdout>, Report)>) -> Result<()> {
    // Emulation takes longest of all: the others wait for what it leaves.
    let host = match spec.lane {
        _ if !spec.beside_others => Host::new()?,
        Lane::Qemu => Host::preceding()?,
        Lane::Container => Host::yielding()?,
    };
    let mut inner = host.listen(&enter(&spec.write()?)?)?;
    let mut complete = false;
    while let Some(line) = inner.hear()? {
        let message: Message = serde_json::from_str(&line)
            .map_err(|error| Error::host(format!("a result is damaged: {error}")))?;
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.0.take(&message);
        match message {
            Message::Times(times) => writer.1.add(times),
            Message::End => complete = true,
            Message::Result { .. } | Message::Remark(_) => {}
        }
    }
    match inner.finish() {
        0 if complete => Ok(()),
        status => Err(ended(status)),
    }
}

/// Makes everything that needs the host's network or takes long.
fn prepare(host: &Host, request: &Request, cache: PathBuf) -> std::result::Result<RunSpec, Errors> {
    let sites = sites(request.path)?;
    if request.mode == Mode::Shell && sites.len() > 1 {
        return Err(several(&sites).into());
    }
    let compiled = sites
        .iter()
        .map(|site| (request.compile)(site, aim(request, site)))
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let given = request.image.map(given).transpose()?;
    for (file, plan) in sites.iter().zip(&compiled) {
        case::possible(file, plan, &cache)?;
    }
    let further = case::installs(&sites)?;
    eprintln!("tools root, image and Matrix repository: made now unless kept from before");
    let (root, fixture, image) = thread::scope(|scope| {
        let root = scope.spawn(|| Root::ready(&Host::new()?, &cache, &further));
        let fixture = scope.spawn(|| Fixture::ready(&Host::new()?, &cache));
        let image = Image::ready(host, SUITE, &cache);
        (joined(root), joined(fixture), image)
    });
    let (root, fixture, image) = (root?, fixture?, image?);
    let mut cases = cases(request, &sites, compiled, given.as_deref(), &fixture)?;
    if cases.iter().any(|case| case.lane == Lane::Container) {
        host.require("systemd-nspawn", "systemd-container")?;
    }
    if cases.iter().any(|case| case.disk) {
        host.require("xfs_io", "xfsprogs")?;
    }
    // Those that start from another's disk come after all who could share theirs; what others start from is made meanwhile.
    cases.sort_by_key(|case| (case.start == Start::Packages, case.start.is_made()));
    let upstreams = bridge::open(&Archives::of_this_host(host)?, &cache)?;
    let root = root.dir().to_owned();
    Ok(RunSpec {
        cache,
        root,
        image,
        upstreams,
        fixture,
        lane: Lane::default(),
        place: String::new(),
        cases,
        shares: false,
        shell: request.mode == Mode::Shell,
        beside_others: false,
    })
}

/// The script of a case brings the computers that its site relies on; for another site there are none.
fn aim(request: &Request, site: &Path) -> Aim {
    let scripted = request.script.is_none() && site.with_file_name("test.sh").is_file();
    Aim { rehearses: !scripted, ..Aim::default() }
}

/// Compiles the cases of `sites`, whose plans are made already.
fn cases(
    request: &Request,
    sites: &[PathBuf],
    plans: Vec<Plan>,
    given: Option<&Path>,
    fixture: &Fixture,
) -> std::result::Result<Vec<Case>, Errors> {
    let mut cases = Vec::new();
    let script = request.script.as_ref();
    let wanted = Wanted { image: given, container: request.container, script };
    for (site, plan) in sites.iter().zip(plans) {
        let mut case = Case::compile(site, plan, &wanted, fixture)?;
        if request.script.is_some() {
            cases.push(case);
            continue;
        }
        for file in case::beside(site)? {
            case.add(&file, (request.compile)(&file, Aim::default())?, fixture)?;
        }
        if case.restores {
            let aim = Aim { restores: true, ..Aim::default() };
            case.restore_with((request.compile)(site, aim)?, fixture)?;
        }
        if case.start == Start::GenericImage {
            case.generic = Some((request.generic)()?);
            case.pin(fixture);
        }
        cases.push(case);
    }
    Ok(cases)
}

/// What a thread found; its panic is ours.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// The site files below `path`.
fn sites(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if path.join("site.yaml").is_file() {
        return Ok(vec![path.join("site.yaml")]);
    }
    let folders = if path.is_dir() { files::list(path)? } else { Vec::new() };
    let files = folders.into_iter().map(|folder| folder.join("site.yaml"));
    let found: Vec<PathBuf> = files.filter(|file| file.is_file()).collect();
    if found.is_empty() {
        let message = format!("there is no site at `{}`", path.display());
        return Err(Error::new(message).hint("name a site.yaml, or a folder with one"));
    }
    Ok(found)
}

/// An image that the caller brought, by its full name.
fn given(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path)
        .map_err(|error| Error::new(format!("cannot read `{}`: {error}", path.display())))
}

/// A look is at one machine.
fn several(sites: &[PathBuf]) -> Error {
    let names: Vec<String> = sites.iter().map(|site| format!("`{}`", site.display())).collect();
    Error::new("there are several machines to look at")
        .hint(format!("name one of {}", names.join(", ")))
}

/// Keeps every other run away from what is kept in `cache`, until it is dropped.
fn lock(cache: &Path) -> Result<File> {
    let path = cache.join("lock");
    let failed =
        |error: std::io::Error| Error::host(format!("cannot lock `{}`: {error}", path.display()));
    let file = File::create(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::host("another test runs with the same cache").hint("wait for its end"))
        }
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// The command that starts this program again as the first process of namespaces of its own.
///
/// Whatever ends us ends `unshare`, that ends its child, and the kernel all others.
fn enter(spec: &Path) -> Result<Vec<String>> {
    let program = std::env::current_exe().map_err(|error| Error::host(error.to_string()))?;
    let words = [
        "setpriv",
        "--pdeathsig",
        "KILL",
        "--",
        "unshare",
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        &program.to_string_lossy(),
        INSIDE,
        &spec.to_string_lossy(),
    ];
    Ok(words.map(str::to_owned).to_vec())
}

fn ended(status: i32) -> Error {
    Error::host(format!("the test environment ended with status {status} and said no verdict"))
}
