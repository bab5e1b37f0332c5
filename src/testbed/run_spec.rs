//! What the outer half, which has the host's network, tells an inner half, which has its own.

use std::{
    fs::File,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    bridge::Upstreams,
    case::{Case, Lane, Start},
    fixture::Fixture,
    image::Image,
};
use crate::{
    error::{Error, Result},
    host::files,
};

/// Everything that an inner half needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunSpec {
    /// The folder of everything that is kept, absolute.
    pub cache: PathBuf,
    /// The folder of the tools root.
    pub root: PathBuf,
    /// What machines start from.
    pub image: Image,
    /// The ways to the host's archives.
    pub upstreams: Upstreams,
    /// The Matrix repository.
    pub fixture: Fixture,
    /// What all its machines run in.
    pub lane: Lane,
    /// The name of its folder in `cache`.
    pub place: String,
    /// The cases, in order. Those that another half has too are played by whoever claims them first.
    pub cases: Vec<Case>,
    /// Whether the first of them gives its packages to the others.
    pub shares: bool,
    /// Boot the kept disk of the one case and listen to the reader instead of its script.
    pub shell: bool,
    /// Whether another half is played meanwhile, on the same processors and the same terminal.
    pub beside_others: bool,
}

impl RunSpec {
    /// Those that can be played at once: the machines of QEMU, the containers that share their packages, and the others. Who
    /// is done takes over from the others, from the end, what they have not begun and nobody has to make ahead.
    #[must_use]
    pub fn divided(self) -> Vec<RunSpec> {
        let of = |lane: Lane, place: &str, is_of: fn(&Case) -> bool| {
            let those = self.cases.iter().filter(|case| case.lane == lane && is_of(case));
            RunSpec {
                lane,
                place: place.to_owned(),
                cases: those.cloned().collect(),
                ..self.clone()
            }
        };
        let mut qemu = RunSpec { shares: true, ..of(Lane::Qemu, "qemu", |_| true) };
        let mut sharing = RunSpec { shares: true, ..of(Lane::Container, SHARING, shares) };
        let others = of(Lane::Container, "container-fresh", |case| !shares(case));
        // While the first is played, what the next ones start from is made.
        if let Some((_, next)) = qemu.cases.split_first_mut() {
            next.sort_by_key(|case| !case.start.is_made());
        }
        // What waits does so beside others, and not when they are done.
        if let Some((_, next)) = sharing.cases.split_first_mut() {
            next.sort_by_key(|case| case.turn);
        }
        let free = qemu.cases.iter().skip(1).rev().filter(|case| !case.start.is_made());
        let free: Vec<Case> = free.cloned().collect();
        let shared: Vec<Case> = sharing.cases.iter().skip(1).rev().cloned().collect();
        let mut specs = Vec::new();
        for (mut spec, further) in [
            (qemu, shared.clone()),
            (sharing, free.clone()),
            // What takes longest goes first.
            (others, [free, shared].concat()),
        ] {
            if !spec.cases.is_empty() {
                spec.cases.extend(further);
                specs.push(spec);
            }
        }
        let several = specs.len() > 1;
        for spec in &mut specs {
            spec.beside_others = several;
        }
        specs
    }

    /// The folder of this half's own test internet, which no other half touches.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.cache.join(&self.place)
    }

    /// The tree with packages that containers start from, whichever half plays them.
    #[must_use]
    pub fn shared_tree(&self) -> PathBuf {
        self.cache.join(SHARING).join("packages.tree")
    }

    /// Before any half begins: takes away what an earlier run has left, and makes an empty folder for every case, where what a
    /// later one starts from is made meanwhile.
    pub fn clear(&self) -> Result<()> {
        files::remove(&self.shared_tree())?;
        files::remove(&self.claims())?;
        files::make(&self.claims())?;
        for (n, case) in self.cases.iter().enumerate() {
            if self.cases[..n].iter().any(|it| it.name == case.name) {
                return Err(Error::new(format!("two cases are called `{}`", case.name))
                    .hint("rename the folder of one of them"));
            }
            let dir = case.dir(&self.cache);
            files::remove(&dir)?;
            files::make(&dir)?;
        }
        Ok(())
    }

    /// Whether this half is to play `case`: it is the first that asks.
    pub fn claims_first(&self, case: &Case) -> Result<bool> {
        let claim = self.claims().join(&case.name);
        match File::create_new(&claim) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(Error::host(format!("cannot write `{}`: {error}", claim.display()))),
        }
    }

    fn claims(&self) -> PathBuf {
        self.cache.join("claims")
    }

    /// Writes it down; gives the file.
    pub fn write(&self) -> Result<PathBuf> {
        files::make(&self.dir())?;
        let file = self.dir().join("run.json");
        let text = serde_json::to_string(self).map_err(|error| Error::host(error.to_string()))?;
        files::write(&file, &text)?;
        Ok(file)
    }

    /// Reads it again.
    pub fn read(file: &Path) -> Result<RunSpec> {
        let damaged = |error| Error::host(format!("`{}` is damaged: {error}", file.display()));
        serde_json::from_str(&files::read(file)?).map_err(damaged)
    }
}

/// The name of the folder of the half whose containers share their packages.
const SHARING: &str = "container";

/// Whether a case starts from packages that another has installed.
fn shares(case: &Case) -> bool {
    case.start == Start::Packages
}
