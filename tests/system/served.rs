//! A small internet on the loopback device of a network namespace: names, homeservers, and what is
//! wrong with them. It shares no code with the program: keys are signed by ring over JSON sorted here.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::Arc,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use hickory_proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{Name, RData, Record, RecordType, rdata},
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use tokio_rustls::rustls::{
    ServerConfig, ServerConnection, StreamOwned, crypto,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// A zone: lines of `name KIND data`.
pub(crate) fn dns(zone: &'static str) {
    let socket = UdpSocket::bind("127.0.0.1:53").unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let asked = Message::from_vec(&buffer[..length]).unwrap();
            socket.send_to(&answer(asked, zone).to_vec().unwrap(), from).unwrap();
        }
    });
}

fn answer(mut message: Message, zone: &str) -> Message {
    let query = message.queries[0].clone();
    let mut name = query.name().to_ascii().trim_end_matches('.').to_lowercase();
    let lines: Vec<Vec<&str>> = zone.lines().map(|it| it.split_whitespace().collect()).collect();
    let of = |name: &str| lines.iter().filter(move |it| it.first() == Some(&name)).collect();
    let mut found: Vec<&Vec<&str>> = of(&name);
    let exists = !found.is_empty();
    while let Some(alias) = found.iter().find(|it| it[1] == "CNAME").map(|it| it[2]) {
        message.add_answer(record(&name, "CNAME", &[alias]));
        if query.query_type() == RecordType::CNAME {
            break;
        }
        alias.clone_into(&mut name);
        found = of(&name);
    }
    for line in
        found.iter().filter(|it| it[1] != "CNAME" && it[1] == query.query_type().to_string())
    {
        message.add_answer(record(&name, line[1], &line[2..]));
    }
    message.metadata.message_type = MessageType::Response;
    if !exists {
        message.metadata.response_code = ResponseCode::NXDomain;
    }
    message
}

fn record(name: &str, kind: &str, data: &[&str]) -> Record {
    let absolute = |name: &str| Name::from_ascii(format!("{name}.")).unwrap();
    let data = match kind {
        "A" => RData::A(rdata::A(data[0].parse().unwrap())),
        "AAAA" => RData::AAAA(rdata::AAAA(data[0].parse().unwrap())),
        "CNAME" => RData::CNAME(rdata::CNAME(absolute(data[0]))),
        "SRV" => {
            let number = |n: usize| data[n].parse().unwrap();
            RData::SRV(rdata::SRV::new(number(0), number(1), number(2), absolute(data[3])))
        }
        _ => panic!("{kind}"),
    };
    Record::from_rdata(absolute(name), 60, data)
}

/// A certificate authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    /// For `name`, which may be an address; in `year` it ends; it may be that of an authority.
    fn serve(&self, name: &str, year: i32, is_ca: bool) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        if is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
        Arc::new(config.unwrap())
    }
}

/// A web server, and what it says; unless told otherwise, a good homeserver.
#[derive(Clone)]
pub(crate) struct Server {
    /// What its certificate is for.
    name: String,
    ends: i32,
    is_ca: bool,
    /// Path to status, further header lines and body.
    pages: BTreeMap<String, (u16, String, String)>,
}

/// The paths that matter.
pub(crate) const WELL_KNOWN: &str = "/.well-known/matrix/server";
pub(crate) const KEYS: &str = "/_matrix/key/v2/server";
pub(crate) const VERSION: &str = "/_matrix/federation/v1/version";

impl Server {
    /// A homeserver of `server_name` with a certificate for `name`.
    pub(crate) fn of(server_name: &str, name: &str) -> Server {
        let version = r#"{"server": {"name": "Synapse", "version": "1.163.2"}}"#;
        Server { name: name.to_owned(), ends: 2400, is_ca: false, pages: BTreeMap::new() }
            .page(KEYS, 200, &Keys::of(server_name).document())
            .page(VERSION, 200, version)
    }

    /// A web server that serves no Matrix.
    pub(crate) fn plain(name: &str) -> Server {
        Server { name: name.to_owned(), ends: 2400, is_ca: false, pages: BTreeMap::new() }
    }

    /// One that delegates to `target`.
    pub(crate) fn delegating(name: &str, target: &str) -> Server {
        Server::plain(name).page(WELL_KNOWN, 200, &format!(r#"{{"m.server": "{target}"}}"#))
    }

    pub(crate) fn page(mut self, path: &str, status: u16, body: &str) -> Server {
        self.pages.insert(path.to_owned(), (status, String::new(), body.to_owned()));
        self
    }

    pub(crate) fn redirect(mut self, path: &str, to: &str) -> Server {
        let header = format!("location: {to}\r\n");
        self.pages.insert(path.to_owned(), (302, header, String::new()));
        self
    }

    pub(crate) fn keys(self, keys: &Keys) -> Server {
        self.page(KEYS, 200, &keys.document())
    }

    /// Its certificate says that it is an authority's.
    pub(crate) fn with_certificate_of_an_authority(mut self) -> Server {
        self.is_ca = true;
        self
    }

    pub(crate) fn ends(mut self, year: i32) -> Server {
        self.ends = year;
        self
    }

    /// Serves until the test ends.
    pub(crate) fn listen(self, authority: &Authority, address: &str, port: u16) {
        let config = authority.serve(&self.name, self.ends, self.is_ca);
        let address = SocketAddr::new(address.parse::<IpAddr>().unwrap(), port);
        let listener = TcpListener::bind(address).unwrap_or_else(|it| panic!("{address}: {it}"));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Who hangs up during the greeting is no matter of the server.
                self.answer(stream, config.clone()).ok();
            }
        });
    }

    fn answer(&self, stream: TcpStream, config: Arc<ServerConfig>) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        let session = ServerConnection::new(config).map_err(std::io::Error::other)?;
        let mut stream = StreamOwned::new(session, stream);
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head);
        let path = head.split(' ').nth(1).unwrap_or_default();
        let nothing = (404, String::new(), String::new());
        let (status, header, body) = self.pages.get(path).unwrap_or(&nothing);
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{header}\r\n");
        stream.write_all((head + body).as_bytes())?;
        stream.conn.send_close_notify();
        stream.flush()
    }
}

/// A document of signing keys, and what may be wrong with it.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) server_name: String,
    /// Of the key's bytes.
    pub(crate) length: usize,
    pub(crate) algorithm: &'static str,
    /// From now, in hours.
    pub(crate) valid: i64,
    /// Something that the signature does not cover.
    pub(crate) forged: bool,
}

impl Keys {
    pub(crate) fn of(server_name: &str) -> Keys {
        let server_name = server_name.to_owned();
        Keys { server_name, length: 32, algorithm: "ed25519", valid: 24, forged: false }
    }

    fn document(&self) -> String {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
        let key = STANDARD_NO_PAD.encode(&pair.public_key().as_ref()[..self.length]);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let until = i64::try_from(now).unwrap() + self.valid * 3_600_000;
        let Keys { server_name, algorithm, .. } = self;
        // Canonical: sorted, and no blank.
        let mut body = format!(r#""old_verify_keys":{{}},"server_name":"{server_name}""#);
        write!(body, r#","valid_until_ts":{until}"#).unwrap();
        write!(body, r#","verify_keys":{{"{algorithm}:a":{{"key":"{key}"}}}}"#).unwrap();
        let signature = STANDARD_NO_PAD.encode(pair.sign(format!("{{{body}}}").as_bytes()));
        let signatures = format!(r#"{{"{server_name}":{{"{algorithm}:a":"{signature}"}}}}"#);
        let forged = if self.forged { r#","forged":1"# } else { "" };
        format!(r#"{{"signatures":{signatures},{body}{forged}}}"#)
    }
}
