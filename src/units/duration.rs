//! Durations: a whole number and a unit, as Synapse reads them.

use std::{fmt, time};

use super::split;

/// The units, with their seconds; a year has 365 days.
const UNITS: [(&str, u64); 6] =
    [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 7 * 86_400), ("y", 365 * 86_400)];

/// A duration in the unit that it was written in, such as `90d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duration {
    count: u64,
    unit: &'static str,
    seconds: u64,
}

/// Why a text is no duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is a number and nothing else.
    NoUnit,
    /// It is not a whole number and one of the units.
    Malformed,
    /// Its seconds are more than 64 bits hold.
    TooLong,
}

impl Duration {
    /// Reads a number and one of `s m h d w y`.
    pub fn parse(text: &str) -> Result<Duration, Fault> {
        let (digits, unit) = split(text);
        if digits.is_empty() {
            return Err(Fault::Malformed);
        }
        if unit.is_empty() {
            return Err(Fault::NoUnit);
        }
        let (unit, factor) = UNITS.iter().find(|it| it.0 == unit).ok_or(Fault::Malformed)?;
        let count = digits.parse::<u64>().map_err(|_| Fault::TooLong)?;
        let seconds = count.checked_mul(*factor).ok_or(Fault::TooLong)?;
        Ok(Duration { count, unit, seconds })
    }

    /// Its length in seconds.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.seconds
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit)
    }
}

impl From<Duration> for time::Duration {
    fn from(it: Duration) -> time::Duration {
        time::Duration::from_secs(it.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_are_a_duration() {
        let cases = [("90s", 90), ("5m", 300), ("2h", 7200), ("2d", 172_800), ("1w", 604_800)];
        for (text, seconds) in cases {
            let read = Duration::parse(text).expect(text);
            assert_eq!((read.seconds(), read.to_string().as_str()), (seconds, text));
        }
        assert_eq!(Duration::parse("004y").expect("four years").to_string(), "4y");
    }

    #[test]
    fn anything_else_is_refused_with_the_reason() {
        let cases = [
            ("0", Fault::NoUnit),
            ("90", Fault::NoUnit),
            ("", Fault::Malformed),
            ("d", Fault::Malformed),
            ("-1d", Fault::Malformed),
            ("+1d", Fault::Malformed),
            ("1.5h", Fault::Malformed),
            ("1 d", Fault::Malformed),
            ("1D", Fault::Malformed),
            ("99999999999999999999s", Fault::TooLong),
            ("9999999999999999999y", Fault::TooLong),
        ];
        for (text, fault) in cases {
            assert_eq!(Duration::parse(text), Err(fault), "{text}");
        }
    }
}
