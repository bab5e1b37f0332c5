//! Public keys of OpenSSH, as they stand in `authorized_keys`.

use super::{
    newtype::newtype,
    refusal::{Refusal, is_private_key, quoted},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use ssh_key::{Mpint, PublicKey, public::RsaPublicKey};

newtype! {
    /// A public key on one line: type, base64, and perhaps a comment; printable ASCII.
    ///
    /// What is encoded has been read: it is a whole key of the type that it says.
    SshKey, read
}

const MAKE: &str = "make a new one with `ssh-keygen -t ed25519`";

/// How the base64 of every key begins: three zero bytes of a length.
const PREFIX: &str = "AAAA";

/// The types that OpenSSH of Debian 12 accepts by default: `PubkeyAcceptedAlgorithms` in `sshd_config(5)`.
const TYPES: [&str; 7] = [
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
];

fn read(text: &str) -> Result<String, Refusal> {
    if is_private_key(text) {
        return Err(Refusal::of_private_key());
    }
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let Some((&kind, rest)) = words.split_first() else {
        return Err(refused("it is empty"));
    };
    refuse_other_kinds(kind, rest)?;
    let Some((encoded, comment)) = rest.split_first() else {
        return Err(refused("there is nothing after its type"));
    };
    refuse_further_keys(text, comment)?;
    refuse_other_contents(kind, encoded)?;
    if let Some(c) = comment.concat().chars().find(|c| !c.is_ascii_graphic()) {
        let reason = format!("{} in its comment is not ASCII", quoted(&c.to_string()));
        return Err(refused(&reason).hint("the comment is free: change it or delete it"));
    }
    Ok(words.join(" "))
}

fn refused(reason: &str) -> Refusal {
    Refusal::new(format!("this is not a public SSH key: {reason}"))
}

/// What else may stand in an `authorized_keys` or a `.pub` file, or be meant by a key.
fn refuse_other_kinds(kind: &str, rest: &[&str]) -> Result<(), Refusal> {
    if TYPES.contains(&kind) {
        return Ok(());
    }
    Err(if kind == "ssh-dss" {
        Refusal::new("DSA keys are broken and OpenSSH refuses them").hint(MAKE)
    } else if kind.contains("-cert-v01@openssh.com") {
        refused("it is a certificate").hint("give the key itself, from the file without `-cert`")
    } else if rest.iter().any(|word| TYPES.contains(word)) {
        refused("options stand in front of it")
            .hint("delete what stands before the type, such as `ssh-ed25519`")
    } else if kind.starts_with(['/', '~', '.']) || kind.contains(".pub") {
        refused("it is the name of a file").hint("write the text that stands in the file")
    } else {
        refused(&format!("{} is not a type of key", quoted(kind)))
            .hint(format!("the types are: {}", TYPES.join(", ")))
    })
}

/// A second key would pass for a comment of the first, and would not let anybody in. YAML makes one line of several.
fn refuse_further_keys(text: &str, comment: &[&str]) -> Result<(), Refusal> {
    let is_key = |pair: &[&str]| TYPES.contains(&pair[0]) && pair[1].starts_with(PREFIX);
    if comment.windows(2).any(is_key) {
        return Err(refused("a second key stands behind it")
            .hint("give each key a line of its own that begins with `- `"));
    }
    if text.trim().contains(['\n', '\r']) {
        return Err(refused("it goes over several lines").hint("write it on one line"));
    }
    Ok(())
}

/// Reads what is encoded: a whole key of the type that it says.
fn refuse_other_contents(kind: &str, encoded: &str) -> Result<(), Refusal> {
    let hint = "copy the whole line of the `.pub` file";
    let blob = STANDARD.decode(encoded).map_err(|_| refused("its base64 is damaged").hint(hint))?;
    let key = PublicKey::from_bytes(&blob)
        .map_err(|_| refused("it is cut short or damaged").hint(hint))?;
    let contents = key.algorithm();
    if contents.as_str() != kind {
        let contents = quoted(contents.as_str());
        return Err(refused(&format!("its type says `{kind}`, its contents say {contents}")));
    }
    key.key_data().rsa().map_or(Ok(()), refuse_weak)
}

fn refuse_weak(key: &RsaPublicKey) -> Result<(), Refusal> {
    let bits = |number: &Mpint| {
        let bytes = number.as_positive_bytes()?;
        Some(bytes.len() * 8 - bytes.first()?.leading_zeros() as usize)
    };
    match (bits(&key.e), bits(&key.n)) {
        (Some(_), Some(..2048)) => {
            let bits = bits(&key.n).unwrap_or_default();
            Err(Refusal::new(format!("an RSA key of {bits} bits is too weak")).hint(MAKE))
        }
        (Some(_), Some(..=16_384)) => Ok(()),
        _ => Err(refused("its numbers are not those of an RSA key")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `ssh-keygen`, one of each type but those that need a security key.
    const KEYS: [&str; 5] = [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBoGK+kprxsWaFJGc2VYnBBN/x0gBd2jWh32rNtGETbF me@home",
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBBRo9HSBW8+oVt56Avi0jAXkjAhnYEwzb35nYrfGHNQGVlosAAEP/fsv0/oDOPzWH4JI6r0DU+VrimqKAOFJj+E= me@home",
        "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBNc1nbGFeS0i966sXt91zCpAVpllJEANmk08Wji0BfAGRVeICDcWrGAhsKSp94mpT9jbKwCTg5WN/Sad4Wntz9Hb6IEGmilvbbjWDZFK3K2kXpsEp0DOlFCNDgw9pjDZzQ== me@home",
        "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBABpNwh5mqe4LFYZ3GsvhsKA943TD1r+k29+CpWFCjitIKFVNcV3Todts1r+I/sixG+9gCpRsWojxY6feEjSJ4dZpAAs5qEcObqCjcUmKY0hLL5qiBuFeVhLD0CVswLFr7gc9mzHmv1pB9DG0YOqQlNle4ARFBe22RnB6VP+WMzaWb6KZA== me@home",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCkSsliLk9qObKcCqEYjx9NzrbRm6oBV36Gt7SbrjeAtE2p4SSOE+47hSV5eiWXOv9ntYLqsn3dqD46W+jJpmH19ovnYNUItaju3qaeylshgW2JpAxK06hCbx2vlblk7rf9C6Xl4m6Jkjuim8bJl3H5fY3/eGtg1fKepiumzg09sujVWOArva4sa3/kRSbt9axptWB9k9RFnq6nNIwFhb+90dhlZ+GNvaQUWS8CR9sA5OkyxzBKF9hRuYWagrnx6ZcJ+kL3eEfSlnW3YRF9EtTmJhAzNncpFpEBcfGqV3cRz7nR6f6ANsqUa0FbZ62TCZJXRGOLr5Rh7CX1RbbaeNkp me@home",
    ];

    #[test]
    fn keys_of_openssh_are_accepted() {
        for line in KEYS {
            let key: SshKey = line.parse().unwrap_or_else(|it| panic!("{line}: {it}"));
            assert_eq!(key.as_str(), line);
        }
    }

    #[test]
    fn a_key_that_lost_or_gained_something_is_refused() {
        for line in KEYS {
            let words: Vec<&str> = line.split(' ').collect();
            let blob = STANDARD.decode(words[1]).expect("base64");
            for length in 0..blob.len() {
                let cut = format!("{} {}", words[0], STANDARD.encode(&blob[..length]));
                cut.parse::<SshKey>().expect_err(&cut);
            }
            let longer = [&blob[..], &[0]].concat();
            let longer = format!("{} {}", words[0], STANDARD.encode(longer));
            let refusal = longer.parse::<SshKey>().expect_err(&longer).to_string();
            assert!(refusal.contains("cut short or damaged"), "{refusal}");
        }
    }

    #[test]
    fn two_keys_are_no_key_with_a_comment() {
        for between in ["\n", " \n", "\r\n", " ", " me@home "] {
            let text = format!("{}{between}{}\n", KEYS[0], KEYS[1]);
            let refusal = text.parse::<SshKey>().expect_err(&text).to_string();
            assert!(refusal.contains("a second key stands behind it"), "{refusal}");
        }
        let broken = KEYS[4].replacen("AAAA", "AAAA\n", 1);
        let refusal = broken.parse::<SshKey>().expect_err(&broken).to_string();
        assert!(refusal.contains("several lines"), "{refusal}");
        let about = format!("{} the new ssh-rsa key\n", KEYS[0]);
        about.parse::<SshKey>().expect("a comment is free");
    }
}
