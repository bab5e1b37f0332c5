//! Documents: `PyYAML` reads back what was planned, and the script does on a machine what it promises.

mod deliver;

use std::{
    fs,
    io::Write as _,
    process::{ChildStdin, Output},
    thread,
};

use homeseed::layer::embedded_schema;
use homeseed::{
    backend::user_data::{Encoding, LIMIT, render},
    plan::{self, Plan},
    site::Site,
};

use crate::{
    docs,
    sites::{self, Dice},
    tools,
};

const SITES: u64 = 10_000;

/// Reads pairs of document and plan, and says where they differ.
const READER: &str = include_str!("read_documents.py");

#[test]
fn pyyaml_reads_back_what_was_planned_for_ten_thousand_sites() {
    let workers = thread::available_parallelism().map_or(2, usize::from) as u64;
    thread::scope(|scope| {
        for worker in 0..workers {
            scope.spawn(move || {
                let seeds = (worker..SITES).step_by(usize::try_from(workers).unwrap());
                let output = read_back(seeds);
                assert!(output.status.success(), "{}", tools::said(&output));
            });
        }
    });
}

fn read_back(seeds: impl Iterator<Item = u64>) -> Output {
    let mut python = tools::start(&mut tools::python(&["-c", READER]));
    let mut stdin = python.stdin.take().unwrap();
    for seed in seeds {
        if send(seed, &mut stdin).is_err() {
            // It stopped because two differ; what it says about that comes next.
            break;
        }
    }
    drop(stdin);
    python.wait_with_output().unwrap()
}

/// Every eighth document is compact: that costs ten times as much.
fn send(seed: u64, stdin: &mut ChildStdin) -> std::io::Result<()> {
    let site = sites::site(&mut Dice::new(seed));
    let plan = plan::with(&site, sites::layers()).unwrap_or_else(|errors| panic!("{errors}"));
    let encoding = if seed % 16 < 2 { Encoding::Compact } else { Encoding::Plain };
    let document = render(&plan, encoding, usize::MAX).unwrap();
    let pair = serde_json::json!({"seed": seed, "document": document, "plan": plan});
    // One write: a pipe has no buffer on this side.
    stdin.write_all(format!("{pair}\n").as_bytes())
}

/// The plan of a small site with the real layers.
fn small() -> Plan {
    let text =
        "server_name: example.org\nhost: chat.example.org\noperator: {email: o@example.org}\n";
    planned(text)
}

fn planned(text: &str) -> Plan {
    let site = Site::parse("site.yaml", text, embedded_schema())
        .unwrap_or_else(|errors| panic!("{errors}"));
    plan::with(&site, sites::layers()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The sites that a newcomer sees: the example, and those of the README.
fn shown() -> Vec<String> {
    let readme = docs::blocks("README.md", "yaml");
    assert!(readme.iter().any(|text| text.contains("- ssh-ed25519 ")), "no key in the README");
    [vec![fs::read_to_string("examples/site.yaml").unwrap()], readme].concat()
}

#[test]
fn the_same_site_gives_the_same_bytes() {
    for encoding in [Encoding::Plain, Encoding::Compact] {
        let twice = [(); 2].map(|()| render(&small(), encoding, usize::MAX).unwrap());
        assert_eq!(twice[0], twice[1]);
    }
}

#[test]
fn both_encodings_carry_the_same_payload() {
    let payload = format!("\n want={}\n", small().digest());
    for encoding in [Encoding::Plain, Encoding::Compact] {
        assert!(render(&small(), encoding, usize::MAX).unwrap().contains(&payload));
    }
}

#[test]
fn a_document_is_ascii_without_carriage_returns_and_begins_as_cloud_init_wants() {
    for encoding in [Encoding::Plain, Encoding::Compact] {
        let document = render(&small(), encoding, usize::MAX).unwrap();
        assert!(document.starts_with("#cloud-config\n# homeseed "));
        let odd = |c: char| !(c == '\n' || c == '\t' || (' '..='~').contains(&c));
        assert_eq!(document.find(odd), None);
    }
}

#[test]
fn auto_is_plain_when_that_fits() {
    let plain = render(&small(), Encoding::Plain, usize::MAX).unwrap();
    let auto = |limit| render(&small(), Encoding::Auto, limit).unwrap();
    assert_eq!(auto(plain.len()), plain);
    assert!(auto(plain.len() - 1).len() < plain.len() / 2);
}

#[test]
fn a_document_that_is_too_long_is_refused_with_a_table() {
    let error = render(&small(), Encoding::Auto, 1000).unwrap_err().to_string();
    assert!(error.contains("bytes, 1000 are allowed"), "{error}");
    for layer in small().layers {
        assert!(error.contains(&layer.name), "{error}");
    }
}

#[test]
fn passwords_are_left_alone_when_there_is_no_key() {
    assert!(!render(&small(), Encoding::Compact, usize::MAX).unwrap().contains("ssh_pwauth"));
}

#[test]
fn the_sites_that_are_shown_fit_the_strictest_provider() {
    for text in shown() {
        if let Err(error) = render(&planned(&text), Encoding::Compact, LIMIT) {
            panic!("{error}\n\n{text}");
        }
    }
}

/// What Debian's cloud-init thinks of `document`, and whether it takes it.
fn schema(document: &str) -> (String, bool) {
    let root = tools::root();
    let mut file = tempfile::NamedTempFile::new_in(root.join("tmp")).unwrap();
    file.write_all(document.as_bytes()).unwrap();
    let name = format!("/tmp/{}", file.path().file_name().unwrap().to_str().unwrap());
    let words = ["chroot", root.to_str().unwrap(), "cloud-init", "schema", "-c", &name];
    let output = tools::run(&words, "");
    (tools::said(&output), output.status.success())
}

#[test]
fn cloud_init_finds_documents_valid() {
    for text in shown() {
        for encoding in [Encoding::Plain, Encoding::Compact] {
            let (said, valid) = schema(&render(&planned(&text), encoding, usize::MAX).unwrap());
            assert!(valid && said.contains("Valid cloud-config"), "{encoding:?}: {said}");
        }
    }
    let (said, valid) = schema("#cloud-config\nbootcmd: 5\n");
    assert!(!valid && said.contains("bootcmd"), "{said}");
}
