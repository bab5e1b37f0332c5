//! Sizes and times, and what a homeserver can do with them.

use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::refusal::{Refusal, quoted};
use crate::units::{
    duration::{Duration, Fault},
    size::{self, GIB, MIB},
};

/// A number of bytes that an upload may have: 1 MiB to 10 GiB.
///
/// Written as Synapse writes sizes: `K`, `M`, `G` are powers of 1024, a bare number is bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ByteSize(u64);

/// How long something is kept: `90d`, or `never` when nothing is deleted.
///
/// Units are those of Synapse: `s m h d w y`, a year being 365 days. One hour to a hundred years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifetime(Option<Duration>);

/// When something is done each day: `04:30` by the clock of the machine, or `never`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfDay(Option<(u8, u8)>);

const HOUR: u64 = 3600;
const HUNDRED_YEARS: u64 = 100 * 365 * 24 * HOUR;

impl ByteSize {
    /// The number of bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl Lifetime {
    /// The duration as Synapse reads it; `None` when nothing is ever deleted.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.0
    }
}

impl Serialize for Lifetime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.map(|it| it.to_string()).serialize(serializer)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.map(|(hour, minute)| format!("{hour:02}:{minute:02}")).serialize(serializer)
    }
}

impl FromStr for ByteSize {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<ByteSize, Refusal> {
        match size::parse(text) {
            None => Err(odd_size(text)),
            Some(..MIB) => Err(Refusal::new(format!("{} is less than 1M", quoted(text)))
                .hint("photographs would not pass")),
            Some(bytes) if bytes > 10 * GIB => {
                Err(Refusal::new(format!("{} is more than 10G", quoted(text))))
            }
            Some(bytes) => Ok(ByteSize(bytes)),
        }
    }
}

/// A text that is no size; what the hint says to write is accepted.
fn odd_size(text: &str) -> Refusal {
    let corrected = size::corrected(text).filter(|it| it.parse::<ByteSize>().is_ok());
    let hint =
        corrected.map_or("write, for example, `100M`".to_owned(), |it| format!("write `{it}`"));
    Refusal::of(text, "a size", "it is not a number and one of K, M, G").hint(hint)
}

impl FromStr for Lifetime {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Lifetime, Refusal> {
        if text == "never" {
            return Ok(Lifetime(None));
        }
        let refused = |reason: &str, hint: &str| {
            Err(Refusal::of(text, "a lifetime", reason).hint(hint.to_owned()))
        };
        match Duration::parse(text) {
            Err(Fault::NoUnit) => refused("it has no unit", &hint_of_unit(text)),
            Err(Fault::Malformed) => refused(
                "it is not a number and a unit",
                "write `90d` or `never`; the units are s, m, h, d, w, y",
            ),
            Ok(it) if it.seconds() < HOUR => {
                refused("it is less than one hour", "to keep everything, write `never`")
            }
            Ok(it) if it.seconds() <= HUNDRED_YEARS => Ok(Lifetime(Some(it))),
            _ => refused("it is more than a hundred years", "to keep everything, write `never`"),
        }
    }
}

impl FromStr for TimeOfDay {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<TimeOfDay, Refusal> {
        if text == "never" {
            return Ok(TimeOfDay(None));
        }
        let digits = |it: &str| it.len() == 2 && it.bytes().all(|it| it.is_ascii_digit());
        let parts = text.split_once(':').filter(|(hour, minute)| digits(hour) && digits(minute));
        let number = |it: &str| it.parse::<u8>().ok();
        match parts.and_then(|(hour, minute)| number(hour).zip(number(minute))) {
            None => Err(odd_time(text, "it is not hours and minutes")),
            Some(time @ (0..24, 0..60)) => Ok(TimeOfDay(Some(time))),
            Some(_) => Err(odd_time(text, "a day has 24 hours of 60 minutes")),
        }
    }
}

fn odd_time(text: &str, reason: &str) -> Refusal {
    Refusal::of(text, "a time of day", reason).hint("write, for example, `04:30`, or `never`")
}

/// What to write for a bare number; some servers' configuration has 0 for `never`.
fn hint_of_unit(number: &str) -> String {
    let days = format!("{number}d");
    if days.parse::<Lifetime>().is_ok() {
        return format!("for days, write `{days}`");
    }
    "write `90d`, or `never` to keep everything".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first thing that the hint of `refusal` has in backticks.
    fn suggestion(refusal: &Refusal) -> String {
        let message = refusal.at(None).to_string();
        let (_, hint) = message.rsplit_once("hint: ").expect("there is a hint");
        hint.split('`').nth(1).expect("it says what to write").to_owned()
    }

    #[test]
    fn what_a_hint_says_to_write_is_accepted() {
        for text in ["0", "90", "36501", "99999999999999999999", "", "two years", "1s", "200y"] {
            let refusal = text.parse::<Lifetime>().expect_err(text);
            let written = suggestion(&refusal);
            written.parse::<Lifetime>().unwrap_or_else(|it| panic!("{text}: {written}: {it}"));
        }
        for text in ["", "4:30", "0430", "24:00", "04:60", "04:30:00", "+4:30", "noon", "270"] {
            let refusal = text.parse::<TimeOfDay>().expect_err(text);
            assert!(suggestion(&refusal).parse::<TimeOfDay>().is_ok(), "{text}");
        }
        for text in ["", "100 MB", "100kb", "20 GB", "5x", "99999999999999999999 MB"] {
            let refusal = text.parse::<ByteSize>().expect_err(text);
            let written = suggestion(&refusal);
            written.parse::<ByteSize>().unwrap_or_else(|it| panic!("{text}: {written}: {it}"));
        }
    }
}
