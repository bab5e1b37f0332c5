//! A root shell on the machine, for the eyes of the tests: over a virtio-serial port, or over files of a container.
//!
//! One line goes in, `id seconds command`, one comes back, `id status output errors`; texts are base64.
//! The machine's half is `agent`, which the test environment lays onto the disk; it listens on no network and knows
//! nothing of what is tested.

use std::{
    fs::{self, OpenOptions},
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    error::{Error, Result},
    host::{Outcome, wait_until},
};

/// The port's name on both sides.
pub const PORT: &str = "testbed";

/// How the two halves reach each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The port of a machine with a kernel of its own.
    Port,
    /// A pipe in a container, and a file for the answer.
    Files,
}

/// Where the machine's half works.
const DIR: &str = "/run/testbed";

/// The machine's half.
#[must_use]
pub fn agent(way: Way) -> String {
    let (open, answer) = match way {
        Way::Port => ("exec 0<>/dev/virtio-ports/testbed || exit 1", ">&0"),
        Way::Files => (
            "[ -p requests ] || mkfifo requests\nexec 0<>requests || exit 1",
            ">draft && mv draft answer",
        ),
    };
    format!(
        r#"#!/bin/sh
# Serves a root shell to the test environment, one line a command: `id seconds base64`.
set -u
umask 077
mkdir -p {DIR}
cd {DIR} || exit 1
{open}
# From now on somebody reads.
: >ready
while read -r id seconds text; do
    printf %s "$text" | base64 -d >command
    timeout -k 5 "$seconds" sh command </dev/null >out 2>err
    printf '%s %s =%s =%s\n' "$id" "$?" "$(base64 -w0 out)" "$(base64 -w0 err)" {answer}
done
"#
    )
}

/// The unit that keeps the agent running from early on.
pub const UNIT: &str = "\
[Unit]
Description=Root shell of the test environment
DefaultDependencies=no
After=systemd-remount-fs.service systemd-udevd.service
Conflicts=shutdown.target
Before=shutdown.target
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/sbin/testbed-shell
Restart=always
RestartSec=1
Environment=HOME=/root
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

[Install]
WantedBy=sysinit.target
";

/// The host's half.
pub struct Shell {
    socket: PathBuf,
    stream: Option<BufReader<UnixStream>>,
    last: u64,
}

impl Shell {
    /// Talks through the socket of QEMU's port, once somebody listens.
    #[must_use]
    pub fn new(socket: &Path) -> Shell {
        Shell { socket: socket.to_owned(), stream: None, last: 0 }
    }

    /// Runs a line of shell; an error means that there was no answer within `limit`.
    pub fn run(&mut self, line: &str, limit: Duration) -> Result<Outcome> {
        let answer = self.ask(line, limit);
        if answer.is_err() {
            // Whatever comes late belongs to nobody.
            self.stream = None;
        }
        answer
    }

    fn ask(&mut self, line: &str, limit: Duration) -> Result<Outcome> {
        self.last += 1;
        let id = format!("{}.{}", std::process::id(), self.last);
        let request = format!("{id} {} {}\n", limit.as_secs().max(1), STANDARD.encode(line));
        let deadline = Instant::now() + limit + Duration::from_secs(10);
        let stream = self.stream()?;
        stream.get_mut().write_all(request.as_bytes()).map_err(|error| shell_error(&error))?;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = left.max(Duration::from_millis(1));
            stream.get_ref().set_read_timeout(Some(left)).map_err(|error| shell_error(&error))?;
            let mut answer = String::new();
            stream.read_line(&mut answer).map_err(|error| shell_error(&error))?;
            if answer.is_empty() {
                return Err(Error::host("the machine's shell went away"));
            }
            if let Some(outcome) = read(&answer, &id) {
                return Ok(outcome);
            }
        }
    }

    fn stream(&mut self) -> Result<&mut BufReader<UnixStream>> {
        if self.stream.is_none() {
            let stream = UnixStream::connect(&self.socket).map_err(|error| shell_error(&error))?;
            self.stream = Some(BufReader::new(stream));
        }
        self.stream.as_mut().ok_or_else(|| Error::host("the machine's shell is not connected"))
    }
}

/// Runs a line of shell in a container whose files are seen at `root`; an error means that there was no answer within
/// `limit`. `number` is used for this line alone.
pub fn run_in_container(root: &Path, number: u64, line: &str, limit: Duration) -> Result<Outcome> {
    let dir = root.join(DIR.trim_start_matches('/'));
    let pause = Duration::from_millis(20);
    if !wait_until(limit, pause, || Ok(dir.join("ready").exists()))? {
        return Err(Error::host("the container's shell is not there"));
    }
    let id = format!("{}.{number}", std::process::id());
    let request = format!("{id} {} {}\n", limit.as_secs().max(1), STANDARD.encode(line));
    // For both directions: this waits for no reader.
    let pipe = OpenOptions::new().read(true).write(true).open(dir.join("requests"));
    pipe.and_then(|mut pipe| pipe.write_all(request.as_bytes()))
        .map_err(|error| shell_error(&error))?;
    let mut outcome = None;
    wait_until(limit + Duration::from_secs(10), pause, || {
        let answer = fs::read_to_string(dir.join("answer")).unwrap_or_default();
        outcome = read(&answer, &id);
        Ok(outcome.is_some())
    })?;
    outcome.ok_or_else(|| Error::host("the container's shell does not answer"))
}

fn read(answer: &str, id: &str) -> Option<Outcome> {
    let mut words = answer.trim_end().split(' ');
    (words.next()? == id).then_some(())?;
    let status = words.next()?.parse().ok()?;
    let mut text = || {
        let bytes = STANDARD.decode(words.next()?.strip_prefix('=')?).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    Some(Outcome { status, stdout: text()?, stderr: text()? })
}

fn shell_error(error: &std::io::Error) -> Error {
    Error::host(format!("the machine's shell does not answer: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_only_by_who_asked() {
        let outcome = read("7.1 3 =b3V0 =\n", "7.1").expect("an answer");
        assert_eq!(
            (outcome.status, outcome.stdout.as_str(), outcome.stderr.as_str()),
            (3, "out", "")
        );
        assert!(read("7.1 3 =b3V0 =\n", "7.2").is_none());
    }

    #[test]
    fn half_an_answer_is_none() {
        assert!(read("7.1 0 =b3V0\n", "7.1").is_none());
        assert!(read("", "7.1").is_none());
    }
}
