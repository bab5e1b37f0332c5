//! A delivered file that somebody edited on the machine, and what is shown of that: never what may be secret.

use similar::{ChangeTag, TextDiff};

use crate::plan::{File, Plan};

/// Stands where something is not shown.
const HIDDEN: &str = "(hidden)";

/// What the name of a secret is made of.
const SECRET: [&str; 9] =
    ["pass", "secret", "token", "credential", "private", "macaroon", "pepper", "auth", "key"];

/// A word of so many letters and digits is one that nobody has thought of.
const LONG: usize = 24;

/// What others may do with a file, of its mode.
const OTHERS: u32 = 0o007;

/// A file as it was delivered, and as it is.
#[derive(Debug)]
pub struct Edit {
    delivered: File,
    found: Found,
}

/// What is on the machine in its place.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Text(String),
    /// It is too long to be read, or no file.
    Unread,
    Nothing,
}

impl Edit {
    /// A file that has this text now, if that was read.
    pub(super) fn of(delivered: &File, text: Option<&str>) -> Edit {
        let found = text.map_or(Found::Unread, |it| Found::Text(it.to_owned()));
        Edit { delivered: delivered.clone(), found }
    }

    /// A file that is there no more.
    pub(super) fn removed(delivered: &File) -> Edit {
        Edit { delivered: delivered.clone(), found: Found::Nothing }
    }

    /// What was done to it, what becomes of that when `plan` is applied, if it is, and a unified diff of what was delivered and
    /// what is there.
    #[must_use]
    pub fn text(&self, plan: Option<&Plan>) -> String {
        let path = &self.delivered.path;
        let file = plan.and_then(|plan| plan.files.iter().find(|it| it.path == *path));
        let done = if self.found == Found::Nothing { "removed" } else { "edited" };
        let fate = match (&self.found, plan, file) {
            (_, None, _) | (Found::Nothing, Some(_), None) => "",
            (Found::Nothing, ..) => "; applying the site lays it again",
            (Found::Text(text), _, Some(file)) if *text == file.contents => {
                ", to what the site says now"
            }
            (_, _, Some(_)) => "; applying the site overwrites it, and keeps a copy",
            (_, _, None) => "; applying the site removes it, and keeps a copy",
        };
        let diff: String = self.diff().lines().map(|line| format!("    {line}\n")).collect();
        format!("! {path} was {done} on the machine{fate}\n{diff}")
    }

    fn diff(&self) -> String {
        let text = match &self.found {
            Found::Text(text) => text,
            Found::Unread => return "what is there now cannot be shown\n".to_owned(),
            Found::Nothing => return String::new(),
        };
        let diff = TextDiff::from_lines(self.delivered.contents.as_str(), text.as_str());
        let reserved = self.delivered.mode.0 & OTHERS == 0;
        let mut key = false;
        let mut shown = String::new();
        for hunk in diff.unified_diff().context_radius(1).iter_hunks() {
            shown += &format!("{}\n", hunk.header());
            for change in hunk.iter_changes() {
                let line = change.value().trim_end_matches('\n');
                let line = match change.tag() {
                    ChangeTag::Insert => by_hand(line, reserved, &mut key),
                    // That came with the payload, which holds no secret.
                    _ => line.to_owned(),
                };
                shown += &format!("{}{line}\n", change.tag());
            }
        }
        shown
    }
}

/// A line that somebody wrote, without what may be secret in it; `key` is whether it is in the middle of a private key. A file
/// that is `reserved` for some may hold secrets under any name.
fn by_hand(line: &str, reserved: bool, key: &mut bool) -> String {
    let begins = line.contains("-----BEGIN ");
    let within = *key || begins;
    *key = within && !line.contains("-----END ");
    if within {
        return HIDDEN.to_owned();
    }
    let text = line.trim();
    if text.is_empty() || is_public_key(text) || !(reserved || is_secret(text)) {
        return line.to_owned();
    }
    let first = text.find([':', '=', ' ', '\t']).map_or(0, |at| at + 1);
    let indent = &line[..line.len() - line.trim_start().len()];
    format!("{indent}{} {HIDDEN}", text[..first].trim_end()).trim_end().to_owned()
}

fn is_public_key(text: &str) -> bool {
    let mut words = text.split_whitespace();
    words.next().is_some_and(|it| it.starts_with("ssh-") || it.starts_with("ecdsa-"))
        && words.next().is_some_and(|it| it.starts_with("AAAA"))
}

fn is_secret(text: &str) -> bool {
    let lower = text.to_lowercase();
    let named = SECRET.iter().any(|it| lower.contains(it));
    let at_home = lower.contains("://") && lower.contains('@');
    let long = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .any(|word| word.len() >= LONG && word.contains(|c: char| c.is_ascii_digit()));
    named || at_home || long
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Mode;

    fn file(mode: u32, contents: &str) -> File {
        File {
            path: "/etc/a".to_owned(),
            layer: String::new(),
            mode: Mode(mode),
            owner: "root".to_owned(),
            group: "root".to_owned(),
            contents: contents.to_owned(),
        }
    }

    fn shown(mode: u32, contents: &str, now: &str) -> String {
        Edit::of(&file(mode, contents), Some(now)).diff()
    }

    #[test]
    fn what_was_written_is_shown_as_a_diff() {
        let expected = "@@ -1,2 +1,2 @@\n-a 1\n+a 2\n b 1\n";
        assert_eq!(shown(0o644, "a 1\nb 1\n", "a 2\nb 1\n"), expected);
    }

    #[test]
    fn no_secret_is_shown_wherever_it_stands() {
        let texts = [
            "admin_password: hunter2",
            "  shared_secret=hunter2",
            "AccessToken hunter2",
            "database: postgresql://synapse:hunter2@localhost/synapse",
            "hunter2hunter2hunter2hunter2",
            "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----",
        ];
        for text in texts {
            let said = shown(0o644, "a 1\n", &format!("{text}\na 1\n"));
            assert!(!said.contains("hunter2") && said.contains(HIDDEN), "{text}: {said}");
            assert!(said.ends_with(" a 1\n"), "{said}");
        }
        // What others may not read, they do not read here.
        let said = shown(0o640, "a: 1\n", "a: 1\nb: hunter2\n- hunter2\nhunter2\n");
        assert!(!said.contains("hunter2") && said.contains("+b: (hidden)\n"), "{said}");
    }

    #[test]
    fn who_may_log_in_is_no_secret() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINhoyGb1nVefZAXjc7/9QvuP8FzW41k7CUD2SkNbl+Nd somebody";
        assert!(shown(0o644, "", &format!("{key}\n")).contains(key));
    }

    #[test]
    fn it_is_said_what_becomes_of_it() {
        let mut plan = crate::apply::deployed::example();
        let edit = Edit::of(&file(0o644, "a\n"), Some("b\n"));
        let first = |edit: &Edit, plan: &Plan| {
            let text = edit.text(Some(plan));
            text.lines().next().map(str::to_owned).unwrap_or_default()
        };
        assert_eq!(
            edit.text(Some(&plan)),
            "! /etc/a was edited on the machine; applying the site removes it, and keeps a copy\n    @@ -1 +1 @@\n    -a\n    +b\n"
        );
        assert_eq!(
            Edit::removed(&file(0o644, "a\n")).text(Some(&plan)),
            "! /etc/a was removed on the machine\n"
        );
        plan.files.push(file(0o644, "a\n"));
        let says = first(&edit, &plan);
        assert_eq!(
            says,
            "! /etc/a was edited on the machine; applying the site overwrites it, and keeps a copy"
        );
        let says = first(&Edit::removed(&file(0o644, "a\n")), &plan);
        assert_eq!(says, "! /etc/a was removed on the machine; applying the site lays it again");
        plan.files.last_mut().expect("a file").contents = "b\n".to_owned();
        let says = first(&edit, &plan);
        assert_eq!(says, "! /etc/a was edited on the machine, to what the site says now");
        assert_eq!(first(&edit, &plan), says);
        assert!(edit.text(None).starts_with("! /etc/a was edited on the machine\n"));
        let unread = Edit::of(&file(0o644, "a\n"), None).text(None);
        assert!(unread.ends_with("    what is there now cannot be shown\n"), "{unread}");
    }
}
