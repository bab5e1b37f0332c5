//! A check: a fact about a machine, and the shell that proves it. It knows no layer and no site.
//!
//! [`script`] turns all of them into one POSIX script that prints TAP; [`read_tap`] reads what it
//! said. The same text runs on the machine, from the operator's desk and in QEMU.

mod helpers;
mod judgement;
mod tap;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

pub use judgement::Judgement;
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
    /// Whether it takes a kernel of the machine's own: in a container it cannot hold.
    pub own_kernel: bool,
    /// The planned files it exercises: paths, or folders that end with `/`.
    pub covers: Vec<String>,
}

/// Where a check can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vantage {
    /// Only on the machine itself, as root.
    Host,
    /// The same, by somebody who logs in: the machine does not carry it.
    Ssh,
    /// Anywhere that reaches its public ports.
    Network,
    /// Only from another computer: over its own loopback a machine could not tell.
    Outside,
    /// Only through Tor, from where somebody has its proxy.
    Tor,
}

impl Vantage {
    /// Whether the machine makes such a check of itself.
    #[must_use]
    pub fn is_its_own(self) -> bool {
        matches!(self, Vantage::Host | Vantage::Network)
    }

    /// Where the script runs that makes such a check: on the machine, anywhere in the network, or where Tor is.
    #[must_use]
    pub fn reached_from(self) -> Vantage {
        match self {
            Vantage::Host | Vantage::Ssh => Vantage::Host,
            Vantage::Network | Vantage::Outside => Vantage::Network,
            Vantage::Tor => Vantage::Tor,
        }
    }

    /// The word for it in `layer.yaml` and on the script's command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Vantage::Host => "host",
            Vantage::Ssh => "ssh",
            Vantage::Network => "network",
            Vantage::Outside => "outside",
            Vantage::Tor => "tor",
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

/// Shell functions that a layer brings for its checks and those of the layers that need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Helpers {
    /// The layer.
    pub layer: String,
    /// The functions.
    pub shell: String,
    /// The layers whose checks may call them: the layer itself and all that need it.
    pub callers: Vec<String>,
}

/// One self-contained script of all `checks`; `env` is shell that sets the variables they read.
///
/// It carries no helper that nobody calls. Every piece of shell goes through `shrunk`, for a place where each byte counts.
#[must_use]
pub fn script(
    checks: &[Check],
    helpers: &[Helpers],
    env: &str,
    shrunk: &dyn Fn(&str) -> String,
) -> String {
    let count = |vantage| checks.iter().filter(|check| check.from == vantage).count();
    let called = helpers::called(checks, helpers);
    let mut text = shrunk(RUNNER)
        .replace("@ENV@\n", env)
        .replace("@HELPERS@", &quoted(&helpers::only(&shrunk(HELPERS), &called)))
        .replace("@HOST@", &count(Vantage::Host).to_string())
        .replace("@NETWORK@", &count(Vantage::Network).to_string())
        .replace("@ALL@", &checks.len().to_string());
    let helpers: Vec<(&Helpers, String)> = helpers
        .iter()
        .map(|it| (it, helpers::only(&shrunk(&it.shell), &called)))
        .filter(|(_, shell)| !shell.is_empty())
        .collect();
    for (Helpers { layer, .. }, shell) in &helpers {
        writeln!(text, "{}={}", variable(layer), quoted(shell)).expect("a string takes all");
    }
    let mut before = String::new();
    for check in checks {
        let called = helpers.iter().filter(|(it, _)| it.callers.contains(&check.layer));
        let called: String = called.map(|(it, _)| format!("${}", variable(&it.layer))).collect();
        if called != before {
            writeln!(text, "with=$helpers{called}").expect("a string takes all");
            before = called;
        }
        let (from, wait, title) = (check.from.word(), check.wait, quoted(&check.title()));
        let run = shrunk(&check.run);
        let (run, end) = (run.trim_end(), end_of(&run));
        writeln!(text, "check {from} {wait} {title} <<'{end}'\n{run}\n{end}")
            .expect("a string takes all");
    }
    text + "exit $failed\n"
}

/// `text` with those `helpers` before it that it calls, of the ones that `layer` may call.
#[must_use]
pub fn with_helpers(text: &str, layer: &str, helpers: &[Helpers]) -> String {
    let called = helpers::called_by([text].into_iter(), helpers);
    let callable = helpers.iter().filter(|it| it.callers.iter().any(|it| it == layer));
    let shells: String = callable.map(|it| helpers::only(&it.shell, &called)).collect();
    shells + text
}

/// A line that ends a here-document: none of those in `text`.
#[must_use]
pub fn end_of(text: &str) -> String {
    let mut end = String::from(".");
    while text.lines().any(|line| line == end) {
        end.push('.');
    }
    end
}

/// The variable that holds the functions of `layer`.
fn variable(layer: &str) -> String {
    format!("h_{}", layer.replace('-', "_"))
}

/// `text` as one word of shell, bare where that is beyond doubt.
#[must_use]
pub fn word(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
    if !text.is_empty() && text.chars().all(bare) { text.to_owned() } else { quoted(text) }
}

/// `text` as one word of shell, whatever it holds.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
