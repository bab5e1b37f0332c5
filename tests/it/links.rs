//! Every link of the documentation leads somewhere, and every file that it names is there.
//!
//! Links to other hosts are read and not followed: the tests need no network.

use std::collections::{BTreeMap, BTreeSet};

use crate::pages::{self, Page};

/// The pages by name, and all files.
struct Tree {
    pages: BTreeMap<String, Page>,
    files: BTreeSet<String>,
}

fn tree() -> Tree {
    let pages = pages::pages().into_iter().map(|page| (page.name.clone(), page)).collect();
    Tree { pages, files: pages::files() }
}

impl Tree {
    /// What is wrong with a link of a page.
    fn fault(&self, page: &str, link: &str) -> Option<String> {
        if link.contains(':') {
            return (!is_address(link)).then(|| "is no address".to_owned());
        }
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        let Some(target) = target(page, path) else { return Some("leads out".to_owned()) };
        if !self.files.contains(&target) {
            // A folder is a page in some places and in others none.
            return Some(format!("leads to no file: `{target}`"));
        }
        let anchors = self.pages.get(&target).map(|page| &page.anchors);
        let known = anchor.is_empty() || anchors.is_some_and(|anchors| anchors.contains(anchor));
        (!known).then(|| format!("`{target}` has no heading `{anchor}`"))
    }
}

/// The file that `path` means on `page`, from the top.
fn target(page: &str, path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(page.to_owned());
    }
    let mut way: Vec<&str> = page.split('/').collect();
    way.pop();
    for part in path.split('/') {
        match part {
            ".." => drop(way.pop()?),
            "." => (),
            part => way.push(part),
        }
    }
    Some(way.join("/"))
}

/// An address of the web, by its form.
fn is_address(link: &str) -> bool {
    let Some(rest) = link.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    labels.len() > 1 && labels.iter().all(is_label) && link.bytes().all(|b| b.is_ascii_graphic())
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let tree = tree();
    let mut faults = Vec::new();
    let mut count = 0;
    for page in tree.pages.values() {
        for link in &page.links {
            count += 1;
            let fault = tree.fault(&page.name, link);
            faults.extend(fault.map(|fault| format!("{}: `{link}` {fault}", page.name)));
        }
    }
    assert!(count > 40, "{count} links");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let tree = tree();
    for (link, good) in [
        ("site.md", true),
        ("site.md#server_name", true),
        ("../README.md", true),
        ("#changing-the-site", true),
        ("https://testanything.org", true),
        ("site.md#no-such-heading", false),
        ("#no-such-heading", false),
        ("no-such-file.md", false),
        ("../../elsewhere.md", false),
        ("../layers", false),
        ("https://nowhere", false),
        ("https://a b.example", false),
        ("ftp://example.org/", false),
    ] {
        assert_eq!(tree.fault("docs/operating.md", link).is_none(), good, "{link}");
    }
}

#[test]
fn every_file_of_this_repository_that_is_named_in_code_is_there() {
    let tree = tree();
    let layers: BTreeSet<&str> = tree
        .files
        .iter()
        .filter_map(|file| file.strip_prefix("layers/")?.split('/').next())
        .collect();
    let folders: BTreeSet<&str> =
        tree.files.iter().filter_map(|file| Some(file.split_once('/')?.0)).collect();
    let mut faults = Vec::new();
    let mut count = 0;
    for page in tree.pages.values() {
        for word in &page.words {
            let Some((first, _)) = word.split_once('/') else { continue };
            let path = match (layers.contains(first), folders.contains(first)) {
                (true, _) => format!("layers/{word}"),
                (_, true) => word.clone(),
                _ => continue,
            };
            count += 1;
            if !is_there(&tree.files, &path) {
                faults.push(format!("{}: there is no `{path}`", page.name));
            }
        }
    }
    assert!(count > 50, "{count} files");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A file, or a folder with one.
fn is_there(files: &BTreeSet<String>, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    files.iter().any(|file| {
        let rest = file.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}
