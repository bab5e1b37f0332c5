//! A client of name servers and homeservers that tells what it saw, good or bad.
//!
//! It asks the DNS itself, opens TLS to one address at a time, and judges a certificate only after
//! it has it, so that a bad one can be shown. What goes wrong is a sentence. It knows no Matrix.

mod http;
mod names;
mod route;
mod tls;

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{net::TcpStream, time};

pub use http::Answer;
pub use names::{Alias, Service};
pub use route::{Route, leads_to};
pub use tls::{Session, Shown};

use crate::error::{Error, Result};

/// How the client reaches others; the default is what this host would do.
#[derive(Debug, Clone, Default)]
pub struct Ways {
    /// The name server to ask, instead of those in `/etc/resolv.conf`.
    pub nameserver: Option<SocketAddr>,
    /// Where connections go, instead of where their names lead.
    pub connect: Option<Route>,
}

/// What one door of a homeserver is given to answer: connect, greet and reply.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The client.
pub struct Client {
    names: names::Names,
    tls: tls::Tls,
    route: Option<Route>,
}

impl Client {
    /// Reads this host's name servers and certificate authorities; `SSL_CERT_FILE` counts.
    pub fn new(ways: &Ways) -> Result<Client> {
        Ok(Client {
            names: names::Names::new(ways.nameserver)?,
            tls: tls::Tls::new()?,
            route: ways.connect.clone(),
        })
    }

    /// Every address that `host` and `port` lead to, IPv4 first; none when it has none.
    pub async fn addresses(
        &self,
        host: &str,
        port: u16,
    ) -> std::result::Result<Vec<SocketAddr>, String> {
        let (host, port) = match &self.route {
            Some(route) => route.of(port),
            None => (host.to_owned(), port),
        };
        let addresses = self.names.addresses(&host).await?;
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    /// Fails when no name server answers: then nothing can be said about anybody.
    pub async fn asks_the_dns(&self) -> Result<()> {
        self.names.answer().await.map_err(|reason| {
            Error::host(reason).hint("is this computer connected to the internet?")
        })
    }

    /// Whether connections go another way than their names lead, and where.
    #[must_use]
    pub fn route(&self) -> Option<&Route> {
        self.route.as_ref()
    }

    /// Every address in the DNS, whatever the route.
    pub async fn records(&self, host: &str) -> std::result::Result<Vec<IpAddr>, String> {
        self.names.addresses(host).await
    }

    /// The name that `host` is an alias of, if it is one.
    pub async fn alias(&self, host: &str) -> std::result::Result<Alias, String> {
        self.names.alias(host).await
    }

    /// The SRV records of `name`, such as `_matrix-fed._tcp.example.org`, in the order of their priority.
    pub async fn services(&self, name: &str) -> std::result::Result<Vec<Service>, String> {
        self.names.services(name).await
    }

    /// Whether somebody listens at `address`.
    pub async fn reaches(&self, address: SocketAddr) -> std::result::Result<(), String> {
        dial(address).await.map(drop)
    }

    /// Opens TLS to `address`, which is asked for `host`; an untrusted certificate is no error yet.
    pub async fn open(
        &self,
        address: SocketAddr,
        host: &str,
    ) -> std::result::Result<Session, String> {
        in_time(self.tls.open(dial(address).await?, host)).await
    }

    /// What `https://<authority><path>` answers, from the first address of `host` and `port` that lets us
    /// in; the certificate must be good. The body may have `limit` bytes.
    pub async fn get(
        &self,
        (host, port): (&str, u16),
        authority: &str,
        path: &str,
        limit: usize,
    ) -> std::result::Result<Answer, String> {
        let addresses = self.addresses(host, port).await?;
        let mut reason = format!("{host} has no address");
        for address in addresses {
            match self.open(address, host).await {
                Ok(session) => {
                    session.trusted()?;
                    return session.get(authority, path, limit).await;
                }
                Err(error) => reason = format!("{address}: {error}"),
            }
        }
        Err(reason)
    }

    /// How `address`, asked for `host`, takes a greeting in TLS 1.1: `true` when it agrees.
    pub async fn speaks_tls_1_1(
        &self,
        address: SocketAddr,
        host: &str,
    ) -> std::result::Result<bool, String> {
        in_time(tls::offers_1_1(dial(address).await?, host)).await
    }
}

/// Runs `task`, which may use a [`Client`], to its end; the client's connections end with it, so that
/// another task needs another client.
pub fn block_on<T>(task: impl Future<Output = T>) -> Result<T> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build();
    let runtime = runtime.map_err(|error| Error::host(format!("no network: {error}")))?;
    Ok(runtime.block_on(task))
}

async fn dial(address: SocketAddr) -> std::result::Result<TcpStream, String> {
    in_time(async {
        TcpStream::connect(address).await.map_err(|error| format!("cannot connect: {error}"))
    })
    .await
}

async fn in_time<T>(
    task: impl Future<Output = std::result::Result<T, String>>,
) -> std::result::Result<T, String> {
    match time::timeout(PATIENCE, task).await {
        Ok(result) => result,
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}
