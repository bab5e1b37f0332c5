//! Completions and manual pages, as the shells and `groff` read them.

use std::{fs, process::Output};

use crate::tools;

fn homeseed(words: &[&str]) -> Output {
    tools::run(&[&[env!("CARGO_BIN_EXE_homeseed")], words].concat(), "")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn shells_complete_what_is_typed() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let file = dir.path().join(shell);
        fs::write(&file, out(&homeseed(&["completions", shell]))).unwrap();
        let output = tools::run(&[shell, "-n", file.to_str().unwrap()], "");
        assert!(output.status.success(), "{shell}: {}", tools::said(&output));
    }
    let asked = format!(
        ". {}; COMP_WORDS=(homeseed veri) COMP_CWORD=1; _homeseed homeseed veri homeseed; echo \"${{COMPREPLY[@]}}\"",
        dir.path().join("bash").display()
    );
    assert_eq!(out(&tools::run(&["bash", "-c", &asked], "")), "verify\n");
    let asked =
        format!("source {}; complete -C 'homeseed veri'", dir.path().join("fish").display());
    let output = tools::run(&["fish", "--no-config", "-c", &asked], "");
    assert!(out(&output).starts_with("verify\t"), "{}", tools::said(&output));
}

#[test]
fn manual_pages_are_sound() {
    let dir = tempfile::tempdir().unwrap();
    let output = homeseed(&["man", "-o", dir.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", tools::said(&output));
    let mut pages = 0;
    for entry in fs::read_dir(dir.path()).unwrap() {
        let page = entry.unwrap().path();
        let output =
            tools::run(&["groff", "-man", "-Tutf8", "-ww", "-z", page.to_str().unwrap()], "");
        assert!(output.status.success() && output.stderr.is_empty(), "{}", tools::said(&output));
        pages += 1;
    }
    assert!(pages >= 16 && dir.path().join("homeseed-verify.1").exists());
    assert!(!dir.path().join("homeseed-test-inside.1").exists());
    assert!(out(&homeseed(&["man"])).starts_with(".ie"));
}
