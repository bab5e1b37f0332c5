//! The verb that reads a document back.

mod report;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use walkdir::WalkDir;

use super::{input, output, show};
use crate::{
    backend::parts,
    error::{Error, Errors, Result},
    inspect::{
        self, Damage, Found, MOST,
        difference::{self, Difference},
    },
};

pub(super) const EXAMPLES: &str = "\
Examples:
  homeseed inspect user-data
  homeseed inspect user-data --against site.yaml
  homeseed inspect user-data --extract tree
  homeseed inspect seed.iso --format json | jq -r .host
  ssh root@chat.example.org cat /var/lib/cloud/instance/user-data.txt |
    homeseed inspect -

Exit status: 0 it is whole, and with `--against` the one that the site gives;
1 it was damaged on the way, differs, or is nothing of homeseed.";

/// What is to be read.
#[derive(Debug, clap::Args)]
pub(super) struct InspectArgs {
    /// A document, as text or gzip, a seed or an overlay; `-` is standard input
    document: PathBuf,
    /// Say whether it is the one that this site gives; `-` is standard input
    #[arg(long, value_name = "SITE")]
    against: Option<PathBuf>,
    /// How to say it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Write the delivered files below this folder
    #[arg(long, value_name = "DIR")]
    extract: Option<PathBuf>,
}

/// The names of the formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Reads it, and says what it holds.
pub(super) fn run(args: &InspectArgs, layers: Option<&Path>) -> std::result::Result<(), Errors> {
    let stdin = Path::new("-");
    if args.document == stdin && args.against.as_deref() == Some(stdin) {
        return Err(Error::new("document and site are both standard input")
            .hint("one of the two must be a file")
            .into());
    }
    let plan = args.against.as_ref().map(|site| input::plan(site, layers)).transpose()?;
    let read = read(&args.document)?.map_err(|(damage, bytes)| match &plan {
        Some(plan) => difference::located(damage, &input::name(&args.document), &bytes, plan),
        None => damage,
    });
    let difference = match (&read, &plan) {
        (Ok(found), Some(plan)) => Some(difference::between(found, plan)),
        _ => None,
    };
    if let (Ok(found), Some(dir)) = (&read, &args.extract) {
        extract(found, dir)?;
    }
    match (&read, args.format) {
        (_, Format::Json) => {
            output::print(&show::pretty(&report::json(read.as_ref(), difference.as_ref())))?;
        }
        (Ok(found), Format::Text) => output::print(&report::text(found, difference.as_ref()))?,
        (Err(_), Format::Text) => (),
    }
    verdict(read, difference.as_ref(), &input::name(&args.document))
}

/// The error that ends the program, if any.
fn verdict(
    read: std::result::Result<Found, Damage>,
    difference: Option<&Difference>,
    name: &str,
) -> std::result::Result<(), Errors> {
    read.map_err(Error::from)?;
    match difference {
        Some(it) if !it.is_none() => {
            let message = format!("{name} is whole, and not what the site gives now");
            Err(Error::new(message)
                .hint("`+` the site alone has it, `-` the document alone, `~` both")
                .into())
        }
        _ => Ok(()),
    }
}

type Outcome = std::result::Result<Found, (Damage, Vec<u8>)>;

/// Reads what is at `path`; of damage, what was read as well.
fn read(path: &Path) -> Result<Outcome> {
    let name = input::name(path);
    if path.is_dir() {
        return Ok(inspect::folder(&name, &folder(path)?).map_err(|damage| (damage, Vec::new())));
    }
    let bytes = input::bytes(path)?;
    Ok(inspect::read(&name, &bytes).map_err(|damage| (damage, bytes)))
}

/// The files below `dir`, by their path in it; links are left out.
fn folder(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let (mut files, mut room) = (BTreeMap::new(), MOST);
    for entry in WalkDir::new(dir) {
        let entry = entry.map_err(|error| Error::host(error.to_string()))?;
        if entry.file_type().is_file() {
            let bytes = input::bytes(entry.path())?;
            room = room.checked_sub(bytes.len()).ok_or_else(|| {
                Error::new(format!("{} holds more than 1 MiB; no more was read", dir.display()))
                    .hint("name an overlay")
            })?;
            let inside = entry.path().strip_prefix(dir).unwrap_or(entry.path());
            files.insert(inside.display().to_string(), bytes);
        }
    }
    Ok(files)
}

fn extract(found: &Found, dir: &Path) -> Result<()> {
    let mut tree = Vec::new();
    for file in &found.payload.files {
        let mode = if file.mode.0 & 0o111 == 0 { 0o644 } else { 0o755 };
        parts::add(&mut tree, file.path.trim_start_matches('/'), mode, &file.contents);
    }
    parts::fresh(&tree, dir)
}
