//! `inspect`: what it says of documents, seeds and overlays, whole and damaged. `tests/system` holds it against
//! cloud-init.

use std::{
    fs,
    io::Write as _,
    process::Output,
    sync::LazyLock,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use homeseed::{
    backend::user_data::{Encoding, render},
    inspect::{self, Form, Kind, Note},
    plan::{File, Plan},
};
use serde_json::Value;

use crate::{sites::planned, tools};

const SITE: &str = "image-tests/minimal/site.yaml";

static PLAN: LazyLock<Plan> = LazyLock::new(|| planned(&fs::read_to_string(SITE).unwrap()));

/// The plain and the compact document of a site with a key, so that every kind of line is there.
static DOCUMENTS: LazyLock<[String; 2]> = LazyLock::new(|| {
    [Encoding::Plain, Encoding::Compact].map(|it| render(&PLAN, it, usize::MAX).unwrap())
});

/// Runs the program with `input` on standard input.
#[track_caller]
fn run(arguments: &[&str], input: &str) -> Output {
    let mut command = tools::command(env!("CARGO_BIN_EXE_homeseed"));
    tools::finish(tools::start(command.args(arguments)), input)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", tools::said(output)))
}

fn kind(bytes: impl AsRef<[u8]>) -> Option<Kind> {
    inspect::read("it", bytes.as_ref()).err().map(|damage| damage.kind)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut stream = GzEncoder::new(Vec::new(), Compression::best());
    stream.write_all(bytes).unwrap();
    stream.finish().unwrap()
}

#[test]
fn a_document_is_read_back() {
    for document in &*DOCUMENTS {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        let words = ["inspect", "-", "--extract", tree.to_str().unwrap()];
        let output = run(&words, &document.replace('\n', "\r\n"));
        let said = tools::said(&output);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(said.starts_with("whole: ") && said.contains("CR LF, which is fine"), "{said}");
        assert!(said.contains("machine  chat.example.org, for example.org"), "{said}");
        for file in &PLAN.files {
            let path = tree.join(file.path.trim_start_matches('/'));
            assert_eq!(fs::read_to_string(path).unwrap(), file.contents);
        }
    }
}

/// The files of a plan as a document tells them: it does not say which layer each is of.
fn told(plan: &Plan) -> Vec<File> {
    plan.files.iter().map(|file| File { layer: String::new(), ..file.clone() }).collect()
}

#[test]
fn gzip_is_undone_and_two_pastes_are_one() {
    for document in &*DOCUMENTS {
        let found = inspect::read("it", &gzip(document.as_bytes())).unwrap();
        assert_eq!((found.forms[0], found.payload.files), (Form::Gzip, told(&PLAN)));
        let found = inspect::read("it", document.repeat(2).as_bytes()).unwrap();
        assert_eq!((found.notes, found.keys.unwrap()), (vec![Note::Twice], PLAN.ssh_keys.clone()));
        assert_eq!(kind(&gzip(document.as_bytes())[..900]), Some(Kind::Cut));
    }
}

#[test]
fn no_comment_is_believed() {
    for document in &*DOCUMENTS {
        let other = document.replace(": chat.example.org\n", ": evil.example.net\n");
        let found = inspect::read("it", other.as_bytes()).unwrap();
        assert_eq!(found.payload.host, "chat.example.org");
        let bare: String = document
            .lines()
            .filter(|it| !it.starts_with("# "))
            .map(|it| format!("{it}\n"))
            .collect();
        let found = inspect::read("it", bare.as_bytes()).unwrap();
        assert_eq!((found.payload.host.as_str(), found.claims.version), ("chat.example.org", None));
    }
}

#[test]
fn who_may_log_in_is_part_of_the_document() {
    for document in &*DOCUMENTS {
        for (from, to) in [
            ("ssh_genkeytypes", "ssh_authorized_keys: [\"ssh-ed25519 AAAA\"]\nssh_genkeytypes"),
            ("ssh_genkeytypes", "ssh_pwauth: true\nssh_genkeytypes"),
            ("ssh_genkeytypes: [ed25519]\n", ""),
            ("ssh_genkeytypes: [ed25519]\n", "ssh_genkeytypes: [rsa]\n"),
            ("bootcmd:", "hostname: x\nbootcmd:"),
        ] {
            let other = document.replacen(from, to, 1);
            assert_eq!(kind(&other), Some(Kind::Changed), "{from} to {to}");
        }
    }
}

#[test]
fn every_changed_byte_of_a_document_is_noticed() {
    for document in &*DOCUMENTS {
        let document = document.as_bytes();
        // Nothing rests on the comments; without its last line end it is still whole.
        let comment = document.iter().enumerate().filter(|(_, it)| **it == b'\n').nth(2).unwrap().0;
        let mut steps = 0;
        for at in (comment + 1..document.len() - 1).step_by(97) {
            let mut damaged = document.to_vec();
            damaged[at] = if damaged[at] == b'x' { b'y' } else { b'x' };
            assert!(kind(&damaged).is_some(), "byte {at}");
            assert!(kind(&document[..at]).is_some(), "cut at byte {at}");
            steps += 1;
        }
        assert!(steps > 100);
    }
}

#[test]
fn the_last_digits_of_a_packed_payload_count_too() {
    let document = &DOCUMENTS[1];
    let end = document.find("\n .\n . ./pack\n").unwrap();
    for at in end - 40..end {
        let mut damaged = document.clone().into_bytes();
        damaged[at] = if damaged[at] == b'x' { b'y' } else { b'x' };
        assert!(kind(&damaged).is_some(), "{} bytes before the end", end - at);
    }
}

#[test]
fn a_lone_full_stop_among_the_digits_would_end_them() {
    let document = &DOCUMENTS[1];
    let first = document.find("<<'.'\n ").unwrap() + 7;
    let at = first + document[first..].find('.').unwrap();
    let torn = format!("{}\n .\n {}", &document[..at], &document[at + 1..]);
    assert!(kind(torn).is_some());
    let empty = document.replacen("\n .\n . ./pack", "\n\n .\n . ./pack", 1);
    assert!(kind(empty).is_some());
}

#[test]
fn lines_that_are_missing_anywhere_are_noticed() {
    for document in &*DOCUMENTS {
        let lines: Vec<&str> = document.split_inclusive('\n').collect();
        // The end stays, so that it does not look cut short.
        for first in (3..lines.len() - 1).step_by(5) {
            for last in [first + 1, usize::midpoint(first, lines.len()), lines.len() - 7] {
                let text = [&lines[..first], &lines[last.max(first + 1)..]].concat().concat();
                let damage = inspect::read("it", text.as_bytes()).unwrap_err();
                assert!(damage.message.starts_with("it was "), "{first}: {}", damage.message);
            }
        }
    }
}

#[test]
fn a_damage_is_named_with_its_line_and_a_cure() {
    let document = &DOCUMENTS[0];
    let damaged = document.replacen("\n rm -rf $p.new\n", "\n rm -rf $p\n", 1);
    let line = 1 + document.lines().position(|line| line == " rm -rf $p.new").unwrap();
    let output = run(&["inspect", "-"], &damaged);
    assert_eq!(output.status.code(), Some(1));
    let said = tools::said(&output);
    assert!(
        said.contains(&format!("standard input was damaged on the way: line {line}: it should be")),
        "{said}"
    );
    let output = run(&["inspect", "-", "--format", "json"], &document.replace('<', "&lt;"));
    let damage = &json(&output)["damage"];
    assert_eq!(damage["kind"], "html");
    assert!(
        damage["line"].is_u64() && damage["cure"].as_str().unwrap().contains("copy"),
        "{damage}"
    );
    let output = run(&["inspect", "-"], &document.replace('\n', " \n"));
    assert!(tools::said(&output).contains("blanks stand at the ends of lines from line 1 on"));
}

#[test]
fn a_width_is_said() {
    let torn: String = DOCUMENTS[1]
        .lines()
        .flat_map(|line| line.as_bytes().chunks(78).chain(line.is_empty().then_some(&[][..])))
        .map(|piece| format!("{}\n", std::str::from_utf8(piece).unwrap()))
        .collect();
    assert_eq!(kind(torn), Some(Kind::Wrapped { width: 78 }));
}

#[test]
fn what_is_no_document_is_said_to_be_none() {
    let png = [0x89, b'P', b'N', b'G'];
    let readme = fs::read("README.md").unwrap();
    let others =
        ["", "#cloud-config\npackages: [x]\n", "\u{fffd}", "#!/bin/sh\n"].map(str::as_bytes);
    for bytes in others.into_iter().chain([&png[..], &readme]) {
        assert_eq!(kind(bytes), Some(Kind::None));
    }
    let output = run(&["inspect", "-"], "nothing");
    assert_eq!(output.status.code(), Some(1));
    assert!(tools::said(&output).contains("standard input is no document of homeseed"));
}

#[test]
fn another_version_is_not_called_damaged() {
    let document = DOCUMENTS[0].replace("# homeseed ", "# homeseed 9.");
    assert_eq!(kind(&document), None);
    let other = document.replacen("rm -rf $p.new", "rm -fr $p.new", 1);
    let damage = inspect::read("it", other.as_bytes()).unwrap_err();
    assert_eq!(damage.kind, Kind::Foreign);
    assert!(
        damage.message.contains("its payload, for chat.example.org, is whole"),
        "{}",
        damage.message
    );
    let output = run(&["inspect", "-", "--format", "json"], &other);
    assert_eq!((output.status.code(), &json(&output)["verdict"]), (Some(1), &"foreign".into()));
}

#[test]
fn no_input_takes_long_or_much() {
    let start = Instant::now();
    assert_eq!(kind(vec![b' '; inspect::MOST + 1]), Some(Kind::TooLong));
    assert_eq!(kind(gzip(&vec![b' '; 50 << 20])), Some(Kind::TooLong));
    let document = &DOCUMENTS[1];
    let (head, rest) = document.split_once("<<'.'\n ").unwrap();
    let digits = "~".repeat(900_000);
    let huge = format!("{head}<<'.'\n {digits}\n .\n {}", rest.split_once("\n .\n ").unwrap().1);
    assert!(kind(huge).is_some());
    assert!(kind([document.as_str(), &"x".repeat(900_000)].concat()).is_some());
    assert!(kind([document.as_str(), &"\nx".repeat(400_000)].concat()).is_some());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_document_is_held_against_its_site() {
    let plain = &DOCUMENTS[0];
    let against = |site: &str, text: &str| {
        run(&["inspect", "-", "--against", site, "--format", "json"], text)
    };
    let output = against(SITE, plain);
    assert_eq!((output.status.code(), &json(&output)["verdict"]), (Some(0), &"whole".into()));
    let output = against("examples/site.yaml", plain);
    let report = json(&output);
    assert_eq!((output.status.code(), &report["verdict"]), (Some(1), &"differs".into()));
    assert_eq!(report["against"]["keys"], true);
    assert!(!report["against"]["changed"].as_array().unwrap().is_empty(), "{report}");
    // One digest covers all files: only the site can tell which line it is.
    let output =
        against(SITE, &plain.replacen("Acquire::Retries \"5\"", "Acquire::Retries \"6\"", 1));
    let line = plain.lines().position(|line| line.contains("Acquire::Retries")).unwrap() + 1;
    assert_eq!(json(&output)["damage"]["line"], line);
}

#[test]
fn an_overlay_is_read_as_a_folder_and_as_a_tar() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["overlay", "overlay.tar"] {
        let path = dir.path().join(name);
        let path = path.to_str().unwrap();
        let output = run(&["overlay", SITE, "--allow-placeholders", "-o", path], "");
        assert!(output.status.success(), "{}", tools::said(&output));
        let output = run(&["inspect", path, "--against", SITE, "--format", "json"], "");
        let report = json(&output);
        assert_eq!((&report["verdict"], &report["forms"][0]), (&"whole".into(), &"overlay".into()));
        assert_eq!(report["files"].as_array().unwrap().len(), PLAN.files.len());
    }
    let tar = fs::read(dir.path().join("overlay.tar")).unwrap();
    assert_eq!(kind(&tar[..tar.len() / 1024 * 512 + 100]), Some(Kind::Cut));
    let folder = dir.path().join("overlay");
    for (file, from, to) in [
        ("packages", "postgresql", "postgresq1"),
        ("inventory", "0644", "0755"),
        ("tree/etc/nftables.conf", "accept", "reject"),
        ("bake", "set -eu", "set -e"),
        ("bake", "install_packages\n", ""),
        ("tree/etc/more", "", "more"),
    ] {
        let path = folder.join(file);
        let before = fs::read_to_string(&path).unwrap_or_default();
        fs::write(&path, before.replace(from, to)).unwrap();
        let output = run(&["inspect", folder.to_str().unwrap()], "");
        let said = tools::said(&output);
        assert!(output.status.code() == Some(1) && said.contains(file), "{file}: {said}");
        if before.is_empty() {
            fs::remove_file(&path).unwrap();
        } else {
            fs::write(&path, before).unwrap();
        }
    }
}
