//! House rules that no compiler checks.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use homeseed::layer::embedded_schema;

use crate::{sites, tools};

fn files(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
    let paths = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    paths
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| extension.is_empty() || path.extension().is_some_and(|it| it == extension))
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect()
}

fn rust() -> Vec<(PathBuf, String)> {
    files("src", "rs")
}

/// `src/lib.rs` lists the modules from the top down.
fn order() -> Vec<String> {
    let lib = fs::read_to_string("src/lib.rs").unwrap();
    let module = |line: &str| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned());
    lib.lines().filter_map(module).collect()
}

fn module(path: &Path) -> String {
    let first = path.strip_prefix("src").unwrap().iter().next().unwrap().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn modules_import_downwards() {
    let order = order();
    assert!(order.len() > 5, "{order:?}");
    for (path, text) in rust() {
        let Some(rank) = order.iter().position(|it| *it == module(&path)) else { continue };
        let used = used(&text);
        for above in &order[..rank] {
            let above = above.as_str();
            assert!(
                !used.contains(above),
                "{} uses `{above}`, which stands above it",
                path.display()
            );
        }
    }
}

/// The modules of this crate that `text` names, alone or in a group.
fn used(text: &str) -> BTreeSet<&str> {
    let paths = text.split("crate::").skip(1);
    let names = paths.flat_map(|rest| rest.strip_prefix('{').map_or_else(|| vec![rest], members));
    names.map(|path| word(path.trim_start())).collect()
}

/// The members of a group, from behind its opening brace.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut members) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                members.push(&group[start..at]);
                start = at + 1;
            }
            _ => (),
        }
        if c == '}' && depth == 0 && start == at + 1 {
            break;
        }
    }
    members
}

/// The identifier that `text` begins with.
fn word(text: &str) -> &str {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default()
}

#[test]
fn an_import_upwards_is_seen_however_it_is_written() {
    let texts = [
        "use crate::cli::run;",
        "    crate::cli::run()",
        "use crate::{cli, error::Error};",
        "use crate::{error::{Error, Place}, cli::run};",
        "use crate::{\n    error::{Error, Result},\n    cli::{\n        self,\n    },\n};",
    ];
    for text in texts {
        assert!(used(text).contains("cli"), "{text}: {:?}", used(text));
    }
    for text in ["use crate::{error::{cli, Error}}; cli::run()", "use crate::{plan}; {cli, x}"] {
        assert!(!used(text).contains("cli"), "{text}: {:?}", used(text));
    }
}

#[test]
fn every_module_says_what_it_is() {
    for (path, text) in rust().into_iter().chain(files("tests", "rs")) {
        assert!(text.starts_with("//! "), "{} has no `//!` header", path.display());
    }
}

#[test]
fn no_function_is_longer_than_sixty_lines() {
    for (path, text) in rust() {
        for (name, length) in functions(&text) {
            assert!(length <= 60, "{}: `{name}` has {length} lines", path.display());
        }
    }
}

/// Names and lengths, told by the indentation that rustfmt gives.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_head =
            words.iter().take(4).any(|it| *it == "fn") && !line.trim_start().starts_with("//");
        let end = format!("{indent}}}");
        if is_head && let Some(length) = lines[start..].iter().position(|it| *it == end) {
            let name = words.iter().skip_while(|it| **it != "fn").nth(1).unwrap_or(&"?");
            found.push(((*name).to_owned(), length + 1));
        }
    }
    found
}

fn layer_names() -> BTreeSet<String> {
    sites::SOURCES.keys().filter_map(|path| Some(path.split_once('/')?.0.to_owned())).collect()
}

/// Layers whose names are everyday words as well: only in quotes or in a path they mean the layer.
const EVERYDAY: [&str; 9] = [
    "backup",
    "base",
    "certificate",
    "mail",
    "onion",
    "packages",
    "updates",
    "watch",
    "well-known",
];

/// Programs that layers install.
const PROGRAMS: [&str; 3] = ["certbot", "matrix-synapse", "postgresql"];

/// Where a layer, or what it installs, may be named: which of them (all when none is listed), and why.
const EXEMPT: [(&str, &[&str], &str); 8] = [
    ("src/testbed", &[], "builds other servers, and a package that behaves as that of Synapse"),
    ("src/backend/well_known", &[], "writes configuration for the web servers of others"),
    ("src/template", &["nginx"], "knows the kind of file in `/etc/nginx/`"),
    ("src/plan/minify", &["nginx", "postgresql"], "knows what a comment is in each kind of file"),
    ("src/plan/files.rs", &["packages"], "writes a list that is called so"),
    ("src/backend/overlay.rs", &["packages"], "writes such a list as well"),
    ("src/inspect/overlay.rs", &["packages"], "reads such a list back"),
    ("src/backend/image", &["packages"], "reads it, and calls a stage by it"),
];

/// What is compiled into the program, without its tests.
fn program() -> Vec<(PathBuf, String)> {
    let sources = rust().into_iter().chain(files("src", "sh"));
    let sources = sources.filter(|(path, _)| !path.ends_with("tests.rs"));
    sources
        .map(|(path, text)| (path, text.split("#[cfg(test)]").next().unwrap().to_owned()))
        .collect()
}

/// Whether there is a reason for `name` in the file at `path`.
fn is_exempt(path: &Path, name: &str) -> bool {
    let reason = |(inside, names, _): &(&str, &[&str], &str)| {
        is_inside(path, inside) && (names.is_empty() || names.contains(&name))
    };
    EXEMPT.iter().any(reason)
}

/// Whether `path` is a file of this name, the module, or below its folder.
fn is_inside(path: &Path, name: &str) -> bool {
    path.starts_with(name) || path.with_extension("") == Path::new(name)
}

/// Whether `text` has `name` as a word of its own.
fn has_word(text: &str, name: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(is_inner) && !text[at + name.len()..].starts_with(is_inner)
    })
}

/// Whether `text` has `name` in quotes, or as the first or the last part of a path.
fn is_quoted(text: &str, name: &str) -> bool {
    let forms =
        [format!("\"{name}\""), format!("\"{name}/"), format!("'{name}'"), format!("/{name}\"")];
    forms.iter().any(|form| text.contains(form.as_str()))
}

/// Whether `text` names the layer or the program `name`.
fn is_named(text: &str, name: &str) -> bool {
    if EVERYDAY.contains(&name) { is_quoted(text, name) } else { has_word(text, name) }
}

fn layers_and_programs() -> Vec<String> {
    layer_names().into_iter().chain(PROGRAMS.map(str::to_owned)).collect()
}

#[test]
fn no_layer_is_named_in_the_sources() {
    for everyday in EVERYDAY {
        assert!(layer_names().contains(everyday), "there is no layer `{everyday}`");
    }
    for (path, text) in program() {
        for name in layers_and_programs().iter().filter(|name| !is_exempt(&path, name)) {
            assert!(!is_named(&text, name), "{} names `{name}`", path.display());
        }
    }
}

#[test]
fn every_exemption_is_needed() {
    let (program, all) = (program(), layers_and_programs());
    for (exempt, names, reason) in EXEMPT {
        let inside = || program.iter().filter(|(path, _)| is_inside(path, exempt));
        let is_there = |name: &str| inside().any(|(_, text)| is_named(text, name));
        let is_needed = match names {
            [] => all.iter().any(|name| is_there(name)),
            names => names.iter().all(|name| is_there(name)),
        };
        assert!(is_needed, "{exempt} names none; it was exempt because it {reason}");
    }
}

#[test]
fn no_key_of_a_layer_is_named_in_the_sources() {
    let keys = embedded_schema().keys().iter().filter(|key| key.layer.is_some());
    let paths: Vec<&str> = keys.map(|key| key.path.as_str()).collect();
    assert!(paths.len() > 10, "{paths:?}");
    for (path, text) in program() {
        for key in paths.iter().filter(|key| !is_exempt(&path, key)) {
            let pointer = format!("/{}\"", key.replace('.', "/"));
            let is_dotted = key.contains('.') && has_word(&text, key);
            let in_quotes = is_quoted(&text, key) || text.contains(&format!("`{key}`"));
            let is_named = is_dotted || in_quotes || text.contains(&pointer);
            assert!(!is_named, "{} names the key `{key}`", path.display());
        }
    }
}

#[test]
fn a_name_is_found_however_it_is_written() {
    for text in ["nginx -t", "\"nginx\"", "/etc/nginx/x", "// see nginx.", "run_as(nginx)"] {
        assert!(has_word(text, "nginx"), "{text}");
    }
    for text in ["nginxy", "my_nginx", "Nginx", "engine"] {
        assert!(!has_word(text, "nginx"), "{text}");
    }
    assert!(is_quoted("(\"base\", 1)", "base") && is_quoted("\"base/layer.yaml\"", "base"));
    assert!(!is_quoted("base path of a \"baseline\"", "base"));
}

#[test]
fn every_layer_is_complete() {
    for name in layer_names() {
        for file in ["layer.yaml", "README.md"] {
            assert!(sites::SOURCES.contains_key(&format!("{name}/{file}")), "{name} has no {file}");
        }
    }
}

#[test]
fn every_layer_promises_something() {
    for layer in &sites::layers().ordered {
        assert!(!layer.manifest.checks.is_empty(), "{} has no check", layer.name);
    }
}

#[test]
fn every_built_in_check_says_what_to_do() {
    let layers = sites::layers();
    let mut checks = 0;
    for layer in &layers.ordered {
        for check in &layer.manifest.checks {
            assert!(check.cure.len() > 20 && !check.cure.contains('\n'), "{}", check.name);
            checks += 1;
        }
    }
    assert!(checks > 35);
}

#[test]
fn no_template_goes_round_the_escaping() {
    for (path, text) in &*sites::SOURCES {
        for way in ["|safe", "| safe", "autoescape"] {
            assert!(!text.contains(way), "{path} has `{way}`");
        }
    }
}

#[test]
fn only_one_module_starts_processes() {
    for (path, text) in rust().into_iter().filter(|(path, _)| module(path) != "host") {
        for way in ["process::Command", "xshell::", "cmd!("] {
            let allowed = path.ends_with("error.rs") && way == "xshell::";
            assert!(allowed || !text.contains(way), "{} has `{way}`", path.display());
        }
    }
}

#[test]
fn nothing_is_left_to_be_done() {
    let words = ["TO-DO", "FIX-ME", "XX-X", "HA-CK"].map(|word| word.replace('-', ""));
    for folder in ["src", "layers", "tests", "docs", "image-tests", "examples"] {
        for (path, text) in files(folder, "") {
            for word in &words {
                assert!(!text.contains(word), "{} has `{word}`", path.display());
            }
        }
    }
}

/// Every file that is tracked, but for the texts that are wrong on purpose.
fn tracked() -> Vec<String> {
    let output = tools::run(&["git", "ls-files", "-z"], "");
    assert!(output.status.success(), "{}", tools::said(&output));
    let list = String::from_utf8(output.stdout).unwrap();
    let names = list.split_terminator('\0').filter(|name| !name.starts_with("tests/golden/"));
    names.map(str::to_owned).collect()
}

#[test]
fn every_file_is_text_and_at_the_top_stands_nothing_unexpected() {
    let top = [
        ".ci",
        ".gitignore",
        ".shellcheckrc",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "Makefile",
        "README.md",
        "SECURITY.md",
        "clippy.toml",
        "docs",
        "examples",
        "image-tests",
        "layers",
        "rustfmt.toml",
        "src",
        "tests",
    ];
    let tracked = tracked();
    assert!(tracked.len() > 100, "{tracked:?}");
    for name in tracked {
        let first = name.split('/').next().unwrap();
        assert!(top.contains(&first), "{name} does not belong here");
        // One that is deleted and not yet committed is no fault.
        let bytes = fs::read(&name).unwrap_or_default();
        let is_text = std::str::from_utf8(&bytes).is_ok_and(|text| !text.contains('\0'));
        assert!(is_text, "{name} is no text");
    }
}

#[test]
fn the_changelog_has_the_version_once() {
    let heading = format!("## {}", env!("CARGO_PKG_VERSION"));
    let changelog = fs::read_to_string("CHANGELOG.md").unwrap();
    let count = changelog.lines().filter(|line| line.starts_with(&heading)).count();
    let unreleased = changelog.lines().any(|line| line == "## Unreleased");
    assert!(count == 1 || (count == 0 && unreleased), "`{heading}` stands {count} times");
}
