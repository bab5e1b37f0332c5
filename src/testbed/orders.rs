//! What the outer half, which has the host's network, tells the inner half, which has its own.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{bridge::Upstreams, case::Case, fixture::Fixture, image::Image, tally::Tally};
use crate::{
    error::{Error, Result},
    host::files,
};

/// Everything that the inner half needs.
#[derive(Debug, Serialize, Deserialize)]
pub struct Orders {
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
    /// The cases, in order.
    pub cases: Vec<Case>,
    /// Boot the kept disk of the one case and listen to the reader instead of its script.
    pub look: bool,
}

impl Orders {
    /// Writes them down; gives the file.
    pub fn write(&self) -> Result<PathBuf> {
        let file = self.cache.join("orders.json");
        let text = serde_json::to_string(self).map_err(|error| Error::host(error.to_string()))?;
        files::write(&file, &text)?;
        Ok(file)
    }

    /// Reads them again.
    pub fn read(file: &Path) -> Result<Orders> {
        let damaged = |error| Error::host(format!("`{}` is damaged: {error}", file.display()));
        serde_json::from_str(&files::read(file)?).map_err(damaged)
    }
}

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// How many facts held.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
}

impl Verdict {
    /// Counts.
    #[must_use]
    pub fn of(tally: Tally) -> Verdict {
        Verdict { passed: tally.passed(), failed: tally.failed() }
    }

    /// Whether something was said, and all of it good.
    #[must_use]
    pub fn is_good(self) -> bool {
        self.passed > 0 && self.failed == 0
    }

    /// Where the inner half leaves it.
    #[must_use]
    pub fn file(cache: &Path) -> PathBuf {
        cache.join("verdict.json")
    }
}
