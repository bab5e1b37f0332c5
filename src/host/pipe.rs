//! A child through which bytes flow: more than would fit into memory.

use std::{
    io::{self, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread::{self, JoinHandle},
};

use super::Outcome;
use crate::error::{Error, Result};

/// The most that is kept of what it complains about.
const WORDS: u64 = 1 << 16;

/// The child; it is killed when this is dropped before its end.
pub struct Pipe {
    child: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
    /// Read beside everything else: a child that complains at length must not stand still.
    words: Option<JoinHandle<String>>,
}

impl Pipe {
    /// Starts `command`.
    pub(super) fn start(mut command: Command) -> io::Result<Pipe> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let missing = || io::Error::other("a pipe to a child is missing");
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or_else(missing)?;
        let mut errors = child.stderr.take().ok_or_else(missing)?;
        let words = thread::spawn(move || {
            let mut text = Vec::new();
            errors.by_ref().take(WORDS).read_to_end(&mut text).ok();
            io::copy(&mut errors, &mut io::sink()).ok();
            String::from_utf8_lossy(&text).into_owned()
        });
        Ok(Pipe { child, input, output, words: Some(words) })
    }

    /// What it prints.
    pub fn output(&mut self) -> &mut impl Read {
        &mut self.output
    }

    /// What it reads; nothing once that was closed.
    pub fn input(&mut self) -> Option<&mut impl Write> {
        self.input.as_mut()
    }

    /// It has been told everything.
    pub fn close(&mut self) {
        self.input.take();
    }

    /// Tells it `text`, and that this is all, while what it prints is read: it may be more than a pipe holds.
    pub fn tell(&mut self, text: String) {
        if let Some(mut input) = self.input.take() {
            // A child that has ended says why by itself.
            thread::spawn(move || input.write_all(text.as_bytes()).ok());
        }
    }

    /// Waits for its end: the exit status, what it printed that nobody has read, and what it complained about.
    pub fn finish(mut self) -> Result<Outcome> {
        self.input.take();
        let mut rest = Vec::new();
        let lost = |error: io::Error| Error::host(format!("a child cannot be heard: {error}"));
        self.output.read_to_end(&mut rest).map_err(lost)?;
        let status = self.child.wait().map_err(lost)?.code().unwrap_or(128);
        let words = self.words.take().map(JoinHandle::join).and_then(std::result::Result::ok);
        Ok(Outcome {
            status,
            stdout: String::from_utf8_lossy(&rest).into_owned(),
            stderr: words.unwrap_or_default(),
        })
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // Both fail only when it has ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
