//! The DNS records that a machine needs.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::Serialize;

use crate::plan::Plan;

/// A record.
#[derive(Debug, Serialize)]
pub(super) struct Record {
    /// The name, without the last dot.
    pub(super) name: String,
    /// Such as `A`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// As a zone file has it; nothing when only the operator knows it.
    pub(super) value: Option<String>,
    /// What it is for.
    pub(super) why: String,
}

/// For how long others may keep them, in seconds: an hour, so that a mistake is soon mended.
const TTL: u32 = 3600;

/// All of them, by name.
pub(super) fn records(plan: &Plan, ipv4: Option<Ipv4Addr>, ipv6: Option<Ipv6Addr>) -> Vec<Record> {
    let mut records = Vec::new();
    for name in &plan.names {
        let mut add = |kind: &str, value: Option<String>, why: &str| {
            let (kind, why) = (kind.to_owned(), why.to_owned());
            records.push(Record { name: name.clone(), kind, value, why });
        };
        add("A", ipv4.map(|it| it.to_string()), "the machine's IPv4 address");
        add("AAAA", ipv6.map(|it| it.to_string()), "its IPv6 address; none if it has none");
        for record in plan.records.iter().filter(|it| it.name == *name) {
            add(&record.kind, Some(record.value.clone()), &record.why);
        }
    }
    let others = plan.records.iter().filter(|it| !plan.names.contains(&it.name));
    records.extend(others.map(|it| Record {
        name: it.name.clone(),
        kind: it.kind.clone(),
        value: Some(it.value.clone()),
        why: it.why.clone(),
    }));
    records
}

/// Lines of a zone file (RFC 1035); what only the operator knows is left to be filled in.
///
/// A missing CAA record is explained: the tag for an authority cannot be told from its address.
pub(super) fn text(plan: &Plan, records: &[Record]) -> String {
    let mut text = format!("; DNS records of {} on {}\n", plan.server_name, plan.host);
    for Record { name, kind, value, why } in records {
        text += &match value {
            Some(value) => format!("{name}. {TTL} IN {kind} {value}\n"),
            None => format!("; {name}. {TTL} IN {kind} <{why}>\n"),
        };
    }
    if !records.iter().any(|record| record.kind == "CAA") {
        text += "; no CAA record: ask your certificate authority for the name that it goes by\n";
    }
    text
}
