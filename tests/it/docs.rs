//! Every example in the documentation is compiled.

use std::fs;

use homeseed::{
    layer::{self, Manifest, embedded_schema},
    plan::plan,
    site::Site,
};

use crate::{docs_site, pages, tools};

/// The blocks of `file` that are marked as `language`.
pub(crate) fn blocks(file: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let opening = format!("```{language}\n");
    let blocks = text.split(opening.as_str()).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_sites_in_the_readme_compile_without_a_warning() {
    let sites = blocks("README.md", "yaml");
    assert!(!sites.is_empty(), "the README shows no site");
    for text in sites {
        let site = Site::parse("README.md", &text, embedded_schema())
            .unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(site.warnings(), Vec::<String>::new());
        plan(&site, &layer::embedded()).unwrap_or_else(|errors| panic!("{errors}"));
    }
}

#[test]
fn the_pieces_of_manifests_in_the_documentation_are_ones() {
    for file in ["docs/layers.md", "docs/checks.md"] {
        let pieces = blocks(file, "yaml");
        assert!(!pieces.is_empty(), "{file} shows no piece of a manifest");
        for piece in pieces {
            let text = format!("about: an example\n{piece}");
            Manifest::parse(file, &text).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

#[test]
fn every_page_is_in_the_book() {
    let summary = fs::read_to_string("docs/SUMMARY.md").unwrap();
    // The first page stands in for the README, one is a part of the program, three are for who has the sources.
    let program = "src/backend/well_known/README.md";
    let others = [
        "README.md",
        "SECURITY.md",
        "docs/SUMMARY.md",
        program,
        "CONTRIBUTING.md",
        "tests/fuzz/README.md",
    ];
    for page in pages::pages().iter().filter(|page| !others.contains(&page.name.as_str())) {
        let link =
            page.name.strip_prefix("docs/").map_or(format!("../{}", page.name), str::to_owned);
        assert!(summary.contains(&format!("]({link})")), "{} is not in the book", page.name);
    }
}

#[test]
fn every_key_of_a_plan_is_documented() {
    assert!(documented("plan.md", "As JSON", &["plan", "image-tests/elsewhere/site.yaml"]) > 30);
}

#[test]
fn every_key_of_a_comparison_is_documented() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old.yaml");
    let site = fs::read_to_string("examples/site.yaml").unwrap();
    fs::write(&old, site.replace("presence: false", "presence: true")).unwrap();
    let words = ["diff", old.to_str().unwrap(), "examples/site.yaml"];
    assert!(documented("plan.md", "What a change changes", &words) > 14);
}

/// How many keys the JSON of a verb has, each of which stands in that chapter of a page.
#[track_caller]
fn documented(page: &str, chapter: &str, words: &[&str]) -> usize {
    let text = fs::read_to_string(format!("docs/{page}")).unwrap();
    let (_, rest) = text.split_once(&format!("\n## {chapter}\n")).unwrap();
    let chapter = rest.split("\n## ").next().unwrap();
    let program = [env!("CARGO_BIN_EXE_homeseed")];
    let output = tools::run(&[&program, words, &["--format", "json"]].concat(), "");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut keys = std::collections::BTreeSet::new();
    collect(&document, &mut keys);
    for key in &keys {
        assert!(chapter.contains(&format!("`{key}`")), "docs/{page} does not say what `{key}` is");
    }
    keys.len()
}

/// The keys of `value`, and of everything in it.
fn collect(value: &serde_json::Value, keys: &mut std::collections::BTreeSet<String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                keys.insert(key.clone());
                collect(value, keys);
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, keys)),
        _ => (),
    }
}

#[test]
fn every_other_piece_of_yaml_is_one_of_a_site() {
    let manifests = ["docs/layers.md", "docs/checks.md"];
    let mut count = 0;
    for page in pages::pages().iter().filter(|page| !manifests.contains(&page.name.as_str())) {
        for block in page.blocks.iter().filter(|block| block.language == "yaml") {
            let text = docs_site::completed(&block.text);
            let site = Site::parse(&page.name, &text, embedded_schema())
                .unwrap_or_else(|errors| panic!("{errors}"));
            plan(&site, &layer::embedded()).unwrap_or_else(|errors| panic!("{errors}"));
            count += 1;
        }
    }
    assert!(count > 20, "{count} pieces");
}
