//! Everything that stays the same from case to case, and what it makes for each.

use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
};

use super::{
    accelerator::Accelerator,
    ahead::{Ahead, Made, Order, What},
    case::{Case, Lane, Mirror, Start},
    container::Container,
    context::CaseContext,
    disk::{self, Base},
    front::Fronts,
    golden::{self, Golden},
    guest::Guest,
    image::Image,
    internet::Internet,
    machine::{Board, Hardware, Machine},
    root::Root,
    run_spec::RunSpec,
    stock,
};
use crate::{
    backend::overlay::Purpose,
    error::{Error, Result},
    host::{
        Host,
        archives::{Archive, Archives},
        files,
        progress::Progress,
    },
};

/// The test internet and the disk that machines start from.
pub struct TestEnvironment<'a> {
    /// Everything outside the machine.
    pub internet: Internet,
    /// What the reader sees.
    pub progress: Progress,
    host: &'a Host,
    spec: &'a RunSpec,
    /// Where machines have a kernel of their own, made for the first of them.
    hypervisor: OnceCell<Hypervisor>,
    /// As a machine names them.
    archives: Archives,
    /// What later cases start from, once somebody makes it.
    ahead: Option<Ahead>,
}

impl<'a> TestEnvironment<'a> {
    /// Opens the test internet.
    pub fn make(host: &'a Host, spec: &'a RunSpec) -> Result<TestEnvironment<'a>> {
        let progress = if spec.beside_others { Progress::in_lines() } else { Progress::new() };
        progress.stage(&format!("opening the test internet of {}", spec.lane.place()));
        let internet = Internet::open(host, &Root::at(&spec.root), &spec.cache, &spec.dir())?;
        let cloud_cfg = files::read(&spec.image.tree.join("etc/cloud/cloud.cfg"))?;
        let (main, security) = stock::mirrors(&cloud_cfg)?;
        let archives =
            Archives { main: Archive::parse(&main)?, security: Archive::parse(&security)? };
        let hypervisor = OnceCell::new();
        let environment =
            TestEnvironment { internet, progress, host, spec, hypervisor, archives, ahead: None };
        if !spec.shell {
            files::remove(&environment.shared_disk())?;
        }
        Ok(environment)
    }

    /// Where everything of a case lies.
    #[must_use]
    pub fn dir(&self, case: &Case) -> PathBuf {
        case.dir(&self.spec.cache)
    }

    /// Sets up everything outside the machine that this case needs.
    pub fn stage(&mut self, case: &Case, dir: &Path) -> Result<()> {
        let mut fronts = Fronts::default();
        fronts.archive(&self.archives.main, &self.spec.upstreams.main);
        fronts.archive(&self.archives.security, &self.spec.upstreams.security);
        let repository = Archive::parse(&case.repository)?;
        fronts.folder(&repository, &self.spec.fixture.repository());
        fronts.authority(&Archive::parse(&case.authority)?);
        for (n, page) in case.plan.publications.iter().enumerate() {
            let file = dir.join(format!("page-{n}.json"));
            files::write(&file, &page.contents)?;
            fronts.document(&page.host, &page.path, &file);
        }
        if let Some(Mirror { url, payload }) = &case.mirror {
            let file = dir.join("payload");
            files::replace(&file, payload)?;
            fronts.file(url, &file);
        }
        self.internet.stage(self.host, &fronts)
    }

    /// Begins to make what cases start from, unless that has begun; the internet must be there.
    pub fn make_ahead(&mut self) {
        if self.ahead.is_none() {
            let orders = self.spec.cases.iter().filter_map(|case| self.order(case)).collect();
            self.ahead = Some(Ahead::begin(orders, &self.progress));
        }
    }

    fn order(&self, case: &Case) -> Option<Order> {
        let dir = self.dir(case);
        let image = |twice| What::Image(Box::new(case.plan.clone()), twice);
        let (purpose, what) = match case.start {
            Start::Debootstrap => (Purpose::Site, What::Bare(dir.join("disk.raw"))),
            Start::GenericImage => (Purpose::Generic, image(false)),
            Start::Image { twice } => (Purpose::Site, image(twice)),
            Start::Fresh | Start::Packages | Start::Given(_) => return None,
        };
        let golden = self.golden(case, &dir, purpose);
        Some(Order { case: case.name.clone(), golden, what })
    }

    fn ahead(&self) -> Result<&Ahead> {
        self.ahead.as_ref().ok_or_else(|| Error::host("nothing is made for this case"))
    }

    /// Makes what the machine of a case starts from, in `dir`.
    pub fn lay(&self, case: &Case, dir: &Path) -> Result<(Guest, Laid)> {
        match case.lane {
            Lane::Container => self.lay_container(case, dir),
            Lane::Qemu => {
                let laid = self.lay_disks(case, dir)?;
                Ok((Guest::Qemu(self.machine(dir, &laid)?), laid))
            }
        }
    }

    fn lay_container(&self, case: &Case, dir: &Path) -> Result<(Guest, Laid)> {
        let (tree, shared) = (self.spec.image.tree.clone(), self.spec.shared_tree());
        let fresh = !case.disk && (case.start == Start::Fresh || !shared.is_dir());
        let container = if case.disk {
            let disk = dir.join("disk.raw");
            Base::of(self.host, &self.internet.root, &self.spec.image, &disk)?;
            Container::on_disk(self.host, dir, &disk)?
        } else {
            let below = if fresh { vec![tree] } else { vec![shared, tree] };
            Container::make(dir, &below)?
        };
        let authorities = &self.internet.authorities;
        container.lay_in(self.host, authorities, &case.id(), &case.user_data)?;
        let seed = Some(case.user_data.clone());
        Ok((
            Guest::Container(container),
            Laid { kernel: None, fresh, golden: None, again: None, seed },
        ))
    }

    fn lay_disks(&self, case: &Case, dir: &Path) -> Result<Laid> {
        let disk = dir.join("disk.raw");
        let mut laid = Laid { kernel: None, fresh: false, golden: None, again: None, seed: None };
        files::write(&dir.join("user-data"), &case.user_data)?;
        let mut document = case.user_data.as_str();
        match &case.start {
            Start::Fresh => laid.fresh = true,
            Start::Packages => laid.fresh = !self.shared_disk().is_file(),
            Start::Image { .. } => document = EMPTY,
            Start::Debootstrap | Start::GenericImage | Start::Given(_) => {}
        }
        match &case.start {
            Start::Fresh | Start::Packages => {
                laid.kernel.clone_from(&self.spec.image.kernel);
                if laid.fresh {
                    self.hypervisor()?.base.copy(self.host, &disk)?;
                } else {
                    let (from, to) = (self.shared_disk(), disk.to_string_lossy());
                    self.host.run(&["cp", "--sparse=always", &from.to_string_lossy(), &to])?;
                }
            }
            Start::Image { .. } | Start::GenericImage | Start::Debootstrap => {
                self.progress.stage(&format!("{}: waiting for what it starts from", case.name));
                match self.ahead()?.take(&case.name)? {
                    Made::Bare => laid.kernel = Some(golden::kernel_of(dir)),
                    Made::Image(golden, again) => {
                        golden.lay(self.host, &disk)?;
                        (laid.golden, laid.again) = (Some(*golden), again);
                    }
                }
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
        disk::seed(self.host, &self.internet.root, &dir.join("seed.iso"), &case.id(), document)?;
        laid.seed = Some(document.to_owned()).filter(|_| case.start != Start::Debootstrap);
        Ok(laid)
    }

    /// The machine that an earlier run of a case left in `dir`.
    pub fn kept_machine(&self, case: &Case, dir: &Path) -> Result<Guest> {
        if Container::is_kept(dir) {
            return Ok(Guest::Container(Container::kept(dir)?));
        }
        Ok(Guest::Qemu(self.machine(dir, &Self::kept(case, dir, &self.spec.image))?))
    }

    fn kept(case: &Case, dir: &Path, image: &Image) -> Laid {
        let kernel = match &case.start {
            Start::Fresh | Start::Packages => image.kernel.clone(),
            Start::Debootstrap => Some(golden::kernel_of(dir)),
            Start::Image { .. } | Start::GenericImage | Start::Given(_) => None,
        };
        let seed = Some(String::new()).filter(|_| case.start != Start::Debootstrap);
        Laid { kernel, fresh: false, golden: None, again: None, seed }
    }

    fn golden(&self, case: &Case, dir: &Path, purpose: Purpose) -> Golden {
        let (root, authorities) = (&self.internet.root, &self.internet.authorities);
        let plan = case.generic.as_ref().unwrap_or(&case.plan);
        Golden::new(root, authorities, dir, plan, purpose, &self.archives)
    }

    fn shared_disk(&self) -> PathBuf {
        self.spec.dir().join("packages.raw")
    }

    /// A machine with the disks in `dir`.
    pub fn machine(&self, dir: &Path, laid: &Laid) -> Result<Machine> {
        let hardware = Hardware {
            kernel: laid.kernel.clone(),
            board: Board::Bios,
            // To emulate two takes a fifth more of this host than to emulate one, and then others need it.
            processors: if self.spec.beside_others { 1 } else { 2 },
            seed: laid.seed.is_some(),
        };
        let accelerator = self.hypervisor()?.accelerator;
        Ok(Machine::new(&self.internet.root, dir, accelerator, hardware))
    }

    fn hypervisor(&self) -> Result<&Hypervisor> {
        if let Some(hypervisor) = self.hypervisor.get() {
            return Ok(hypervisor);
        }
        let hypervisor = Hypervisor::make(self.host, self.spec, &self.internet)?;
        self.progress.say(&format!("accelerator: {}", hypervisor.accelerator.name()));
        Ok(self.hypervisor.get_or_init(|| hypervisor))
    }

    /// What the script of a case acts on, its disks laid in `dir`; with `shares`, later cases get its disk.
    pub fn context<'w>(
        &'w mut self,
        case: &'w Case,
        dir: &Path,
        (machine, laid): (Guest, Laid),
        shares: bool,
    ) -> CaseContext<'w> {
        let copy_to = match case.lane {
            Lane::Qemu => self.shared_disk(),
            Lane::Container => self.spec.shared_tree(),
        };
        CaseContext {
            machine,
            emulated: None,
            plan: case.plan.clone(),
            documents: 0,
            host: self.host,
            internet: &mut self.internet,
            case,
            dir: dir.to_owned(),
            golden: laid.golden,
            again: laid.again,
            seed: laid.seed,
            fixture: &self.spec.fixture,
            progress: &self.progress,
            copy_to: Some(copy_to).filter(|disk| shares && laid.fresh && !disk.exists()),
            peers: Vec::new(),
            kernel_is_shown: false,
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
    /// How it went to make that a second time.
    pub again: Option<Result<String>>,
    /// The document of its datasource, if it has one.
    pub seed: Option<String>,
}

/// The disk that those are copied from.
fn base_of(spec: &RunSpec) -> PathBuf {
    spec.dir().join("base.raw")
}

/// What machines with a kernel of their own run on.
struct Hypervisor {
    accelerator: Accelerator,
    base: Base,
}

impl Hypervisor {
    /// Lays the authorities of the test internet into a copy of the image.
    ///
    /// To look at a machine is to look at its own disk, hence at the base that it was layered on.
    fn make(host: &Host, spec: &RunSpec, internet: &Internet) -> Result<Hypervisor> {
        let accelerator = Accelerator::probe(host, &internet.root, &spec.image, &spec.cache)?;
        if spec.shell {
            let base = Base::at(host, &internet.root, &base_of(spec))?;
            return Ok(Hypervisor { accelerator, base });
        }
        let base = Base::of(host, &internet.root, &spec.image, &base_of(spec))?;
        base.lay_in(host, &internet.authorities)?;
        Ok(Hypervisor { accelerator, base })
    }
}
