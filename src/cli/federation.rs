//! The verb that looks at any homeserver as another one would.

use std::net::{IpAddr, SocketAddr};

use clap::ValueEnum;

use super::{output, show};
use crate::{
    client::{Client, Route, Ways, block_on},
    error::{Error, Errors, for_terminal},
    federation::{self, Connection, Report},
    host::progress::Progress,
    table,
};

pub(super) const EXAMPLES: &str = "\
Examples:
  homeseed federation example.org
  homeseed federation example.org --format json | jq .FederationOK

Exit status: 0 others can federate with it, 1 something stands in the way,
2 this computer could not look.";

/// Whom to look at.
#[derive(Debug, clap::Args)]
pub(super) struct FederationArgs {
    /// The part of its user IDs after the colon
    server_name: String,
    /// How to say it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Ask this name server, instead of those of this computer
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = nameserver)]
    nameserver: Option<SocketAddr>,
    /// Connect to this host, and to this port for HTTPS; URLs stay as they are
    #[arg(long, value_name = "HOST[:PORT]")]
    connect: Option<Route>,
}

/// The names of the formats.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// The shape of federationtester.matrix.org
    Json,
}

/// Looks, and says what was seen.
pub(super) fn run(args: &FederationArgs) -> Result<(), Errors> {
    let ways = Ways { nameserver: args.nameserver, connect: args.connect.clone() };
    let progress = Progress::new();
    progress.stage("asking the DNS");
    let client = Client::new(&ways)?;
    let report = block_on(async {
        client.asks_the_dns().await?;
        progress.stage(&format!("looking at {}", for_terminal(&args.server_name)));
        Ok::<_, Error>(federation::examine(&client, &args.server_name).await)
    })??;
    progress.wipe();
    let text = match args.format {
        Format::Text => text(&args.server_name, &report),
        Format::Json => show::pretty(&report),
    };
    output::print(&text)?;
    if report.federation_ok {
        return Ok(());
    }
    let first = report.sentences().into_iter().next().unwrap_or_default();
    let why = format!("others cannot federate with {}: {first}", args.server_name);
    Err(Error::new(for_terminal(&why)).into())
}

fn text(name: &str, report: &Report) -> String {
    let row = |left: &str, right: &str| [left.to_owned(), for_terminal(right)];
    let mut rows = vec![row("server name", name)];
    match (&report.well_known.server, &report.well_known.result) {
        (server, _) if !server.is_empty() => rows.push(row("delegates to", server)),
        (_, result) if !result.is_empty() => rows.push(row("document", result)),
        _ => (),
    }
    for it in &report.dns.srv_records {
        rows.push(row("SRV", &format!("{} -> {}:{}", report.dns.srv_name, it.target, it.port)));
    }
    for (address, connection) in &report.connections {
        rows.push(row("address", &format!("{address}  {}", said(connection))));
        rows.extend(connection.errors.iter().map(|it| row("", &it.message)));
    }
    for (address, error) in &report.connection_errors {
        rows.push(row("address", &format!("{address}  {}", error.message)));
    }
    let version = &report.version;
    let version = if version.error.is_empty() {
        format!("{} {}", version.name, version.version)
    } else {
        version.error.clone()
    };
    if !version.trim().is_empty() {
        rows.push(row("version", &version));
    }
    rows.push(row("verdict", if report.federation_ok { "good" } else { "bad" }));
    table::text(&rows, &[])
}

fn said(connection: &Connection) -> String {
    let days = connection.certificates.first().map_or(0, |it| it.days_left);
    let keys: Vec<&str> = connection.verify_keys.keys().map(String::as_str).collect();
    let word = if connection.checks.all { "good" } else { "bad" };
    let cipher = &connection.cipher.version;
    format!("{word}: {cipher}, certificate for {days} days, key {}", keys.join(" "))
}

pub(super) fn nameserver(text: &str) -> Result<SocketAddr, String> {
    let address = text.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53));
    address.or_else(|_| text.parse()).map_err(|_| {
        "a name server is an address, such as `192.0.2.53` or `127.0.0.1:5353`".to_owned()
    })
}
