//! The verb that shows what a machine will be, before there is one.

mod document;
mod screen;
mod zone;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use super::{budget, input, output, paint, show};
use crate::error::Errors;

pub(super) const EXAMPLES: &str = "\
Examples:
  homeseed plan site.yaml
  homeseed plan site.yaml --files
  homeseed plan site.yaml --format zone --ipv4 203.0.113.7
  homeseed plan site.yaml --format json | jq -r '.files[].path'";

/// What is to be shown.
#[derive(Debug, clap::Args)]
pub(super) struct PlanArgs {
    /// The site file; `-` is standard input
    #[arg(default_value = input::SITE)]
    site: PathBuf,
    /// Show the files instead
    #[arg(long, conflicts_with_all = ["checks", "format"])]
    files: bool,
    /// Show the checks instead
    #[arg(long, conflicts_with = "format")]
    checks: bool,
    /// How to say it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The machine's IPv4 address, for the DNS records
    #[arg(long, value_name = "ADDRESS")]
    ipv4: Option<Ipv4Addr>,
    /// The machine's IPv6 address, for the DNS records
    #[arg(long, value_name = "ADDRESS")]
    ipv6: Option<Ipv6Addr>,
}

/// The names of the formats.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people, on one screen
    Text,
    /// The DNS records as lines of a zone file
    Zone,
    /// Everything, for programs
    Json,
}

impl PlanArgs {
    /// The addresses that are of no use in the DNS.
    fn unreachable(&self) -> Vec<IpAddr> {
        let ipv4 = self.ipv4.filter(|it| {
            it.is_private() || it.is_loopback() || it.is_link_local() || it.is_unspecified()
        });
        let ipv6 = self.ipv6.filter(|it| {
            it.is_unique_local()
                || it.is_loopback()
                || it.is_unicast_link_local()
                || it.is_unspecified()
        });
        ipv4.map(IpAddr::V4).into_iter().chain(ipv6.map(IpAddr::V6)).collect()
    }
}

/// Shows it.
pub(super) fn run(args: &PlanArgs, layers: Option<&Path>) -> Result<(), Errors> {
    let desk = input::desk(&args.site, layers)?;
    let plan = &desk.plan;
    for warning in show::placeholders(&desk) {
        paint::warning(&warning);
    }
    for address in args.unreachable() {
        paint::warning(&format!(
            "{address} leads nobody else to the machine: it is not of the public internet"
        ));
    }
    let records = zone::records(plan, args.ipv4, args.ipv6);
    let text = match args.format {
        _ if args.files => screen::files(plan),
        _ if args.checks => show::checks(plan),
        Format::Text => {
            let (_, encoding) = budget::usual(plan);
            let costs = budget::costs(&desk, &|plan| budget::comparable(plan, encoding));
            screen::whole(plan, &records, &costs)
        }
        Format::Zone => zone::text(plan, &records),
        Format::Json => show::pretty(&document::of(plan, &records)),
    };
    Ok(output::print(&text)?)
}
