//! Every example in the documentation is compiled.

use std::fs;

use homeseed::{
    layer::{self, Manifest},
    plan::plan,
    site::Site,
};

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
        let site = Site::parse("README.md", &text).unwrap_or_else(|errors| panic!("{errors}"));
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
fn no_other_page_shows_yaml_that_nothing_compiles() {
    let tested = ["docs/site.md", "docs/layers.md", "docs/checks.md"];
    let pages = walkdir::WalkDir::new("docs").into_iter().chain(walkdir::WalkDir::new("layers"));
    let pages = pages.map(|entry| entry.unwrap().into_path());
    for page in pages.filter(|page| page.extension().is_some_and(|it| it == "md")) {
        let name = page.to_str().unwrap();
        assert!(tested.contains(&name) || blocks(name, "yaml").is_empty(), "{name} shows yaml");
    }
}
