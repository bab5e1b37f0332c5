//! Public keys of OpenSSH, as they stand in `authorized_keys`.

use super::{
    newtype::newtype,
    refusal::{Refusal, is_private_key, shown},
};
use base64::{Engine, engine::general_purpose::STANDARD};

newtype! {
    /// A public key on one line: type, base64, and perhaps a comment; printable ASCII.
    ///
    /// What is encoded has been read: it is a whole key of the type that it says.
    SshKey, read
}

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
    let blob = STANDARD.decode(encoded).map_err(|_| {
        refused("its base64 is damaged").hint("copy the whole line of the `.pub` file")
    })?;
    check(kind, &blob)?;
    if let Some(c) = comment.concat().chars().find(|c| !c.is_ascii_graphic()) {
        let reason = format!("{} in its comment is not ASCII", shown(&c.to_string()));
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
    let make = "make a new one with `ssh-keygen -t ed25519`";
    Err(if kind == "ssh-dss" {
        Refusal::new("DSA keys are broken and OpenSSH refuses them").hint(make)
    } else if kind.contains("-cert-v01@openssh.com") {
        refused("it is a certificate").hint("give the key itself, from the file without `-cert`")
    } else if rest.iter().any(|word| TYPES.contains(word)) {
        refused("options stand in front of it")
            .hint("delete what stands before the type, such as `ssh-ed25519`")
    } else if kind.starts_with(['/', '~', '.']) || kind.contains(".pub") {
        refused("it is the name of a file").hint("write the text that stands in the file")
    } else {
        refused(&format!("{} is not a type of key", shown(kind)))
            .hint(format!("the types are: {}", TYPES.join(", ")))
    })
}

/// Reads the encoded fields, RFC 4253 section 6.6 and OpenSSH's `PROTOCOL.u2f`.
fn check(kind: &str, blob: &[u8]) -> Result<(), Refusal> {
    let cut = || refused("it is cut short").hint("copy the whole line of the `.pub` file");
    let fields = fields(blob).ok_or_else(cut)?;
    let (inner, fields) = fields.split_first().ok_or_else(cut)?;
    if *inner != kind.as_bytes() {
        let inner = String::from_utf8_lossy(inner);
        return Err(refused(&format!(
            "its type says `{kind}`, its contents say {}",
            shown(&inner)
        )));
    }
    let curve = kind.split("-sha2-").nth(1).unwrap_or_default().trim_end_matches("@openssh.com");
    let whole = match (kind, fields) {
        ("ssh-ed25519", [key]) => key.len() == 32,
        ("sk-ssh-ed25519@openssh.com", [key, application]) => {
            key.len() == 32 && !application.is_empty()
        }
        ("ssh-rsa", [exponent, modulus]) => return check_rsa(exponent, modulus),
        ("sk-ecdsa-sha2-nistp256@openssh.com", [name, point, application]) => {
            is_point(curve, name, point) && !application.is_empty()
        }
        (_, [name, point]) => is_point(curve, name, point),
        _ => false,
    };
    if whole { Ok(()) } else { Err(cut()) }
}

/// The length-prefixed strings that a key consists of; `None` when the last is not whole.
fn fields(mut blob: &[u8]) -> Option<Vec<&[u8]>> {
    let mut fields = Vec::new();
    while !blob.is_empty() {
        let (length, rest) = blob.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (field, rest) = rest.split_at_checked(length)?;
        fields.push(field);
        blob = rest;
    }
    Some(fields)
}

fn check_rsa(exponent: &[u8], modulus: &[u8]) -> Result<(), Refusal> {
    let significant = modulus.iter().position(|b| *b != 0).map_or(&[][..], |at| &modulus[at..]);
    let unused = significant.first().map_or(0, |b| b.leading_zeros());
    let bits = significant.len() * 8 - unused as usize;
    if exponent.is_empty() || bits > 16_384 {
        return Err(refused("its numbers are not those of an RSA key"));
    }
    if bits < 2048 {
        return Err(Refusal::new(format!("an RSA key of {bits} bits is too weak"))
            .hint("make a new one with `ssh-keygen -t ed25519`"));
    }
    Ok(())
}

/// An uncompressed point of the curve.
fn is_point(curve: &str, name: &[u8], point: &[u8]) -> bool {
    let size = match curve {
        "nistp256" => 32,
        "nistp384" => 48,
        "nistp521" => 66,
        _ => return false,
    };
    name == curve.as_bytes() && point.len() == 2 * size + 1 && point[0] == 4
}
