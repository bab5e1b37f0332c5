//! Puts the folder `layers` into the binary, so that it needs no files beside it.

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

/// A Rust expression: the sorted list of (path below `root`, text).
fn table(root: &Path) -> String {
    let mut text = String::from("&[\n");
    // A file that several layers bring stands in one of them; the others link to it.
    let entries = WalkDir::new(root).follow_links(true).sort_by_file_name();
    for entry in entries.into_iter().filter_map(Result::ok) {
        if entry.file_type().is_file() {
            let path = entry.path();
            let name = quoted(path.strip_prefix(root).expect("walked from the root"));
            let path = quoted(path);
            writeln!(text, "({name}, include_str!({path})),").expect("a string takes all");
        }
    }
    text + "]\n"
}

/// A string literal of Rust.
fn quoted(path: &Path) -> String {
    format!("{:?}", path.to_str().expect("the layers have names in UTF-8"))
}
