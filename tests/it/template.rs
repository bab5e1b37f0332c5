//! A site's value is never code: every template of the layers, rendered with the oddest values
//! that the types let through, is read by the program that the file is for.

use std::collections::{BTreeMap, BTreeSet};

use homeseed::{
    layer::Purpose,
    plan::{self, Plan},
};
use serde_json::Value;

use crate::{
    ping,
    sites::{self, Dice},
    tools,
};

const SITES: u64 = 12;

fn odd_plan(seed: u64) -> (Value, Plan) {
    let site = sites::site(&mut Dice::new(seed));
    let plan = plan::with(&site, sites::layers()).unwrap_or_else(|errors| panic!("{errors}"));
    (serde_json::to_value(&site).unwrap(), plan)
}

/// The paths of files that a template makes.
fn rendered_paths() -> BTreeSet<&'static str> {
    let sources = sites::layers().ordered.iter().flat_map(|layer| &layer.sources);
    sources
        .filter(|source| source.template)
        .filter_map(|source| match source.purpose {
            Purpose::Place(path) => Some(path),
            _ => None,
        })
        .collect()
}

/// Lays `files` over the tools and has each of `paths` read; what was said, if anything was wrong.
fn refusals<'a>(files: impl Iterator<Item = (&'a str, &'a str)>, paths: &[&str]) -> Option<String> {
    let output = tools::inside(files, "tests/it/read_tree.sh", paths);
    (!output.status.success()).then(|| tools::said(&output))
}

#[test]
fn every_rendered_file_is_accepted_by_the_program_that_reads_it() {
    let templates = rendered_paths();
    let mut seen = BTreeSet::new();
    // No layer of the program asks for a secret, so the example does.
    let plans = (0..SITES).map(|seed| odd_plan(seed).1).chain([ping::planned(ping::SECTION)]);
    for (seed, plan) in plans.enumerate() {
        let planned = plan.files.iter().map(|file| file.path.as_str());
        let paths: Vec<&str> =
            planned.filter(|path| templates.contains(path) || is_read(path)).collect();
        let files = plan.files.iter().map(|file| (file.path.as_str(), file.contents.as_str()));
        assert_eq!(refusals(files, &paths), None, "site {seed}");
        seen.extend(paths.into_iter().map(str::to_owned));
    }
    let never: Vec<&&str> = templates.iter().filter(|path| !seen.contains(**path)).collect();
    assert!(never.is_empty(), "no site made {never:?}");
}

#[test]
fn the_programs_refuse_what_is_broken() {
    for (path, contents) in [
        ("/etc/nginx/conf.d/x.conf", "server { listen 80; server_name \"a; }\n"),
        ("/etc/ssh/sshd_config.d/x.conf", "PermitRootLogin prohibit password\n"),
        ("/etc/ssh/authorized_keys.d/root", "ssh-ed25519 nonsense\n"),
        ("/etc/nftables.conf", "table inet filter { chain x { tcp dport { 22 80 } accept } }\n"),
        ("/etc/apt/apt.conf.d/99x", "APT::X \"a\" \"b;\n"),
        ("/etc/apt/sources.list.d/x.sources", "Types: deb\nURIs\n"),
        ("/etc/apt/preferences.d/x", "Package: *\nPin: origin\n"),
        ("/etc/systemd/system/x.service", "[Service]\nExecStart=\"/bin/true\n"),
        ("/etc/systemd/system/y.service.d/x.conf", "[Service]\nExecStart=relative\n"),
        ("/etc/x.yaml", "a: b: c\n"),
        ("/etc/x.json", "{'a': 1}\n"),
        ("/etc/x.env", "A='b\n"),
        ("/etc/unknown", "x\n"),
    ] {
        let said = refusals([(path, contents)].into_iter(), &[path]);
        assert!(said.is_some_and(|said| said.contains(path)), "{path} is accepted");
    }
}

/// Steps, and units that come as they are.
fn is_read(path: &str) -> bool {
    path.starts_with("/usr/lib/homeseed/steps/") || path.starts_with("/etc/systemd/system/")
}

#[test]
fn what_shell_reads_is_what_the_site_says() {
    for seed in 0..200 {
        let (site, plan) = odd_plan(seed);
        let facts = plan.files.iter().find(|file| file.path == "/etc/homeseed/site.env").unwrap();
        let read = variables(&facts.contents);
        assert_eq!(read["SERVER_NAME"], site["server_name"]);
        assert_eq!(read["HOST"], site["host"]);
        assert_eq!(read["ADMIN"], site["admin"]);
        assert_eq!(read["EMAIL"], site["operator"]["email"]);
        assert_eq!(read["NAMES"], plan.names.join(" "));
        for fact in &plan.facts {
            assert_eq!(read[&fact.name], fact.value, "site {seed}: {}", fact.name);
        }
    }
}

/// The variables that `text` sets, as a shell reads them.
fn variables(text: &str) -> BTreeMap<String, String> {
    let script = format!("set -a\n{text}\nexec env -0\n");
    let output = tools::run(&["env", "-i", "dash"], &script);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", tools::said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let pairs = text.split('\0').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn what_yaml_reads_is_what_the_site_says() {
    for seed in 0..200 {
        let (site, plan) = odd_plan(seed);
        let mut read = serde_json::Map::new();
        for file in
            plan.files.iter().filter(|it| it.path.starts_with("/etc/matrix-synapse/conf.d/"))
        {
            let value: Value = serde_yaml::from_str(&file.contents).unwrap();
            read.extend(value.as_object().unwrap().clone());
        }
        for (option, value) in site["synapse"].as_object().unwrap() {
            assert_eq!(&read[option], value, "site {seed}: {option}");
        }
    }
}
