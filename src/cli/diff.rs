//! The verb that compares two sites by what they make of a machine.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use similar::TextDiff;

use super::{input, output};
use crate::{
    error::{Error, Errors},
    plan::{File, Plan},
    site::Site,
};

pub(super) const EXAMPLES: &str = "\
Examples:
  homeseed diff old.yaml new.yaml
  git show HEAD:site.yaml | homeseed diff - site.yaml --exit-code

Exit status: 0 a machine can become the new site, 1 it cannot, or, with
`--exit-code`, something changes.";

/// What is to be compared.
#[derive(Debug, clap::Args)]
pub(super) struct Asked {
    /// The site as the machine is; `-` is standard input
    old: PathBuf,
    /// The site as it shall be; `-` is standard input
    new: PathBuf,
    /// Exit with 1 when something changes
    #[arg(long)]
    exit_code: bool,
}

/// Compares, and refuses what no machine can become.
pub(super) fn run(asked: &Asked, layers: Option<&Path>) -> Result<(), Errors> {
    let (old_site, old) = input::compile(&asked.old, layers)?;
    let (new_site, new) = input::compile(&asked.new, layers)?;
    born_with(&old_site, &new_site)?;
    let text = changes(&old, &new);
    if text.is_empty() {
        return Ok(output::print("nothing would change on the machine\n")?);
    }
    output::print(&text)?;
    if asked.exit_code {
        return Err(Error::new("the sites make different machines").into());
    }
    Ok(())
}

/// One error for each fact that a machine keeps for life.
fn born_with(old: &Site, new: &Site) -> Result<(), Errors> {
    let pairs = old.born_with().into_iter().zip(new.born_with());
    let changed = pairs.filter(|((_, was, _), (_, becomes, _))| was != becomes);
    let errors = changed.map(|((key, was, why), (_, becomes, _))| {
        Error::new(format!("`{key}` changes from `{was}` to `{becomes}`: {why}"))
            .at(new.place_of(&[key]))
            .hint("a new machine can have it; this one keeps it for life")
    });
    Errors::none_or(errors.collect())
}

/// Everything that differs, the small before the large.
fn changes(old: &Plan, new: &Plan) -> String {
    let names = |plan: &Plan| plan.names.iter().cloned().collect();
    let ports = |plan: &Plan| plan.ports.iter().map(|it| it.number.to_string()).collect();
    let packages = |plan: &Plan| plan.packages.iter().map(|it| it.name.clone()).collect();
    let units = |plan: &Plan| plan.units.iter().map(|it| it.name.clone()).collect();
    let layers = |plan: &Plan| plan.layers.iter().map(|it| it.name.clone()).collect();
    let checks = |plan: &Plan| plan.checks.iter().map(crate::check::Check::title).collect();
    let pages = |plan: &Plan| plan.publications.iter().map(|it| it.url.clone()).collect();
    [
        listed("name", &names(old), &names(new)),
        listed("port", &ports(old), &ports(new)),
        listed("publication", &pages(old), &pages(new)),
        listed("layer", &layers(old), &layers(new)),
        listed("package", &packages(old), &packages(new)),
        listed("unit", &units(old), &units(new)),
        listed("check", &checks(old), &checks(new)),
        files(old, new),
    ]
    .concat()
}

/// What comes and what goes.
fn listed(what: &str, old: &BTreeSet<String>, new: &BTreeSet<String>) -> String {
    let gone = old.difference(new).map(|it| format!("- {what} {it}\n"));
    let come = new.difference(old).map(|it| format!("+ {what} {it}\n"));
    gone.chain(come).collect()
}

fn files(old: &Plan, new: &Plan) -> String {
    let by_path = |plan: &'_ Plan| -> BTreeMap<String, File> {
        plan.files.iter().map(|file| (file.path.clone(), file.clone())).collect()
    };
    let (old, new) = (by_path(old), by_path(new));
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    paths.into_iter().map(|path| file(path, old.get(path), new.get(path))).collect()
}

fn file(path: &str, old: Option<&File>, new: Option<&File>) -> String {
    match (old, new) {
        (Some(_), None) => format!("- file {path}\n"),
        (None, Some(file)) => format!("+ file {path} ({} bytes)\n", file.contents.len()),
        (Some(old), Some(new)) if old != new => changed(old, new),
        _ => String::new(),
    }
}

fn changed(old: &File, new: &File) -> String {
    let mut text = format!("~ file {}\n", new.path);
    if old.entry() != new.entry() {
        text += &format!("    {} becomes {}\n", old.entry(), new.entry());
    }
    let diff = TextDiff::from_lines(&old.contents, &new.contents);
    let hunks = diff.unified_diff().context_radius(1).to_string();
    text + &hunks.lines().map(|line| format!("    {line}\n")).collect::<String>()
}
