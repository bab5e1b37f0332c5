//! Runs the generated script of the checks, here or over ssh, and reads what it says.

use super::{Finding, Onion};
use crate::{
    check::{Check, Outcome, Vantage, read_tap},
    error::{Error, Result},
    host::{
        self, Host,
        login::{Login, UNREACHED},
    },
    plan::Plan,
};

/// A check that does not hold at once gets a second look or two: networks lose packets.
pub const PATIENCE: u32 = 3;

/// A machine that is not there is not waited for again and again, in seconds.
const CONNECT: u32 = 5;

/// All checks together take no longer, in seconds.
const LIMIT: &str = "900";

/// The checks that need no login.
///
/// `route` is where connections go instead of where this computer's name servers lead, as arguments of curl.
pub(super) fn from_here(host: &Host, plan: &Plan, route: &str) -> Result<Vec<Finding>> {
    host.require("curl", "curl")?;
    let curl = format!("CHECK_CURL=--connect-timeout {CONNECT} {route}");
    let words = ["timeout", LIMIT, "env", &curl, "sh", "-s", Vantage::Network.word()];
    let outcome = host.outcome(&words, &plan.script_elsewhere(PATIENCE))?;
    findings(plan, Vantage::Network, &outcome)
}

/// The checks that are made through Tor; `route` is that of what they compare it with.
pub(super) fn through_tor(
    host: &Host,
    plan: &Plan,
    onion: &Onion,
    route: &str,
) -> Result<Vec<Finding>> {
    host.require("curl", "curl")?;
    let variables = [
        format!("ONION={}", onion.address),
        format!("TOR_PROXY=socks5h://{}", onion.proxy),
        format!("CHECK_CURL=--connect-timeout {CONNECT} {route}"),
    ];
    let mut words = vec!["timeout", LIMIT, "env"];
    words.extend(variables.iter().map(String::as_str));
    words.extend(["sh", "-s", Vantage::Network.word()]);
    let outcome = host.outcome(&words, &plan.script_through_tor())?;
    findings(plan, Vantage::Tor, &outcome)
}

/// The checks that need no login, of a machine that cannot be reached: none of them holds.
pub(super) fn unseen(plan: &Plan, reason: &str) -> Vec<Finding> {
    let checks = plan.checks.iter().filter(|check| check.from.reached_from() == Vantage::Network);
    let finding = |check: &Check| Finding {
        group: check.layer.clone(),
        name: check.name.clone(),
        from: check.from,
        passed: false,
        skipped: None,
        reason: vec![reason.to_owned()],
        cure: String::new(),
    };
    checks.map(finding).collect()
}

/// The checks on the machine.
pub(super) fn over_ssh(host: &Host, plan: &Plan, login: &Login) -> Result<Vec<Finding>> {
    host.require("ssh", "openssh-client")?;
    let mut words = vec!["timeout".to_owned(), LIMIT.to_owned()];
    words.extend(login.as_root::<&str>(&[], "sh -s host"));
    let outcome = host.outcome(&words, &plan.script_elsewhere(PATIENCE))?;
    // Before anything ran.
    if outcome.status == UNREACHED && outcome.stdout.is_empty() {
        return Err(login.unreached(last(&outcome.stderr)));
    }
    findings(plan, Vantage::Host, &outcome)
}

/// What became of the plan's checks: of every one of them, or it is an error.
fn findings(plan: &Plan, from: Vantage, outcome: &host::Outcome) -> Result<Vec<Finding>> {
    let incomplete = |why: String| {
        let place = match from {
            Vantage::Host => "on the machine",
            Vantage::Tor => "through Tor",
            _ => "here",
        };
        let message = format!("the checks did not run to their end {place}: {why}");
        match last(&outcome.stderr) {
            "" => Error::host(message),
            said => Error::host(format!("{message}\n{said}")),
        }
    };
    let results = read_tap(&outcome.stdout).map_err(incomplete)?;
    let checks = plan.checks.iter().filter(|check| check.from.reached_from() == from);
    let found: Vec<Finding> = checks
        .map(|check| finding(check, &results))
        .collect::<std::result::Result<_, _>>()
        .map_err(incomplete)?;
    Ok(found)
}

fn finding(check: &Check, results: &[Outcome]) -> std::result::Result<Finding, String> {
    let title = check.title();
    let result = results.iter().find(|result| result.name == title);
    let result = result.ok_or_else(|| format!("nothing is said of `{title}`"))?;
    Ok(Finding {
        group: check.layer.clone(),
        name: check.name.clone(),
        from: check.from,
        passed: result.passed,
        skipped: None,
        reason: result.reason.clone(),
        cure: check.cure.clone(),
    })
}

fn last(text: &str) -> &str {
    text.trim().lines().last().unwrap_or_default().trim()
}
