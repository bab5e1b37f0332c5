//! The documentation of `site.yaml` and the example list exactly the keys that exist, and both are true.

use std::{collections::BTreeSet, fs};

use homeseed::{
    layer::{self, embedded_schema},
    plan::plan,
    site::{Fallback, Key, Site},
};
use serde_json::Value;

const REQUIRED: [(&str, &str); 3] = [
    ("server_name", "server_name: example.org\n"),
    ("host", "host: chat.example.org\n"),
    ("operator", "operator:\n  email: operator@example.org\n"),
];

const KEYS: &str = "  ssh_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f]\n";

#[test]
fn the_documentation_has_a_section_for_every_key_and_no_other() {
    let documented: Vec<String> = sections().into_iter().map(|(path, _)| path).collect();
    let unique: BTreeSet<&str> = documented.iter().map(String::as_str).collect();
    let known: BTreeSet<&str> =
        embedded_schema().keys().iter().map(|key| key.path.as_str()).collect();
    assert_eq!(unique, known);
    assert_eq!(documented.len(), known.len(), "a key is documented twice");
}

#[test]
fn the_documented_defaults_are_the_defaults() {
    for (path, text) in sections() {
        let key = embedded_schema().find(&path).unwrap();
        let expected = match key.fallback {
            Fallback::Required => "- Default: none, it has to be written".to_owned(),
            Fallback::Nothing => "- Default: nothing; ".to_owned(),
            Fallback::Default(_) => format!("- Default: `{}`", key.default_text().unwrap()),
        };
        assert!(text.contains(&expected), "{path}: `{expected}` is not in its section");
        assert!(text.contains("\n- Type: "), "{path} has no type");
    }
}

#[test]
fn every_example_in_the_documentation_shows_its_key_and_compiles() {
    for (path, text) in sections() {
        let example = text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
        let example = completed(example.unwrap_or_else(|| panic!("{path} has no example")));
        let site = Site::parse("example", &example, embedded_schema())
            .unwrap_or_else(|errors| panic!("{path}\n{errors}"));
        let way: Vec<&str> = path.split('.').collect();
        assert!(site.place_of(&way).is_some(), "the example of {path} does not show it");
        if let Err(errors) = plan(&site, &layer::embedded()) {
            panic!("{path}\n{errors}");
        }
    }
}

#[test]
fn the_example_site_shows_every_key() {
    let shown: BTreeSet<String> = shown_keys(&read("examples/site.yaml"));
    let known: BTreeSet<String> =
        embedded_schema().keys().iter().map(|key| key.path.clone()).collect();
    assert_eq!(shown, known);
}

#[test]
fn the_example_site_shows_the_defaults() {
    let minimal: String = REQUIRED.iter().map(|(_, text)| *text).collect();
    assert_eq!(json(&read("examples/site.yaml")), json(&minimal));
}

#[test]
fn every_key_says_what_it_decides() {
    for Key { path, about, .. } in embedded_schema().keys() {
        assert!(about.len() > 10 && !about.ends_with('.'), "{path}: {about}");
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::to_value(Site::parse("site.yaml", text, embedded_schema()).unwrap()).unwrap()
}

/// The sections of the documentation that are about a key: its path, and the text.
fn sections() -> Vec<(String, String)> {
    let text = read("docs/site.md");
    let sections = text.split("\n### `").skip(1);
    sections
        .map(|section| {
            let (path, rest) = section.split_once("`\n").unwrap();
            (path.to_owned(), rest.to_owned())
        })
        .collect()
}

/// The example with the required keys that it leaves out.
pub(crate) fn completed(example: &str) -> String {
    let is_there = |key: &str| example.lines().any(|line| line.starts_with(&format!("{key}:")));
    let missing = REQUIRED.iter().filter(|(key, _)| !is_there(key));
    // Whoever has backups has a key to read them.
    let text = |(key, text): &(&str, &str)| {
        format!("{text}{}", if *key == "operator" { KEYS } else { "" })
    };
    missing.map(text).chain([example.to_owned()]).collect()
}

/// The paths of all leaves of an example, including those behind a `# `.
fn shown_keys(text: &str) -> BTreeSet<String> {
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut shown = BTreeSet::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim_start().trim_start_matches("# ");
        let Some((name, value)) = line.split_once(':').filter(|(name, _)| is_name(name)) else {
            continue;
        };
        open.retain(|(depth, _)| *depth < indent);
        open.push((indent, name));
        if !value.is_empty() {
            shown.insert(open.iter().map(|(_, name)| *name).collect::<Vec<_>>().join("."));
        }
    }
    shown
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
