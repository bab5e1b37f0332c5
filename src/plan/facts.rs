//! What layers declare for shell: the facts, and where they may be used.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fact, selection::Selection};
use crate::{
    error::Error,
    layer::{Layer, Layers, Purpose},
    template,
};

/// Names that mean something to the shell or to the convergence itself.
const RESERVED: &[&str] = &[
    "CHECK_CURL",
    "DEBIAN_FRONTEND",
    "ENV",
    "HOME",
    "IFS",
    "LANG",
    "OPTARG",
    "OPTIND",
    "PATH",
    "PPID",
    "PS1",
    "PS2",
    "PS4",
    "PWD",
    "SHELL",
    "SYSTEMD_OFFLINE",
    "TERM",
    "TMPDIR",
    "USER",
];

/// The facts of all layers, in their order; every mistake in one.
pub(super) fn facts(selection: &Selection<'_, '_>, all: &Layers<'_>) -> (Vec<Fact>, Vec<Error>) {
    let (mut facts, mut errors) = (Vec::<Fact>::new(), Vec::new());
    for layer in &selection.layers {
        for (name, expression) in &layer.manifest.facts {
            let other = facts.iter().find(|fact| fact.name == *name);
            match fact(layer, name, expression, other, selection) {
                Ok(fact) => facts.push(fact),
                Err(why) => errors.push(all.blame(layer.name, name, why)),
            }
        }
    }
    (facts, errors)
}

fn fact(
    layer: &Layer<'_>,
    name: &str,
    expression: &str,
    other: Option<&Fact>,
    selection: &Selection<'_, '_>,
) -> Result<Fact, String> {
    let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    if !name.starts_with(|c: char| c.is_ascii_uppercase()) || !name.bytes().all(plain) {
        return Err(format!("`{name}` is not the name of a fact: A to Z, digits and `_`"));
    }
    if RESERVED.contains(&name) {
        return Err(format!("`{name}` means something to the shell already"));
    }
    if let Some(other) = other {
        return Err(format!("layers `{}` and `{}` both say `{name}`", other.layer, layer.name));
    }
    let value =
        template::value(expression, &selection.context).map_err(|it| it.message().to_owned())?;
    let text = template::plain_text(&value)?;
    Ok(Fact { name: name.to_owned(), value: text, layer: layer.name.to_owned() })
}

/// Facts that a check or a step uses though its layer does not need the layer that declares them.
pub(super) fn strangers(
    facts: &[Fact],
    selection: &Selection<'_, '_>,
    all: &Layers<'_>,
) -> Vec<Error> {
    let by_name: BTreeMap<&str, &Fact> = facts.iter().map(|it| (it.name.as_str(), it)).collect();
    let mut errors = Vec::new();
    for layer in &selection.layers {
        let needs = all.closure(layer.name);
        for name in used(layer) {
            let Some(fact) = by_name.get(name).filter(|it| !needs.contains(it.layer.as_str()))
            else {
                continue;
            };
            let (user, owner) = (layer.name, &fact.layer);
            errors.push(
                Error::new(format!("layer `{user}` uses `{name}`, a fact of layer `{owner}`"))
                    .hint(format!("write `{owner}` under `needs` in {user}/layer.yaml")),
            );
        }
    }
    errors
}

/// The variables that the shell of a layer reads.
fn used<'l>(layer: &'l Layer<'_>) -> BTreeSet<&'l str> {
    let manifest = &layer.manifest;
    let steps = layer.sources.iter().filter(|source| source.purpose == Purpose::Step);
    let texts = manifest.checks.iter().map(|check| check.run.as_str());
    let texts = texts.chain([manifest.helpers.as_str()]).chain(steps.map(|source| source.text));
    texts.flat_map(variables).collect()
}

/// `NAME` of each `$NAME` and `${NAME…}`.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split('$').skip(1).map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        &rest[..end.unwrap_or(rest.len())]
    })
}
