//! Documents that are compressed with gzip, as cloud-init unpacks them: with Python's `gzip`.
//!
//! One that cannot be unpacked is no error to cloud-init (`decomp_gzip` in `cloudinit/util.py`): it takes the bytes as
//! they are, and finds nothing in them.

use std::io::{self, Read as _};

use flate2::bufread::GzDecoder;

use super::{MOST, damage::Kind};

/// Whether `bytes` begin as a stream does (RFC 1952).
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// What is compressed in `bytes`: one stream or more, with nothing but zeros between and behind them.
pub(super) fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, Kind> {
    let (mut rest, mut text) = (bytes, Vec::new());
    while !rest.is_empty() {
        let room = MOST + 1 - text.len();
        let mut stream = GzDecoder::new(rest);
        let read = stream.by_ref().take(room as u64).read_to_end(&mut text);
        read.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Kind::Cut,
            _ => Kind::Changed,
        })?;
        if text.len() > MOST {
            return Err(Kind::TooLong);
        }
        rest = stream.into_inner();
        let zeros = rest.iter().take_while(|&&byte| byte == 0).count();
        rest = &rest[zeros..];
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut stream = GzEncoder::new(Vec::new(), Compression::best());
        stream.write_all(text).unwrap();
        stream.finish().unwrap()
    }

    #[test]
    fn streams_are_joined_and_zeros_are_skipped() {
        let two = [packed(b"one "), vec![0; 7], packed(b"two"), vec![0]].concat();
        assert_eq!(unpacked(&two).as_deref(), Ok(&b"one two"[..]));
    }

    #[test]
    fn a_cut_is_told_from_a_change() {
        let whole = packed(b"a text that is a little longer than nothing");
        assert_eq!(unpacked(&whole[..whole.len() - 3]), Err(Kind::Cut));
        assert_eq!(unpacked(&[&whole[..], b"x"].concat()), Err(Kind::Cut));
        assert_eq!(unpacked(&[&whole[..], b"something else"].concat()), Err(Kind::Changed));
        let mut changed = whole.clone();
        let last = changed.len() - 6;
        changed[last] ^= 1;
        assert_eq!(unpacked(&changed), Err(Kind::Changed));
    }

    #[test]
    fn what_unpacks_to_more_than_is_read_is_left_alone() {
        assert_eq!(unpacked(&packed(&vec![b' '; 40 << 20])), Err(Kind::TooLong));
    }
}
