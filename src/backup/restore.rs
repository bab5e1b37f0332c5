//! Gives a backup to a machine that waits for one.
//!
//! Everything is read here before the machine is touched. On the machine, nothing counts before the last file is in its
//! place: until then it waits, and a second restore begins anew.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    time::Duration,
};

use super::{
    Folder, Identities, Manifest, Record, Stored, manifest::TreeFile, meter::Meter,
    verify::Examiner,
};
use crate::{
    error::{Error, Result},
    host::{progress::Progress, wait_until},
    machine::Machine,
    plan::{KeptStream, KeptTree, Plan},
    units::size,
};

const UNPACK: &str = include_str!("scripts/unpack.sh");
const COMPARE: &str = include_str!("scripts/compare.sh");
const STAGE: &str = include_str!("scripts/stage.sh");
const LIVE: &str = include_str!("scripts/live.sh");
const ROOM: &str = include_str!("scripts/room.sh");

/// A restore that was cut short after it had begun to adopt has left the archive that [`LIVE`] removes.
const AGAIN: &str = "RESTORING=no\n[ ! -e /var/lib/homeseed/restore.tar ] || RESTORING=yes\n";

/// A dump that is loaded takes more room than it had, with its indexes and its log: measured, three times.
const GROWS: u64 = 4;

/// A machine that has everything is ready after minutes.
const PATIENCE: Duration = Duration::from_secs(1800);

/// What came of it.
#[derive(Debug)]
pub struct Restored {
    /// What the machine says of itself at the end.
    pub status: String,
    /// Whether it says that it is ready.
    pub ready: bool,
    /// The public key with which the new machine signs its backups.
    pub machine: String,
}

/// Gives `record` to the machine of `plan`.
pub fn restore(
    plan: &Plan,
    machine: &Machine<'_>,
    folder: &Folder,
    record: &Record,
    identities: &Identities,
    progress: &Progress,
) -> Result<Restored> {
    fits(plan, &record.manifest)?;
    let faults = Examiner::new(folder, identities, progress).faults(record);
    if let Some(first) = faults.first() {
        let more = faults.len() - 1;
        let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
        return Err(Error::new(format!("{first}{more}"))
            .hint("nothing was changed; `homeseed backup verify` says which backups are whole"));
    }
    progress.stage(&format!("asking whether {} can take it", machine.destination()));
    let key = takes(plan, machine, folder, record)?;
    let restorer = Restorer { machine, folder, record, identities, progress };
    for stream in &plan.keeps.streams {
        restorer.load(stream)?;
    }
    for tree in &plan.keeps.trees {
        restorer.unpack(tree)?;
    }
    progress.stage("putting it in force");
    restorer.stage()?;
    for stream in &plan.keeps.streams {
        machine.run(&stream.adopt, &[], "")?;
    }
    let last = plan.keeps.last.as_ref().map(|it| it.path.trim_start_matches('/'));
    machine.run(LIVE, &[last.unwrap_or_default()], "")?;
    let (ready, status) = waited(machine, progress)?;
    Ok(Restored { status, ready, machine: key })
}

/// Whether the backup is one of this site.
fn fits(plan: &Plan, manifest: &Manifest) -> Result<()> {
    if manifest.server_name != plan.server_name {
        let (is, of) = (&manifest.server_name, &plan.server_name);
        return Err(Error::new(format!(
            "the backup is that of `{is}`, and the site that of `{of}`"
        )));
    }
    for born in &plan.born {
        let was = manifest.born.get(&born.name).filter(|was| **was != born.value);
        if let Some(was) = was {
            let (name, value) = (&born.name, &born.value);
            return Err(Error::new(format!(
                "the backup has the {name} `{was}`, and the site `{value}`"
            ))
            .hint(format!("write what the backup has, since {}", born.because)));
        }
    }
    let lacks = plan.keeps.streams.iter().find(|it| !manifest.streams.contains_key(&it.name));
    lacks.map_or(Ok(()), |it| Err(Error::new(format!("the backup holds no `{}`", it.name))))
}

/// Whether the machine waits and can take it; the key with which it signs.
fn takes(plan: &Plan, machine: &Machine<'_>, folder: &Folder, record: &Record) -> Result<String> {
    let Record { stamp, manifest, .. } = record;
    let unchanged = |error: Error| error.hint("nothing was changed");
    let last = plan.keeps.last.as_ref().map_or("", |it| it.path.as_str());
    let room = machine.run(ROOM, &[last], "").map_err(unchanged)?.trim().parse().unwrap_or(0);
    for stream in &plan.keeps.streams {
        let numbers = &manifest.streams[&stream.name].numbers;
        let known = numbers.iter().map(|(name, n)| format!("KEPT_{}={n}\n", name.to_uppercase()));
        let asked = [AGAIN.to_owned(), stream.takes.clone()];
        let script = known.chain(asked).collect::<String>();
        machine.run(&script, &[], "").map_err(unchanged)?;
    }
    let streams = manifest.streams.keys().map(|name| folder.size(&Stored::stream(*stamp, name)));
    let needed = streams.sum::<u64>() * GROWS + total(manifest.files_of_trees());
    if room < needed {
        let (room, needed) = (size::short(room), size::short(needed));
        return Err(unchanged(Error::new(format!(
            "the machine has {room} left, and {needed} are needed"
        ))));
    }
    super::pull::signing_key(machine)
}

struct Restorer<'a, 'h> {
    machine: &'a Machine<'h>,
    folder: &'a Folder,
    record: &'a Record,
    identities: &'a Identities,
    progress: &'a Progress,
}

impl Restorer<'_, '_> {
    fn load(&self, stream: &KeptStream) -> Result<()> {
        let taken = &self.record.manifest.streams[&stream.name];
        let stored = Stored::stream(self.record.stamp, &stream.name);
        let bytes = self.folder.size(&stored);
        let meter = Meter::of(self.progress, &format!("loading {}", stream.name), bytes);
        let mut pipe = self.machine.start(&stream.load, &[])?;
        let mut plain = self.open(&stored)?;
        let sent = pipe.input().map_or(Ok(()), |input| pour(&mut plain, input, &meter));
        // Why the machine gave up says more than that it does not listen.
        let said = self.machine.end(pipe)?;
        sent.map_err(|error| Error::host(format!("{} was not sent whole: {error}", stream.name)))?;
        let loaded: BTreeMap<&str, u64> = said
            .lines()
            .filter_map(|it| it.split_once(' '))
            .filter_map(|(name, n)| Some((name, n.parse().ok()?)))
            .collect();
        for (name, number) in loaded {
            let was = taken.numbers.get(name).copied();
            if was != Some(number) {
                let was = was.map_or("none".to_owned(), |it| it.to_string());
                return Err(Error::host(format!(
                    "the backup has {was} {name}, and {number} arrived"
                ))
                .hint("the machine waits as before"));
            }
        }
        Ok(())
    }

    fn unpack(&self, tree: &KeptTree) -> Result<()> {
        let files = self.record.manifest.trees.get(&tree.root).map_or(&[][..], Vec::as_slice);
        let stage = format!("sending {} files", files.len());
        let meter = Meter::of(self.progress, &stage, total(files.iter()));
        let mut words = vec![tree.root.as_str(), &tree.owner];
        words.extend(tree.folders.iter().map(String::as_str));
        let mut pipe = self.machine.start(UNPACK, &words)?;
        let sent = pipe.input().map_or(Ok(()), |input| self.archive(files, input, &meter));
        self.machine.end(pipe)?;
        sent?;
        self.progress.stage("comparing them");
        let sum = |it: &TreeFile| format!("{}  {}\n", it.sha256, it.stored.place().0);
        let sums: String = files.iter().map(sum).collect();
        if !sums.is_empty() {
            self.machine.run(COMPARE, &[&tree.root], &sums)?;
        }
        Ok(())
    }

    fn archive(&self, files: &[TreeFile], out: &mut dyn Write, meter: &Meter<'_>) -> Result<()> {
        let unsent =
            |error: io::Error| Error::host(format!("the files were not sent whole: {error}"));
        let mut archive = tar::Builder::new(out);
        for file in files {
            let mut header = tar::Header::new_gnu();
            let (path, seconds, size) = file.stored.place();
            header.set_size(size);
            header.set_mode(0o600);
            header.set_mtime(seconds);
            let mut plain = Metered { source: self.open(&file.stored)?, meter };
            archive.append_data(&mut header, path, &mut plain).map_err(unsent)?;
        }
        archive.finish().map_err(unsent)
    }

    fn stage(&self) -> Result<()> {
        let files = &self.record.files;
        let mut pipe = self.machine.start(STAGE, &[&files.len().to_string()])?;
        let sent = pipe.input().map_or(Ok(()), |input| input.write_all(files));
        self.machine.end(pipe)?;
        sent.map_err(|error| Error::host(format!("the small files were not sent whole: {error}")))
    }

    fn open(&self, stored: &Stored) -> Result<impl Read + use<>> {
        self.identities.open(&self.folder.path(stored))
    }
}

fn total<'f>(files: impl Iterator<Item = &'f TreeFile>) -> u64 {
    files.map(|it| it.stored.place().2).sum()
}

/// Counts what is read.
struct Metered<'m, 'p, R> {
    source: R,
    meter: &'m Meter<'p>,
}

impl<R: Read> Read for Metered<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.meter.count(length as u64);
        Ok(length)
    }
}

fn pour(source: &mut dyn Read, target: &mut dyn Write, meter: &Meter<'_>) -> io::Result<()> {
    io::copy(&mut Metered { source, meter }, target)?;
    target.flush()
}

/// Waits until the machine is ready; whether it is, and what it says.
fn waited(machine: &Machine<'_>, progress: &Progress) -> Result<(bool, String)> {
    progress.stage("waiting until it is ready");
    let mut status = String::new();
    let ready = wait_until(PATIENCE, Duration::from_secs(5), || {
        // A connection that breaks now says nothing about the machine.
        let said = machine.run("homeserver status || :", &[], "").unwrap_or_default();
        said.lines().next().unwrap_or_default().clone_into(&mut status);
        progress.waits(&status);
        Ok(status.starts_with("ready: "))
    })?;
    Ok((ready, status))
}
