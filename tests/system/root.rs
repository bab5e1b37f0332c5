//! The tools root, a Debian tree with the daemons and parsers of a machine, and namespaces to run them in.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Output},
};

use homeseed::plan::{FACTS, HOME};

use crate::tools;

/// The tree with the daemons whose parsers the tests use.
#[track_caller]
pub(crate) fn root() -> PathBuf {
    let root = match env::var_os("HOMESEED_TOOLS_ROOT") {
        Some(root) => PathBuf::from(root),
        None => PathBuf::from("target/testbed/root"),
    };
    assert!(
        root.join("usr/sbin/nginx").exists(),
        "the tools are not in {}: make them with `make tools`",
        root.display()
    );
    root.canonicalize().unwrap()
}

/// The words that run what follows in a network namespace of its own; a user namespace only who needs one.
pub(crate) fn alone() -> Vec<&'static str> {
    let root = tools::run(&["id", "-u"], "").stdout == b"0\n";
    vec!["unshare", if root { "-n" } else { "-Urn" }, "--"]
}

/// Lays `files` over the tools' tree, the facts among them as a payload's too, and runs `script` in it, in namespaces of its own.
#[track_caller]
pub(crate) fn inside<'a>(
    files: impl Iterator<Item = (&'a str, &'a str)>,
    script: &str,
    arguments: &[&str],
) -> Output {
    let (root, tree) = (root(), tempfile::tempdir().unwrap());
    fs::create_dir(tree.path().join("mnt")).unwrap();
    let lay = |path: &str, contents: &str| {
        let path = tree.path().join("files").join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    };
    for (path, contents) in files {
        lay(path, contents);
        if path == FACTS {
            lay(&format!("{HOME}/payload{path}"), contents);
        }
    }
    let mut words = vec!["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--"];
    words.extend(["sh", "tests/system/enter.sh", root.to_str().unwrap()]);
    words.extend([tree.path().to_str().unwrap(), script]);
    words.extend(arguments);
    tools::run(&words, "")
}

/// The Python of the tools, which has `PyYAML` as cloud-init has it.
pub(crate) fn python(arguments: &[&str]) -> Command {
    let mut chroot = tools::command("chroot");
    chroot.arg(root()).arg("python3").args(arguments);
    chroot
}
