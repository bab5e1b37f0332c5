//! Can other homeservers federate with a server name? What the federation tester does, from here.
//!
//! The steps are those of "Resolving server names" in the server-server API of the Matrix
//! specification; the report has the shape that federationtester.matrix.org prints. [`examine`] is the
//! door. It knows no site.

mod connection;
mod discovery;
mod keys;
mod report;
mod well_known;

use ruma_common::ServerName;

pub use report::{
    Certificate, Checks, Cipher, Connection, Dns, Failure, HostRecords, KeyCheck, Report, Version,
    WellKnown,
};

use crate::client::Client;

/// The services of SRV records, the older one last.
pub const SERVICES: [&str; 2] = ["_matrix-fed._tcp", "_matrix._tcp"];

/// Looks at `name` from outside as another homeserver would; every mistake is in the report.
pub async fn examine(client: &Client, name: &str) -> Report {
    let mut report = Report::default();
    match <&ServerName>::try_from(name) {
        Ok(server) => judge(client, server, &mut report).await,
        Err(_) => report.error = format!("`{name}` is not a server name"),
    }
    report
}

/// Looks at the homeserver of `name` where it is known to be: `target` is a host and a port.
pub async fn examine_at(client: &Client, target: &str, name: &str) -> Report {
    let mut report = Report::default();
    match (<&ServerName>::try_from(target), <&ServerName>::try_from(name)) {
        (Ok(target), Ok(name)) => connect(client, target, name, &mut report).await,
        _ => report.error = format!("`{target}` or `{name}` is not a server name"),
    }
    report
}

/// From the name to where others connect to, and on from there.
async fn judge(client: &Client, name: &ServerName, report: &mut Report) {
    report.well_known = well_known::look_up(client, name).await;
    match report.well_known.target(name) {
        Ok(target) => connect(client, &target, name, report).await,
        Err(error) => report.error = error,
    }
}

/// The addresses behind `target`, and each of them by itself.
async fn connect(client: &Client, target: &ServerName, name: &ServerName, report: &mut Report) {
    let found = discovery::look_up(client, target).await;
    report.dns = found.report;
    report.version = connection::version(client, target, &found.addresses).await;
    for address in found.addresses {
        match connection::examine(client, target, name, address).await {
            Ok(connection) => drop(report.connections.insert(address.to_string(), connection)),
            Err(message) => {
                drop(report.connection_errors.insert(address.to_string(), Failure { message }));
            }
        }
    }
    if report.dns.addrs.is_empty() {
        report.error = format!("{target} leads to no address");
    }
    report.federation_ok = report.is_good();
}
