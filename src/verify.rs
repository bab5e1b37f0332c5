//! Is the machine of a plan up, federating and closed, seen from here?
//!
//! [`verify`] runs the plan's own checks: those that need no login from here, those on the machine over
//! ssh when there is a way; and it judges the federation, which shell cannot say well. A [`Finding`] is
//! one fact. That a check failed and that nothing could be checked are different things: the latter is
//! an [`Error`](crate::error::Error).

mod consequence;
mod remote;
mod script;

use std::net::SocketAddr;

use serde::Serialize;

use consequence::Reach;
pub use script::PATIENCE;

use crate::{
    check::Vantage,
    client::{Client, Ways, block_on},
    error::{Error, Result, for_terminal},
    federation::{self, Report},
    host::{Host, login::Login, progress::Progress},
    plan::Plan,
};

/// What is to be verified, and how.
pub struct Request<'a> {
    /// The machine.
    pub plan: &'a Plan,
    /// How to reach it.
    pub ways: Ways,
    /// How to log in on it; without, the checks on the machine are left out.
    pub login: Option<Login>,
    /// Where it is in Tor; without, the checks through Tor are left out.
    pub onion: Option<Onion>,
}

/// Where a machine is in Tor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onion {
    /// The address of its onion service: 56 characters of base32, and `.onion`.
    pub address: String,
    /// The SOCKS proxy of a tor that runs here.
    pub proxy: SocketAddr,
}

/// One fact, and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The layer that promises it, or [`FEDERATION`].
    pub group: String,
    /// The fact, in the present tense.
    pub name: String,
    /// Where it was looked at from.
    pub from: Vantage,
    /// Whether it holds.
    pub passed: bool,
    /// When it does not hold: the fact that has to hold first, if there is one.
    pub skipped: Option<String>,
    /// What was found instead, in lines.
    pub reason: Vec<String>,
    /// What to do about it, in one line.
    pub cure: String,
}

/// Everything that was found.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// What other homeservers see, then the layers in their order.
    pub findings: Vec<Finding>,
    /// The report on the federation.
    pub federation: Report,
}

/// The group of the facts that no layer promises alone.
pub const FEDERATION: &str = "federation";

/// What that group is about.
pub const ABOUT_FEDERATION: &str = "What other homeservers see";

impl Finding {
    /// How reports name it.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}: {}", self.group, self.name)
    }
}

impl Verdict {
    /// Those that do not hold, and for which no other one is to blame.
    pub fn failures(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.passed && finding.skipped.is_none())
    }

    /// How many hold, do not hold, and were skipped because of those.
    #[must_use]
    pub fn counts(&self) -> [usize; 3] {
        let skipped = self.findings.iter().filter(|finding| finding.skipped.is_some()).count();
        let failed = self.failures().count();
        [self.findings.len() - failed - skipped, failed, skipped]
    }
}

/// Looks at everything once. An error when something could not be looked at.
pub fn verify(host: &Host, request: &Request<'_>, progress: &Progress) -> Result<Verdict> {
    let plan = request.plan;
    if request.onion.is_some() && !plan.checks.iter().any(|check| check.from == Vantage::Tor) {
        return Err(Error::new("nothing of this site is reached through Tor")
            .hint("leave out `--onion`, or give the site an onion service: docs/onion.md"));
    }
    progress.stage("asking the DNS");
    let first = Client::new(&request.ways)?;
    let unreachable = block_on(remote::unreachable(&first, plan))??;
    let route = match (&unreachable, &request.ways.connect, request.ways.nameserver) {
        (Some(_), ..) | (None, None, None) => String::new(),
        (None, Some(route), _) => route.curl(),
        (None, None, Some(_)) => block_on(remote::led(&first, plan))??,
    };
    let mut findings = if let Some(reason) = &unreachable {
        script::unseen(plan, reason)
    } else {
        progress.stage("looking from here");
        script::from_here(host, plan, &route)?
    };
    if let Some(login) = &request.login {
        progress.stage(&format!("looking on {}", login.destination));
        findings.extend(script::over_ssh(host, plan, login)?);
    }
    if let Some(onion) = &request.onion {
        progress.stage("looking through Tor");
        findings.extend(script::through_tor(host, plan, onion, &route)?);
    }
    let place = |it: &Finding| plan.checks.iter().position(|check| check.title() == it.title());
    findings.sort_by_key(place);
    progress.stage("looking as another homeserver");
    let client = Client::new(&request.ways)?;
    let (report, mut seen) = block_on(async {
        let report = federation::examine(&client, &plan.server_name).await;
        // Where the machine is known to be, whatever the server name leads to.
        let target = format!("{}:443", plan.host);
        let direct = federation::examine_at(&client, &target, &plan.server_name).await;
        let seen = remote::findings(&client, plan, &report, &direct).await;
        (report, seen)
    })?;
    // First what all else rests on.
    seen.extend(findings);
    let reach = match unreachable {
        None => Reach::Reached,
        Some(_) if request.ways.connect.is_some() => Reach::UnreachedByRoute,
        Some(_) => Reach::Unreached,
    };
    consequence::skip(&mut seen, plan, reach);
    for reason in seen.iter_mut().flat_map(|finding| &mut finding.reason) {
        *reason = for_terminal(reason);
    }
    Ok(Verdict { findings: seen, federation: report })
}
