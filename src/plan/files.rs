//! The files of a plan: each layer's own, their steps, and those that list what is planned.

use std::collections::BTreeSet;

use super::{FACTS, File, HOME, KeptStream, Plan, Secret, minify::minify, selection::Selection};
use crate::{
    error::Error,
    layer::{Layer, Layers, Mode, Owned, Purpose, Source},
};

/// Adds every file to the plan, by path. Gives the paths of those that came out empty.
pub(super) fn add(
    plan: &mut Plan,
    all: &Layers<'_>,
    selection: &Selection<'_, '_>,
    errors: &mut Vec<Error>,
) -> BTreeSet<String> {
    let mut left_out = BTreeSet::new();
    for layer in &selection.layers {
        for source in of_suite(layer, &plan.suite) {
            match file(layer, source, all, selection) {
                Ok(Some(file)) if file.contents.trim().is_empty() => {
                    left_out.insert(file.path);
                }
                Ok(file) => plan.files.extend(file),
                Err(error) => errors.push(error),
            }
        }
    }
    plan.files.extend(generated(plan, all));
    plan.files.sort_by(|a, b| a.path.cmp(&b.path));
    errors.extend(doubles(&plan.files));
    errors.extend(plan.files.iter().filter_map(unfit));
    left_out
}

/// The sources of a layer for one release: `files-SUITE/` goes before `files/`.
fn of_suite<'l, 's>(layer: &'l Layer<'s>, suite: &'l str) -> impl Iterator<Item = &'l Source<'s>> {
    let here = move |purpose: &Purpose<'_>| match purpose {
        Purpose::PlaceOn(it, _) => it.name == suite,
        _ => true,
    };
    let replaced = move |path: &str| {
        let special = layer.sources.iter().filter(|it| here(&it.purpose));
        special
            .into_iter()
            .any(|it| matches!(it.purpose, Purpose::PlaceOn(_, other) if other == path))
    };
    layer.sources.iter().filter(move |source| match source.purpose {
        Purpose::Place(path) => !replaced(path),
        ref other => here(other),
    })
}

/// The text of a source: rendered, or as it is.
fn contents(
    source: &Source<'_>,
    all: &Layers<'_>,
    selection: &Selection<'_, '_>,
) -> Result<String, Error> {
    if source.template {
        all.templates.render(source.name, &selection.context)
    } else {
        Ok(source.text.to_owned())
    }
}

fn file(
    layer: &Layer<'_>,
    source: &Source<'_>,
    all: &Layers<'_>,
    selection: &Selection<'_, '_>,
) -> Result<Option<File>, Error> {
    let path = match source.purpose {
        Purpose::Place(path) | Purpose::PlaceOn(_, path) => path.to_owned(),
        Purpose::Step => step(layer, selection),
        Purpose::Beside => return Ok(None),
    };
    let contents = minify(&path, &contents(source, all, selection)?);
    let owned =
        layer.manifest.modes.get(&path).cloned().unwrap_or_else(|| default_owner(&contents));
    Ok(Some(placed(layer.name, path, owned, contents)))
}

fn placed(layer: &str, path: String, owned: Owned, contents: String) -> File {
    let Owned { owner, group, mode } = owned;
    File { path, layer: layer.to_owned(), mode, owner, group, contents }
}

/// Root's, for all to read; to run as well when it is a script.
fn default_owner(contents: &str) -> Owned {
    let mode = Mode(if contents.starts_with("#!") { 0o755 } else { 0o644 });
    Owned { owner: "root".to_owned(), group: "root".to_owned(), mode }
}

/// Two digits, so that a shell's `*` gives the steps in their order.
fn step(layer: &Layer<'_>, selection: &Selection<'_, '_>) -> String {
    let number = 10 + selection.layers.iter().take_while(|it| it.name != layer.name).count();
    format!("{HOME}/steps/{number}-{}", layer.name)
}

/// Gives a script of a stream.
type Script = fn(&KeptStream) -> &str;

/// The folders of the scripts of streams, for a layer that runs them on the machine itself.
const STREAMS: [(&str, Script); 3] = [
    ("/usr/lib/homeseed/streams/", |it| &it.save),
    ("/usr/lib/homeseed/load/", |it| &it.load),
    ("/usr/lib/homeseed/adopt/", |it| &it.adopt),
];

/// What the convergence reads: lists of what is planned, the checks as one script, those facts that a file or a check of
/// the machine names, and the scripts of streams if somebody runs them.
///
/// They are the foundation's, which stands before whoever reads them.
fn generated(plan: &Plan, all: &Layers<'_>) -> Vec<File> {
    let Some(foundation) = all.foundation() else { return Vec::new() };
    let checks = plan.script();
    let mut readers: Vec<&str> = plan.files.iter().map(|file| file.contents.as_str()).collect();
    readers.push(&checks);
    let facts = plan.facts_text(|name| readers.iter().any(|text| has_word(text, name)));
    let runs = |folder: &str| readers.iter().any(|text| text.contains(folder));
    let scripts =
        STREAMS.into_iter().filter(|(folder, _)| runs(folder)).flat_map(|(folder, script)| {
            plan.keeps.streams.iter().map(move |it| (format!("{folder}{}", it.name), script(it)))
        });
    let streams: Vec<_> = scripts
        .map(|(path, script)| {
            let text = minify(&path, &format!("#!/bin/sh\n{script}"));
            (path, text)
        })
        .collect();
    let lists = [
        ("born", lines(&plan.born, |it| format!("{} {}", it.name, it.value))),
        ("packages", lines(&plan.packages, |it| it.name.clone())),
        ("secrets", lines(&plan.secrets, secret)),
        ("units", lines(&plan.units, |it| it.name.clone())),
        ("checks.sh", checks),
    ];
    let lists = lists.into_iter().map(|(name, text)| (format!("{HOME}/{name}"), text));
    let facts = [(FACTS.to_owned(), facts)];
    let all =
        lists.chain(facts).chain(streams).filter(|(path, text)| !text.is_empty() || is_read(path));
    all.map(|(path, text)| placed(foundation, path, default_owner(&text), text)).collect()
}

/// Whether `word` stands in `text` as a word of its own, as the name of a variable does.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part)
    })
}

fn lines<T>(items: &[T], line: impl Fn(&T) -> String) -> String {
    items.iter().map(|item| line(item) + "\n").collect()
}

/// `NAME LAYER MODE OWNER:GROUP PATH SENTENCE`; no sentence when the machine makes it.
fn secret(secret: &Secret) -> String {
    let Secret { name, layer, mode, owner, group, path, ask } = secret;
    let line = format!(
        "{name} {layer} {mode} {owner}:{group} {path} {}",
        ask.as_deref().unwrap_or_default()
    );
    line.trim_end().to_owned()
}

/// Whether the convergence reads the generated file at `path` even when there is nothing in it.
fn is_read(path: &str) -> bool {
    path.ends_with("/units") || path.ends_with("/packages")
}

/// Whether `path` is one of those that [`generated`] makes, or a step.
pub(super) fn is_generated(path: &str) -> bool {
    path == FACTS
        || path.strip_prefix(HOME).is_some_and(|rest| {
            matches!(rest, "/born" | "/packages" | "/secrets" | "/units" | "/checks.sh")
                || rest.starts_with("/steps/")
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
