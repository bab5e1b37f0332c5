//! Turns a plan into a disk image that boots under BIOS and UEFI, as Debian lays its own cloud images out.
//!
//! `mmdebstrap` makes a Debian tree in a namespace of its own and bakes the plan's overlay into it; `normalize.sh` makes the
//! file system; [`disk`] puts partitions around it. Nothing is mounted on this host, no loop device is used, and an
//! ordinary user will do. The same packages make the same bytes.

pub mod cloud;
mod disk;
mod gpt;
mod lock;
mod sbom;
mod workspace;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use self::{lock::Lock, workspace::Workspace};
use super::{
    overlay::{self, Purpose},
    parts,
};
use crate::{
    digest,
    error::{Error, Result},
    host::{Host, files, interrupt, progress::Progress},
    plan::Plan,
};

/// What is to be made.
pub struct Request<'a> {
    /// What the machine consists of.
    pub plan: &'a Plan,
    /// Whether the image is one site's.
    pub purpose: Purpose,
    /// The file to write.
    pub output: &'a Path,
    /// How the disk stands in it.
    pub format: Format,
    /// The bytes of the disk; as few gigabytes as hold it when nobody says.
    pub size: Option<u64>,
    /// Every package's version and checksum: honoured when the file is there, written when it is not.
    pub lock: Option<&'a Path>,
    /// The lines of a `sources.list`: where Debian's packages come from while it is made.
    pub sources: &'a str,
}

/// How a disk stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// QEMU's own, compressed.
    Qcow2,
    /// As it is, sparse.
    Raw,
}

/// What was made, and what it took.
#[derive(Debug, Clone)]
pub struct Made {
    /// The bytes that the disk has.
    pub size: u64,
    /// The bytes that its files take.
    pub installed: u64,
    /// The bytes that the image takes on this host.
    pub stored: u64,
    /// How long each stage took.
    pub stages: Vec<(&'static str, Duration)>,
}

/// What is called, and the package of each.
const TOOLS: &[(&str, &str)] = &[
    ("mmdebstrap", "mmdebstrap"),
    ("mke2fs", "e2fsprogs"),
    ("mkfs.vfat", "dosfstools"),
    ("mcopy", "mtools"),
];

/// The boot loader that keeps itself up to date, and what its configuration calls.
const BOOT_LOADER: &[&str] = &["grub-cloud-amd64", "e2fsprogs"];

/// No index of the man pages is made: it would not be kept, and a machine of ours makes it daily.
const NO_INDEX: &str = "--essential-hook=\
    echo man-db man-db/auto-update boolean false | chroot \"$1\" debconf-set-selections";

impl Format {
    /// The format that a file's name asks for.
    pub fn of(path: &Path) -> Result<Format> {
        match path.extension().and_then(|it| it.to_str()) {
            Some("qcow2") => Ok(Format::Qcow2),
            Some("raw" | "img") => Ok(Format::Raw),
            _ => {
                let message =
                    format!("`{}` does not say how the disk is to be stored", path.display());
                Err(Error::new(message)
                    .hint("name a file that ends in `.qcow2` or `.raw`, or give `--format`"))
            }
        }
    }
}

/// Every package that an image of `plan` is asked to have.
#[must_use]
pub fn packages(plan: &Plan) -> Vec<&str> {
    let planned = plan.packages.iter().chain(&plan.presumed).map(|it| it.name.as_str());
    let mut names: Vec<&str> =
        cloud::PACKAGES.iter().chain(BOOT_LOADER).copied().chain(planned).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Makes the image; on failure there is none.
pub fn build(host: &Host, request: &Request<'_>, progress: &Progress) -> Result<Made> {
    require(host, request.format)?;
    let wanted = request.lock.map_or(Ok(None), Lock::kept)?;
    let draft = files::draft_beside(request.output)?;
    let mut build = Build {
        host,
        request,
        progress,
        names: Names::of(request),
        dir: draft.path(),
        workspace: Workspace::make(host)?,
        stages: Vec::new(),
    };
    build.prepare(wanted.as_ref())?;
    build.stage("packages", Build::tree)?;
    let lock = Lock::of_workspace(&build.workspace)?;
    if let Some(wanted) = &wanted {
        wanted.agrees_with(&lock)?;
    }
    let installed = build.stage("tidying", Build::normalize)?;
    let size = build.stage("file system", |it| it.file_system(installed))?;
    let image = build.stage("disk", |it| it.disk(size))?;
    let bill =
        sbom::document(&lock, &build.workspace.python()?, &build.names.subject, request.output);
    let stages = std::mem::take(&mut build.stages);
    drop(build);
    files::replace(&beside(request.output, ".cdx.json"), bill.as_bytes())?;
    if let (Some(path), None) = (request.lock, &wanted) {
        files::replace(path, lock.text().as_bytes())?;
    }
    files::rename(&image, request.output)?;
    let stored = files::stored(request.output)?;
    Ok(Made { size, installed, stored, stages })
}

/// Whether the file at `path` is an image of ours: its bill of materials stands beside it.
#[must_use]
pub fn is_ours(path: &Path) -> bool {
    fs::read_to_string(beside(path, ".cdx.json")).is_ok_and(|bill| sbom::is_ours(&bill))
}

/// The name of `path` with more at its end.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn require(host: &Host, format: Format) -> Result<()> {
    let more = [("qemu-img", "qemu-utils")];
    let more = more.iter().filter(|_| format == Format::Qcow2);
    host.require_all(&TOOLS.iter().chain(more).copied().collect::<Vec<_>>())
}

/// Identifiers that belong to the content, so that they are the same each time.
struct Names {
    subject: String,
    root: String,
    seed: String,
    esp: u32,
    disk: [u8; 16],
    partitions: [[u8; 16]; 3],
}

impl Names {
    fn of(request: &Request<'_>) -> Names {
        let subject = format!("{:?} {}", request.purpose, request.plan.digest());
        let bytes = |what: &str| digest::uuid(format!("{what} {subject}"));
        let esp = bytes("esp");
        Names {
            root: gpt::uuid(bytes("root")),
            seed: gpt::uuid(bytes("seed")),
            esp: u32::from_be_bytes([esp[0], esp[1], esp[2], esp[3]]),
            disk: bytes("disk"),
            partitions: [bytes("partition 1"), bytes("partition 14"), bytes("partition 15")],
            subject,
        }
    }
}

/// A build under way; what it leaves outside of `dir` goes with its workspace.
struct Build<'a> {
    host: &'a Host,
    request: &'a Request<'a>,
    progress: &'a Progress,
    names: Names,
    /// Where the image grows, beside its place.
    dir: &'a Path,
    workspace: Workspace<'a>,
    stages: Vec<(&'static str, Duration)>,
}

impl Build<'_> {
    fn stage<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let began = Instant::now();
        self.progress.stage(name);
        let done = work(self)?;
        self.stages.push((name, began.elapsed()));
        Ok(done)
    }

    /// Lays down what the scripts read.
    fn prepare(&self, wanted: Option<&Lock>) -> Result<()> {
        let overlay = self.workspace.file("overlay");
        files::make(&overlay)?;
        parts::lay(&overlay::parts(self.request.plan, self.request.purpose), &overlay)?;
        for (name, text) in [
            ("customize.sh", include_str!("image/customize.sh")),
            ("cloud-image.sh", cloud::CLOUD_IMAGE),
            ("normalize.sh", include_str!("image/normalize.sh")),
            ("sources.list", self.request.sources),
            ("lock.pref", &wanted.map(Lock::pins).unwrap_or_default()),
        ] {
            files::write(&self.workspace.file(name), text)?;
        }
        Ok(())
    }

    /// What the scripts know from their environment, as words for `env`.
    fn environment(&self) -> Vec<String> {
        let host_name = match self.request.purpose {
            Purpose::Site => &self.request.plan.host,
            Purpose::Generic => "localhost",
        };
        let esp = format!("{:04X}-{:04X}", self.names.esp >> 16, self.names.esp & 0xffff);
        let epoch = std::env::var("SOURCE_DATE_EPOCH").unwrap_or_default();
        vec![
            "env".to_owned(),
            // It would turn up in compiled Python; the scripts know what they need.
            "-u".to_owned(),
            "SOURCE_DATE_EPOCH".to_owned(),
            format!("HOST_NAME={host_name}"),
            format!("ROOT_UUID={}", self.names.root),
            format!("ROOT_SEED={}", self.names.seed),
            format!("ESP_UUID={esp}"),
            format!("EPOCH={epoch}"),
            format!("RESULTS={}", self.workspace.results().display()),
            "INITRD=No".to_owned(),
            "PYTHONHASHSEED=0".to_owned(),
        ]
    }

    /// The tree, with every package and file.
    fn tree(&mut self) -> Result<()> {
        let packages: Vec<&str> = cloud::PACKAGES.iter().chain(BOOT_LOADER).copied().collect();
        let pins = format!(
            "--setup-hook=install -D -m 644 '{}' \"$1/etc/apt/preferences.d/00-lock\"",
            self.workspace.word("lock.pref")
        );
        let customize =
            format!("--customize-hook=sh '{}' \"$1\"", self.workspace.word("customize.sh"));
        let mut words = self.environment();
        words.extend(
            [
                "mmdebstrap",
                "--mode=unshare",
                "--variant=minbase",
                "--format=directory",
                "--aptopt=Acquire::Languages \"none\"",
                "--aptopt=APT::Install-Recommends \"false\"",
                "--dpkgopt=force-unsafe-io",
                &format!("--include={}", packages.join(",")),
                &pins,
                NO_INDEX,
                &customize,
                &self.request.plan.suite,
                &self.workspace.tree(),
                &self.workspace.word("sources.list"),
            ]
            .map(str::to_owned),
        );
        self.watch(&words)
    }

    /// Takes out what says when and where the tree was made; gives its bytes.
    fn normalize(&mut self) -> Result<u64> {
        let mut words = self.environment();
        words.extend(Workspace::words(&[
            "sh",
            &self.workspace.word("normalize.sh"),
            &self.workspace.tree(),
            "measure",
        ]));
        let said = self.host.read(&words)?;
        let bytes = said.lines().last().and_then(|line| line.trim().parse().ok());
        bytes.ok_or_else(|| Error::host(format!("`du` said `{said}`")))
    }

    /// The file system; gives the bytes of the disk around it.
    fn file_system(&mut self, installed: u64) -> Result<u64> {
        let size = disk::size(installed, self.request.size)?;
        let bytes = disk::root_bytes(size).to_string();
        let mut words = self.environment();
        words.extend(Workspace::words(&[
            "sh",
            &self.workspace.word("normalize.sh"),
            &self.workspace.tree(),
            &bytes,
        ]));
        self.watch(&words)?;
        Ok(size)
    }

    /// The disk, in the format asked for; gives its file.
    fn disk(&mut self, size: u64) -> Result<PathBuf> {
        let raw = self.dir.join("disk.raw");
        let esp = self.dir.join("esp.vfat");
        let epoch = files::read(&self.workspace.results().join("epoch"))?;
        disk::esp(
            self.host,
            &esp,
            self.names.esp,
            epoch.trim(),
            &self.workspace.results().join("esp"),
        )?;
        disk::assemble(
            &raw,
            size,
            &self.names.disk,
            &self.names.partitions,
            &disk::Parts {
                boot: &self.workspace.results().join("boot.img"),
                core: &self.workspace.results().join("core.img"),
                esp: &esp,
                root: &self.workspace.results().join("root.ext4"),
            },
        )?;
        if self.request.format == Format::Raw {
            return Ok(raw);
        }
        let compressed = self.dir.join("disk.qcow2");
        let (from, to) = (raw.to_string_lossy(), compressed.to_string_lossy());
        let kind = "compression_type=zstd";
        let words =
            ["qemu-img", "convert", "-c", "-o", kind, "-f", "raw", "-O", "qcow2", &from, &to];
        self.watch(&words.map(str::to_owned))?;
        Ok(compressed)
    }

    /// Runs a long command, and tells how far it is.
    fn watch(&self, words: &[String]) -> Result<()> {
        let log = self.workspace.file("log");
        let mut process = self.host.spawn(words, &log)?;
        while process.is_running() {
            if interrupt::noticed() {
                process.terminate(self.host);
                return Err(Error::host("stopped, as you asked"));
            }
            std::thread::sleep(Duration::from_millis(200));
            self.progress.ticks(&last_line(&log));
        }
        let status = process.wait();
        if status == 0 {
            return Ok(());
        }
        let text = fs::read(&log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        // What mmdebstrap does itself is not what went wrong.
        let tells = |line: &&str| !line.trim().is_empty() && !line.starts_with("I: ");
        let lines: Vec<&str> = text.lines().filter(tells).collect();
        let tail = lines[lines.len().saturating_sub(12)..].join("\n");
        Err(Error::host(format!("`{}` ended with status {status}\n{tail}", program(words))))
    }
}

/// The first word that is neither `env` nor one of its own.
fn program(words: &[String]) -> &str {
    let own = |word: &&String| {
        word.as_str() == "env"
            || word.as_str() == "-u"
            || word.contains('=')
            || *word == "SOURCE_DATE_EPOCH"
    };
    words.iter().find(|word| !own(word)).map_or("", String::as_str)
}

/// The last thing that a command said.
fn last_line(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(400)..]).into_owned();
    let line = text.split(['\n', '\r']).rev().find(|line| !line.trim().is_empty());
    line.unwrap_or_default().chars().filter(|c| !c.is_control()).collect()
}
