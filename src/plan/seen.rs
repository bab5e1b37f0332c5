//! What templates and conditions can see.

use minijinja::{Value, context};

use crate::{
    error::Error,
    layer::{Entry, Layer, Layers},
    site::Site,
    template,
};

/// The layers that are part of the machine for a site, and what their templates see.
pub(super) struct Seen<'a, 's> {
    /// In the order of their steps.
    pub(super) layers: Vec<&'a Layer<'s>>,
    /// `site`, `ports`, `layers`.
    pub(super) context: Value,
}

/// Decides which layers a site has, and gathers what their templates see.
pub(super) fn seen<'a, 's>(site: &Site, all: &'a Layers<'s>) -> Result<Seen<'a, 's>, Vec<Error>> {
    let site = context! { site => Value::from_serialize(site) };
    let mut errors = Vec::new();
    let mut chosen: Vec<&Layer<'_>> = Vec::new();
    for layer in &all.ordered {
        match holds(layer.manifest.when.as_deref(), &site) {
            Ok(true) => chosen.push(layer),
            Ok(false) => {}
            Err(error) => errors.push(at(all, layer, &error)),
        }
    }
    errors.extend(missing(&chosen));
    if errors.is_empty() {
        Ok(Seen { context: extended(&site, &chosen), layers: chosen })
    } else {
        Err(errors)
    }
}

/// Whether `when`, if there is one, holds.
pub(super) fn holds(when: Option<&str>, context: &Value) -> Result<bool, Error> {
    when.map_or(Ok(true), |expression| template::holds(expression, context))
}

/// The values of those `entries` whose conditions hold.
pub(super) fn held<'e, T>(entries: &'e [Entry<T>], context: &Value) -> Result<Vec<&'e T>, Error> {
    let mut values = Vec::new();
    for entry in entries {
        if holds(entry.when.as_deref(), context)? {
            values.push(&entry.value);
        }
    }
    Ok(values)
}

fn at(all: &Layers<'_>, layer: &Layer<'_>, error: &Error) -> Error {
    all.blame(layer.name, "when", error.message())
}

fn missing(chosen: &[&Layer<'_>]) -> Vec<Error> {
    let mut errors = Vec::new();
    for layer in chosen {
        for need in &layer.manifest.needs {
            if !chosen.iter().any(|it| it.name == need) {
                let name = layer.name;
                errors.push(Error::new(format!(
                    "layer `{name}` needs `{need}`, which this site leaves out"
                )));
            }
        }
    }
    errors
}

/// A condition that fails here is reported where the ports are planned.
fn extended(site: &Value, chosen: &[&Layer<'_>]) -> Value {
    let mut ports: Vec<u16> = chosen
        .iter()
        .flat_map(|layer| held(&layer.manifest.ports, site).unwrap_or_default())
        .copied()
        .collect();
    ports.sort_unstable();
    ports.dedup();
    let layers: Vec<&str> = chosen.iter().map(|layer| layer.name).collect();
    context! { ports, layers, ..site.clone() }
}
