//! Shows a plan to people: first what they have to do, then what the machine consists of.

use crate::{check::Check, plan::Plan};

/// Says on standard error what the operator should know.
pub(super) fn warnings(plan: &Plan) {
    for warning in &plan.warnings {
        eprintln!("warning: {warning}");
    }
}

/// One sentence.
pub(super) fn verdict(plan: &Plan) -> String {
    let (layers, files, checks) = (plan.layers.len(), plan.files.len(), plan.checks.len());
    format!("ok: {} becomes {layers} layers, {files} files and {checks} checks\n", plan.host)
}

/// Everything.
pub(super) fn json(plan: &Plan) -> String {
    pretty(plan)
}

/// JSON for people and programs.
pub(super) fn pretty<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).expect("strings and numbers alone") + "\n"
}

/// One line for each check.
pub(super) fn checks(plan: &Plan) -> String {
    let line = |check: &Check| format!("{:<8} {}\n", check.from.word(), check.title());
    plan.checks.iter().map(line).collect()
}

/// The whole plan as text.
pub(super) fn plan(plan: &Plan) -> String {
    let head = format!("# {} on {}\n\n", plan.server_name, plan.host);
    let parts = [
        section("What you have to do", &duties(plan)),
        section("Warnings", &plan.warnings),
        section("Layers", &rows(&plan.layers, |it| (it.name.clone(), it.about.clone()))),
        section("Packages", &rows(&plan.packages, |it| (it.layer.clone(), it.name.clone()))),
        section("Units", &rows(&plan.units, |it| (it.layer.clone(), it.name.clone()))),
        section("Files", &files(plan)),
        section("Checks", &rows(&plan.checks, |it| (it.layer.clone(), it.name.clone()))),
    ];
    head + parts.concat().trim_end() + "\n"
}

fn section(title: &str, lines: &[String]) -> String {
    let body: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    if body.is_empty() { body } else { format!("{title}:\n{body}\n") }
}

/// Two columns.
fn rows<T>(items: &[T], columns: impl Fn(&T) -> (String, String)) -> Vec<String> {
    let pairs: Vec<(String, String)> = items.iter().map(columns).collect();
    let width = pairs.iter().map(|(left, _)| left.len()).max().unwrap_or(0);
    pairs.iter().map(|(left, right)| format!("{left:<width$}  {right}")).collect()
}

fn files(plan: &Plan) -> Vec<String> {
    let width = plan.files.iter().map(|file| file.layer.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for file in &plan.files {
        let (layer, bytes, mode) = (&file.layer, file.contents.len(), file.mode);
        let who = format!("{}:{}", file.owner, file.group);
        lines.push(format!("{layer:<width$}  {bytes:>6}  {mode} {who:<20}  {}", file.path));
    }
    lines
}

/// DNS, ports, and what other machines must publish.
fn duties(plan: &Plan) -> Vec<String> {
    let mut lines = vec!["create these DNS records:".to_owned()];
    for name in &plan.names {
        lines.push(format!("  {name}  A     the machine's IPv4 address"));
        lines.push(format!("  {name}  AAAA  its IPv6 address, if it has one"));
    }
    let ports: Vec<String> = plan.ports.iter().map(|port| port.number.to_string()).collect();
    lines.push(format!("let these TCP ports through to it: {}", ports.join(" ")));
    for document in &plan.publications {
        lines.push(format!("publish at {}", document.url));
        lines.push("as application/json, with `access-control-allow-origin: *`:".to_owned());
        lines.extend(document.contents.lines().map(|line| format!("  {line}")));
    }
    lines
}
