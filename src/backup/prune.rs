//! Removes old backups: those that no rule keeps, and the files that no kept one names.

use std::collections::BTreeSet;

use super::{Folder, Identities, Record, Stamp, Stored, stamp::Period};
use crate::error::Result;

/// Of how many days, weeks and months the newest backup is kept each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep(Vec<(usize, Period)>);

impl Keep {
    /// Reads `7d,5w,12m`.
    pub fn parse(text: &str) -> std::result::Result<Keep, String> {
        let rule = |word: &str| {
            let (digits, unit) = word.split_at(word.len().checked_sub(1)?);
            let unit = match unit {
                "d" => Period::Day,
                "w" => Period::Week,
                "m" => Period::Month,
                _ => return None,
            };
            digits.parse().ok().map(|count| (count, unit))
        };
        let rules = text.split(',').map(|it| rule(it.trim())).collect::<Option<Vec<_>>>();
        match rules {
            Some(rules) if rules.iter().any(|(count, _)| *count > 0) => Ok(Keep(rules)),
            _ => {
                Err("it is such as `7d,5w,12m`: days, weeks and months of which one is kept"
                    .to_owned())
            }
        }
    }

    /// Those of `stamps` that are kept: of each of the last days, weeks and months that have one, the newest. The newest of
    /// all is always among them.
    #[must_use]
    pub fn kept(&self, stamps: &[Stamp]) -> BTreeSet<Stamp> {
        let mut kept: BTreeSet<Stamp> = stamps.iter().max().copied().into_iter().collect();
        for (count, unit) in &self.0 {
            let mut newest_first = stamps.to_vec();
            newest_first.sort_by(|a, b| b.cmp(a));
            newest_first.dedup_by_key(|it| it.period(*unit));
            kept.extend(newest_first.into_iter().take(*count));
        }
        kept
    }
}

/// What was removed, or would be.
#[derive(Debug)]
pub struct Pruned {
    /// The backups that stay.
    pub kept: Vec<Stamp>,
    /// Those that go.
    pub gone: Vec<Stamp>,
    /// Everything that goes, and its bytes.
    pub removed: Vec<Stored>,
    /// The bytes of that.
    pub bytes: u64,
}

/// Removes what `keep` does not keep, unless it is only to be `tried`.
///
/// Which files of trees are still named only the commit records say, so without `identities` those stay.
pub fn prune(
    folder: &Folder,
    keep: &Keep,
    identities: Option<&Identities>,
    tried: bool,
) -> Result<Pruned> {
    let stamps = folder.stamps()?;
    let kept = keep.kept(&stamps);
    let mut named = BTreeSet::new();
    for &stamp in identities.iter().flat_map(|_| &kept) {
        let record =
            Record::read(folder, stamp, identities.expect("there are some")).map_err(|error| {
                error.hint("nothing was removed: what this backup needs is not known")
            })?;
        named.extend(record.manifest.stored(stamp));
    }
    let newest = kept.last().copied();
    let goes = |stored: &Stored| match stored.stamp() {
        // What has no commit record yet may be on its way.
        Some(stamp) => !kept.contains(&stamp) && newest.is_none_or(|newest| stamp < newest),
        None => identities.is_some() && !named.contains(stored),
    };
    let mut removed: Vec<Stored> = folder.everything()?.into_iter().filter(goes).collect();
    // Commit records first: what is left of an interrupted run is no backup.
    removed.sort_by_key(|it| it.stamp().is_none_or(|stamp| *it != Stored::record(stamp)));
    let bytes = removed.iter().map(|it| folder.size(it)).sum();
    if !tried {
        removed.iter().try_for_each(|it| folder.remove(it))?;
    }
    let gone = stamps.iter().filter(|it| !kept.contains(it)).copied().collect();
    Ok(Pruned { kept: kept.into_iter().collect(), gone, removed, bytes })
}

impl std::str::FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Keep, String> {
        Keep::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamps(texts: &[&str]) -> Vec<Stamp> {
        texts.iter().map(|it| it.parse().expect(it)).collect()
    }

    #[test]
    fn the_newest_of_each_day_week_and_month_is_kept() {
        let all = stamps(&[
            "20260930T030000Z",
            "20261001T030000Z",
            "20261031T030000Z",
            "20261121T030000Z",
            "20261122T030000Z",
            "20261124T030000Z",
            "20261124T150000Z",
        ]);
        let kept = |rule: &str| -> Vec<String> {
            let keep: Keep = rule.parse().expect(rule);
            keep.kept(&all).iter().map(|it| it.to_string()[4..8].to_owned()).collect()
        };
        assert_eq!(kept("1d"), ["1124"]);
        assert_eq!(kept("2d"), ["1122", "1124"]);
        assert_eq!(kept("2w"), ["1122", "1124"]);
        assert_eq!(kept("3m"), ["0930", "1031", "1124"]);
        assert_eq!(kept("3d,1w,3m"), ["0930", "1031", "1121", "1122", "1124"]);
        for rule in ["", "7", "d", "0d", "7x", "7d,", "-1d"] {
            rule.parse::<Keep>().expect_err(rule);
        }
    }
}
