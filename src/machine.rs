//! The machine, seen over ssh: scripts run on it as root, and bytes flow from it and to it.
//!
//! A script is an argument of ssh, for its standard input carries data; it holds nothing that is secret.

use tempfile::TempDir;

use crate::{
    check::word,
    error::{Error, Result},
    host::{
        Host, Outcome,
        login::{Login, UNREACHED},
        pipe::Pipe,
    },
};

/// A way to a machine, on which one logs in but once.
pub struct Machine<'h> {
    host: &'h Host,
    login: Login,
    /// Seconds between two questions whether the other end is there.
    alive: u32,
    /// Holds the socket of the one connection.
    dir: TempDir,
}

/// What every script begins with.
const BEGIN: &str = "set -eu\nfail() { echo \"$*\" >&2; exit 1; }\n";

impl<'h> Machine<'h> {
    /// The machine that `login` leads to; nobody has knocked yet.
    pub fn new(host: &'h Host, login: Login) -> Result<Machine<'h>> {
        host.require("ssh", "openssh-client")?;
        let dir = tempfile::Builder::new().prefix("homeseed-").tempdir();
        let dir = dir.map_err(|error| Error::host(format!("cannot make a folder: {error}")))?;
        Ok(Machine { host, login, alive: 30, dir })
    }

    /// The same for one whose connection may break: it is missed after a quarter of a minute.
    pub fn changing(host: &'h Host, login: Login) -> Result<Machine<'h>> {
        let mut machine = Machine::new(host, login)?;
        machine.alive = 5;
        Ok(machine)
    }

    /// As ssh takes it.
    #[must_use]
    pub fn destination(&self) -> &str {
        &self.login.destination
    }

    /// Runs `script` with `arguments` to its end and gives what it prints.
    pub fn run(&self, script: &str, arguments: &[&str], input: &str) -> Result<String> {
        let mut pipe = self.start(script, arguments)?;
        pipe.tell(input.to_owned());
        self.end(pipe)
    }

    /// Starts `script` with `arguments`.
    pub fn start(&self, script: &str, arguments: &[&str]) -> Result<Pipe> {
        let script = word(&format!("{BEGIN}{script}"));
        let words: String = arguments.iter().map(|it| format!(" {}", word(it))).collect();
        let command = format!("sh -c {script} sh{words}");
        let line = self.login.as_root(&self.own(), &command);
        self.host.pipe(&line)
    }

    /// Waits for the end of a script and gives what it printed that nobody has read; an error says why it failed.
    pub fn end(&self, pipe: Pipe) -> Result<String> {
        self.judged(pipe.finish()?).map(|outcome| outcome.stdout)
    }

    /// The same for a script that has been waited for.
    pub fn judged(&self, outcome: Outcome) -> Result<Outcome> {
        let Outcome { status, stderr, .. } = &outcome;
        let said: Vec<&str> = stderr.trim().lines().filter(|it| !it.starts_with("@ ")).collect();
        let last = said.last().copied().unwrap_or_default().trim();
        match *status {
            0 => Ok(outcome),
            UNREACHED => Err(self.login.unreached(last)),
            _ if last.is_empty() => {
                Err(Error::host(format!("{} gave up with status {status}", self.login.destination)))
            }
            _ => Err(Error::host(format!("{}: {last}", self.login.destination))),
        }
    }

    /// One connection carries everything.
    fn own(&self) -> [String; 4] {
        [
            "ControlMaster=auto".to_owned(),
            "ControlPersist=60".to_owned(),
            format!("ControlPath={}/ssh", self.dir.path().display()),
            format!("ServerAliveInterval={}", self.alive),
        ]
    }
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        let mut line = self.login.ssh(&self.own());
        line.extend(["-O", "exit", "--", &self.login.destination].map(str::to_owned));
        // It says so when there is no connection.
        self.host.outcome(&line, "").ok();
    }
}
