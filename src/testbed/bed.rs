//! Everything that stays the same from case to case, and what it makes for each.

use std::path::{Path, PathBuf};

use super::{
    accelerator::Accelerator,
    archive::Archive,
    case::{Case, Start},
    disk::{self, Base},
    front::Fronts,
    internet::Internet,
    machine::Machine,
    orders::Orders,
    progress::Progress,
    root::Root,
    stock, tree,
    world::World,
};
use crate::{error::Result, host::Host};

/// The test internet and the disk that machines start from.
pub struct Bed<'a> {
    /// Everything outside the machine.
    pub internet: Internet,
    /// What the reader sees.
    pub progress: Progress,
    host: &'a Host,
    orders: &'a Orders,
    accelerator: Accelerator,
    base: Base,
}

impl<'a> Bed<'a> {
    /// Opens the test internet and lays its authorities into a copy of the image.
    pub fn make(host: &'a Host, orders: &'a Orders) -> Result<Bed<'a>> {
        let progress = Progress::new();
        progress.stage("opening the test internet");
        let cache = &orders.cache;
        let internet = Internet::open(host, &Root::at(&orders.root), cache)?;
        let accelerator = Accelerator::probe(host, &internet.root, &orders.image, cache)?;
        progress.say(&format!(
            "image: {}\naccelerator: {}\nthe Matrix repository is ours, with Synapse {} and a key of its own",
            orders.image.origin,
            accelerator.name(),
            orders.fixture.version()
        ));
        let base = base(host, orders, &internet)?;
        tree::remove(&shared_disk(cache))?;
        Ok(Bed { internet, progress, host, orders, accelerator, base })
    }

    /// Where everything of a case lies.
    #[must_use]
    pub fn dir(&self, case: &Case) -> PathBuf {
        case.dir(&self.orders.cache)
    }

    /// Sets up everything outside the machine that this case needs.
    pub fn stage(&mut self, case: &Case, dir: &Path) -> Result<()> {
        let mut fronts = Fronts::default();
        let (main, security) = stock::mirrors(&self.base.read(self.host, "/etc/cloud/cloud.cfg")?)?;
        fronts.archive(&Archive::parse(&main)?, &self.orders.upstreams.main);
        fronts.archive(&Archive::parse(&security)?, &self.orders.upstreams.security);
        let repository = Archive::parse(&case.repository)?;
        fronts.folder(&repository, &self.orders.fixture.repository());
        fronts.authority(&Archive::parse(&case.authority)?);
        for (n, page) in case.pages.iter().enumerate() {
            let file = dir.join(format!("page-{n}.json"));
            tree::write(&file, &page.contents)?;
            fronts.document(&page.host, &page.path, &file);
        }
        self.internet.stage(self.host, &fronts)
    }

    /// Makes the machine's disk and seed; says whether the disk is fresh, not one that an earlier case shared.
    pub fn lay_disks(&self, case: &Case, dir: &Path) -> Result<bool> {
        let (disk, shared) = (dir.join("disk.raw"), shared_disk(&self.orders.cache));
        let fresh = case.start == Start::Fresh || !shared.is_file();
        if fresh {
            self.base.copy(self.host, &disk)?;
        } else {
            let (from, to) = (shared.to_string_lossy(), disk.to_string_lossy());
            self.host.run(&["cp", "--sparse=always", &from, &to])?;
        }
        let (seed, id) = (dir.join("seed.iso"), format!("testbed-{}", case.name));
        disk::seed(self.host, &self.internet.root, &seed, &id, &case.user_data)?;
        tree::write(&dir.join("user-data"), &case.user_data)?;
        Ok(fresh)
    }

    /// A machine with the disks in `dir`.
    #[must_use]
    pub fn machine(&self, dir: &Path) -> Machine {
        let kernel = self.orders.image.kernel.clone();
        Machine::new(&self.internet.root, dir, self.accelerator, kernel)
    }

    /// The world of a case whose disks lie in `dir`; with `shares`, later cases get its disk.
    pub fn world<'w>(&'w mut self, case: &'w Case, dir: &Path, shares: bool) -> World<'w> {
        World {
            machine: self.machine(dir),
            host: self.host,
            internet: &mut self.internet,
            case,
            fixture: &self.orders.fixture,
            progress: &self.progress,
            copy_to: Some(shared_disk(&self.orders.cache)).filter(|disk| shares && !disk.exists()),
            peers: Vec::new(),
            ready_after: Vec::new(),
        }
    }
}

/// To look at a machine is to look at its own disk, hence at the base that it was layered on.
fn base(host: &Host, orders: &Orders, internet: &Internet) -> Result<Base> {
    if orders.look {
        return Base::kept(&internet.root, &orders.image, host, &orders.cache);
    }
    let base = Base::of(host, &internet.root, &orders.image, &orders.cache)?;
    base.lay_in(host, &internet.authorities)?;
    Ok(base)
}

fn shared_disk(cache: &Path) -> PathBuf {
    cache.join("packages.raw")
}
