//! The verb that writes a site file: from flags, and on a terminal from answers.

use std::{
    fs,
    io::{IsTerminal as _, stderr, stdin, stdout},
    path::{Path, PathBuf},
};

use anstream::eprintln;

use super::{input, output, paint};
use crate::{
    error::{Error, Errors, Result},
    init::{self, Options, Question},
    layer,
    site::{Key, json_schema},
};

pub(super) const EXAMPLES: &str = "\
Examples:
  homeseed init
  homeseed init --server-name example.org --host chat.example.org \\
    --email operator@example.org --ssh-key ~/.ssh/id_ed25519.pub > site.yaml
  homeseed init --set suite=bookworm --output site.yaml

On a terminal it asks what no flag has answered. Elsewhere it never asks:
--server-name, --host and --email must be given.";

/// What the flags answer in advance.
#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// The part of user IDs after the colon; it is for ever
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// The full name of the machine
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Your e-mail address, for the certificate authority and for complaints
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// A file with your public SSH keys; may be given more than once
    #[arg(long, value_name = "FILE")]
    ssh_key: Vec<PathBuf>,
    /// The value of any other key, such as `suite=bookworm`; may be given more than once
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// Write to this file, which must not be there yet
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes the file, or prints it.
pub(super) fn run(args: &InitArgs) -> std::result::Result<(), Errors> {
    let output = args.output.as_ref().filter(|path| *path != Path::new("-"));
    let talks = stdin().is_terminal() && stderr().is_terminal();
    if let Some(path) = output {
        absent(path).and_then(|()| has_folder(path))?;
    }
    let options = if talks { answered(args)? } else { given(args)? };
    let text = init::site_yaml(&options)?;
    let file = match output {
        None if args.output.is_none() && talks && stdout().is_terminal() => Some(ask_file()?),
        path => path.cloned(),
    };
    let Some(path) = file else { return Ok(output::print(&text)?) };
    output::deliver(&text, Some(&path)).map_err(|error| lost(error, &text, talks))?;
    let schema = path.with_file_name(init::SCHEMA_FILE);
    if absent(&schema).is_ok() {
        output::deliver(&json_schema::text(layer::embedded_schema()), Some(&schema))?;
    }
    if talks {
        let (path, schema) = (path.display(), schema.display());
        eprintln!("{path} is written, and {schema} for your editor; next: homeseed plan {path}");
        if options.ssh_keys.iter().any(|key| key.contains("ssh-rsa ")) {
            paint::note(
                "an RSA key takes 400 to 750 bytes of the document, an Ed25519 key 50: `ssh-keygen -t ed25519` makes one",
            );
        }
    }
    Ok(())
}

/// What could not be written is not lost: whoever answered questions gets it on standard output.
fn lost(error: Error, text: &str, talks: bool) -> Error {
    if talks && output::print(text).is_ok() {
        return error.hint("it is printed above instead: copy it, or name another file");
    }
    error
}

/// A file of the operator's is never overwritten.
fn absent(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(Error::new(format!("`{}` is there already", path.display()))
        .hint("name another file, or remove it first"))
}

/// From flags alone; one error for each that is missing. What was given is judged as well, so that all mistakes are told
/// at once.
fn given(args: &InitArgs) -> std::result::Result<Options, Errors> {
    let answers = args.answers();
    let missing = answers.iter().filter(|(_, answer)| answer.is_none());
    let missing = missing.map(|(question, _)| {
        Error::new(format!("`{}` is missing: {}", question.flag(), question.about()))
    });
    let (ssh_keys, mistakes) = judged(args);
    Errors::none_or(missing.chain(mistakes).collect())?;
    let [server_name, host, email] = answers.map(|(_, answer)| answer.cloned().unwrap_or_default());
    Ok(Options { server_name, host, email, ssh_keys, settings: args.set.clone() })
}

impl InitArgs {
    /// What the flags say to the questions that need an answer.
    fn answers(&self) -> [(Question, Option<&String>); 3] {
        [
            (Question::ServerName, self.server_name.as_ref()),
            (Question::Host, self.host.as_ref()),
            (Question::Email, self.email.as_ref()),
        ]
    }
}

/// The texts of the key files, and what is wrong with anything that the flags say.
fn judged(args: &InitArgs) -> (Vec<String>, Vec<Error>) {
    let answers = args.answers();
    let said = answers.iter().filter_map(|(question, answer)| Some((*question, (*answer)?)));
    let mut mistakes: Vec<Error> =
        said.flat_map(|(question, answer)| question.mistakes(answer)).collect();
    let mut keys = Vec::new();
    for path in &args.ssh_key {
        match input::text(path) {
            Ok(text) => {
                mistakes.extend(Question::SshKeys.mistakes(&text));
                keys.push(text);
            }
            Err(error) => mistakes.push(error),
        }
    }
    mistakes.extend(args.set.iter().flat_map(|(path, value)| init::mistakes_in(path, value)));
    (keys, mistakes)
}

/// From flags, and answers for the rest.
fn answered(args: &InitArgs) -> std::result::Result<Options, Errors> {
    // Nobody answers questions for nothing.
    let (keys, mistakes) = judged(args);
    Errors::none_or(mistakes)?;
    let server_name = answer(Question::ServerName, args.server_name.as_ref(), None)?;
    let host = format!("chat.{server_name}");
    let host = answer(Question::Host, args.host.as_ref(), Some(&host))?;
    let email = answer(Question::Email, args.email.as_ref(), None)?;
    let ssh_keys = if args.ssh_key.is_empty() { ask_keys()? } else { keys };
    let mut settings = args.set.clone();
    for key in init::questions() {
        if !settings.iter().any(|(path, _)| *path == key.path) {
            settings.push((key.path.clone(), ask_key(key)?));
        }
    }
    Ok(Options { server_name, host, email, ssh_keys, settings })
}

/// The first good value for a key of a layer.
fn ask_key(key: &Key) -> Result<String> {
    loop {
        let value = ask(&key.path, &key.about, key.default_text())?;
        let mistakes = init::mistakes_in(&key.path, &value);
        if mistakes.is_empty() {
            return Ok(value);
        }
        paint::report(&Errors::from(mistakes));
    }
}

/// `KEY=VALUE`, divided.
fn setting(text: &str) -> std::result::Result<(String, String), String> {
    let (path, value) = text.split_once('=').ok_or("a setting is such as `suite=bookworm`")?;
    Ok((path.to_owned(), value.to_owned()))
}

/// The flag's answer, or the first good one on the terminal.
fn answer(question: Question, flag: Option<&String>, default: Option<&str>) -> Result<String> {
    if let Some(answer) = flag {
        return Ok(answer.clone());
    }
    loop {
        let answer = ask(question.flag().trim_start_matches("--"), question.about(), default)?;
        let mistakes = question.mistakes(&answer);
        if mistakes.is_empty() {
            return Ok(answer);
        }
        paint::report(&Errors::from(mistakes));
    }
}

/// The texts of public keys: from a file, or as they stand.
fn ask_keys() -> Result<Vec<String>> {
    let found = own_key();
    let about = format!(
        "{}: a file, or the key itself; `none` keeps password login open",
        Question::SshKeys.about()
    );
    loop {
        let answer = ask("ssh-key", &about, found.as_deref())?;
        if answer == "none" {
            return Ok(Vec::new());
        }
        let text = if answer.contains(' ') { Ok(answer) } else { input::text(&home(&answer)) };
        let mistakes = match &text {
            Ok(text) => Question::SshKeys.mistakes(text),
            Err(error) => vec![error.clone()],
        };
        match text {
            Ok(text) if mistakes.is_empty() && !text.trim().is_empty() => return Ok(vec![text]),
            Ok(_) if mistakes.is_empty() => eprintln!("no key: name a file, or say `none`"),
            _ => paint::report(&Errors::from(mistakes)),
        }
    }
}

/// The folder of a file is there.
fn has_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.filter(|folder| !folder.is_dir()) {
        Some(folder) => Err(Error::new(format!("there is no folder `{}`", folder.display()))
            .hint("name another file, or make the folder first")),
        None => Ok(()),
    }
}

fn ask_file() -> Result<PathBuf> {
    loop {
        let path = PathBuf::from(ask("file", "where to write it", Some("site.yaml"))?);
        let path = home(&path.to_string_lossy());
        match absent(&path).and_then(|()| has_folder(&path)) {
            Ok(()) => return Ok(path),
            Err(error) => paint::report(&Errors::from(error)),
        }
    }
}

/// One line of the operator's; an empty one is the default, if there is one.
fn ask(name: &str, about: &str, default: Option<&str>) -> Result<String> {
    let suggestion = default.map(|it| format!(" [{it}]")).unwrap_or_default();
    eprintln!("{}: {about}", paint::advice(name));
    loop {
        anstream::eprint!("{name}{suggestion}> ");
        let mut line = String::new();
        let length = stdin().read_line(&mut line);
        let length = length.map_err(|error| Error::host(format!("cannot read: {error}")))?;
        if length == 0 {
            eprintln!();
            return Err(Error::new("no more answers: nothing is written")
                .hint("give the answers as flags: `homeseed init --help`"));
        }
        match (line.trim(), default) {
            ("", None) => (),
            ("", Some(default)) => return Ok(default.to_owned()),
            (answer, _) => return Ok(answer.to_owned()),
        }
    }
}

/// The operator's own public key, if there is one.
fn own_key() -> Option<String> {
    let folder = home("~/.ssh");
    let entries = fs::read_dir(&folder).ok()?.flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut keys: Vec<String> = names.filter(|name| is_public(name)).collect();
    // The newest kind first.
    keys.sort_by_key(|name| (!name.contains("ed25519"), name.clone()));
    keys.into_iter().next().map(|name| format!("~/.ssh/{name}"))
}

fn is_public(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|it| it == "pub")
}

/// `~` as shells read it.
fn home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}
