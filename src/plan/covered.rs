//! Everything is checked: every file has a check of its layer, or a reason why not.

use std::collections::BTreeSet;

use super::{File, Plan, files::is_generated, selection::Selection};
use crate::{
    error::Error,
    layer::{Layer, Layers},
};

/// Files without a check, and words of manifests that are about no file.
pub(super) fn gaps(
    plan: &Plan,
    selection: &Selection<'_, '_>,
    left_out: &BTreeSet<String>,
    all: &Layers<'_>,
) -> Vec<Error> {
    let mut errors: Vec<Error> = plan
        .files
        .iter()
        .filter(|file| !is_generated(&file.path) && !is_covered(file, plan, selection))
        .map(uncovered)
        .collect();
    for layer in &selection.layers {
        for path in named(layer).into_iter().filter(|path| !exists(path, layer, plan, left_out)) {
            let message = format!("layer `{}` has no file `{path}`", layer.name);
            errors.push(all.blame(layer.name, path, message));
        }
    }
    errors
}

fn is_covered(file: &File, plan: &Plan, selection: &Selection<'_, '_>) -> bool {
    let own = plan.checks.iter().filter(|check| check.layer == file.layer);
    let layer = selection.layers.iter().find(|layer| layer.name == file.layer);
    own.flat_map(|check| &check.covers).any(|covers| reaches(covers, &file.path))
        || layer.is_some_and(|layer| layer.manifest.waives.keys().any(|it| reaches(it, &file.path)))
}

/// Whether `word`, a path or a folder that ends with `/`, means `path`.
fn reaches(word: &str, path: &str) -> bool {
    word == path || (word.ends_with('/') && path.starts_with(word))
}

fn uncovered(file: &File) -> Error {
    let File { layer, path, .. } = file;
    Error::new(format!("layer `{layer}`: no check covers `{path}`")).hint(format!(
        "name it under `covers` of a check in {layer}/layer.yaml, or under `waives` with the reason"
    ))
}

/// Every path that a manifest names.
fn named<'l>(layer: &'l Layer<'_>) -> Vec<&'l str> {
    let manifest = &layer.manifest;
    let covers = manifest.checks.iter().flat_map(|check| &check.covers);
    covers.chain(manifest.waives.keys()).chain(manifest.modes.keys()).map(String::as_str).collect()
}

fn exists(word: &str, layer: &Layer<'_>, plan: &Plan, left_out: &BTreeSet<String>) -> bool {
    let own = plan.files.iter().filter(|file| file.layer == layer.name).map(|file| &file.path);
    own.chain(left_out).any(|path| reaches(word, path))
}
