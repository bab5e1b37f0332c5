//! Bytes as text at five characters for four: the alphabet of RFC 1924, as Python's `b85decode`
//! reads it. No character of it is a blank, a quote, a full stop or a backslash.

const ALPHABET: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/// `bytes` as text.
pub(super) fn encoded(bytes: &[u8]) -> String {
    bytes.chunks(4).flat_map(group).collect()
}

/// One to four bytes as one character more.
fn group(bytes: &[u8]) -> impl Iterator<Item = char> {
    let mut padded = [0; 4];
    padded[..bytes.len()].copy_from_slice(bytes);
    let number = u32::from_be_bytes(padded);
    let digits = (0..5).map(move |place| number / 85_u32.pow(4 - place) % 85);
    digits.take(bytes.len() + 1).map(|digit| char::from(ALPHABET[digit as usize]))
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn bytes_are_written_as_python_writes_them() {
        assert_eq!(encoded(b"homeseed"), "Xm4$0b7f^@");
        assert_eq!(encoded(b"a"), "VE");
        assert_eq!(encoded(&[0, 255, 128, 7, 9]), "0RMmo2>");
        assert_eq!(encoded(b""), "");
    }
}
