//! What a payload promises, by the script of checks that it brings.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{FACTS, File, HOME};

/// The text of each check in the payload of `files`, by its title, with the facts that it may read.
pub(super) fn all(files: &[File]) -> BTreeMap<String, String> {
    let text = |path: &str| {
        files.iter().find(|it| it.path == path).map(|it| it.contents.as_str()).unwrap_or_default()
    };
    read(text(&format!("{HOME}/checks.sh")), text(FACTS))
}

fn read(script: &str, facts: &str) -> BTreeMap<String, String> {
    let (checks, rest) = sections(script);
    let facts: BTreeMap<&str, &str> =
        facts.lines().filter_map(|line| Some((line.split_once('=')?.0, line))).collect();
    let everywhere = words(&rest);
    let with_facts = |(title, text): (String, String)| {
        let named = words(&text);
        let read =
            facts.iter().filter(|(name, _)| named.contains(*name) || everywhere.contains(*name));
        let read: String = read.map(|(_, line)| format!("\n{line}")).collect();
        (title, text + &read)
    };
    checks.into_iter().map(with_facts).collect()
}

/// Each check, `check FROM SECONDS 'TITLE' <<'END'` and what follows as far as END; and the lines around them.
fn sections(script: &str) -> (Vec<(String, String)>, String) {
    let (mut checks, mut rest) = (Vec::new(), String::new());
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        let Some((title, end)) = head(line) else {
            rest = rest + line + "\n";
            continue;
        };
        let text: Vec<&str> = lines.by_ref().take_while(|it| *it != end).collect();
        checks.push((title, text.join("\n")));
    }
    (checks, rest)
}

fn head(line: &str) -> Option<(String, &str)> {
    let (head, end) = line.strip_prefix("check ")?.rsplit_once(" <<'")?;
    let (_, title) = head.split_once('\'')?;
    let title = title.strip_suffix('\'')?.replace(r"'\''", "'");
    Some((title, end.strip_suffix('\'')?))
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "helper='a() { echo $NAMES; }'\ncheck host 3 'x: it'\\''s well' <<'.'\nwant 1 $A\n.\n\
        check network 9 'y: b' <<'..'\n.\n..\nexit $failed\n";

    #[test]
    fn a_check_is_known_by_its_title_with_the_facts_that_it_reads() {
        let found = read(SCRIPT, "A=1\nB=2\nNAMES='a b'\n");
        let expected =
            [("x: it's well", "want 1 $A\nA=1\nNAMES='a b'"), ("y: b", ".\nNAMES='a b'")];
        let expected = expected.map(|(title, text)| (title.to_owned(), text.to_owned()));
        assert_eq!(found, BTreeMap::from(expected));
        assert!(read("", "A=1\n").is_empty());
    }
}
