//! The federation's verdict in situations that are served, beside a table made by hand from the
//! specification and the source of the federation tester.

use std::{
    env, fs,
    net::UdpSocket,
    process::Output,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    root,
    served::{Authority, Keys, Server, VERSION, WELL_KNOWN, dns},
    tools,
};

/// Set inside the namespace.
const INSIDE: &str = "HOMESEED_TEST_INSIDE";

const PROGRAM: &str = env!("CARGO_BIN_EXE_homeseed");

/// A situation: the server name; whether others can federate; where the report says what is decisive,
/// and what it says there. A text means that it is part of the text.
type Row = (&'static str, bool, &'static str, &'static str);

const TABLE: &[Row] = &[
    ("delegated.test", true, "/WellKnownResult/m.server", "hs.delegated.test:443"),
    ("portless.test", true, "/DNSResult/SRVCName", "_matrix-fed._tcp.hs.portless.test"),
    ("oldsrv.test", true, "/DNSResult/SRVCName", "_matrix._tcp.hs.oldsrv.test"),
    ("direct.test", true, "/DNSResult/Addrs/0", "10.1.0.4:8448"),
    ("srv.test", true, "/DNSResult/SRVRecords/0/Target", "hs.srv.test"),
    ("port.test:4430", true, "/DNSResult/SRVSkipped", "true"),
    ("10.1.0.7", true, "/DNSResult/Addrs/0", "10.1.0.7:8448"),
    ("redirected.test", true, "/WellKnownResult/m.server", "next.redirected.test:4433"),
    ("alias.test", true, "/DNSResult/Hosts/alias.test/CName", "real.alias.test"),
    ("two.test", true, "/DNSResult/Addrs/1", "[fd00::11]:8448"),
    ("garbled.test", true, "/WellKnownResult/result", "not a JSON object"),
    ("badfront.test", true, "/WellKnownResult/result", "its certificate expired"),
    ("huge.test", true, "/WellKnownResult/result", "its answer is not taken"),
    ("plainhttp.test", false, "/WellKnownResult/result", "redirects to `http://"),
    ("loop.test", false, "/WellKnownResult/result", "redirects more than 20 times"),
    ("nonsense.test", false, "/Error", "no server name"),
    ("a_b.test", false, "/Error", "is not a server name"),
    ("nowhere.test", false, "/Error", "leads to no address"),
    ("expired.test", false, "/ConnectionReports/10.1.0.20:8448/Errors/0/Message", "expired"),
    ("wrongname.test", false, "/ConnectionReports/10.1.0.21:8448/Errors/0/Message", "is not for"),
    (
        "untrusted.test",
        false,
        "/ConnectionReports/10.1.0.22:8448/Errors/0/Message",
        "signed its certificate, but `other`",
    ),
    ("forged.test", false, "/ConnectionReports/10.1.0.23:8448/Checks/AllEd25519ChecksOK", "false"),
    ("stolen.test", false, "/ConnectionReports/10.1.0.24:8448/Checks/MatchingServerName", "false"),
    ("stale.test", false, "/ConnectionReports/10.1.0.25:8448/Checks/FutureValidUntilTS", "false"),
    ("keyless.test", false, "/ConnectionReports/10.1.0.26:8448/Checks/HasEd25519Key", "false"),
    (
        "short.test",
        false,
        "/ConnectionReports/10.1.0.27:8448/Checks/Ed25519Checks/ed25519:a/ValidEd25519",
        "false",
    ),
    ("dead6.test", false, "/ConnectionErrors/[fd00::28]:8448/Message", "cannot connect"),
    ("srvalias.test", false, "/DNSResult/Hosts/alias.test/Error/Message", "RFC 2782"),
    (
        "authority.test",
        false,
        "/ConnectionReports/10.1.0.33:8448/Errors/0/Message",
        "is that of an authority, not of a server",
    ),
    ("mute.test", false, "/ConnectionErrors/10.1.0.30:8448/Message", "answers 404"),
    ("nasty.test", false, "/Error", "no server name"),
    ("versionless.test", false, "/Version/error", "answers 500"),
];

/// Escaped in JSON: it would clear the screen, and say something in our name.
const NASTY: &str = r"\u001b[2J\nok 1 - all is well";

const ZONE: &str = "
delegated.test A 10.1.0.1
hs.delegated.test A 10.1.0.2
portless.test A 10.1.0.3
hs.portless.test A 10.9.9.9
_matrix-fed._tcp.hs.portless.test SRV 10 0 8448 box.portless.test
_matrix._tcp.hs.portless.test SRV 10 0 8448 nobody.test
box.portless.test A 10.1.0.3
oldsrv.test A 10.1.0.5
_matrix._tcp.hs.oldsrv.test SRV 10 0 4431 box.oldsrv.test
box.oldsrv.test A 10.1.0.5
direct.test A 10.1.0.4
srv.test A 10.9.9.9
_matrix-fed._tcp.srv.test SRV 10 0 4432 hs.srv.test
hs.srv.test A 10.1.0.6
port.test A 10.1.0.6
redirected.test A 10.1.0.8
next.redirected.test A 10.1.0.9
alias.test CNAME real.alias.test
real.alias.test A 10.1.0.10
two.test A 10.1.0.11
two.test AAAA fd00::11
garbled.test A 10.1.0.12
badfront.test A 10.1.0.13
huge.test A 10.1.0.14
plainhttp.test A 10.1.0.15
loop.test A 10.1.0.16
nonsense.test A 10.1.0.17
nowhere.test TXT x
expired.test A 10.1.0.20
wrongname.test A 10.1.0.21
untrusted.test A 10.1.0.22
forged.test A 10.1.0.23
stolen.test A 10.1.0.24
stale.test A 10.1.0.25
keyless.test A 10.1.0.26
short.test A 10.1.0.27
dead6.test A 10.1.0.28
dead6.test AAAA fd00::28
srvalias.test A 10.9.9.9
_matrix-fed._tcp.srvalias.test SRV 10 0 8448 alias.test
mute.test A 10.1.0.30
nasty.test A 10.1.0.32
versionless.test A 10.1.0.31
authority.test A 10.1.0.33
";

fn serve(good: &Authority, other: &Authority) {
    let delegating = Server::delegating;
    let hs = |name: &str| Server::of(name, name);
    delegating("delegated.test", "hs.delegated.test:443").listen(good, "10.1.0.1", 443);
    // The name in the document is the one that was asked for.
    Server::of("delegated.test", "hs.delegated.test").listen(good, "10.1.0.2", 443);
    delegating("portless.test", "hs.portless.test").listen(good, "10.1.0.3", 443);
    Server::of("portless.test", "hs.portless.test").listen(good, "10.1.0.3", 8448);
    delegating("oldsrv.test", "hs.oldsrv.test").listen(good, "10.1.0.5", 443);
    Server::of("oldsrv.test", "hs.oldsrv.test").listen(good, "10.1.0.5", 4431);
    hs("direct.test").listen(good, "10.1.0.4", 8448);
    hs("srv.test").listen(good, "10.1.0.6", 4432);
    Server::of("port.test:4430", "port.test").listen(good, "10.1.0.6", 4430);
    hs("10.1.0.7").listen(good, "10.1.0.7", 8448);
    let to = "https://next.redirected.test/here";
    Server::plain("redirected.test").redirect(WELL_KNOWN, to).listen(good, "10.1.0.8", 443);
    let body = r#"{"m.server": "next.redirected.test:4433"}"#;
    Server::plain("next.redirected.test").page("/here", 200, body).listen(good, "10.1.0.9", 443);
    Server::of("redirected.test", "next.redirected.test").listen(good, "10.1.0.9", 4433);
    hs("alias.test").listen(good, "10.1.0.10", 8448);
    hs("two.test").listen(good, "10.1.0.11", 8448);
    hs("two.test").listen(good, "fd00::11", 8448);
    Server::plain("garbled.test").page(WELL_KNOWN, 200, "<html>").listen(good, "10.1.0.12", 443);
    hs("garbled.test").listen(good, "10.1.0.12", 8448);
    delegating("badfront.test", "nowhere.test").ends(2001).listen(good, "10.1.0.13", 443);
    hs("badfront.test").listen(good, "10.1.0.13", 8448);
    let huge = format!(r#"{{"m.server": "nowhere.test", "x": "{}"}}"#, "x".repeat(60_000));
    Server::plain("huge.test").page(WELL_KNOWN, 200, &huge).listen(good, "10.1.0.14", 443);
    hs("huge.test").listen(good, "10.1.0.14", 8448);
    let to = "http://plainhttp.test/";
    Server::plain("plainhttp.test").redirect(WELL_KNOWN, to).listen(good, "10.1.0.15", 443);
    Server::plain("loop.test").redirect(WELL_KNOWN, WELL_KNOWN).listen(good, "10.1.0.16", 443);
    delegating("nonsense.test", "no name:99999").listen(good, "10.1.0.17", 443);
    hs("nonsense.test").listen(good, "10.1.0.17", 8448);
    hs("expired.test").ends(2001).listen(good, "10.1.0.20", 8448);
    Server::of("wrongname.test", "other.test").listen(good, "10.1.0.21", 8448);
    hs("untrusted.test").listen(other, "10.1.0.22", 8448);
    let keys = |name: &str| Keys::of(name);
    serve_keys(good, "10.1.0.23", "forged.test", &Keys { forged: true, ..keys("forged.test") });
    serve_keys(good, "10.1.0.24", "stolen.test", &keys("delegated.test"));
    serve_keys(good, "10.1.0.25", "stale.test", &Keys { valid: -1, ..keys("stale.test") });
    serve_keys(good, "10.1.0.26", "keyless.test", &Keys { algorithm: "x", ..keys("keyless.test") });
    serve_keys(good, "10.1.0.27", "short.test", &Keys { length: 31, ..keys("short.test") });
    hs("dead6.test").listen(good, "10.1.0.28", 8448);
    delegating("nasty.test", NASTY).listen(good, "10.1.0.32", 443);
    hs("authority.test").with_certificate_of_an_authority().listen(good, "10.1.0.33", 8448);
    Server::plain("mute.test").listen(good, "10.1.0.30", 8448);
    hs("versionless.test").page(VERSION, 500, "").listen(good, "10.1.0.31", 8448);
}

fn serve_keys(authority: &Authority, address: &str, name: &str, keys: &Keys) {
    Server::of(name, name).keys(keys).listen(authority, address, 8448);
}

#[test]
fn the_verdict_on_every_served_situation_is_that_of_the_table() {
    if env::var_os(INSIDE).is_some() {
        return inside();
    }
    let test = "federation::the_verdict_on_every_served_situation_is_that_of_the_table";
    let this = env::current_exe().unwrap();
    let mut words = root::alone();
    words.extend([this.to_str().unwrap(), "--exact", test, "--nocapture"]);
    let mut command = tools::command(words[0]);
    command.args(&words[1..]).env(INSIDE, "1");
    let output = tools::finish(tools::start(&mut command), "");
    let said = tools::said(&output);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert!(said.contains(&format!("{} situations", TABLE.len())), "{said}");
}

/// In a network namespace of its own: real addresses, real ports, and nothing of this host.
fn inside() {
    for words in ["ip link set lo up", "ip -6 address add fd00::11/128 dev lo nodad"] {
        let output = tools::run(&words.split(' ').collect::<Vec<_>>(), "");
        assert!(output.status.success(), "{words}: {}", tools::said(&output));
    }
    let output = tools::run(&["ip", "address", "add", "10.1.0.0/16", "dev", "lo"], "");
    assert!(output.status.success(), "{}", tools::said(&output));
    let (good, other) = (Authority::new("good"), Authority::new("other"));
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("ca.pem");
    fs::write(&store, &good.pem).unwrap();
    serve(&good, &other);
    dns(ZONE);
    let wrong: Vec<String> =
        TABLE.iter().filter_map(|row| judge(row, store.to_str().unwrap()).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let said = tools::said(&look("nasty.test", "text", store.to_str().unwrap()));
    assert!(said.contains("ok 1 - all is well"), "{said}");
    assert!(!said.contains('\u{1b}') && !said.contains("\nok 1"), "{said}");
    a_name_server_that_says_nothing_is_soon_given_up();
    the_machine_is_where_the_name_server_says(store.to_str().unwrap());
    println!("{} situations", TABLE.len());
}

fn a_name_server_that_says_nothing_is_soon_given_up() {
    // Bound, and never read.
    let mute = UdpSocket::bind("127.0.0.9:53").unwrap();
    let began = Instant::now();
    let output =
        tools::run(&[PROGRAM, "federation", "direct.test", "--nameserver", "127.0.0.9"], "");
    let said = tools::said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no name server tells"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    // Where the machine is known to be, all else is looked at, and nobody waits for each name.
    let site = "server_name: maple.chat\nhost: chat.maple.chat\noperator: {email: a@maple.chat, ssh_keys: []}\n";
    let words = ["verify", "-", "--nameserver", "127.0.0.9", "--connect", "127.0.0.1:1"];
    let began = Instant::now();
    let output = tools::run(&[&[PROGRAM], &words[..]].concat(), site);
    drop(mute);
    let said = tools::said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(began.elapsed() < Duration::from_secs(45), "{:?}", began.elapsed());
}

/// `--nameserver` counts for curl too, which cannot be told; and a way that leads nowhere is not the site's fault.
fn the_machine_is_where_the_name_server_says(store: &str) {
    let site = "server_name: delegated.test\nhost: hs.delegated.test\n\
                operator: {email: a@delegated.test, ssh_keys: []}\n";
    let verify = |arguments: &[&str]| {
        let mut command = tools::command(PROGRAM);
        command.args(["verify", "-", "--format", "tap", "--nameserver", "127.0.0.1"]);
        command.args(arguments).env("SSL_CERT_FILE", store).env("CURL_CA_BUNDLE", store);
        tools::finish(tools::start(&mut command), site)
    };
    let output = verify(&[]);
    let said = tools::said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    // Both look at the same machine, which is good as far as they go.
    for fact in [
        "federation: the server name leads to this machine",
        "nginx: federation version and key answer",
    ] {
        assert!(
            said.lines().any(|it| it.starts_with("ok ") && it.ends_with(fact)),
            "{fact}: {said}"
        );
    }
    assert!(!said.contains("Could not resolve host"), "{said}");
    let output = verify(&["--connect", "nowhere.invalid"]);
    let said = tools::said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("`nowhere.invalid`, where `--connect` leads, has no address"), "{said}");
    assert!(!said.contains("not ok"), "no fact of the site is blamed: {said}");
}

/// What `homeseed federation` says of `name`.
fn look(name: &str, format: &str, store: &str) -> Output {
    let mut command = tools::command(PROGRAM);
    command.args(["federation", name, "--format", format, "--nameserver", "127.0.0.1"]);
    command.env("SSL_CERT_FILE", store).env_remove("SSL_CERT_DIR");
    tools::finish(tools::start(&mut command), "")
}

fn judge((name, good, place, expected): &Row, store: &str) -> Result<(), String> {
    let output = look(name, "json", store);
    let report: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{name}: {error}\n{}", tools::said(&output)))?;
    let found = match report.pointer(place) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    let verdict = report["FederationOK"] == *good && output.status.success() == *good;
    if verdict && found.contains(expected) {
        return Ok(());
    }
    Err(format!("{name}: {place} is `{found}`\n{}", tools::said(&output)))
}
