//! Documents: `PyYAML` reads back what was planned, and cloud-init takes them.

use std::{
    fs,
    io::Write as _,
    process::{ChildStdin, Output},
    thread,
};

use homeseed::backend::user_data::{Encoding, render};

use crate::{
    root,
    sites::{self, Dice, planned},
    tools,
};

const SITES: u64 = 3_000;

/// Reads pairs of document and plan, and says where they differ.
const READER: &str = include_str!("read_documents.py");

#[test]
fn pyyaml_reads_back_what_was_planned_for_three_thousand_sites() {
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
    let mut python = tools::start(&mut root::python(&["-c", READER]));
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
    let plan = sites::plan(&mut Dice::new(seed));
    let encoding = if seed % 16 < 2 { Encoding::Compact } else { Encoding::Plain };
    let document = render(&plan, encoding, usize::MAX).unwrap();
    let pair = serde_json::json!({"seed": seed, "document": document, "plan": plan});
    // One write: a pipe has no buffer on this side.
    stdin.write_all(format!("{pair}\n").as_bytes())
}

/// What Debian's cloud-init thinks of `document`, and whether it takes it.
fn schema(document: &str) -> (String, bool) {
    let root = root::root();
    let mut file = tempfile::NamedTempFile::new_in(root.join("tmp")).unwrap();
    file.write_all(document.as_bytes()).unwrap();
    let name = format!("/tmp/{}", file.path().file_name().unwrap().to_str().unwrap());
    let words = ["chroot", root.to_str().unwrap(), "cloud-init", "schema", "-c", &name];
    let output = tools::run(&words, "");
    (tools::said(&output), output.status.success())
}

#[test]
fn cloud_init_finds_documents_valid() {
    for file in ["examples/site.yaml", "image-tests/minimal/site.yaml"] {
        let plan = planned(&fs::read_to_string(file).unwrap());
        for encoding in [Encoding::Plain, Encoding::Compact] {
            let (said, valid) = schema(&render(&plan, encoding, usize::MAX).unwrap());
            assert!(valid && said.contains("Valid cloud-config"), "{encoding:?}: {said}");
        }
    }
    let (said, valid) = schema("#cloud-config\nbootcmd: 5\n");
    assert!(!valid && said.contains("bootcmd"), "{said}");
}
