//! Texts that mean the same to cloud-init, and texts that do not; `PyYAML` was asked about each.

use super::*;

const DOCUMENT: &str = "#cloud-config\n# a comment\nssh_genkeytypes: [ed25519]\nbootcmd:\n- |\n one\n  two\n\n three\n";

fn script(text: &str) -> Option<Vec<String>> {
    let told = read(text).ok()?;
    Some(told.script.iter().map(|line| line.text.to_owned()).collect())
}

fn same(text: &str) -> bool {
    let told = read(text).ok();
    told.is_some_and(|told| {
        told.one_host_key && script(text).is_some_and(|lines| lines == ["one", " two", "", "three"])
    })
}

#[test]
fn what_means_the_same_is_read_as_the_same() {
    let text = DOCUMENT;
    assert!(same(text));
    for (from, to) in [
        ("\n", "\r\n"),
        ("\n", "\r"),
        ("#cloud-config", "  \n #CLOUD-Config here"),
        ("[ed25519]", "[ ed25519 ]"),
        ("[ed25519]", "[ed25519]  # one"),
        ("- |", "-   |+   # a script"),
        ("\n one\n  two\n\n three\n", "\n    one\n     two\n \n    three\n\n  \n"),
        ("three\n", "three"),
        ("# a comment", "# ä"),
    ] {
        assert!(same(&text.replace(from, to)), "{from:?} to {to:?}");
    }
    assert!(same(&format!("{text}\n# the end\n\n")));
    let indented: String = text.lines().map(|line| format!("   {line}\n")).collect();
    assert!(same(&indented));
}

#[test]
fn a_key_that_stands_twice_counts_the_last_time() {
    let twice = DOCUMENT.replace("one", "other") + DOCUMENT;
    assert!(same(&twice) && read(&twice).unwrap().twice);
    assert!(!same(&(DOCUMENT.to_owned() + &DOCUMENT.replace("one", "other"))));
}

#[test]
fn what_means_something_else_is_not_read_as_the_same() {
    let text = DOCUMENT;
    for (from, to) in [
        ("#cloud-config", "\u{feff}#cloud-config"),
        ("#cloud-config", "cloud-config"),
        ("#cloud-config", "#cloud-config-archive"),
        ("# a comment", "MIME-Version: 1.0"),
        ("# a comment", "# \u{1b}[0m"),
        ("# a comment", "# \u{0}"),
        ("# a comment", "# a\u{2028}b"),
        ("# a comment", "\t# a comment"),
        ("[ed25519]", "[ed25519]\t"),
        ("[ed25519]", "[rsa]"),
        ("[ed25519]", "\n- ed25519"),
        ("bootcmd:", "hostname: x\nbootcmd:"),
        ("bootcmd:\n", ""),
        ("- |", "- |2"),
        ("- |", "-\t|"),
        (" one", "\tone"),
        (" three", "three"),
        ("two", "two\u{2029}"),
        ("\n one", "\n    \n one"),
    ] {
        assert!(!same(&text.replace(from, to)), "{from:?} to {to:?}");
    }
    assert!(!same(&format!("{text}more\n")) && !same(&format!("{text}- more\n")));
}

#[test]
fn every_piece_of_a_document_can_be_read_or_refused() {
    let text = DOCUMENT.replace("comment", "cömment");
    for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
        let _ = read(&text[..end]);
        let _ = read(&text[end..]);
    }
}
