//! The generated script of checks, run by dash.

use std::process::Output;

use homeseed::check::{self, Check, Helpers, Vantage, read_tap};

use crate::tools;

fn check(from: Vantage, name: &str, run: &str) -> Check {
    Check {
        layer: "a".to_owned(),
        name: name.to_owned(),
        from,
        cure: String::new(),
        run: run.to_owned(),
        wait: 1,
        own_kernel: false,
        covers: Vec::new(),
    }
}

fn run(checks: &[Check], arguments: &[&str]) -> Output {
    let helpers = Helpers {
        layer: "c-d".to_owned(),
        shell: "hello() { echo \"hello $1\"; }\n".to_owned(),
        callers: vec!["a".to_owned()],
    };
    let script = check::script(checks, &[helpers], "NAME='a b'\n", &str::to_owned);
    tools::run(&[&["dash", "-s", "--"], arguments].concat(), &script)
}

#[track_caller]
fn passes(run: &str) -> bool {
    let output = self::run(&[check(Vantage::Host, "it's a fact", run)], &["all"]);
    let outcomes = read_tap(&tools::said(&output))
        .unwrap_or_else(|why| panic!("{why}: {}", tools::said(&output)));
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].name, "a: it's a fact");
    assert_eq!(output.status.success(), outcomes[0].passed);
    outcomes[0].passed
}

#[test]
fn a_check_passes_when_its_shell_does() {
    assert!(passes("true"));
    assert!(!passes("false"));
    assert!(!passes("false\ntrue"), "every line counts");
    assert!(!passes("echo $unset"), "a variable that is not set is a mistake");
    assert!(!passes("fail 'no reason'"));
}

#[test]
fn checks_see_the_facts_and_the_helpers() {
    assert!(passes("[ \"$NAME\" = 'a b' ]"));
    assert!(passes("[ \"$(hello \"it's\")\" = \"hello it's\" ]"));
    assert!(passes("sh -c '[ \"$NAME\" = \"a b\" ]'"), "facts are exported");
}

#[test]
fn helpers_are_for_the_layer_that_brings_them_and_those_that_need_it() {
    let stranger = Check { layer: "b".to_owned(), ..check(Vantage::Host, "x", "hello") };
    let outcomes = read_tap(&tools::said(&run(&[stranger], &["all"]))).unwrap();
    assert!(!outcomes[0].passed);
}

#[test]
fn what_a_check_says_is_the_reason_when_it_fails() {
    let checks = [
        check(Vantage::Host, "x", "echo one; printf '%s\\n' 'two\\n' >&2; exit 3"),
        check(Vantage::Host, "y", "echo quiet"),
    ];
    let text = tools::said(&run(&checks, &["host"]));
    let outcomes = read_tap(&text).unwrap();
    assert_eq!(outcomes[0].reason, ["one", "two\\n"]);
    assert!(!text.contains("quiet"), "{text}");
}

#[test]
fn a_vantage_selects_and_is_counted() {
    let checks = [
        check(Vantage::Host, "x", "true"),
        check(Vantage::Network, "y", "true"),
        check(Vantage::Network, "z", "true"),
    ];
    for (word, count) in [("host", 1), ("network", 2), ("all", 3)] {
        assert_eq!(read_tap(&tools::said(&run(&checks, &[word]))).unwrap().len(), count);
    }
}

#[test]
fn a_fact_that_comes_true_in_time_holds() {
    let dir = tempfile::tempdir().unwrap();
    let mark = dir.path().join("mark").display().to_string();
    let mut patient =
        check(Vantage::Host, "x", &format!("[ -e {mark} ] || {{ touch {mark}; false; }}"));
    patient.wait = 60;
    assert!(run(&[patient], &["all"]).status.success());
}

#[test]
fn a_check_that_reads_standard_input_does_not_eat_the_script() {
    let checks = [check(Vantage::Host, "x", "cat"), check(Vantage::Host, "y", "true")];
    assert_eq!(read_tap(&tools::said(&run(&checks, &["all"]))).unwrap().len(), 2);
}

#[test]
fn waiting_ends_at_once_when_it_is_of_no_use() {
    let mut hopeless = check(Vantage::Host, "x", "exit 99");
    hopeless.wait = 600;
    assert!(!run(&[hopeless], &[]).status.success());
}
