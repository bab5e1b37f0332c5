//! Everything that stays the same from case to case, and what it makes for each.

use std::path::{Path, PathBuf};

use super::{
    accelerator::Accelerator,
    case::{Case, Lane, Start},
    container::Container,
    disk::{self, Base},
    front::Fronts,
    golden::{self, Golden},
    guest::Guest,
    internet::Internet,
    machine::{Board, Hardware, Machine},
    orders::Orders,
    root::Root,
    stock,
    world::World,
};
use crate::{
    backend::overlay::{self, Purpose},
    error::Result,
    host::{
        Host,
        archives::{Archive, Archives},
        files,
        progress::Progress,
    },
};

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
    /// As a machine names them.
    archives: Archives,
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
        let (main, security) = stock::mirrors(&base.read(host, "/etc/cloud/cloud.cfg")?)?;
        let archives =
            Archives { main: Archive::parse(&main)?, security: Archive::parse(&security)? };
        let bed = Bed { internet, progress, host, orders, accelerator, base, archives };
        files::remove(&bed.shared_disk())?;
        files::remove(&bed.shared_tree())?;
        Ok(bed)
    }

    /// Where everything of a case lies.
    #[must_use]
    pub fn dir(&self, case: &Case) -> PathBuf {
        case.dir(&self.orders.cache)
    }

    /// Sets up everything outside the machine that this case needs.
    pub fn stage(&mut self, case: &Case, dir: &Path) -> Result<()> {
        let mut fronts = Fronts::default();
        fronts.archive(&self.archives.main, &self.orders.upstreams.main);
        fronts.archive(&self.archives.security, &self.orders.upstreams.security);
        let repository = Archive::parse(&case.repository)?;
        fronts.folder(&repository, &self.orders.fixture.repository());
        fronts.authority(&Archive::parse(&case.authority)?);
        for (n, page) in case.plan.publications.iter().enumerate() {
            let file = dir.join(format!("page-{n}.json"));
            files::write(&file, &page.contents)?;
            fronts.document(&page.host, &page.path, &file);
        }
        self.internet.stage(self.host, &fronts)
    }

    /// Makes what the machine of a case starts from, in `dir`.
    pub fn lay(&self, case: &Case, dir: &Path) -> Result<(Guest, Laid)> {
        match case.lane {
            Lane::Container => self.lay_container(case, dir),
            Lane::Qemu => {
                let laid = self.lay_disks(case, dir)?;
                Ok((Guest::Qemu(self.machine(dir, &laid)), laid))
            }
        }
    }

    fn lay_container(&self, case: &Case, dir: &Path) -> Result<(Guest, Laid)> {
        let (tree, shared) = (self.orders.image.tree.clone(), self.shared_tree());
        let fresh = case.start == Start::Fresh || !shared.is_dir();
        let below = if fresh { vec![tree] } else { vec![shared, tree] };
        let container = Container::new(dir, &below);
        let (authorities, id) = (&self.internet.authorities, format!("testbed-{}", case.name));
        container.lay_in(self.host, authorities, &id, &case.user_data)?;
        Ok((Guest::Container(container), Laid { kernel: None, fresh, golden: None, seed: true }))
    }

    fn lay_disks(&self, case: &Case, dir: &Path) -> Result<Laid> {
        let disk = dir.join("disk.raw");
        let mut laid = Laid { kernel: None, fresh: false, golden: None, seed: true };
        files::write(&dir.join("user-data"), &case.user_data)?;
        let mut document = case.user_data.as_str();
        match &case.start {
            Start::Fresh => laid.fresh = true,
            Start::Packages => laid.fresh = !self.shared_disk().is_file(),
            Start::Image => document = EMPTY,
            Start::Debootstrap => laid.seed = false,
            Start::GenericImage | Start::Given(_) => {}
        }
        match &case.start {
            Start::Fresh | Start::Packages => {
                laid.kernel.clone_from(&self.orders.image.kernel);
                if laid.fresh {
                    self.base.copy(self.host, &disk)?;
                } else {
                    let (from, to) = (self.shared_disk(), disk.to_string_lossy());
                    self.host.run(&["cp", "--sparse=always", &from.to_string_lossy(), &to])?;
                }
            }
            Start::Debootstrap => {
                let golden = self.golden(case, dir, Purpose::Site);
                let kernel = golden::debootstrap(self.host, &golden, &disk, &self.progress)?;
                laid.kernel = Some(kernel);
            }
            Start::Image | Start::GenericImage => {
                let generic = case.start == Start::GenericImage;
                let purpose = if generic { Purpose::Generic } else { Purpose::Site };
                let golden = self.golden(case, dir, purpose);
                let made = golden.make(self.host, &self.progress)?;
                self.progress.say(&golden::figures(&made));
                overlay::write(&case.plan, &dir.join("overlay.tar"), true)?;
                golden.lay(self.host, &disk)?;
                laid.golden = Some(golden);
            }
            Start::Given(image) => {
                let golden = self.golden(case, dir, Purpose::Site);
                if golden.take(self.host, image)? == Purpose::Site {
                    document = EMPTY;
                }
                golden.lay(self.host, &disk)?;
                laid.golden = Some(golden);
            }
        }
        let (seed, id) = (dir.join("seed.iso"), format!("testbed-{}", case.name));
        disk::seed(self.host, &self.internet.root, &seed, &id, document)?;
        Ok(laid)
    }

    /// What an earlier run of a case left in `dir`.
    #[must_use]
    pub fn kept(&self, case: &Case, dir: &Path) -> Laid {
        let kernel = match &case.start {
            Start::Fresh | Start::Packages => self.orders.image.kernel.clone(),
            Start::Debootstrap => Some(golden::kernel_of(dir)),
            Start::Image | Start::GenericImage | Start::Given(_) => None,
        };
        Laid { kernel, fresh: false, golden: None, seed: case.start != Start::Debootstrap }
    }

    fn golden(&self, case: &Case, dir: &Path, purpose: Purpose) -> Golden {
        let (root, authorities) = (&self.internet.root, &self.internet.authorities);
        let plan = case.generic.as_ref().unwrap_or(&case.plan);
        Golden::new(root, authorities, dir, plan, purpose, &self.archives)
    }

    fn shared_disk(&self) -> PathBuf {
        self.orders.cache.join("packages.raw")
    }

    fn shared_tree(&self) -> PathBuf {
        self.orders.cache.join("packages.tree")
    }

    /// A machine with the disks in `dir`.
    #[must_use]
    pub fn machine(&self, dir: &Path, laid: &Laid) -> Machine {
        let hardware =
            Hardware { kernel: laid.kernel.clone(), board: Board::Bios, seed: laid.seed };
        Machine::new(&self.internet.root, dir, self.accelerator, hardware)
    }

    /// The world of a case whose disks were laid in `dir`; with `shares`, later cases get its disk.
    pub fn world<'w>(
        &'w mut self,
        case: &'w Case,
        dir: &Path,
        (machine, laid): (Guest, Laid),
        shares: bool,
    ) -> World<'w> {
        let copy_to = match case.lane {
            Lane::Qemu => self.shared_disk(),
            Lane::Container => self.shared_tree(),
        };
        World {
            machine,
            plan: case.plan.clone(),
            documents: 0,
            host: self.host,
            internet: &mut self.internet,
            case,
            dir: dir.to_owned(),
            golden: laid.golden,
            fixture: &self.orders.fixture,
            progress: &self.progress,
            copy_to: Some(copy_to).filter(|disk| shares && laid.fresh && !disk.exists()),
            peers: Vec::new(),
            ready_after: Vec::new(),
        }
    }
}

/// What a provider delivers to a machine that needs no document.
const EMPTY: &str = "#cloud-config\n{}\n";

/// What a machine starts from.
pub struct Laid {
    /// The kernel and its initrd, where the disk has no boot loader.
    pub kernel: Option<(PathBuf, PathBuf)>,
    /// Whether it is the stock image, untouched.
    pub fresh: bool,
    /// The image that it was copied from.
    pub golden: Option<Golden>,
    /// Whether there is a datasource.
    pub seed: bool,
}

/// To look at a machine is to look at its own disk, hence at the base that it was layered on.
fn base(host: &Host, orders: &Orders, internet: &Internet) -> Result<Base> {
    if orders.look {
        return Base::kept(host, &internet.root, &orders.cache);
    }
    let base = Base::of(host, &internet.root, &orders.image, &orders.cache)?;
    base.lay_in(host, &internet.authorities)?;
    Ok(base)
}
