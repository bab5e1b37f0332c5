//! Other programs: what the tests ask them, and where they come from.

use std::{
    env, fs,
    io::Write as _,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

/// A command; the only place where tests start programs.
pub(crate) fn command(program: &str) -> Command {
    #[expect(clippy::disallowed_methods, reason = "tests look at the library from outside")]
    Command::new(program)
}

/// Runs `words` with `input` on standard input.
#[track_caller]
pub(crate) fn run(words: &[&str], input: &str) -> Output {
    finish(start(command(words[0]).args(&words[1..])), input)
}

/// Starts `command` with pipes.
#[track_caller]
pub(crate) fn start(command: &mut Command) -> Child {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    piped.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Hands `input` to `child` and waits for it. A child that stops reading early is fine.
#[track_caller]
pub(crate) fn finish(mut child: Child, input: &str) -> Output {
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input.as_bytes()).ok());
        child.wait_with_output().unwrap()
    })
}

/// What a program said, standard error last.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

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
    let root = run(&["id", "-u"], "").stdout == b"0\n";
    vec!["unshare", if root { "-n" } else { "-Urn" }, "--"]
}

/// Lays `files` over the tools' tree and runs `script` in it, in namespaces of its own.
#[track_caller]
pub(crate) fn inside<'a>(
    files: impl Iterator<Item = (&'a str, &'a str)>,
    script: &str,
    arguments: &[&str],
) -> Output {
    let (root, tree) = (root(), tempfile::tempdir().unwrap());
    fs::create_dir(tree.path().join("mnt")).unwrap();
    for (path, contents) in files {
        let path = tree.path().join("files").join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
    let mut words = vec!["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--"];
    words.extend(["sh", "tests/it/enter.sh", root.to_str().unwrap()]);
    words.extend([tree.path().to_str().unwrap(), script]);
    words.extend(arguments);
    run(&words, "")
}

/// A Python with `PyYAML`: this host's, or that of the tools.
pub(crate) fn python(arguments: &[&str]) -> Command {
    let here = run(&["python3", "-c", "import yaml"], "").status.success();
    let mut python = if here {
        command("python3")
    } else {
        let mut chroot = command("chroot");
        chroot.arg(root()).arg("python3");
        chroot
    };
    python.args(arguments);
    python
}
