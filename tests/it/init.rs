//! `homeseed init`: what it prints is a site.

use std::path::Path;

use homeseed::{
    init::{Options, site_yaml},
    site::Site,
};

use crate::golden;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

fn options() -> Options {
    Options {
        server_name: "example.org".to_owned(),
        host: "chat.example.org".to_owned(),
        email: "operator@example.org".to_owned(),
        ssh_keys: vec![format!("{KEY} you@laptop\n")],
        admin: None,
    }
}

#[test]
fn the_text_is_for_people() {
    golden::check(Path::new("tests/golden/init.yaml"), &site_yaml(&options()).unwrap());
}

#[test]
fn whatever_is_valid_parses_without_warnings() {
    let admins = [
        "true",
        "null",
        "no",
        "1e3",
        "0x1f",
        "a.",
        "=",
        ".",
        "a=",
        "a-",
        "~".trim_start_matches('~'),
        "y",
        "on",
        "a+b/c",
    ];
    let emails = [
        "'o@example.org",
        "%a@example.org",
        "_@example.org",
        "~@example.org",
        "1@2.e3",
        "o'brien+x@example.org",
    ];
    let names =
        ["1.e3", "0x1f.no", "2026-01-01.example.org", "xn--bcher-kva.example", "a.b", "null.true"];
    let comments = [
        "",
        "me: myself",
        "a #1 fan",
        "\"quoted\" \\ 'x'",
        "{{ x }}",
        "- - -",
        "&a *b !c",
        "it's: # x |",
    ];
    for (n, comment) in comments.iter().cycle().take(200).enumerate() {
        let site = Options {
            server_name: names[n % names.len()].to_owned(),
            host: format!("h{}.example.org", n % 3),
            email: emails[n % emails.len()].to_owned(),
            ssh_keys: vec![format!("# mine\n{KEY} {comment}\r\n")],
            admin: Some(admins[n % admins.len()]).filter(|it| !it.is_empty()).map(str::to_owned),
        };
        let text = site_yaml(&site).unwrap_or_else(|errors| panic!("{site:?}\n{errors}"));
        let read = Site::parse("site.yaml", &text).unwrap();
        assert_eq!(read.warnings(), Vec::<String>::new(), "{text}");
        assert_eq!(read.server_name(), site.server_name);
        assert_eq!(read.ssh_keys(), [format!("{KEY} {comment}").trim().replace("  ", " ")]);
        let json = serde_json::to_value(&read).unwrap();
        assert_eq!(json["operator"]["email"], site.email);
        assert_eq!(json["admin"], site.admin.as_deref().unwrap_or("admin"));
    }
}

#[test]
fn one_name_for_both_means_no_delegation() {
    let site = Options { server_name: "chat.example.org".to_owned(), ..options() };
    assert!(site_yaml(&site).unwrap().contains("\ndelegation: none\n"));
}

#[test]
fn a_key_may_be_given_twice() {
    let site = Options { ssh_keys: vec![KEY.to_owned(), KEY.to_owned()], ..options() };
    assert_eq!(Site::parse("site.yaml", &site_yaml(&site).unwrap()).unwrap().ssh_keys(), [KEY]);
}

#[test]
fn a_key_is_written_once_wherever_it_is_repeated() {
    let other = KEY.replace("HR4f", "HR4g");
    let files = [format!("{KEY} me\n{other}\n{KEY} me\n"), format!("{other}\n{KEY}   me\r\n")];
    let site = Options { ssh_keys: files.to_vec(), ..options() };
    let read = Site::parse("site.yaml", &site_yaml(&site).unwrap()).unwrap();
    assert_eq!(read.ssh_keys(), [format!("{KEY} me"), other]);
}

#[test]
fn a_private_key_is_not_repeated() {
    let text = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n";
    let site = Options { ssh_keys: vec![text.to_owned()], ..options() };
    let errors = site_yaml(&site).unwrap_err().to_string();
    assert!(errors.contains("private key") && !errors.contains("c2VjcmV0"), "{errors}");
}

#[test]
fn every_wrong_flag_is_named() {
    let site = Options {
        server_name: "Example.org".to_owned(),
        host: "chat".to_owned(),
        email: "me".to_owned(),
        ssh_keys: vec!["~/.ssh/id_ed25519.pub".to_owned()],
        admin: Some("@me".to_owned()),
    };
    let errors = site_yaml(&site).unwrap_err().to_string();
    for flag in ["--server-name: ", "--host: ", "--email: ", "--ssh-key: ", "--admin: "] {
        assert!(errors.contains(flag), "{flag} in\n{errors}");
    }
}
