//! The test internet of one run: a namespace with a wire, names, fronts and a certificate authority.

use std::{
    net::TcpStream,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    acme::Acme,
    dns::Dns,
    front::{Fronts, Server},
    link::{self, FRONT, FRONT6, MACHINE, MACHINE6},
    mount,
    root::Root,
    trust::Authority,
};
use crate::{
    error::{Error, Result},
    host::{Host, files, wait_until},
};

/// Everything outside the machine.
pub struct Internet {
    /// The tools root of this run; its trust store holds the run's authorities.
    pub root: Root,
    /// The authority that signs fronts and peers.
    pub authority: Authority,
    /// The authority that the machine asks.
    pub acme: Acme,
    /// The certificates of both.
    pub authorities: Vec<String>,
    dir: PathBuf,
    stage: Option<Stage>,
}

/// What is set up anew for each case.
struct Stage {
    dns: Dns,
    server: Server,
}

impl Internet {
    /// Sets it up around `tools`, with its files in `parent/internet`; `cache` is seen inside too. Needs namespaces of
    /// its own.
    pub fn open(host: &Host, tools: &Root, cache: &Path, parent: &Path) -> Result<Internet> {
        let dir = parent.join("internet");
        files::make(&dir)?;
        let root = mount::overlay(host, tools, &dir, cache)?;
        link::up(host, &root)?;
        let authority = Authority::new(host, &root, &dir.join("trust"))?;
        let own = authority.issue(host, "pebble", &["localhost".to_owned()])?;
        let mut acme = Acme::start(host, &root, &dir, &own)?;
        let authorities = vec![authority.certificate()?, acme.authority(host)?];
        let store = mount::inside(root.dir(), Path::new("/etc/ssl/certs/ca-certificates.crt"));
        files::write(&store, &(files::read(&store)? + &authorities.concat()))?;
        let resolver = mount::inside(root.dir(), Path::new("/etc/resolv.conf"));
        files::remove(&resolver)?;
        files::write(&resolver, &format!("nameserver {}\n", link::GATEWAY))?;
        files::write(&mount::inside(root.dir(), Path::new("/etc/hosts")), "127.0.0.1 localhost\n")?;
        // The host's own programs, which make images, live in the same network; this mount namespace is ours alone.
        for file in [resolver, store] {
            let known = mount::outside(root.dir(), &file);
            mount::cover(host, &file, &known)?;
        }
        Ok(Internet { root, authority, acme, authorities, dir, stage: None })
    }

    /// Sets the stage for a case: the fronts serve and have names; the machine's names come later.
    pub fn stage(&mut self, host: &Host, fronts: &Fronts) -> Result<()> {
        // The former name server ends here; who is being served by the fronts is served on.
        let former = self.stage.take().map(|stage| stage.server);
        let own = self.authority.issue(host, "fronts", &fronts.names())?;
        let dns = Dns::start(host, &self.root, &self.dir)?;
        let records = fronts.names().into_iter().flat_map(|name| addresses(&name, FRONT, FRONT6));
        dns.publish("fronts", &records.collect::<Vec<_>>())?;
        let archives = self.dir.join("archives");
        let server = match former {
            Some(mut server) => {
                fronts.follow(host, &mut server, &self.dir, &archives, &own)?;
                server
            }
            None => fronts.start(host, &self.root, &self.dir, &archives, &own)?,
        };
        let mut stage = Stage { dns, server };
        listens(FRONT, 443, || stage.server.is_running())?;
        listens(link::GATEWAY, 53, || stage.dns.is_running())?;
        self.stage = Some(stage);
        Ok(())
    }

    /// Gives the machine its names, from now on.
    pub fn name_machine(&self, names: &[String]) -> Result<()> {
        let records: Vec<_> =
            names.iter().flat_map(|name| addresses(name, MACHINE, MACHINE6)).collect();
        self.publish("machine", &records)
    }

    /// Gives somebody else a name, from now on.
    pub fn publish(&self, label: &str, records: &[(String, String)]) -> Result<()> {
        let stage = self.stage.as_ref().ok_or_else(|| Error::host("there is no stage yet"))?;
        stage.dns.publish(label, records)
    }

    /// Lets the name server say more than addresses, from now on: lines of its configuration.
    pub fn say(&mut self, host: &Host, lines: &str) -> Result<()> {
        let (root, stage) = (&self.root, self.stage.as_mut());
        let stage = stage.ok_or_else(|| Error::host("there is no stage yet"))?;
        stage.dns.start_again(host, root, lines)?;
        listens(link::GATEWAY, 53, || stage.dns.is_running())
    }

    /// A folder for further servers' files.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

fn addresses(name: &str, ipv4: &str, ipv6: &str) -> [(String, String); 2] {
    [(name.to_owned(), ipv4.to_owned()), (name.to_owned(), ipv6.to_owned())]
}

/// Waits until somebody listens, or has ended.
fn listens(address: &str, port: u16, mut is_running: impl FnMut() -> bool) -> Result<()> {
    let nobody = || Error::host(format!("nothing listens on {address} port {port}"));
    let (limit, pause) = (Duration::from_secs(60), Duration::from_millis(100));
    let answers = wait_until(limit, pause, || match TcpStream::connect((address, port)) {
        Ok(_) => Ok(true),
        Err(_) if is_running() => Ok(false),
        Err(_) => Err(nobody()),
    })?;
    if answers { Ok(()) } else { Err(nobody()) }
}
