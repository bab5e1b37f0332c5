//! Says which layers make a document too long.

use super::{Encoding, payload};
use crate::{
    error::Error,
    plan::{File, Plan},
};

/// The error for a document of `length` bytes where `limit` are allowed.
pub(super) fn refusal(plan: &Plan, encoding: Encoding, length: usize, limit: usize) -> Error {
    let advice = match encoding {
        Encoding::Plain => "`--encoding compact` makes it shorter; `--limit` allows more bytes",
        _ => "`--limit` allows more bytes, if your provider does",
    };
    let message =
        format!("the document takes {length} bytes, {limit} are allowed\n{}", table(plan));
    Error::new(message).hint(advice)
}

/// Bytes by layer: of its files, and of what the compact document would be shorter without them.
fn table(plan: &Plan) -> String {
    let whole = payload::compressed(&plan.files).len();
    let mut rows = format!("\n  {:<16} {:>6} {:>8} {:>8}", "layer", "files", "bytes", "compact");
    for layer in &plan.layers {
        let (own, others): (Vec<File>, Vec<File>) =
            plan.files.iter().cloned().partition(|file| file.layer == layer.name);
        let bytes: usize = own.iter().map(|file| file.contents.len()).sum();
        // A tiny layer can make the whole a few bytes shorter.
        let compact = whole.saturating_sub(payload::compressed(&others).len());
        rows += &format!("\n  {:<16} {:>6} {bytes:>8} {compact:>8}", layer.name, own.len());
    }
    rows
}
