//! The program, run as a user runs it.

use std::process::Output;

use tempfile::TempDir;

use crate::tools;

/// The site of the example.
pub(crate) const SITE: &str = "examples/site.yaml";

fn homeseed(arguments: &[&str]) -> Output {
    let mut command = tools::command(env!("CARGO_BIN_EXE_homeseed"));
    tools::finish(tools::start(command.args(arguments)), "")
}

/// Runs the program, which must succeed.
#[track_caller]
pub(crate) fn done(arguments: &[&str]) {
    let output = homeseed(arguments);
    assert!(output.status.success(), "{}", tools::said(&output));
}

/// Runs the program, which must end with `status` and say `words`.
#[track_caller]
pub(crate) fn refused(arguments: &[&str], status: i32, words: &str) {
    let output = homeseed(arguments);
    let said = tools::said(&output);
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert!(said.contains(words), "{said}");
}

/// A folder that ends with the test.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}
