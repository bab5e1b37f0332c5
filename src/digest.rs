//! Digests of SHA-256: as 64 hexadecimal digits, and as identifiers. Knows no file and no format.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of `data`, in lower-case hexadecimal digits.
#[must_use]
pub fn sha256(data: impl AsRef<[u8]>) -> String {
    format!("{:x}", Sha256::digest(data))
}

/// The same, as 32 bytes.
#[must_use]
pub fn bytes(data: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(data).into()
}

/// Whether `text` can be what [`sha256`] returns, in digits of either case.
#[must_use]
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|it| it.is_ascii_hexdigit())
}

/// An identifier made of what it identifies: a UUID of version 8, variant 1 (RFC 9562).
#[must_use]
pub fn uuid(data: impl AsRef<[u8]>) -> [u8; 16] {
    let digest = Sha256::digest(data);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-2, appendix B.1.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_digest_of_the_standards_example_is_right() {
        assert_eq!(sha256("abc"), ABC);
        assert!(is_sha256(ABC) && is_sha256(&ABC.to_uppercase()));
        for text in ["", &ABC[1..], &ABC.replace('b', "g"), &format!("{ABC}0")] {
            assert!(!is_sha256(text), "{text}");
        }
    }

    #[test]
    fn an_identifier_says_its_version_and_variant() {
        let bytes = uuid("abc");
        assert_eq!((bytes[0], bytes[6] >> 4, bytes[8] >> 6), (0xba, 8, 2));
    }
}
