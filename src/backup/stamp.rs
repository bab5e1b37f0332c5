//! The time of a backup, as it stands in the names of its files.

use std::{fmt, str::FromStr, time::Duration};

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// A second of UTC, written `20261124T030000Z` (ISO 8601, basic format).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(OffsetDateTime);

impl Stamp {
    /// The second that it is.
    #[must_use]
    pub fn now() -> Stamp {
        Stamp(whole(OffsetDateTime::now_utc()))
    }

    /// How long ago it was; nothing when it is still to come.
    #[must_use]
    pub fn age(self) -> Duration {
        (OffsetDateTime::now_utc() - self.0).try_into().unwrap_or_default()
    }

    /// The day, week or month that it falls into, as something to compare.
    #[must_use]
    pub fn period(self, unit: Period) -> (i32, u16) {
        let (year, week, _) = self.0.to_iso_week_date();
        match unit {
            Period::Day => (self.0.year(), self.0.ordinal()),
            Period::Week => (year, week.into()),
            Period::Month => (self.0.year(), u8::from(self.0.month()).into()),
        }
    }

    /// For people: `2026-11-24 03:00 UTC`.
    #[must_use]
    pub fn spoken(self) -> String {
        let Stamp(at) = self;
        format!("{} {:02}:{:02} UTC", at.date(), at.hour(), at.minute())
    }
}

/// A stretch of time of which one backup may be enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A day of UTC.
    Day,
    /// A week as ISO 8601 counts them.
    Week,
    /// A month.
    Month,
}

fn whole(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).expect("zero is a nanosecond")
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stamp(at) = self;
        let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
        let (hour, minute, second) = at.to_hms();
        write!(f, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
    }
}

impl FromStr for Stamp {
    type Err = String;

    fn from_str(text: &str) -> Result<Stamp, String> {
        let refused =
            || "it is such as `20261124T030000Z`; `homeseed backup list` shows them".to_owned();
        read(text).ok_or_else(refused)
    }
}

fn read(text: &str) -> Option<Stamp> {
    let digits = |range: std::ops::Range<usize>| -> Option<u16> {
        let part = text.get(range)?;
        part.bytes().all(|it| it.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let small = |range| digits(range).and_then(|it| u8::try_from(it).ok());
    if text.len() != 16 || !text.is_ascii() || &text[8..9] != "T" || !text.ends_with('Z') {
        return None;
    }
    let month = Month::try_from(small(4..6)?).ok()?;
    let date = Date::from_calendar_date(digits(0..4)?.into(), month, small(6..8)?).ok()?;
    let time = Time::from_hms(small(9..11)?, small(11..13)?, small(13..15)?).ok()?;
    Some(Stamp(PrimitiveDateTime::new(date, time).assume_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_is_written() {
        for text in ["20261124T030000Z", "20240229T235959Z"] {
            let stamp: Stamp = text.parse().expect(text);
            assert_eq!(stamp.to_string(), text);
        }
        let now = Stamp::now();
        assert_eq!(now.to_string().parse::<Stamp>().expect("a time"), now);
        for text in ["", "20261124", "20230229T000000Z", "20261124T240000Z", "2026112éT03000Z"] {
            text.parse::<Stamp>().expect_err(text);
        }
    }

    #[test]
    fn a_year_ends_in_a_week_of_the_next() {
        let period = |text: &str, unit| text.parse::<Stamp>().expect(text).period(unit);
        assert_eq!(period("20241230T120000Z", Period::Week), (2025, 1));
        assert_eq!(period("20241230T120000Z", Period::Month), (2024, 12));
        assert_eq!(period("20241231T120000Z", Period::Day), (2024, 366));
    }
}
