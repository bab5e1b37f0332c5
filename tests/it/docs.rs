//! Every example in the documentation is compiled.

use std::fs;

use homeseed::{
    check::{Judgement, Vantage, quoted},
    layer::{self, Layers, Manifest, Sources, embedded_schema},
    plan::{self, Plan, plan},
    site::{Site, type_names},
};

use crate::{docs_site, example, pages, tools};

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

/// The pieces of manifests on the page about layers. The first is the foundation's, the others make one layer.
fn pieces() -> (String, String) {
    let mut pieces = blocks("docs/layers.md", "yaml");
    let foundation = pieces.remove(0);
    (foundation, pieces.concat())
}

#[test]
fn the_pieces_of_a_manifest_make_a_layer() {
    let (foundation, relay) = pieces();
    let site = format!("{}turn: {{host: turn.example.org}}\n", docs_site::completed(""));
    let plan = compiled(layer::embedded(), "turn", &relay, &site);
    assert!(plan.layers.iter().any(|layer| layer.name == "turn"));
    assert_eq!(plan.fact("TURN_RELAY"), Some("3478 49152-65535"));
    let alone = compiled(Sources::new(), "ground", &foundation, &docs_site::completed(""));
    assert_eq!(alone.layers.len(), 1);
}

#[test]
fn the_checks_on_their_page_make_a_layer() {
    let pieces = blocks("docs/checks.md", "yaml");
    assert!(!pieces.is_empty(), "the page shows no check");
    for piece in pieces {
        let manifest = format!("about: an example\nneeds: [nginx]\n{piece}");
        compiled(layer::embedded(), "example", &manifest, &docs_site::completed(""));
    }
}

/// The plan of `site` with one more layer, for which the files are made that its manifest names.
#[track_caller]
fn compiled(mut sources: Sources, name: &str, manifest: &str, site: &str) -> Plan {
    sources.insert(format!("{name}/layer.yaml"), manifest.to_owned());
    let read = Manifest::parse(name, manifest).unwrap_or_else(|error| panic!("{error}"));
    let covered = read.checks.iter().flat_map(|check| &check.covers);
    let published = read.publish.iter().flat_map(|publish| publish.files.values());
    for path in covered.chain(read.modes.keys()).chain(read.waives.keys()).chain(published) {
        let path = if path.ends_with('/') { format!("{path}x.conf") } else { path.clone() };
        sources.insert(format!("{name}/files{path}"), "{}\n".to_owned());
    }
    if let Some(settings) = &read.settings {
        sources.insert(format!("{name}/{}", settings.known), "verbose\n".to_owned());
    }
    let layers = Layers::read(&sources).unwrap_or_else(|errors| panic!("{errors}"));
    let site = Site::parse("site.yaml", site, &layers.schema);
    site.and_then(|site| plan::with(&site, &layers)).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn every_key_of_a_manifest_is_shown_and_explained() {
    let (foundation, relay) = pieces();
    let piece = |text: &str| serde_yaml::from_str::<serde_json::Value>(text).unwrap();
    let (foundation, relay) = (piece(&foundation), piece(&relay));
    let page = fs::read_to_string("docs/layers.md").unwrap();
    let (keys, sections) = (
        known_to("nonsense: 1"),
        [
            ("keys", "keys: {a: {nonsense: 1}}"),
            ("rules", "rules: [{nonsense: 1}]"),
            ("records", "records: [{nonsense: 1}]"),
            ("born", "born: {a: {nonsense: 1}}"),
            ("secrets", "secrets: {a: {nonsense: 1}}"),
            ("settings", "settings: {nonsense: 1}"),
            ("publish", "publish: {nonsense: 1}"),
        ],
    );
    for key in &keys {
        let is_shown = relay.get(key).or(foundation.get(key)).is_some();
        assert!(is_shown, "no example shows `{key}`");
        assert!(page.contains(&format!("\n| `{key}` | ")), "`{key}` is not in the table");
    }
    for (section, wrong) in sections {
        let mut shown = std::collections::BTreeSet::new();
        collect(&relay[section], &mut shown);
        for key in known_to(wrong) {
            assert!(shown.contains(&key), "no example shows `{key}` of `{section}`");
        }
    }
}

/// The keys that may stand where `wrong` has one that may not, as the reader of manifests names them.
fn known_to(wrong: &str) -> Vec<String> {
    let error = Manifest::parse("x", &format!("about: x\n{wrong}\n")).unwrap_err();
    let (_, names) = error.message().split_once("expected ").unwrap();
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_table_of_types_has_every_type_and_no_other() {
    assert_eq!(pages::first_column("docs/layers.md", "| type | a value |"), type_names());
}

#[test]
fn the_words_of_judgements_are_listed() {
    let page = fs::read_to_string("docs/layers.md").unwrap();
    let (_, chapter) = page.split_once("\n## Cures\n").unwrap();
    for judgement in Judgement::ALL {
        let word = serde_json::to_value(judgement).unwrap();
        let word = format!("`{}`", word.as_str().unwrap());
        assert!(chapter.contains(&word), "{word} is not listed");
    }
}

#[test]
fn the_checks_that_the_machine_does_not_carry_are_listed() {
    let page = fs::read_to_string("docs/checks.md").unwrap();
    let site = Site::parse("x", &docs_site::completed(""), embedded_schema()).unwrap();
    let plan = plan(&site, &layer::embedded()).unwrap();
    for (chapter, from) in [("From outside", Vantage::Outside), ("By a login", Vantage::Ssh)] {
        let (_, chapter) = page.split_once(&format!("\n## {chapter}\n")).unwrap();
        let (_, list) = chapter.split_once("\nThese are left out on the machine:\n\n").unwrap();
        let listed: Vec<String> =
            list.lines().map_while(|line| line.strip_prefix("- ")).map(str::to_owned).collect();
        let checks: Vec<_> = plan.checks.iter().filter(|check| check.from == from).collect();
        let declared: Vec<String> =
            checks.iter().map(|check| format!("`{}`: {}", check.layer, check.name)).collect();
        assert_eq!(listed, declared);
        for check in checks {
            let title = quoted(&check.title());
            assert!(!plan.script().contains(&title), "the machine makes {title}");
            assert!(plan.script_elsewhere(1).contains(&title), "nobody makes {title}");
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
    let (embedded, example) = (layer::embedded(), example::sources());
    let mut count = 0;
    for page in pages::pages().iter().filter(|page| !manifests.contains(&page.name.as_str())) {
        let sources = if page.name.starts_with("examples/") { &example } else { &embedded };
        let layers = Layers::read(sources).unwrap_or_else(|errors| panic!("{errors}"));
        for block in page.blocks.iter().filter(|block| block.language == "yaml") {
            let text = docs_site::completed(&block.text);
            let site = Site::parse(&page.name, &text, &layers.schema)
                .unwrap_or_else(|errors| panic!("{errors}"));
            plan::with(&site, &layers).unwrap_or_else(|errors| panic!("{errors}"));
            count += 1;
        }
    }
    assert!(count > 20, "{count} pieces");
}
