//! What was found, for people: the steps of the set-up, the facts of each, and a cure under each failure.

use super::paint;
use crate::{
    plan::Plan,
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
    if lines.is_empty() { lines } else { format!("{name}: {about}\n{lines}\n") }
}

fn line(finding: &Finding) -> String {
    if finding.passed {
        return format!("  {}    {}\n", paint::good("ok"), finding.name);
    }
    let mut text = format!("  {}  {}\n", paint::bad("FAIL"), finding.name);
    for reason in &finding.reason {
        text += &format!("        {reason}\n");
    }
    if !finding.cure.is_empty() {
        text += &format!("        {} {}\n", paint::advice("cure:"), finding.cure);
    }
    text
}

fn summary(plan: &Plan, verdict: &Verdict) -> String {
    let (all, failed) = (verdict.findings.len(), verdict.failures().count());
    let host = &plan.host;
    if failed == 0 {
        return format!("{host} is up, federates and is closed: all {all} checks passed\n");
    }
    format!("{host}: {} of {all} checks passed, {failed} failed\n", all - failed)
}
