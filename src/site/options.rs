//! A mapping of options that are handed through to a program, whose values may be anything that JSON can say.

use serde_json::{Map, Value as Json};

use super::{
    reader::Reader,
    refusal::{Refusal, quoted},
    scalar::{self, Plain},
    schema::Key,
    tree::{Node, Value},
};

/// Reads the options at `node`; `None` has been reported.
pub(super) fn read(reader: &mut Reader<'_>, key: &Key, node: &Node) -> Option<Map<String, Json>> {
    let path = key.path.as_str();
    let mut options = Map::new();
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                if !is_option(&entry.key) {
                    let reason =
                        format!("{path}: {} is not the name of an option", quoted(&entry.key));
                    reader.report(entry.spot, &Refusal::new(reason));
                }
                options.insert(entry.key.clone(), json(reader, &entry.node)?);
            }
            Some(options)
        }
        _ if node.is_null() => Some(options),
        Value::Broken => None,
        _ => {
            let refusal = Refusal::new(format!("{path} must be a mapping of options to values"));
            reader.report(
                node.spot,
                &refusal.hint("write an option and its value below it, indented"),
            );
            None
        }
    }
}

fn is_option(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn json(reader: &mut Reader<'_>, node: &Node) -> Option<Json> {
    Some(match &node.value {
        Value::Scalar { text, plain: false } => Json::String(text.clone()),
        Value::Scalar { text, .. } => plain(reader, node, text),
        Value::List(nodes) => {
            Json::Array(nodes.iter().map(|node| json(reader, node)).collect::<Option<_>>()?)
        }
        Value::Map(entries) => {
            let pairs =
                entries.iter().map(|entry| Some((entry.key.clone(), json(reader, &entry.node)?)));
            Json::Object(pairs.collect::<Option<_>>()?)
        }
        Value::Broken => return None,
    })
}

fn plain(reader: &mut Reader<'_>, node: &Node, text: &str) -> Json {
    match scalar::resolve(text) {
        Plain::Null => Json::Null,
        Plain::Bool(flag) => Json::Bool(flag),
        Plain::Number(number) => Json::Number(number),
        Plain::Text => Json::String(text.to_owned()),
        Plain::Unclear(hint) => {
            let reason = format!("readers of YAML disagree about what {} means", quoted(text));
            reader.report(node.spot, &Refusal::new(reason).hint(hint));
            Json::Null
        }
    }
}
