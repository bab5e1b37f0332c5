//! A plan on one screen.

use super::zone::Record;
use crate::{
    cli::budget::{self, Cost},
    plan::Plan,
    table::{self, WIDTH},
};

/// What is left of a line behind the indent of a section.
const ROOM: usize = WIDTH - 2;

/// Of what costs most.
const COSTS: usize = 6;

/// What you have to do, what the machine will be, and where to see more.
pub(super) fn whole(plan: &Plan, records: &[Record], costs: &[Cost]) -> String {
    let head = format!("# {} on {}\n\n", plan.server_name, plan.host);
    let layers = plan.layers.iter().map(|it| [it.name.clone(), it.about.clone()]);
    let layers: Vec<_> = layers.collect();
    let parts = [
        section(
            "Create these DNS records",
            &table::folded_lines(&records.iter().map(row).collect::<Vec<_>>(), ROOM),
        ),
        section("Let these ports through", &table::lines(&ports(plan), &[])),
        section("Publish on another web server", &publications(plan)),
        section("Warnings", &warnings(plan)),
        section("Layers, in the order of their steps", &table::folded_lines(&layers, ROOM)),
        section(&counted(plan), &table::folded(&packages(plan), ROOM)),
        section("Sizes", &sizes(plan)),
        section("Bytes that user-data would have less without", &budget::lines(costs, COSTS)),
    ];
    head + parts.concat().trim_end() + "\n"
}

/// Every file.
pub(super) fn files(plan: &Plan) -> String {
    let row = |file: &crate::plan::File| {
        let (bytes, who) = (file.contents.len(), format!("{}:{}", file.owner, file.group));
        [bytes.to_string(), file.mode.to_string(), who, file.layer.clone(), file.path.clone()]
    };
    table::text(&plan.files.iter().map(row).collect::<Vec<_>>(), &[0])
}

fn row(record: &Record) -> [String; 3] {
    let value = match &record.value {
        Some(value) => format!("{value}  ({})", record.why),
        None => record.why.clone(),
    };
    [record.name.clone(), record.kind.clone(), value]
}

fn ports(plan: &Plan) -> Vec<[String; 2]> {
    plan.ports.iter().map(|it| [it.range.to_string(), it.layer.clone()]).collect()
}

fn publications(plan: &Plan) -> Vec<String> {
    let mut lines: Vec<String> = plan.publications.iter().map(|it| it.url.clone()).collect();
    if !lines.is_empty() {
        lines.push("`homeseed well-known` writes them, with their header fields".to_owned());
    }
    lines
}

fn counted(plan: &Plan) -> String {
    format!("{} Debian packages, with all that they need", plan.packages.len())
}

fn packages(plan: &Plan) -> String {
    let names: Vec<&str> = plan.packages.iter().map(|it| it.name.as_str()).collect();
    names.join(" ")
}

/// Each in lines that fit; all but its first stand further in.
fn warnings(plan: &Plan) -> Vec<String> {
    let folded = plan.warnings.iter().map(|it| table::folded(it, ROOM - 2));
    let indented = folded.flat_map(|lines| {
        let place = |(n, line): (usize, String)| if n == 0 { line } else { format!("  {line}") };
        lines.into_iter().enumerate().map(place).collect::<Vec<_>>()
    });
    indented.collect()
}

fn sizes(plan: &Plan) -> Vec<String> {
    let bytes: usize = plan.files.iter().map(|file| file.contents.len()).sum();
    let (length, encoding) = budget::usual(plan);
    let how = budget::word(encoding);
    vec![
        format!("user-data: {length} bytes, {how}"),
        format!("  {}", budget::takers(length)),
        format!("{} files of {bytes} bytes (`--files` shows them)", plan.files.len()),
        format!("{} checks (`--checks` shows them)", plan.checks.len()),
    ]
}

fn section(title: &str, lines: &[String]) -> String {
    let body: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    if body.is_empty() { body } else { format!("{title}:\n{body}\n") }
}
