//! Shellcheck finds nothing in the layers' shell, before and after it is rendered.

use std::{fs, path::Path};

use crate::{sites, tools};

/// Whether a text is shell, by its name or its first line; a template is none before it is rendered.
fn is_shell(path: &str, text: &str) -> bool {
    let extension = Path::new(path).extension().unwrap_or_default();
    if extension == "j2" {
        return false;
    }
    extension == "sh"
        || ["#!/bin/sh", "#!/bin/bash", "#!/usr/bin/env bash", "# shellcheck shell="]
            .iter()
            .any(|first| text.starts_with(first))
}

/// Every file below `folder`, with its text.
fn files(folder: &str) -> impl Iterator<Item = (String, String)> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files.map(|entry| {
        (entry.path().display().to_string(), fs::read_to_string(entry.path()).unwrap())
    })
}

#[track_caller]
fn shellcheck(name: &str, text: &str) -> Option<String> {
    let known = text.starts_with("#!") || text.starts_with("# shellcheck shell=");
    let head = if known { "" } else { "# shellcheck shell=sh\n" };
    // Files that are sourced are on the machine (SC1091), variables come from elsewhere (SC2034,
    // SC2153, SC2154), and functions are called from there (SC2317).
    let words = ["shellcheck", "-S", "warning", "-e", "SC1091,SC2034,SC2153,SC2154,SC2317", "-"];
    let output = tools::run(&words, &format!("{head}{text}"));
    (!output.status.success()).then(|| format!("{name}:\n{}", tools::said(&output)))
}

#[test]
fn shellcheck_finds_nothing_in_any_shell() {
    assert!(
        tools::command("shellcheck").arg("--version").output().is_ok(),
        "shellcheck is missing: apt install shellcheck"
    );
    let mut faults = Vec::new();
    for (name, text) in ["src", "layers", "image-tests", "tests/system"].into_iter().flat_map(files)
    {
        if is_shell(&name, &text) && !text.contains("@UNPACK@") && !text.contains("@HOST@") {
            faults.extend(shellcheck(&name, &text));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn shellcheck_finds_nothing_in_what_is_rendered() {
    let mut faults = Vec::new();
    for seed in [1, 2, 3] {
        let plan = sites::plan(&mut sites::Dice::new(seed));
        // Lists of words are split on purpose, helpers may be unused, and `sh -e` ends at a bad `cd`.
        let context =
            "# shellcheck shell=sh disable=SC2015,SC2016,SC2046,SC2086,SC2125,SC2164,SC2329\n";
        for check in &plan.checks {
            faults.extend(shellcheck(
                &check.title(),
                &format!("{context}{}\n{}", callable(&plan, &check.layer), check.run),
            ));
        }
        for file in plan.files.iter().filter(|file| is_shell(&file.path, &file.contents)) {
            let output = tools::run(&["dash", "-n"], &file.contents);
            assert!(output.status.success(), "{}: {}", file.path, tools::said(&output));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The functions that checks of `layer` may call.
fn callable(plan: &homeseed::plan::Plan, layer: &String) -> String {
    let called = plan.helpers.iter().filter(|it| it.callers.contains(layer));
    called.map(|it| it.shell.as_str()).collect()
}
