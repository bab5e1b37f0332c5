//! Names and addresses: one `dnsmasq` that leases, advertises and answers.

use std::path::{Path, PathBuf};

use super::{
    link::{BRIDGE, GATEWAY, GATEWAY6, MACHINE, MACHINE_MAC},
    root::Root,
};
use crate::{
    error::Result,
    host::{Host, Process, files},
};

/// The server, answering.
pub struct Dns {
    process: Process,
    dir: PathBuf,
}

impl Dns {
    /// Starts with no names at all; its files lie in `dir`.
    pub fn start(host: &Host, root: &Root, dir: &Path) -> Result<Dns> {
        let hosts = hosts(dir);
        files::remove(&hosts)?;
        files::make(&hosts)?;
        Ok(Dns { process: serve(host, root, dir, "")?, dir: dir.to_owned() })
    }

    /// Starts again with further lines of its configuration, such as records that are no addresses.
    pub fn start_again(&mut self, host: &Host, root: &Root, lines: &str) -> Result<()> {
        self.process.terminate(host);
        self.process = serve(host, root, &self.dir, lines)?;
        Ok(())
    }

    /// Publishes addresses for names from now on; `label` names the batch.
    pub fn publish(&self, label: &str, records: &[(String, String)]) -> Result<()> {
        let lines: String = records.iter().map(|(name, ip)| format!("{ip} {name}\n")).collect();
        let hosts = hosts(&self.dir);
        // Written elsewhere first: the server reads a file the moment that it appears.
        let draft = hosts.with_extension("new");
        files::write(&draft, &lines)?;
        files::rename(&draft, &hosts.join(label))
    }

    /// Whether it still answers.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }
}

fn hosts(dir: &Path) -> PathBuf {
    dir.join("hosts")
}

fn serve(host: &Host, root: &Root, dir: &Path, lines: &str) -> Result<Process> {
    let config = dir.join("dnsmasq.conf");
    files::write(&config, &(configuration(dir) + lines))?;
    let file = format!("--conf-file={}", config.display());
    let words = root.words(&["dnsmasq", "--keep-in-foreground", &file]);
    host.spawn(&words, &dir.join("dnsmasq.log"))
}

fn configuration(dir: &Path) -> String {
    let dir = dir.display();
    format!(
        "user=root\nlog-facility=-\nlog-queries\nno-hosts\nno-resolv\nno-ping\n\
         bind-interfaces\nlisten-address={GATEWAY}\nlisten-address={GATEWAY6}\ninterface={BRIDGE}\n\
         local=/#/\nhostsdir={dir}/hosts\nlocal-ttl=5\n\
         pid-file={dir}/dnsmasq.pid\ndhcp-leasefile={dir}/leases\n\
         dhcp-range={MACHINE},{MACHINE},255.255.255.0,12h\ndhcp-host={MACHINE_MAC},{MACHINE}\n\
         dhcp-authoritative\nenable-ra\ndhcp-range=2606:2800:220:1::,ra-only,64\n"
    )
}
