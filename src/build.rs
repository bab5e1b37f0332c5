//! Puts the folder `layers` into the binary, so that it needs no files beside it, and the manifests as JSON too.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

fn main() {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("layers");
    println!("cargo::rerun-if-changed=layers");
    println!("cargo::rerun-if-changed=src/build.rs");
    let out = PathBuf::from(variable("OUT_DIR")).join("layers.rs");
    fs::write(&out, table(&root)).unwrap_or_else(|err| panic!("{}: {err}", out.display()));
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|err| panic!("{name}: {err}"))
}

/// A Rust expression: the sorted list of (path below `root`, text, the same as JSON if it is a manifest).
fn table(root: &Path) -> String {
    let mut text = String::from("&[\n");
    // A file that several layers bring stands in one of them; the others link to it.
    let entries = WalkDir::new(root).follow_links(true).sort_by_file_name();
    for entry in entries.into_iter().filter_map(Result::ok) {
        if entry.file_type().is_file() {
            let path = entry.path();
            let name = quoted(path.strip_prefix(root).expect("walked from the root"));
            let json = if entry.file_name() == "layer.yaml" { json(path) } else { String::new() };
            let path = quoted(path);
            writeln!(text, "({name}, include_str!({path}), {json:?}),")
                .expect("a string takes all");
        }
    }
    text + "]\n"
}

/// The YAML at `path` as JSON; nothing if it is none, which is said to who reads it.
fn json(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let value = serde_yaml::from_str::<serde_yaml::Value>(&text);
    value.ok().and_then(|it| serde_json::to_string(&it).ok()).unwrap_or_default()
}

/// A string literal of Rust.
fn quoted(path: &Path) -> String {
    format!("{:?}", path.to_str().expect("the layers have names in UTF-8"))
}
