//! What a backup keeps of a machine, as its layers declare it.

use minijinja::Value;

use super::{Keeps, KeptFile, KeptStream, KeptTree, Secret};
use crate::{
    check::{self, Helpers},
    error::Error,
    layer::{Layer, Layers, StreamEntry},
    template,
};

/// Where a machine keeps its facts for life.
const BORN: &str = "/var/lib/homeseed/born";

/// Everything that `layers` keep; facts for life and `secrets` first.
pub(super) fn kept(
    layers: &[&Layer<'_>],
    secrets: &[Secret],
    helpers: &[Helpers],
) -> Result<Keeps, Error> {
    let mut keeps = Keeps::default();
    let file =
        |path: &str, layer: &str| KeptFile { path: path.to_owned(), layer: layer.to_owned() };
    let foundation = layers.iter().find(|it| it.manifest.foundation);
    keeps.files.extend(foundation.map(|it| file(BORN, it.name)));
    keeps.files.extend(secrets.iter().map(|it| file(&it.path, &it.layer)));
    for layer in layers {
        let entry = &layer.manifest.keeps;
        for path in &entry.files {
            keeps.files.push(file(absolute(path, layer)?, layer.name));
        }
        if let Some(path) = &entry.last {
            if let Some(other) = &keeps.last {
                let (a, b) = (&other.layer, layer.name);
                return Err(Error::new(format!("layers `{a}` and `{b}` both say what comes last")));
            }
            keeps.last = Some(file(absolute(path, layer)?, layer.name));
        }
        for tree in &entry.trees {
            // Their files lie side by side in a folder of backups.
            let taken = |it: &&KeptTree| it.folders.iter().any(|it| tree.folders.contains(it));
            if let Some(other) = keeps.trees.iter().find(taken) {
                let (a, b) = (&other.layer, layer.name);
                return Err(Error::new(format!(
                    "layers `{a}` and `{b}` both keep a folder of one name"
                )));
            }
            keeps.trees.push(KeptTree {
                root: absolute(&tree.root, layer)?.to_owned(),
                folders: tree
                    .folders
                    .iter()
                    .map(|it| plain(it, layer))
                    .collect::<Result<_, _>>()?,
                owner: owner(&tree.owner, layer)?,
                layer: layer.name.to_owned(),
            });
        }
        for (name, entry) in &entry.streams {
            let other = keeps.streams.iter().find(|it| it.name == *name);
            if let Some(other) = other {
                let (a, b) = (&other.layer, layer.name);
                return Err(Error::new(format!(
                    "layers `{a}` and `{b}` both keep a stream `{name}`"
                )));
            }
            keeps.streams.push(stream(name, entry, layer, helpers)?);
        }
    }
    Ok(keeps)
}

/// The keys that can read a backup, as the last layer that says so decides, be it left out or not.
pub(super) fn readers(all: &Layers<'_>, site: &Value) -> Result<Vec<String>, Error> {
    let says = |layer: &Layer<'_>| layer.manifest.keeps.readers.clone();
    let Some(expression) = all.ordered.iter().rev().find_map(says) else { return Ok(Vec::new()) };
    let keys = template::value(&expression, site)?;
    Ok(keys.try_iter().map_or_else(|_| Vec::new(), |it| it.map(|key| key.to_string()).collect()))
}

/// The shell of a stream may call what the checks of its layer may call.
fn stream(
    name: &str,
    entry: &StreamEntry,
    layer: &Layer<'_>,
    helpers: &[Helpers],
) -> Result<KeptStream, Error> {
    if name.is_empty() || !name.bytes().all(|it| it.is_ascii_lowercase()) {
        return Err(refused(layer, name, "the name of a stream is made of a to z"));
    }
    let script = |text: &str| check::with_helpers(text, layer.name, helpers);
    Ok(KeptStream {
        name: name.to_owned(),
        layer: layer.name.to_owned(),
        save: script(&entry.save),
        takes: script(&entry.takes),
        load: script(&entry.load),
        adopt: script(&entry.adopt),
    })
}

fn absolute<'p>(path: &'p str, layer: &Layer<'_>) -> Result<&'p str, Error> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let deep = path.strip_prefix('/').is_some_and(|rest| rest.contains('/'));
    if deep && path.chars().all(fits) && !path.contains("..") {
        return Ok(path);
    }
    Err(refused(layer, path, "a path is absolute, and not a top folder"))
}

fn plain(folder: &str, layer: &Layer<'_>) -> Result<String, Error> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if !folder.is_empty() && folder.chars().all(fits) {
        return Ok(folder.to_owned());
    }
    Err(refused(layer, folder, "a folder is one word of letters, digits, `_` and `-`"))
}

fn owner(text: &str, layer: &Layer<'_>) -> Result<String, Error> {
    let name = |it: &str| {
        !it.is_empty() && it.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    };
    match text.split_once(':') {
        Some((user, group)) if name(user) && name(group) => Ok(text.to_owned()),
        _ => Err(refused(layer, text, "an owner is such as `root:adm`")),
    }
}

fn refused(layer: &Layer<'_>, what: &str, hint: &str) -> Error {
    Error::new(format!("layer `{}`: `{what}` cannot be kept", layer.name)).hint(hint)
}
