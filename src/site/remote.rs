//! Where backups go, and who can read them.

use super::{
    name::HostName,
    newtype::newtype,
    refusal::{Refusal, quoted},
    ssh_key::SshKey,
};

newtype! {
    /// A folder on another computer, as rsync and scp write it: `USER@HOST:/PATH`.
    RemoteFolder, folder
}

newtype! {
    /// A key that age encrypts to: `age1…`, or a public key of OpenSSH of the type `ssh-ed25519` or `ssh-rsa`.
    AgeRecipient, recipient
}

/// How a recipient of age's own begins: the human-readable part of its Bech32, and the separator.
const AGE: &str = "age1";

/// The characters of Bech32 (BIP 173), and how many of them 32 bytes and a checksum are.
const BECH32: (&str, usize) = ("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58);

fn folder(text: &str) -> Result<String, Refusal> {
    let refused = |reason: &str| {
        Err(Refusal::new(format!("{} is no folder on another computer: {reason}", quoted(text)))
            .hint("write it as `USER@HOST:/PATH`, such as `backup@nas.example.net:/srv/chat`"))
    };
    let Some((user, rest)) = text.split_once('@') else {
        return refused("there is no user before the host");
    };
    let Some((host, path)) = rest.split_once(":/") else {
        return refused("a path that begins with a slash is missing behind the host");
    };
    // useradd(8) takes no others.
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if user.is_empty() || user.starts_with('-') || !user.chars().all(is_name) {
        return refused("the user is not one");
    }
    if host.parse::<HostName>().is_err() && host.parse::<std::net::Ipv4Addr>().is_err() {
        return refused("the host is neither a name nor an IPv4 address");
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !path.chars().all(is_plain) || path.split('/').any(|part| part == "..") {
        return refused("its path has other characters than letters, digits and `/._-`");
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn recipient(text: &str) -> Result<String, Refusal> {
    if let Some(data) = text.strip_prefix(AGE) {
        if data.len() == BECH32.1 && data.chars().all(|c| BECH32.0.contains(c)) {
            return Ok(text.to_owned());
        }
        return Err(Refusal::new(format!("{} is no recipient of age", quoted(text)))
            .hint("copy the whole line that `age-keygen` shows as the public key"));
    }
    let key: SshKey = text.parse()?;
    let kind = key.as_str().split(' ').next().unwrap_or_default();
    match kind {
        "ssh-ed25519" | "ssh-rsa" => Ok(key.to_string()),
        _ => Err(Refusal::new(format!("a backup cannot be encrypted to a key of the type {kind}"))
            .hint("name one that is `ssh-ed25519`, `ssh-rsa` or `age1…`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_elsewhere_is_named_as_rsync_names_it() {
        for text in ["backup@nas.example.net:/srv/chat", "b@192.0.2.7:/x"] {
            assert_eq!(text.parse::<RemoteFolder>().expect(text).as_str(), text);
        }
        for text in [
            "nas.example.net:/srv",
            "b@nas.example.net",
            "b@nas.example.net:srv",
            "b@nas:/srv chat",
            "b@nas.example.net:/srv/../etc",
            "-oProxyCommand@nas.example.net:/x",
            "b@nas.example.net:/$(id)",
        ] {
            text.parse::<RemoteFolder>().expect_err(text);
        }
    }

    #[test]
    fn a_recipient_is_a_key_that_decrypts() {
        let age = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
        let ssh =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINhoyGb1nVefZAXjc7/9QvuP8FzW41k7CUD2SkNbl+Nd";
        for text in [age, ssh] {
            text.parse::<AgeRecipient>().expect(text);
        }
        let other = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=";
        for text in [&age[..40], "age1b", "", other] {
            text.parse::<AgeRecipient>().expect_err(text);
        }
    }
}
