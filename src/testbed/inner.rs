//! The inner half: inside namespaces of its own it opens the test internet and plays the cases.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    accelerator::Accelerator,
    archive::Archive,
    case::{Case, Start},
    console,
    disk::{self, Base},
    drive,
    front::Fronts,
    internet::Internet,
    look,
    machine::Machine,
    orders::{Orders, Verdict},
    progress::Progress,
    report::{Report, Times},
    root::Root,
    stock,
    tally::Tally,
    tree,
    world::World,
};
use crate::{
    error::{Error, Result},
    host::Host,
};

/// Everything that stays the same from case to case.
struct Bed<'a> {
    host: &'a Host,
    orders: &'a Orders,
    internet: Internet,
    accelerator: Accelerator,
    base: Base,
    progress: Progress,
}

/// Plays all cases of `orders`; results go to standard output.
pub fn play(orders: &Orders) -> Result<Verdict> {
    let host = Host::new()?;
    let mut bed = Bed::make(&host, orders)?;
    let (mut tally, mut report) = (Tally::default(), Report::default());
    for (n, case) in orders.cases.iter().enumerate() {
        let shared = orders.cases[n + 1..].iter().any(|later| later.start == Start::Packages);
        let times = bed.play(case, shared, &mut tally)?;
        report.add(times);
    }
    tally.plan();
    bed.progress.say(&report.table());
    tree::write(&orders.cache.join("report.txt"), &report.table())?;
    Ok(Verdict::of(tally))
}

/// Boots what an earlier run left of the one case, for the reader to look at.
pub fn look(orders: &Orders) -> Result<()> {
    let host = Host::new()?;
    let mut bed = Bed::make(&host, orders)?;
    let case = orders.cases.first().ok_or_else(|| Error::new("there is no case to look at"))?;
    let dir = bed.dir(case);
    bed.stage(case, &dir)?;
    bed.internet.name_machine(&case.names)?;
    let mut machine = bed.machine(&dir);
    machine.start(&host)?;
    look::listen(&mut machine)
}

impl<'a> Bed<'a> {
    fn make(host: &'a Host, orders: &'a Orders) -> Result<Bed<'a>> {
        let progress = Progress::new();
        progress.stage("opening the test internet");
        let cache = &orders.cache;
        let internet = Internet::open(host, &Root::at(&orders.root), cache)?;
        let accelerator = Accelerator::probe(host, &internet.root, &orders.image, cache)?;
        progress.say(&format!("image: {}", orders.image.origin));
        progress.say(&format!("accelerator: {}", accelerator.name()));
        progress.say(&format!("packages.matrix.org: fixture {}", orders.fixture.version()));
        let base = if orders.look {
            Base::kept(&internet.root, &orders.image, host, cache)?
        } else {
            let base = Base::of(host, &internet.root, &orders.image, cache)?;
            base.lay_in(host, &internet.authorities)?;
            base
        };
        fs::remove_file(shared_disk(cache)).ok();
        Ok(Bed { host, orders, internet, accelerator, base, progress })
    }

    fn dir(&self, case: &Case) -> PathBuf {
        self.orders.cache.join("runs").join(&case.name)
    }

    fn machine(&self, dir: &Path) -> Machine {
        let kernel = self.orders.image.kernel.clone();
        Machine::new(&self.internet.root, dir, self.accelerator, kernel)
    }

    /// Plays one case; what fails in it is a result and no reason to leave the others out.
    fn play(&mut self, case: &Case, shared: bool, tally: &mut Tally) -> Result<Times> {
        let began = Instant::now();
        self.progress.stage(&format!("{}: setting the stage", case.name));
        let dir = self.dir(case);
        tree::remove(&dir)?;
        tree::make(&dir)?;
        self.stage(case, &dir)?;
        let copied = self.disks(case, &dir)?;
        let copy_to = (shared && copied.is_none()).then(|| shared_disk(&self.orders.cache));
        let machine = self.machine(&dir);
        let failed = tally.failed();
        let mut world = World {
            host: self.host,
            internet: &mut self.internet,
            machine,
            case,
            fixture: &self.orders.fixture,
            progress: &self.progress,
            copy_to,
            peers: Vec::new(),
            ready_after: Vec::new(),
        };
        if let Err(error) = drive::drive(&mut world, &dir, tally) {
            let title = format!("{}: the case is played to its end", case.name);
            tally.result(false, &title, &error.to_string());
        }
        let faults = faults(&mut world);
        tally.result(
            faults.is_empty(),
            &format!("{}: neither console nor journal shows a fault", case.name),
            &faults.join("\n"),
        );
        let steps = world.machine.run("cat /var/lib/homeseed/steps.log", Duration::from_secs(30));
        let times = Times {
            name: case.name.clone(),
            total: began.elapsed(),
            ready_after: std::mem::take(&mut world.ready_after),
            steps: steps.map(|outcome| outcome.stdout).unwrap_or_default(),
        };
        let good = tally.failed() == failed;
        keep(&mut world, &dir, good);
        drop(world);
        self.progress.wipe();
        if !good {
            self.progress.say(&where_to_look(case, &dir));
        }
        Ok(times)
    }

    /// Everything outside the machine that this case needs.
    fn stage(&mut self, case: &Case, dir: &Path) -> Result<()> {
        let mut fronts = Fronts::default();
        let (main, security) = stock::mirrors(&self.base.read(self.host, "/etc/cloud/cloud.cfg")?)?;
        fronts.archive(&Archive::parse(&main)?, &self.orders.upstreams.main);
        fronts.archive(&Archive::parse(&security)?, &self.orders.upstreams.security);
        let repository = Archive::parse(&case.repository)?;
        let folder = self.orders.fixture.repository().join(repository.path.trim_matches('/'));
        fronts.folder(&repository, &folder);
        fronts.authority(&Archive::parse(&case.authority)?);
        for (n, page) in case.pages.iter().enumerate() {
            let file = dir.join(format!("page-{n}.json"));
            tree::write(&file, &page.contents)?;
            fronts.document(&page.host, &page.path, &file);
        }
        self.internet.stage(self.host, &fronts)
    }

    /// The machine's disk and seed; says whether the disk is one that an earlier case shared.
    fn disks(&self, case: &Case, dir: &Path) -> Result<Option<()>> {
        let (disk, shared) = (dir.join("disk.raw"), shared_disk(&self.orders.cache));
        let copied = case.start == Start::Packages && shared.is_file();
        if copied {
            let (from, to) = (shared.to_string_lossy(), disk.to_string_lossy());
            self.host.run(&["cp", "--sparse=always", &from, &to])?;
        } else {
            self.base.copy(self.host, &disk)?;
        }
        let (seed, id) = (dir.join("seed.iso"), format!("testbed-{}", case.name));
        disk::seed(self.host, &self.internet.root, &seed, &id, &case.user_data)?;
        tree::write(&dir.join("user-data"), &case.user_data)?;
        Ok(copied.then_some(()))
    }
}

fn shared_disk(cache: &Path) -> PathBuf {
    cache.join("packages.raw")
}

/// What went wrong without a check noticing.
fn faults(world: &mut World<'_>) -> Vec<String> {
    let mut faults = console::faults(&world.machine.console());
    let journal = world.machine.run(&console::search(), Duration::from_secs(120));
    faults.extend(console::faults(&journal.map(|outcome| outcome.stdout).unwrap_or_default()));
    faults.dedup();
    faults
}

/// A good case leaves its console; a bad one everything.
fn keep(world: &mut World<'_>, dir: &Path, good: bool) {
    if !good {
        let journal = "journalctl --no-pager -o short-monotonic | tail -n 20000";
        if let Ok(outcome) = world.machine.run(journal, Duration::from_secs(180)) {
            tree::write(&dir.join("journal.log"), &outcome.stdout).ok();
        }
        world.machine.run("sync", Duration::from_secs(60)).ok();
    }
    world.machine.cut_power();
    if good {
        fs::remove_file(dir.join("disk.raw")).ok();
    }
}

fn where_to_look(case: &Case, dir: &Path) -> String {
    format!(
        "{}: console.log, journal.log, script.log and the disk are in {}\n\
         hint: `homeseed test --look` with the same site boots that disk and gives you a shell",
        case.name,
        dir.display()
    )
}
