//! The certificate authority that the machine asks: pebble, whose log says what it was asked.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;

use super::{link::GATEWAY, root::Root, trust::Certificate};
use crate::{
    error::{Error, Result},
    host::{Host, Process, files, wait_until},
};

/// The authority, answering.
pub struct Acme {
    process: Process,
    log: PathBuf,
    root: Root,
}

/// Where its protocol is spoken, inside the namespace.
pub const ADDRESS: &str = "127.0.0.1:14000";
const MANAGEMENT: &str = "127.0.0.1:15000";

impl Acme {
    /// Starts it with a certificate of its own; its files lie in `dir`.
    pub fn start(host: &Host, root: &Root, dir: &Path, own: &Certificate) -> Result<Acme> {
        let file = dir.join("pebble.json");
        files::write(&file, &configuration(own))?;
        let (log, dns) = (dir.join("pebble.log"), format!("{GATEWAY}:53"));
        let words = root.words(&[
            "env",
            "PEBBLE_VA_NOSLEEP=1",
            "PEBBLE_WFE_NONCEREJECT=0",
            "pebble",
            "-config",
            &file.to_string_lossy(),
            "-dnsserver",
            &dns,
        ]);
        let process = host.spawn(&words, &log)?;
        Ok(Acme { process, log, root: root.clone() })
    }

    /// The certificate of the root that all it issues hangs from.
    pub fn authority(&mut self, host: &Host) -> Result<String> {
        let url = format!("https://{MANAGEMENT}/roots/0");
        let words = self.root.words(&["curl", "-fsSk", &url]);
        let failed = || Error::host(format!("pebble does not start; see `{}`", self.log.display()));
        let mut certificate = None;
        wait_until(Duration::from_secs(120), Duration::from_millis(200), || {
            let outcome = host.outcome(&words, "")?;
            certificate = (outcome.status == 0).then_some(outcome.stdout);
            Ok(certificate.is_some() || !self.process.is_running())
        })?;
        certificate.ok_or_else(failed)
    }

    /// How many orders and validations it has been asked for so far.
    pub fn requests(&self) -> Result<usize> {
        let log = files::read(&self.log)?;
        Ok(log.lines().filter(|line| is_request(line)).count())
    }
}

fn is_request(line: &str) -> bool {
    line.contains("/order-plz") || line.contains("/chalZ/") || line.contains("validate w/ HTTP")
}

fn configuration(own: &Certificate) -> String {
    json!({"pebble": {
        "listenAddress": ADDRESS,
        "managementListenAddress": MANAGEMENT,
        "certificate": own.chain,
        "privateKey": own.key,
        "httpPort": 80,
        "tlsPort": 443,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": false,
    }})
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_and_validations_are_requests_and_the_directory_is_none() {
        assert!(is_request("Pebble 2026 POST /order-plz -> calling handler()"));
        assert!(is_request("Pebble 2026 Attempting to validate w/ HTTP: http://a.example:80/x"));
        assert!(!is_request("Pebble 2026 GET /dir -> calling handler()"));
    }
}
