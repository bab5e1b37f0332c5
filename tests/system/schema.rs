//! The JSON Schema of sites, held against a validator: it takes every site of the repository, and no misspelt one.

use std::fs;

use homeseed::{layer, site::json_schema};
use serde_json::{Value, json};

use crate::{root, tools};

const JUDGE: &str = include_str!("schema.py");

/// What the validator says of each; null of what it takes.
fn judged(sites: &[String]) -> Vec<Value> {
    let schema: Value = serde_json::from_str(&json_schema::text(layer::embedded_schema())).unwrap();
    let asked = json!({"schema": schema, "sites": sites}).to_string();
    let output = tools::finish(tools::start(&mut root::python(&["-c", JUDGE])), &asked);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", tools::said(&output)))
}

#[test]
fn every_site_of_the_repository_is_taken() {
    let entries = ["image-tests", "examples"].into_iter().flat_map(walkdir::WalkDir::new);
    let paths = entries.map(|it| it.unwrap().into_path());
    let is_site = |path: &std::path::PathBuf| {
        path.extension().is_some_and(|it| it == "yaml") && !path.ends_with("layer.yaml")
    };
    let texts: Vec<String> =
        paths.filter(is_site).map(|path| fs::read_to_string(path).unwrap()).collect();
    // Those with layers of their own have keys that the built-in schema does not know.
    let is_plain = |it: &String| it.contains("server_name:") && !it.contains("layers:");
    let sites: Vec<String> = texts.into_iter().filter(is_plain).collect();
    assert!(sites.len() > 12, "{}", sites.len());
    for (site, said) in sites.iter().zip(judged(&sites)) {
        assert_eq!(said, Value::Null, "{site}");
    }
}

#[test]
fn what_is_misspelt_or_of_another_type_is_underlined() {
    let head = "server_name: a.chat\nhost: chat.a.chat\noperator: {email: o@a.chat}\n";
    let wrong = [
        "presense: true",
        "presence: 'yes'",
        "registration: open",
        "media: {max_uplod: 5M}",
        "federation: {allow: {a: b}}",
        "operator: {ssh_keys: []}",
        "tls: 5",
    ];
    let sites: Vec<String> = wrong.iter().map(|it| format!("{head}{it}\n")).collect();
    for (text, said) in wrong.iter().zip(judged(&sites)) {
        assert!(said.is_string(), "{text}");
    }
    let right =
        ["media: {max_upload: 5M}", "federation: {allow: anyone}", "media:", "synapse: {a: 1}"];
    let sites: Vec<String> = right.iter().map(|it| format!("{head}{it}\n")).collect();
    for (text, said) in right.iter().zip(judged(&sites)) {
        assert_eq!(said, Value::Null, "{text}");
    }
}
