//! What several verbs say of a plan.

use super::paint;
use crate::{check::Check, plan::Plan, table};

/// Says on standard error what the operator should know.
pub(super) fn warnings(plan: &Plan) {
    for warning in &plan.warnings {
        paint::warning(warning);
    }
}

/// One sentence.
pub(super) fn verdict(plan: &Plan) -> String {
    let (layers, files, checks) = (plan.layers.len(), plan.files.len(), plan.checks.len());
    format!("ok: {} becomes {layers} layers, {files} files and {checks} checks\n", plan.host)
}

/// JSON for people and programs.
pub(super) fn pretty<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).expect("strings and numbers alone") + "\n"
}

/// One line for each check.
pub(super) fn checks(plan: &Plan) -> String {
    let row = |check: &Check| [check.from.word().to_owned(), check.title()];
    table::text(&plan.checks.iter().map(row).collect::<Vec<_>>(), &[])
}
