//! Site files: what is accepted, and what is said about the others.

use homeseed::site::Site;

const MINIMAL: &str =
    "server_name: example.org\nhost: chat.example.org\noperator:\n  email: operator@example.org\n";

#[test]
fn three_lines_are_a_site() {
    let site = Site::parse("site.yaml", MINIMAL).unwrap();
    println!("{}", serde_json::to_string_pretty(&site).unwrap());
    println!("{:?}", site.warnings());
}
