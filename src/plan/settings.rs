//! Options that the site hands through to a program: known to it, of its types, without secrets, and each set in one
//! file only.

mod values;

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{File, Plan, selection::Selection};
use crate::{
    error::{Error, Place},
    layer::{Layers, Settings},
    site::{Site, suggest},
};

/// Unknown options, and options that are set twice.
pub(super) fn conflicts(
    plan: &Plan,
    selection: &Selection<'_, '_>,
    all: &Layers<'_>,
    site: &Site,
) -> Vec<Error> {
    let mut errors = Vec::new();
    for layer in &selection.layers {
        let Some(settings) = &layer.manifest.settings else { continue };
        let given = given(settings, selection);
        let known = all.text(layer.name, &settings.known).unwrap_or_default();
        errors.extend(unknown(settings, &given, known, site));
        errors.extend(values::mistakes(settings, &written(settings, site), known, site));
        errors.extend(refused(settings, &given, site));
        errors.extend(twice(settings, &given, plan, site));
    }
    errors
}

/// The options in the site's key, in its order.
fn given(settings: &Settings, selection: &Selection<'_, '_>) -> Vec<String> {
    let site = selection.context.get_attr("site").ok();
    let mut sections = settings.from.split('.');
    let options = sections.try_fold(site, |value, key| Some(value?.get_attr(key).ok())).flatten();
    let names = options.and_then(|options| options.try_iter().ok());
    names.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// The options as the site has them.
fn written(settings: &Settings, site: &Site) -> Json {
    let root = Json::Object(site.values().clone());
    let mut sections = settings.from.split('.');
    let options = sections.try_fold(&root, |value, key| value.get(key));
    options.cloned().unwrap_or_default()
}

/// Where the site sets the option.
fn place(settings: &Settings, name: &str, site: &Site) -> Option<Place> {
    let path: Vec<&str> = settings.from.split('.').chain([name]).collect();
    site.place_of(&path)
}

fn unknown(settings: &Settings, given: &[String], known: &str, site: &Site) -> Vec<Error> {
    let names: Vec<&str> = known.lines().filter_map(values::declared).map(|it| it.0).collect();
    let is_known = |name: &&String| names.contains(&name.as_str());
    let error = |name: &String| {
        let message = format!("`{name}` is not an option of `{}`", settings.from);
        let error = Error::new(message).at(place(settings, name, site));
        match suggest::nearest(name, names.iter().copied().filter(|it| !it.contains('.'))) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        }
    };
    given.iter().filter(|name| !is_known(name)).map(error).collect()
}

fn refused(settings: &Settings, given: &[String], site: &Site) -> Vec<Error> {
    let error = |(name, instead): (&String, &String)| {
        Error::new(format!("`{name}` cannot be set here"))
            .at(place(settings, name, site))
            .hint(instead)
    };
    settings.refuse.iter().filter(|(name, _)| given.contains(name)).map(error).collect()
}

fn twice(settings: &Settings, given: &[String], plan: &Plan, site: &Site) -> Vec<Error> {
    let mut setters: BTreeMap<String, Vec<&File>> = BTreeMap::new();
    let mut passes: Vec<&str> = Vec::new();
    for file in plan.files.iter().filter(|file| is_beside(&file.path, &settings.beside)) {
        let names = top_level(&file.contents);
        if names.iter().all(|name| given.contains(name)) {
            passes.push(&file.path);
        }
        for name in names {
            setters.entry(name).or_default().push(file);
        }
    }
    // One mistake is said once.
    let doubled = setters
        .iter()
        .filter(|(name, files)| files.len() > 1 && !settings.refuse.contains_key(*name));
    doubled.map(|(name, files)| refusal(settings, name, files, &passes, given, site)).collect()
}

fn is_beside(path: &str, folder: &str) -> bool {
    let inside = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
    inside.is_some_and(|name| {
        !name.contains('/') && name.rsplit_once('.').is_some_and(|(_, it)| it == "yaml")
    })
}

/// The names of a YAML mapping, without reading its values.
fn top_level(text: &str) -> Vec<String> {
    let mapping: Result<serde_yaml::Mapping, _> = serde_yaml::from_str(text);
    let names = mapping.unwrap_or_default();
    names.keys().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// `passes` are the files that hold nothing but what the site hands through.
fn refusal(
    settings: &Settings,
    name: &str,
    files: &[&File],
    passes: &[&str],
    given: &[String],
    site: &Site,
) -> Error {
    if !given.iter().any(|it| it == name) {
        let (a, b) = (files[0], files[1]);
        let message = format!("`{name}` is set by `{}` and by `{}`", a.layer, b.layer);
        return Error::new(message).hint(format!("in {} and {}", a.path, b.path));
    }
    let owner = files.iter().find(|file| !passes.contains(&file.path.as_str()));
    let File { layer, path, .. } = owner.unwrap_or(&files[0]);
    Error::new(format!("`{name}` belongs to layer `{layer}`, which sets it in `{path}`"))
        .at(place(settings, name, site))
}
