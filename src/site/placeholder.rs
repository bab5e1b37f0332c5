//! What stands in the documentation, and leads to nobody.

use super::{Site, source::Spot, tree::Value};
use crate::error::Error;

/// The key that the documentation shows: nobody holds its private half.
const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

/// Domains that are kept for documentation: <https://www.rfc-editor.org/rfc/rfc2606>.
const DOMAINS: [&str; 4] = ["example.org", "example.com", "example.net", "example"];

impl Site {
    /// One error for each value that was taken over from the documentation.
    #[must_use]
    pub fn placeholders(&self) -> Vec<Error> {
        let names = [&["server_name"][..], &["host"], &["operator", "email"]];
        let names = names.iter().filter_map(|path| self.reserved(path));
        names.chain(self.shown_keys()).collect()
    }

    /// The error for a name, or an address, that nobody can have.
    fn reserved(&self, path: &[&str]) -> Option<Error> {
        let (first, rest) = path.split_first()?;
        let value = rest.iter().try_fold(self.values.get(*first)?, |value, key| value.get(*key))?;
        let text = value.as_str()?;
        let name = text.rsplit('@').next().unwrap_or(text);
        let domain = DOMAINS.iter().find(|domain| is_in(name, domain))?;
        let what = if text == *domain { "it".to_owned() } else { format!("`{domain}`") };
        let message = format!("`{text}` is for documentation: nobody can have {what}");
        let hint = format!("write your own `{}`", path.join("."));
        Some(Error::new(message).at(self.place_of(path)).hint(hint))
    }

    fn shown_keys(&self) -> Vec<Error> {
        let entry = self.tree.entry("operator").and_then(|it| it.node.entry("ssh_keys"));
        let Some(Value::List(keys)) = entry.map(|entry| &entry.node.value) else {
            return Vec::new();
        };
        let error = |spot: Spot| {
            Error::new("this key is that of the documentation: nobody can log in with it")
                .at(self.source.place(spot))
                .hint("write the line of your own, as in `~/.ssh/id_ed25519.pub`; `ssh-keygen -t ed25519` makes one")
        };
        let shown = keys.iter().filter(|key| match &key.value {
            Value::Scalar { text, .. } => text.split_whitespace().any(|word| word == KEY),
            _ => false,
        });
        shown.map(|key| error(key.spot)).collect()
    }
}

/// Whether `name` is `domain`, or below it.
fn is_in(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_in_its_domain_and_in_no_other() {
        for name in ["example.org", "a.b.example.org"] {
            assert!(is_in(name, "example.org"), "{name}");
        }
        for name in ["myexample.org", "example.org.uk", "org"] {
            assert!(!is_in(name, "example.org"), "{name}");
        }
    }
}
