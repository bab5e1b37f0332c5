//! Bytes as one large number in base 91: every printable ASCII character is a digit, save the blank, both quotes
//! and the backslash, which forms and shells like to change. A fiftieth shorter than five characters for four bytes.
//! Digits come in whole groups of four.

use std::iter;

use num_bigint::BigUint;

/// How many digits there are.
const BASE: u32 = 91;

/// How many of them stand together.
const GROUP: usize = 4;

/// The characters that are no digits, between the first and the last that are.
const SKIPPED: [u8; 3] = [b'"', b'\'', b'\\'];

/// `bytes`, most significant first, as digits.
pub(crate) fn encoded(bytes: &[u8]) -> String {
    let number = BigUint::from_bytes_be(bytes);
    if number == BigUint::ZERO {
        return String::new();
    }
    let digits = number.to_radix_be(BASE);
    let padding = digits.len().next_multiple_of(GROUP) - digits.len();
    let zeros = iter::repeat_n(&0, padding);
    zeros.chain(&digits).map(|&value| char::from(digit(value))).collect()
}

/// How many digits any `length` bytes take at most.
pub(super) fn length_for(length: usize) -> usize {
    // A digit holds 6.5077 bits.
    (length * 80_000 / 65_077 + 1).next_multiple_of(GROUP)
}

fn digit(value: u8) -> u8 {
    let mut character = b'!' + value;
    for skipped in SKIPPED {
        character += u8::from(character >= skipped);
    }
    character
}

/// Whether `c` is one of the digits.
pub(crate) fn is_digit(c: u8) -> bool {
    c.is_ascii_graphic() && !SKIPPED.contains(&c)
}

/// More digits than any document has: the time to read them grows with their square.
const MOST: usize = 256 << 10;

/// The `length` bytes that `text` stands for, all of it digits; nothing when they are too few, or the digits more than
/// 256 Ki.
pub(crate) fn decoded(text: &str, length: usize) -> Option<Vec<u8>> {
    if text.len() > MOST {
        return None;
    }
    let digits: Vec<u8> = text.bytes().map(value_of).collect();
    let number = BigUint::from_radix_be(&digits, BASE)?;
    let bytes = if number == BigUint::ZERO { Vec::new() } else { number.to_bytes_be() };
    let zeros = length.checked_sub(bytes.len())?;
    Some([vec![0; zeros], bytes].concat())
}

fn value_of(c: u8) -> u8 {
    c - b'!' - SKIPPED.iter().map(|&it| u8::from(c > it)).sum::<u8>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let long: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for bytes in [&b"homeseed"[..], b"a", &[0, 0, 7], &[255; 13], &long] {
            assert_eq!(decoded(&encoded(bytes), bytes.len()).as_deref(), Some(bytes));
        }
        assert_eq!(encoded(b""), "");
    }

    #[test]
    fn a_number_that_is_too_long_is_none() {
        assert_eq!(decoded(&encoded(&[255; 13]), 12), None);
        assert_eq!(decoded(&encoded(&[1, 0, 0]), 2), None);
        assert_eq!(decoded(&"#".repeat(MOST + 1), MOST), None);
    }

    #[test]
    fn digits_come_in_groups_of_four() {
        for length in 1..400 {
            let digits = encoded(&vec![255; length]).len();
            assert!(digits.is_multiple_of(4) && digits <= length_for(length), "{length}");
        }
    }

    #[test]
    fn every_digit_is_a_harmless_character() {
        let digits: Vec<u8> = (0..91).map(digit).collect();
        assert!(digits.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(digits.iter().all(|c| c.is_ascii_graphic() && !SKIPPED.contains(c)));
        assert_eq!(digits.last(), Some(&b'~'));
    }
}
