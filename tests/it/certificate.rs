//! The step that gets the certificate: what it makes of the DNS and of the CA, and what it tells the operator.

use std::{fs, os::unix::fs::symlink};

use crate::{machine::Machine, sites};

const HOST: &str = "chat.example.org";

/// A machine with one address, whose name servers say `dns` and whose CA does `certbot`.
fn machine(address: &str, dns: &str, certbot: &str) -> Machine {
    let machine = Machine::new(&sites::small());
    machine.write("/etc/resolv.conf", "nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
    let family = if address.contains(':') { "inet6" } else { "inet" };
    machine.stub("ip", &format!("echo '2: eth0    {family} {address}/24 scope global eth0'"));
    machine.stub("host", &format!("name=${{1%.}} server=$2\n{dns}"));
    machine.stub("certbot", certbot);
    machine.write("/etc/letsencrypt/cli.ini", "max-log-backups = 0\n");
    machine
}

const NO_RECORD: &str = "exit 0";
const IN_HAND: &str = r#"echo "$name has address 192.0.2.9""#;
const FAILS: &str = r#"echo "Host $name not found: 2(SERVFAIL)"; exit 1"#;

fn waits(machine: &Machine) -> String {
    machine.step("certificate").expect_err("it does not wait")
}

#[test]
fn the_record_to_create_is_of_the_kind_of_the_address() {
    for (address, record) in [
        ("192.0.2.9", "A 192.0.2.9"),
        ("2001:db8::5", "AAAA 2001:db8::5"),
        ("10.0.0.5", "A and its public address"),
        ("172.20.0.5", "A and its public address"),
        ("198.51.100.5", "A 198.51.100.5"),
        ("100.64.0.5", "A and its public address"),
        ("fd00::5", "A and its public address"),
    ] {
        let sentence = waits(&machine(address, NO_RECORD, "exit 1"));
        let expected = format!("waiting for DNS: {HOST} has no address; create: {HOST} {record}\n");
        assert_eq!(sentence, expected, "{address}");
    }
}

#[test]
fn a_name_server_that_fails_is_not_a_record_that_is_missing() {
    let down =
        "echo ';; communications error: timed out'; echo ';; no servers could be reached'; exit 1";
    for dns in [FAILS, down] {
        let sentence = waits(&machine("192.0.2.9", dns, "exit 1"));
        assert!(sentence.contains(&format!("no name server answers for {HOST}")), "{sentence}");
    }
    let unknown = r#"echo "Host $name not found: 3(NXDOMAIN)"; exit 1"#;
    assert!(waits(&machine("192.0.2.9", unknown, "exit 1")).contains("create: "));
}

#[test]
fn the_next_name_server_is_asked_when_one_fails() {
    let dns = format!("if [ $server = 192.0.2.1 ]; then\n{FAILS}\nfi\n{IN_HAND}");
    machine("192.0.2.9", &dns, "exit 0").step("certificate").unwrap();
}

#[test]
fn a_certificate_leaves_no_refusal_behind() {
    let machine = machine("192.0.2.9", IN_HAND, "echo 'all is well'");
    machine.step("certificate").unwrap();
    assert!(!machine.path("/var/lib/homeseed/certificate-refusal").exists());
}

#[test]
fn a_refusal_is_told_and_not_provoked_again_at_once() {
    for (says, reason) in [("Detail: too many", "Detail: too many"), ("no luck", "no luck")] {
        let certbot = format!("echo x >>/var/lib/homeseed/asked; echo '{says}'; exit 1");
        let machine = machine("192.0.2.9", IN_HAND, &certbot);
        for _ in 0..2 {
            assert_eq!(waits(&machine), format!("waiting for the CA: {reason}\n"));
        }
        assert_eq!(fs::read_to_string(machine.path("/var/lib/homeseed/asked")).unwrap(), "x\n");
    }
}

#[test]
fn what_a_run_that_was_cut_short_left_is_removed_and_no_more() {
    let machine = machine("192.0.2.9", IN_HAND, "exit 0");
    for name in [HOST, "chat.example.org.uk"] {
        for kind in ["live", "archive"] {
            machine.write(&format!("/etc/letsencrypt/{kind}/{name}/README"), "x\n");
        }
    }
    machine.step("certificate").unwrap();
    let is_there = |path: &str| machine.path(&format!("/etc/letsencrypt/{path}")).exists();
    assert!(!is_there("live/chat.example.org") && !is_there("archive/chat.example.org"));
    assert!(is_there("live/chat.example.org.uk") && is_there("archive/chat.example.org.uk"));
}

#[test]
fn what_a_power_cut_emptied_is_removed_though_the_renewal_file_is_whole() {
    let machine = machine("192.0.2.9", IN_HAND, "exit 0");
    let path = |path: &str| machine.path(&format!("/etc/letsencrypt/{path}"));
    let account = "accounts/ca/directory/0a/regr.json";
    for (emptied, stays) in [(account, true), ("archive/chat.example.org/privkey1.pem", false)] {
        let renewal = "renewal/chat.example.org.conf";
        for file in [renewal, account, "archive/chat.example.org/privkey1.pem"] {
            machine.write(&format!("/etc/letsencrypt/{file}"), "x\n");
        }
        machine.write("/etc/letsencrypt/archive/chat.example.org/fullchain1.pem", "x\n");
        fs::create_dir_all(path("live/chat.example.org")).unwrap();
        fs::remove_file(path("live/chat.example.org/fullchain.pem")).ok();
        let target = "../../archive/chat.example.org/fullchain1.pem";
        symlink(target, path("live/chat.example.org/fullchain.pem")).unwrap();
        machine.write(&format!("/etc/letsencrypt/{emptied}"), "");
        machine.step("certificate").unwrap();
        assert!(!path(emptied).exists(), "{emptied}");
        assert_eq!(path(renewal).exists(), stays, "{emptied}");
    }
}
