//! What shell cannot say well: the DNS, every address by itself, certificates and signatures.

use std::collections::BTreeSet;

use super::{FEDERATION, Finding};
use crate::{
    check::{Judgement, Vantage},
    client::{Client, Service, leads_to},
    error::{Error, Result},
    federation::{Connection, Report, SERVICES},
    plan::Plan,
};

/// Why the machine cannot be reached at all, if so: no further look is worth its time.
///
/// An error when no name server answers: then nothing can be said about the machine.
pub(super) async fn unreachable(client: &Client, plan: &Plan) -> Result<Option<String>> {
    let addresses = client.addresses(&plan.host, 443).await.map_err(|reason| {
        Error::host(reason).hint("is this computer connected to the internet?")
    })?;
    if let Some(route) = client.route().filter(|_| addresses.is_empty()) {
        let (host, _) = route.of(443);
        return Err(Error::new(format!("`{host}`, where `--connect` leads, has no address"))
            .hint("name a host that the DNS knows, or an address"));
    }
    let mut why = format!("{} has no address", plan.host);
    for address in addresses {
        match client.reaches(address).await {
            Ok(()) => return Ok(None),
            Err(reason) => why = format!("{address}: {reason}"),
        }
    }
    Ok(Some(why))
}

/// Where the names of the machine, and of the web server beside it, lead by the name server that was asked: arguments of
/// curl.
pub(super) async fn led(client: &Client, plan: &Plan) -> Result<String> {
    let others = plan.publications.iter().map(|page| page.host.as_str());
    let names: BTreeSet<&str> = plan.names.iter().map(String::as_str).chain(others).collect();
    let mut words = String::new();
    for name in names {
        let addresses = client.records(name).await.map_err(Error::host)?;
        words += &leads_to(name, addresses.first().copied());
    }
    Ok(words)
}

/// Everything, in order: `report` is what others find by the server name, `direct` what the machine shows.
pub(super) async fn findings(
    client: &Client,
    plan: &Plan,
    report: &Report,
    direct: &Report,
) -> Vec<Finding> {
    let each = |judge: fn(&Connection) -> Vec<String>| reasons(direct, judge);
    let judged = [
        (Judgement::Names, no_address(client, plan).await),
        (Judgement::Services, strays(client, plan).await),
        (Judgement::Delegation, delegation(plan, report)),
        (Judgement::Addresses, silent(direct)),
        (Judgement::Certificates, each(certificates)),
        (Judgement::SigningKeys, each(signing_keys)),
        (Judgement::Version, unless_empty(&direct.version.error)),
        (Judgement::Tls, old_tls(client, plan).await),
    ];
    judged.into_iter().map(|(judgement, reason)| finding(plan, judgement, reason)).collect()
}

/// What the layers of the plan advise when the judgement is bad.
fn finding(plan: &Plan, judgement: Judgement, reason: Vec<String>) -> Finding {
    Finding {
        group: FEDERATION.to_owned(),
        name: judgement.fact().to_owned(),
        from: Vantage::Network,
        passed: reason.is_empty(),
        skipped: None,
        reason,
        cure: plan.cures.get(&judgement).cloned().unwrap_or_default(),
    }
}

async fn no_address(client: &Client, plan: &Plan) -> Vec<String> {
    let mut reasons = Vec::new();
    for name in &plan.names {
        match client.records(name).await {
            Ok(found) if found.is_empty() => {
                reasons.push(format!("{name} has neither an A nor an AAAA record"));
            }
            Ok(_) => (),
            Err(reason) => reasons.push(reason),
        }
    }
    reasons
}

/// With a well-known document nobody asks for SRV records, until it cannot be fetched.
async fn strays(client: &Client, plan: &Plan) -> Vec<String> {
    let mut reasons = Vec::new();
    for service in SERVICES {
        let name = format!("{service}.{}", plan.server_name);
        match client.services(&name).await {
            Ok(found) => reasons.extend(found.iter().filter_map(|it| stray(plan, &name, it))),
            Err(reason) => reasons.push(reason),
        }
    }
    reasons
}

fn stray(plan: &Plan, name: &str, service: &Service) -> Option<String> {
    let Service { target, port, .. } = service;
    let open = plan.ports.iter().any(|it| it.range.has_tcp(*port));
    let ours = *target == plan.host && open;
    (!ours).then(|| format!("{name} leads to {target}:{port}, not to {}:443", plan.host))
}

fn delegation(plan: &Plan, report: &Report) -> Vec<String> {
    let expected = format!("{}:443", plan.host);
    let mut reasons = unless_empty(&report.error);
    reasons.extend(unless_empty(&report.well_known.result));
    if reasons.is_empty() && report.well_known.server != expected {
        let found = &report.well_known.server;
        reasons.push(format!("the well-known document names `{found}`, not `{expected}`"));
    }
    reasons
}

fn silent(report: &Report) -> Vec<String> {
    let errors = report.connection_errors.iter();
    let mut reasons: Vec<String> =
        errors.map(|(address, error)| format!("{address}: {}", error.message)).collect();
    if reasons.is_empty() && report.connections.is_empty() {
        reasons.push("there is no address".to_owned());
    }
    reasons
}

/// What `judge` says of each address; of none when there is none.
fn reasons(report: &Report, judge: fn(&Connection) -> Vec<String>) -> Vec<String> {
    if report.connections.is_empty() {
        return vec!["no address answers".to_owned()];
    }
    let of = |(address, connection): (&String, &Connection)| -> Vec<String> {
        judge(connection).iter().map(|reason| format!("{address}: {reason}")).collect()
    };
    report.connections.iter().flat_map(of).collect()
}

fn certificates(connection: &Connection) -> Vec<String> {
    if let Some(reason) = &connection.distrust {
        return vec![reason.clone()];
    }
    let late = connection.certificates.first().filter(|it| it.is_late);
    late.map(|it| format!("its certificate ends in {} days", it.days_left)).into_iter().collect()
}

fn signing_keys(connection: &Connection) -> Vec<String> {
    let errors = connection.errors.iter().map(|it| it.message.clone());
    errors.filter(|it| Some(it) != connection.distrust.as_ref()).collect()
}

async fn old_tls(client: &Client, plan: &Plan) -> Vec<String> {
    let addresses = match client.addresses(&plan.host, 443).await {
        Ok(addresses) => addresses,
        Err(reason) => return vec![reason],
    };
    let mut reasons = Vec::new();
    for address in &addresses {
        match client.speaks_tls_1_1(*address, &plan.host).await {
            Ok(false) => (),
            Ok(true) => reasons.push(format!("{address} speaks TLS 1.1")),
            Err(reason) => reasons.push(format!("{address}: {reason}")),
        }
    }
    if addresses.is_empty() {
        reasons.push(format!("{} has no address", plan.host));
    }
    reasons
}

fn unless_empty(text: &str) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { vec![text.to_owned()] }
}
