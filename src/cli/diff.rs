//! The verb that compares two sites by what they make of a machine.

pub(super) mod changes;

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use self::changes::Changes;
use super::{input, output, show};
use crate::{
    error::{Error, Errors},
    plan::{Born, Plan},
    site::Site,
};

pub(super) const EXAMPLES: &str = "\
Examples:
  homeseed diff old.yaml new.yaml
  git show HEAD:site.yaml | homeseed diff - site.yaml --exit-code
  homeseed diff old.yaml new.yaml --format json | jq .files.added

Exit status: 0 a machine can become the new site, 1 it cannot, or a site is
wrong; with `--exit-code`, 2 when something changes.";

/// What is to be compared.
#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    /// The site as the machine is; `-` is standard input
    old: PathBuf,
    /// The site as it shall be; `-` is standard input
    new: PathBuf,
    /// How to say it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Exit with 2 when something changes
    #[arg(long)]
    exit_code: bool,
}

/// The names of the formats.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Compares, and refuses what no machine can become.
pub(super) fn run(args: &DiffArgs, layers: Option<&Path>) -> Result<(), Errors> {
    if [&args.old, &args.new].iter().all(|path| path.as_path() == Path::new("-")) {
        return Err(Error::new("both sites are standard input")
            .hint("one of the two must be a file")
            .into());
    }
    let old = input::plan(&args.old, layers)?;
    let (new_site, new) = input::compile(&args.new, layers)?;
    born(&old, &new, &new_site)?;
    let changes = Changes::between(&old, &new);
    output::print(&match args.format {
        Format::Json => show::pretty(&changes),
        Format::Text if changes.is_none() => "nothing would change on the machine\n".to_owned(),
        Format::Text => changes.text(),
    })?;
    if args.exit_code && !changes.is_none() {
        return Err(Errors::from(Error::changes("the sites make different machines")).said());
    }
    Ok(())
}

/// One error for each fact that a machine keeps for life.
fn born(old: &Plan, new: &Plan, site: &Site) -> Result<(), Errors> {
    let mut errors = Vec::new();
    for was in &old.born {
        let Some(becomes) = new.born.iter().find(|it| it.name == was.name) else { continue };
        if becomes.value != was.value {
            let Born { name, value, because, .. } = becomes;
            let message = format!("`{name}` changes from `{}` to `{value}`: {because}", was.value);
            errors.push(
                Error::new(message)
                    .at(site.place_of(&[name]))
                    .hint("a new machine can have it; this one keeps it for life"),
            );
        }
    }
    Errors::none_or(errors)
}
