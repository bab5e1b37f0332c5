//! How people are named: the first user, and the operator's e-mail address.

use super::{
    name::HostName,
    newtype::newtype,
    refusal::{Refusal, stray},
};

newtype! {
    /// The part of a user ID before the colon, such as `alice`, as Synapse lets new users have it.
    Localpart, localpart
}

newtype! {
    /// An e-mail address whose local part needs no quotes.
    Email, email
}

fn localpart(text: &str) -> Result<String, Refusal> {
    let refused = |reason: &str| Refusal::of(text, "a localpart", reason);
    if text.is_empty() {
        return Err(refused("it is empty"));
    }
    if let Some(rest) = text.strip_prefix('@') {
        let name = rest.split(':').next().unwrap_or_default();
        return Err(refused("it is a user ID").hint(format!("write only the name: `{name}`")));
    }
    let lower = text.to_ascii_lowercase();
    if lower != text && localpart(&lower).is_ok() {
        return Err(refused("it has capital letters").hint(format!("write `{lower}`")));
    }
    if let Some(c) =
        stray(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._=-/+".contains(c))
    {
        return Err(refused(&format!("{c} is not allowed"))
            .hint("only a-z, 0-9 and `._=-/+` can stand in it"));
    }
    if text.starts_with('_') {
        return Err(refused("it begins with `_`").hint("Synapse keeps such names for bridges"));
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(refused("it is a number").hint("Synapse keeps numbers for guests"));
    }
    Ok(text.to_owned())
}

fn email(text: &str) -> Result<String, Refusal> {
    let refused = |reason: &str| Refusal::of(text, "an e-mail address", reason);
    let Some((local, domain)) = text.rsplit_once('@') else {
        return Err(refused("it has no `@`"));
    };
    if let Some(c) = stray(local, |c| c.is_ascii_alphanumeric() || "._%+-'=~".contains(c)) {
        return Err(refused(&format!("{c} is not allowed before the `@`")));
    }
    if local.starts_with('-') {
        return Err(refused("it begins with `-`"));
    }
    if local.is_empty() || local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err(refused("the part before the `@` is empty or has a dot too many"));
    }
    if local.len() > 64 || text.len() > 254 {
        return Err(refused("it is too long"));
    }
    domain.parse::<HostName>()?;
    Ok(text.to_owned())
}
