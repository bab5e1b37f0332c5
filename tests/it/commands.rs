//! Every command that the documentation shows is one: `homeseed` takes it, and runs it where that needs no machine;
//! the machine has the program that it names.
//!
//! A block is commands when it is indented or marked `sh`. What needs a cloud or another host's tools stands in a
//! block marked `text`, which may hold no command of ours.

use std::{collections::BTreeSet, fs, path::Path};

use clap::{Command, CommandFactory as _, Parser as _};
use homeseed::{
    cli::Args,
    layer::{self, embedded_schema},
    plan::plan,
    site::Site,
};

use crate::{
    example,
    pages::{self, Page},
    tools,
};

/// Verbs that need a machine, a network, or tools and minutes.
const NOT_RUN: [&str; 8] =
    ["apply", "backup", "federation", "image", "restore", "seed", "test", "verify"];

/// What Debian has without being asked.
const ESSENTIAL: &str = "essential";

/// What runs on the operator's computer.
const DESK: &str = "desk";

/// The programs that the pages name, and the Debian package of each.
const PROGRAMS: &[(&str, &str)] = &[
    ("age", DESK),
    ("apt-cache", ESSENTIAL),
    ("apt-get", ESSENTIAL),
    ("base32", DESK),
    ("cat", ESSENTIAL),
    ("certbot", "certbot"),
    ("curl", "curl"),
    ("dpkg", ESSENTIAL),
    ("echo", DESK),
    ("grep", ESSENTIAL),
    ("host", "bind9-host"),
    ("journalctl", "systemd-sysv"),
    ("ls", ESSENTIAL),
    ("nft", "nftables"),
    ("nginx", "nginx"),
    ("openssl", "openssl"),
    ("pg_lsclusters", "postgresql"),
    ("pg_restore", DESK),
    ("register_new_matrix_user", "matrix-synapse-py3"),
    ("rm", ESSENTIAL),
    ("runuser", ESSENTIAL),
    ("sha256sum", ESSENTIAL),
    ("ss", "iproute2"),
    ("sshd", "openssh-server"),
    ("sysctl", "procps"),
    ("systemctl", "systemd-sysv"),
    ("tail", ESSENTIAL),
    ("tar", ESSENTIAL),
    ("unattended-upgrade", "unattended-upgrades"),
    ("cargo", DESK),
    ("debootstrap", DESK),
    ("git", DESK),
    ("mmdebstrap", DESK),
    ("overlay/bake", DESK),
    ("sh", DESK),
    ("ssh", DESK),
    ("synadm", DESK),
    ("tr", DESK),
    ("umask", DESK),
];

/// One line of a page, as simple commands.
struct Line {
    page: String,
    text: String,
    commands: Vec<Vec<String>>,
}

/// The lines of all blocks that are commands.
fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for page in pages::pages() {
        for text in page.blocks.iter().filter(|block| is_commands(&block.language)) {
            let joined = text.text.replace("\\\n", "");
            for text in joined.lines().filter(|line| !line.trim().is_empty()) {
                let (page, text) = (page.name.clone(), text.trim().to_owned());
                lines.push(Line { commands: commands(&text), page, text });
            }
        }
    }
    assert!(lines.len() > 80, "{} lines", lines.len());
    lines
}

fn is_commands(language: &str) -> bool {
    ["", "sh"].contains(&language)
}

/// The words of each simple command in a line of shell, without its redirections.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut redirected = false;
    for word in words(line) {
        match word.as_str() {
            "|" | "||" | "&&" | ";" => commands.push(Vec::new()),
            ">" | "<" => redirected = true,
            _ if std::mem::take(&mut redirected) => (),
            _ => commands.last_mut().unwrap().push(word),
        }
    }
    commands
}

/// The words of a line, operators among them; a comment ends it.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut quote, mut open, mut last) = (None, false, ' ');
    for c in line.chars() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                words.extend((!std::mem::replace(&mut open, true)).then(String::new));
            }
            (None, '#') if !open => break,
            (None, ' ') => open = false,
            (None, '|' | '&' | ';' | '<' | '>') if last == c => words.last_mut().unwrap().push(c),
            (None, '|' | '&' | ';' | '<' | '>') => {
                words.push(c.to_string());
                open = false;
            }
            _ => {
                words.extend((!std::mem::replace(&mut open, true)).then(String::new));
                words.last_mut().unwrap().push(c);
            }
        }
        last = c;
    }
    words
}

#[test]
fn a_line_of_shell_is_read_as_a_shell_does() {
    let read = |line| commands(line).into_iter().map(|words| words.join("_")).collect::<Vec<_>>();
    assert_eq!(read("a b > c && d 'e | f' | g  # h"), ["a_b", "d_e | f", "g"]);
    assert_eq!(read("a; b <c \"d e\"'f'"), ["a", "b_d ef"]);
    assert_eq!(read("a#b ''"), ["a#b_"]);
}

#[test]
fn every_block_says_what_it_holds() {
    for page in pages::pages() {
        for block in &page.blocks {
            let known = ["", "sh", "yaml", "text"].contains(&block.language.as_str());
            assert!(known, "{}: nothing tests a block of `{}`", page.name, block.language);
            let ours = |line: &str| {
                ["homeseed ", "homeserver ", "make "].iter().any(|it| line.starts_with(it))
            };
            let hidden = block.language == "text" && block.text.lines().any(ours);
            assert!(!hidden, "{}: a command that could be tested: {}", page.name, block.text);
        }
    }
}

#[test]
fn every_block_of_commands_is_shell() {
    for page in pages::pages() {
        for block in page.blocks.iter().filter(|block| is_commands(&block.language)) {
            let output = tools::run(&["sh", "-n"], &block.text);
            assert!(output.status.success(), "{}: {}", page.name, tools::said(&output));
        }
    }
}

#[test]
fn every_command_is_one_that_its_program_takes() {
    let (targets, asked, packages) = (make_targets(), homeserver_words(), packages());
    let mut faults = Vec::new();
    for line in lines() {
        for words in &line.commands {
            let rest = words[1..].join(" ");
            let fault = match words[0].as_str() {
                "homeseed" => Args::try_parse_from(words).err().map(|error| error.to_string()),
                "make" => {
                    let known = words[1..].iter().all(|word| targets.contains(word));
                    (!known).then(|| "there is no such target".to_owned())
                }
                "homeserver" => {
                    (!asked.contains(&rest)).then(|| "the machine knows no such word".to_owned())
                }
                program => missing(program, &packages),
            };
            faults.extend(fault.map(|fault| format!("{}: `{}`: {fault}", line.page, line.text)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Why a program is not there for whoever reads of it.
fn missing(program: &str, packages: &BTreeSet<String>) -> Option<String> {
    let Some((_, package)) = PROGRAMS.iter().find(|(name, _)| *name == program) else {
        return Some(format!("what package is `{program}` of? say it in tests/it/commands.rs"));
    };
    let there = [ESSENTIAL, DESK].contains(package) || packages.contains(*package);
    (!there).then(|| format!("no layer has the package `{package}`"))
}

/// What the machine of the example consists of.
fn packages() -> BTreeSet<String> {
    let text = fs::read_to_string("examples/site.yaml").unwrap();
    let site = Site::parse("examples/site.yaml", &text, embedded_schema()).unwrap();
    let plan = plan(&site, &layer::embedded()).unwrap();
    plan.packages.iter().chain(&plan.presumed).map(|package| package.name.clone()).collect()
}

fn make_targets() -> BTreeSet<String> {
    let text = fs::read_to_string("Makefile").unwrap();
    let targets = text.lines().filter_map(|line| line.split_once(':'));
    targets
        .map(|(name, _)| name.to_owned())
        .filter(|name| !name.contains(['.', ' ', '\t', '$']))
        .collect()
}

/// What the machine's own command answers to, from its usage lines and the verbs of the layers.
fn homeserver_words() -> BTreeSet<String> {
    let sources = example::sources();
    let texts = sources.iter().filter(|(path, _)| {
        path.ends_with("/usr/sbin/homeserver") || path.contains("/usr/lib/homeseed/verbs/")
    });
    let usages = texts.flat_map(|(_, text)| text.lines()).filter_map(|line| {
        let usage = line.split_once("echo 'homeserver ").or(line.split_once("echo \"homeserver "));
        usage?.1.split(['\'', '"', '$', '.', ',']).next()
    });
    let verbs = sources.keys().filter_map(|path| path.split_once("/usr/lib/homeseed/verbs/"));
    let mut words: BTreeSet<String> =
        verbs.map(|(_, name)| name.trim_end_matches(".j2").to_owned()).collect();
    let mail = "mail: {host: smtp.example.net, user: a, from: a@example.net}\n";
    let watch = "watch: {to: '@a:example.net', ping: true}\n";
    let plan = example::planned(&[example::SECTION, mail, watch].concat());
    let secrets = plan.secrets.iter().filter(|secret| secret.ask.is_some());
    words.extend(secrets.map(|secret| format!("secret {}", secret.name)));
    for form in usages.flat_map(|usage| usage.split(" | ")) {
        let (verb, choices) = form.split_once(" [").unwrap_or((form, ""));
        words.insert(verb.to_owned());
        let choices = choices.trim_end_matches(']').split('|').filter(|it| !it.is_empty());
        words.extend(choices.map(|choice| format!("{verb} {choice}")));
    }
    // Those that are there for as long as a change is on trial.
    let begin = fs::read_to_string("src/apply/scripts/begin.sh").unwrap();
    let trial = begin.lines().find_map(|line| line.strip_prefix("for verb in ")).unwrap();
    words.extend(trial.trim_end_matches("; do").split(' ').map(str::to_owned));
    assert!(words.contains("first-password --forget"), "{words:?}");
    words
}

#[test]
fn every_verb_is_shown_on_some_page() {
    let lines = lines();
    let shown: BTreeSet<&str> = lines
        .iter()
        .flat_map(|line| &line.commands)
        .filter(|words| words[0] == "homeseed")
        .map(|words| words[1].as_str())
        .collect();
    for verb in Args::command().get_subcommands().filter(|verb| !verb.is_hide_set()) {
        assert!(shown.contains(verb.get_name()), "no page shows `homeseed {}`", verb.get_name());
    }
}

#[test]
fn every_verb_and_option_that_is_named_in_a_sentence_is_there() {
    let program = Args::command();
    let mut count = 0;
    for Page { name, words, .. } in pages::pages() {
        for text in words.iter().filter(|text| text.starts_with("homeseed ")) {
            if let Err(fault) = known(&program, text) {
                panic!("{name}: `{text}`: {fault}");
            }
            count += 1;
        }
    }
    assert!(count > 20, "{count} commands");
}

/// Whether the verb of `text` is there, and has its options.
fn known(program: &Command, text: &str) -> Result<(), String> {
    let words: Vec<&str> = text.split(' ').skip(1).collect();
    let options: Vec<&str> = words.iter().filter_map(|word| word.strip_prefix("--")).collect();
    let verb = words.iter().find_map(|word| program.find_subcommand(word));
    let verb = verb.ok_or("there is no such verb")?;
    let verb = words.iter().find_map(|word| verb.find_subcommand(word)).unwrap_or(verb);
    let is_of =
        |option: &str, of: &Command| of.get_arguments().any(|it| it.get_long() == Some(option));
    match options.into_iter().find(|option| !is_of(option, verb) && !is_of(option, program)) {
        Some(option) => Err(format!("it has no `--{option}`")),
        None => Ok(()),
    }
}

#[test]
fn what_needs_no_machine_is_run_as_it_stands() {
    let mut count = 0;
    for page in pages::pages() {
        let dir = desk();
        for line in lines().iter().filter(|line| line.page == page.name && is_run(line)) {
            count += 1;
            let output = run(dir.path(), &line.text);
            assert!(
                output.status.success(),
                "{}: `{}`\n{}",
                line.page,
                line.text,
                tools::said(&output)
            );
        }
    }
    assert!(count > 12, "{count} lines");
}

/// Whether every command of a line is ours, and needs nothing but files: no answers either.
fn is_run(line: &Line) -> bool {
    let ours = |words: &Vec<String>| {
        words[0] == "homeseed" && !NOT_RUN.contains(&words[1].as_str()) && words[1..] != ["init"]
    };
    line.commands.iter().all(ours) && !line.text.contains(" /")
}

/// A folder with what the pages take for granted: a site, another one, a document and a key.
fn desk() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let site = fs::read_to_string("examples/site.yaml").unwrap();
    // So that every verb has something to do, and nobody is warned of the names.
    let site = site.replace("delegation: same-host", "delegation: elsewhere");
    let site = site.replace("example.org", "maple.chat");
    for name in ["site.yaml", "old.yaml"] {
        fs::write(dir.path().join(name), &site).unwrap();
    }
    fs::write(dir.path().join("new.yaml"), site.replace("presence: false", "presence: true"))
        .unwrap();
    fs::create_dir(dir.path().join(".ssh")).unwrap();
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f you@laptop\n";
    fs::write(dir.path().join(".ssh/id_ed25519.pub"), key).unwrap();
    assert!(run(dir.path(), "homeseed user-data site.yaml > user-data").status.success());
    dir
}

fn run(dir: &Path, line: &str) -> std::process::Output {
    let programs = Path::new(env!("CARGO_BIN_EXE_homeseed")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut shell = tools::command("sh");
    shell.args(["-ec", line]).current_dir(dir).env("HOME", dir).env("PATH", path);
    tools::finish(tools::start(&mut shell), "")
}
