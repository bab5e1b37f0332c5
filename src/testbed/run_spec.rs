//! What the outer half, which has the host's network, tells an inner half, which has its own.

use std::path::{Path, PathBuf};

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
    /// The cases, in order.
    pub cases: Vec<Case>,
    /// Boot the kept disk of the one case and listen to the reader instead of its script.
    pub shell: bool,
    /// Whether another half is played meanwhile, on the same processors and the same terminal.
    pub beside_others: bool,
}

impl RunSpec {
    /// Those that can be played at once: the machines of QEMU, the containers that share their packages, and the others.
    #[must_use]
    pub fn divided(self) -> Vec<RunSpec> {
        let of = |lane: Lane, is_of: fn(&Case) -> bool| {
            let those = self.cases.iter().filter(|case| case.lane == lane && is_of(case));
            RunSpec { lane, cases: those.cloned().collect(), ..self.clone() }
        };
        let all = [
            of(Lane::Qemu, |_| true),
            of(Lane::Container, shares),
            of(Lane::Container, |case| !shares(case)),
        ];
        let mut specs: Vec<RunSpec> = all.into_iter().filter(|it| !it.cases.is_empty()).collect();
        let several = specs.len() > 1;
        for spec in &mut specs {
            spec.beside_others = several;
        }
        specs
    }

    /// The folder of this half's own test internet, which no other half touches.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        let word = self.lane.word();
        let is_fresh = self.lane == Lane::Container && !self.cases.iter().any(shares);
        self.cache.join(if is_fresh { format!("{word}-fresh") } else { word.to_owned() })
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

/// Whether a case starts from packages that another has installed.
fn shares(case: &Case) -> bool {
    case.start == Start::Packages
}
