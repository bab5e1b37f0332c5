//! Which of the shell functions that checks may call are called: a script carries no others.

use std::collections::BTreeSet;

use super::{Check, HELPERS, Helpers};

/// The names that a script of `checks` needs of all that `helpers` define, directly or through another.
pub(super) fn called<'a>(checks: &'a [Check], helpers: &'a [Helpers]) -> BTreeSet<&'a str> {
    called_by(checks.iter().map(|check| check.run.as_str()), helpers)
}

/// The same for any shell.
pub(super) fn called_by<'a>(
    texts: impl Iterator<Item = &'a str>,
    helpers: &'a [Helpers],
) -> BTreeSet<&'a str> {
    let shells = helpers.iter().map(|it| it.shell.as_str()).chain([HELPERS]);
    let definitions: Vec<(&str, String)> = shells.flat_map(definitions).collect();
    let mut names: BTreeSet<&str> = texts.flat_map(words).collect();
    loop {
        let mut more = BTreeSet::new();
        for (name, text) in &definitions {
            if names.contains(name) {
                more.extend(
                    definitions
                        .iter()
                        .map(|it| it.0)
                        .filter(|it| words(text).any(|word| word == *it)),
                );
            }
        }
        let before = names.len();
        names.extend(more);
        if names.len() == before {
            return names;
        }
    }
}

/// What of `shell` defines one of `names`, and what defines nothing.
pub(super) fn only(shell: &str, names: &BTreeSet<&str>) -> String {
    let mut lines = Vec::new();
    let mut wanted = true;
    for line in shell.lines() {
        if let Some(name) = defined(line) {
            wanted = names.contains(name);
        }
        if wanted {
            lines.push(line);
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Each definition with its text: a function or a variable begins at the margin and goes on to the next. What a comment
/// speaks of is not called.
fn definitions(shell: &str) -> Vec<(&str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for line in shell.lines().filter(|line| !line.trim_start().starts_with('#')) {
        match (defined(line), found.last_mut()) {
            (Some(name), _) => found.push((name, format!("{line}\n"))),
            (None, Some((_, text))) => *text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    found
}

/// What a line at the margin begins to define.
fn defined(line: &str) -> Option<&str> {
    let end = line.find(|c: char| !is_of_word(c))?;
    let (name, rest) = line.split_at(end);
    (!name.is_empty() && (rest.starts_with("()") || rest.starts_with('='))).then_some(name)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_of_word(c)).filter(|word| !word.is_empty())
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::{super::Vantage, *};

    const SHELL: &str =
        "# Of both.\na() { b \"$c\"; }\n# Not d.\nb() {\n  true\n}\nc=1\nd() { a; }\n";

    fn check(run: &str) -> Check {
        Check {
            layer: "x".to_owned(),
            name: "y".to_owned(),
            from: Vantage::Host,
            cure: String::new(),
            run: run.to_owned(),
            wait: 1,
            own_kernel: false,
            covers: Vec::new(),
        }
    }

    #[test]
    fn what_is_called_is_kept_with_what_that_calls() {
        let helpers =
            [Helpers { layer: "x".to_owned(), shell: SHELL.to_owned(), callers: Vec::new() }];
        let kept = |run: &str| only(SHELL, &called(&[check(run)], &helpers));
        assert_eq!(kept("d"), SHELL);
        assert_eq!(kept("a 1"), "# Of both.\na() { b \"$c\"; }\n# Not d.\nb() {\n  true\n}\nc=1\n");
        assert_eq!(kept("echo $c"), "# Of both.\nc=1\n");
        assert_eq!(kept("true"), "# Of both.\n");
    }
}
