//! The verb that judges a site: for people, for programs, and for editors that jump to a line.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::{Value, json};

use super::{budget, input, output, paint, show};
use crate::error::{Error, Errors, Place, for_terminal};

pub(super) const EXAMPLES: &str = "\
Examples:
  homeseed check && echo good
  homeseed check sites/chat.yaml --format json | jq '.errors[].message'
  homeseed check --format lines | grep -v ': warning: '

Exit status: 0 it is right, 1 it is not, 2 the host failed.";

/// What is to be judged.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// The site file; `-` is standard input
    #[arg(default_value = input::SITE)]
    site: PathBuf,
    /// How to say it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// The names of the formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// `FILE:LINE:COLUMN: error: ...`, a line for each
    Lines,
    /// For programs
    Json,
}

/// Judges it.
pub(super) fn run(args: &CheckArgs, layers: Option<&Path>) -> Result<(), Errors> {
    let (file, judged) = (input::name(&args.site), input::desk(&args.site, layers));
    match (args.format, judged) {
        (Format::Text, judged) => {
            let desk = judged?;
            show::cautions(&desk);
            if !paint::is_quiet() {
                output::print(&(show::verdict(&desk.plan) + &budget::verdict(&desk.plan)))?;
            }
            Ok(())
        }
        (Format::Lines, Ok(desk)) => {
            let warnings = show::all_cautions(&desk);
            let lines = warnings.iter().map(|it| format!("{file}:1:1: warning: {it}\n"));
            Ok(output::print(&lines.collect::<String>())?)
        }
        (Format::Lines, Err(errors)) => {
            let lines = errors.list().iter().map(|error| line(&file, error));
            output::print(&lines.collect::<String>())?;
            Err(errors.said())
        }
        (Format::Json, Ok(desk)) => {
            let budget = budget::verdict_of(&desk.plan);
            let report = json!({
                "warnings": show::all_cautions(&desk),
                "errors": [],
                "more_errors": 0,
                "host": desk.plan.host,
                "server_name": desk.plan.server_name,
                "document": {"bytes": budget.bytes, "exact": budget.exact, "takers": budget.takers},
            });
            Ok(output::print(&show::pretty(&with_head(&file, true, &report)))?)
        }
        (Format::Json, Err(errors)) => {
            let list: Vec<Value> = errors.list().iter().map(entry).collect();
            let report = json!({"warnings": [], "errors": list, "more_errors": errors.more()});
            output::print(&show::pretty(&with_head(&file, false, &report)))?;
            Err(errors.said())
        }
    }
}

/// The report behind what every one begins with. `docs/site.md` describes each key; within a version, keys are only
/// added.
fn with_head(file: &str, ok: bool, report: &Value) -> Value {
    let mut head = json!({
        "version": 1,
        "homeseed": env!("CARGO_PKG_VERSION"),
        "file": file,
        "ok": ok,
    });
    if let (Some(head), Some(report)) = (head.as_object_mut(), report.as_object()) {
        head.extend(report.clone());
    }
    head
}

/// An error on one line, as compilers say it.
fn line(file: &str, error: &Error) -> String {
    let (file, line, column) = error.place().map_or((file, 1, 1), Place::position);
    let hint = error.advice().map(|it| format!("; {it}")).unwrap_or_default();
    let said = format!("{file}:{line}:{column}: error: {}{hint}", error.message());
    for_terminal(&said.replace('\n', " ")) + "\n"
}

fn entry(error: &Error) -> Value {
    let place = error.place();
    let position = place.map(Place::position);
    json!({
        "message": error.message(),
        "hint": error.advice(),
        "file": position.map(|it| it.0),
        "line": position.map(|it| it.1),
        "column": position.map(|it| it.2),
        "width": place.map(Place::width),
    })
}
