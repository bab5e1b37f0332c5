//! What editors and CI systems are told of a site: lines to jump to, JSON, a schema, and what a key means.

use std::{fs, time::Instant};

use serde_json::Value;

use crate::{
    program::{folder, given, refused},
    tools::{self, said},
};

const SITE: &str =
    "server_name: maple.chat\nhost: chat.maple.chat\noperator:\n  email: o@maple.chat\n";

fn json(text: &[u8]) -> Value {
    serde_json::from_slice(text).expect("it is JSON")
}

#[test]
fn a_mistake_is_a_line_that_editors_jump_to() {
    let wrong = format!("{SITE}presense: true\nmedia:\n  max_upload: lots\n");
    let output = given(&["check", "-", "--format", "lines"], &wrong);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.is_empty(), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(
        lines[0].starts_with("standard input:5:1: error: there is no key `presense`; did"),
        "{text}"
    );
    assert!(lines[1].starts_with("standard input:7:15: error: "), "{text}");
    let output = given(&["lint", "-", "--format", "lines"], SITE);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stdout).unwrap().contains(":1:1: warning: "));
}

#[test]
fn programs_are_told_the_same() {
    let good = given(&["validate", "-", "--format", "json"], SITE);
    let report = json(&good.stdout);
    assert_eq!((good.status.code(), &report["ok"]), (Some(0), &true.into()));
    assert_eq!(
        (&report["errors"], &report["host"]),
        (&Value::Array(vec![]), &"chat.maple.chat".into())
    );
    assert!(report["document"]["bytes"].as_u64().is_some_and(|it| it > 10_000));
    assert!(report["document"]["takers"].as_array().is_some_and(|it| it.len() > 5));
    let many: String = (0..250).map(|n| format!("bad{n}: 1\n")).collect();
    let bad = given(&["check", "-", "--format", "json"], &(SITE.to_owned() + &many));
    let report = json(&bad.stdout);
    assert_eq!((bad.status.code(), &report["ok"]), (Some(1), &false.into()));
    assert_eq!(
        (report["errors"].as_array().map(Vec::len), &report["more_errors"]),
        (Some(100), &150.into())
    );
    let first = &report["errors"][0];
    assert_eq!(
        (&first["line"], &first["column"], &first["width"]),
        (&5.into(), &1.into(), &4.into())
    );
    assert!(bad.stderr.is_empty(), "{}", said(&bad));
    let missing = given(&["check", "no-such.yaml", "--format", "json"], "");
    assert_eq!(json(&missing.stdout)["errors"][0]["message"], "there is no `no-such.yaml`");
}

#[test]
fn more_mistakes_than_anybody_reads_are_counted() {
    let many: String = (0..250).map(|n| format!("bad{n}: 1\n")).collect();
    let output = given(&["check", "-"], &(SITE.to_owned() + &many));
    let text = said(&output);
    assert_eq!(text.matches("error: ").count(), 100);
    assert!(text.trim_end().ends_with("... and 150 more"), "{text}");
    // Those of a program's options as well.
    let many: String = (0..250).map(|n| format!("  bad{n}: 1\n")).collect();
    let text = said(&given(&["check", "-"], &format!("{SITE}synapse:\n{many}")));
    assert_eq!(text.matches("error: ").count(), 100);
    assert!(text.trim_end().ends_with("... and 150 more"), "{text}");
}

#[test]
fn a_long_line_is_shown_in_part_and_the_carets_stand_under_the_word() {
    let long = format!("{SITE}synapse: {{a: [{}no_such_thing], presense: 1}}\n", "1, ".repeat(400));
    let text = said(&given(&["check", "-"], &long));
    assert!(text.lines().all(|line| line.chars().count() < 200), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|it| it.contains("presense: 1")).expect("it is shown");
    assert_eq!(lines[at].find("presense"), lines[at + 1].find('^'), "{text}");
}

#[test]
fn no_character_turns_the_text_that_follows() {
    for line in ["a\u{202e}b: 1", "layers: [\"a\u{202e}b\"]"] {
        for format in ["text", "lines"] {
            let output = given(&["check", "-", "--format", format], &format!("{SITE}{line}\n"));
            let text = said(&output);
            let shown = ['\u{fffd}', '\\'].iter().any(|it| text.contains(*it));
            assert!(!text.contains('\u{202e}') && shown, "{text}");
        }
    }
}

#[test]
fn the_folder_s_own_site_is_meant_when_none_is_named() {
    let dir = folder();
    let program = env!("CARGO_BIN_EXE_homeseed");
    let run = |words: &[&str]| {
        tools::command(program).args(words).current_dir(dir.path()).output().unwrap()
    };
    let output = run(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("let `homeseed init` write one"), "{}", said(&output));
    fs::write(dir.path().join("site.yaml"), SITE).unwrap();
    for words in
        [&["check"][..], &["plan"], &["user-data", "--allow-placeholders"], &["checks", "--list"]]
    {
        let output = run(words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", said(&output));
    }
    let output = run(&["check", "."]);
    assert!(said(&output).contains("did you mean `./site.yaml`?"), "{}", said(&output));
    let quiet = run(&["check", "-q"]);
    assert_eq!((quiet.status.code(), said(&quiet).as_str()), (Some(0), ""));
    let quiet = run(&["user-data", "-q"]);
    assert!(quiet.stderr.is_empty() && !quiet.stdout.is_empty());
}

#[test]
fn every_key_is_explained_and_a_misspelt_one_is_found() {
    let list = said(&given(&["explain"], ""));
    for path in ["server_name", "operator.ssh_keys", "federation.allow", "media.max_upload"] {
        assert!(list.contains(path), "{list}");
        let output = given(&["explain", path], "");
        assert_eq!(output.status.code(), Some(0));
        assert!(said(&output).starts_with(&format!("{path}: ")), "{}", said(&output));
    }
    let text = said(&given(&["explain", "federation.allow"], ""));
    assert!(
        text.contains("by default: [matrix.org") && text.contains("the word `anyone`"),
        "{text}"
    );
    let section = said(&given(&["explain", "media"], ""));
    assert!(section.contains("media.max_upload") && !section.contains("presence"), "{section}");
    refused(&["explain", "federation.alow"], 1, "did you mean `federation.allow`?");
}

#[test]
fn the_schema_knows_the_keys_of_a_site_s_own_layers() {
    let output = given(&["schema"], "");
    let schema = json(&output.stdout);
    assert_eq!(schema["properties"]["presence"]["type"], "boolean");
    assert_eq!(
        schema["properties"]["registration"]["enum"],
        serde_json::json!(["closed", "tokens", "email"])
    );
    assert_eq!(schema["required"], serde_json::json!(["server_name", "host", "operator"]));
    assert!(schema["properties"].get("ping").is_none());
    let site = "image-tests/own-layer/site.yaml";
    let schema = json(&given(&["schema", "--site", site], "").stdout);
    assert!(schema["properties"]["ping"].is_object());
}

#[test]
fn nothing_is_read_without_end() {
    let start = Instant::now();
    for words in [
        &["check", "/dev/zero"][..],
        &["inspect", "/dev/zero"],
        &["diff", "/dev/zero", "/dev/zero"],
    ] {
        let output = given(words, "");
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(said(&output).contains("1 MiB"), "{words:?}: {}", said(&output));
    }
    assert!(start.elapsed().as_secs() < 10);
}

#[test]
fn ten_thousand_listed_servers_take_less_than_a_second() {
    let names: String = (0..10_000).map(|n| format!("    - matrix{n}.example{n}.chat\n")).collect();
    let text = format!("{SITE}federation:\n  allow:\n{names}");
    let start = Instant::now();
    let output = given(&["plan", "-", "--format", "zone"], &text);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        start.elapsed().as_millis() < 5000,
        "{:?}: a slow host has five seconds",
        start.elapsed()
    );
}

#[test]
fn an_address_that_leads_nowhere_is_remarked() {
    for (flag, address, remarked) in [
        ("--ipv4", "127.0.0.1", true),
        ("--ipv4", "192.168.3.4", true),
        ("--ipv4", "203.0.113.7", false),
        ("--ipv6", "fd00::1", true),
        ("--ipv6", "2001:db8::7", false),
    ] {
        let text = said(&given(&["plan", "-", "--format", "zone", flag, address], SITE));
        assert_eq!(text.contains("leads nobody else"), remarked, "{address}: {text}");
    }
}

#[test]
fn what_is_not_in_utf_8_is_called_that() {
    let dir = folder();
    let file = dir.path().join("site.yaml");
    let path = file.to_str().unwrap();
    let utf16: Vec<u8> =
        [0xfeff].into_iter().chain(SITE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    fs::write(&file, utf16).unwrap();
    refused(&["check", path], 1, "is in UTF-16");
    fs::write(&file, [SITE.as_bytes(), b"# caf\xe9\n"].concat()).unwrap();
    refused(&["check", path], 1, "line 5 holds something else");
}

#[test]
fn no_secret_passes_below_the_options_of_a_program() {
    for (option, path) in [
        ("password_config: {pepper: abc}", "password_config.pepper"),
        (
            "experimental_features: {msc3861: {client_secret: abc}}",
            "experimental_features.msc3861.client_secret",
        ),
        ("modules: [{module: a.b, config: {api_key: abc}}]", "modules.1.config.api_key"),
        (
            "caches: {per_cache_factors: {x: 'https://u:p@chat.example/'}}",
            "caches.per_cache_factors.x",
        ),
        ("ldap_config: {bind_password: 1234}", "ldap_config.bind_password"),
        ("sentry: {dsn: 'https://a@sentry.example/1'}", "sentry.dsn"),
        ("oidc_config: {client_secret: abc}", "oidc_config.client_secret"),
    ] {
        let output = given(&["check", "-"], &format!("{SITE}synapse:\n  {option}\n"));
        let expected = format!("`{path}` holds a secret");
        assert_eq!(output.status.code(), Some(1), "{option}");
        assert!(said(&output).contains(&expected), "{option}: {}", said(&output));
    }
    for option in [
        "password_config: {localdb_enabled: false}",
        "registration_requires_token: true",
        "key_refresh_interval: 1d",
        "macaroon_secret_key_path: /etc/a",
    ] {
        let text = said(&given(&["check", "-"], &format!("{SITE}synapse:\n  {option}\n")));
        assert!(!text.contains("holds a secret"), "{option}: {text}");
    }
}

#[test]
fn an_option_that_a_key_of_the_site_decides_is_refused_with_that_key() {
    for (option, key) in [
        ("max_upload_size: 50M", "media.max_upload"),
        ("federation_domain_whitelist: [a.example]", "federation.allow"),
        ("enable_registration: true", "registration"),
        ("presence: {enabled: true}", "presence"),
    ] {
        let output = given(&["check", "-"], &format!("{SITE}synapse:\n  {option}\n"));
        let (name, _) = option.split_once(':').unwrap();
        let expected = format!("error: `{name}` cannot be set here\n");
        assert!(said(&output).contains(&expected), "{}", said(&output));
        assert!(said(&output).contains(&format!("hint: set `{key}`")), "{}", said(&output));
    }
}

#[test]
fn an_option_of_another_type_is_named_with_what_to_write() {
    for (option, hint) in [
        ("max_event_delay_duration: soon", "`30s`, `15m`"),
        ("enable_metrics: 'yes'", "`true` or `false`"),
        ("rc_message: {per_second: fast}", "in digits"),
        ("allowed_local_3pids: x", "put `- ` in front"),
        ("caches: 5", "below it, indented"),
        ("hs_disabled_message: 5", "put it in quotes: \"5\""),
    ] {
        let output = given(&["check", "-"], &format!("{SITE}synapse:\n  {option}\n"));
        assert_eq!(output.status.code(), Some(1), "{option}");
        assert!(said(&output).contains(hint), "{option}: {}", said(&output));
    }
    let good = "max_event_delay_duration: 1d\n  rc_message: {per_second: 0.5}\n  event_cache_size: 20K\n  caches: {global_factor: 1}";
    let output = given(&["check", "-"], &format!("{SITE}synapse:\n  {good}\n"));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}
