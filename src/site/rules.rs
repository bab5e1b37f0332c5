//! What must hold between the keys of a site.

use std::str::FromStr;

use super::{
    choice::Delegation,
    name::{HostName, ServerName},
    person::Localpart,
    reader::Reader,
    refusal::{Refusal, shown},
};

/// The delegation that fits the two names.
///
/// When it is not written, equal names decide: there is nobody to delegate to.
pub(super) fn delegation(
    reader: &mut Reader<'_>,
    server_name: Option<&ServerName>,
    host: Option<&HostName>,
) -> Option<Delegation> {
    let chosen = reader.value("delegation");
    let (Some(server_name), Some(host)) = (server_name, host) else {
        return chosen;
    };
    let written = reader.node("delegation").is_some();
    let same = server_name.as_str() == host.as_str();
    match chosen? {
        Delegation::None if !same => {
            let reason = format!(
                "`delegation: none` needs a host that is named `{}`, as the server name is",
                server_name.as_str()
            );
            let refusal = Refusal::new(reason).hint(
                "change this line, or write `delegation: same-host` or `delegation: elsewhere`",
            );
            reader.report(reader.spot("host"), &refusal);
            None
        }
        Delegation::SameHost | Delegation::Elsewhere if same && written => {
            let refusal =
                Refusal::new("there is nobody to delegate to: `server_name` and `host` are equal");
            reader.report(
                reader.spot("delegation"),
                &refusal.hint("delete this line, or write `delegation: none`"),
            );
            None
        }
        _ if same => Some(Delegation::None),
        chosen => Some(chosen),
    }
}

/// A user ID has at most 255 characters.
pub(super) fn user_id(
    reader: &mut Reader<'_>,
    admin: Option<&Localpart>,
    server_name: Option<&ServerName>,
) {
    if let (Some(admin), Some(server_name)) = (admin, server_name)
        && admin.as_str().len() + server_name.as_str().len() + "@:".len() > 255
    {
        let refusal = Refusal::new("the first user's ID is longer than 255 characters");
        reader.report(
            reader.spot("admin"),
            &refusal.hint("`admin` and `server_name` make the ID together"),
        );
    }
}

/// The folders of further layers.
pub(super) fn layers(reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let folders = reader.list("layers")?;
    Some(folders.into_iter().map(|Folder(folder)| folder).collect())
}

/// A path that is relative to the site file.
#[derive(PartialEq)]
struct Folder(String);

impl FromStr for Folder {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Folder, Refusal> {
        let refused =
            |reason: &str| Err(Refusal::new(format!("{} cannot be used: {reason}", shown(text))));
        let folder = text.trim_end_matches('/');
        if text.starts_with(['/', '~']) {
            return refused("it is not relative to the site file");
        }
        if folder.is_empty() {
            return refused("it is empty");
        }
        if text.chars().any(char::is_control) {
            return refused("it holds control characters");
        }
        Ok(Folder(folder.to_owned()))
    }
}
