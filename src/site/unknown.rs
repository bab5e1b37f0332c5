//! Finds keys that no site has.

use super::{
    reader::Reader,
    refusal::{Refusal, quoted},
    schema::Schema,
    suggest,
    tree::{Entry, Node, Value},
    vocabulary::Kind,
};

/// Reports every unknown key, and every section that is no mapping.
pub(super) fn check(reader: &mut Reader<'_>) {
    check_section(reader, "", reader.root());
}

fn check_section(reader: &mut Reader<'_>, section: &str, node: &Node) {
    for entry in node.entries() {
        let path = join(section, &entry.key);
        let schema = reader.schema();
        match (schema.is_section(&path), &entry.node.value) {
            (true, Value::Map(_)) => check_section(reader, &path, &entry.node),
            (true, _) if !entry.node.is_section() && schema.find(&path).is_none() => {
                let names = suggest::alternatives(&schema.names_in(&path));
                let hint = format!("below it can stand {names}");
                reader.report_kind::<()>(&path, &entry.node, "must be a mapping", &hint);
            }
            (true, _) => {}
            (false, _) if schema.find(&path).is_some() => {}
            (false, _) => report(reader, section, entry),
        }
    }
}

fn join(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

fn report(reader: &mut Reader<'_>, section: &str, entry: &Entry) {
    let key = quoted(&entry.key);
    let reason = match section {
        "" => format!("there is no key {key}"),
        _ => format!("there is no key {key} in `{section}`"),
    };
    let hint = advice(reader.schema(), section, &entry.key);
    reader.report(entry.spot, &Refusal::new(reason).hint(hint));
}

fn advice(schema: &Schema, section: &str, key: &str) -> String {
    let names = schema.names_in(section);
    let namesake = || schema.keys().iter().find(|it| it.path.rsplit('.').next() == Some(key));
    let options = || schema.keys().iter().find(|it| it.kind == Kind::Options);
    let begins = || names.iter().copied().find(|name| key.starts_with(name));
    if let Some(name) = suggest::nearest(key, names.iter().copied()).or_else(begins) {
        format!("did you mean `{name}`?")
    } else if let Some(key) = namesake() {
        format!("did you mean `{}`?", key.path)
    } else if let Some(options) = options().filter(|_| section.is_empty()) {
        format!("below `{}:` stand {}", options.path, options.about)
    } else {
        format!("here can stand {}", suggest::alternatives(&names))
    }
}
