//! The shell that goes to the machine, run in a tree of its own with programs that write down what they are told.

use std::fs;

use homeseed::{check, plan::Plan};

use crate::{example, ping, root, tools};

/// The planned files, over which `more` are laid.
#[track_caller]
fn run(plan: &Plan, more: &[(&str, &str)], script: &str) -> String {
    let planned = plan.files.iter().map(|file| (file.path.as_str(), file.contents.as_str()));
    let planned =
        planned.filter(|(path, _)| path.starts_with("/usr/") || path.starts_with("/etc/homeseed/"));
    let output = root::inside(planned.chain(more.iter().copied()), script, &[]);
    let said = tools::said(&output);
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn what_is_no_longer_planned_leaves_the_machine() {
    let said = run(&example::planned(example::SECTION), &[], "tests/system/leave.sh");
    // The timer was enabled, and its file leaves as well.
    let expected = "\
disable --quiet --now old.timer
disable --quiet --now old.timer
disable --quiet --now old.service
hook: old.service is there
daemon-reload
files: /etc/systemd/system/kept.timer
working: nothing
some MB are free
unneeded packages: old-package
";
    assert_eq!(said, expected);
}

#[test]
fn a_secret_is_handed_over_and_never_as_an_argument() {
    let said = run(&example::planned(example::SECTION), &[], "tests/system/secret.sh");
    let usage = "homeserver secret NAME, on the terminal or with <FILE. The names, and what is asked for:\n  ping_secret: the secret that both machines share\n";
    let expected = format!(
        "75 waiting for a secret, the secret that both machines share: homeserver secret ping_secret\n\
         {usage}2 no name\n{usage}2 bad name\n{usage}2 unknown name\n{usage}2 none of the operator's\n{usage}2 argument\n\
         nothing was handed over\n1 nothing\nstart --no-block homeseed\n0 handed\n\
         600 root:root xyzzy\nno stamp\n0 taken up\n"
    );
    assert_eq!(said, expected);
}

/// What the check of a plan's open ports says when `ss` prints these lines.
fn verdict(plan: &Plan, title: &str, listening: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let lines: String = listening.iter().map(|it| format!("LISTEN 0 4096 {it} *:*\n")).collect();
    fs::write(dir.path().join("lines"), lines).unwrap();
    let six = "^[^ ]* [^ ]* [^ ]* [[]";
    let ss = format!("case $1 in *6) grep '{six}' ;; *) grep -v '{six}' ;; esac <lines");
    let ports = plan.fact("UDP_PORTS").unwrap().replace(' ', ", ");
    let nft = format!("echo 'udp dport {{ {ports} }} accept'");
    for (name, text) in [("ss", &ss), ("nft", &nft)] {
        let path = dir.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        tools::command("chmod").arg("755").arg(&path).status().unwrap();
    }
    let mut checks = plan.checks.clone();
    checks.retain(|check| check.name.starts_with(title));
    assert_eq!(checks.len(), 1);
    checks[0].wait = 0;
    let script = check::script(&checks, &plan.helpers, &plan.facts_text(|_| true), &str::to_owned);
    let path = format!("PATH={}:/usr/bin:/bin", dir.path().display());
    let mut command = tools::command("env");
    command.args([&path, "dash", "-s", "--", "host"]).current_dir(dir.path());
    tools::said(&tools::finish(tools::start(&mut command), &script))
}

/// A machine with ports below 22, and of UDP.
fn with_ports() -> Plan {
    let mut sources = example::sources();
    let low = "about: x\nneeds: [firewall]\nports: [2, 3000-3010/udp]\n";
    sources.insert("low/layer.yaml".to_owned(), low.to_owned());
    ping::plan_of(&sources, example::SECTION)
}

#[test]
fn the_check_of_tcp_ports_takes_any_declared_port() {
    let plan = with_ports();
    assert_eq!(plan.fact("TCP_PORTS"), Some("2 22 80 443"));
    let declared = [
        "0.0.0.0:2",
        "0.0.0.0:22",
        "0.0.0.0:80",
        "0.0.0.0:443",
        "[::]:2",
        "[::]:22",
        "[::]:80",
        "[::]:443",
    ];
    let said = |lines: &[&str]| verdict(&plan, "the open TCP ports", lines);
    assert!(said(&declared).contains("\nok 1 "), "{}", said(&declared));
    let local = ["127.0.0.1:8008", "[::1]:8008", "127.0.0.53%lo:53"];
    assert!(said(&[&declared[..], &local].concat()).contains("\nok 1 "));
    let missing = said(&declared[1..]);
    assert!(
        missing.contains("\nnot ok 1 ") && missing.contains("it is: IPv4 22 80 443,"),
        "{missing}"
    );
    let more = said(&[&declared[..], &["[::]:25"]].concat());
    assert!(more.contains("it is: IPv6 2 22 25 80 443,"), "{more}");
}

#[test]
fn the_check_of_udp_ports_knows_ranges() {
    let plan = with_ports();
    assert_eq!(plan.fact("UDP_PORTS"), Some("3000-3010 7007"));
    let said = |lines: &[&str]| verdict(&plan, "the open UDP ports", lines);
    let declared = ["0.0.0.0:7007", "[::]:7007"];
    for more in [
        &[][..],
        &["0.0.0.0:3000", "[::]:3010"],
        &["127.0.0.1:323", "[::1]:323", "127.0.0.53%lo:53"],
        &["0.0.0.0:68", "[fe80::1]:546", "0.0.0.0:45678"],
    ] {
        let said = said(&[&declared[..], more].concat());
        assert!(said.contains("\nok 1 "), "{more:?}: {said}");
    }
    for (lines, expected) in [
        (&["0.0.0.0:7007"][..], "it is: IPv6 , not: IPv6 7007"),
        (&["0.0.0.0:7007", "[::]:7007", "0.0.0.0:3011"], "it is: IPv4 3011 7007, not: IPv4 7007"),
        (&["0.0.0.0:7007", "[::]:7007", "[::]:2999"], "it is: IPv6 2999 7007, not: IPv6 7007"),
    ] {
        let said = said(lines);
        assert!(said.contains("\nnot ok 1 ") && said.contains(expected), "{lines:?}: {said}");
    }
}
