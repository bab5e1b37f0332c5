//! Numbers of bytes: bare, or in powers of 1024, as Synapse reads them.

use super::split;

/// One mebibyte.
pub const MIB: u64 = 1 << 20;

/// One gibibyte.
pub const GIB: u64 = 1 << 30;

/// The bytes that a number, with `K`, `M` or `G` behind it or with nothing, stands for.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let (digits, unit) = split(text);
    let factor = match unit {
        "" => 1,
        "K" => 1 << 10,
        "M" => MIB,
        "G" => GIB,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// The same in whatever words, as people type it: `32 KiB`, `16k`, `65535 bytes`.
#[must_use]
pub fn spoken(text: &str) -> Option<u64> {
    let (digits, unit) = split(text.trim());
    let letter = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" | "byte" | "bytes" => "",
        "k" | "kb" | "kib" => "K",
        "m" | "mb" | "mib" => "M",
        "g" | "gb" | "gib" => "G",
        _ => return None,
    };
    parse(&format!("{digits}{letter}"))
}

/// The size as it has to be written, for a unit in other words: `100M` for `100 MB`.
#[must_use]
pub fn corrected(text: &str) -> Option<String> {
    let (digits, unit) = split(text);
    let letter = unit.trim_start().chars().next()?.to_ascii_uppercase();
    let size = format!("{digits}{letter}");
    parse(&size).map(|_| size)
}

/// A size for people, in three digits: `4.20 MiB`.
#[must_use]
pub fn short(bytes: u64) -> String {
    let (mut whole, mut rest) = (bytes, 0);
    let mut unit = "bytes";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if whole < 1024 {
            break;
        }
        (whole, rest, unit) = (whole / 1024, whole % 1024, next);
    }
    match (unit, whole) {
        ("bytes", _) => format!("{whole} {unit}"),
        (_, ..10) => format!("{whole}.{:02} {unit}", rest * 100 / 1024),
        (_, ..100) => format!("{whole}.{} {unit}", rest * 10 / 1024),
        _ => format!("{whole} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_for_people_has_three_digits() {
        let sizes = [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.00 KiB"), (1536, "1.50 KiB")];
        for (bytes, text) in
            sizes.into_iter().chain([(10 * MIB, "10.0 MiB"), (700 * GIB, "700 GiB")])
        {
            assert_eq!(short(bytes), text);
        }
    }

    #[test]
    fn units_are_powers_of_1024() {
        let cases = [("0", 0), ("16384", 16_384), ("16K", 16_384), ("1M", MIB), ("010G", 10 * GIB)];
        for (text, bytes) in cases {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
        for text in ["", "K", "1k", "1T", "1.5M", "-1", "+1", "1 M", "99999999999G"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_size_is_understood_as_it_is_typed() {
        let cases = [("16384", 16_384), ("16k", 16_384), ("32 KiB", 32_768), (" 1 mb ", MIB)];
        for (text, bytes) in cases {
            assert_eq!(spoken(text), Some(bytes), "{text}");
        }
        for text in ["", "K", "1T", "1.5M", "-1", "16 kelvin"] {
            assert_eq!(spoken(text), None, "{text}");
        }
    }

    #[test]
    fn other_words_for_a_unit_are_corrected() {
        let cases = [("100 MB", "100M"), ("8gib", "8G"), ("16kB", "16K")];
        for (text, corrected_text) in cases {
            assert_eq!(corrected(text).as_deref(), Some(corrected_text), "{text}");
        }
        for text in ["", "MB", "8T", "some"] {
            assert_eq!(corrected(text), None, "{text}");
        }
    }
}
