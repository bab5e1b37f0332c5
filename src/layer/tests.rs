//! Layers read from a few lines of text.

use super::*;

fn sources(files: &[(&str, &str)]) -> Sources {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

#[track_caller]
fn refuses(files: &[(&str, &str)], expected: &str) {
    let error = Layers::read(&sources(files)).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn layers_stand_in_the_order_of_their_needs_and_then_of_their_names() {
    let sources = sources(&[
        ("a/layer.yaml", "about: x\nneeds: [c]\n"),
        ("b/layer.yaml", "about: x\nneeds: [d]\n"),
        ("c/layer.yaml", "about: x\nneeds: [d]\n"),
        ("d/layer.yaml", "about: x\n"),
    ]);
    assert_eq!(order(&sources), ["d", "b", "c", "a"]);
}

#[test]
fn a_layer_that_takes_backups_comes_when_all_others_have_made_what_they_keep() {
    let sources = sources(&[
        ("a/layer.yaml", "about: x\nkeeps: {readers: site.recipients}\n"),
        ("b/layer.yaml", "about: x\n"),
        ("c/layer.yaml", "about: x\nneeds: [b]\nkeeps: {files: [/etc/c]}\n"),
    ]);
    assert_eq!(order(&sources), ["b", "c", "a"]);
}

fn order(sources: &Sources) -> Vec<&str> {
    let layers = Layers::read(sources).unwrap();
    layers.ordered.iter().map(|layer| layer.name).collect()
}

#[test]
fn what_was_understood_when_the_program_was_built_is_what_the_manifest_says() {
    let manifests = || EMBEDDED.iter().filter(|(path, _, _)| path.ends_with(MANIFEST));
    for (path, text, json) in manifests() {
        let built: Manifest = serde_json::from_str(json).unwrap_or_else(|error| {
            panic!("{path}: {error}: a word that YAML takes for a number or a flag needs quotes")
        });
        let written = Manifest::parse(path, text).unwrap();
        assert_eq!(format!("{built:#?}"), format!("{written:#?}"), "{path}");
    }
    assert!(manifests().count() > 10);
}

#[test]
fn needs_that_cannot_be_met_are_refused() {
    refuses(&[("a/layer.yaml", "about: x\nneeds: [b]\n")], "layer `a` needs `b`");
    let circle =
        [("a/layer.yaml", "about: x\nneeds: [b]\n"), ("b/layer.yaml", "about: x\nneeds: [a]\n")];
    refuses(&circle, "in a circle: a, b");
}

#[test]
fn a_folder_without_a_manifest_is_refused() {
    refuses(&[("a/README.md", "")], "layer `a` has no `layer.yaml`");
}

#[test]
fn a_name_that_a_shell_would_read_is_refused() {
    for name in ["$(reboot)", "a b", "a;b", "a'b", "-a", "A", "a.b", "\u{e4}", "a\nb", ""] {
        let manifest = format!("{name}/layer.yaml");
        let said = format!("the folder `{}` cannot be a layer", name.escape_debug());
        refuses(&[(&manifest, "about: x\n")], &said);
        refuses(&[(&manifest, "about: x\n")], "hint: rename it: a to z");
    }
    assert!(Layers::read(&sources(&[("3-a-/layer.yaml", "about: x\n")])).is_ok());
}

#[test]
fn a_file_that_nothing_reads_is_refused() {
    refuses(&[("a/layer.yaml", "about: x\n"), ("a/setpu.sh", "")], "nothing reads `a/setpu.sh`");
}

#[test]
fn mistakes_in_manifests_are_shown_at_their_place() {
    refuses(&[("a/layer.yaml", "about: x\npackges: []\n")], "--> a/layer.yaml:2:1");
    let unit = "about: x\nchecks:\n- {name: x, from: host, run: x, wait: 3h}\n";
    refuses(&[("a/layer.yaml", unit)], "`3h` is not a time of at most one hour");
    let mode = "about: x\nmodes: {/a: root 0644}\n";
    refuses(&[("a/layer.yaml", mode)], "`root 0644` is not an owner and mode");
}

#[test]
fn mistakes_in_templates_are_shown_at_their_place() {
    let files = [("a/layer.yaml", "about: x\n"), ("a/files/etc/x.j2", "a\n{% if %}\n")];
    refuses(&files, "--> a/files/etc/x.j2:2:");
}

#[test]
fn every_mistake_is_reported() {
    let files = [("a/layer.yaml", "abuot: x\n"), ("b/layer.yaml", "about: x\nports: [99999]\n")];
    refuses(&files, "a/layer.yaml:1");
    refuses(&files, "expected a value, or a value and its condition");
}
