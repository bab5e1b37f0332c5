//! What must hold between the values of a site, and what is worth a warning.

use serde_json::{Map, Value as Json};

use super::{
    reader::{Reader, context},
    refusal::Refusal,
    schema::Rule,
    tree::Node,
};
use crate::{error::Error, template};

/// Judges `values` by every rule: what is refused is reported, the warnings are given.
///
/// The error is a rule that cannot be judged though every value could be read.
pub(super) fn judge(
    reader: &mut Reader<'_>,
    values: &Map<String, Json>,
    is_whole: bool,
) -> Result<Vec<String>, Error> {
    let context = context(values, &paths("", reader.root()));
    let mut warnings = Vec::new();
    for rule in reader.schema().rules() {
        match template::holds(&rule.broken, &context) {
            Ok(true) if rule.refuses => refuse(reader, rule),
            Ok(true) => warnings.push(rule.says.clone()),
            Err(error) if is_whole => return Err(error),
            // An error is about a value that has been reported.
            Ok(false) | Err(_) => {}
        }
    }
    Ok(warnings)
}

fn refuse(reader: &mut Reader<'_>, rule: &Rule) {
    let refusal = Refusal::new(&rule.says);
    let refusal = match &rule.hint {
        Some(hint) => refusal.hint(hint),
        None => refusal,
    };
    reader.report(reader.spot(&rule.at), &refusal);
}

/// The paths of all keys that are written below `node`.
fn paths(prefix: &str, node: &Node) -> Vec<String> {
    let mut paths = Vec::new();
    for entry in node.entries() {
        let path =
            if prefix.is_empty() { entry.key.clone() } else { format!("{prefix}.{}", entry.key) };
        paths.extend(self::paths(&path, &entry.node));
        paths.push(path);
    }
    paths
}
