//! A check: a fact about a machine, and the shell that proves it. It knows no layer and no site.
//!
//! [`script`] turns all of them into one POSIX script that prints TAP; [`read_tap`] reads what it
//! said. The same text runs on the machine, from the operator's desk and in QEMU.

mod tap;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

pub use tap::{Outcome, read_tap};

/// What a check may use beside plain shell.
pub const HELPERS: &str = include_str!("check/helpers.sh");

/// The fixed part of the generated script: the loop around the checks.
const RUNNER: &str = include_str!("check/runner.sh");

/// Something that holds on every machine that has the check's layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The layer that promises it.
    pub layer: String,
    /// The fact, in the present tense.
    pub name: String,
    /// Where it can be seen from.
    pub from: Vantage,
    /// What to do when the fact does not hold, in one line; empty when nobody said.
    pub cure: String,
    /// POSIX shell under `sh -eu`; status 0 when the fact holds.
    pub run: String,
    /// Seconds until a fact that does not hold yet counts as failed.
    pub wait: u32,
    /// The planned files it exercises: paths, or folders that end with `/`.
    pub covers: Vec<String>,
}

/// Where a check can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vantage {
    /// Only on the machine itself, as root.
    Host,
    /// Anywhere that reaches its public ports.
    Network,
}

impl Vantage {
    /// The word for it in `layer.yaml` and on the script's command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Vantage::Host => "host",
            Vantage::Network => "network",
        }
    }
}

impl Check {
    /// How reports name it: `layer: fact`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}: {}", self.layer, self.name)
    }
}

/// One self-contained script of all `checks`; `helpers` are the functions that they call, `env` is shell that sets the variables they read.
#[must_use]
pub fn script(checks: &[Check], helpers: &str, env: &str) -> String {
    let count = |vantage| checks.iter().filter(|check| check.from == vantage).count();
    let mut text = RUNNER
        .replace("@ENV@\n", env)
        .replace("@HELPERS@", &quoted(helpers))
        .replace("@HOST@", &count(Vantage::Host).to_string())
        .replace("@NETWORK@", &count(Vantage::Network).to_string())
        .replace("@ALL@", &checks.len().to_string());
    for check in checks {
        let (from, wait, title) = (check.from.word(), check.wait, quoted(&check.title()));
        let run = quoted(check.run.trim_end());
        writeln!(text, "check {from} {wait} {title} {run}").expect("a string takes all");
    }
    text + "exit $failed\n"
}

/// `text` as one word of shell, whatever it holds.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
