//! The example of a layer that is no part of the program: all that a layer can declare, and no line of Rust for it.

use std::{fs, path::Path};

use homeseed::plan::{Plan, Port};

use crate::{
    example::{FOLDER, SECTION, SITE, compiled, planned, sources},
    root, tools,
};

/// The text of a planned file; nothing when it is not planned.
fn contents<'p>(plan: &'p Plan, path: &str) -> Option<&'p str> {
    plan.files.iter().find(|file| file.path == path).map(|file| file.contents.as_str())
}

#[test]
fn all_that_the_layer_declares_is_planned() {
    let plan = planned(SECTION);
    let units: Vec<&str> =
        plan.units.iter().filter(|it| it.layer == "ping").map(|it| it.name.as_str()).collect();
    assert_eq!(units, ["ping.service", "ping-look.timer"]);
    let is_ours = |port: &&Port| port.layer == "ping";
    let ports: Vec<String> =
        plan.ports.iter().filter(is_ours).map(|it| it.range.to_string()).collect();
    assert_eq!(ports, ["7007/udp"]);
    assert_eq!(plan.fact("PING_TARGET"), Some("chat.example.net"));
    assert_eq!(plan.fact("UDP_PORTS"), Some("7007"));
    for path in ["/usr/lib/homeseed/verbs/ping", "/usr/lib/homeseed/report/ping"] {
        assert!(contents(&plan, path).is_some(), "{path}");
    }
    let timer = contents(&plan, "/etc/systemd/system/ping-look.timer").unwrap();
    assert!(timer.contains("\nOnUnitActiveSec=15min\n"), "{timer}");
    assert!(contents(&plan, "/etc/nftables.conf").unwrap().contains("udp dport { 7007 } accept"));
    assert_eq!(plan.checks.iter().filter(|check| check.layer == "ping").count(), 3);
}

#[test]
fn its_secret_is_asked_for_and_stays_on_the_machine() {
    let plan = planned(SECTION);
    let secret = plan.secrets.iter().find(|it| it.name == "ping_secret").unwrap();
    assert_eq!(secret.path, "/etc/homeseed/secrets/ping_secret");
    assert_eq!(secret.ask.as_deref(), Some("the secret that both machines share"));
    assert!(plan.personal.iter().any(|it| it.path == secret.path), "it would stand in an image");
    let line = "ping_secret ping 0600 root:root /etc/homeseed/secrets/ping_secret the secret that both machines share\n";
    assert!(contents(&plan, "/usr/lib/homeseed/secrets").unwrap().contains(line));
    for path in ["/usr/lib/homeseed/verbs/secret", "/usr/lib/homeseed/secrets.sh"] {
        assert!(contents(&plan, path).is_some(), "{path}");
        assert_eq!(
            contents(&planned(""), path),
            None,
            "{path} is there though nothing is asked for"
        );
    }
}

#[test]
fn without_its_section_the_layer_is_left_out() {
    let plan = planned("");
    assert!(!plan.layers.iter().any(|layer| layer.name == "ping"));
    assert!(!plan.files.iter().any(|file| file.path.contains("ping")));
    assert_eq!(plan.fact("PING_TARGET"), None);
}

#[test]
fn mistakes_in_its_section_are_shown_in_the_site() {
    let carets = "
 --> site.yaml:7:11
  |
7 |   target: peer_x
  |           ^^^^^^
";
    for (section, expected) in [
        ("ping:\n  target: peer_x\n", carets),
        ("ping:\n  target: a.example\n  every: often\n", "ping.every: `often` is not a time span"),
        ("ping:\n  target: a.example\n  evry: 5min\n", "hint: did you mean `every`?"),
        ("ping:\n  every: 5min\n", "site.yaml: `ping.target` is missing\n --> site.yaml:6:1"),
        (
            "ping:\n  target: chat.example.org\n",
            "this machine would ask itself\n --> site.yaml:7:11",
        ),
        ("pin:\n  target: a.example\n", "hint: did you mean `ping`?"),
    ] {
        let errors = compiled(&sources(), section).expect_err(section);
        assert!(errors.contains(expected), "{section}:\n{errors}");
    }
}

#[test]
fn the_program_reads_the_layer_that_a_site_names() {
    let dir = tempfile::tempdir_in("target").unwrap();
    let site = dir.path().join("site.yaml");
    let folder = Path::new("../..").join(FOLDER).display().to_string();
    fs::write(&site, SITE.replace(FOLDER, &folder) + SECTION).unwrap();
    let output = tools::run(&[env!("CARGO_BIN_EXE_homeseed"), "plan", site.to_str().unwrap()], "");
    let said = tools::said(&output);
    assert!(output.status.success() && said.contains("7007/udp  ping"), "{said}");
}

#[test]
fn only_who_knows_the_secret_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let script = r#"
        ip link set lo up
        mkdir right wrong
        echo xyzzy >right/ping_secret
        echo plugh >wrong/ping_secret
        export CREDENTIALS_DIRECTORY=right
        "$ping" answer &
        trap "kill $!" EXIT
        for _ in $(seq 50); do [ "$(ss -Hlun | wc -l)" -lt 2 ] || break; sleep 0.1; done
        for address in 127.0.0.1 ::1; do "$ping" ask "$address"; done
        CREDENTIALS_DIRECTORY=wrong "$ping" ask 127.0.0.1 || echo "status $?"
    "#;
    let program = fs::canonicalize(format!("{FOLDER}/files/usr/lib/homeseed/ping")).unwrap();
    let copy = dir.path().join("ping");
    fs::copy(program, &copy).unwrap();
    let words = root::alone();
    let mut command = tools::command(words[0]);
    command.args(&words[1..]).args(["sh", "-euc", script]).current_dir(dir.path());
    tools::command("chmod").arg("755").arg(&copy).status().unwrap();
    let output = tools::finish(tools::start(command.env("ping", &copy)), "");
    let said = tools::said(&output);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("127.0.0.1 answered in "), "{said}");
    assert!(lines[1].starts_with("::1 answered in "), "{said}");
    assert!(said.contains("127.0.0.1 does not answer\nstatus 1\n"), "{said}");
}
