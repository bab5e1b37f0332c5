//! Site files: what is accepted, and what is said about the others.

use homeseed::{layer::embedded_schema, plan::plan, site::Site};
use serde_json::{Value, json};

use crate::golden;

const MINIMAL: &str =
    "server_name: example.org\nhost: chat.example.org\noperator:\n  email: operator@example.org\n";
const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

#[test]
fn bad_site_files_are_explained() {
    let count = golden::check_folder("tests/golden/errors", "yaml", "stderr", |name, text| {
        format!("{}\n", Site::parse(name, text, embedded_schema()).expect_err(name))
    });
    assert!(count >= 44, "{count}");
}

#[test]
fn templates_see_every_value_resolved() {
    let site = parse("");
    assert_eq!(
        serde_json::to_value(&site).unwrap(),
        json!({
            "server_name": "example.org",
            "host": "chat.example.org",
            "operator": {"email": "operator@example.org", "ssh_keys": []},
            "admin": "admin",
            "delegation": "same-host",
            "mail": null,
            "metrics": {"ssh_keys": false},
            "onion": {"clients": false},
            "panel": {"sha256": false},
            "watch": {"to": false, "ping": null},
            "federation": {
                "allow": ["matrix.org", "mozilla.org", "kde.org"],
                "unlisted": "drop",
                "port_8448": false,
            },
            "registration": "closed",
            "updates": null,
            "media": {"max_upload": 104_857_600, "remote_lifetime": "90d", "local_lifetime": null},
            "tls": {"acme": {
                "directory": "https://acme-v02.api.letsencrypt.org/directory",
                "ca": null,
            }},
            "presence": false,
            "url_previews": false,
            "backup": {"to": null, "port": 22, "host_key": null, "recipients": null},
            "suite": "bookworm",
            "hardening": "standard",
            "layers": [],
            "apt": {"proxy": null, "matrix": {
                "url": "https://packages.matrix.org/debian/",
                "fingerprint": "AAF9AE843A7584B5A3E4CD2BCF45A512DE2DA058",
            }},
            "synapse": {},
        })
    );
}

#[test]
fn values_are_kept_as_they_were_meant() {
    let table = [
        ("admin: \"007a\"", "/admin", json!("007a")),
        ("admin: 'true'", "/admin", json!("true")),
        ("federation: {allow: anyone}", "/federation/allow", json!("anyone")),
        ("federation: {allow: []}", "/federation/allow", json!([])),
        (
            "federation: {allow: ['a.example:8448', 203.0.113.7, '[2001:db8::7]:443']}",
            "/federation/allow",
            json!(["a.example:8448", "203.0.113.7", "[2001:db8::7]:443"]),
        ),
        ("federation:", "/federation/unlisted", json!("drop")),
        ("media: {max_upload: 1048576}", "/media/max_upload", json!(1_048_576)),
        ("media: {max_upload: 2048K}", "/media/max_upload", json!(2_097_152)),
        ("media: {max_upload: 10G}", "/media/max_upload", json!(10_737_418_240_u64)),
        ("media: {remote_lifetime: never}", "/media/remote_lifetime", Value::Null),
        ("media: {remote_lifetime: 004w}", "/media/remote_lifetime", json!("4w")),
        (
            "tls: {acme: staging}",
            "/tls/acme/directory",
            json!("https://acme-staging-v02.api.letsencrypt.org/directory"),
        ),
        (
            "apt: {matrix: {url: 'https://a.example'}}",
            "/apt/matrix/url",
            json!("https://a.example/"),
        ),
        (
            "apt: {matrix: {url: 'https://Mirror.example:443/matrix/debian'}}",
            "/apt/matrix/url",
            json!("https://mirror.example/matrix/debian/"),
        ),
        (
            "tls: {acme: {directory: 'https://ca:14000/dir'}}",
            "/tls/acme/directory",
            json!("https://ca:14000/dir"),
        ),
        (
            "apt: {proxy: 'http://[2001:db8::1]:3142/'}",
            "/apt/proxy",
            json!("http://[2001:db8::1]:3142/"),
        ),
        (
            "apt: {matrix: {fingerprint: aaf9ae843a7584b5a3e4cd2bcf45a512de2da058}}",
            "/apt/matrix/fingerprint",
            json!("AAF9AE843A7584B5A3E4CD2BCF45A512DE2DA058"),
        ),
    ];
    for (line, pointer, expected) in table {
        let site = serde_json::to_value(parse(line)).unwrap();
        assert_eq!(site.pointer(pointer), Some(&expected), "{line}");
    }
}

#[test]
fn synapse_options_become_json_in_their_order() {
    let site = parse(
        "synapse:\n  z: [1, -2, 1.5, true, null, ~, 'no', 1.2.3, 2026-01-01]\n  a: {'ed25519:x': {b: \"1\"}}\n  m: |\n    two\n    lines\n",
    );
    let text = serde_json::to_string(&serde_json::to_value(site).unwrap()["synapse"]).unwrap();
    assert_eq!(
        text,
        r#"{"z":[1,-2,1.5,true,null,null,"no","1.2.3","2026-01-01"],"a":{"ed25519:x":{"b":"1"}},"m":"two\nlines\n"}"#
    );
}

#[test]
fn equal_names_need_no_delegation() {
    let text = MINIMAL.replace("chat.example.org", "example.org");
    for text in [text.clone(), format!("{text}delegation: none\n")] {
        let site = Site::parse("site.yaml", &text, embedded_schema()).unwrap();
        assert_eq!(serde_json::to_value(&site).unwrap()["delegation"], "none");
        assert_eq!(plan(&site, &homeseed::layer::embedded()).unwrap().names, ["example.org"]);
    }
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    let expected = serde_json::to_value(parse("admin: alice\n")).unwrap();
    let text = format!("\u{feff}{MINIMAL}admin: alice\n").replace('\n', "\r\n");
    let site = Site::parse("site.yaml", &text, embedded_schema()).unwrap();
    assert_eq!(serde_json::to_value(site).unwrap(), expected);
}

#[test]
fn the_plan_can_point_at_any_key() {
    let site = parse("synapse:\n  rc_message:\n    per_second: 1\n");
    let place = site.place_of(&["synapse", "rc_message", "per_second"]).unwrap();
    assert_eq!(
        place.to_string(),
        " --> site.yaml:7:5\n  |\n7 |     per_second: 1\n  |     ^^^^^^^^^^"
    );
    assert_eq!(site.place_of(&["synapse", "rc_login"]), None);
    assert_eq!(site.place_of(&[]), None);
}

#[test]
fn what_is_allowed_but_unwise_is_said() {
    let with_key = format!("  ssh_keys: [{KEY}]\n");
    let table = [
        ("", "password login over SSH stays open"),
        ("federation: {allow: anyone}", "every homeserver"),
        ("federation: {allow: anyone, unlisted: drop}", "no server is unlisted"),
        ("federation: {allow: [example.org]}", "lists this homeserver itself"),
        ("media: {local_lifetime: 5y}", "often the only copy"),
        ("tls: {acme: staging}", "trusts the certificate"),
    ];
    for (line, expected) in table {
        let key = if line.is_empty() { "" } else { &with_key };
        let site = parse(&format!("{key}{line}\n"));
        let warnings = site.warnings();
        assert!(warnings.iter().any(|it| it.contains(expected)), "{line}: {warnings:?}");
    }
    assert_eq!(parse(&with_key).warnings(), Vec::<String>::new());
}

#[test]
fn the_digest_is_that_of_the_file() {
    // `printf '…' | sha256sum` of the minimal site.
    assert_eq!(
        parse("").digest(),
        "c58f2434f44efe0bdb997ecf178689201a2a5f95302c9d11de03cf6f374407a6"
    );
}

/// Nothing that means something to a shell, to YAML, to nginx or to SQL gets into a name.
#[test]
fn hostile_strings_stay_outside() {
    let hostile = [
        "$(reboot)",
        "`reboot`",
        "a;b",
        "a b",
        "a\nb",
        "a'b",
        "a\"b",
        "a\\b",
        "a{b}",
        "a$b",
        "a#b",
        "a|b",
        "a&b",
        "a<b",
        "a>b",
        "a\u{0}b",
        "a\u{202e}b",
        "a\u{1f4a3}b",
        "{{ site }}",
        "%n",
        "*",
        "?",
        "~",
        "a\tb",
        "\u{2028}",
        "",
    ];
    let fields = [
        ("server_name: ", ".example.org"),
        ("host: ", ".example.org"),
        ("admin: ", "$"),
        ("federation: {allow: [", ".example.org]}"),
        ("apt: {matrix: {fingerprint: ", "}}"),
        ("registration: ", ""),
        ("delegation: ", ""),
    ];
    for text in hostile {
        for (before, after) in fields {
            let (suffix, close) =
                after.find([']', '}']).map_or((after, ""), |at| after.split_at(at));
            for value in [text.to_owned(), format!("{text}{suffix}"), format!("{suffix}{text}")] {
                let line = format!("{before}{}{close}\n", Value::from(value));
                let key = before.split(':').next().unwrap();
                let text = format!("{}{line}", without(key));
                assert!(
                    Site::parse("site.yaml", &text, embedded_schema()).is_err(),
                    "accepted: {line}"
                );
            }
        }
    }
}

#[test]
fn hostile_strings_stay_outside_of_urls() {
    let hostile = [
        "$(reboot)",
        "`x`",
        "a;b",
        "a b",
        "a\nb",
        "a'b",
        "a\"b",
        "a\\b",
        "{b}",
        "$b",
        "#b",
        "|",
        "&",
    ];
    let more = ["<", ">", "\u{0}", "\u{202e}", "\u{1f4a3}", "%n", "*", "?", "\t", "\u{2028}", "^"];
    for text in hostile.into_iter().chain(more) {
        for (before, value, after) in [
            ("tls: {acme: ", format!("https://ca.example.org/{text}"), "}"),
            ("tls: {acme: ", format!("https://ca{text}.example.org/"), "}"),
            ("apt: {matrix: {url: ", format!("https://mirror.example.org/{text}/"), "}}"),
            ("apt: {proxy: ", format!("http://proxy{text}.example.org:3142"), "}"),
        ] {
            let text = format!("{MINIMAL}{before}{}{after}\n", Value::from(value));
            assert!(
                Site::parse("site.yaml", &text, embedded_schema()).is_err(),
                "accepted: {text}"
            );
        }
    }
    parse(
        "tls: {acme: \"https://ca.example.org/\"}\napt: {proxy: \"http://proxy.example.org:3142\"}\n",
    );
}

/// The random documents are the same in every run.
#[test]
fn no_document_makes_the_parser_panic() {
    let seeds = seeds();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut accepted = 0;
    for _ in 0..20_000 {
        let mut text: Vec<char> = seeds[random.below(seeds.len())].chars().collect();
        for _ in 0..=random.below(6) {
            mutate(&mut text, &seeds, &mut random);
        }
        let text: String = text.into_iter().collect();
        match Site::parse("site.yaml", &text, embedded_schema()) {
            Ok(site) => accepted += usize::from(serde_json::to_string(&site).is_ok()),
            Err(errors) => assert!(!errors.to_string().is_empty()),
        }
    }
    assert!((100..19_900).contains(&accepted), "{accepted}");
}

#[test]
fn huge_and_deep_documents_end_soon() {
    let documents = [
        "[".repeat(60_000),
        "{a: ".repeat(15_000),
        "- ".repeat(30_000),
        "? ".repeat(30_000),
        "a:\n".repeat(20_000),
        format!(
            "synapse: {{{}}}",
            (0..9_000).map(|n| format!("a{n}: &x,")).collect::<Vec<_>>().concat()
        ),
        "x".repeat(1_000_000),
        format!(
            "synapse:\n{}",
            (0..3_000).map(|n| format!("  A{n}: yes\n")).collect::<Vec<_>>().concat()
        ),
        "\u{1b}[2J".to_owned(),
    ];
    for text in documents {
        let errors = Site::parse("site.yaml", &text, embedded_schema()).unwrap_err().to_string();
        assert!(!errors.contains('\u{1b}'));
    }
}

fn parse(more: &str) -> Site {
    Site::parse("site.yaml", &format!("{MINIMAL}{more}"), embedded_schema())
        .unwrap_or_else(|errors| panic!("{errors}"))
}

/// The minimal site without one of its keys.
fn without(key: &str) -> String {
    MINIMAL.split_inclusive('\n').filter(|line| !line.starts_with(key)).collect()
}

fn seeds() -> Vec<String> {
    let folder = std::fs::read_dir("tests/golden/errors").unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "yaml"));
    paths.sort();
    paths.push("examples/site.yaml".into());
    let mut seeds: Vec<String> =
        paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    seeds.extend((0..20).map(|_| format!("{MINIMAL}  ssh_keys:\n    - {KEY} me@home\n")));
    seeds
}

fn mutate(text: &mut Vec<char>, seeds: &[String], random: &mut Random) {
    const SPICE: [&str; 24] = [
        "\n", "  ", ": ", "- ", "[", "]", "{", "}", "'", "\"", "\\", "#", "&a ", "*a", "!t ",
        "|\n", ">-\n", "\t", "\r\n", "é", "\u{feff}", "---\n", "~", "%",
    ];
    let at = random.below(text.len() + 1);
    match random.below(4) {
        0 => drop(text.drain(at..(at + random.below(9)).min(text.len()))),
        1 => insert(text, at, SPICE[random.below(SPICE.len())]),
        2 => {
            let other = &seeds[random.below(seeds.len())];
            insert(text, at, other.lines().nth(random.below(9)).unwrap_or("\n"));
        }
        _ => {
            let piece: String = text[at..(at + random.below(40)).min(text.len())].iter().collect();
            insert(text, random.below(at + 1), &piece);
        }
    }
}

fn insert(text: &mut Vec<char>, at: usize, piece: &str) {
    text.splice(at..at, piece.chars());
}

/// Xorshift: enough to stir with, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}
