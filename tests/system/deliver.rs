//! What the document's script does, with another folder for `/usr/lib/homeseed`.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::PathBuf,
    thread,
    time::SystemTime,
};

use homeseed::backend::user_data::{Encoding, LIMIT, Split, render, split};
use tempfile::TempDir;
use url::Url;

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
            .replacen("p=/usr/lib/homeseed/", &format!("p={home}/"), 1)
            .replacen("|tee /dev/console", &format!("|tee -a {console}"), 1)
            .replace("sh $p/usr/lib/homeseed/arm", "arm $p/usr/lib/homeseed/arm");
        tools::run(&["dash"], &(self.arm() + &script));
    }

    /// A function that runs a delivered `arm`, with its paths in this folder and a list of what it says to systemd.
    fn arm(&self) -> String {
        let root = self.dir.path().display();
        let home = format!(
            "s|^home=.*|home={root}/home|; s|^state=.*|state={root}/homeseed|; \
             s|from$home|from/usr/lib/homeseed|; s|payload$home|payload/usr/lib/homeseed|"
        );
        let library = format!("s|^\\. .*/lib.sh\"|. {root}/lib.sh|");
        let paths =
            format!("s| /etc/| {root}/etc/|g; s|=/etc/|={root}/etc/|; s| /var/lib/| {root}/|g");
        let next = "s|exec sh \\(.*\\)|arm \\1; exit|";
        format!(
            "mkdir -p {root}/etc/systemd/system; systemctl() {{ echo $* >>{root}/systemctl; }}\n\
             arm() {{ [ ! -e ${{1%/*}}/lib.sh ] || sed '{home}' ${{1%/*}}/lib.sh >{root}/lib.sh\n\
             sed '{home}; {library}; {paths}; {next}' $1 >{root}/arm && . {root}/arm; }}\n"
        )
    }

    /// Runs what fetches the payload, with its paths in this folder and without waiting between two rounds; gives what
    /// it would have run then.
    fn fetch(&self) -> String {
        let root = self.dir.path().display().to_string();
        let text = fs::read_to_string(self.path("home/fetch/usr/lib/homeseed/fetch")).unwrap();
        let before = text.clone();
        let text = text
            .replace("/var/lib/homeseed/", &format!("{root}/"))
            .replace("/run/motd.d/", &format!("{root}/motd.d/"))
            .replace("/run/homeseed/", &format!("{root}/run/"))
            .replace("/dev/console", &format!("{root}/console"))
            .replace("\"systemctl\"", "\"true\"")
            .replace("time.sleep(pause)", "")
            .replace("os.execvp(\"sh\", [\"sh\", str(SCRIPT)])", "");
        assert_eq!(before.lines().count(), text.lines().count());
        assert!(!text.contains("execvp") && !text.contains("\"/run") && !text.contains("/var/"));
        let output = tools::run(&["timeout", "60", "python3", "-c", &text], "");
        assert!(output.status.success(), "{}", tools::said(&output));
        fs::read_to_string(self.path("run/payload.sh")).unwrap()
    }

    fn console(&self) -> String {
        fs::read_to_string(self.path("console")).unwrap_or_default()
    }

    /// How often the convergence was put in force and started.
    fn times_armed(&self) -> usize {
        const START: &str = "restart --no-block homeseed.service homeseed.timer";
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
fn a_host_key_that_a_power_cut_emptied_is_made_again_and_no_other() {
    let plan = small();
    let mirror = Url::parse("http://one.example.net/chat").unwrap();
    let [document, _] = documents();
    let fetching = split(&plan, &[mirror], Encoding::Plain, LIMIT).document;
    for document in [document, fetching] {
        let machine = Machine::new();
        let key = machine.path("etc/ssh/ssh_host_ed25519_key");
        machine.boot(&document);
        assert!(!key.exists(), "the first one is for cloud-init to make");
        fs::create_dir_all(key.parent().unwrap()).unwrap();
        fs::write(&key, "").unwrap();
        fs::write(key.with_extension("pub"), "").unwrap();
        machine.boot(&document);
        let made = fs::read_to_string(&key).unwrap();
        assert!(made.starts_with("-----BEGIN OPENSSH"), "{made}");
        let public = fs::read_to_string(key.with_extension("pub")).unwrap();
        assert!(public.starts_with("ssh-ed25519 "), "{public}");
        machine.boot(&document);
        assert_eq!(fs::read_to_string(&key).unwrap(), made);
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
        assert!(!machine.path("home/payload.new").exists());
    }
}

#[test]
fn a_damaged_payload_is_healed() {
    for document in documents() {
        let machine = Machine::new();
        machine.boot(&document);
        let victim = machine.path(&format!("home/payload{}", small().files[3].path));
        fs::write(&victim, "").unwrap();
        fs::create_dir(machine.path("home/payload.new")).unwrap();
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
        // The trap is set from here on.
        let guarded = document.find("trap bad 0\n").unwrap() + "trap bad 0".len();
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
            assert!(!machine.path("home/payload").exists());
            assert_eq!(machine.times_armed(), 0);
        }
    }
}

/// A web server on loopback that answers each request with the next of `bodies`, in a thread of its own.
fn served(path: &str, bodies: Vec<Vec<u8>>) -> Url {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/{path}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for body in bodies {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").unwrap();
            // Who has seen enough hangs up.
            stream.write_all(&body).ok();
        }
    });
    Url::parse(&url).unwrap()
}

#[test]
fn a_payload_is_fetched_from_whoever_serves_the_right_one() {
    let plan = small();
    let Split { payload, .. } = split(&plan, &[], Encoding::Auto, LIMIT);
    let nobody = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let nobody = Url::parse(&format!("http://{nobody}/chat")).unwrap();
    let mut damaged = payload.clone();
    damaged[500] ^= 1;
    let half = payload[..payload.len() / 2].to_vec();
    let endless = [payload.clone(), vec![0; 1 << 22]].concat();
    let right = served("a/chat", vec![damaged, Vec::new(), half, endless, payload.clone()]);
    for encoding in [Encoding::Plain, Encoding::Compact] {
        let document = split(&plan, &[nobody.clone(), right.clone()], encoding, LIMIT).document;
        let machine = Machine::new();
        machine.boot(&document);
        let rules = machine.path("etc/ssh/sshd_config.d/10-homeseed.conf");
        assert!(rules.exists() && !machine.path("home/payload").exists());
        let said = fs::read_to_string(machine.path("systemctl")).unwrap();
        assert_eq!(said, "daemon-reload\nstart --no-block homeseed-fetch.service\n");
        if encoding == Encoding::Compact {
            continue;
        }
        let script = machine.fetch();
        let status = fs::read_to_string(machine.path("run/status")).unwrap();
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        let sentence = status["sentence"].as_str().unwrap();
        assert_eq!((&status["state"], &status["step"]), (&"waiting".into(), &"fetch".into()));
        assert!(sentence.starts_with(&format!("waiting for {nobody} (")), "{sentence}");
        let size = payload.len();
        assert!(
            sentence.contains(&format!("{right} (another file: more than {size} bytes, sha256:")),
            "{sentence}"
        );
        assert!(machine.console().contains("waiting for http://127.0.0.1:"));
        assert!(
            !machine.path("motd.d/homeseed").exists() && !machine.path("home/payload.new").exists()
        );
        machine.run(&script);
        let inventory = fs::read_to_string(machine.path("home/payload/inventory")).unwrap();
        assert_eq!((inventory, machine.times_armed()), (plan.inventory(), 1));
        // With the payload there, nothing is fetched any more.
        machine.boot(&document);
        let starts = fs::read_to_string(machine.path("systemctl")).unwrap();
        assert_eq!((machine.times_armed(), starts.matches("fetch.service").count()), (2, 1));
    }
}

#[test]
fn a_disk_that_is_full_or_read_only_is_called_that() {
    for document in documents() {
        for options in ["size=64k", "ro"] {
            let machine = Machine::new();
            fs::create_dir(machine.path("home")).unwrap();
            let home = machine.path("home").display().to_string();
            let script = scripts(&[&document])[0]
                .replacen("p=/usr/lib/homeseed/", &format!("p={home}/"), 1)
                .replacen("|tee /dev/console", ">&2", 1);
            let mounted = format!("mount -t tmpfs -o {options} tmpfs {home}\n{script}");
            let output = tools::run(&["unshare", "-m", "dash"], &mounted);
            let said = tools::said(&output);
            assert!(said.contains("homeseed: disk full or read-only"), "{options}: {said}");
            assert!(!said.contains("damaged") && output.status.code() == Some(1), "{said}");
        }
    }
}
