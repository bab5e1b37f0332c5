//! What differs between two machines. `docs/plan.md` describes every key; within a version, keys are only added.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
};

use serde::{Serialize, Serializer};
use similar::TextDiff;

use crate::{
    layer::PortRange,
    plan::{File, HOME, Plan},
};

/// The whole; of each kind, what comes, what goes and what stays but is not as it was.
#[derive(Serialize)]
pub(in crate::cli) struct Changes {
    version: u32,
    homeseed: &'static str,
    names: Delta<String>,
    ports: Delta<Ports>,
    publications: Delta<String>,
    layers: Delta<String>,
    packages: Delta<String>,
    units: Delta<String>,
    checks: Delta<String>,
    files: Delta<String, Rewritten>,
    services: Vec<Service>,
    /// Whether the machine asks for a new certificate.
    certificate: bool,
}

/// What becomes of a running service.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Service {
    unit: String,
    /// `restarts` or `reloads`.
    action: &'static str,
}

/// In the order of protocol and number, shown as it is declared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ports(PortRange);

/// The changes of one kind, in order.
#[derive(Serialize)]
struct Delta<K, C = K> {
    added: Vec<K>,
    removed: Vec<K>,
    changed: Vec<C>,
}

/// A file that both machines have.
#[derive(Serialize)]
struct Rewritten {
    path: String,
    /// Mode, owner, layer and path, when they differ: before and after.
    entry: Option<[String; 2]>,
    /// Unified; empty when the contents are the same.
    diff: String,
}

impl Changes {
    /// From the machine of `old` to that of `new`.
    pub(in crate::cli) fn between(old: &Plan, new: &Plan) -> Changes {
        let named = |name: fn(&Plan) -> Vec<String>| {
            let bare = |plan| name(plan).into_iter().map(|it| (it, ())).collect();
            delta(&bare(old), &bare(new))
        };
        let ports = |plan: &Plan| plan.ports.iter().map(|it| (Ports(it.range), ())).collect();
        let pages = |plan: &Plan| -> BTreeMap<_, _> {
            plan.publications.iter().map(|it| (it.url.clone(), it.contents.clone())).collect()
        };
        let checks = |plan: &Plan| -> BTreeMap<_, _> {
            plan.checks.iter().map(|it| (it.title(), it.clone())).collect()
        };
        let hosts = named(|plan| plan.names.clone());
        let files = files(old, new);
        Changes {
            certificate: hosts.counts() != [0; 3],
            services: if files.counts() == [0; 3] { Vec::new() } else { services(new, &files) },
            version: 2,
            homeseed: env!("CARGO_PKG_VERSION"),
            names: hosts,
            ports: delta(&ports(old), &ports(new)),
            publications: delta(&pages(old), &pages(new)),
            layers: named(|plan| plan.layers.iter().map(|it| it.name.clone()).collect()),
            packages: named(|plan| plan.packages.iter().map(|it| it.name.clone()).collect()),
            units: named(|plan| plan.units.iter().map(|it| it.name.clone()).collect()),
            checks: delta(&checks(old), &checks(new)),
            files,
        }
    }

    /// Whether both machines are the same.
    pub(in crate::cli) fn is_none(&self) -> bool {
        self.counts() == [0; 3]
    }

    /// A line for each change, the small before the large, and the count.
    pub(in crate::cli) fn text(&self) -> String {
        let [added, removed, changed] = self.counts();
        [
            self.names.text("name"),
            self.ports.text("port"),
            self.publications.text("publication"),
            self.layers.text("layer"),
            self.packages.text_of("package", ", which stays installed"),
            self.units.text("unit"),
            self.checks.text("check"),
            self.files.come_and_gone("file", ""),
            self.files.changed.iter().map(Rewritten::text).collect(),
            self.services.iter().map(|it| format!("! {} {}\n", it.unit, it.action)).collect(),
            if self.certificate { "! a new certificate is asked for\n" } else { "" }.to_owned(),
            format!("in all: {added} added, {removed} removed, {changed} changed\n"),
        ]
        .concat()
    }

    fn counts(&self) -> [usize; 3] {
        let all = [
            self.names.counts(),
            self.ports.counts(),
            self.publications.counts(),
            self.layers.counts(),
            self.packages.counts(),
            self.units.counts(),
            self.checks.counts(),
            self.files.counts(),
        ];
        [0, 1, 2].map(|n| all.iter().map(|counts| counts[n]).sum())
    }
}

fn delta<K: Ord + Clone, V: PartialEq>(old: &BTreeMap<K, V>, new: &BTreeMap<K, V>) -> Delta<K> {
    let lacking = |all: &BTreeMap<K, V>, other: &BTreeMap<K, V>| {
        all.keys().filter(|key| !other.contains_key(key)).cloned().collect()
    };
    let changed = old.iter().filter(|(key, was)| new.get(key).is_some_and(|it| it != *was));
    Delta {
        added: lacking(new, old),
        removed: lacking(old, new),
        changed: changed.map(|(key, _)| key.clone()).collect(),
    }
}

fn files(old: &Plan, new: &Plan) -> Delta<String, Rewritten> {
    let by_path = |plan: &'_ Plan| -> BTreeMap<String, File> {
        plan.files.iter().map(|file| (file.path.clone(), file.clone())).collect()
    };
    let (old, new) = (by_path(old), by_path(new));
    let Delta { added, removed, changed } = delta(&old, &new);
    let changed = changed.iter().map(|path| Rewritten::of(&old[path], &new[path])).collect();
    Delta { added, removed, changed }
}

/// What the steps do to services when `files` change: each step runs once for each payload, and what it does under a
/// condition it does when a file of its layer changes.
fn services(new: &Plan, files: &Delta<String, Rewritten>) -> Vec<Service> {
    let is_changed = |path: &String| {
        files.added.contains(path) || files.changed.iter().any(|file| file.path == *path)
    };
    let mut services: Vec<Service> = Vec::new();
    for step in new.files.iter().filter(|file| file.path.starts_with(&format!("{HOME}/steps/"))) {
        let changes = new.files.iter().any(|it| it.layer == step.layer && is_changed(&it.path));
        let lines = step.contents.lines().map(str::trim_start);
        for line in lines.filter(|line| changes || !line.starts_with("if ")) {
            let Some((_, command)) = line.split_once("systemctl ") else { continue };
            let mut words = command.split([' ', ';', '|']).filter(|it| !it.is_empty());
            let action = match words.next() {
                Some("restart" | "try-restart") => "restarts",
                Some("reload" | "reload-or-restart" | "try-reload-or-restart") => "reloads",
                _ => continue,
            };
            let Some(unit) = words.find(|word| !word.starts_with('-')) else { continue };
            // The machine alone knows the instance: `"unit@$version-main"`; and of a list, all.
            let unit =
                unit.trim_matches('"').split(['$', '@']).next().unwrap_or_default().to_owned();
            if !unit.is_empty() && !services.iter().any(|it| it.unit == unit) {
                services.push(Service { unit, action });
            }
        }
    }
    services
}

impl Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Ports {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<K: Display, C> Delta<K, C> {
    fn counts(&self) -> [usize; 3] {
        [self.added.len(), self.removed.len(), self.changed.len()]
    }

    /// A line for each that comes or goes; `remark` says what becomes of those that go.
    fn come_and_gone(&self, what: &str, remark: &str) -> String {
        let gone = self.removed.iter().map(|it| format!("- {what} {it}{remark}\n"));
        let come = self.added.iter().map(|it| format!("+ {what} {it}\n"));
        gone.chain(come).collect()
    }
}

impl<K: Display> Delta<K> {
    fn text(&self, what: &str) -> String {
        self.text_of(what, "")
    }

    fn text_of(&self, what: &str, remark: &str) -> String {
        let changed = self.changed.iter().map(|it| format!("~ {what} {it}\n"));
        self.come_and_gone(what, remark) + &changed.collect::<String>()
    }
}

impl Rewritten {
    fn of(old: &File, new: &File) -> Rewritten {
        let entries = [old.entry(), new.entry()];
        let diff = TextDiff::from_lines(&old.contents, &new.contents);
        Rewritten {
            path: new.path.clone(),
            entry: (entries[0] != entries[1]).then_some(entries),
            diff: diff.unified_diff().context_radius(1).to_string(),
        }
    }

    fn text(&self) -> String {
        let mut text = format!("~ file {}\n", self.path);
        if let Some([was, becomes]) = &self.entry {
            text += &format!("    {was} becomes {becomes}\n");
        }
        text + &self.diff.lines().map(|line| format!("    {line}\n")).collect::<String>()
    }
}
