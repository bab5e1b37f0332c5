//! Documents: the same site gives the same bytes, both encodings carry the same payload, and the size is as promised.

use std::fs;

use homeseed::backend::user_data::{Encoding, LIMIT, render};

use crate::{
    docs,
    sites::{planned, small},
};

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
fn a_document_that_is_too_long_is_refused() {
    let error = render(&small(), Encoding::Auto, 1000).unwrap_err().to_string();
    assert!(error.contains("bytes, 1000 are allowed"), "{error}");
}

#[test]
fn a_key_stands_in_a_document_once() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINhoyGb1nVefZAXjc7/9QvuP8FzW41k7CUD2SkNbl+Nd o";
    let site = "server_name: maple.chat\nhost: chat.maple.chat\noperator:\n  email: o@maple.chat\n";
    let plan = planned(&format!("{site}  ssh_keys: [{key}]\n"));
    let document = render(&plan, Encoding::Plain, usize::MAX).unwrap();
    assert_eq!(document.matches(key).count(), 1);
}

#[test]
fn the_sites_that_are_shown_fit_the_strictest_provider() {
    for text in shown() {
        if let Err(error) = render(&planned(&text), Encoding::Compact, LIMIT) {
            panic!("{error}\n\n{text}");
        }
    }
}
