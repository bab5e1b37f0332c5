//! The lines of YAML that mean nothing.

use saphyr_parser::{Event, Parser};

use super::{Starts, all, is_comment};

/// Where comments begin: the parser reads the same without them. Nothing when `text` is no YAML.
pub(super) fn comments(text: &str) -> Option<Starts> {
    let meaning = events(text)?;
    let is_free = |at: &usize| {
        let line = text[*at..].split_inclusive('\n').next().unwrap_or_default();
        let without = || format!("{}{}", &text[..*at], &text[at + line.len()..]);
        is_comment(*at, line) && events(&without()).as_ref() == Some(&meaning)
    };
    Some(all(text).into_iter().filter(is_free).collect())
}

fn events(text: &str) -> Option<Vec<Event<'_>>> {
    Parser::new_from_str(text).map(|event| Some(event.ok()?.0)).collect()
}
