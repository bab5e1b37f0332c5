//! Other programs: what the tests ask them, and where they come from.

use std::{
    io::Write as _,
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
