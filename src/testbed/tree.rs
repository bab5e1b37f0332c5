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
#[derive(Clone, Copy)]
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
    /// Whether one with further packages will do.
    pub at_least: bool,
}

impl Recipe<'_> {
    /// The tree's folder, built now unless one of this very recipe stands there.
    pub fn ready(&self, host: &Host, archives: &Archives, cache: &Path) -> Result<PathBuf> {
        let dir = cache.join(self.name);
        let mark = cache.join(format!("{}.recipe", self.name));
        if dir.is_dir() && fs::read_to_string(&mark).is_ok_and(|text| self.is_met_by(&text)) {
            return Ok(dir);
        }
        files::remove(&dir)?;
        let draft = cache.join(format!("{}.new", self.name));
        files::remove(&draft)?;
        self.build(host, archives, &draft)?;
        files::rename(&draft, &dir)?;
        files::write(&mark, &self.mark())?;
        Ok(dir)
    }

    /// What stands beside a tree of this recipe.
    fn mark(&self) -> String {
        if self.at_least {
            let frame = Recipe { packages: &[], at_least: false, ..*self };
            format!("{}{}\n", frame.key(), self.packages.join(" "))
        } else {
            self.key()
        }
    }

    /// Whether a tree with this mark will do.
    fn is_met_by(&self, mark: &str) -> bool {
        if !self.at_least {
            return mark == self.key();
        }
        let Some((frame, packages)) = mark.trim_end().split_once('\n') else { return false };
        let has: Vec<&str> = packages.split(' ').collect();
        self.mark().starts_with(&format!("{frame}\n"))
            && self.packages.iter().all(|package| has.contains(package))
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

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPE: Recipe<'_> = Recipe {
        name: "it",
        suite: "bookworm",
        packages: &["a", "b"],
        arguments: &["--x"],
        sources: "",
        at_least: true,
    };

    #[test]
    fn a_tree_with_further_packages_will_do_where_that_is_said() {
        let more = Recipe { packages: &["a", "b", "c"], ..RECIPE };
        assert!(RECIPE.is_met_by(&RECIPE.mark()) && RECIPE.is_met_by(&more.mark()));
        assert!(!more.is_met_by(&RECIPE.mark()));
        for other in [
            Recipe { suite: "trixie", ..RECIPE },
            Recipe { arguments: &["--y"], ..RECIPE },
            Recipe { packages: &["a"], ..RECIPE },
        ] {
            assert!(!RECIPE.is_met_by(&other.mark()));
        }
        assert!(!RECIPE.is_met_by("") && !RECIPE.is_met_by(&RECIPE.key()));
        let exact = Recipe { at_least: false, ..RECIPE };
        assert!(exact.is_met_by(&exact.mark()));
        assert!(!exact.is_met_by(&Recipe { at_least: false, ..more }.mark()));
    }
}
