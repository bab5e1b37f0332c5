//! What can be asked for, and the help that says so.

use std::{ffi::OsString, path::PathBuf};

use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::{backend::image::Format, testbed, units::size};

use super::{
    apply, backup, check, diff, explain, federation, init, input, inspect,
    output::{Consent, Target},
    paint::Colour,
    plan, shell,
    test::TestArgs,
    user_data, verify, write,
};

/// Compiles one small site.yaml into a Matrix homeserver that sets itself up.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 80, after_long_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    pub(super) verb: Verb,
    /// Read the layers from this folder instead of those built in
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) layers: Option<PathBuf>,
    /// Whether to use colours; `NO_COLOR` turns them off too
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Colour,
    /// Say nothing but what was asked for, and errors
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
}

impl Args {
    /// What the command line says; help, and what is wrong with it, end the program.
    #[must_use]
    pub fn read() -> Args {
        let colour = colour(std::env::args_os());
        let matches = Args::command().color(colour).get_matches();
        Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// Help is printed before `--color` is read like every other flag.
fn colour(words: impl Iterator<Item = OsString>) -> ColorChoice {
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let says = |value: &str| {
        words.contains(&format!("--color={value}"))
            || words.windows(2).any(|pair| pair[0] == "--color" && pair[1] == value)
    };
    match (says("never"), says("always")) {
        (true, _) => ColorChoice::Never,
        (_, true) => ColorChoice::Always,
        _ => ColorChoice::Auto,
    }
}

const EXAMPLES: &str = "\
Examples:
  homeseed init
  homeseed check site.yaml
  homeseed plan site.yaml
  homeseed user-data site.yaml > user-data
  homeseed verify site.yaml --wait 30m

Exit status: 0 done, 1 the input is wrong or a check failed, 2 a tool or the
host failed.";

const IMAGE_EXAMPLES: &str = "\
Examples:
  homeseed image site.yaml -o chat.qcow2
  homeseed image site.yaml -o chat.raw --size 8G --lock chat.lock
  homeseed image --generic -o golden.qcow2";

const CHECKS_EXAMPLE: &str = "\
Examples:
  homeseed checks site.yaml --list
  homeseed checks site.yaml > checks.sh && sh checks.sh network";

const TEST_EXAMPLES: &str = "\
Examples:
  homeseed test site.yaml                    boot it once, run every check
  homeseed test image-tests/late-dns         one case
  homeseed test image-tests                  all of them
  homeseed test site.yaml --image chat.qcow2 boot an image that you made
  homeseed test site.yaml --container        a fast look, before QEMU proves it
  homeseed test --shell image-tests/minimal  look inside what it left";

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Write a site file to start from: asks what it cannot guess
    #[command(after_long_help = init::EXAMPLES)]
    Init(init::InitArgs),
    /// Say whether a site is right, or every mistake in it
    #[command(after_long_help = check::EXAMPLES)]
    #[command(visible_aliases = ["validate", "lint"])]
    Check(check::CheckArgs),
    /// Say what a key of a site decides and what it takes, or list all keys
    #[command(after_long_help = explain::EXAMPLES)]
    Explain(explain::ExplainArgs),
    /// Print a JSON Schema of sites, with which editors complete and underline
    #[command(after_long_help = explain::SCHEMA_EXAMPLES)]
    Schema(explain::SchemaArgs),
    /// Show what you have to do and what the machine will be
    #[command(after_long_help = plan::EXAMPLES)]
    Plan(plan::PlanArgs),
    /// Show what a changed site changes on the machine
    #[command(after_long_help = diff::EXAMPLES)]
    Diff(diff::DiffArgs),
    /// Print the cloud-init document to paste into the order form
    #[command(after_long_help = user_data::EXAMPLES)]
    UserData(user_data::UserDataArgs),
    /// Write what turns any Debian tree into the machine
    #[command(after_long_help = write::OVERLAY_EXAMPLE)]
    Overlay(write::Overlay),
    /// Make a disk image that boots into the machine
    #[command(after_long_help = IMAGE_EXAMPLES)]
    Image(ImageArgs),
    /// Write a small disk with the document, for `NoCloud`
    #[command(after_long_help = write::SEED_EXAMPLE)]
    Seed(write::Seed),
    /// Say what a document holds, and whether it arrived whole
    #[command(after_long_help = inspect::EXAMPLES)]
    Inspect(inspect::InspectArgs),
    /// Write the documents that another web server has to publish
    #[command(after_long_help = write::WELL_KNOWN_EXAMPLE)]
    WellKnown(write::WellKnown),
    /// Print the script that checks a machine of this site
    #[command(after_long_help = CHECKS_EXAMPLE)]
    Checks {
        /// The site file; `-` is standard input
        #[arg(default_value = input::SITE)]
        site: PathBuf,
        /// Print a list of the checks instead
        #[arg(long)]
        list: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Say whether the machine of a site is up, federates and is closed
    #[command(after_long_help = verify::EXAMPLES)]
    Verify(verify::VerifyArgs),
    /// Bring a changed site to its machine, which goes back unless all is well
    #[command(after_long_help = apply::EXAMPLES)]
    Apply(apply::ApplyArgs),
    /// Take, read and thin out backups of a machine
    #[command(subcommand, after_long_help = backup::EXAMPLES)]
    Backup(backup::BackupVerb),
    /// Give a backup to a new machine
    #[command(after_long_help = backup::RESTORE_EXAMPLES)]
    Restore(backup::RestoreArgs),
    /// Say whether others can federate with a server name
    #[command(after_long_help = federation::EXAMPLES)]
    Federation(federation::FederationArgs),
    /// Boot a site in QEMU against a test internet and run every check
    #[command(after_long_help = TEST_EXAMPLES)]
    Test(TestArgs),
    /// Print a script with which a shell completes what is typed
    #[command(after_long_help = shell::COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: shell::Shell,
    },
    /// Print the manual page, or write one for each verb
    #[command(after_long_help = shell::MAN_EXAMPLES)]
    Man {
        /// Write the pages into this folder
        #[arg(short, long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
    /// The half of `test` that runs inside the test internet
    #[command(name = testbed::INSIDE, hide = true)]
    TestInside {
        /// What the outer half decided, as JSON
        spec: PathBuf,
    },
}

/// An image that is wanted.
#[derive(Debug, clap::Args)]
pub(super) struct ImageArgs {
    /// The site file; `-` is standard input
    #[arg(conflicts_with = "generic")]
    pub(super) site: Option<PathBuf>,
    /// Only the packages: deliver any site's user-data to it later
    #[arg(long)]
    pub(super) generic: bool,
    /// The file to write, whole or not at all
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: PathBuf,
    /// For a machine that begins with a backup: it waits for
    /// `homeseed restore`
    #[arg(long, conflicts_with = "generic")]
    pub(super) restore: bool,
    #[command(flatten)]
    pub(super) consent: Consent,
    /// How the disk stands in it; its name says it otherwise
    #[arg(long, value_enum)]
    pub(super) format: Option<FormatWord>,
    /// The disk's size, such as `8G`; otherwise as small as can be
    #[arg(long, value_name = "SIZE", value_parser = disk_size)]
    pub(super) size: Option<u64>,
    /// Keep to the versions in this file, or write them to it
    #[arg(long, value_name = "FILE")]
    pub(super) lock: Option<PathBuf>,
    /// Take Debian's packages from here instead of where this host does
    #[arg(long, value_name = "URL")]
    pub(super) mirror: Option<String>,
    /// The same for Debian's security updates
    #[arg(long, value_name = "URL", requires = "mirror")]
    pub(super) security_mirror: Option<String>,
}

/// The names of the formats.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum FormatWord {
    /// QEMU's own, compressed
    Qcow2,
    /// As it is, sparse
    Raw,
}

impl From<FormatWord> for Format {
    fn from(word: FormatWord) -> Format {
        match word {
            FormatWord::Qcow2 => Format::Qcow2,
            FormatWord::Raw => Format::Raw,
        }
    }
}

/// Whole mebibytes.
fn disk_size(text: &str) -> Result<u64, String> {
    let bytes = size::spoken(text).filter(|it| *it > 0 && it.is_multiple_of(size::MIB));
    bytes.ok_or_else(|| "a size of a disk is such as `8G` or `6144M`".to_owned())
}
