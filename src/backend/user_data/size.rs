//! Says which layers make a document too long.

use super::{Encoding, payload};
use crate::{
    error::Error,
    plan::{File, Plan},
    table,
};

/// The error for a document of `length` bytes where `limit` are allowed.
pub(super) fn refusal(plan: &Plan, encoding: Encoding, length: usize, limit: usize) -> Error {
    let advice = match encoding {
        Encoding::Plain => "`--encoding compact` makes it shorter; `--limit` allows more bytes",
        _ => "`--limit` allows more bytes, if your provider does",
    };
    let message =
        format!("the document takes {length} bytes, {limit} are allowed\n{}", by_layer(plan));
    Error::new(message).hint(advice)
}

/// Bytes by layer: of its files, and of what the compact document would be shorter without them.
fn by_layer(plan: &Plan) -> String {
    let whole = payload::compressed(&plan.files).len();
    let mut rows = vec![["layer", "files", "bytes", "compact"].map(str::to_owned)];
    for layer in &plan.layers {
        let (own, others): (Vec<File>, Vec<File>) =
            plan.files.iter().cloned().partition(|file| file.layer == layer.name);
        let bytes: usize = own.iter().map(|file| file.contents.len()).sum();
        // A tiny layer can make the whole a few bytes shorter.
        let compact = whole.saturating_sub(payload::compressed(&others).len());
        let numbers = [own.len(), bytes, compact].map(|it| it.to_string());
        let [files, bytes, compact] = numbers;
        rows.push([layer.name.clone(), files, bytes, compact]);
    }
    table::lines(&rows, &[1, 2, 3]).iter().map(|line| format!("\n  {line}")).collect()
}
