//! What is in force on a machine, as it says itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde::Deserialize;

use super::{edit::Edit, promises};
use crate::{
    digest,
    error::{Error, Result},
    layer::{Mode, PortRange},
    machine::Machine,
    plan::{File, Package, Plan, Port, Unit},
    verify::FEDERATION,
};

const LOOK: &str = include_str!("scripts/look.sh");
const FILES: &str = include_str!("scripts/files.sh");
const EDITED: &str = include_str!("scripts/edited.sh");

/// What a payload and the packages that come with it may take, in MB.
const ROOM: u64 = 500;

/// A machine with what is in force on it.
#[derive(Debug, Default)]
pub struct Deployed {
    /// The sha256 of the inventory of its payload.
    pub digest: String,
    /// What it says of itself.
    pub status: Status,
    /// Files that were edited by hand since they were placed.
    pub edits: Vec<Edit>,
    edited: Vec<String>,
    removed: Vec<String>,
    /// The titles of what its own checks found wrong when they last ran in this boot.
    fails: BTreeSet<String>,
    suite: String,
    room: u64,
    host: String,
    names: Vec<String>,
    ports: Vec<PortRange>,
    born: BTreeMap<String, String>,
    packages: Vec<String>,
    units: Vec<String>,
    /// Why it must not be touched now.
    trial: Option<String>,
    broken: Option<String>,
    locked: bool,
    undone: bool,
    /// The fingerprint of the key that root has logged in with, if that can be said.
    key: Option<String>,
    files: Vec<File>,
}

/// The line that the convergence keeps of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Status {
    /// `working`, `waiting`, `failing`, `refused` or `ready`.
    pub state: String,
    /// The step that it speaks of; `verdict` when all are done.
    pub step: String,
    /// For people.
    pub sentence: String,
    /// The digest of the payload that it speaks of.
    pub payload: String,
}

impl Status {
    /// What is written in `text`; nothing yet when the machine has said nothing in this boot.
    #[must_use]
    pub(super) fn read(text: &str) -> Status {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// Whether every step is done that can be, with the payload of this digest, though not all is well.
    pub(super) fn is_settled_with(&self, digest: &str) -> bool {
        let settled = self.state == "waiting" || self.state == "failing" && self.step == "verdict";
        settled && self.payload == digest
    }

    /// Whether the machine is ready with the payload of this digest.
    pub(super) fn is_ready_with(&self, digest: &str) -> bool {
        self.state == "ready" && self.payload == digest
    }
}

impl Deployed {
    /// Looks; nothing is changed.
    pub fn look(machine: &Machine<'_>) -> Result<Deployed> {
        let said = machine.run(LOOK, &[], "")?;
        let odd = |line: &str| {
            Error::host(format!("{} says `{line}`", machine.destination()))
                .hint("is it of a later version of homeseed?")
        };
        let mut it = Deployed::default();
        for line in said.lines() {
            it.hear(line).ok_or_else(|| odd(line))?;
        }
        if !digest::is_sha256(&it.digest) {
            return Err(odd(&it.digest));
        }
        let mut texts = archive(machine, FILES, &[])?;
        let inventory = texts.remove("inventory").unwrap_or_default();
        it.files = inventory.lines().filter_map(|line| file(line, &texts)).collect();
        it.edits = it.edits(machine)?;
        Ok(it)
    }

    /// What became of the files that were edited, and removed.
    fn edits(&self, machine: &Machine<'_>) -> Result<Vec<Edit>> {
        let paths: Vec<&str> = self.edited.iter().map(String::as_str).collect();
        let texts =
            if paths.is_empty() { BTreeMap::new() } else { archive(machine, EDITED, &paths)? };
        let delivered = |path: &String| self.files.iter().find(|it| it.path == *path);
        let edited = self.edited.iter().filter_map(delivered).map(|file| {
            Edit::of(file, texts.get(file.path.trim_start_matches('/')).map(String::as_str))
        });
        let removed = self.removed.iter().filter_map(delivered).map(Edit::removed);
        Ok(edited.chain(removed).collect())
    }

    /// The checks that fail on it by its own verdict, if it has come to one.
    pub(super) fn failures(&self) -> BTreeSet<String> {
        let judged = self.status.state == "failing" && self.status.is_settled_with(&self.digest);
        if judged { self.fails.clone() } else { BTreeSet::new() }
    }

    /// Whether the payload in force makes the promise of this title as `plan` does: what fails of others may fail for want of
    /// the change alone.
    pub(super) fn promises(&self, plan: &Plan, title: &str) -> bool {
        let (was, becomes) = (promises::all(&self.files), promises::all(&plan.files));
        if let Some(text) = becomes.get(title) {
            return was.get(title) == Some(text);
        }
        // What is seen by somebody else, no machine carries.
        let layer = title.split(": ").next().unwrap_or_default();
        if layer == FEDERATION {
            return self.names == plan.names;
        }
        was.keys().any(|it| it.split(": ").next() == Some(layer))
    }

    fn hear(&mut self, line: &str) -> Option<()> {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        let value = value.to_owned();
        match name {
            "digest" => self.digest = value,
            "suite" => self.suite = value,
            "room" => self.room = value.parse().ok()?,
            "status" => self.status = Status::read(&value),
            "host" => self.host = value,
            "name" => self.names.push(value),
            "port" => self.ports.push(value.parse().ok()?),
            "package" => self.packages.push(value),
            "unit" => self.units.push(value),
            "edited" => self.edited.push(value),
            "removed" => self.removed.push(value),
            "fails" => drop(self.fails.insert(value)),
            "broken" => self.broken = Some(value),
            "locked" => self.locked = true,
            "trial" => self.trial = Some(value),
            "undone" => self.undone = true,
            "key" => self.key = Some(value),
            "born" => {
                let (fact, value) = value.split_once(' ')?;
                self.born.insert(fact.to_owned(), value.to_owned());
            }
            _ => return None,
        }
        Some(())
    }

    /// Whether what is in force is on trial.
    #[must_use]
    pub fn is_on_trial(&self) -> bool {
        self.trial.is_some()
    }

    /// The plan of what is in force, as far as `new` differs from it: what the machine does not say of itself is as it will be.
    #[must_use]
    pub fn plan(&self, new: &Plan) -> Plan {
        let layer = String::new;
        // Who wrote a file is no difference.
        let file = |file: &File| {
            let same = new.files.iter().find(|it| it.path == file.path);
            File { layer: same.map(|it| it.layer.clone()).unwrap_or_default(), ..file.clone() }
        };
        Plan {
            names: self.names.clone(),
            ports: self.ports.iter().map(|&range| Port { range, layer: layer() }).collect(),
            packages: self
                .packages
                .iter()
                .map(|name| Package { name: name.clone(), layer: layer() })
                .collect(),
            units: self
                .units
                .iter()
                .map(|name| Unit { name: name.clone(), layer: layer() })
                .collect(),
            files: self.files.iter().map(file).collect(),
            ..new.clone()
        }
    }

    /// Every reason why `plan` must not be applied now; none when it may. A machine that is not ready is refused unless that
    /// is `tolerated`.
    #[must_use]
    pub fn refusals(&self, plan: &Plan, tolerated: bool) -> Vec<Error> {
        let mut reasons = self.contradictions(plan);
        reasons.extend(self.obstacles(tolerated));
        if self.key.as_ref().is_some_and(|key| !prints(plan).contains(key)) {
            reasons.push(
                Error::refused("the site has no longer the key with which you have just logged in")
                    .hint(
                        "write it below `ssh_keys`, or log in with another one that the site keeps",
                    ),
            );
        }
        reasons
    }

    /// What a machine does not become.
    fn contradictions(&self, plan: &Plan) -> Vec<Error> {
        let mut reasons = Vec::new();
        if self.host != plan.host {
            let (is, becomes) = (&self.host, &plan.host);
            reasons.push(
                Error::refused(format!("the machine is {is}, and the site is that of {becomes}"))
                    .hint("is it the right machine? A new one can have another name"),
            );
        }
        if self.suite != plan.suite {
            let (is, wanted) = (&self.suite, &plan.suite);
            reasons.push(
                Error::refused(format!("the machine runs {is}, and the site is for {wanted}"))
                    .hint("a machine does not change its Debian release here"),
            );
        }
        for born in &plan.born {
            let was = self.born.get(&born.name).filter(|was| **was != born.value);
            let Some(was) = was else { continue };
            let (name, becomes) = (&born.name, &born.value);
            reasons.push(
                Error::refused(format!(
                    "the machine has the {name} `{was}` for life, and the site says `{becomes}`"
                ))
                .hint(format!("{}; a new machine can have it", born.because)),
            );
        }
        reasons
    }

    /// What stands in the way of any change, with what to do about it.
    fn obstacles(&self, tolerated: bool) -> Vec<Error> {
        let mut reasons = Vec::new();
        let mut refuse =
            |message: String, hint: &str| reasons.push(Error::refused(message).hint(hint));
        if let Some(digest) = &self.trial {
            let digest = short(digest);
            refuse(
                format!("a payload is on trial already: {digest}"),
                "`homeserver confirm` keeps it, `homeserver revert` takes it back, and so does time",
            );
        } else if self.status.state != "ready" && !tolerated {
            let Status { state, sentence, .. } = &self.status;
            let said = if state.is_empty() { "nothing yet" } else { sentence };
            refuse(
                format!(
                    "the machine is not ready, so nobody could tell what a change does; it says: {said}"
                ),
                "mend that first; or say `--from-failing`, when the change is what mends it",
            );
        }
        if self.undone {
            refuse(
                "the document at the provider would undo it at the next boot".to_owned(),
                "it is of an earlier version: paste that of this version once, and reboot",
            );
        }
        if self.locked {
            refuse(
                "something else installs packages at this moment".to_owned(),
                "try again when it is done",
            );
        }
        if let Some(line) = &self.broken {
            refuse(
                format!("the package database of the machine is not whole: {line}"),
                "`dpkg --configure -a` on it, then `dpkg --audit`",
            );
        }
        if self.room < ROOM {
            refuse(
                format!("the disk of the machine has {} MB left, and {ROOM} are needed", self.room),
                "`du -xh / | sort -h | tail` on it says what takes the room",
            );
        }
        reasons
    }
}

/// The first digits of a digest, by which people tell one from another.
#[must_use]
pub fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// The fingerprints of those who may log in, as OpenSSH writes them: `SHA256:` and base64.
fn prints(plan: &Plan) -> BTreeSet<String> {
    let blobs = plan.ssh_keys.iter().filter_map(|key| {
        let blob = key.split_whitespace().find(|word| word.starts_with("AAAA"))?;
        base64::engine::general_purpose::STANDARD.decode(blob).ok()
    });
    blobs.map(|blob| format!("SHA256:{}", STANDARD_NO_PAD.encode(digest::bytes(blob)))).collect()
}

/// The files that a script sends, by their paths without the first slash.
fn archive(
    machine: &Machine<'_>,
    script: &str,
    arguments: &[&str],
) -> Result<BTreeMap<String, String>> {
    let failed = |error: std::io::Error| {
        Error::host(format!("the files of the machine cannot be read: {error}"))
    };
    let mut pipe = machine.start(script, arguments)?;
    pipe.close();
    let mut texts = BTreeMap::new();
    let mut archive = tar::Archive::new(pipe.output());
    for entry in archive.entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path().map_err(failed)?.to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(failed)?;
        let path = path.trim_start_matches("./").trim_start_matches('/').to_owned();
        texts.insert(path, String::from_utf8_lossy(&bytes).into_owned());
    }
    machine.end(pipe)?;
    Ok(texts)
}

/// A line of the inventory: `SHA256 MODE OWNER:GROUP PATH`.
fn file(line: &str, texts: &BTreeMap<String, String>) -> Option<File> {
    let mut words = line.split(' ');
    let (_, mode, who, path) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (owner, group) = who.split_once(':')?;
    Some(File {
        path: path.to_owned(),
        layer: String::new(),
        mode: Mode(u32::from_str_radix(mode, 8).ok()?),
        owner: owner.to_owned(),
        group: group.to_owned(),
        contents: texts.get(path.trim_start_matches('/')).cloned().unwrap_or_default(),
    })
}

/// The plan of a small site.
#[cfg(test)]
pub(super) fn example() -> Plan {
    let text = "server_name: example.org\nhost: example.org\noperator:\n  email: a@example.org\n  ssh_keys:\n    \
        - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINhoyGb1nVefZAXjc7/9QvuP8FzW41k7CUD2SkNbl+Nd\n";
    let site = crate::site::Site::parse("site", text, crate::layer::embedded_schema());
    crate::plan::plan(&site.expect("a site"), &crate::layer::embedded()).expect("a plan")
}

#[cfg(test)]
mod tests {
    use super::{example as plan, *};

    /// The fingerprint of its key, by `ssh-keygen -l`.
    const PRINT: &str = "SHA256:p47hDluZumycrEBhUuJn9lkPigHINTA8oMTCoh/w9b0";

    fn deployed(lines: &str) -> Deployed {
        let mut it = Deployed::default();
        let good = format!(
            "digest {}\nsuite bookworm\nroom 900\nhost example.org\nport 443\nport 3478/udp\n\
             status {{\"state\":\"ready\",\"step\":\"verdict\",\"sentence\":\"all is well\",\"payload\":\"x\"}}\n",
            "0".repeat(64)
        );
        for line in good.lines().chain(lines.lines()) {
            it.hear(line).expect(line);
        }
        it
    }

    fn reasons(lines: &str, tolerated: bool) -> Vec<String> {
        let reasons = deployed(lines).refusals(&plan(), tolerated);
        assert!(reasons.iter().all(|it| it.is_refusal() && it.advice().is_some()));
        reasons.iter().map(|it| it.message().to_owned()).collect()
    }

    #[test]
    fn a_machine_that_is_well_is_not_refused() {
        assert!(reasons("", false).is_empty() && !deployed("").is_on_trial());
        assert!(reasons(&format!("key {PRINT}\nborn server_name example.org"), false).is_empty());
    }

    #[test]
    fn every_reason_is_said_at_once() {
        let lines = "host other.org\nsuite trixie\nborn server_name other.org\nundone yes\nlocked yes\n\
            broken The following packages\nroom 499\nkey SHA256:other\nstatus ";
        let said = reasons(lines, false);
        let begins = [
            "the machine is other.org, and the site is that of example.org",
            "the machine runs trixie, and the site is for bookworm",
            "the machine has the server_name `other.org` for life, and the site says `example.org`",
            "the machine is not ready, so nobody could tell what a change does; it says: nothing yet",
            "the document at the provider would undo it at the next boot",
            "something else installs packages at this moment",
            "the package database of the machine is not whole: The following packages",
            "the disk of the machine has 499 MB left, and 500 are needed",
            "the site has no longer the key with which you have just logged in",
        ];
        assert_eq!(said, begins);
        assert_eq!(reasons("status ", true), Vec::<String>::new());
        assert!(deployed("trial 0123456789abcdef").is_on_trial());
        assert_eq!(
            reasons("trial 0123456789abcdef", true),
            ["a payload is on trial already: 0123456789ab"]
        );
    }

    #[test]
    fn a_check_that_comes_with_the_change_does_not_fail_before_it() {
        let new = plan();
        let checks = |it: &File| it.path.ends_with("/checks.sh");
        let (synapse, nginx) = ("synapse: it is healthy", "nginx: its configuration is valid");
        let mut old = deployed("name chat.example.org\nname example.org");
        old.names = new.names.clone();
        old.files.clone_from(&new.files);
        let ssh = new.checks.iter().find(|it| it.from == crate::check::Vantage::Ssh);
        let ssh = ssh.expect("a check of those who log in").title();
        for title in [synapse, nginx, &ssh, "federation: TLS 1.1 is refused"] {
            assert!(old.promises(&new, title), "{title}");
        }
        old.names.pop();
        assert!(!old.promises(&new, "federation: TLS 1.1 is refused"));
        let script = old.files.iter_mut().find(|it| checks(it)).expect("checks");
        // Another check, and a layer that was not there.
        script.contents =
            script.contents.replace("'nginx: its", "'nginx: each").replace("'packages: ", "'p: ");
        assert!(old.promises(&new, synapse) && !old.promises(&new, nginx));
        let layer = ssh.split(": ").next().expect("a layer");
        script_without(&mut old, layer);
        assert!(!old.promises(&new, &ssh));
    }

    fn script_without(old: &mut Deployed, layer: &str) {
        for file in &mut old.files {
            file.contents = file.contents.replace(&format!("'{layer}: "), "'none: ");
        }
    }

    #[test]
    fn only_a_verdict_says_what_fails() {
        let of = |state: &str, step: &str, payload: &str| {
            deployed(&format!(
                "fails nginx: it is valid\nstatus {{\"state\":\"{state}\",\"step\":\"{step}\",\"sentence\":\"\",\"payload\":\"{payload}\"}}"
            ))
            .failures()
            .len()
        };
        let digest = "0".repeat(64);
        assert_eq!(of("failing", "verdict", &digest), 1);
        assert_eq!(of("failing", "nginx", &digest), 0);
        assert_eq!(of("ready", "verdict", &digest), 0);
        assert_eq!(of("failing", "verdict", "other"), 0);
    }

    #[test]
    fn what_a_machine_says_that_nobody_knows_is_no_fact() {
        assert!(Deployed::default().hear("else 1").is_none());
        assert!(Deployed::default().hear("port many").is_none());
    }

    #[test]
    fn only_what_differs_is_a_difference() {
        let new = plan();
        let mut it = deployed("package nginx\nunit old.timer\nname example.org");
        it.files =
            new.files.iter().map(|file| File { layer: String::new(), ..file.clone() }).collect();
        let old = it.plan(&new);
        assert_eq!(old.files, new.files);
        assert_eq!(old.packages[0].name, "nginx");
        assert_eq!(old.ports.len(), 2);
        assert_eq!(old.layers, new.layers);
    }

    #[test]
    fn a_line_of_the_inventory_becomes_a_file_with_its_text() {
        let texts = BTreeMap::from([("etc/a".to_owned(), "b\n".to_owned())]);
        let it = file("00 0640 root:adm /etc/a", &texts).expect("a file");
        assert_eq!(
            (it.entry(), it.contents),
            ("0640 root:adm /etc/a".to_owned(), "b\n".to_owned())
        );
        assert!(file("00 0640 root /etc/a", &texts).is_none());
    }
}
