//! The releases of Debian that a machine can run: a new one is a line here, and `files-NAME/` in the layers that differ.

use serde::Serialize;

/// A release of Debian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Suite {
    /// Its name, as apt and `os-release` have it.
    pub name: &'static str,
    /// Its number.
    pub version: u8,
}

/// Every release that a site can ask for; the first is the default.
pub const SUITES: &[Suite] = &[Suite { name: "bookworm", version: 12 }];

impl Suite {
    /// The release of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Suite> {
        SUITES.iter().find(|suite| suite.name == name).copied()
    }
}
