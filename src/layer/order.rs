//! Puts layers into their order: the foundation, then by `needs`; ties by name, and backups last.

use std::collections::BTreeSet;

use super::Layer;
use crate::{
    error::{Error, Errors},
    site::suggest,
};

/// The layers sorted; an unknown name and a circle are errors.
pub(super) fn sorted(layers: Vec<Layer<'_>>) -> Result<Vec<Layer<'_>>, Errors> {
    Errors::none_or(refusals(&layers))?;
    let mut waiting = layers;
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut sorted = Vec::new();
    while !waiting.is_empty() {
        let next = next(&waiting, &done).ok_or_else(|| circle(&waiting))?;
        let layer = waiting.remove(next);
        done.insert(layer.name.to_owned());
        sorted.push(layer);
    }
    Ok(sorted)
}

/// Where the layer stands that comes next: all it needs is done, and it is the least of those.
fn next(waiting: &[Layer<'_>], done: &BTreeSet<String>) -> Option<usize> {
    // Whoever does not say so needs the foundation too.
    let stands = |layer: &Layer<'_>| {
        layer.manifest.foundation || !waiting.iter().any(|it| it.manifest.foundation)
    };
    let ready = |layer: &Layer<'_>| {
        stands(layer) && layer.manifest.needs.iter().all(|it| done.contains(it))
    };
    let candidates = waiting.iter().enumerate().filter(|(_, layer)| ready(layer));
    // What takes backups comes when there is everything that a backup keeps.
    let rank = |layer: &Layer<'_>| (layer.manifest.keeps.readers.is_some(), layer.name.to_owned());
    candidates.min_by_key(|(_, layer)| rank(layer)).map(|(at, _)| at)
}

fn refusals(layers: &[Layer<'_>]) -> Vec<Error> {
    let mut errors = Vec::new();
    let foundations: Vec<&str> =
        layers.iter().filter(|it| it.manifest.foundation).map(|it| it.name).collect();
    if let [first, second, ..] = foundations[..] {
        let message = format!("layers `{first}` and `{second}` both are the `foundation`");
        errors.push(Error::new(message).hint("there is one, and a site's own layers stand on it"));
    }
    for layer in layers {
        for need in &layer.manifest.needs {
            errors.extend(refusal(layer, need, layers));
        }
    }
    errors
}

fn refusal(layer: &Layer<'_>, need: &str, layers: &[Layer<'_>]) -> Option<Error> {
    let name = layer.name;
    if layers.iter().any(|it| it.name == need) {
        return None;
    }
    let names: Vec<&str> = layers.iter().map(|it| it.name).collect();
    let error = Error::new(format!("layer `{name}` needs `{need}`, which there is not"));
    Some(match suggest::nearest(need, names.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("the layers are: {}", names.join(", "))),
    })
}

fn circle(waiting: &[Layer<'_>]) -> Error {
    let names: Vec<&str> = waiting.iter().map(|layer| layer.name).collect();
    Error::new(format!("these layers need each other in a circle: {}", names.join(", ")))
}
