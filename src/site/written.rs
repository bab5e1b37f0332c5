//! What the operator wrote, thing by thing, and the site without each of them: so that it can be said what one costs.

use serde_json::{Map, Value as Json};

use super::{
    Schema, Site,
    scalar::Plain,
    tree::{Node, Value},
};
use crate::error::for_terminal;

/// A list of more members is one thing.
const MANY: usize = 12;

/// A name of more characters is shown without its middle.
const LONG: usize = 44;

/// A key, or a member of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    /// What it is called in the site: `operator.ssh_keys: ssh-ed25519 …`.
    pub name: String,
    /// Texts of the site without it, the likeliest first; each may be none of a site.
    pub without: Vec<String>,
}

impl Site {
    /// Every thing that the operator wrote, in the order of the file.
    #[must_use]
    pub fn things(&self, schema: &Schema) -> Vec<Thing> {
        let Json::Object(root) = json(&self.tree) else { return Vec::new() };
        let mut things = Vec::new();
        for (key, value) in &root {
            match value {
                Json::Object(section) => {
                    for (name, value) in section {
                        of_key(&root, &[key, name], value, schema, &mut things);
                    }
                }
                value => of_key(&root, &[key], value, schema, &mut things),
            }
        }
        things
    }
}

fn of_key(
    root: &Map<String, Json>,
    path: &[&str],
    value: &Json,
    schema: &Schema,
    things: &mut Vec<Thing>,
) {
    let name = path.join(".");
    match value {
        Json::Array(members) if (1..=MANY).contains(&members.len()) => {
            for (at, member) in members.iter().enumerate() {
                let name = format!("{name}: {}", shortened(member));
                things.push(Thing { name, without: without_member(root, path, at, schema) });
            }
        }
        _ => {
            let name = match value {
                Json::Array(members) => format!("{name}: {} entries", members.len()),
                _ => name,
            };
            things.push(Thing { name, without: vec![text(changed(root, path, None))] });
        }
    }
}

/// The list without a member, or no list when that is what it needs.
fn without_member(
    root: &Map<String, Json>,
    path: &[&str],
    at: usize,
    schema: &Schema,
) -> Vec<String> {
    let list = path.iter().fold(&Json::Object(root.clone()), |value, key| &value[*key]).clone();
    let Json::Array(mut members) = list else { return Vec::new() };
    let member = members.remove(at);
    let none = members.is_empty().then_some(None);
    let mut sites: Vec<Map<String, Json>> = std::iter::once(Some(Json::Array(members)))
        .chain(none)
        .map(|list| changed(root, path, list))
        .collect();
    // The keys of a layer leave with it.
    if let (["layers"], Some(folder)) = (path, member.as_str()) {
        let layer = folder.trim_end_matches('/').rsplit('/').next();
        let of_layer = |name: &String| {
            let below = |key: &str| key == name || key.starts_with(&format!("{name}."));
            schema.keys().iter().any(|key| key.layer.as_deref() == layer && below(&key.path))
        };
        for site in &mut sites {
            site.retain(|name, _| !of_layer(name));
        }
    }
    sites.into_iter().map(text).collect()
}

/// The site with another value at `path`, or with none; a section with nothing in it goes too.
fn changed(root: &Map<String, Json>, path: &[&str], value: Option<Json>) -> Map<String, Json> {
    let mut root = root.clone();
    let Some((last, above)) = path.split_last() else { return root };
    let section = match above {
        [] => &mut root,
        [section, ..] => match root.get_mut(*section) {
            Some(Json::Object(section)) => section,
            _ => return root,
        },
    };
    match value {
        Some(value) => drop(section.insert((*last).to_owned(), value)),
        None => drop(section.shift_remove(*last)),
    }
    if section.is_empty()
        && let [section, ..] = above
    {
        root.shift_remove(*section);
    }
    root
}

/// JSON is YAML.
fn text(site: Map<String, Json>) -> String {
    Json::Object(site).to_string()
}

fn shortened(member: &Json) -> String {
    let text = for_terminal(&member.as_str().map_or_else(|| member.to_string(), str::to_owned));
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= LONG {
        return text;
    }
    let half = LONG / 2 - 1;
    let [head, tail] = [&characters[..half], &characters[characters.len() - half..]]
        .map(|part| part.iter().collect::<String>());
    format!("{head}…{tail}")
}

/// What a part of the file says.
fn json(node: &Node) -> Json {
    match &node.value {
        Value::Map(entries) => {
            entries.iter().map(|it| (it.key.clone(), json(&it.node))).collect::<Map<_, _>>().into()
        }
        Value::List(nodes) => nodes.iter().map(json).collect(),
        Value::Scalar { text, .. } => match node.plain() {
            Some(Plain::Null) => Json::Null,
            Some(Plain::Bool(flag)) => Json::Bool(flag),
            Some(Plain::Number(number)) => Json::Number(number),
            _ => Json::String(text.clone()),
        },
        Value::Broken => Json::Null,
    }
}
