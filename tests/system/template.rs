//! Every template of the layers, rendered with the oddest values that the types let through, is accepted by the
//! program that the file is for.

use std::collections::BTreeSet;

use homeseed::layer::Purpose;

use crate::{
    example, root,
    sites::{self, Dice},
    tools,
};

const SITES: u64 = 12;

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
    let output = root::inside(files, "tests/system/read_tree.sh", paths);
    (!output.status.success()).then(|| tools::said(&output))
}

#[test]
fn every_rendered_file_is_accepted_by_the_program_that_reads_it() {
    let templates = rendered_paths();
    let mut seen = BTreeSet::new();
    // A secret of a layer of the site's own, too.
    let plans = (0..SITES)
        .map(|seed| sites::plan(&mut Dice::new(seed)))
        .chain([example::planned(example::SECTION)]);
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
        ("/etc/modprobe.d/x.conf", "instal dccp /bin/false\n"),
        ("/etc/security/limits.d/x.conf", "root hard cor 0\n"),
        ("/etc/systemd/system.conf.d/x.conf", "[Manager]\nDefaultLimitCOR=0\n"),
        ("/etc/systemd/coredump.conf.d/x.conf", "[Coredump]\nStorage=nowhere\n"),
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
