//! A folder in place of a machine's root: the planned files lie in it, their paths lead into it, and the programs
//! that would change the host are stubs.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf, process::Output};

use homeseed::plan::{FACTS, HOME, Plan};
use tempfile::TempDir;

use crate::tools;

/// What begins a path of the machine.
const PREFIXES: [&str; 5] =
    ["/usr/lib/homeseed", "/var/lib/homeseed", "/run/", "/etc/", "/dev/console"];

pub(crate) struct Machine {
    dir: TempDir,
}

impl Machine {
    /// One to which `plan` was delivered. Nothing is owned by anybody but the user.
    pub(crate) fn new(plan: &Plan) -> Machine {
        let machine = Machine { dir: tempfile::tempdir().unwrap() };
        for file in &plan.files {
            machine.write(&file.path, &file.contents);
        }
        // Behind the folder of the payload the path is led astray once more.
        let payload = format!("{HOME}/payload{}", machine.dir.path().display());
        let facts = plan.files.iter().find(|it| it.path == FACTS).unwrap();
        machine.write(&format!("{payload}{FACTS}"), &facts.contents);
        for dir in ["/dev", "/run/homeseed", "/var/lib/homeseed/tls"] {
            fs::create_dir_all(machine.path(dir)).unwrap();
        }
        for program in ["chown", "nginx", "systemctl"] {
            machine.stub(program, "exit 0");
        }
        machine
    }

    /// Where `path` of the machine is on this host.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path.trim_start_matches('/'))
    }

    /// Writes a file of the machine; the paths in its text lead into the folder.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let root = self.dir.path().display();
        let text = PREFIXES
            .iter()
            .fold(text.to_owned(), |text, it| text.replace(it, &format!("{root}{it}")));
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Puts a program before that of the host.
    pub(crate) fn stub(&self, program: &str, script: &str) {
        let path = format!("/bin/{program}");
        self.write(&path, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(self.path(&path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs `script` as the machine would.
    pub(crate) fn run(&self, script: &str) -> Output {
        self.write("/script", script);
        let path = format!("{}:{}", self.path("/bin").display(), std::env::var("PATH").unwrap());
        let mut shell = tools::command("sh");
        shell.arg(self.path("/script")).env("PATH", path);
        tools::finish(tools::start(&mut shell), "")
    }

    /// Runs the step of a layer. `Err` holds the sentence that says whom it waits for.
    #[track_caller]
    pub(crate) fn step(&self, layer: &str) -> Result<(), String> {
        let steps = fs::read_dir(self.path("/usr/lib/homeseed/steps")).unwrap();
        let mut names = steps.map(|it| it.unwrap().file_name().into_string().unwrap());
        let step = names.find(|name| name.ends_with(&format!("-{layer}"))).unwrap();
        let output = self.run(&format!("exec sh /usr/lib/homeseed/steps/{step}"));
        match output.status.code() {
            Some(0) => Ok(()),
            Some(75) => Err(fs::read_to_string(self.path("/run/homeseed/sentence")).unwrap()),
            status => panic!("{layer}: {status:?}: {}", tools::said(&output)),
        }
    }
}
