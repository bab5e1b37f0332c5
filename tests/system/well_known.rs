//! What `homeseed well-known` writes is served by the real web servers as it must be.

use std::fs;

use homeseed::digest::sha256;

use crate::{root, tools};

const SITE: &str = "image-tests/elsewhere/site.yaml";

#[test]
fn every_web_server_serves_the_documents_as_they_must_be() {
    let dir = tempfile::tempdir().unwrap();
    let published = dir.path().join("published");
    let output = tools::run(
        &[env!("CARGO_BIN_EXE_homeseed"), "well-known", SITE, "-o", published.to_str().unwrap()],
        "",
    );
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
    let output = root::inside(laid, "tests/system/serve_documents.sh", &paths);
    assert!(output.status.success(), "{}", tools::said(&output));
    let found = String::from_utf8(output.stdout).unwrap();
    let expected: String = ["nginx", "apache", "caddy"]
        .iter()
        .flat_map(|server| expected.iter().map(move |line| format!("{server} {line}\n")))
        .collect();
    assert_eq!(found, expected);
}
