//! What was found, for people: the steps of the set-up, the facts of each, and a cure under each failure.

use super::paint;
use crate::{
    plan::Plan,
    table::{self, WIDTH},
    verify::{ABOUT_FEDERATION, FEDERATION, Finding, Verdict},
};

/// The whole table, and a last line that says how it stands.
pub(super) fn of(plan: &Plan, verdict: &Verdict) -> String {
    let layers = plan.layers.iter().map(|layer| (layer.name.as_str(), layer.about.as_str()));
    let groups = [(FEDERATION, ABOUT_FEDERATION)].into_iter().chain(layers);
    let text: String = groups.map(|(name, about)| group(name, about, verdict)).collect();
    text + &summary(plan, verdict)
}

fn group(name: &str, about: &str, verdict: &Verdict) -> String {
    let facts = verdict.findings.iter().filter(|finding| finding.group == name);
    let lines: String = facts.map(line).collect();
    let head = table::folded(&format!("{name}: {about}"), WIDTH - 4).join("\n    ");
    if lines.is_empty() { lines } else { format!("{head}\n{lines}\n") }
}

fn line(finding: &Finding) -> String {
    if finding.passed {
        return format!("  {}    {}\n", paint::good("ok"), finding.name);
    }
    if let Some(cause) = &finding.skipped {
        return format!("  skip  {}\n", finding.name)
            + &folded(&format!("first, {cause}"), "        ");
    }
    let mut text = format!("  {}  {}\n", paint::bad("FAIL"), finding.name);
    for reason in &finding.reason {
        text += &folded(reason, "        ");
    }
    if !finding.cure.is_empty() {
        let cure = folded(&format!("cure: {}", finding.cure), "        ");
        text += &cure.replacen("cure:", &paint::advice("cure:"), 1);
    }
    text
}

fn summary(plan: &Plan, verdict: &Verdict) -> String {
    let ([passed, failed, skipped], all) = (verdict.counts(), verdict.findings.len());
    let host = &plan.host;
    let rest = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
    match failed {
        0 => format!("{host} is up, federates and is closed: all {all} checks passed\n"),
        _ => format!("{host}: {passed} of {all} checks passed, {failed} failed{rest}\n"),
    }
}

/// Lines that fit, each behind `indent`.
fn folded(text: &str, indent: &str) -> String {
    let lines = table::folded(text, WIDTH - indent.len());
    lines.iter().map(|line| format!("{indent}{line}\n")).collect()
}
