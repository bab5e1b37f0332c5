//! `homeseed verify` where no machine is: what it says, in every format, and how it ends.
//! What it says of machines, whole and sabotaged, is `image-tests/minimal`.

use std::process::Output;

use homeseed::check::read_tap;

use crate::{root, tools};

const SITE: &str = "image-tests/minimal/site.yaml";

/// In a network namespace of its own: nobody is there, and nobody answers for names.
fn verify(words: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_homeseed");
    tools::run(&[&root::alone()[..], &[program, "verify", SITE], words].concat(), "")
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn a_machine_that_is_not_there_is_one_failure() {
    let output = verify(&["--connect", "127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(1), "{}", tools::said(&output));
    let results = read_tap(out(&output)).unwrap();
    let failed: Vec<&str> =
        results.iter().filter(|it| !it.passed).map(|it| it.name.as_str()).collect();
    let addresses = "federation: every address answers, each by itself";
    assert!(failed.contains(&addresses) && results.len() > 20, "{failed:?}");
    // In this namespace nobody answers for names either, and the bare domain is somebody else's.
    assert!(failed.len() <= 4, "{failed:?}");
    let skipped = out(&output).lines().filter(|it| it.contains(" # SKIP first, every address"));
    assert!(skipped.clone().count() > 15, "{}", out(&output));
    assert!(skipped.into_iter().all(|it| it.starts_with("ok ")));
    let first = results.iter().find(|it| it.name == addresses).unwrap();
    assert!(first.reason.iter().any(|it| it.contains("127.0.0.1:1: cannot connect: ")));
    assert!(tools::said(&output).contains("failed"), "{}", tools::said(&output));
}

#[test]
fn every_format_is_read_by_a_parser_of_it() {
    let failed = read_tap(out(&verify(&["--connect", "127.0.0.1:1"]))).unwrap();
    let failed = failed.iter().filter(|it| !it.passed).count();

    let output = verify(&["--connect", "127.0.0.1:1", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(out(&output)).unwrap();
    assert_eq!((&document["version"], &document["failed"]), (&1.into(), &failed.into()));
    assert_eq!(document["federation"]["FederationOK"], false);
    assert!(document["checks"].as_array().unwrap().iter().all(|it| it["group"].is_string()));

    let output = verify(&["--connect", "127.0.0.1:1", "--format", "junit"]);
    let report = roxmltree::Document::parse(out(&output)).unwrap();
    let failures = report.descendants().filter(|node| node.has_tag_name("failure")).count();
    assert_eq!(failures, failed);

    let output = verify(&["--connect", "127.0.0.1:1", "--format", "table"]);
    assert_eq!(out(&output).matches("  FAIL  ").count(), failed);
    assert!(out(&output).contains("cure: "), "{}", out(&output));
    let widest = out(&output).lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|it| it <= 80), "{widest:?}: {}", out(&output));
}

#[test]
fn what_cannot_be_checked_is_status_2() {
    let output = verify(&[]);
    assert_eq!((output.status.code(), out(&output)), (Some(2), ""), "{}", tools::said(&output));
    assert!(tools::said(&output).contains("hint: is this computer connected"));
    let ssh = ["--ssh", "root@127.0.0.1", "--ssh-option", "Port=1", "--connect", "127.0.0.1:1"];
    let output = verify(&ssh);
    assert_eq!((output.status.code(), out(&output)), (Some(2), ""), "{}", tools::said(&output));
    assert!(tools::said(&output).contains("ssh does not reach root@127.0.0.1: "));
}
