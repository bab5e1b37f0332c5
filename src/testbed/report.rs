//! How long everything took: each case, each start of a machine, each step of the convergence.

use std::{fmt::Write as _, time::Duration};

use serde::{Deserialize, Serialize};

use super::case::Lane;
use crate::host::progress::clock;

/// The times of a run.
#[derive(Default)]
pub struct Report {
    cases: Vec<Times>,
}

/// The times of one case.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// The case.
    pub name: String,
    /// What its machine ran in.
    pub lane: Lane,
    /// From its beginning to its end.
    pub total: Duration,
    /// What everything that was started for it took of the processors, the machine included.
    pub processor: Duration,
    /// From each power-on or reboot, counted from the last power-on, until everything was served.
    pub ready_after: Vec<Duration>,
    /// From the first power-on until cloud-init had finished, in seconds as it says them.
    pub cloud_init: Option<String>,
    /// The machine's own record: lines of `NAME SECONDS`.
    pub steps: String,
}

impl Report {
    /// Adds a case.
    pub fn add(&mut self, times: Times) {
        self.cases.push(times);
    }

    /// Those of `names` that were not played exactly once.
    #[must_use]
    pub fn astray<'n>(&self, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
        let count = |name: &str| self.cases.iter().filter(|case| case.name == name).count();
        names.filter(|name| count(name) != 1).collect()
    }

    /// As a table.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::from(
            "case              in          total  processor   cloud-init   power-on to ready\n",
        );
        for case in &self.cases {
            let ready: Vec<String> = case.ready_after.iter().copied().map(clock).collect();
            let (name, total) = (&case.name, clock(case.total));
            let processor = case.processor.as_secs();
            let finished = case.cloud_init.as_deref().unwrap_or("-");
            let lane = case.lane.word();
            writeln!(
                text,
                "{name:<16}  {lane:<9}  {total}   {processor:>6} s   {finished:>8} s   {}",
                ready.join(", ")
            )
            .ok();
        }
        for case in self.cases.iter().filter(|case| !case.steps.trim().is_empty()) {
            writeln!(text, "\nsteps of {}, seconds", case.name).ok();
            case.steps.lines().for_each(|line| row(&mut text, line));
        }
        text
    }
}

fn row(text: &mut String, line: &str) {
    let (name, seconds) = line.split_once(' ').unwrap_or((line, ""));
    writeln!(text, "  {name:<16}{seconds:>6}").ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_nobody_or_everybody_played_is_astray() {
        let mut report = Report::default();
        for name in ["once", "twice", "twice"] {
            report.add(Times { name: name.to_owned(), ..Times::default() });
        }
        assert_eq!(report.astray(["once", "twice", "never"].into_iter()), ["twice", "never"]);
    }
}
