//! Quantities as people write them, in files and on the command line. Knows no limits: whoever reads one sets them.

pub mod duration;
pub mod size;

/// The leading digits, and the rest.
fn split(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}
