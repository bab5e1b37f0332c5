//! The verbs for backups: taken, read, listed, thinned out, and given to a new machine.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Subcommand;

use super::{input, login::Ssh, output, paint};
use crate::{
    backup::{
        self, Folder, Identities, Judged, Keep, Recipients, Record, Signers, Stamp, Stored, Trust,
    },
    error::{Error, Errors, Result},
    host::{Host, interrupt, progress::Progress},
    machine::Machine,
    plan::Aim,
    testbed::{self, Mode, Request, Script},
    units::{duration, size},
};

pub(super) const EXAMPLES: &str = "\
Examples:
  homeseed backup pull site.yaml backups --ssh root@chat.example.org
  homeseed backup verify backups --identity ~/.ssh/id_ed25519
  homeseed backup list backups --max-age 26h || echo late
  homeseed backup prune backups --keep 7d,5w,12m --identity ~/.ssh/id_ed25519";

pub(super) const RESTORE_EXAMPLES: &str = "\
Examples:
  homeseed user-data site.yaml --restore > user-data
  homeseed restore site.yaml backups --identity ~/.ssh/id_ed25519 \\
    --ssh root@chat.example.org

The machine has to be a new one, made of a document with `--restore`. The
old one must never start again.";

/// What is to be done with backups.
#[derive(Debug, Subcommand)]
pub(super) enum BackupVerb {
    /// Take a backup of a machine over ssh, encrypted to the operator's keys
    Pull(Pull),
    /// Decrypt everything, and compare it with what the machine signed
    Verify(VerifyBackups),
    /// List the backups in a folder
    List(List),
    /// Remove old backups
    Prune(Prune),
    /// Restore a backup into a test machine, and run every check
    Drill(Drill),
    /// Take the signature of a machine from now on
    Trust(TrustMachine),
}

/// Whose signature counts.
#[derive(Debug, clap::Args)]
struct Known {
    /// The machines whose signatures count, in the form of ssh-keygen's
    /// allowed signers [default: those that this desk has seen]
    #[arg(long, value_name = "FILE")]
    signers: Option<PathBuf>,
}

impl Known {
    fn read(&self) -> Result<Signers> {
        Signers::read(self.signers.as_deref())
    }

    /// The same for who adds to a file, which need not be there.
    fn read_or_make(&self) -> Result<Signers> {
        match &self.signers {
            Some(path) if !path.exists() => Ok(Signers::at(path)),
            _ => self.read(),
        }
    }
}

/// Which backup is to be read, with what key, and who may have signed it.
#[derive(Debug, clap::Args)]
struct Reader {
    /// The private key: of OpenSSH, or of age
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// The backup of this time [default: all to verify, the newest to restore]
    #[arg(long, value_name = "TIME")]
    at: Option<Stamp>,
    #[command(flatten)]
    known: Known,
    /// Take the signature of a machine that this desk does not know
    #[arg(long)]
    any_machine: bool,
}

impl Reader {
    /// The backup that was asked for, or the newest.
    fn stamp(&self, folder: &Folder) -> Result<Stamp> {
        self.at.map_or_else(|| folder.newest(), Ok)
    }

    /// Whether a signature of that worth will do.
    fn takes(&self, trust: Trust) -> bool {
        trust == Trust::Known || self.any_machine
    }
}

/// Who signed a backup that is not believed.
const UNKNOWN: &str = "is signed by a machine that this desk does not know";

/// What to do about it.
const MAKE_KNOWN: &str = "if you are sure whose it is, `homeseed backup trust` makes it known; \
    `--any-machine` takes it this once";

/// A backup that is to be taken.
#[derive(Debug, clap::Args)]
pub(super) struct Pull {
    /// The site file
    site: PathBuf,
    /// The folder of backups; it is made if it is not there
    dir: PathBuf,
    #[command(flatten)]
    ssh: Ssh,
    #[command(flatten)]
    known: Known,
    /// Believe a machine that this desk does not know, though it knows
    /// another of its server name
    #[arg(long)]
    new_machine: bool,
}

/// Backups that are to be read.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyBackups {
    /// The folder of backups
    dir: PathBuf,
    #[command(flatten)]
    reader: Reader,
}

/// Backups that are to be listed.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// The folder of backups
    dir: PathBuf,
    /// Fail when the newest is older, such as `26h`
    #[arg(long, value_name = "TIME", value_parser = time)]
    max_age: Option<Duration>,
}

/// Backups that are to be thinned out.
#[derive(Debug, clap::Args)]
pub(super) struct Prune {
    /// The folder of backups
    dir: PathBuf,
    /// Of how many days, weeks and months one backup is kept each, such as
    /// `7d,5w,12m`
    #[arg(long, value_name = "RULE")]
    keep: Keep,
    /// The private key; without it, media stay
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// Say what would go, and remove nothing
    #[arg(long)]
    dry_run: bool,
}

/// A backup that is to be restored for a try.
#[derive(Debug, clap::Args)]
pub(super) struct Drill {
    /// The site file
    site: PathBuf,
    /// The folder of backups
    dir: PathBuf,
    #[command(flatten)]
    reader: Reader,
    /// Run the machine in a container: much faster, with the kernel of this
    /// computer
    #[arg(long)]
    container: bool,
    /// Where everything is kept that takes long to make
    #[arg(long, value_name = "DIR", default_value = "target/testbed")]
    cache: PathBuf,
}

/// A machine whose signature is to count.
#[derive(Debug, clap::Args)]
pub(super) struct TrustMachine {
    /// The server name of the homeserver
    server_name: String,
    /// The machine's public key, as `homeserver backup key` shows it
    /// behind the options: its type and its base64
    #[arg(num_args = 1..=3, required = true, value_name = "KEY")]
    key: Vec<String>,
    #[command(flatten)]
    known: Known,
}

/// A backup that is to be given to a new machine.
#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// The site file
    site: PathBuf,
    /// The folder of backups
    dir: PathBuf,
    #[command(flatten)]
    reader: Reader,
    #[command(flatten)]
    ssh: Ssh,
}

fn time(text: &str) -> std::result::Result<Duration, String> {
    let time = duration::Duration::parse(text);
    time.map(Duration::from).map_err(|_| "a time is such as `26h` or `2d`".to_owned())
}

/// Does what was asked for.
pub(super) fn run(verb: &BackupVerb, layers: Option<&Path>) -> std::result::Result<(), Errors> {
    interrupt::listen();
    match verb {
        BackupVerb::Pull(args) => return args.run(layers),
        BackupVerb::Verify(args) => args.run(),
        BackupVerb::List(args) => args.run(),
        BackupVerb::Prune(args) => args.run(),
        BackupVerb::Drill(args) => return args.run(layers),
        BackupVerb::Trust(args) => args.run(),
    }
    .map_err(Errors::from)
}

impl Pull {
    fn run(&self, layers: Option<&Path>) -> std::result::Result<(), Errors> {
        let plan = input::plan(&self.site, layers)?;
        let (recipients, unusable) = Recipients::of(&plan.keeps.readers)?;
        let host = Host::new()?;
        let machine = Machine::new(&host, self.ssh.login())?;
        let folder = Folder::make(&self.dir)?;
        let _lock = folder.lock()?;
        folder.is_for(&recipients)?;
        let mut signers = self.known.read_or_make()?;
        let progress = Progress::new();
        for kind in unusable {
            paint::warning(&format!("a key of the type {kind} cannot decrypt this backup"));
        }
        let pulled = backup::pull(
            &plan,
            &machine,
            &folder,
            &recipients,
            &mut signers,
            self.new_machine,
            &progress,
        );
        progress.wipe();
        let pulled = pulled?;
        for warning in &pulled.warnings {
            paint::warning(warning);
        }
        if pulled.new_machine {
            paint::note(&format!(
                "this desk knows the machine from now on: {}",
                signers.path().display()
            ));
        }
        let (files, bytes) = pulled.fetched;
        let all = pulled.manifest.files_of_trees().count();
        let text = format!(
            "{}: {} of {}; {files} of {all} media files were new, {}\n",
            pulled.stamp,
            size::short(folder.size_of(pulled.stamp, &pulled.manifest)),
            pulled.manifest.server_name,
            size::short(bytes)
        );
        Ok(output::print(&text)?)
    }
}

impl VerifyBackups {
    fn run(&self) -> Result<()> {
        let folder = Folder::open(&self.dir)?;
        folder.newest()?;
        let identities = Identities::read(&self.reader.identity)?;
        let signers = self.reader.known.read()?;
        let progress = Progress::new();
        let verdict = backup::verify(&folder, self.reader.at, &identities, &signers, &progress);
        progress.wipe();
        let verdict = verdict?;
        let mut bad = 0;
        for judged in &verdict.backups {
            let faults = self.faults(judged);
            bad += usize::from(!faults.is_empty());
            output::print(&described(&folder, judged, &faults))?;
        }
        if !verdict.strays.is_empty() {
            let count = verdict.strays.len();
            paint::note(&format!(
                "files that belong to no backup: {count}; `homeseed backup prune` removes those that are old"
            ));
        }
        match (verdict.backups.len(), bad) {
            (0, _) => Err(Error::new("there is no backup of that time")
                .hint("`homeseed backup list` shows them")),
            (_, 0) => Ok(()),
            (all, bad) => Err(Error::new(format!("{bad} of {all} backups cannot be relied on"))),
        }
    }

    fn faults(&self, judged: &Judged) -> Vec<String> {
        let mut faults = judged.faults.clone();
        if judged.trust.is_some_and(|trust| !self.reader.takes(trust)) {
            faults.push(format!("it {UNKNOWN}; {MAKE_KNOWN}"));
        }
        faults
    }
}

fn described(folder: &Folder, judged: &Judged, faults: &[String]) -> String {
    let stamp = judged.stamp;
    if !faults.is_empty() {
        return faults.iter().map(|fault| format!("{stamp} bad: {fault}\n")).collect();
    }
    let Some(manifest) = &judged.manifest else { return String::new() };
    let numbers = manifest.streams.values().flat_map(|it| &it.numbers);
    let numbers: Vec<String> = numbers.map(|(name, number)| format!("{name} {number}")).collect();
    format!(
        "{stamp} good: {} of {}, {} files, {}; {}\n",
        size::short(folder.size_of(stamp, manifest)),
        manifest.server_name,
        manifest.files_of_trees().count(),
        numbers.join(", "),
        aged(stamp)
    )
}

fn aged(stamp: Stamp) -> String {
    let hours = stamp.age().as_secs() / 3600;
    match hours {
        0 => format!("{} min old", stamp.age().as_secs() / 60),
        1..72 => format!("{hours} h old"),
        _ => format!("{} d old", hours / 24),
    }
}

impl List {
    fn run(&self) -> Result<()> {
        let folder = Folder::open(&self.dir)?;
        let stamps = folder.stamps()?;
        let everything = folder.everything()?;
        for &stamp in &stamps {
            let own = everything.iter().filter(|it| it.stamp() == Some(stamp));
            let bytes = own.map(|it| folder.size(it)).sum();
            output::print(&format!("{stamp}  {:>9}  {}\n", size::short(bytes), aged(stamp)))?;
        }
        let shared = everything.iter().filter(|it| it.stamp().is_none());
        let (count, bytes) = shared
            .map(|it: &Stored| folder.size(it))
            .fold((0, 0), |(n, sum), it| (n + 1, sum + it));
        output::print(&format!("media files: {count}, {}\n", size::short(bytes)))?;
        let newest = folder.newest()?;
        match self.max_age {
            Some(most) if newest.age() > most => {
                Err(Error::new(format!("the newest backup is {}", aged(newest))))
            }
            _ => Ok(()),
        }
    }
}

impl Prune {
    fn run(&self) -> Result<()> {
        let folder = Folder::open(&self.dir)?;
        let _lock = if self.dry_run { None } else { Some(folder.lock()?) };
        let identities = self.identity.as_deref().map(Identities::read).transpose()?;
        let pruned = backup::prune(&folder, &self.keep, identities.as_ref(), self.dry_run)?;
        let verb = if self.dry_run { "would go" } else { "gone" };
        let mut text = String::new();
        for stamp in &pruned.gone {
            text += &format!("{stamp} {verb}\n");
        }
        let (kept, files) = (pruned.kept.len(), pruned.removed.len());
        text += &format!(
            "backups that stay: {kept}; files {verb}: {files}, {}\n",
            size::short(pruned.bytes)
        );
        output::print(&text)?;
        if identities.is_none() && !pruned.gone.is_empty() {
            paint::note("media stay: with `--identity` those go that no backup names any more");
        }
        Ok(())
    }
}

/// What is done with the machine of a drill.
const DRILL: &str = include_str!("../testbed/drill.sh");

impl Drill {
    fn run(&self, layers: Option<&Path>) -> std::result::Result<(), Errors> {
        let folder = Folder::open(&self.dir)?;
        let stamp = self.reader.stamp(&folder)?;
        // A machine of a drill signs nothing that counts later.
        let file = tempfile::NamedTempFile::new();
        let file = file.map_err(|error| Error::host(format!("cannot make a file: {error}")))?;
        self.reader.known.read()?.write_to(file.path())?;
        let absolute = |path: &Path| {
            std::path::absolute(path)
                .map(|it| it.to_string_lossy().into_owned())
                .map_err(|error| Error::host(error.to_string()))
        };
        let variables = vec![
            ("DRILL_BACKUPS", absolute(&self.dir)?),
            ("DRILL_IDENTITY", absolute(&self.reader.identity)?),
            ("DRILL_SIGNERS", absolute(file.path())?),
            ("DRILL_AT", stamp.to_string()),
            (
                "DRILL_OPTIONS",
                if self.reader.any_machine { "--any-machine".to_owned() } else { String::new() },
            ),
        ];
        let verdict = testbed::run(&Request {
            path: &self.site,
            compile: &|path, aim| {
                super::test::rehearsed(path, layers, Aim { restores: true, ..aim })
            },
            generic: &|| input::generic(layers),
            cache: &self.cache,
            image: None,
            container: self.container,
            script: Some(Script { text: DRILL, variables }),
            mode: Mode::Play,
        })?;
        super::test::judged(&verdict)
    }
}

impl TrustMachine {
    fn run(&self) -> Result<()> {
        let mut signers = self.known.read_or_make()?;
        let new = signers.add(&self.server_name, &self.key[..self.key.len().min(2)].join(" "))?;
        let (name, file) = (&self.server_name, signers.path().display());
        let text = if new { "stands in" } else { "stood already in" };
        output::print(&format!("the machine of {name} {text} {file}\n"))
    }
}

/// Gives a backup to a new machine.
pub(super) fn restore(
    args: &RestoreArgs,
    layers: Option<&Path>,
) -> std::result::Result<(), Errors> {
    interrupt::listen();
    let plan = input::plan(&args.site, layers)?;
    let folder = Folder::open(&args.dir)?;
    let stamp = args.reader.stamp(&folder)?;
    let identities = Identities::read(&args.reader.identity)?;
    let mut signers = args.reader.known.read()?;
    let record = Record::read(&folder, stamp, &identities)?;
    if !args.reader.takes(record.trust(&signers)?) {
        return Err(Error::new(format!("the backup of {stamp} {UNKNOWN}")).hint(MAKE_KNOWN).into());
    }
    let host = Host::new()?;
    let machine = Machine::new(&host, args.ssh.login())?;
    let progress = Progress::new();
    paint::note(&format!("the backup is {}: {}", aged(stamp), stamp.spoken()));
    let restored = backup::restore(&plan, &machine, &folder, &record, &identities, &progress);
    progress.wipe();
    let restored = restored?;
    signers.add(&plan.server_name, &restored.machine)?;
    if !restored.ready {
        return Err(Error::host(format!("it is restored, but not ready: {}", restored.status))
            .hint("`homeserver status` on it says when it is")
            .into());
    }
    output::print(&format!("{}\n{LOST}", restored.status))?;
    Ok(())
}

/// What no backup brings back.
const LOST: &str = "\
The old machine must never start again: two of one name damage rooms for good.
Lost are, since the backup: logins of devices, changed passwords, stored room
keys, and what happened in rooms that no other homeserver takes part in.
";
