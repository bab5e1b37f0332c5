//! The inner half: inside namespaces of its own it opens the test internet and plays the cases.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    bed::Bed,
    case::{Case, Lane, Start},
    console, drive,
    guest::Guest,
    look,
    orders::{Orders, Verdict},
    report::{Report, Times},
    tally::Tally,
    world::World,
};
use crate::{
    error::{Error, Result},
    host::{Host, files},
};

/// Plays all cases of `orders`; results go to standard output.
pub fn play(orders: &Orders) -> Result<Verdict> {
    let host = Host::new()?;
    let mut bed = Bed::make(&host, orders)?;
    let (mut tally, mut report) = (Tally::default(), Report::default());
    for (n, case) in orders.cases.iter().enumerate() {
        let later = orders.cases[n + 1..].iter().filter(|later| later.lane == case.lane);
        let shares = later.clone().any(|case| case.start == Start::Packages);
        report.add(case_of(&mut bed, case, shares, &mut tally));
        files::write(&orders.cache.join("report.txt"), &report.table())?;
    }
    tally.plan();
    bed.progress.say(&report.table());
    Ok(Verdict::of(tally))
}

/// Boots what an earlier run left of the one case, for the reader to look at.
pub fn look(orders: &Orders) -> Result<()> {
    let host = Host::new()?;
    let mut bed = Bed::make(&host, orders)?;
    let case = orders.cases.first().ok_or_else(|| Error::new("there is no case to look at"))?;
    let dir = bed.dir(case);
    bed.stage(case, &dir)?;
    bed.internet.name_machine(&case.plan.names)?;
    if case.lane == Lane::Container {
        return Err(Error::new("a container leaves no machine to look into")
            .hint("play the case with QEMU: take the line `# runs in: container` out"));
    }
    let mut machine = Guest::Qemu(bed.machine(&dir, &bed.kept(case, &dir)));
    machine.start(&host)?;
    look::listen(&host, &mut machine)
}

/// Plays one case; what fails in it is a result and no reason to leave the others out.
fn case_of(bed: &mut Bed<'_>, case: &Case, shares: bool, tally: &mut Tally) -> Times {
    let (began, failed) = (Instant::now(), tally.failed());
    let dir = bed.dir(case);
    let mut times = Times { name: case.name.clone(), lane: case.lane.word(), ..Times::default() };
    match set(bed, case, shares, &dir) {
        Ok(mut world) => {
            if let Err(error) = drive::drive(&mut world, &dir, tally) {
                let title = format!("{}: the case is played to its end", case.name);
                tally.result(false, &title, &error.to_string());
            }
            look_for_faults(&mut world, tally);
            times.ready_after = std::mem::take(&mut world.ready_after);
            // In a container it counts from the start of this host.
            if case.lane == Lane::Qemu {
                times.cloud_init = console::finished(&world.machine.console());
            }
            times.steps = steps(&mut world);
            end(&mut world, &dir, tally.failed() == failed);
        }
        Err(error) => {
            let title = format!("{}: the stage is set", case.name);
            tally.result(false, &title, &error.to_string());
        }
    }
    times.total = began.elapsed();
    times
}

/// Makes everything that a case begins with, its machine switched off.
fn set<'a>(bed: &'a mut Bed<'_>, case: &'a Case, shares: bool, dir: &Path) -> Result<World<'a>> {
    bed.progress.stage(&format!("{}: setting the stage", case.name));
    files::remove(dir)?;
    files::make(dir)?;
    bed.stage(case, dir)?;
    let laid = bed.lay(case, dir)?;
    Ok(bed.world(case, dir, laid, shares))
}

/// What went wrong without a check noticing.
fn look_for_faults(world: &mut World<'_>, tally: &mut Tally) {
    let console = world.machine.console();
    let mut faults = console::faults(&console);
    if console.is_empty() {
        faults.push("the console said nothing at all".to_owned());
    }
    match world.machine.run(world.host, &console::search(), Duration::from_secs(120)) {
        Ok(journal) if journal.status == 0 => faults.extend(console::faults(&journal.stdout)),
        Ok(journal) => faults.push(format!("the journal cannot be read: {}", journal.stderr)),
        Err(error) => faults.push(format!("the journal cannot be read: {error}")),
    }
    let title = format!("{}: neither console nor journal shows a fault", world.case.name);
    tally.result(faults.is_empty(), &title, &faults.join("\n"));
}

/// The machine's own record; none when it does not answer.
fn steps(world: &mut World<'_>) -> String {
    let steps =
        world.machine.run(world.host, "cat /var/lib/homeseed/steps.log", Duration::from_secs(30));
    steps.map(|outcome| outcome.stdout).unwrap_or_default()
}

/// A good case leaves its console; a bad one everything.
fn end(world: &mut World<'_>, dir: &Path, good: bool) {
    if good {
        world.machine.end();
        discard(world.host, dir);
        world.progress.wipe();
        return;
    }
    let journal = "journalctl --no-pager -o short-monotonic | tail -n 20000";
    if let Ok(outcome) = world.machine.run(world.host, journal, Duration::from_secs(180)) {
        files::write(&dir.join("journal.log"), &outcome.stdout).ok();
    }
    world.machine.run(world.host, "sync", Duration::from_secs(60)).ok();
    world.machine.end();
    world.progress.say(&format!(
        "{}: console, journal, the script's words and the disk are in {}\n\
         hint: `homeseed test --shell` with the same site boots that disk and gives you a shell",
        world.case.name,
        dir.display()
    ));
}

/// What a machine has written is of no use once its case is good.
fn discard(host: &Host, dir: &Path) {
    fs::remove_file(dir.join("disk.raw")).ok();
    if dir.join("upper").is_dir() {
        host.run(&["umount", "--lazy", &dir.join("root").to_string_lossy()]).ok();
        for name in ["upper", "work"] {
            files::remove(&dir.join(name)).ok();
        }
    }
}
