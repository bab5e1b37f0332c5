//! A document that fetches its payload, and the payload: what `user-data --from` writes, and what `inspect` reads.

use std::{fs, io::Read as _};

use flate2::read::GzDecoder;
use homeseed::{
    backend::user_data::{Encoding, LIMIT, Split, split},
    inspect::{self, Form, Kind},
};
use url::Url;

use crate::{
    program::{folder, given, refused},
    sites::planned,
    tools::said,
};

const SITE: &str = "image-tests/power-cut/site.yaml";

fn mirrors() -> Vec<Url> {
    ["http://one.example.net/chat", "https://two.example.net/a/chat"]
        .map(|it| Url::parse(it).unwrap())
        .into()
}

fn both(encoding: Encoding) -> Split {
    split(&planned(&fs::read_to_string(SITE).unwrap()), &mirrors(), encoding, LIMIT)
}

#[test]
fn the_document_is_short_and_tells_where_the_payload_is() {
    let plan = planned(&fs::read_to_string(SITE).unwrap());
    for (encoding, form) in [(Encoding::Plain, Form::Plain), (Encoding::Compact, Form::Compact)] {
        let Split { document, payload } = both(encoding);
        assert!(document.len() < 8000, "{}", document.len());
        assert!(document.lines().all(|line| encoding == Encoding::Plain || line.len() <= 80));
        let found = inspect::read("it", document.as_bytes()).unwrap();
        let fetch = found.payload.fetch.clone().expect("it fetches");
        assert_eq!((found.forms, found.payload.host.as_str()), (vec![form], "chat.example.org"));
        assert_eq!(fetch.mirrors, mirrors().iter().map(Url::to_string).collect::<Vec<_>>());
        assert_eq!(fetch.bytes, payload.len());
        assert_eq!(found.keys.unwrap(), plan.ssh_keys);
        let found = inspect::read("it", &payload).unwrap();
        assert_eq!(found.forms, [Form::Gzip, Form::Payload]);
        assert_eq!((found.payload.digest, found.payload.fetch), (plan.digest(), None));
        assert_eq!(found.payload.files.len(), plan.files.len());
    }
}

/// What gzip makes of `bytes`, if they are whole.
fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut all).ok().map(|_| all)
}

#[test]
fn every_changed_byte_of_either_is_noticed() {
    let Split { document, payload } = both(Encoding::Plain);
    for bytes in [document.as_bytes(), &payload] {
        let start = if bytes == payload { 10 } else { document.find("\nssh_").unwrap() + 1 };
        for at in (start..bytes.len() - 1).step_by(211) {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 1;
            // Deflate can say the same in two ways.
            let same = inflated(&damaged).is_some_and(|it| Some(it) == inflated(bytes));
            let noticed = inspect::read("it", &damaged).is_err();
            assert!(noticed || same, "byte {at} of {}", bytes.len());
            assert!(inspect::read("it", &bytes[..at]).is_err(), "cut at {at}");
        }
    }
    let kind = inspect::read("it", &document.as_bytes()[..document.len() / 2]).unwrap_err().kind;
    assert_eq!(kind, Kind::Cut);
}

#[test]
fn both_are_written_and_held_against_the_site() {
    let dir = folder();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (document, payload) = (file("user-data"), file("chat.payload"));
    let from = ["--from", "http://one.example.net/chat", "--from", "https://two.example.net/chat"];
    let words = [&["user-data", SITE, "-o", &document, "--payload", &payload], &from[..]].concat();
    for _ in 0..2 {
        let output = given(&words, "");
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(said(&output).contains("publish "), "{}", said(&output));
    }
    let first = fs::read(&payload).unwrap();
    for file in [&document, &payload] {
        let output = given(&["inspect", file, "--against", SITE], "");
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let output = given(&["inspect", file, "--against", "image-tests/desk/site.yaml"], "");
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    }
    let output = given(&["inspect", &document], "");
    assert!(said(&output).contains("from     https://two.example.net/chat\n"), "{}", said(&output));
    assert_eq!(first, fs::read(&payload).unwrap(), "the same site gives the same payload");
}

#[test]
fn what_cannot_be_fetched_is_refused() {
    let dir = folder();
    let file = dir.path().join("chat.payload");
    let path = file.to_str().unwrap();
    let with = |more: &[&'static str]| {
        let words = ["user-data", SITE, "--payload", path];
        let words: Vec<String> = words.iter().chain(more).map(|it| (*it).to_owned()).collect();
        words
    };
    let cases: [(&[&str], i32, &str); 6] = [
        (&[], 2, "--from"),
        (&["--from", "http://one.example.net/"], 2, "it names a folder"),
        (&["--from", "ftp://one.example.net/x"], 2, "`http://` or `https://`"),
        (&["--from", "http://u:p@one.example.net/x"], 2, "it holds credentials"),
        (&["--from", "http://a.example/x", "--encoding", "gzip"], 1, "leave `--encoding gzip` out"),
        (&["--from", "http://a.example/x", "--limit", "500"], 1, "500 are allowed"),
    ];
    for (more, status, sentence) in cases {
        let words = with(more);
        refused(&words.iter().map(String::as_str).collect::<Vec<_>>(), status, sentence);
    }
    assert!(!file.exists(), "no payload without a document");
    refused(&["user-data", SITE, "--from", "http://a.example/x"], 2, "--payload");
    refused(
        &["user-data", SITE, "--from", "http://a.example/x", "--payload", path, "-o", path],
        1,
        "the same file",
    );
    fs::write(&file, "somebody's\n").unwrap();
    refused(&["user-data", SITE, "--from", "http://a.example/x", "--payload", path], 1, "--force");
    assert_eq!(fs::read_to_string(&file).unwrap(), "somebody's\n");
}
