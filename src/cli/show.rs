//! What several verbs say of a plan.

use super::{input::Desk, paint};
use crate::{check::Check, error::Errors, plan::Plan, table};

/// Says on standard error what the operator should know.
pub(super) fn warnings(plan: &Plan) {
    for warning in &plan.warnings {
        paint::warning(warning);
    }
}

/// The same, and what will be refused when a machine is to be made.
pub(super) fn cautions(desk: &Desk<'_>) {
    warnings(&desk.plan);
    for warning in placeholders(desk) {
        paint::warning(&warning);
    }
}

/// The same, for who says it in another way.
pub(super) fn all_cautions(desk: &Desk<'_>) -> Vec<String> {
    desk.plan.warnings.iter().cloned().chain(placeholders(desk)).collect()
}

/// A sentence for each value of the documentation, of which no machine is made.
pub(super) fn placeholders(desk: &Desk<'_>) -> Vec<String> {
    let found = desk.site.placeholders().into_iter();
    found.map(|error| format!("{}; no document is made of it", error.message())).collect()
}

/// The warnings; an error for what the documentation shows, unless `placeholders` are allowed.
pub(super) fn warned(desk: &Desk<'_>, placeholders: bool) -> Result<(), Errors> {
    if !placeholders {
        Errors::none_or(desk.site.placeholders())?;
    }
    warnings(&desk.plan);
    Ok(())
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
