//! Plans made from layers of a few lines.

use super::*;
use crate::layer::embedded_schema;

const SITE: &str =
    "server_name: example.org\nhost: chat.example.org\noperator:\n  email: o@example.org\n";

fn planned(site: &str, files: &[(&str, &str)]) -> Result<Plan, String> {
    let sources: Sources =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let site = Site::parse("site.yaml", &format!("{SITE}{site}"), embedded_schema()).unwrap();
    plan(&site, &sources).map_err(|errors| errors.to_string())
}

/// The same for a site with the keys of these layers and no others.
fn compiled(site: &str, files: &[(&str, &str)]) -> Result<Plan, String> {
    let sources: Sources =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let layers = Layers::read(&sources).map_err(|errors| errors.to_string())?;
    let site = Site::parse("site.yaml", &format!("{SITE}{site}"), &layers.schema);
    site.and_then(|site| with(&site, &layers)).map_err(|errors| errors.to_string())
}

#[track_caller]
fn refuses(site: &str, files: &[(&str, &str)], expected: &str) {
    let error = planned(site, files).unwrap_err();
    assert!(error.contains(expected), "{error}");
}

const WAIVER: &str = "about: x\nwaives: {/etc/: they are not at stake here}\n";

#[test]
fn a_file_is_placed_rendered_and_named_in_the_inventory() {
    let plan = planned(
        "",
        &[("a/layer.yaml", WAIVER), ("a/files/etc/x.env.j2", "HOST={{ site.host }}\n")],
    )
    .unwrap();
    let file = plan.files.iter().find(|file| file.path == "/etc/x.env").unwrap();
    assert_eq!(file.contents, "HOST=chat.example.org\n");
    let line = format!("{} 0644 root:root /etc/x.env\n", sha256("HOST=chat.example.org\n"));
    assert!(plan.inventory().starts_with(&line), "{}", plan.inventory());
    assert_eq!(plan.digest(), sha256(plan.inventory()));
}

#[test]
fn scripts_may_be_run_and_modes_may_be_given() {
    let manifest = format!("{WAIVER}modes: {{/etc/b: 'root:adm 0640'}}\n");
    let files = [
        ("a/layer.yaml", manifest.as_str()),
        ("a/files/etc/a", "#!/bin/sh\n"),
        ("a/files/etc/b", "b\n"),
    ];
    let plan = planned("", &files).unwrap();
    let entries: Vec<String> = plan.files.iter().map(File::entry).collect();
    assert_eq!(entries[0], "0755 root:root /etc/a");
    assert_eq!(entries[1], "0640 root:adm /etc/b");
}

#[test]
fn a_template_that_comes_out_empty_is_left_out() {
    let files =
        [("a/layer.yaml", WAIVER), ("a/files/etc/x.j2", "{% if site.presence %}x{% endif %}\n")];
    let plan = planned("", &files).unwrap();
    assert!(!plan.files.iter().any(|file| file.path == "/etc/x"));
}

#[test]
fn conditions_decide_about_layers_units_ports_packages_and_checks() {
    let manifest = "
about: x
when: site.presence == false
units: [a.timer, {unit: b.timer, when: site.presence}]
ports: [22, {port: 8448, when: site.federation.port_8448}]
packages: [curl, {package: x, when: site.presence}]
checks:
- {name: yes, from: host, run: 'true'}
- {name: no, from: host, run: 'true', when: site.presence}
";
    let files = [("a/layer.yaml", manifest), ("b/layer.yaml", "about: x\nwhen: site.presence\n")];
    let plan = planned("", &files).unwrap();
    assert_eq!(plan.layers.len(), 1);
    assert_eq!(plan.units.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["a.timer"]);
    assert_eq!(plan.ports.iter().map(|it| it.range.to_string()).collect::<Vec<_>>(), ["22"]);
    assert_eq!(plan.packages.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["curl"]);
    assert_eq!(plan.checks.len(), 1);
}

#[test]
fn two_layers_cannot_write_one_file_or_enable_one_unit() {
    let both = |manifest| {
        let files = [
            ("a/layer.yaml", manifest),
            ("b/layer.yaml", manifest),
            ("a/files/etc/x", "x\n"),
            ("b/files/etc/x", "y\n"),
        ];
        planned("", &files).unwrap_err()
    };
    assert!(both(WAIVER).contains("layers `a` and `b` both write `/etc/x`"));
    let error = both("about: x\nunits: [u.timer]\n");
    assert!(error.contains("layers `a` and `b` both enable `u.timer`"), "{error}");
}

#[test]
fn a_file_without_a_check_is_refused() {
    let files = [("a/layer.yaml", "about: x\n"), ("a/files/etc/x", "x\n")];
    refuses("", &files, "layer `a`: no check covers `/etc/x`");
}

#[test]
fn a_manifest_cannot_name_a_file_that_is_not_there() {
    refuses("", &[("a/layer.yaml", WAIVER)], "layer `a` has no file `/etc/`");
}

#[test]
fn a_file_that_a_pasted_document_cannot_carry_is_refused() {
    for (text, expected) in
        [("\u{e4}\n", "plain ASCII"), ("a", "end with a newline"), ("a\r\n", "plain ASCII")]
    {
        refuses("", &[("a/layer.yaml", WAIVER), ("a/files/etc/x", text)], expected);
    }
    refuses("", &[("a/layer.yaml", WAIVER), ("a/files/etc/x y", "a\n")], "a path may hold");
}

#[test]
fn steps_are_numbered_in_the_order_of_the_layers() {
    let files = [
        ("b/layer.yaml", "about: x\n"),
        ("b/setup.sh", "#!/bin/sh\n"),
        ("a/layer.yaml", "about: x\nneeds: [b]\n"),
        ("a/setup.sh", "#!/bin/sh\n"),
    ];
    let plan = planned("", &files).unwrap();
    let steps: Vec<&str> = plan
        .files
        .iter()
        .filter_map(|it| it.path.strip_prefix("/usr/lib/homeseed/steps/"))
        .collect();
    assert_eq!(steps.len(), 2);
    assert!(steps[0].ends_with("-b") && steps[1].ends_with("-a"), "{steps:?}");
}

const SETTINGS: &str = "
about: x
settings: {from: synapse, known: known.txt, beside: /etc/s}
waives: {/etc/s/: they are not at stake here}
";
const PASS: &str = "{% for k, v in site.synapse | items %}{{ k }}: {{ v }}\n{% endfor %}";

#[test]
fn an_option_that_the_program_does_not_know_is_refused_at_its_line() {
    let files =
        [("a/layer.yaml", SETTINGS), ("a/known.txt", "one\n"), ("a/files/etc/s/9.yaml.j2", PASS)];
    assert!(planned("synapse: {one: [1]}\n", &files).is_ok());
    refuses("synapse:\n  two: 1\n", &files, "site.yaml:6:3");
}

#[test]
fn options_may_stand_in_a_section() {
    let manifest = "
about: x
foundation: true
keys: {chat.options: {type: options, default: {}, about: any further options}}
settings: {from: chat.options, known: known.txt, beside: /etc/s}
";
    let files = [("a/layer.yaml", manifest), ("a/known.txt", "one\n")];
    assert!(compiled("chat: {options: {one: 1}}\n", &files).is_ok());
    let error = compiled("chat:\n  options:\n    two: 1\n", &files).unwrap_err();
    assert!(error.contains("site.yaml:7:5"), "{error}");
}

#[test]
fn an_option_that_a_layer_sets_is_refused_with_the_layers_name() {
    let files = [
        ("a/layer.yaml", SETTINGS),
        ("a/known.txt", "one\ntwo\n"),
        ("a/files/etc/s/0.yaml", "two: 2\n"),
        ("a/files/etc/s/9.yaml.j2", PASS),
    ];
    assert!(planned("synapse: {one: 1}\n", &files).is_ok());
    refuses(
        "synapse:\n  two: 1\n",
        &files,
        "`two` belongs to layer `a`, which sets it in `/etc/s/0.yaml`",
    );
}

#[test]
fn two_files_cannot_set_one_option() {
    let files = [
        ("a/layer.yaml", SETTINGS),
        ("a/known.txt", "one\n"),
        ("a/files/etc/s/0.yaml", "two: 2\n"),
        ("a/files/etc/s/1.yaml", "two: 3\n"),
    ];
    refuses("", &files, "`two` is set by `a` and by `a`");
}

#[test]
fn what_is_to_be_published_elsewhere_comes_from_planned_files() {
    let manifest = format!(
        "{WAIVER}publish:\n  host: site.server_name\n  when: site.delegation == 'elsewhere'\n  files: {{/.well-known/x: /etc/x}}\n"
    );
    let files = [("a/layer.yaml", manifest.as_str()), ("a/files/etc/x", "{}\n")];
    assert!(planned("", &files).unwrap().publications.is_empty());
    let [document] = &planned("delegation: elsewhere\n", &files).unwrap().publications[..] else {
        panic!("one document is published");
    };
    assert_eq!(document.url, "https://example.org/.well-known/x");
    assert_eq!(document.contents, "{}\n");
}

#[test]
fn a_rehearsal_leaves_out_what_relies_on_another_computer() {
    let manifest = "about: x\nrelies_on: mail relay\npackages: [swaks]\n";
    let sources = Sources::from(
        [("a/layer.yaml", manifest), ("b/layer.yaml", "about: y\n")]
            .map(|(path, text)| (path.to_owned(), text.to_owned())),
    );
    let layers = Layers::read(&sources).unwrap();
    let site = Site::parse("site.yaml", SITE, embedded_schema()).unwrap();
    let named = |aim| {
        let plan = aimed(&site, &layers, aim).unwrap();
        let names: Vec<String> = plan.layers.into_iter().map(|it| it.name).collect();
        (names.join(" "), plan.packages.len(), plan.warnings[site.warnings().len()..].join("\n"))
    };
    assert_eq!(named(Aim::default()), ("a b".to_owned(), 1, String::new()));
    let said = "the layer `a` is left out: the test internet has no mail relay";
    let rehearsed = named(Aim { rehearses: true, ..Aim::default() });
    assert_eq!(rehearsed, ("b".to_owned(), 0, said.to_owned()));
}
