//! `inspect` against cloud-init: hundreds of damaged documents, and what becomes of each.

use std::{collections::BTreeMap, fs, io::Write as _, sync::OnceLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use homeseed::{
    backend::user_data::{Encoding, render},
    inspect::{self, Form},
};
use serde_json::Value;

use crate::{
    damages,
    program::{SITE, done, folder, refused},
    root, sites, tools,
};

/// What cloud-init makes of documents.
const READER: &str = include_str!("cloud_init_reads.py");

/// A document, and the kind of damage that was done to it.
struct Case {
    kind: &'static str,
    bytes: Vec<u8>,
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut stream = GzEncoder::new(Vec::new(), Compression::best());
    stream.write_all(bytes).unwrap();
    stream.finish().unwrap()
}

/// The plan of a site with a key, so that every kind of line is there.
fn documents() -> [String; 2] {
    let site = fs::read_to_string("image-tests/minimal/site.yaml").unwrap();
    let plan = sites::planned(&site);
    [Encoding::Plain, Encoding::Compact].map(|it| render(&plan, it, usize::MAX).unwrap())
}

/// Both documents, damaged in every way, and some of it compressed; the first of all are whole.
fn cases() -> Vec<Case> {
    let documents = documents();
    let texts = documents.iter().flat_map(|document| damages::of_text(document));
    let texts: Vec<Case> = texts.map(|(kind, bytes)| Case { kind, bytes }).collect();
    let packed = texts.iter().step_by(4).filter(|case| case.kind != "base64");
    let packed: Vec<Case> =
        packed.map(|case| Case { kind: case.kind, bytes: gzip(&case.bytes) }).collect();
    let streams =
        documents.iter().flat_map(|document| damages::of_bytes(&gzip(document.as_bytes())));
    let streams: Vec<Case> = streams.map(|(kind, bytes)| Case { kind, bytes }).collect();
    [texts, packed, streams].into_iter().flatten().collect()
}

/// What cloud-init does with each, as one line of JSON.
fn outcomes(all: &[&[u8]]) -> Vec<String> {
    let asked: String = all.iter().map(|bytes| STANDARD.encode(bytes) + "\n").collect();
    let output = tools::finish(tools::start(&mut root::python(&["-c", READER])), &asked);
    assert!(output.status.success(), "{}", tools::said(&output));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[derive(Debug, Default)]
struct Counts {
    documents: usize,
    same: usize,
    false_whole: usize,
    false_alarms: usize,
    named_right: usize,
    by_kind: BTreeMap<&'static str, [usize; 2]>,
    misses: Vec<String>,
}

impl Counts {
    /// `same` is whether cloud-init does what it does with the whole document.
    fn count(&mut self, number: usize, case: &Case, same: bool) {
        let said = inspect::read("it", &case.bytes);
        self.documents += 1;
        self.same += usize::from(same);
        match said {
            Ok(_) if same => (),
            Ok(_) => {
                self.false_whole += 1;
                self.misses.push(format!("{number}: {} is called whole", case.kind));
            }
            Err(damage) if same => {
                self.false_alarms += 1;
                self.misses
                    .push(format!("{number}: {} is harmless: {}", case.kind, damage.message));
            }
            Err(damage) => {
                let counts = self.by_kind.entry(case.kind).or_default();
                let right = damage.kind.word() == case.kind;
                self.named_right += usize::from(right);
                counts[0] += usize::from(right);
                counts[1] += 1;
                if !right {
                    let kind = damage.kind.word();
                    self.misses.push(format!(
                        "{number}: {} is called {kind}: {}",
                        case.kind, damage.message
                    ));
                }
            }
        }
    }
}

/// The damaged documents, and what cloud-init does first with the two whole ones, then with each of those.
fn asked() -> &'static (Vec<Case>, Vec<String>) {
    static ASKED: OnceLock<(Vec<Case>, Vec<String>)> = OnceLock::new();
    ASKED.get_or_init(|| {
        let (whole, cases) = (documents(), cases());
        let all: Vec<&[u8]> =
            whole.iter().map(String::as_bytes).chain(cases.iter().map(|it| &*it.bytes)).collect();
        let done = outcomes(&all);
        assert_eq!(done.len(), all.len());
        assert!(done[..2].iter().all(|it| it.contains("/usr/lib/homeseed")), "{done:.200?}");
        (cases, done)
    })
}

/// The script that cloud-init runs, if it gets as far as that.
fn script(did: &str) -> Option<String> {
    let config: Vec<(String, Value)> = serde_json::from_str(did).ok()?;
    let script = config.into_iter().find(|(key, _)| key == "bootcmd")?.1;
    script.as_str().map(str::to_owned)
}

#[test]
fn whatever_is_left_of_a_script_delivers_the_whole_or_says_that_it_is_damaged() {
    let (cases, done) = asked();
    let mut scripts: BTreeMap<String, &'static str> = BTreeMap::new();
    for (case, did) in cases.iter().zip(&done[2..]) {
        scripts.entry(script(did).unwrap_or_default()).or_insert(case.kind);
    }
    scripts.remove("");
    let numbered: Vec<(String, &String, &str)> = scripts
        .iter()
        .enumerate()
        .map(|(n, (it, kind))| (format!("/scripts/{n}"), it, *kind))
        .collect();
    let plan = sites::planned(&fs::read_to_string("image-tests/minimal/site.yaml").unwrap());
    let run = |some: &[(String, &String, &str)]| {
        let files = some.iter().map(|(path, script, _)| (path.as_str(), script.as_str()));
        root::inside(files, "tests/system/damaged.sh", &[&plan.digest()])
    };
    // No other test takes as long: on two processors it takes half of it.
    let (one, other) = numbered.split_at(numbered.len() / 2);
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(|| run(one));
        (run(other), one.join().unwrap())
    });
    let said = tools::said(&one) + &tools::said(&other);
    let became: BTreeMap<&str, &str> =
        said.lines().filter_map(|line| line.split_once(' ')).collect();
    let of = |path: &str| {
        let line = became.get(path.trim_start_matches("/scripts/")).copied().unwrap_or_default();
        line.split_once(' ').unwrap_or((line, "is not in what was said"))
    };
    let wrong: Vec<String> = numbered
        .iter()
        .filter(|(path, ..)| !matches!(of(path).0, "whole" | "damaged"))
        .map(|(path, script, kind)| {
            format!("{path}, {kind}, {} bytes: {:?}", script.len(), of(path))
        })
        .collect();
    let count = |word| numbered.iter().filter(|(path, ..)| of(path).0 == word).count();
    println!("{} scripts: {} whole, {} damaged", scripts.len(), count("whole"), count("damaged"));
    assert!(
        wrong.is_empty(),
        "{} of {} are wrong, {} were run\n{}\n{said}",
        wrong.len(),
        scripts.len(),
        became.len(),
        wrong.join("\n")
    );
    assert!(count("damaged") >= 120 && count("whole") >= 2, "{said}");
}

#[test]
fn inspect_says_whole_of_what_cloud_init_would_run_and_of_nothing_else() {
    let (cases, done) = asked();
    let mut counts = Counts::default();
    for (number, (case, did)) in cases.iter().zip(&done[2..]).enumerate() {
        counts.count(number, case, done[..2].contains(did));
    }
    let damaged = counts.documents - counts.same;
    let holds = counts.false_whole == 0
        && counts.false_alarms * 50 <= counts.same
        && counts.named_right * 10 >= damaged * 9
        && damaged > 300
        && counts.same > 30;
    assert!(holds, "{counts:#?}");
}

#[test]
fn a_seed_is_read_back() {
    let dir = folder();
    let path = dir.path().join("seed.iso");
    let path = path.to_str().unwrap();
    done(&["seed", SITE, "-o", path]);
    done(&["inspect", path, "--against", SITE]);
    let whole = fs::read(path).unwrap();
    let found = inspect::read("it", &whole).unwrap();
    assert_eq!(found.forms[0], Form::Seed);
    let at = |text: &[u8]| whole.windows(text.len()).position(|it| it == text).unwrap();
    let mut other = whole.clone();
    other[at(b"sha256sum -c")] = b'S';
    fs::write(path, &other).unwrap();
    refused(&["inspect", path], 1, "`user-data` of ");
    let mut other = whole.clone();
    other[at(b"instance-id: homeseed-") + 22] ^= 1;
    fs::write(path, &other).unwrap();
    refused(&["inspect", path], 1, "belongs to another document");
}
