//! The verb that looks at a machine from here.

use std::{
    io::{IsTerminal as _, stdout},
    net::SocketAddr,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use clap::ValueEnum;
use serde::Serialize;

use super::{federation, input, output, show, table};
use crate::{
    client::{Route, Ways},
    error::{Error, Errors, Result},
    federation::Report,
    host::{Host, login::Login, progress::Progress},
    plan::Plan,
    units::duration,
    verify::{self, Finding, Onion, Request, Verdict},
};

pub(super) const EXAMPLES: &str = "\
Examples:
  homeseed verify site.yaml
  homeseed verify site.yaml --ssh root@chat.example.org
  homeseed verify site.yaml --wait 30m && echo up
  homeseed verify site.yaml --onion chatq7zmw3k5v2nhtl6oe4ybxs3pdgf7u5rqj2i6kwzcnvmlt4heosad.onion
  homeseed verify site.yaml --connect 127.0.0.1:8443 --format junit > out.xml

Exit status: 0 every check passed, 1 one failed, 2 something could not be
checked.";

/// What is to be verified.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// The site file; `-` is standard input
    #[arg(default_value = input::SITE)]
    site: PathBuf,
    /// Log in as this, and run the checks on the machine as well
    #[arg(long, value_name = "USER@HOST")]
    ssh: Option<String>,
    /// An option of ssh, such as `Port=2222`; may be given more than once
    #[arg(long, value_name = "OPTION", requires = "ssh")]
    ssh_option: Vec<String>,
    /// Ask this name server, instead of those of this computer
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = federation::nameserver)]
    nameserver: Option<SocketAddr>,
    /// Connect to this host, and to this port for HTTPS; URLs stay as they are
    #[arg(long, value_name = "HOST[:PORT]")]
    connect: Option<Route>,
    /// Look through Tor as well, at this address, which `homeserver onion` shows
    #[arg(long, value_name = "ADDRESS", value_parser = onion)]
    onion: Option<String>,
    /// The SOCKS proxy of the tor that runs here
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9050")]
    proxy: SocketAddr,
    /// Look again until everything passes, for at most so long, such as `30m`
    #[arg(long, value_name = "TIME", value_parser = time)]
    wait: Option<Duration>,
    /// How to say it; a table on a terminal and TAP elsewhere by default
    #[arg(long, value_enum)]
    format: Option<Format>,
}

/// The names of the formats.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// A line for each check
    Tap,
    /// Everything, the report on the federation included
    Json,
    /// For CI
    Junit,
}

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(10);

/// Looks, and says what was found.
pub(super) fn run(args: &VerifyArgs, layers: Option<&Path>) -> std::result::Result<(), Errors> {
    let plan = input::plan(&args.site, layers)?;
    let login =
        args.ssh.clone().map(|destination| Login { destination, options: args.ssh_option.clone() });
    let ways = Ways { nameserver: args.nameserver, connect: args.connect.clone() };
    let onion = args.onion.clone().map(|address| Onion { address, proxy: args.proxy });
    let request = Request { plan: &plan, ways, login, onion };
    let progress = Progress::new();
    let verdict = look(&request, args.wait, &progress);
    progress.wipe();
    let verdict = verdict?;
    output::print(&text(&plan, &verdict, args.format)?)?;
    match verdict.failures().count() {
        0 => Ok(()),
        1 => Err(Error::new("1 check failed").into()),
        count => Err(Error::new(format!("{count} checks failed")).into()),
    }
}

/// Until all is well or the time is over; what cannot be checked yet may be by then.
fn look(request: &Request<'_>, wait: Option<Duration>, progress: &Progress) -> Result<Verdict> {
    let host = Host::new()?;
    let end = Instant::now() + wait.unwrap_or_default();
    loop {
        let verdict = verify::verify(&host, request, progress);
        let missing = match &verdict {
            Ok(verdict) => missing(verdict),
            Err(error) => Some(error.message().to_owned()),
        };
        let (Some(missing), true) = (missing, Instant::now() + PAUSE < end) else { return verdict };
        progress.stage(&format!("{} is not there yet", request.plan.host));
        progress.waits(missing.lines().next().unwrap_or_default());
        thread::sleep(PAUSE);
    }
}

/// What does not hold yet, for the reader.
fn missing(verdict: &Verdict) -> Option<String> {
    let first = verdict.failures().next()?;
    let ([passed, ..], all) = (verdict.counts(), verdict.findings.len());
    Some(format!("{passed} of {all} hold; first that does not: {}", first.title()))
}

fn text(plan: &Plan, verdict: &Verdict, format: Option<Format>) -> Result<String> {
    let by_default = if stdout().is_terminal() { Format::Table } else { Format::Tap };
    match format.unwrap_or(by_default) {
        Format::Table => Ok(table::of(plan, verdict)),
        Format::Tap => Ok(tap(verdict)),
        Format::Json => Ok(json(plan, verdict)),
        Format::Junit => junit(plan, verdict),
    }
}

fn tap(verdict: &Verdict) -> String {
    let mut text = format!("1..{}\n", verdict.findings.len());
    for (n, finding) in verdict.findings.iter().enumerate() {
        let skip = finding.skipped.as_ref();
        let word = if finding.passed || skip.is_some() { "ok" } else { "not ok" };
        let skip = skip.map(|cause| format!(" # SKIP first, {cause}")).unwrap_or_default();
        text += &format!("{word} {} - {}{skip}\n", n + 1, finding.title());
        text += &remarks(finding).iter().map(|line| format!("# {line}\n")).collect::<String>();
    }
    text
}

/// The reason and the cure of a failure.
fn remarks(finding: &Finding) -> Vec<String> {
    if finding.passed || finding.skipped.is_some() {
        return Vec::new();
    }
    let mut lines = finding.reason.clone();
    if !finding.cure.is_empty() {
        lines.push(format!("cure: {}", finding.cure));
    }
    lines
}

/// The shape of `--format json`; `docs/verify.md` describes it.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    server_name: &'a str,
    host: &'a str,
    passed: usize,
    failed: usize,
    skipped: usize,
    checks: &'a [Finding],
    federation: &'a Report,
}

fn json(plan: &Plan, verdict: &Verdict) -> String {
    let [passed, failed, skipped] = verdict.counts();
    let document = Document {
        version: 1,
        server_name: &plan.server_name,
        host: &plan.host,
        passed,
        failed,
        skipped,
        checks: &verdict.findings,
        federation: &verdict.federation,
    };
    show::pretty(&document)
}

fn junit(plan: &Plan, verdict: &Verdict) -> Result<String> {
    use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
    let mut suite = TestSuite::new(plan.host.as_str());
    for finding in &verdict.findings {
        let status = if finding.passed {
            TestCaseStatus::success()
        } else if let Some(cause) = &finding.skipped {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("first, {cause}"));
            status
        } else {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(finding.reason.first().map_or("", String::as_str));
            status.set_description(remarks(finding).join("\n"));
            status
        };
        let mut case = TestCase::new(finding.name.as_str(), status);
        case.set_classname(format!("{}.{}", plan.host, finding.group));
        suite.add_test_case(case);
    }
    let mut report = Report::new("homeseed verify");
    report.add_test_suite(suite);
    report.to_string().map_err(|error| Error::host(format!("no JUnit: {error}")))
}

/// The address of an onion service, as one writes it or a browser shows it.
///
/// Version 3 has 56 characters: a key of 32 bytes, a checksum of two and the version, in base32 (rend-spec-v3, 6).
fn onion(text: &str) -> std::result::Result<String, String> {
    let host = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/').to_lowercase();
    let label = host.strip_suffix(".onion").unwrap_or_default();
    let is_base32 = label.bytes().all(|it| matches!(it, b'a'..=b'z' | b'2'..=b'7'));
    if label.len() == 56 && is_base32 && label.ends_with('d') {
        return Ok(host);
    }
    Err("an address has 56 characters, of a to z and 2 to 7, and ends in `d.onion`".to_owned())
}

/// A second to a week.
fn time(text: &str) -> std::result::Result<Duration, String> {
    let week = Duration::from_secs(7 * 24 * 3600);
    let time = duration::Duration::parse(text).ok().map(Duration::from);
    time.filter(|it| !it.is_zero() && *it <= week)
        .ok_or_else(|| "a time is such as `90s`, `30m` or `2d`, and at most a week".to_owned())
}
