//! The context of one case, and the verbs with which its script acts on it.

use std::{mem, path::PathBuf, time::Duration};

use serde_json::Value;

use super::{
    case::Case,
    console,
    container::Container,
    disk,
    fixture::Fixture,
    golden::Golden,
    guest::Guest,
    internet::Internet,
    link::{LISTED, UNLISTED},
    machine::{Board, Machine},
    peer::{self, Peer, Running},
    timeline,
    trust::Life,
    verdict,
};
use crate::{
    check::{Vantage, read_tap},
    error::{Error, Result},
    host::{Host, Outcome, files, progress::Progress, wait_until},
    plan::Plan,
};

/// Everything that a script can act on.
pub struct CaseContext<'a> {
    /// The host that it all runs on.
    pub host: &'a Host,
    /// Everything outside the machine.
    pub internet: &'a mut Internet,
    /// The machine.
    pub machine: Guest,
    /// That which QEMU began and a container goes on with, switched off.
    pub emulated: Option<Machine>,
    /// What it is to be: the case's own plan, or that of the document which it got last.
    pub plan: Plan,
    /// How many documents it got after the first.
    pub documents: usize,
    /// The case.
    pub case: &'a Case,
    /// Where everything of the case lies.
    pub dir: PathBuf,
    /// The image that the machine starts from, if it is one.
    pub golden: Option<Golden>,
    /// How it went to make that a second time.
    pub again: Option<Result<String>>,
    /// The document of its datasource, if it has one.
    pub seed: Option<String>,
    /// The Synapse that peers run.
    pub fixture: &'a Fixture,
    /// What the reader sees.
    pub progress: &'a Progress,
    /// Where the disk is copied to as soon as its packages stand; nowhere when nobody asked.
    pub copy_to: Option<PathBuf>,
    /// Other homeservers, once asked for.
    pub peers: Vec<Running>,
    /// Whether a container shows its machine a kernel as the checks want it, in this boot.
    pub kernel_is_shown: bool,
    /// How long each start took until everything was served.
    pub ready_after: Vec<Duration>,
}

/// The homeserver that no site lists.
pub const UNLISTED_PEER: &str = "unlisted.example.net";

/// The user of each peer, and its password.
pub const PEER_USER: (&str, &str) = ("visitor", "visitor");

/// A command in a script may take this long unless it says otherwise.
const PATIENCE: Duration = Duration::from_secs(300);

/// Asked every few seconds, so it starts no process on the machine.
const POLL: &str = "
cd /var/lib/homeseed 2>/dev/null && [ -f stamps/packages ] && [ ! -e born/server_name ] && echo packages
[ -e /run/homeseed/status ] && read -r line </run/homeseed/status && printf '%s\\n' \"$line\"
:";

/// The results that the machine's verdict rests on.
const VERDICT: &str = "cat /run/homeseed/tap";

impl CaseContext<'_> {
    /// Does what a script asked for and gives what it may read.
    pub fn act(&mut self, verb: &str, text: &str) -> Result<Outcome> {
        match verb {
            "guest" => self.guest(text),
            "network" => self.network(text),
            "boot" => self.boot().map(success),
            "cut" => self.machine.cut_power(self.host).map(success),
            "document" => self.document(text).map(success),
            "kernel" => {
                self.kernel_is_shown = true;
                Ok(success(()))
            }
            "reboot" => {
                self.kernel_is_shown = false;
                self.progress.stage(&format!("{}: rebooting", self.case.name));
                self.machine.reboot(self.host, PATIENCE).map(success)
            }
            "container" => self.go_on_in_container().map(success),
            "emulation" => self.go_on_in_qemu().map(success),
            "another" => self.another(text).map(success),
            "replace" => self.replace(text).map(success),
            "again" => self.again(),
            "dns" => self.internet.say(self.host, text).map(success),
            "certificate" => self.certificate(text).map(answer),
            "names" => self.internet.name_machine(&self.plan.names).map(success),
            "ready" => self.ready(seconds(text)?),
            "state" => self.state().map(|(sentence, _)| answer(sentence)),
            "checks" => self.checks(),
            "peers" => self.start_peers().map(success),
            "errors" => self.errors(seconds(text)?),
            "requests" => Ok(answer(self.internet.acme.requests()?.to_string())),
            "age" => Ok(answer(self.machine.age().as_secs().to_string())),
            "tell" => {
                self.progress.stage(&format!("{}: {text}", self.case.name));
                Ok(success(()))
            }
            _ => Err(Error::new(format!("there is no verb `{verb}`"))),
        }
    }

    /// A machine that is too busy to answer is no end of the case; one that ended is.
    fn guest(&mut self, line: &str) -> Result<Outcome> {
        let outcome = self.machine.run(line, PATIENCE);
        self.machine.alive()?;
        Ok(outcome.unwrap_or_else(|error| Outcome {
            status: 255,
            stdout: String::new(),
            stderr: error.to_string(),
        }))
    }

    /// Whether what takes a kernel of its own must fail.
    fn lacks_a_kernel(&self) -> bool {
        self.machine.is_container() && !self.kernel_is_shown
    }

    /// Whether a container's verdict is as good as it can be.
    fn is_whole(&mut self) -> Result<bool> {
        let tap = self.machine.run(VERDICT, PATIENCE)?.stdout;
        Ok(self.lacks_a_kernel() && verdict::is_whole(&tap, &self.plan.checks))
    }

    /// The plan and the document of another site of the case, and the identity of the instance that gets it.
    fn delivery(&mut self, name: &str) -> Result<(Plan, String, String)> {
        let (plan, user_data) = match self.case.further.get(name) {
            Some(further) => (&further.plan, &further.user_data),
            None if name == "site" => (&self.case.plan, &self.case.user_data),
            None => return Err(Error::new(format!("the case has no site `{name}.yaml`"))),
        };
        self.documents += 1;
        // What this one makes of the machine is for its own case.
        self.copy_to = None;
        let id = format!("{}-{}", self.case.id(), self.documents);
        Ok((plan.clone(), user_data.clone(), id))
    }

    /// A new machine in the place of this one, still off, which gets another document of the case.
    fn replace(&mut self, name: &str) -> Result<()> {
        let (plan, user_data, id) = self.delivery(name)?;
        let Guest::Container(container) = &mut self.machine else {
            return Err(
                Error::new("only a container is replaced").hint("write `# runs in: container`")
            );
        };
        container.end(self.host)?;
        container.clear(self.host)?;
        self.kernel_is_shown = false;
        container.lay_in(self.host, &self.internet.authorities, &id, &user_data)?;
        self.plan = plan;
        Ok(())
    }

    /// Delivers another document of the case, as a provider does, and reboots.
    fn document(&mut self, name: &str) -> Result<()> {
        let (plan, user_data, id) = self.delivery(name)?;
        self.machine.seed(&id, &user_data)?;
        self.plan = plan;
        self.kernel_is_shown = false;
        self.progress.stage(&format!("{}: rebooting with {name}.yaml", self.case.name));
        self.machine.reboot(self.host, PATIENCE)
    }

    fn boot(&mut self) -> Result<()> {
        self.progress.stage(&format!("{}: booting", self.case.name));
        self.machine.start(self.host)?;
        self.machine.wait_for_shell(self.host, PATIENCE)
    }

    /// The machine goes on in a container, from its own disk: its kernel and its boot loader have been seen. One that is
    /// still off begins there.
    fn go_on_in_container(&mut self) -> Result<()> {
        let Guest::Qemu(machine) = &self.machine else {
            return Err(Error::new("the machine runs in a container already"));
        };
        let has_seed = machine.has_seed();
        if machine.is_on() {
            self.machine.run("sync", PATIENCE)?;
            self.machine.end(self.host)?;
        }
        let (id, disk) = (self.case.id(), self.dir.join("disk.raw"));
        let document = self.seed.as_deref().filter(|_| has_seed);
        let seed = document.map(|document| (id.as_str(), document));
        let container = Container::on_disk(self.host, &self.dir, &disk)?;
        container.take_over(self.host, seed)?;
        if let Guest::Qemu(machine) = mem::replace(&mut self.machine, Guest::Container(container)) {
            self.emulated = Some(machine);
        }
        self.boot()
    }

    /// The machine goes on in QEMU, from the disk that a container had: its kernel and its own disk are to be seen.
    fn go_on_in_qemu(&mut self) -> Result<()> {
        let none = || Error::new("the machine does not run in a container on the disk of a QEMU");
        let machine = self.emulated.take().ok_or_else(none)?;
        if let Guest::Container(container) = &mut self.machine {
            container.end(self.host)?;
            container.hand_over(self.host)?;
        }
        Container::forget(&self.dir)?;
        self.machine = Guest::Qemu(machine);
        self.boot()
    }

    /// Another machine from the same image, still off: `bios` or `uefi`, the latter without a datasource. With a second word
    /// its datasource has that document of the case.
    fn another(&mut self, text: &str) -> Result<()> {
        let mut words = text.split(' ');
        let board = words.next().unwrap_or_default();
        let board = match board {
            "bios" => Board::Bios,
            "uefi" => Board::Uefi,
            _ => return Err(Error::new(format!("there is no board `{board}`"))),
        };
        if let Some(machine) = self.emulated.take() {
            self.machine.end(self.host)?;
            Container::forget(&self.dir)?;
            self.machine = Guest::Qemu(machine);
        }
        self.machine.rebuild(board, board == Board::Bios)?;
        self.kernel_is_shown = false;
        if let Some(name) = words.next() {
            let (plan, user_data, id) = self.delivery(name)?;
            disk::seed(
                self.host,
                &self.internet.root,
                &self.dir.join("seed.iso"),
                &id,
                &user_data,
            )?;
            (self.plan, self.seed) = (plan, Some(user_data));
        }
        self.golden()?.lay(self.host, &self.dir.join("disk.raw"))
    }

    /// What the image took the second time, when it was the same.
    fn again(&mut self) -> Result<Outcome> {
        let once = || {
            Error::new("the image is made once").hint("write `# starts from: image, made twice`")
        };
        let again = self.again.take().ok_or_else(once)?;
        Ok(again.map_or_else(
            |error| Outcome { status: 1, stdout: error.to_string(), stderr: String::new() },
            answer,
        ))
    }

    /// A chain and its key, for the name in `text`; with a second word, one that is over.
    fn certificate(&self, text: &str) -> Result<String> {
        let (name, life) = match text.split_once(' ') {
            Some((name, _)) => (name, Life::Over),
            None => (text, Life::Begins),
        };
        let names = [name.to_owned()];
        let made = self.internet.authority.issue_in(self.host, life, "asked", &names)?;
        Ok(files::read(&made.chain)? + &files::read(&made.key)?)
    }

    fn golden(&self) -> Result<&Golden> {
        self.golden.as_ref().ok_or_else(|| Error::new("this machine does not start from an image"))
    }

    fn network(&self, line: &str) -> Result<Outcome> {
        let words = ["timeout", "600", "sh", "-c", line];
        self.host.outcome(&self.internet.root.words(&words), "")
    }

    /// Waits until the machine says that it is ready, with the very payload of this case.
    fn ready(&mut self, limit: Duration) -> Result<Outcome> {
        self.progress.stage(&format!("{}: waiting until it is ready", self.case.name));
        let mut last = String::new();
        // Five programs start on the machine for each look, which takes an emulated one half a second.
        let pause = Duration::from_secs(if self.machine.is_container() { 3 } else { 10 });
        let ready = wait_until(limit, pause, || {
            let (sentence, ready) = self.state()?;
            self.progress.waits(&sentence);
            last = sentence;
            Ok(ready)
        })?;
        if !ready {
            let reason = format!("not ready after {} s: {last}", limit.as_secs());
            return Ok(Outcome { status: 1, stdout: reason, stderr: String::new() });
        }
        self.ready_after.push(self.machine.age());
        if let Err(error) = self.draw() {
            self.progress.say(&format!("{}: no timeline: {error}", self.case.name));
        }
        Ok(answer(last))
    }

    /// Draws the boot that made the machine ready for the first time.
    fn draw(&mut self) -> Result<()> {
        let picture = self.dir.join("timeline.svg");
        if self.ready_after.len() > 1 {
            return Ok(());
        }
        let table = self.machine.run(timeline::COMMAND, PATIENCE)?.stdout;
        files::write(&self.dir.join("timeline.txt"), &table)?;
        let title = format!("The first boot of {}", self.case.plan.host);
        files::write(&picture, &timeline::svg(&title, &timeline::bars(&table)?))?;
        self.progress.say(&format!("{}: its timeline is {}", self.case.name, picture.display()));
        Ok(())
    }

    /// What the machine says of itself in this boot, and whether that is the end of it.
    fn state(&mut self) -> Result<(String, bool)> {
        let fault = console::faults(&self.machine.console()).into_iter().next();
        if let Some(fault) = fault.filter(|_| self.machine.run("true", PATIENCE / 6).is_err()) {
            return Err(Error::new(fault));
        }
        let reply = self.machine.run(POLL, PATIENCE / 6);
        self.machine.alive()?;
        let text = reply.map(|outcome| outcome.stdout).unwrap_or_default();
        if text.lines().any(|line| line == "packages") {
            self.copy()?;
        }
        let status: Value = text
            .lines()
            .last()
            .and_then(|line| serde_json::from_str(line).ok())
            .unwrap_or_default();
        let field = |name: &str| status[name].as_str().unwrap_or_default();
        let ready = field("payload") == self.plan.digest()
            && (field("state") == "ready"
                || field("step") == "verdict" && field("state") == "failing" && self.is_whole()?);
        let sentence = match field("sentence") {
            "" => "nothing said in this boot yet",
            sentence => sentence,
        };
        Ok((sentence.to_owned(), ready))
    }

    fn copy(&mut self) -> Result<()> {
        if let Some(to) = &self.copy_to
            && self.machine.copy_disk(self.host, to)?
        {
            self.copy_to = None;
        }
        Ok(())
    }

    /// Every check as TAP: what the machine found before it said that it is ready, what a login finds, and the view from
    /// outside.
    fn checks(&mut self) -> Result<Outcome> {
        let mut inside = self.machine.run(VERDICT, PATIENCE)?;
        if self.lacks_a_kernel() {
            inside.stdout = verdict::in_container(&inside.stdout, &self.plan.checks);
        }
        let mut by_login = self.plan.clone();
        by_login.checks.retain(|check| check.from == Vantage::Ssh);
        let by_login = format!("set -- host\n{}", by_login.script_elsewhere(u32::MAX));
        let by_login = self.machine.run(&by_login, PATIENCE)?;
        self.progress.stage(&format!("{}: checking from outside", self.case.name));
        let words = self.internet.root.words(&["timeout", "900", "sh", "-s", "network"]);
        let outside = self.host.outcome(&words, &self.plan.script_elsewhere(u32::MAX))?;
        Ok(answer(
            complete("on the machine", &inside)
                + &complete("by a login", &by_login)
                + &complete("from outside", &outside),
        ))
    }

    /// What Synapse calls an error, of the time after `since`, in seconds of the epoch; its journal must be there to be read.
    fn errors(&mut self, since: Duration) -> Result<Outcome> {
        let command = format!(
            "journalctl -q -b -o cat -u matrix-synapse | grep -q 'now listening' || {{ echo 'no journal' >&2; exit 1; }}
             journalctl -q -o cat -u matrix-synapse --since @{}",
            since.as_secs()
        );
        let journal = self.guest(&command)?;
        if journal.status != 0 {
            return Ok(journal);
        }
        let errors = console::errors_of_synapse(&journal.stdout);
        Ok(Outcome { status: i32::from(!errors.is_empty()), stdout: errors.join("\n"), ..journal })
    }

    /// Starts both homeservers and waits until they serve; once is enough.
    fn start_peers(&mut self) -> Result<()> {
        let none = || Error::new("the site federates with nobody");
        let listed = self.case.listed.clone().ok_or_else(none)?;
        if !self.peers.is_empty() {
            return Ok(());
        }
        self.progress.stage(&format!("{}: starting {listed} and {UNLISTED_PEER}", self.case.name));
        for (name, address) in [(listed.as_str(), LISTED), (UNLISTED_PEER, UNLISTED)] {
            let running = self.start_peer(name, address)?;
            self.internet.publish(name, &[(name.to_owned(), address.to_owned())])?;
            self.peers.push(running);
        }
        for peer in &mut self.peers {
            peer.wait()?;
            peer.register(self.host, PEER_USER.0, PEER_USER.1)?;
        }
        Ok(())
    }

    fn start_peer(&self, name: &str, address: &str) -> Result<Running> {
        let certificate = self.internet.authority.issue(self.host, name, &[name.to_owned()])?;
        let peer = Peer {
            server_name: name,
            addresses: &[address],
            certificate: &certificate,
            authorities: &self.internet.authorities,
        };
        let dir = self.internet.dir().join("peers").join(name);
        peer::start(self.host, &self.internet.root, self.fixture, &dir, &peer)
    }
}

/// The TAP of `outcome` when it is all there, and otherwise one result that says what is missing.
fn complete(place: &str, outcome: &Outcome) -> String {
    let missing = match read_tap(&outcome.stdout) {
        Ok(results) if !results.is_empty() => return outcome.stdout.clone(),
        Ok(_) => "there is none".to_owned(),
        Err(reason) => reason,
    };
    let last = console::last_line(&outcome.stderr);
    format!(
        "{}1..1\nnot ok 1 - every check is run {place}\n# {missing}\n# status {}: {last}\n",
        shown(&outcome.stdout),
        outcome.status
    )
}

/// What arrived of results that are not all there, as remarks.
fn shown(text: &str) -> String {
    text.lines().map(|line| format!("# {line}\n")).collect()
}

fn success((): ()) -> Outcome {
    answer(String::new())
}

/// A success with something to read.
fn answer(stdout: String) -> Outcome {
    Outcome { status: 0, stdout, stderr: String::new() }
}

fn seconds(text: &str) -> Result<Duration> {
    let number = text.trim().parse();
    number
        .map(Duration::from_secs)
        .map_err(|_| Error::new(format!("`{text}` is not a number of seconds")))
}
