//! One small plan and its documents, byte for byte.

use std::path::Path;

use crate::{golden, program::lenient, tools};

const FOLDER: &str = "tests/golden/plan";

#[track_caller]
fn prints(arguments: &[&str], expected: &str) {
    let mut command = tools::command(env!("CARGO_BIN_EXE_homeseed"));
    command.args(["--layers", &format!("{FOLDER}/layers")]).args(lenient(arguments));
    let output = command.arg(format!("{FOLDER}/site.yaml")).output().unwrap();
    assert!(output.status.success(), "{}", tools::said(&output));
    golden::check(&Path::new(FOLDER).join(expected), &String::from_utf8(output.stdout).unwrap());
}

#[test]
fn a_plan_is_shown_to_people() {
    prints(&["plan"], "plan.txt");
}

#[test]
fn a_plan_is_shown_to_programs() {
    prints(&["plan", "--format", "json"], "plan.json");
}

#[test]
fn the_plain_document_is_for_reading() {
    prints(&["user-data", "--encoding", "plain"], "plain.yaml");
}

#[test]
fn the_compact_document_is_for_pasting() {
    prints(&["user-data", "--encoding", "compact"], "compact.yaml");
}

#[test]
fn the_checks_are_one_script() {
    prints(&["checks"], "checks.sh");
}
