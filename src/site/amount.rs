//! Sizes and times.

use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::refusal::{Refusal, shown};

/// A number of bytes that an upload may have: 1 MiB to 10 GiB.
///
/// Written as Synapse writes sizes: `K`, `M`, `G` are powers of 1024, a bare number is bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ByteSize(u64);

/// How long something is kept: `90d`, or `never` when nothing is deleted.
///
/// Units are those of Synapse: `s m h d w y`, a year being 365 days. At least one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifetime(Option<String>);

const MIB: u64 = 1024 * 1024;

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
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl Serialize for Lifetime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl FromStr for ByteSize {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<ByteSize, Refusal> {
        let (count, unit) = split(text);
        let factor = match unit {
            "" => 1,
            "K" => 1024,
            "M" => MIB,
            "G" => 1024 * MIB,
            _ => return Err(odd_size(text, count, unit)),
        };
        let bytes = count.parse::<u64>().ok().and_then(|count| count.checked_mul(factor));
        match bytes {
            None => Err(odd_size(text, count, unit)),
            Some(bytes) if bytes < MIB => {
                Err(Refusal::new(format!("{} is less than 1M", shown(text)))
                    .hint("photographs would not pass"))
            }
            Some(bytes) if bytes > 10 * 1024 * MIB => {
                Err(Refusal::new(format!("{} is more than 10G", shown(text))))
            }
            Some(bytes) => Ok(ByteSize(bytes)),
        }
    }
}

impl FromStr for Lifetime {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Lifetime, Refusal> {
        if text == "never" {
            return Ok(Lifetime(None));
        }
        let refused = |reason: &str| Refusal::of(text, "a lifetime", reason);
        let (count, unit) = split(text);
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            "y" => 365 * 86_400,
            "" if !count.is_empty() => {
                return Err(refused("it has no unit").hint(format!("for days, write `{count}d`")));
            }
            _ => {
                return Err(refused("it is not a number and a unit")
                    .hint("write `90d` or `never`; the units are s, m, h, d, w, y"));
            }
        };
        let total = count.parse::<u64>().ok().and_then(|count| count.checked_mul(seconds));
        match total {
            Some(..3600) => {
                Err(refused("it is less than one hour").hint("to keep everything, write `never`"))
            }
            Some(total) if total <= 100 * 365 * 86_400 => {
                Ok(Lifetime(Some(format!("{}{unit}", total / seconds))))
            }
            _ => Err(refused("it is more than a hundred years")
                .hint("to keep everything, write `never`")),
        }
    }
}

/// The leading digits, and the rest.
fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn odd_size(text: &str, count: &str, unit: &str) -> Refusal {
    let refusal = Refusal::of(text, "a size", "it is not a number and one of K, M, G");
    let letter = unit.trim_start().chars().next().map(|c| c.to_ascii_uppercase());
    match letter {
        Some(c @ ('K' | 'M' | 'G')) if !count.is_empty() => {
            refusal.hint(format!("write `{count}{c}`"))
        }
        _ => refusal.hint("write, for example, `100M`"),
    }
}
