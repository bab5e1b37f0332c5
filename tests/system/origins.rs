//! `federation.allow` in force: a real nginx tells the origins that are listed from those that are not.

use homeseed::{plan, site::Site};

use crate::{root, sites, tools};

const LISTED: [&str; 6] = [
    "example.net",
    "example.com:8448",
    "203.0.113.7",
    "203.0.113.8:8448",
    "[2001:db8::7]",
    "[2001:db8::8]:8448",
];

const UNLISTED: [&str; 9] = [
    "example.net:8448",
    "sub.example.net",
    "example.com",
    "example.com:84480",
    "example.com:8449",
    "203.0.113.70",
    "203.0.113.8",
    "[2001:db8::70]",
    "2001:db8::7",
];

#[test]
fn a_name_with_a_port_or_an_address_is_told_from_its_neighbours() {
    let text = format!(
        "server_name: example.org\nhost: chat.example.org\noperator: {{email: o@example.org}}\n\
         federation: {{unlisted: refuse, allow: {LISTED:?}}}\n"
    );
    let site = Site::parse("site.yaml", &text, homeseed::layer::embedded_schema())
        .unwrap_or_else(|errors| panic!("{errors}"));
    let plan = plan::with(&site, sites::layers()).unwrap_or_else(|errors| panic!("{errors}"));
    let files = plan.files.iter().map(|file| (file.path.as_str(), file.contents.as_str()));
    let own = ["example.org"];
    let origins = [&LISTED[..], &own, &UNLISTED].concat();
    let output = root::inside(files, "tests/system/ask_origins.sh", &origins);
    assert!(output.status.success(), "{}", tools::said(&output));
    // Nothing runs behind this nginx: what it lets through is answered with 502.
    let expected: String = origins
        .iter()
        .map(|origin| (origin, if UNLISTED.contains(origin) { 403 } else { 502 }))
        .flat_map(|(origin, status)| {
            [format!("{origin} {status}\n"), format!("{origin} {status}\n")]
        })
        .collect();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}
