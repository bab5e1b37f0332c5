//! A plan for programs. `docs/plan.md` describes every key; within a version, keys are only added.

use serde::Serialize;

use super::zone::Record;
use crate::{
    backend::user_data::{self, Encoding, LIMIT},
    check::Check,
    plan::{Born, Chosen, Fact, File, Package, Plan, Port, Publication, Secret, Unit},
};

/// The whole.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    version: u32,
    homeseed: &'a str,
    server_name: &'a str,
    host: &'a str,
    suite: &'a str,
    site_digest: &'a str,
    payload_digest: String,
    user_data: UserData,
    dns: &'a [Record],
    ports: &'a [Port],
    publications: &'a [Publication],
    warnings: &'a [String],
    layers: &'a [Chosen],
    facts: &'a [Fact],
    born: &'a [Born],
    secrets: &'a [Secret],
    packages: &'a [Package],
    units: &'a [Unit],
    files: Vec<Planned<'a>>,
    checks: &'a [Check],
}

#[derive(Serialize)]
struct UserData {
    limit: usize,
    plain: usize,
    compact: usize,
    gzip: usize,
}

#[derive(Serialize)]
struct Planned<'a> {
    #[serde(flatten)]
    file: &'a File,
    bytes: usize,
    sha256: String,
}

/// Of `plan`.
pub(super) fn of<'a>(plan: &'a Plan, records: &'a [Record]) -> Document<'a> {
    let length = |encoding| {
        user_data::render(plan, encoding, usize::MAX).map_or(0, |document| document.len())
    };
    let planned =
        |file: &'a File| Planned { file, bytes: file.contents.len(), sha256: file.digest() };
    Document {
        version: 2,
        homeseed: env!("CARGO_PKG_VERSION"),
        server_name: &plan.server_name,
        host: &plan.host,
        suite: &plan.suite,
        site_digest: &plan.site_digest,
        payload_digest: plan.digest(),
        user_data: UserData {
            limit: LIMIT,
            plain: length(Encoding::Plain),
            compact: length(Encoding::Compact),
            gzip: user_data::gzip(plan).len(),
        },
        dns: records,
        ports: &plan.ports,
        publications: &plan.publications,
        warnings: &plan.warnings,
        layers: &plan.layers,
        facts: &plan.facts,
        born: &plan.born,
        secrets: &plan.secrets,
        packages: &plan.packages,
        units: &plan.units,
        files: plan.files.iter().map(planned).collect(),
        checks: &plan.checks,
    }
}
