//! `homeseed well-known`: what it replaces, and when there is nothing to write.

use std::fs;

use crate::tools;

const SITE: &str = "image-tests/elsewhere/site.yaml";

fn homeseed(words: &[&str]) -> std::process::Output {
    tools::run(&[&[env!("CARGO_BIN_EXE_homeseed")], words].concat(), "")
}

#[test]
fn a_folder_of_its_own_is_made_and_mended() {
    let dir = tempfile::tempdir().unwrap();
    let published = dir.path().join("published");
    let words = ["well-known", SITE, "-o", published.to_str().unwrap()];
    assert!(homeseed(&words).status.success() && homeseed(&words).status.success());
    let headers = fs::read_to_string(published.join("_headers")).unwrap();
    assert!(headers.contains("Access-Control-Allow-Origin: *"));
    fs::remove_dir_all(published.join("snippets")).unwrap();
    assert!(homeseed(&words).status.success());
    assert!(published.join("snippets/Caddyfile").exists());
}

#[test]
fn a_machine_that_answers_itself_needs_no_documents_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let published = dir.path().join("published");
    let words = ["well-known", "examples/site.yaml", "-o", published.to_str().unwrap()];
    let output = homeseed(&words);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        tools::said(&output).contains("there is nothing to publish"),
        "{}",
        tools::said(&output)
    );
    assert!(!published.exists());
}
