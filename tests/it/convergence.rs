//! What the convergence and its library do, apart from a machine.

use std::fs;

use homeseed::check::{self, Outcome, read_tap};

use crate::{machine::Machine, sites, tools};

#[test]
fn what_a_log_says_cannot_drive_the_console() {
    let plan = sites::small();
    let machine = Machine::new(&plan);
    let converge = &plan.files.iter().find(|it| it.path.ends_with("/converge")).unwrap().contents;
    let (functions, _) = converge.split_once("\nrefuse() {").unwrap();
    machine.write("/usr/lib/homeseed/inventory", "");
    let said = r#"status failing x "$(printf 'a\\033[2Jb\033[31m\tc\nd "e"')""#;
    let output = machine.run(&format!("{functions}\n{said}\n"));
    assert!(output.status.success(), "{}", tools::said(&output));
    let console = fs::read_to_string(machine.path("/dev/console")).unwrap();
    assert_eq!(console, "\r\nhomeseed: failing: a 033[2Jb [31m c d e \r\n");
    let status = fs::read(machine.path("/run/homeseed/status")).unwrap();
    assert!(serde_json::from_slice::<serde_json::Value>(&status).is_ok(), "{status:?}");
}

#[test]
fn a_sentence_is_written_as_it_is() {
    let machine = Machine::new(&sites::small());
    let output = machine.run(". /usr/lib/homeseed/lib.sh\nwaiting 'for \\033[2J'\n");
    assert_eq!(output.status.code(), Some(75));
    let sentence = fs::read_to_string(machine.path("/run/homeseed/sentence")).unwrap();
    assert_eq!(sentence, "for \\033[2J\n");
}

/// What is called, in its order, when apt finds the packages in the state that `check` gives.
fn calls(check: &str) -> String {
    let machine = Machine::new(&sites::small());
    machine.stub(
        "apt-get",
        &format!("echo apt-get $* >>/run/calls\ncase $* in *check) {check} ;; esac"),
    );
    machine.stub("dpkg", "echo dpkg $* >>/run/calls");
    let output = machine.run("set -eu\n. /usr/lib/homeseed/lib.sh\napt_get update\n");
    assert!(output.status.success(), "{}", tools::said(&output));
    fs::read_to_string(machine.path("/run/calls")).unwrap()
}

#[test]
fn whoever_holds_the_lock_is_waited_for_before_packages_are_mended() {
    let calls = calls("echo 'E: dpkg was interrupted' >&2; exit 100");
    let calls: Vec<&str> = calls.lines().collect();
    assert_eq!(calls[0], "apt-get -qq -o DPkg::Lock::Timeout=900 check");
    assert_eq!(calls[1], "dpkg --force-confold --configure -a");
    assert!(calls[2].ends_with("--force-confold update"), "{calls:?}");
}

#[test]
fn packages_that_are_whole_are_not_mended() {
    assert!(!calls("exit 0").contains("dpkg --force-confold --configure"));
}

#[test]
fn a_password_that_was_written_to_the_journal_of_any_boot_is_found() {
    let machine = Machine::new(&sites::small());
    machine.write("/var/lib/homeseed/first-password", "secret-word\n");
    machine.stub("stat", "echo 600 root:root");
    for (journal, passed) in [("nothing", true), ("it is secret-word", false)] {
        // Without `-b` it shows the boots before this one as well.
        let show = format!("case \" $* \" in *' -b '*) ;; *) echo '{journal}' ;; esac");
        machine.stub("journalctl", &show);
        assert_eq!(outcome(&machine, "its first password is root's alone").passed, passed);
    }
}

/// What becomes of the check of that name.
fn outcome(machine: &Machine, name: &str) -> Outcome {
    let plan = sites::small();
    let mut check = plan.checks.iter().find(|check| check.name == name).unwrap().clone();
    check.wait = 0;
    let output = machine.run(&check::script(&[check], &[], "", &str::to_owned));
    read_tap(&tools::said(&output)).unwrap().remove(0)
}

#[test]
fn a_service_that_a_timer_starts_is_one_of_our_units() {
    let machine = Machine::new(&sites::small());
    machine.write("/usr/lib/homeseed/units", "nginx.service\ncertbot.timer\n");
    let systemctl = |failed: &str| {
        let triggers = "show) case $* in *certbot.timer*) echo certbot.service ;; esac ;;";
        let state = format!(
            "is-failed) case \"$* \" in *' {failed} '*) echo failed ;; *) exit 1 ;; esac ;;"
        );
        machine.stub("systemctl", &format!("case $1 in {triggers} {state} esac"));
    };
    for (failed, passed) in [("none", true), ("nginx.service", false), ("certbot.service", false)] {
        systemctl(failed);
        assert_eq!(outcome(&machine, "no unit of ours has failed").passed, passed, "{failed}");
    }
}
