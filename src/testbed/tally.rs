//! The results of all cases as one TAP stream, counted while they are printed.

use std::io::{Write, stdout};

/// The stream so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    /// Prints a result, and why when it failed.
    pub fn result(&mut self, passed: bool, title: &str, reason: &str) {
        let word = if passed { "ok" } else { "not ok" };
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
        print(&format!("{word} {} - {title}", self.count()));
        if !passed {
            reason.lines().for_each(Self::remark);
        }
    }

    /// Prints a remark.
    pub fn remark(line: &str) {
        print(&format!("# {line}"));
    }

    /// Prints the plan line, which makes the stream complete.
    pub fn plan(&self) {
        print(&format!("1..{}", self.count()));
    }

    /// How many results there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.passed + self.failed
    }

    /// How many of them were good.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.passed
    }

    /// How many of them were not.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failed
    }
}

/// A reader who went away is no reason to stop.
fn print(line: &str) {
    writeln!(stdout(), "{line}").ok();
}
