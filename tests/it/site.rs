//! Site files: what is accepted, and what is said about the others.

use homeseed::site::Site;

use crate::golden;

const MINIMAL: &str =
    "server_name: example.org\nhost: chat.example.org\noperator:\n  email: operator@example.org\n";

#[test]
fn bad_site_files_are_explained() {
    let count =
        golden::check_folder(
            "tests/golden/errors",
            "yaml",
            "stderr",
            |name, text| match Site::parse(name, text) {
                Ok(_) => "accepted\n".to_owned(),
                Err(errors) => format!("{errors}\n"),
            },
        );
    assert!(count >= 44, "{count}");
}
