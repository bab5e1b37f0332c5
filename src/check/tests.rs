//! Checks run as scripts; what is said is read back.

use super::*;

fn names(tap: &str) -> Result<Vec<(String, bool)>, String> {
    Ok(read_tap(tap)?.into_iter().map(|it| (it.name, it.passed)).collect())
}

#[test]
fn a_machine_that_dies_half_way_has_not_passed() {
    assert_eq!(names("1..1\nok 1 - a\n"), Ok(vec![("a".to_owned(), true)]));
    assert_eq!(names("1..1\nnot ok 1 - a\n# why\n"), Ok(vec![("a".to_owned(), false)]));
    assert!(names("1..2\nok 1 - a\n").is_err());
    assert!(names("ok 1 - a\n").is_err());
    assert!(names("").is_err());
}

#[test]
fn results_that_contradict_their_plan_are_refused() {
    assert!(names("1..1\nok 1 - a\nok 2 - b\n").is_err());
    assert!(names("1..2\nok 1 - a\nok 1 - a\n").is_err());
    assert!(names("1..1\n1..1\nok 1 - a\n").is_err());
    assert!(names("1..1\nok 1 - a\nBail out! no disk\n").is_err());
}

#[test]
fn a_reason_belongs_to_the_result_above_it() {
    let tap = "1..2\nnot ok 1 - a\n# first\n# second\nok 2 - b\n";
    let outcomes = read_tap(tap).unwrap();
    assert_eq!(outcomes[0].reason, ["first", "second"]);
    assert!(outcomes[1].reason.is_empty());
}

#[test]
fn a_quote_in_a_word_does_not_end_it() {
    assert_eq!(quoted("it's $(id)"), r"'it'\''s $(id)'");
}
