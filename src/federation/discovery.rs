//! From the name that others connect to, to addresses: the port, SRV records, or 8448.

use std::net::SocketAddr;

use ruma_common::ServerName;

use super::{
    SERVICES,
    report::{Dns, Failure, HostRecords},
};
use crate::client::{Client, Service};

/// Where a name without a port listens.
const PORT: u16 = 8448;

/// The addresses of a homeserver.
#[derive(Default)]
pub(super) struct Found {
    pub(super) report: Dns,
    pub(super) addresses: Vec<SocketAddr>,
}

/// Looks `target` up.
pub(super) async fn look_up(client: &Client, target: &ServerName) -> Found {
    let mut found = Found::default();
    let services = if target.port().is_some() || target.is_ip_literal() {
        found.report.srv_skipped = true;
        Vec::new()
    } else {
        services(client, target, &mut found.report).await
    };
    if services.is_empty() {
        let port = target.port().unwrap_or(PORT);
        found.add(client, target.host(), port).await;
    }
    for service in services {
        if is_alias(client, &service.target, &mut found.report).await {
            continue;
        }
        found.add(client, &service.target, service.port).await;
    }
    found.addresses.sort();
    found.addresses.dedup();
    found.report.addrs = found.addresses.iter().map(ToString::to_string).collect();
    found
}

async fn services(client: &Client, target: &ServerName, report: &mut Dns) -> Vec<Service> {
    for service in SERVICES {
        let name = format!("{service}.{}", target.host());
        match client.services(&name).await {
            Ok(services) if services.is_empty() => (),
            Ok(services) => {
                report.srv_name = name;
                report.srv_records.clone_from(&services);
                return services;
            }
            Err(message) => report.srv_error = Some(Failure { message }),
        }
    }
    Vec::new()
}

/// An SRV record must not lead to an alias (RFC 2782).
async fn is_alias(client: &Client, host: &str, report: &mut Dns) -> bool {
    let Ok(Some(cname)) = client.alias(host).await else { return false };
    let message = "it is an alias, which an SRV record must not name (RFC 2782)".to_owned();
    let records = HostRecords { cname, addrs: Vec::new(), error: Some(Failure { message }) };
    report.hosts.insert(host.to_owned(), records);
    true
}

impl Found {
    async fn add(&mut self, client: &Client, host: &str, port: u16) {
        let mut records = HostRecords { cname: host.to_owned(), ..HostRecords::default() };
        if let Ok(Some(cname)) = client.alias(host).await {
            records.cname = cname;
        }
        match client.addresses(host, port).await {
            Ok(addresses) if addresses.is_empty() => {
                let message = "it has neither an A nor an AAAA record".to_owned();
                records.error = Some(Failure { message });
            }
            Ok(addresses) => {
                records.addrs = addresses.iter().map(|it| it.ip().to_string()).collect();
                self.addresses.extend(addresses);
            }
            Err(message) => records.error = Some(Failure { message }),
        }
        self.report.hosts.insert(host.to_owned(), records);
    }
}
