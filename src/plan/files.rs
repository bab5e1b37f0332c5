//! The files of a plan: each layer's own, their steps, and those that list what is planned.

use std::collections::BTreeSet;

use super::{File, HOME, Plan, minify::minify, seen::Seen};
use crate::{
    error::Error,
    layer::{Layer, Layers, Mode, Owned, Purpose, Source},
};

/// Adds every file to the plan, by path. Gives the paths of those that came out empty.
pub(super) fn add(
    plan: &mut Plan,
    all: &Layers<'_>,
    seen: &Seen<'_, '_>,
    errors: &mut Vec<Error>,
) -> BTreeSet<String> {
    let mut left_out = BTreeSet::new();
    for layer in &seen.layers {
        for source in &layer.sources {
            match file(layer, source, all, seen) {
                Ok(Some(file)) if file.contents.trim().is_empty() => {
                    left_out.insert(file.path);
                }
                Ok(file) => plan.files.extend(file),
                Err(error) => errors.push(error),
            }
        }
    }
    plan.files.extend(generated(plan, seen));
    plan.files.sort_by(|a, b| a.path.cmp(&b.path));
    errors.extend(doubles(&plan.files));
    errors.extend(plan.files.iter().filter_map(unfit));
    left_out
}

/// The text of a source: rendered, or as it is.
fn contents(source: &Source<'_>, all: &Layers<'_>, seen: &Seen<'_, '_>) -> Result<String, Error> {
    if source.template {
        all.templates.render(source.name, &seen.context)
    } else {
        Ok(source.text.to_owned())
    }
}

fn file(
    layer: &Layer<'_>,
    source: &Source<'_>,
    all: &Layers<'_>,
    seen: &Seen<'_, '_>,
) -> Result<Option<File>, Error> {
    let path = match source.purpose {
        Purpose::Place(path) => path.to_owned(),
        Purpose::Step => step(layer, seen),
        Purpose::Beside => return Ok(None),
    };
    let contents = minify(&path, &contents(source, all, seen)?);
    let owned = layer.manifest.modes.get(&path).cloned().unwrap_or_else(|| usual(&contents));
    Ok(Some(placed(layer.name, path, owned, contents)))
}

fn placed(layer: &str, path: String, owned: Owned, contents: String) -> File {
    let Owned { owner, group, mode } = owned;
    File { path, layer: layer.to_owned(), mode, owner, group, contents }
}

/// Root's, for all to read; to run as well when it is a script.
fn usual(contents: &str) -> Owned {
    let mode = Mode(if contents.starts_with("#!") { 0o755 } else { 0o644 });
    Owned { owner: "root".to_owned(), group: "root".to_owned(), mode }
}

/// Two digits, so that a shell's `*` gives the steps in their order.
fn step(layer: &Layer<'_>, seen: &Seen<'_, '_>) -> String {
    let number = 10 + seen.layers.iter().take_while(|it| it.name != layer.name).count();
    format!("{HOME}/steps/{number}-{}", layer.name)
}

/// What the convergence reads: lists of packages and units, and the checks as one script.
fn generated(plan: &Plan, seen: &Seen<'_, '_>) -> Vec<File> {
    let lines = |names: Vec<&str>| names.iter().map(|name| format!("{name}\n")).collect::<String>();
    let packages = lines(plan.packages.iter().map(|it| it.name.as_str()).collect());
    let units = lines(plan.units.iter().map(|it| it.name.as_str()).collect());
    let Some(first) = seen.layers.first() else { return Vec::new() };
    [("packages", packages), ("units", units), ("checks.sh", minify("checks.sh", &plan.script()))]
        .into_iter()
        .map(|(name, text)| placed(first.name, format!("{HOME}/{name}"), usual(&text), text))
        .collect()
}

/// Whether `path` is one of those that [`generated`] makes, or a step.
pub(super) fn is_generated(path: &str) -> bool {
    path.strip_prefix(HOME).is_some_and(|rest| {
        matches!(rest, "/packages" | "/units" | "/checks.sh") || rest.starts_with("/steps/")
    })
}

fn doubles(files: &[File]) -> Vec<Error> {
    let twice = files.windows(2).filter(|pair| pair[0].path == pair[1].path);
    let error = |pair: &[File]| {
        let (a, b, path) = (&pair[0].layer, &pair[1].layer, &pair[0].path);
        Error::new(format!("layers `{a}` and `{b}` both write `{path}`"))
    };
    twice.map(error).collect()
}

/// A file that a pasted document cannot carry unharmed.
fn unfit(file: &File) -> Option<Error> {
    let File { path, layer, contents, .. } = file;
    let odd = |c: char| !(c == '\n' || c == '\t' || c == ' ' || c.is_ascii_graphic());
    let message = if path.chars().any(|c| !(c.is_ascii_alphanumeric() || "/._@+-".contains(c))) {
        format!("a path may hold letters, digits and `/._@+-` only: {path:?}")
    } else if let Some(c) = contents.chars().find(|&c| odd(c)) {
        format!("`{path}` holds {c:?}; a file must be plain ASCII")
    } else if contents.is_empty() || contents.ends_with('\n') {
        return None;
    } else {
        format!("`{path}` must end with a newline")
    };
    Some(Error::new(format!("layer `{layer}`: {message}")))
}
