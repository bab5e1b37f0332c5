//! The keys and rules of all layers, put together.

use super::{Layer, Sources, blame};
use crate::{
    error::{Error, Errors},
    site::{Fallback, Key, Rule, Schema},
};

/// What the layers declare, in their order, after the keys that belong to none of them.
pub(super) fn of(layers: &[Layer<'_>], sources: &Sources) -> Result<Schema, Errors> {
    let mut schema = Schema::core();
    let mut errors = Vec::new();
    for layer in layers {
        let name = layer.name;
        let (keys, refused) = keys(layer, sources);
        errors.extend(refused);
        let rules = rules(layer);
        let rules = rules.map_err(|why| errors.push(blame(sources, name, "rules", why)));
        if let Err(path) = schema.add(keys, rules.unwrap_or_default()) {
            errors.push(blame(sources, name, &path, taken(name, &path, &schema)));
        }
    }
    errors.extend(schema.keys().iter().filter_map(|key| wrong_default(key, &schema, sources)));
    Errors::none_or(errors)?;
    Ok(schema)
}

fn keys(layer: &Layer<'_>, sources: &Sources) -> (Vec<Key>, Vec<Error>) {
    let (mut keys, mut errors) = (Vec::new(), Vec::new());
    for (path, entry) in &layer.manifest.keys {
        let key = if is_path(path) {
            entry.key(path, layer.name)
        } else {
            Err("a key is made of a to z, digits and `_`; dots divide it from its section"
                .to_owned())
        };
        match key {
            Ok(key) => keys.push(key),
            Err(why) => {
                let message = format!("layer `{}`: key `{path}`: {why}", layer.name);
                errors.push(blame(sources, layer.name, path, message));
            }
        }
    }
    (keys, errors)
}

fn is_path(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    path.split('.')
        .all(|name| name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(plain))
}

fn rules(layer: &Layer<'_>) -> Result<Vec<Rule>, String> {
    let when = layer.manifest.when.as_deref();
    layer.manifest.rules.iter().map(|entry| entry.rule(when)).collect()
}

fn taken(layer: &str, path: &str, schema: &Schema) -> String {
    let other = schema.find(path).and_then(|key| key.layer.as_deref());
    match other {
        Some(other) => format!("layers `{other}` and `{layer}` both declare the key `{path}`"),
        None => format!("layer `{layer}` declares the key `{path}`, which every site has"),
    }
}

/// A default that its own key would refuse.
fn wrong_default(key: &Key, schema: &Schema, sources: &Sources) -> Option<Error> {
    let (Fallback::Default(values), Some(layer)) = (&key.fallback, &key.layer) else { return None };
    let refused = values.iter().flat_map(|value| schema.mistakes(key, &value.value)).next()?;
    let refused = refused.message();
    let message = format!("layer `{layer}`: the default of `{}` is refused: {refused}", key.path);
    Some(blame(sources, layer, &key.path, message))
}
