//! Expected output that is kept in files: `UPDATE=1 cargo test` rewrites it; review the difference.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

/// Compares `actual` with the text of the file at `path`.
#[track_caller]
pub(crate) fn check(path: &Path, actual: &str) {
    if let Err(difference) = compare(path, actual) {
        panic!("{difference}");
    }
}

/// Turns every `*.input` of a folder into a text and compares it with the file beside it that ends in `.output`.
///
/// An output without its input fails as well.
#[track_caller]
pub(crate) fn check_folder(
    folder: &str,
    input: &str,
    output: &str,
    render: impl Fn(&str, &str) -> String,
) -> usize {
    let inputs = files(folder, input);
    let stems: BTreeSet<PathBuf> = inputs.iter().map(|path| path.with_extension("")).collect();
    let mut wrong: Vec<String> = files(folder, output)
        .iter()
        .filter(|path| !stems.contains(&path.with_extension("")))
        .map(|path| format!("{} has no {input} file", path.display()))
        .collect();
    for path in &inputs {
        let name = path.file_name().unwrap().to_string_lossy();
        let actual = render(&name, &fs::read_to_string(path).unwrap());
        wrong.extend(compare(&path.with_extension(output), &actual).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    inputs.len()
}

fn compare(path: &Path, actual: &str) -> Result<(), String> {
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    if env::var_os("UPDATE").is_some() {
        fs::write(path, actual).unwrap();
        return Ok(());
    }
    let path = path.display();
    Err(format!(
        "{path} is out of date; run with UPDATE=1 and review\n\nexpected:\n{expected}\nactual:\n{actual}"
    ))
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == extension))
        .collect();
    files.sort();
    files
}
