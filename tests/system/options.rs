//! The table of options that the layer of Synapse knows is what the installed Synapse reads.

use std::{env, fs, path::PathBuf};

use crate::tools;

const TABLE: &str = "layers/synapse/options.txt";

/// The folder of Python's packages in the Synapse of the test bed.
fn packages() -> PathBuf {
    let versions = fs::read_dir("target/testbed/fixture").expect("`make tools` makes it");
    let venvs = versions.flatten().map(|it| it.path().join("tree/opt/venvs/matrix-synapse/lib"));
    let venv = venvs.filter(|path| path.is_dir()).max().expect("`make tools` makes it");
    let mut inside = fs::read_dir(venv).unwrap().flatten().map(|it| it.path());
    let python = inside.find(|path| path.join("site-packages").is_dir());
    python.expect("a venv has packages").join("site-packages")
}

/// Such as `1.163.2`.
fn version(packages: &std::path::Path) -> String {
    let names = fs::read_dir(packages).unwrap().flatten();
    let mut names = names.filter_map(|it| it.file_name().into_string().ok());
    let found = names.find_map(|name| {
        let version = name.strip_prefix("matrix_synapse-")?.strip_suffix(".dist-info")?;
        Some(version.to_owned())
    });
    found.expect("Synapse is a package")
}

#[test]
fn the_table_of_options_is_that_of_the_installed_synapse() {
    let packages = packages();
    let version = version(&packages);
    let path = format!("PYTHONPATH={}", packages.display());
    let output = tools::run(&["env", &path, "python3", "tests/system/synapse_options.py"], "");
    let found = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(found.lines().count() > 400, "{}", tools::said(&output));
    let head = format!(
        "# Synapse {version}: what `make options` found in it. A type stands where it can be told.\n"
    );
    if env::var_os("UPDATE").is_some() {
        fs::write(TABLE, head + &found).unwrap();
        return;
    }
    let table = fs::read_to_string(TABLE).unwrap();
    if table.starts_with(&head) {
        assert_eq!(table, head + &found, "`make options` writes it again");
        return;
    }
    // A newer Synapse came out: what the table calls an option of this type must still be one.
    for line in table.lines().filter(|line| line.contains(' ') && !line.starts_with('#')) {
        let name = line.split(' ').next().unwrap();
        let is_other = |it: &str| it.starts_with(&format!("{name} ")) && it != line;
        assert!(!found.lines().any(is_other), "Synapse {version} reads `{line}` otherwise");
    }
}
