//! A Debian tree in a folder, built once for a recipe and kept until the recipe changes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    digest::sha256,
    error::Result,
    host::{Host, archives::Archives, files},
};

/// What stands in the tree.
pub struct Recipe<'a> {
    /// The folder's name below the cache.
    pub name: &'a str,
    /// The Debian release.
    pub suite: &'a str,
    /// Every package that is asked for; recommended ones are not followed.
    pub packages: &'a [&'a str],
    /// Further arguments of `mmdebstrap`.
    pub arguments: &'a [&'a str],
    /// Further lines of its `sources.list`.
    pub sources: &'a str,
}

impl Recipe<'_> {
    /// The tree's folder, built now unless one of this very recipe stands there.
    pub fn ready(&self, host: &Host, archives: &Archives, cache: &Path) -> Result<PathBuf> {
        let dir = cache.join(self.name);
        let mark = cache.join(format!("{}.recipe", self.name));
        if dir.is_dir() && fs::read_to_string(&mark).is_ok_and(|text| text == self.key()) {
            return Ok(dir);
        }
        files::remove(&dir)?;
        let draft = cache.join(format!("{}.new", self.name));
        files::remove(&draft)?;
        self.build(host, archives, &draft)?;
        files::rename(&draft, &dir)?;
        files::write(&mark, &self.key())?;
        Ok(dir)
    }

    /// Names the recipe: equal keys mean equal trees, apart from the archive's own updates.
    #[must_use]
    pub fn key(&self) -> String {
        let text = format!("{} {:?} {:?}", self.suite, self.packages, self.arguments);
        sha256(text) + "\n"
    }

    fn build(&self, host: &Host, archives: &Archives, dir: &Path) -> Result<()> {
        let include = format!("--include={}", self.packages.join(","));
        let mut words = vec![
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            "--aptopt=Acquire::Languages \"none\"",
            "--aptopt=APT::Install-Recommends \"false\"",
            &include,
        ];
        let target = dir.to_string_lossy();
        words.extend(self.arguments);
        words.extend([self.suite, &target, "-"]);
        host.feed(&words, &(archives.sources(self.suite) + self.sources)).map(drop)
    }
}
