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
    /// The folder, below `cache`, of its own test internet, which no other half touches.
    pub folder: String,
    /// The cases, in order.
    pub cases: Vec<Case>,
    /// Boot the kept disk of the one case and listen to the reader instead of its script.
    pub shell: bool,
    /// Whether another half writes to the same terminal meanwhile.
    pub shared_terminal: bool,
}

impl RunSpec {
    /// Those that can be played at once: the machines of QEMU, the containers that share their packages, and the others.
    #[must_use]
    pub fn divided(self) -> Vec<RunSpec> {
        let of = |lane: Lane, folder: &str, shares: Option<bool>| {
            let is_of = |case: &&Case| {
                let does = case.start == Start::Packages;
                case.lane == lane && shares.is_none_or(|shares| shares == does)
            };
            let cases: Vec<Case> = self.cases.iter().filter(is_of).cloned().collect();
            RunSpec { lane, folder: folder.to_owned(), cases, ..self.clone() }
        };
        let all = [
            of(Lane::Qemu, "qemu", None),
            of(Lane::Container, "container", Some(true)),
            of(Lane::Container, "container-fresh", Some(false)),
        ];
        let mut specs: Vec<RunSpec> = all.into_iter().filter(|it| !it.cases.is_empty()).collect();
        let several = specs.len() > 1;
        for spec in &mut specs {
            spec.shared_terminal = several;
        }
        specs
    }

    /// That folder.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.cache.join(&self.folder)
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
