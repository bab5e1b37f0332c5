//! What somebody else is recognised by: a key's fingerprint, an authority's certificate.

use super::{
    newtype::newtype,
    refusal::{Refusal, quoted, stray},
};
use pem::{EncodeConfig, LineEnding, Pem, PemError};
use x509_parser::prelude::{FromDer as _, X509Certificate};

newtype! {
    /// The fingerprint of an `OpenPGP` key: 40 hexadecimal digits in capitals.
    Fingerprint, fingerprint
}

newtype! {
    /// One or more certificates in PEM form; ends with a line feed.
    Certificate, certificates
}

const TAG: &str = "CERTIFICATE";
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

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
    if text.trim().is_empty() {
        return Err(refused("it is empty"));
    }
    let blocks = pem::parse_many(text).map_err(|error| refused(fault(&error)))?;
    if let Some(other) = blocks.iter().find(|it| it.tag() != TAG) {
        return Err(refused(&format!("it holds {}", quoted(other.tag()))));
    }
    // A block without an end is none for the parser.
    match text.matches(BEGIN).count() {
        0 => return Err(refused(&format!("a line `{BEGIN}` is missing"))),
        count if count != blocks.len() => return Err(refused("the line of its end is missing")),
        _ => (),
    }
    if !blocks.iter().all(|it| is_certificate(it.contents())) {
        return Err(refused("what it encodes is cut short or something else"));
    }
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    let bare = |it: &Pem| pem::encode_config(&Pem::new(TAG, it.contents()), config);
    Ok(blocks.iter().map(bare).collect())
}

fn fault(error: &PemError) -> &'static str {
    match error {
        PemError::InvalidData(_) => "its base64 is damaged",
        PemError::MismatchedTags(..) => "its first and its last line name different things",
        _ => "its lines are not those of a PEM text",
    }
}

/// Whether `der` is one X.509 certificate and nothing behind it.
fn is_certificate(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(rest, _)| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the documentation.
    fn sample() -> String {
        let (_, rest) = include_str!("../../docs/site.md").split_once(BEGIN).expect("an example");
        let (body, _) = rest.split_once("```").expect("its end");
        let lines: String = body.lines().map(|line| format!("{}\n", line.trim())).collect();
        format!("{BEGIN}{lines}")
    }

    #[test]
    fn certificates_are_kept_as_pem_and_nothing_else() {
        let sample = sample();
        let indented = sample.replace('\n', "\r\n  ");
        for (text, expected) in [
            (sample.clone(), sample.clone()),
            (indented, sample.clone()),
            (format!("Issuer: CN = X\n{sample}\n{sample}"), format!("{sample}{sample}")),
        ] {
            let certificate: Certificate = text.parse().unwrap_or_else(|it| panic!("{text}: {it}"));
            assert_eq!(certificate.as_str(), expected);
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let sample = sample();
        let sequence = Pem::new(TAG, [&[0x30, 0x81, 200][..], &[7; 200]].concat());
        let whole = pem::parse(&sample).expect("a block").into_contents();
        let cut = Pem::new(TAG, &whole[..whole.len() - 1]);
        let longer = Pem::new(TAG, [&whole[..], &[0]].concat());
        let something_else = "cut short or something else";
        for (text, reason) in [
            (String::new(), "it is empty"),
            ("hello".to_owned(), "is missing"),
            (sample.replace(TAG, "PUBLIC KEY"), "it holds `PUBLIC KEY`"),
            (sample.replace("MII", "M!I"), "its base64 is damaged"),
            (sample.replace("-----END", "-----EN"), "its end is missing"),
            (format!("{sample}{BEGIN}\n"), "its end is missing"),
            (pem::encode(&sequence), something_else),
            (pem::encode(&cut), something_else),
            (pem::encode(&longer), something_else),
            (format!("{sample}{}", pem::encode(&sequence)), something_else),
        ] {
            let refusal = text.parse::<Certificate>().expect_err(&text).to_string();
            assert!(refusal.contains(reason), "{text}: {refusal}");
        }
    }
}
