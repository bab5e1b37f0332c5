//! Takes a backup of a machine over ssh, and encrypts it here.
//!
//! The streams come first, then the files that they name, and the commit record is written last. What an interrupted run
//! has left of the files is taken up by the next.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

use super::{
    Folder, Manifest, Recipients, Record, Signers, Stamp, Stored,
    manifest::{Stream, TreeFile},
    meter::Meter,
    signers::{self, NAMESPACE},
};
use crate::{
    digest::{is_sha256, sha256},
    error::{Error, Result},
    host::progress::Progress,
    machine::Machine,
    plan::{KeptStream, KeptTree, Plan},
};

const LOOK: &str = include_str!("scripts/look.sh");
const LIST: &str = include_str!("scripts/list.sh");
const FETCH: &str = include_str!("scripts/fetch.sh");
const SUMS: &str = include_str!("scripts/sums.sh");
const FILES: &str = include_str!("scripts/files.sh");
const SIGN: &str = include_str!("scripts/sign.sh");

/// A backup that was taken.
#[derive(Debug)]
pub struct Pulled {
    /// Which one.
    pub stamp: Stamp,
    /// What it holds.
    pub manifest: Manifest,
    /// The files of trees that were not in the folder before, and their bytes.
    pub fetched: (usize, u64),
    /// Whether the desk had never seen the machine before.
    pub new_machine: bool,
    /// What has to be said of it.
    pub warnings: Vec<String>,
}

/// Takes a backup of the machine of `plan`.
///
/// A machine that the desk does not know is believed when it is the first of its server name, or when `trust` says so:
/// ssh has compared the key of its host.
pub fn pull(
    plan: &Plan,
    machine: &Machine<'_>,
    folder: &Folder,
    recipients: &Recipients,
    signers: &mut Signers,
    trust: bool,
    progress: &Progress,
) -> Result<Pulled> {
    let stamp = Stamp::now();
    progress.stage(&format!("looking at {}", machine.destination()));
    let mut manifest = look(plan, machine, stamp)?;
    let new_machine = known(&manifest, machine, signers, trust)?;
    let mut puller =
        Puller { machine, folder, recipients, progress, fetched: (0, 0), warnings: Vec::new() };
    for stream in &plan.keeps.streams {
        let content = puller.stream(stream, stamp)?;
        manifest.streams.insert(stream.name.clone(), content);
    }
    for tree in &plan.keeps.trees {
        let files = puller.tree(tree)?;
        manifest.trees.insert(tree.root.clone(), files);
    }
    progress.stage("fetching keys and configuration");
    let paths: Vec<&str> = plan.keeps.files.iter().map(|it| it.path.as_str()).collect();
    let mut archive = Vec::new();
    let mut pipe = machine.start(FILES, &paths)?;
    pipe.close();
    pipe.output().read_to_end(&mut archive).map_err(|error| Error::host(error.to_string()))?;
    machine.end(pipe)?;
    manifest.files = sha256(&archive);
    let text = manifest.to_string();
    let signature = machine.run(SIGN, &[NAMESPACE], &text)?;
    let record = Record::new(stamp, manifest, text, signature, archive);
    // A machine whose signature nobody could verify later is said now.
    record.trust(signers)?;
    record.write(folder, recipients)?;
    let Puller { fetched, warnings, .. } = puller;
    Ok(Pulled { stamp, manifest: record.manifest, fetched, new_machine, warnings })
}

/// Who the machine is, in a manifest that holds nothing yet.
fn look(plan: &Plan, machine: &Machine<'_>, stamp: Stamp) -> Result<Manifest> {
    let packages: Vec<&str> = plan.packages.iter().map(|it| it.name.as_str()).collect();
    let said = machine.run(LOOK, &packages, "")?;
    let mut manifest = Manifest { time: stamp.to_string(), ..Manifest::default() };
    for line in said.lines() {
        manifest
            .hear(line, &mut None)
            .ok_or_else(|| Error::host(format!("{} says `{line}`", machine.destination())))?;
    }
    if manifest.server_name != plan.server_name {
        let (is, of) = (&manifest.server_name, &plan.server_name);
        let to = machine.destination();
        return Err(Error::new(format!(
            "{to} is the homeserver of `{is}`, and the site that of `{of}`"
        ))
        .hint("name the machine of this site with `--ssh`, or the site of that machine"));
    }
    Ok(manifest)
}

/// The public key with which a machine signs its backups; it makes one if it has none.
pub(super) fn signing_key(machine: &Machine<'_>) -> Result<String> {
    let said = machine.run(LOOK, &["base-files"], "")?;
    let key = said.lines().find_map(|line| line.strip_prefix("machine "));
    key.map(str::to_owned).ok_or_else(|| Error::host("the machine shows no key to sign with"))
}

/// Whether the desk sees the machine for the first time; from now on it knows it.
fn known(
    manifest: &Manifest,
    machine: &Machine<'_>,
    signers: &mut Signers,
    trust: bool,
) -> Result<bool> {
    let (name, key) = (&manifest.server_name, &manifest.machine);
    if signers.is_known(name, key) {
        return Ok(false);
    }
    if signers.knows(name) && !trust {
        let (print, file) = (signers::fingerprint(key), signers.path().display());
        return Err(Error::new(format!(
            "{} is another machine than the one that this desk knows as `{name}`: its key is {print}",
            machine.destination()
        ))
        .hint(format!("if you made it, say `--new-machine`; the known ones stand in {file}")));
    }
    signers.add(name, key)
}

struct Puller<'a, 'h> {
    machine: &'a Machine<'h>,
    folder: &'a Folder,
    recipients: &'a Recipients,
    progress: &'a Progress,
    fetched: (usize, u64),
    warnings: Vec<String>,
}

impl Puller<'_, '_> {
    /// The stream, with what its layer counted.
    fn stream(&self, stream: &KeptStream, stamp: Stamp) -> Result<Stream> {
        let name = &stream.name;
        let meter = Meter::new(self.progress, &format!("fetching {name}"));
        let mut pipe = self.machine.start(&stream.save, &[])?;
        pipe.close();
        let mut draft = self.folder.draft(&Stored::stream(stamp, name), self.recipients)?;
        draft.fill(pipe.output(), &|bytes| meter.count(bytes))?;
        let said = self.machine.judged(pipe.finish()?)?.stderr;
        let (numbers, whole) = counted(&said);
        if !whole {
            let last = said.trim().lines().rfind(|it| !it.starts_with("@ ")).unwrap_or_default();
            return Err(Error::host(format!("{name} did not come to its end: {last}")));
        }
        Ok(Stream { sha256: draft.commit()?, numbers })
    }

    /// The files of a tree; those that are not in the folder yet are fetched.
    fn tree(&mut self, tree: &KeptTree) -> Result<Vec<TreeFile>> {
        let listed = self.listed(tree)?;
        let (there, lacking): (Vec<Stored>, Vec<Stored>) =
            listed.into_iter().partition(|it| self.folder.has(it));
        let mut files = self.summed(tree, there)?;
        files.extend(self.fetch(tree, &lacking)?);
        files.sort_by(|a, b| a.stored.cmp(&b.stored));
        Ok(files)
    }

    /// What lies in the folders of a tree.
    fn listed(&mut self, tree: &KeptTree) -> Result<Vec<Stored>> {
        self.progress.stage(&format!("looking through {}", tree.root));
        let mut words = vec![tree.root.as_str()];
        words.extend(tree.folders.iter().map(String::as_str));
        let mut listed = Vec::new();
        for line in self.machine.run(LIST, &words, "")?.lines() {
            match line.parse().ok().filter(|file: &Stored| file.tree_file().is_some()) {
                Some(file) => listed.push(file),
                None => self
                    .warnings
                    .push(format!("left out, since no homeserver names a file so: {line}")),
            }
        }
        Ok(listed)
    }

    /// Files that are in the folder: what they are is asked of the machine, for nobody here can read them.
    fn summed(&self, tree: &KeptTree, files: Vec<Stored>) -> Result<Vec<TreeFile>> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        self.progress.stage(&format!("comparing {} files that are here already", files.len()));
        let said = self.machine.run(SUMS, &[&tree.root], &paths(&files))?;
        let sums: BTreeMap<&str, &str> = said
            .lines()
            .filter_map(|line| line.split_once("  "))
            .map(|(sum, path)| (path, sum))
            .collect();
        // One that is gone by now was removed on the machine.
        let found = files.into_iter().filter_map(|stored| {
            let sha256 = sums.get(stored.place().0).filter(|it| is_sha256(it))?;
            Some(TreeFile { sha256: (*sha256).to_owned(), stored })
        });
        Ok(found.collect())
    }

    fn fetch(&mut self, tree: &KeptTree, files: &[Stored]) -> Result<Vec<TreeFile>> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let total = files.iter().map(|it| it.place().2).sum();
        let meter = Meter::of(self.progress, &format!("fetching {} files", files.len()), total);
        let mut pipe = self.machine.start(FETCH, &[&tree.root])?;
        pipe.tell(paths(files));
        let wanted: BTreeSet<&str> = files.iter().map(|it| it.place().0).collect();
        let mut fetched = Vec::new();
        let lost =
            |error: std::io::Error| Error::host(format!("the files do not arrive whole: {error}"));
        let taken = (|| {
            let mut archive = tar::Archive::new(pipe.output());
            for entry in archive.entries().map_err(lost)? {
                let mut entry = entry.map_err(lost)?;
                let path = entry.path().map_err(lost)?.to_string_lossy().into_owned();
                let (seconds, size) = (entry.header().mtime().map_err(lost)?, entry.size());
                let stored = Stored::of_tree(&path, seconds, size)
                    .filter(|_| wanted.contains(path.as_str()));
                let stored =
                    stored.ok_or_else(|| Error::host(format!("`{path}` was not asked for")))?;
                let mut draft = self.folder.draft(&stored, self.recipients)?;
                // An archive that is cut short ends amid a file as if that were all of it.
                if draft.fill(&mut entry, &|bytes| meter.count(bytes))? != size {
                    return Err(lost(std::io::ErrorKind::UnexpectedEof.into()));
                }
                fetched.push(TreeFile { sha256: draft.commit()?, stored });
            }
            Ok(())
        })();
        // Why the machine gave up says more than that something was cut short.
        let outcome = self.machine.judged(pipe.finish()?);
        outcome.and(taken)?;
        self.fetched.0 += fetched.len();
        self.fetched.1 += fetched.iter().map(|it| it.stored.place().2).sum::<u64>();
        Ok(fetched)
    }
}

/// The paths of files, a line each.
fn paths(files: &[Stored]) -> String {
    files.iter().map(|it| format!("{}\n", it.place().0)).collect()
}

/// The lines `@ NAME NUMBER` of `said`, and whether the last of all says that it is whole.
fn counted(said: &str) -> (BTreeMap<String, u64>, bool) {
    let mut lines = said.lines().filter_map(|line| line.strip_prefix("@ ")?.split_once(' '));
    let numbers =
        lines.clone().filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)));
    (numbers.collect(), lines.next_back() == Some(("whole", "yes")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_says_is_read() {
        let said = "@ users 3\npg_dump: warning: x\n@ events 200\n@ whole yes\n";
        let (numbers, whole) = counted(said);
        assert_eq!(
            numbers.into_iter().collect::<Vec<_>>(),
            [("events".to_owned(), 200), ("users".to_owned(), 3)]
        );
        assert!(whole && !counted("@ users 3\npg_dump: error: x\n").1);
    }
}
