//! One cause is one failure: what cannot hold because of it is skipped, with the cause, and without advice of its own.

use super::{FEDERATION, Finding};
use crate::{
    check::{Judgement, Vantage},
    plan::Plan,
};

/// Whether the machine was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// It answered.
    Reached,
    /// It did not, where its names lead.
    Unreached,
    /// It did not, where the user said that it is.
    UnreachedByRoute,
}

/// Skips every finding that another one explains.
pub(super) fn skip(findings: &mut [Finding], plan: &Plan, reach: Reach) {
    let fails = |judgement| findings.iter().any(|it| is(it, judgement) && !it.passed);
    let cause = match reach {
        // Nobody gets through a certificate that is not trusted.
        Reach::Reached if fails(Judgement::Certificates) => Judgement::Certificates,
        Reach::Reached => return,
        Reach::Unreached if fails(Judgement::Names) => Judgement::Names,
        Reach::Unreached | Reach::UnreachedByRoute => Judgement::Addresses,
    };
    // Documents that this machine publishes itself are found nowhere else.
    let own_name = plan.names.contains(&plan.server_name);
    for finding in findings.iter_mut().filter(|finding| !finding.passed) {
        let follows = if finding.group == FEDERATION {
            reach != Reach::Reached && !is(finding, cause) && follows(finding, own_name)
        } else {
            finding.from.reached_from() == Vantage::Network
        };
        if follows {
            finding.skipped = Some(cause.fact().to_owned());
            finding.cure = String::new();
        }
    }
}

fn is(finding: &Finding, judgement: Judgement) -> bool {
    finding.group == FEDERATION && finding.name == judgement.fact()
}

/// Whether nothing can be said of it while the machine does not answer.
fn follows(finding: &Finding, own_name: bool) -> bool {
    let independent = [Judgement::Names, Judgement::Services];
    let delegated = is(finding, Judgement::Delegation) && !own_name;
    !delegated && !independent.into_iter().any(|it| is(finding, it))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layer, plan};

    fn plan(text: &str) -> Plan {
        let site =
            crate::site::Site::parse("site", text, layer::embedded_schema()).expect("a site");
        plan::plan(&site, &layer::embedded()).expect("a plan")
    }

    fn finding(group: &str, name: &str, passed: bool, from: Vantage) -> Finding {
        let (group, name, cure) = (group.to_owned(), name.to_owned(), "do it".to_owned());
        Finding { group, name, from, passed, skipped: None, reason: Vec::new(), cure }
    }

    /// Each judgement, failed but for `good`, and a check from here and one on the machine, failed too.
    fn failed(good: &[Judgement]) -> Vec<Finding> {
        let judged = Judgement::ALL
            .iter()
            .map(|it| finding(FEDERATION, it.fact(), good.contains(it), Vantage::Network));
        let checks =
            [Vantage::Network, Vantage::Host].map(|from| finding("nginx", "it", false, from));
        judged.chain(checks).collect()
    }

    fn left(findings: &[Finding]) -> Vec<&str> {
        let left = findings.iter().filter(|it| !it.passed && it.skipped.is_none());
        left.map(|it| it.name.as_str()).collect()
    }

    const SITE: &str = "server_name: a.org\nhost: chat.a.org\noperator: {email: o@a.org}\n";

    #[test]
    fn one_cause_is_one_failure() {
        let plan = plan(&(SITE.to_owned() + "delegation: elsewhere\n"));
        let mut findings = failed(&[Judgement::Services, Judgement::Delegation]);
        skip(&mut findings, &plan, Reach::Unreached);
        assert_eq!(left(&findings), [Judgement::Names.fact(), "it"]);
        let mut findings = failed(&[Judgement::Names, Judgement::Services]);
        skip(&mut findings, &plan, Reach::Unreached);
        let rest = [Judgement::Delegation.fact(), Judgement::Addresses.fact(), "it"];
        assert_eq!(left(&findings), rest, "another web server may be to blame for the delegation");
        assert!(findings.iter().all(|it| it.skipped.is_none() || it.cure.is_empty()));
        let mut findings = failed(&[Judgement::Services]);
        skip(&mut findings, &plan, Reach::UnreachedByRoute);
        let names = [Judgement::Names.fact(), rest[0], rest[1], rest[2]];
        assert_eq!(left(&findings), names, "the way that was named does not ask the DNS");
    }

    #[test]
    fn a_machine_that_answers_explains_little() {
        let plan = plan(SITE);
        let mut findings = failed(&[Judgement::Certificates]);
        let before = findings.clone();
        skip(&mut findings, &plan, Reach::Reached);
        assert_eq!(findings, before);
        let mut findings = failed(&[]);
        skip(&mut findings, &plan, Reach::Reached);
        assert_eq!(
            left(&findings).len(),
            before.len() - 1,
            "all judgements and the check on the machine"
        );
    }
}
