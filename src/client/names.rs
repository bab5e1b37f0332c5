//! Asks the DNS. No record is an answer; no answer is an error.

use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use hickory_resolver::{
    TokioResolver,
    config::{NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::{Name, RData, RecordType},
};
use serde::Serialize;

use crate::error::{Error, Result};

/// What a name server is given to answer; each is asked twice.
const PATIENCE: Duration = Duration::from_secs(3);

/// The way to the name servers.
pub(super) struct Names {
    resolver: TokioResolver,
    /// Whether it is known that nobody answers.
    silent: AtomicBool,
}

/// The name at the end of a chain of CNAME records; none when there is no such record.
pub type Alias = Option<String>;

/// An SRV record; the keys are those of Go's `net.SRV`, which the federation tester prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Service {
    /// The host, without the last dot.
    pub target: String,
    /// The port there.
    pub port: u16,
    /// The lowest is asked first.
    pub priority: u16,
    /// A share among those of the same priority.
    pub weight: u16,
}

impl Names {
    /// Asks `server`, or those that this host uses.
    pub(super) fn new(server: Option<SocketAddr>) -> Result<Names> {
        let failed = |error| Error::host(format!("no name server is known here: {error}"));
        let mut builder = match server {
            None => TokioResolver::builder_tokio().map_err(failed)?,
            Some(server) => {
                let mut config = NameServerConfig::udp_and_tcp(server.ip());
                config.connections.iter_mut().for_each(|it| it.port = server.port());
                let config = ResolverConfig::from_name_servers(vec![config]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        let options = builder.options_mut();
        options.preserve_intermediates = true;
        options.timeout = PATIENCE;
        let silent = AtomicBool::new(false);
        Ok(Names { resolver: builder.build().map_err(failed)?, silent })
    }

    /// Whether a name server answers at all: each of them knows those of the root.
    pub(super) async fn answer(&self) -> std::result::Result<(), String> {
        self.ask(".", RecordType::NS).await.map(drop)
    }

    /// The IPv4 and the IPv6 addresses of `host`, each in the order of its digits.
    pub(super) async fn addresses(&self, host: &str) -> std::result::Result<Vec<IpAddr>, String> {
        if let Ok(address) = host.trim_matches(['[', ']']).parse() {
            return Ok(vec![address]);
        }
        let mut addresses = Vec::new();
        for kind in [RecordType::A, RecordType::AAAA] {
            let data = self.data(host, kind).await?;
            addresses.extend(data.iter().filter_map(|it| match it {
                RData::A(address) => Some(IpAddr::V4(address.0)),
                RData::AAAA(address) => Some(IpAddr::V6(address.0)),
                _ => None,
            }));
        }
        addresses.sort();
        addresses.dedup();
        Ok(addresses)
    }

    /// Where the chain that begins at `host` ends.
    pub(super) async fn alias(&self, host: &str) -> std::result::Result<Alias, String> {
        let mut name = host.to_owned();
        for _ in 0..8 {
            let data = self.data(&name, RecordType::CNAME).await?;
            let next = data.iter().find_map(|it| match it {
                RData::CNAME(next) => Some(plain(&next.0)),
                _ => None,
            });
            match next {
                Some(next) => name = next,
                None => return Ok(Some(name).filter(|it| it != host)),
            }
        }
        Err(format!("{host} is an alias of an alias without end"))
    }

    /// The SRV records of `name`.
    pub(super) async fn services(&self, name: &str) -> std::result::Result<Vec<Service>, String> {
        let data = self.data(name, RecordType::SRV).await?;
        let mut services: Vec<Service> = data.iter().filter_map(service).collect();
        services.sort_by_key(|it| (it.priority, u16::MAX - it.weight, it.target.clone(), it.port));
        Ok(services)
    }

    /// What a name server says; when nobody answers at all, only the first one who asks waits for it.
    async fn data(&self, name: &str, kind: RecordType) -> std::result::Result<Vec<RData>, String> {
        if self.silent.load(Ordering::Relaxed) {
            return Err(format!("no name server tells the {kind} records of {name}: none answers"));
        }
        let began = Instant::now();
        let found = self.ask(name, kind).await;
        if found.is_err() && began.elapsed() >= PATIENCE && self.answer().await.is_err() {
            self.silent.store(true, Ordering::Relaxed);
        }
        found
    }

    async fn ask(&self, name: &str, kind: RecordType) -> std::result::Result<Vec<RData>, String> {
        // With the last dot, no search domain is tried.
        let absolute = format!("{}.", name.trim_end_matches('.'));
        let asked = Name::from_ascii(&absolute).map_err(|_| format!("`{name}` is no name"))?;
        match self.resolver.lookup(asked, kind).await {
            Ok(found) => Ok(found.answers().iter().map(|record| record.data.clone()).collect()),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => {
                Err(format!("no name server tells the {kind} records of {name}: {error}"))
            }
        }
    }
}

fn service(data: &RData) -> Option<Service> {
    let RData::SRV(it) = data else { return None };
    let target = plain(&it.target);
    Some(Service { target, port: it.port, priority: it.priority, weight: it.weight })
}

/// As people write it.
fn plain(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_lowercase()
}
