//! What somebody else is recognised by: a key's fingerprint, an authority's certificate.

use super::{
    newtype::newtype,
    refusal::{Refusal, stray},
};
use base64::{Engine, engine::general_purpose::STANDARD};

newtype! {
    /// The fingerprint of an `OpenPGP` key: 40 hexadecimal digits in capitals.
    Fingerprint, fingerprint
}

newtype! {
    /// One or more certificates in PEM form; ends with a line feed.
    Certificate, certificates
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

fn fingerprint(text: &str) -> Result<String, Refusal> {
    let refused = |reason: &str| Refusal::of(text, "a fingerprint", reason);
    if text.contains([' ', ':']) {
        return Err(refused("it has spaces or colons")
            .hint("write the 40 digits without anything between them"));
    }
    if let Some(c) = stray(text, |c| c.is_ascii_hexdigit()) {
        return Err(refused(&format!("{c} is not a hexadecimal digit")));
    }
    if text.len() != 40 {
        let reason = format!("it has {} digits instead of 40", text.len());
        return Err(refused(&reason).hint("`gpg --show-keys FILE` prints the whole fingerprint"));
    }
    Ok(text.to_ascii_uppercase())
}

fn certificates(text: &str) -> Result<String, Refusal> {
    let refused = |reason: &str| {
        Refusal::new(format!("this is not a certificate: {reason}"))
            .hint("write `ca: |` and the PEM text on the lines below it, indented")
    };
    let mut pem = String::new();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    while let Some(line) = lines.next() {
        if line != BEGIN {
            return Err(refused(&format!("a line `{BEGIN}` is missing")));
        }
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != END).collect();
        let der = STANDARD.decode(body.concat()).map_err(|_| refused("its base64 is damaged"))?;
        if !is_sequence(&der) {
            return Err(refused("what it encodes is cut short or something else"));
        }
        wrap(&STANDARD.encode(der), &mut pem);
    }
    if pem.is_empty() { Err(refused("it is empty")) } else { Ok(pem) }
}

/// A DER sequence that is exactly as long as it says, as every certificate is.
fn is_sequence(der: &[u8]) -> bool {
    match *der {
        [0x30, 0x81, a, ref body @ ..] => body.len() == usize::from(a),
        [0x30, 0x82, a, b, ref body @ ..] => body.len() == usize::from(u16::from_be_bytes([a, b])),
        _ => false,
    }
}

fn wrap(base64: &str, pem: &mut String) {
    pem.push_str(BEGIN);
    for (n, c) in base64.chars().enumerate() {
        if n % 64 == 0 {
            pem.push('\n');
        }
        pem.push(c);
    }
    pem.push('\n');
    pem.push_str(END);
    pem.push('\n');
}
