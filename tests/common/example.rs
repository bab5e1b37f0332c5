//! The layers of the program, and the example of one of one's own.

use std::fs;

use homeseed::layer::{self, Sources};

pub(crate) const FOLDER: &str = "examples/layers/ping";

/// The layers of the program, and the example.
pub(crate) fn sources() -> Sources {
    let files = walkdir::WalkDir::new(FOLDER).into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file()).map(|entry| {
        let inside = entry.path().strip_prefix("examples/layers").unwrap().display().to_string();
        (inside, fs::read_to_string(entry.path()).unwrap())
    });
    layer::embedded().into_iter().chain(files).collect()
}
