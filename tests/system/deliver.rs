//! What the document's script does, with another folder for `/usr/lib/homeseed`.

use std::{fs, path::PathBuf, time::SystemTime};

use homeseed::backend::user_data::{Encoding, render};
use tempfile::TempDir;

use crate::{root, sites::small, tools};

/// Where a script may write, and what `/dev/console` shows.
struct Machine {
    dir: TempDir,
}

impl Machine {
    fn new() -> Machine {
        Machine { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Does what cloud-init does with `document`: YAML reads it, `sh` runs it.
    fn boot(&self, document: &str) {
        self.run(&scripts(&[document])[0]);
    }

    fn run(&self, script: &str) {
        let home = self.path("home").display().to_string();
        let console = self.path("console").display().to_string();
        let script = script
            .replacen("d=/usr/lib/homeseed\n", &format!("d={home}\n"), 1)
            .replacen(">/dev/console", &format!(">>{console}"), 1)
            .replace("sh $d/payload/usr/lib/homeseed/arm", &self.arm());
        tools::run(&["dash"], &script);
    }

    /// Runs the delivered `arm`, with its paths in this folder and a list of what it says to systemd.
    fn arm(&self) -> String {
        let root = self.dir.path().display();
        let home =
            format!("s|^home=.*|home={root}/home|; s|payload$home|payload/usr/lib/homeseed|");
        let paths = format!("s| /etc/| {root}/etc/|g; s| /var/lib/| {root}/|g");
        format!(
            "mkdir -p {root}/etc/systemd/system; systemctl() {{ echo $* >>{root}/systemctl; }}\n\
             sed '{home}; {paths}' $d/payload/usr/lib/homeseed/arm >{root}/arm && . {root}/arm"
        )
    }

    fn console(&self) -> String {
        fs::read_to_string(self.path("console")).unwrap_or_default()
    }

    /// How often the convergence was put in force and started.
    fn times_armed(&self) -> usize {
        const START: &str = "enable --now --no-block homeseed.service homeseed.timer";
        let said = fs::read_to_string(self.path("systemctl")).unwrap_or_default();
        said.lines().filter(|line| *line == START).count()
    }

    fn delivered(&self) -> Option<SystemTime> {
        let inventory = fs::metadata(self.path("home/payload/inventory")).ok()?;
        inventory.modified().ok()
    }
}

/// What cloud-init would run of each; nothing when a document is no mapping with a `bootcmd`.
fn scripts(documents: &[&str]) -> Vec<String> {
    const READ: &str = "
import json, sys, yaml
def script(document):
    try:
        return yaml.load(document, getattr(yaml, 'CSafeLoader', yaml.SafeLoader))['bootcmd'][0]
    except Exception:
        return ''
json.dump([script(document) or '' for document in json.load(sys.stdin)], sys.stdout)
";
    let asked = serde_json::to_string(documents).unwrap();
    let output = tools::finish(tools::start(&mut root::python(&["-c", READ])), &asked);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", tools::said(&output)))
}

fn documents() -> [String; 2] {
    [Encoding::Plain, Encoding::Compact].map(|it| render(&small(), it, usize::MAX).unwrap())
}

#[test]
fn the_rules_of_sshd_are_laid_at_once_before_anything_was_placed_and_then_no_more() {
    let [document, _] = documents();
    let rules = "etc/ssh/sshd_config.d/10-homeseed.conf";
    for (placed, laid) in [(false, true), (true, false)] {
        let machine = Machine::new();
        if placed {
            fs::create_dir_all(machine.path("homeseed")).unwrap();
            fs::write(machine.path("homeseed/placed"), "").unwrap();
        }
        machine.boot(&document);
        assert_eq!((machine.path(rules).exists(), machine.times_armed()), (laid, 1), "{placed}");
    }
}

#[test]
fn every_file_arrives_with_its_mode_and_a_second_boot_writes_nothing() {
    for document in documents() {
        let machine = Machine::new();
        machine.boot(&document);
        assert_eq!(
            fs::read_to_string(machine.path("home/payload/inventory")).unwrap(),
            small().inventory()
        );
        for file in small().files {
            let path = machine.path(&format!("home/payload{}", file.path));
            assert_eq!(fs::read_to_string(&path).unwrap(), file.contents, "{}", file.path);
            let stat = tools::run(&["stat", "-c", "%04a", &path.display().to_string()], "");
            assert_eq!(tools::said(&stat).trim(), file.mode.to_string(), "{}", file.path);
        }
        for file in small().files.iter().filter(|it| it.path.starts_with("/usr/lib/homeseed/")) {
            let name = file.path.strip_prefix("/usr/lib/homeseed/").unwrap();
            let armed = fs::read_to_string(machine.path(&format!("home/{name}"))).unwrap();
            assert_eq!(armed, file.contents, "{name}");
        }
        assert!(machine.path("etc/systemd/system/homeseed.timer").exists());
        assert!(machine.path("etc/ssh/sshd_config.d/10-homeseed.conf").exists());
        let delivered = machine.delivered();
        machine.boot(&document);
        assert_eq!((machine.times_armed(), machine.console()), (2, String::new()));
        assert_eq!(machine.delivered(), delivered);
        assert!(!machine.path("home/new").exists());
    }
}

#[test]
fn a_damaged_payload_is_healed() {
    for document in documents() {
        let machine = Machine::new();
        machine.boot(&document);
        let victim = machine.path(&format!("home/payload{}", small().files[3].path));
        fs::write(&victim, "").unwrap();
        fs::create_dir(machine.path("home/new")).unwrap();
        machine.boot(&document);
        assert_eq!(fs::read_to_string(&victim).unwrap(), small().files[3].contents);
        fs::remove_dir_all(machine.path("home/payload/etc")).unwrap();
        machine.boot(&document);
        assert_eq!((machine.times_armed(), machine.console()), (3, String::new()));
        assert!(victim.exists());
    }
}

#[test]
fn carriage_returns_from_a_form_change_nothing() {
    for document in documents() {
        let machine = Machine::new();
        machine.boot(&document.replace('\n', "\r\n"));
        assert_eq!((machine.times_armed(), machine.console()), (1, String::new()));
    }
}

#[test]
fn a_document_that_is_cut_short_changes_nothing_and_says_so() {
    for document in documents() {
        // The line with the trap is whole from here on.
        let guarded = document.find("' 0\n {\n").unwrap() + "' 0".len();
        let last = document.len() - 60;
        let steps = (0..guarded).step_by(97).chain((guarded..last).step_by(document.len() / 40));
        let cuts: Vec<usize> = steps.chain(last..document.len() - 1).collect();
        let pieces: Vec<&str> = cuts.iter().map(|&cut| &document[..cut]).collect();
        for (cut, script) in cuts.iter().zip(scripts(&pieces)) {
            let machine = Machine::new();
            machine.run(&script);
            assert!(!machine.path("home").exists(), "cut at {cut} of {}", document.len());
            let said = machine.console().contains("damaged");
            assert_eq!(said, *cut >= guarded, "cut at {cut}: {}", machine.console());
        }
    }
}

#[test]
fn one_wrong_character_in_the_payload_changes_nothing_and_is_said() {
    for document in documents() {
        for sevenths in 2..7 {
            let machine = Machine::new();
            let bytes = document.as_bytes();
            // Inside of a word: a blank at the start of a line belongs to YAML.
            let is_inside = |at: &usize| bytes[at - 1..=*at].iter().all(u8::is_ascii_alphanumeric);
            let at = (bytes.len() * sevenths / 7..bytes.len()).find(is_inside).unwrap();
            let other = if bytes[at] == b'x' { "y" } else { "x" };
            machine.boot(&format!("{}{other}{}", &document[..at], &document[at + 1..]));
            assert!(machine.console().contains("damaged"), "{at}: {}", machine.console());
            assert!(!machine.path("home/payload").exists() && !machine.path("home/new").exists());
            assert_eq!(machine.times_armed(), 0);
        }
    }
}
