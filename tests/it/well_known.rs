//! `homeseed well-known`: what it writes is served by the real web servers as it must be.

use std::fs;

use homeseed::digest::sha256;

use crate::tools;

const SITE: &str = "image-tests/elsewhere/site.yaml";

fn homeseed(words: &[&str]) -> std::process::Output {
    tools::run(&[&[env!("CARGO_BIN_EXE_homeseed")], words].concat(), "")
}

#[test]
fn every_web_server_serves_the_documents_as_they_must_be() {
    let dir = tempfile::tempdir().unwrap();
    let published = dir.path().join("published");
    let output = homeseed(&["well-known", SITE, "-o", published.to_str().unwrap()]);
    assert!(output.status.success(), "{}", tools::said(&output));
    let mut files = Vec::new();
    let mut expected = Vec::new();
    let paths = ["server", "client", "support"].map(|name| format!("/.well-known/matrix/{name}"));
    for path in &paths {
        let text = fs::read_to_string(published.join(&path[1..])).unwrap();
        expected.push(format!("{path} 200 application/json * {}", sha256(&text)));
        files.push((format!("var/www/html{path}"), text));
    }
    for name in ["nginx.conf", "apache.conf", "Caddyfile"] {
        let text = fs::read_to_string(published.join("snippets").join(name)).unwrap();
        files.push((format!("snippets/{name}"), text));
    }
    let laid = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let output = tools::inside(laid, "tests/it/serve_documents.sh", &paths);
    assert!(output.status.success(), "{}", tools::said(&output));
    let found = String::from_utf8(output.stdout).unwrap();
    let expected: String = ["nginx", "apache", "caddy"]
        .iter()
        .flat_map(|server| expected.iter().map(move |line| format!("{server} {line}\n")))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_folder_of_its_own_is_replaced_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let published = dir.path().join("published");
    let words = ["well-known", SITE, "-o", published.to_str().unwrap()];
    assert!(homeseed(&words).status.success() && homeseed(&words).status.success());
    let headers = fs::read_to_string(published.join("_headers")).unwrap();
    assert!(headers.contains("Access-Control-Allow-Origin: *"));
    fs::remove_dir_all(published.join("snippets")).unwrap();
    let output = homeseed(&words);
    assert_eq!(output.status.code(), Some(1));
    assert!(tools::said(&output).contains("is there already"), "{}", tools::said(&output));
    assert!(published.join("_headers").exists());
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
