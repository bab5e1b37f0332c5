//! All that a site can say, as a JSON Schema: for editors. It lets through what only the program can judge.

use serde_json::{Map, Value as Json, json};

use super::{Fallback, Key, Kind, Schema, vocabulary::Word};

/// How every schema of ours begins.
const HEAD: &str = "{\n  \"$schema\": \"http://json-schema.org/draft-07/schema#\",\n  \"title\": \"homeseed site\"";

/// The schema of sites with these keys.
#[must_use]
pub fn text(schema: &Schema) -> String {
    let mut document = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "homeseed site",
    });
    if let (Some(document), Json::Object(root)) = (document.as_object_mut(), section(schema, "")) {
        document.extend(root);
    }
    serde_json::to_string_pretty(&document).expect("strings and numbers alone") + "\n"
}

/// Whether a file holds such a schema.
#[must_use]
pub fn is_ours(bytes: &[u8]) -> bool {
    bytes.starts_with(HEAD.as_bytes())
}

/// The mapping at `path`; the empty path is the document.
fn section(schema: &Schema, path: &str) -> Json {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for name in schema.names_in(path) {
        let inner = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        if must_be_written(schema, &inner) {
            required.push(name);
        }
        properties.insert(name.to_owned(), entry(schema, &inner));
    }
    let mut section =
        json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        section["required"] = json!(required);
    }
    section
}

fn must_be_written(schema: &Schema, path: &str) -> bool {
    let is_required = |key: &Key| key.fallback == Fallback::Required;
    match schema.find(path) {
        Some(key) => is_required(key),
        None => {
            !schema.is_optional(path)
                && schema.below(path).any(|key| is_required(key) && !schema.has_short_form(key))
        }
    }
}

fn entry(schema: &Schema, path: &str) -> Json {
    let Some(key) = schema.find(path) else {
        // A section whose keys all have defaults may be empty.
        let section = section(schema, path);
        return if section.get("required").is_none() {
            json!({"anyOf": [section, {"type": "null"}]})
        } else {
            section
        };
    };
    let mut value = of_kind(&key.kind);
    if !key.words.is_empty() {
        let words: Vec<&String> = key.words.keys().collect();
        value = json!({"anyOf": [{"enum": words}, value]});
    }
    if key.into.is_some() {
        value = json!({"anyOf": [value, section(schema, path)]});
    }
    value["description"] = json!(key.about);
    if let Some(default) = key.default_text() {
        let read: Option<Json> = serde_yaml::from_str(default).ok();
        value["default"] = read.unwrap_or_else(|| json!(default));
    }
    value
}

fn of_kind(kind: &Kind) -> Json {
    match kind {
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Choice(words) => json!({"enum": words}),
        Kind::One(word) => of_word(*word),
        Kind::List(word) => {
            json!({"type": "array", "items": of_word(*word), "uniqueItems": true})
        }
        Kind::Options => json!({"type": ["object", "null"]}),
    }
}

fn of_word(word: Word) -> Json {
    let types = if word.numeric { json!(["string", "integer"]) } else { json!("string") };
    json!({"type": types, "title": word.name})
}
