//! Another homeserver: a real Synapse with users of its own, to federate with.
//!
//! It runs from the tree of the fixture package, in the tools root, on `SQLite`. It speaks TLS itself on the
//! ports 443 and 8448 of its own addresses and serves the well-known document of its name.

use std::{
    fs::File,
    io::Read,
    net::TcpStream,
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde_json::{Value, json};

use super::{fixture::Fixture, root::Root, trust::Certificate};
use crate::{
    error::{Error, Result},
    host::{Host, Process, files, wait_until},
};

/// What makes a homeserver this one.
#[derive(Debug, Clone)]
pub struct Peer<'a> {
    /// The name behind the colon; also the host that it is reached at.
    pub server_name: &'a str,
    /// Its own addresses, the first of them IPv4.
    pub addresses: &'a [&'a str],
    /// For its server name.
    pub certificate: &'a Certificate,
    /// Certificates of the authorities that it trusts, each a PEM text.
    pub authorities: &'a [String],
}

/// A homeserver that runs; it is killed when this is dropped.
pub struct Running {
    process: Process,
    server_name: String,
    address: String,
    config: PathBuf,
    command: Vec<String>,
}

/// Peers hold nothing worth a secret: they live for a run, in a namespace without a way out.
const SHARED_SECRET: &str = "peer";
/// Plain HTTP, on the first address, for the registration of users.
const PLAIN_PORT: u16 = 8008;
/// Two Synapses share two cores with an emulated machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// Starts a homeserver; its files lie in `dir`, which the tools root sees under the same path.
///
/// It does not listen yet: [`Running::wait`] says when it does, so that several can start at once.
pub fn start(
    host: &Host,
    root: &Root,
    fixture: &Fixture,
    dir: &Path,
    peer: &Peer,
) -> Result<Running> {
    files::remove(dir)?;
    files::make(dir)?;
    let authorities = place_authorities(dir, peer.authorities)?;
    let config = dir.join("homeserver.yaml");
    files::write(&config, &configuration(dir, peer, &authorities).to_string())?;
    files::write(&dir.join("log.yaml"), &logging().to_string())?;
    files::write(&dir.join("signing.key"), &signing_key()?)?;
    let python = fixture.python().to_string_lossy().into_owned();
    let command = root.words(&["env", "LC_ALL=C.UTF-8", &python, "-m"]);
    let serve = [&command[..], &words(&["synapse.app.homeserver", "-c", &file(&config)])].concat();
    Ok(Running {
        process: host.spawn(&serve, &dir.join("homeserver.log"))?,
        server_name: peer.server_name.to_owned(),
        address: peer.addresses.first().copied().unwrap_or("127.0.0.1").to_owned(),
        config,
        command,
    })
}

impl Running {
    /// Waits until it listens; an error when it ends instead, or takes too long.
    pub fn wait(&mut self) -> Result<()> {
        let ports = [443, PLAIN_PORT];
        let listens = |port: &u16| TcpStream::connect((&*self.address, *port)).is_ok();
        wait_until(PATIENCE, Duration::from_millis(100), || {
            Ok(ports.iter().all(listens) || !self.process.is_running())
        })?;
        if ports.iter().all(listens) {
            return Ok(());
        }
        let message = format!("the homeserver `{}` does not start", self.server_name);
        Err(Error::host(message).hint(format!("its log is `{}`", self.process.log().display())))
    }

    /// Makes the user `localpart` with `password`; no error when the user exists.
    pub fn register(&self, host: &Host, localpart: &str, password: &str) -> Result<()> {
        let url = format!("http://{}:{PLAIN_PORT}", self.address);
        let register = words(&[
            "synapse._scripts.register_new_matrix_user",
            "-c",
            &file(&self.config),
            "-u",
            localpart,
            "-p",
            password,
            "--no-admin",
            "--exists-ok",
            &url,
        ]);
        host.run(&[&self.command[..], &register].concat())
    }
}

/// Synapse reads one certificate from a file.
fn place_authorities(dir: &Path, authorities: &[String]) -> Result<Vec<PathBuf>> {
    let place = |(n, text): (usize, &String)| {
        let path = dir.join(format!("authority-{n}.pem"));
        files::write(&path, text).map(|()| path)
    };
    authorities.iter().enumerate().map(place).collect()
}

/// A new key in the form that Synapse keeps: algorithm, name, seed.
fn signing_key() -> Result<String> {
    let mut seed = [0; 32];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut seed))
        .map_err(|error| Error::host(format!("cannot read `/dev/urandom`: {error}")))?;
    Ok(format!("ed25519 a_peer {}\n", STANDARD_NO_PAD.encode(seed)))
}

/// JSON, which is YAML too.
fn configuration(dir: &Path, peer: &Peer, authorities: &[PathBuf]) -> Value {
    let generous = json!({"per_second": 1000, "burst_count": 1000});
    json!({
        "server_name": peer.server_name,
        "public_baseurl": format!("https://{}/", peer.server_name),
        "serve_server_wellknown": true,
        "listeners": [
            listener(443, peer.addresses, true),
            listener(8448, peer.addresses, true),
            listener(PLAIN_PORT, &peer.addresses[..peer.addresses.len().min(1)], false),
        ],
        "tls_certificate_path": peer.certificate.chain,
        "tls_private_key_path": peer.certificate.key,
        "federation_custom_ca_list": authorities,
        "ip_range_blacklist": [],
        "trusted_key_servers": [],
        "database": {"name": "sqlite3", "args": {"database": dir.join("homeserver.db")}},
        "media_store_path": dir.join("media"),
        "signing_key_path": dir.join("signing.key"),
        "log_config": dir.join("log.yaml"),
        "registration_shared_secret": SHARED_SECRET,
        "macaroon_secret_key": SHARED_SECRET,
        "report_stats": false,
        "presence": {"enabled": false},
        "caches": {"global_factor": 0.1},
        "bcrypt_rounds": 4,
        // A machine that was switched off is tried again at once.
        "federation": {"destination_min_retry_interval": "1s", "destination_max_retry_interval": "5s"},
        "rc_message": generous,
        "rc_login": {"address": generous, "account": generous, "failed_attempts": generous},
        "rc_joins": {"local": generous, "remote": generous},
        "rc_invites": {"per_room": generous, "per_user": generous, "per_issuer": generous},
    })
}

fn listener(port: u16, addresses: &[&str], tls: bool) -> Value {
    json!({
        "type": "http",
        "port": port,
        "tls": tls,
        "bind_addresses": addresses,
        "resources": [{"names": ["client", "federation"]}],
    })
}

/// Every request, on standard error; without what the database does.
fn logging() -> Value {
    json!({
        "version": 1,
        "disable_existing_loggers": false,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(request)s %(message)s"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {"synapse.storage": {"level": "WARNING"}},
        "root": {"level": "INFO", "handlers": ["console"]},
    })
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn file(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
