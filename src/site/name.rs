//! Names of machines and of homeservers.

use std::net::IpAddr;

use ::url::Url;

use super::{
    newtype::newtype,
    refusal::{Refusal, quoted, stray},
};

newtype! {
    /// The full name of a machine, such as `chat.example.org`: lower case, at least two labels, no final dot.
    HostName, |text: &str| name(text, "a host name")
}

newtype! {
    /// The part of a Matrix identifier after the colon, such as `example.org`.
    ///
    /// The grammar of Matrix also allows ports and addresses. A name with a port is never looked up by
    /// `.well-known`, and no authority signs a certificate for an address, so this homeserver has neither.
    ServerName, |text: &str| name(text, "a server name")
}

fn name(text: &str, noun: &str) -> Result<String, Refusal> {
    refuse_other_things(text, noun)?;
    refuse_addresses(text, noun)?;
    dns_name(text, text, noun)?;
    Ok(text.to_owned())
}

/// Reads `host`, which is `text` or a part of it.
pub(super) fn dns_name(text: &str, host: &str, noun: &str) -> Result<(), Refusal> {
    let refused = |reason: &str| Refusal::of(text, noun, reason);
    if let Some(c) =
        stray(host, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c))
    {
        return Err(refused(&format!("{c} is not allowed"))
            .hint("only a-z, 0-9, `-` and `.` can stand in it"));
    }
    if host.len() > 253 {
        return Err(refused("it is longer than 253 characters"));
    }
    if let Some(name) = host.strip_suffix('.') {
        let port = &text[host.len()..];
        return Err(refused("it ends with a dot").hint(format!("write `{name}{port}`")));
    }
    if !host.contains('.') {
        return Err(refused("it has no dot").hint("write the full name, such as `example.org`"));
    }
    host.split('.').try_for_each(|label| refuse_label(text, noun, label))
}

fn refuse_label(text: &str, noun: &str, label: &str) -> Result<(), Refusal> {
    let reason = match label {
        "" => "a part between two dots is empty".to_owned(),
        _ if label.len() > 63 => "a part between two dots is longer than 63 characters".to_owned(),
        _ if label.starts_with('-') => format!("the part `{label}` begins with `-`"),
        _ if label.ends_with('-') => format!("the part `{label}` ends with `-`"),
        _ => return Ok(()),
    };
    Err(Refusal::of(text, noun, &reason))
}

/// What people write instead of a name, and in which letters.
pub(super) fn refuse_other_things(text: &str, noun: &str) -> Result<(), Refusal> {
    let refused = |reason: &str| Refusal::of(text, noun, reason);
    if text.is_empty() {
        return Err(refused("it is empty"));
    }
    if text.contains("://") {
        let url = Url::parse(text).ok();
        let host = url.as_ref().and_then(Url::host_str);
        let name = host.map_or(String::new(), |it| format!(": {}", quoted(it)));
        return Err(refused("it is a URL").hint(format!("write only the name{name}")));
    }
    if text.starts_with('@') {
        return Err(refused("it is a user ID").hint("write only what stands after the colon"));
    }
    if !text.is_ascii() {
        return Err(refused("it is not ASCII")
            .hint("write the form that the DNS uses, which begins with `xn--`"));
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(refused("it has capital letters")
            .hint(format!("write `{}`", text.to_ascii_lowercase())));
    }
    Ok(())
}

/// What other homeservers may have in their names, and this one may not.
fn refuse_addresses(text: &str, noun: &str) -> Result<(), Refusal> {
    let refused = |reason: &str| Refusal::of(text, noun, reason);
    let host = text.split(':').next().unwrap_or_default();
    let bare = text.trim_start_matches('[').split(']').next().unwrap_or_default();
    if [bare, host].iter().any(|it| it.parse::<IpAddr>().is_ok()) {
        return Err(refused("it is an IP address").hint("a homeserver needs a name in the DNS"));
    }
    if is_numeric(host) {
        return Err(refused("its last part is a number").hint("no name in the DNS ends so"));
    }
    if let Some((name, port)) = text.split_once(':')
        && !port.is_empty()
        && port.bytes().all(|b| b.is_ascii_digit())
    {
        return Err(refused("it has a port")
            .hint(format!("write `{name}`; other servers find the port by themselves")));
    }
    Ok(())
}

/// Whether the last part is a number, as in IPv4 addresses and never in a name.
pub(super) fn is_numeric(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit())
}
