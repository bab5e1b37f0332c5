//! Bytes as one large number in base 91: every printable ASCII character is a digit, save the blank, both quotes
//! and the backslash, which forms and shells like to change. A fiftieth shorter than five characters for four bytes.
//! Digits come in whole groups of four, so that no line of them is a lone full stop.

/// Four digits at a time: as many as fit a `u32`.
const BASE: u64 = 91;
const STEP: u64 = BASE.pow(4);

/// The characters that are no digits, between the first and the last that are.
const SKIPPED: [u8; 3] = [b'"', b'\'', b'\\'];

/// `bytes`, most significant first, as digits.
pub(crate) fn encoded(bytes: &[u8]) -> String {
    let mut limbs = limbs(bytes);
    let mut digits = Vec::new();
    while limbs.iter().any(|&limb| limb != 0) {
        let mut rest = divide(&mut limbs);
        for _ in 0..4 {
            digits.push(char::from(digit(rest % BASE)));
            rest /= BASE;
        }
        let zeros = limbs.iter().take_while(|&&limb| limb == 0).count();
        limbs.drain(..zeros);
    }
    digits.iter().rev().collect()
}

/// The number in base 2^32, most significant first.
fn limbs(bytes: &[u8]) -> Vec<u32> {
    let mut limbs: Vec<u32> = bytes.rchunks(4).map(limb).collect();
    limbs.reverse();
    limbs
}

fn limb(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |limb, &byte| limb << 8 | u32::from(byte))
}

/// Divides by `STEP` and gives the remainder.
fn divide(limbs: &mut [u32]) -> u64 {
    let mut rest = 0;
    for limb in limbs {
        let value = rest << 32 | u64::from(*limb);
        *limb = u32::try_from(value / STEP).expect("the remainder was less than the divisor");
        rest = value % STEP;
    }
    rest
}

fn digit(value: u64) -> u8 {
    let mut character = b'!' + u8::try_from(value).expect("a digit is less than the base");
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
    // In base 2^64, the least significant first; nine digits at a time, as many as fit.
    let mut limbs: Vec<u64> = Vec::new();
    for group in text.as_bytes().chunks(9) {
        let step = u128::from(BASE.pow(u32::try_from(group.len()).ok()?));
        let mut carry = u128::from(group.iter().fold(0, |value, &c| value * BASE + value_of(c)));
        for limb in &mut limbs {
            carry += u128::from(*limb) * step;
            *limb = u64::try_from(carry & u128::from(u64::MAX)).ok()?;
            carry >>= 64;
        }
        if carry != 0 {
            limbs.push(u64::try_from(carry).ok()?);
        }
    }
    let all: Vec<u8> = limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
    let zeros = all.iter().take_while(|&&byte| byte == 0).count();
    let missing = length.checked_sub(all.len() - zeros)?;
    Some([vec![0; missing], all[zeros..].to_vec()].concat())
}

fn value_of(c: u8) -> u64 {
    let skipped = SKIPPED.iter().filter(|&&it| c > it).count();
    u64::from(c - b'!') - skipped as u64
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
        assert!((1..40).all(|length| encoded(&vec![5; length]).len().is_multiple_of(4)));
    }

    #[test]
    fn every_digit_is_a_harmless_character() {
        let digits: Vec<u8> = (0..BASE).map(digit).collect();
        assert!(digits.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(digits.iter().all(|c| c.is_ascii_graphic() && !SKIPPED.contains(c)));
        assert_eq!(digits.last(), Some(&b'~'));
    }
}
