//! What a machine may say of itself in a container: all but what takes a kernel of its own.
//!
//! The list is declared by the layers and compared exactly: a check that fails though it could hold is
//! a failure, and so is one that holds though it should not.

use std::collections::BTreeSet;

use crate::check::{Check, read_tap};

/// The fact that stands for the checks that a container cannot make.
const DECLARED: &str = "every check that a container cannot make fails";

/// Whether every result arrived, and exactly the declared ones are bad.
#[must_use]
pub fn is_whole(tap: &str, checks: &[Check]) -> bool {
    difference(tap, checks).is_ok_and(|difference| difference.is_empty())
}

/// The results in `tap` as a reader should see them: one stands for those that a container cannot show.
#[must_use]
pub fn in_container(tap: &str, checks: &[Check]) -> String {
    let Ok(results) = read_tap(tap) else { return tap.to_owned() };
    let declared = declared(checks);
    let others = results.iter().filter(|result| !declared.contains(&result.name));
    let mut lines: Vec<String> = Vec::new();
    let mut count = 0;
    let mut add = |passed: bool, name: &str, reason: &[String]| {
        count += 1;
        lines.push(format!("{} {count} - {name}\n", if passed { "ok" } else { "not ok" }));
        lines.extend(reason.iter().map(|line| format!("# {line}\n")));
    };
    others.for_each(|result| add(result.passed, &result.name, &result.reason));
    let failed = |title: &&String| results.iter().any(|it| !it.passed && it.name == **title);
    let others = declared.iter().filter(|title| !failed(title));
    let others: Vec<String> = others.map(|title| format!("it did not fail: {title}")).collect();
    add(others.is_empty(), DECLARED, &others);
    format!("1..{count}\n{}", lines.concat())
}

/// The titles that fail without being declared, and those that are declared and do not fail.
fn difference(tap: &str, checks: &[Check]) -> Result<BTreeSet<String>, String> {
    let results = read_tap(tap)?;
    let failed: BTreeSet<String> =
        results.into_iter().filter(|it| !it.passed).map(|it| it.name).collect();
    Ok(failed.symmetric_difference(&declared(checks)).cloned().collect())
}

/// The titles of the checks that a container cannot make, a line each.
#[must_use]
pub fn own_kernel(checks: &[Check]) -> String {
    declared(checks).into_iter().collect::<Vec<_>>().join("\n")
}

fn declared(checks: &[Check]) -> BTreeSet<String> {
    checks.iter().filter(|check| check.own_kernel).map(Check::title).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Vantage;

    fn check(name: &str, own_kernel: bool) -> Check {
        Check {
            layer: "a".to_owned(),
            name: name.to_owned(),
            from: Vantage::Host,
            cure: String::new(),
            run: String::new(),
            wait: 1,
            own_kernel,
            covers: Vec::new(),
        }
    }

    #[test]
    fn only_the_declared_checks_may_fail_and_they_must() {
        let checks = [check("x", false), check("kernel", true)];
        assert!(is_whole("1..2\nok 1 - a: x\nnot ok 2 - a: kernel\n", &checks));
        assert!(!is_whole("1..2\nok 1 - a: x\nok 2 - a: kernel\n", &checks));
        assert!(!is_whole("1..2\nnot ok 1 - a: x\nnot ok 2 - a: kernel\n", &checks));
        assert!(!is_whole("1..2\nok 1 - a: x\n", &checks));
    }

    #[test]
    fn one_result_stands_for_what_a_container_cannot_show() {
        let checks = [check("x", false), check("kernel", true)];
        let tap = in_container("1..2\nok 1 - a: x\nnot ok 2 - a: kernel\n# no\n", &checks);
        assert_eq!(tap, format!("1..2\nok 1 - a: x\nok 2 - {DECLARED}\n"));
        let tap = in_container("1..2\nok 1 - a: x\nok 2 - a: kernel\n", &checks);
        assert!(tap.contains("not ok 2 - "), "{tap}");
        let tap = in_container("1..1\nok 1 - a: x\n", &checks);
        assert!(tap.contains("not ok 2 - "), "a check that was not made at all: {tap}");
    }
}
