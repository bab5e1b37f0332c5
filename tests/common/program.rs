//! The program, run as a user runs it.

use std::process::Output;

use tempfile::TempDir;

use crate::tools;

/// The site of the example.
pub(crate) const SITE: &str = "examples/site.yaml";

/// Verbs that make no machine of the names in the documentation, unless they are told to.
const PARTICULAR: [&str; 4] = ["image", "overlay", "seed", "user-data"];

/// The arguments, and that the names of the documentation will do.
pub(crate) fn lenient<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let is_particular = arguments.first().is_some_and(|verb| PARTICULAR.contains(verb));
    let more: &[&str] = if is_particular { &["--allow-placeholders"] } else { &[] };
    [arguments, more].concat()
}

/// Runs the program with `input` on standard input.
#[track_caller]
pub(crate) fn given(arguments: &[&str], input: &str) -> Output {
    let mut command = tools::command(env!("CARGO_BIN_EXE_homeseed"));
    tools::finish(tools::start(command.args(lenient(arguments))), input)
}

fn homeseed(arguments: &[&str]) -> Output {
    given(arguments, "")
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
