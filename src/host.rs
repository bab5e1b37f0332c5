//! This host: the one module that starts processes.
//!
//! A command is a list of words, never a line for a shell, so that no value can become code.
//! It knows nothing of what the commands are for.

pub mod archives;
pub mod files;
pub mod interrupt;
pub mod login;
pub mod pipe;
pub mod progress;

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use xshell::Shell;

use crate::error::{Error, Result};

/// Asks `holds` again and again, `pause` apart, until it is so or `limit` has passed; whether it was.
///
/// Asked once at least; an error of the question ends the waiting.
pub fn wait_until(
    limit: Duration,
    pause: Duration,
    mut holds: impl FnMut() -> Result<bool>,
) -> Result<bool> {
    let deadline = Instant::now() + limit;
    while !holds()? {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        thread::sleep(pause);
    }
    Ok(true)
}

/// The door to the programs of this host.
pub struct Host {
    shell: Shell,
    precedence: Precedence,
}

/// Who goes first when there are fewer processors than programs.
#[derive(Debug, Clone, Copy)]
enum Precedence {
    First,
    Usual,
    Last,
}

/// Where the kernel knows no autogroups, it goes on without.
const GO_FIRST: &str = "echo -7 2>/dev/null >/proc/self/autogroup; exec \"$@\"";

impl Precedence {
    /// What stands before a command.
    fn words(self) -> &'static [&'static str] {
        match self {
            // Between sessions, such as those of a container's services, nice(1) counts for nothing: Linux gives each session
            // the same share, unless its autogroup says otherwise (sched(7)).
            Precedence::First => &["setsid", "sh", "-c", GO_FIRST, "sh"],
            Precedence::Usual => &[],
            Precedence::Last => &["nice", "-n", "10"],
        }
    }
}

/// What a command left behind when it ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit status; 128 and more when a signal ended it.
    pub status: i32,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// A long-running child; it is killed, by its own id, when this is dropped.
pub struct Process {
    child: Child,
    log: PathBuf,
}

/// A child that we talk with over its standard input and output.
pub struct Coprocess {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Host {
    /// Fails only when the current directory is gone.
    pub fn new() -> Result<Host> {
        Ok(Host { shell: Shell::new()?, precedence: Precedence::Usual })
    }

    /// One whose programs let others go first, as nice(1) does.
    pub fn yielding() -> Result<Host> {
        Ok(Host { precedence: Precedence::Last, ..Host::new()? })
    }

    /// One whose programs go before those of other sessions, as far as this host allows.
    pub fn preceding() -> Result<Host> {
        Ok(Host { precedence: Precedence::First, ..Host::new()? })
    }

    /// Runs to the end; output is shown only when it fails.
    pub fn run<S: AsRef<str>>(&self, words: &[S]) -> Result<()> {
        self.read(words).map(drop)
    }

    /// Runs to the end and gives standard output.
    pub fn read<S: AsRef<str>>(&self, words: &[S]) -> Result<String> {
        self.feed(words, "")
    }

    /// Runs to the end with `input` as standard input and gives standard output.
    pub fn feed<S: AsRef<str>>(&self, words: &[S], input: &str) -> Result<String> {
        let outcome = self.outcome(words, input)?;
        if outcome.status == 0 {
            return Ok(outcome.stdout);
        }
        Err(failed(words, &outcome))
    }

    /// Runs to the end; a failure of the command is no error here.
    pub fn outcome<S: AsRef<str>>(&self, words: &[S], input: &str) -> Result<Outcome> {
        let command = self.command(words)?.stdin(input).ignore_status().quiet();
        let output = command.output().map_err(|error| Error::host(error.to_string()))?;
        Ok(Outcome {
            status: output.status.code().unwrap_or(128),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs to the end on our own terminal and gives the exit status.
    pub fn attach<S: AsRef<str>>(&self, words: &[S]) -> Result<i32> {
        let mut command = Command::from(self.command(words)?);
        let status = command.status().map_err(|error| cannot_start(words, &error))?;
        Ok(status.code().unwrap_or(128))
    }

    /// Starts a child that lives until its `Process` is dropped; both outputs go to `log`.
    pub fn spawn<S: AsRef<str>>(&self, words: &[S], log: &Path) -> Result<Process> {
        let file = create(log)?;
        let copy = file.try_clone().map_err(|error| cannot_write(log, &error))?;
        let mut command = Command::from(self.command(words)?);
        command.stdin(Stdio::null()).stdout(file).stderr(copy);
        let child = command.spawn().map_err(|error| cannot_start(words, &error))?;
        Ok(Process { child, log: log.to_owned() })
    }

    /// Starts a child that we talk with; its standard error goes to `log`.
    pub fn converse<S: AsRef<str>>(&self, words: &[S], log: &Path) -> Result<Coprocess> {
        self.talk(words, create(log)?)
    }

    /// Starts a child that we listen to; its standard error is ours.
    pub fn listen<S: AsRef<str>>(&self, words: &[S]) -> Result<Coprocess> {
        self.talk(words, Stdio::inherit())
    }

    fn talk<S: AsRef<str>>(&self, words: &[S], errors: impl Into<Stdio>) -> Result<Coprocess> {
        let mut command = Command::from(self.command(words)?);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        let mut child = command.spawn().map_err(|error| cannot_start(words, &error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::host("a pipe to a child is missing"));
        };
        Ok(Coprocess { child, input, output: BufReader::new(output) })
    }

    /// Starts a child through which bytes flow; both ends are ours.
    pub fn pipe<S: AsRef<str>>(&self, words: &[S]) -> Result<pipe::Pipe> {
        let command = Command::from(self.command(words)?);
        pipe::Pipe::start(command).map_err(|error| cannot_start(words, &error))
    }

    /// An error with the package to install when `program` is not on the path.
    pub fn require(&self, program: &str, package: &str) -> Result<()> {
        self.require_all(&[(program, package)])
    }

    /// One error with all packages to install when any of these `(program, package)` is not on the path.
    pub fn require_all(&self, tools: &[(&str, &str)]) -> Result<()> {
        let lacking: Vec<_> = tools.iter().filter(|(program, _)| !has(program)).collect();
        if lacking.is_empty() {
            return Ok(());
        }
        let programs: Vec<String> =
            lacking.iter().map(|(program, _)| format!("`{program}`")).collect();
        let mut packages: Vec<&str> = lacking.iter().map(|(_, package)| *package).collect();
        packages.dedup();
        let verb = if programs.len() == 1 { "is" } else { "are" };
        let message = format!("{} {verb} not installed", programs.join(", "));
        Err(Error::host(message).hint(format!("apt-get install {}", packages.join(" "))))
    }

    fn command<'a, S: AsRef<str>>(&'a self, words: &[S]) -> Result<xshell::Cmd<'a>> {
        let precedence = self.precedence.words().iter().copied();
        let mut words = precedence.chain(words.iter().map(AsRef::as_ref));
        let program = words.next().ok_or_else(|| Error::host("an empty command"))?;
        Ok(self.shell.cmd(program).args(words).env("PATH", search_path()))
    }
}

/// The path, with the folders that Debian leaves out for ordinary users.
fn search_path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/sbin:/sbin")
}

/// Whether `program` is on the path.
#[must_use]
pub fn has(program: &str) -> bool {
    search_path().split(':').any(|dir| Path::new(dir).join(program).is_file())
}

/// Whether we are root, which mounts, namespaces and taps need.
#[must_use]
pub fn is_root() -> bool {
    Path::new("/proc/self").metadata().is_ok_and(|meta| meta.uid() == 0)
}

impl Process {
    /// Whether the child is still there.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The child's process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where its output goes.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Waits for its end and gives the exit status; 128 when a signal ended it.
    pub fn wait(&mut self) -> i32 {
        self.child.wait().ok().and_then(|status| status.code()).unwrap_or(128)
    }

    /// Asks it to end, and insists after ten seconds.
    pub fn terminate(&mut self, host: &Host) {
        host.run(&["kill", "-TERM", &self.id().to_string()]).ok();
        let (limit, pause) = (Duration::from_secs(10), Duration::from_millis(100));
        if !wait_until(limit, pause, || Ok(!self.is_running())).unwrap_or_default() {
            self.kill();
        }
    }

    /// Ends it at once, without a chance to tidy up.
    pub fn kill(&mut self) {
        // Both fail only when it has ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Coprocess {
    /// Sends one line.
    pub fn say(&mut self, line: &str) -> Result<()> {
        let sent = writeln!(self.input, "{line}").and_then(|()| self.input.flush());
        sent.map_err(|error| Error::host(format!("the test does not listen: {error}")))
    }

    /// The next line, without its end and whatever its bytes; `None` when it has nothing more to say.
    pub fn hear(&mut self) -> Result<Option<String>> {
        let mut line = Vec::new();
        let length = self.output.read_until(b'\n', &mut line);
        length.map_err(|error| Error::host(format!("a child cannot be heard: {error}")))?;
        let text = String::from_utf8_lossy(&line);
        Ok((!line.is_empty()).then(|| text.trim_end().to_owned()))
    }

    /// Waits for its end and gives the exit status.
    pub fn finish(&mut self) -> i32 {
        self.child.wait().ok().and_then(|status| status.code()).unwrap_or(128)
    }
}

impl Drop for Coprocess {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn create(path: &Path) -> Result<File> {
    File::create(path).map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Error {
    Error::host(format!("cannot write `{}`: {error}", path.display()))
}

fn cannot_start<S: AsRef<str>>(words: &[S], error: &std::io::Error) -> Error {
    Error::host(format!("cannot start `{}`: {error}", words[0].as_ref()))
}

fn failed<S: AsRef<str>>(words: &[S], outcome: &Outcome) -> Error {
    let line = words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" ");
    let text = if outcome.stderr.trim().is_empty() { &outcome.stdout } else { &outcome.stderr };
    let last: Vec<&str> = text.trim().lines().rev().take(8).collect();
    let tail: Vec<&str> = last.into_iter().rev().collect();
    Error::host(format!("`{line}` ended with status {}\n{}", outcome.status, tail.join("\n")))
}
