//! The inner half: inside namespaces of its own it opens the test internet and plays the cases.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    case::{Case, Start},
    console,
    context::CaseContext,
    drive,
    environment::TestEnvironment,
    report::Times,
    results::{Message, Results},
    run_spec::RunSpec,
    terminal,
};
use crate::{
    error::{Error, Result},
    host::{Host, files},
};

/// Plays all cases of `spec`; what comes of them goes to the outer half, and so does what kept them from being played.
pub fn play(spec: &RunSpec) -> Result<()> {
    let mut results = Results::to_outer_half();
    let played = play_all(spec, &mut results);
    if let Err(error) = &played {
        let title = format!("the cases in {} are played", spec.lane.place());
        results.add(false, &title, &error.to_string());
    }
    played
}

fn play_all(spec: &RunSpec, results: &mut Results<'_>) -> Result<()> {
    let host = Host::new()?;
    let mut environment = TestEnvironment::make(&host, spec)?;
    for (n, case) in spec.cases.iter().enumerate() {
        if !spec.claims_first(case)? {
            continue;
        }
        let takes = |later: &Case| later.start == Start::Packages && later.lane == spec.lane;
        let shares = spec.shares && case.lane == spec.lane && spec.cases[n + 1..].iter().any(takes);
        let times = case_of(&mut environment, case, shares, results);
        results.say(&Message::Times(times));
    }
    results.say(&Message::End);
    Ok(())
}

/// Boots what an earlier run left of the one case, for the reader to look at.
pub fn shell(spec: &RunSpec) -> Result<()> {
    let host = Host::new()?;
    let mut environment = TestEnvironment::make(&host, spec)?;
    let case = spec.cases.first().ok_or_else(|| Error::new("there is no case to look at"))?;
    let dir = environment.dir(case);
    environment.stage(case, &dir)?;
    environment.internet.name_machine(&case.plan.names)?;
    let mut machine = environment.kept_machine(case, &dir)?;
    machine.start(&host)?;
    terminal::serve(&host, &mut machine)
}

/// Plays one case; what fails in it is a result and no reason to leave the others out.
fn case_of(
    environment: &mut TestEnvironment<'_>,
    case: &Case,
    shares: bool,
    results: &mut Results<'_>,
) -> Times {
    let (began, processor, failed) = (Instant::now(), spent(), results.failed());
    let dir = environment.dir(case);
    let mut times = Times { name: case.name.clone(), lane: case.lane, ..Times::default() };
    match set(environment, case, shares, &dir) {
        Ok(mut context) => {
            if let Err(error) = drive::drive(&mut context, &dir, results) {
                let title = format!("{}: the case is played to its end", case.name);
                results.add(false, &title, &error.to_string());
            }
            look_for_faults(&mut context, results);
            times.ready_after = std::mem::take(&mut context.ready_after);
            // In a container it counts from the start of this host.
            if !context.machine.is_container() {
                times.cloud_init = console::finished(&context.machine.console());
            }
            times.steps = steps(&mut context);
            if let Err(error) = end(&mut context, &dir, results.failed() == failed) {
                let title = format!("{}: its machine can be switched off", case.name);
                results.add(false, &title, &error.to_string());
            }
        }
        Err(error) => {
            let title = format!("{}: the stage is set", case.name);
            results.add(false, &title, &error.to_string());
        }
    }
    times.total = began.elapsed();
    times.processor = spent().saturating_sub(processor);
    times
}

/// What the children of this process that have ended, and theirs, took of the processors: proc(5), `cutime` and `cstime`.
fn spent() -> Duration {
    let stat = files::read(Path::new("/proc/self/stat")).unwrap_or_default();
    // The name of the program, in brackets, may hold blanks; a tick is a hundredth of a second.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks = fields.skip(13).take(2).filter_map(|it| it.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// Makes everything that a case begins with, its machine switched off.
fn set<'a>(
    environment: &'a mut TestEnvironment<'_>,
    case: &'a Case,
    shares: bool,
    dir: &Path,
) -> Result<CaseContext<'a>> {
    environment.progress.stage(&format!("{}: setting the stage", case.name));
    environment.stage(case, dir)?;
    environment.make_ahead();
    let laid = environment.lay(case, dir)?;
    Ok(environment.context(case, dir, laid, shares))
}

/// What went wrong without a check noticing.
fn look_for_faults(context: &mut CaseContext<'_>, results: &mut Results<'_>) {
    let console = context.machine.console();
    let mut faults = console::faults(&console);
    if console.is_empty() {
        faults.push("the console said nothing at all".to_owned());
    }
    match context.machine.run(&console::search(), Duration::from_secs(120)) {
        Ok(journal) if journal.status == 0 => faults.extend(console::faults(&journal.stdout)),
        Ok(journal) => faults.push(format!("the journal cannot be read: {}", journal.stderr)),
        Err(error) => faults.push(format!("the journal cannot be read: {error}")),
    }
    let title = format!("{}: neither console nor journal shows a fault", context.case.name);
    results.add(faults.is_empty(), &title, &faults.join("\n"));
}

/// When each step was done, a line each; nothing when the machine does not answer.
fn steps(context: &mut CaseContext<'_>) -> String {
    let list = "cd /var/lib/homeseed/stamps && stat -c '%y %n' $(ls -tr) | cut -c12-19,36-";
    let steps = context.machine.run(list, Duration::from_secs(30));
    steps.map(|outcome| outcome.stdout).unwrap_or_default()
}

/// A good case leaves its console; a bad one everything.
fn end(context: &mut CaseContext<'_>, dir: &Path, good: bool) -> Result<()> {
    if good {
        context.machine.end(context.host)?;
        discard(context.host, dir);
        context.progress.wipe();
        return Ok(());
    }
    let journal = "journalctl --no-pager -o short-monotonic | tail -n 20000";
    if let Ok(outcome) = context.machine.run(journal, Duration::from_secs(180)) {
        files::write(&dir.join("journal.log"), &outcome.stdout).ok();
    }
    context.machine.run("sync", Duration::from_secs(60)).ok();
    let ended = context.machine.end(context.host);
    context.progress.say(&format!(
        "{}: console, journal, the script's words and the disk are in {}\n\
         hint: `homeseed test --shell` with the same site boots that disk and gives you a shell",
        context.case.name,
        dir.display()
    ));
    ended
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
