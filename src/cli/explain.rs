//! The verbs that say which keys a site can have: one by one for people, all at once for editors.

use std::path::{Path, PathBuf};

use super::{
    input, output,
    output::{Consent, Target},
};
use crate::{
    error::{Error, Errors, for_terminal},
    site::{Fallback, Key, Schema, json_schema, suggest},
    table::{self, WIDTH},
};

pub(super) const EXAMPLES: &str = "\
Examples:
  homeseed explain
  homeseed explain operator.ssh_keys
  homeseed explain --site site.yaml ping.target";

pub(super) const SCHEMA_EXAMPLES: &str = "\
Examples:
  homeseed schema -o site.schema.json
  homeseed schema --site site.yaml | jq '.properties | keys'

An editor takes it from the first line of a site:
  # yaml-language-server: $schema=site.schema.json";

/// What is to be explained.
#[derive(Debug, clap::Args)]
pub(super) struct ExplainArgs {
    /// The key, joined with dots, or a section; all keys when it is left out
    key: Option<String>,
    /// Know the keys of this site's own layers, too
    #[arg(long, value_name = "SITE")]
    site: Option<PathBuf>,
}

/// Which schema is wanted, and where.
#[derive(Debug, clap::Args)]
pub(super) struct SchemaArgs {
    /// Know the keys of this site's own layers, too
    #[arg(long, value_name = "SITE")]
    site: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    consent: Consent,
}

/// Says what a key decides.
pub(super) fn run(args: &ExplainArgs, layers: Option<&Path>) -> Result<(), Errors> {
    let schema = input::schema(args.site.as_deref(), layers)?;
    let Some(path) = &args.key else {
        return Ok(output::print(&list(&schema.keys().iter().collect::<Vec<_>>()))?);
    };
    let path = path.trim_end_matches([':', '.']);
    let prefix = format!("{path}.");
    let below: Vec<&Key> =
        schema.keys().iter().filter(|key| key.path.starts_with(&prefix)).collect();
    let text = match schema.find(path) {
        Some(key) => explained(key) + &if below.is_empty() { String::new() } else { list(&below) },
        None if below.is_empty() => return Err(unknown(&schema, path).into()),
        None => list(&below),
    };
    Ok(output::print(&text)?)
}

/// Prints the schema.
pub(super) fn schema(args: &SchemaArgs, layers: Option<&Path>) -> Result<(), Errors> {
    let schema = input::schema(args.site.as_deref(), layers)?;
    let text = json_schema::text(&schema);
    let inputs: Vec<&Path> = args.site.iter().map(PathBuf::as_path).collect();
    Ok(args.target.deliver(text.as_bytes(), args.consent.force, &inputs, json_schema::is_ours)?)
}

fn unknown(schema: &Schema, path: &str) -> Error {
    let error = Error::new(format!("there is no key `{}`", for_terminal(path)));
    match suggest::nearest(path, schema.keys().iter().map(|key| key.path.as_str())) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`homeseed explain` lists all keys"),
    }
}

/// A line for each.
fn list(keys: &[&Key]) -> String {
    let row = |key: &&Key| [key.path.clone(), format!("{}{}", key.about, default(key))];
    let lines = table::folded_lines(&keys.iter().map(row).collect::<Vec<_>>(), WIDTH);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// What holds without it, behind what it is about.
fn default(key: &Key) -> String {
    match key.fallback {
        Fallback::Required => " (required)".to_owned(),
        Fallback::Nothing => String::new(),
        Fallback::Default(_) => format!(" ({})", key.default_text().unwrap_or_default()),
    }
}

/// All that is known of one.
fn explained(key: &Key) -> String {
    let mut text = format!("{}: {}\n{}\n", key.path, key.kind, key.about);
    match key.fallback {
        Fallback::Required => text += "it must be written, if its section is\n",
        Fallback::Nothing => text += "there is none by default\n",
        Fallback::Default(_) => {
            text += &format!("by default: {}\n", key.default_text().unwrap_or_default());
        }
    }
    if let Some(inner) = &key.into {
        text += &format!("a single value is that of {}.{inner}\n", key.path);
    }
    for (word, value) in &key.words {
        text += &format!("or the word `{word}`");
        if word != value {
            text += &format!(", which stands for {value}");
        }
        text.push('\n');
    }
    match &key.layer {
        Some(layer) => text + &format!("it belongs to the layer {layer}\n"),
        None => text + "it belongs to no layer\n",
    }
}
