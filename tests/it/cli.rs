//! The command line from outside: what goes in, what comes out, and the exit status.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    io::Read as _,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{FileTypeExt as _, PermissionsExt as _, symlink},
    },
    path::{Path, PathBuf},
    process::{Command, Output},
};

use homeseed::{
    layer::{self, embedded_schema},
    plan::plan,
    site::Site,
};

use crate::{program::lenient, tools};

const SITE: &str =
    "server_name: example.org\nhost: chat.example.org\noperator:\n  email: o@example.org\n";

fn homeseed(arguments: &[&str]) -> Command {
    let mut command = tools::command(env!("CARGO_BIN_EXE_homeseed"));
    command.args(lenient(arguments));
    command
}

/// Runs the program with `input` on standard input.
#[track_caller]
fn run(arguments: &[&str], input: &str) -> Output {
    tools::finish(tools::start(&mut homeseed(arguments)), input)
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_good_site_is_said_to_be_good() {
    let output = run(&["check", "-"], SITE);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).starts_with("ok: chat.example.org becomes "), "{}", out(&output));
}

#[test]
fn a_bad_site_is_status_1_and_all_on_standard_error() {
    let output = run(&["check", "-"], "server_name: a_b.example\nhots: x\n");
    assert_eq!((output.status.code(), out(&output)), (Some(1), String::new()));
    assert!(err(&output).contains("standard input:1:14"), "{}", err(&output));
    assert!(err(&output).contains("hots"), "{}", err(&output));
}

#[test]
fn a_site_that_is_not_there_is_status_1() {
    let output = run(&["check", "no-such-file.yaml"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).starts_with("error: there is no `no-such-file.yaml`"), "{}", err(&output));
}

#[test]
fn a_file_that_cannot_be_written_is_status_2() {
    let output =
        run(&["user-data", "-", "--limit", "999999", "--output", "/proc/no/user-data"], SITE);
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
}

#[test]
fn sizes_and_times_have_the_same_units_on_the_command_line_as_in_a_site() {
    let [bytes, kibibytes] =
        ["1024000", "1000K"].map(|limit| run(&["user-data", "-", "--limit", limit], SITE));
    assert_eq!(kibibytes.status.code(), Some(0), "{}", err(&kibibytes));
    assert_eq!(out(&bytes), out(&kibibytes));
    for limit in ["0", "16x", "1.5M", "-1", ""] {
        let output = run(&["user-data", "-", &format!("--limit={limit}")], SITE);
        assert_eq!(output.status.code(), Some(2), "{limit}");
        assert!(err(&output).contains("`16384` or `16K`"), "{}", err(&output));
    }
    // The time was understood when the missing file is the mistake.
    for (time, expected) in [
        ("2d", "there is no `no-such-file.yaml`"),
        ("1w", "there is no `no-such-file.yaml`"),
        ("8d", "at most a week"),
        ("0s", "at most a week"),
        ("30", "at most a week"),
    ] {
        let output = run(&["verify", "no-such-file.yaml", "--wait", time], "");
        assert!(err(&output).contains(expected), "{time}: {}", err(&output));
    }
}

#[test]
fn an_address_in_tor_is_one_and_is_for_a_site_that_is_there() {
    let label = "q7zmw3k5v2nhtl6oe4ybxs3pdgf7u5rqj2i6kwzcnvmlt4heosad2345";
    let label = format!("{}d", &label[..55]);
    let verify = |address: &str| err(&run(&["verify", "-", "--onion", address], SITE));
    for address in [
        format!("{label}.onion"),
        format!("http://{label}.onion/"),
        format!("{}.ONION", label.to_uppercase()),
    ] {
        let said = verify(&address);
        assert!(said.contains("nothing of this site is reached through Tor"), "{address}: {said}");
    }
    for address in [
        label.clone(),
        format!("{}.onion", &label[1..]),
        format!("{}1d.onion", &label[..54]),
        "chat.example.org".to_owned(),
        format!("{}a.onion", &label[..55]),
    ] {
        let said = verify(&address);
        assert!(said.contains("an address has 56 characters"), "{address}: {said}");
    }
}

#[test]
fn warnings_leave_the_product_alone() {
    let output = run(&["user-data", "-", "--limit", "999999"], SITE);
    assert!(out(&output).starts_with("#cloud-config\n"));
    assert!(err(&output).contains("warning: "), "{}", err(&output));
}

#[test]
fn a_layer_that_is_missing_or_empty_is_named_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let site = dir.path().join("site.yaml");
    fs::create_dir(dir.path().join("empty")).unwrap();
    for (folder, said) in [("emty", "there is no `"), ("empty", "empty` is empty")] {
        fs::write(&site, format!("{SITE}layers:\n  - {folder}\n")).unwrap();
        let output = run(&["check", site.to_str().unwrap()], "");
        let text = err(&output);
        assert!(text.contains(said) && text.contains("site.yaml:6:5\n"), "{text}");
        assert_eq!(output.status.code(), Some(1), "{text}");
    }
    let output = run(&["--layers", "nodir", "check", "-"], SITE);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(err(&output), "error: there is no `nodir`\n");
}

#[test]
fn no_line_of_a_plan_or_of_the_list_of_keys_is_wider_than_a_terminal() {
    for words in [&["plan", "examples/site.yaml"][..], &["explain"]] {
        let text = out(&run(words, ""));
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest.is_some_and(|it| it > 60 && it <= 80), "{widest:?}: {text}");
    }
}

#[test]
fn the_output_file_holds_what_standard_output_would() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("user-data");
    fs::write(&file, "").unwrap();
    let arguments = ["user-data", "-", "--limit", "999999"];
    let printed = out(&run(&arguments, SITE));
    let output = run(&[&arguments[..], &["--output", file.to_str().unwrap()]].concat(), SITE);
    assert_eq!(out(&output), "");
    assert_eq!(fs::read_to_string(&file).unwrap(), printed);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// `user-data` of a small site, written to `file`.
fn written(file: &Path) -> Output {
    run(&["user-data", "-", "--limit", "999999", "--output", file.to_str().unwrap()], SITE)
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o7777
}

#[test]
fn an_output_file_keeps_its_mode_and_a_new_one_is_for_all_to_read() {
    let dir = tempfile::tempdir().unwrap();
    let [new, old, usual] = ["new", "old", "usual"].map(|name| dir.path().join(name));
    fs::write(&usual, "").unwrap();
    fs::write(&old, "").unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o640)).unwrap();
    for file in [&new, &old] {
        assert_eq!(written(file).status.code(), Some(0));
    }
    // What the umask takes away, it takes from all.
    assert_eq!((mode(&new), mode(&old)), (0o644 & mode(&usual), 0o640));
}

#[test]
fn the_file_behind_a_link_is_replaced_and_not_the_link() {
    let dir = tempfile::tempdir().unwrap();
    let [elsewhere, link, target] =
        ["elsewhere", "link", "elsewhere/target"].map(|name| dir.path().join(name));
    fs::create_dir(&elsewhere).unwrap();
    symlink("elsewhere/next", &link).unwrap();
    symlink("target", elsewhere.join("next")).unwrap();
    for old in [None, Some("#cloud-config\n# homeseed 0.0.1: old\n")] {
        if let Some(text) = old {
            fs::write(&target, text).unwrap();
        }
        assert_eq!(written(&link).status.code(), Some(0));
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("elsewhere/next"));
        assert!(fs::symlink_metadata(&target).unwrap().is_file());
        assert!(fs::read_to_string(&target).unwrap().starts_with("#cloud-config\n"));
    }
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 2);
}

#[test]
fn links_in_a_circle_are_status_2() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("link");
    symlink("link", &link).unwrap();
    assert_eq!(written(&link).status.code(), Some(2));
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("link"));
}

#[test]
fn a_named_pipe_is_written_into() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    assert!(tools::run(&["mkfifo", pipe.to_str().unwrap()], "").status.success());
    let reader = tools::start(tools::command("timeout").args(["60", "cat"]).arg(&pipe));
    assert_eq!(written(&pipe).status.code(), Some(0));
    assert!(out(&tools::finish(reader, "")).starts_with("#cloud-config\n"));
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
}

#[test]
fn a_device_is_written_into() {
    let printed = written(Path::new("/proc/self/fd/1"));
    assert_eq!(printed.status.code(), Some(0), "{}", err(&printed));
    assert!(out(&printed).starts_with("#cloud-config\n"));
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("full");
    symlink("/dev/full", &link).unwrap();
    let output = written(&link);
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("/dev/full"));
    assert!(fs::metadata(&link).unwrap().file_type().is_char_device());
}

#[test]
fn a_folder_is_no_output_file() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(written(dir.path()).status.code(), Some(2));
}

#[test]
fn a_reader_that_stops_early_is_no_mistake() {
    let mut child = tools::start(&mut homeseed(&["plan", "-", "--format", "json"]));
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), SITE.as_bytes()).unwrap();
    let mut first = [0; 1];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(!err(&output).contains("panicked"), "{}", err(&output));
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
}

#[test]
fn a_plan_says_first_what_the_operator_must_do() {
    let site = format!("{SITE}delegation: elsewhere\n");
    let text = out(&run(&["plan", "-"], &site));
    assert!(text.contains("chat.example.org  A "), "{text}");
    assert!(text.contains("\n  https://example.org/.well-known/matrix/server\n"), "{text}");
    let duties = text.find("Create these DNS records").unwrap();
    assert!(duties < text.find("\nLayers").unwrap());
}

#[test]
fn a_plan_fits_on_one_screen() {
    let text = out(&run(&["plan", "examples/site.yaml"], ""));
    assert!(text.lines().count() <= 50, "{text}");
}

#[test]
fn files_and_checks_are_shown_when_asked_for() {
    let files = out(&run(&["plan", "-", "--files"], SITE));
    assert!(files.lines().any(|line| line.ends_with(" /etc/nftables.conf")), "{files}");
    let checks = out(&run(&["plan", "-", "--checks"], SITE));
    assert_eq!(checks.lines().count(), out(&run(&["checks", "-", "--list"], SITE)).lines().count());
}

#[test]
fn an_authority_that_is_not_known_gets_no_caa_record_and_a_comment() {
    let site = format!("{SITE}tls: {{acme: \"https://ca.example.net/dir\"}}\n");
    let text = out(&run(&["plan", "-", "--format", "zone", "--ipv4", "203.0.113.7"], &site));
    assert!(!text.contains(" CAA 0"), "{text}");
    assert!(text.contains("\n; no CAA record: "), "{text}");
}

#[test]
fn a_zone_is_read_by_a_parser_of_zone_files() {
    let words = ["plan", "-", "--format", "zone", "--ipv4", "203.0.113.7", "--ipv6", "2001:db8::7"];
    let text = out(&run(&words, SITE));
    let origin = Some(hickory_proto::rr::Name::root());
    let (_, sets) =
        hickory_proto::serialize::txt::Parser::new(&text, None, origin).parse().unwrap();
    let mut found: Vec<String> = sets
        .values()
        .flat_map(|set| set.records_without_rrsigs())
        .map(|record| format!("{} {} {}", record.name, record.record_type(), record.data))
        .collect();
    found.sort();
    let expected = ["chat.example.org.", "example.org."].map(|name| {
        [
            format!("{name} A 203.0.113.7"),
            format!("{name} AAAA 2001:db8::7"),
            format!("{name} CAA 0 issue \"letsencrypt.org\""),
        ]
    });
    assert_eq!(found, expected.concat());
}

#[test]
fn addresses_that_are_not_known_are_left_out_of_a_zone() {
    let text = out(&run(&["plan", "-", "--format", "zone"], SITE));
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with(';')).collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.contains(" CAA ")), "{text}");
}

#[test]
fn a_plan_as_json_holds_every_file_whole() {
    let text = out(&run(&["plan", "-", "--format", "json"], SITE));
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(plan["host"], "chat.example.org");
    assert!(plan["files"].as_array().unwrap().iter().all(|file| file["contents"].is_string()));
}

#[test]
fn checks_are_a_script_or_a_list() {
    let script = out(&run(&["checks", "-"], SITE));
    assert!(script.starts_with("#!/bin/sh\n"));
    let list = out(&run(&["checks", "-", "--list"], SITE));
    assert!(script.contains(&format!("1..{}", list.lines().count())));
    let known = ["host ", "ssh ", "network ", "outside "];
    assert!(list.lines().all(|line| known.iter().any(|from| line.starts_with(from))));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("checks.sh");
    run(&["checks", "-", "-o", file.to_str().unwrap()], SITE);
    assert_eq!(fs::read_to_string(file).unwrap(), script);
}

#[test]
fn what_a_changed_site_changes_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old.yaml"), dir.path().join("new.yaml"));
    fs::write(&old, SITE).unwrap();
    fs::write(&new, format!("{SITE}federation: {{port_8448: true}}\n")).unwrap();
    let diff = |words: &[&str]| {
        let paths = [old.to_str().unwrap(), new.to_str().unwrap()];
        run(&[&["diff"], &paths[..], words].concat(), "")
    };
    let output = diff(&[]);
    let text = out(&output);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(text.contains("+ port 8448\n"), "{text}");
    let [come, gone, other] =
        ["+ ", "- ", "~ "].map(|sign| text.lines().filter(|line| line.starts_with(sign)).count());
    let count = format!("in all: {come} added, {gone} removed, {other} changed\n");
    assert!(text.ends_with(&count), "{text}");
    let json: serde_json::Value = serde_json::from_str(&out(&diff(&["--format", "json"]))).unwrap();
    assert_eq!(json["ports"]["added"], serde_json::json!(["8448"]));
    assert_eq!(json["files"]["changed"].as_array().unwrap().len(), other);
    assert!(text.contains("~ file /etc/nftables.conf\n"), "{text}");
    assert!(text.contains("    +tcp dport { 22, 80, 443, 8448 } accept\n"), "{text}");
    assert!(text.contains("! nginx reloads\n") && !text.contains("certificate"), "{text}");
    assert!(!text.contains("!  "), "a service without a name: {text}");
    let output = diff(&["--exit-code"]);
    assert_eq!((output.status.code(), err(&output)), (Some(2), String::new()));
    fs::copy(&old, &new).unwrap();
    let output = diff(&["--exit-code"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(out(&output), "nothing would change on the machine\n");
}

#[test]
fn a_document_to_be_published_again_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let new = dir.path().join("new.yaml");
    let site = format!("{SITE}delegation: elsewhere\n");
    fs::write(&new, site.replace("o@example.org", "p@example.org")).unwrap();
    let text = out(&run(&["diff", "-", new.to_str().unwrap()], &site));
    let line = "~ publication https://example.org/.well-known/matrix/support\n";
    assert!(text.contains(line) && text.matches(" publication ").count() == 1, "{text}");
}

#[test]
fn two_sites_cannot_both_be_standard_input() {
    let output = run(&["diff", "-", "-"], SITE);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("both sites are standard input"), "{}", err(&output));
}

#[test]
fn what_the_steps_record_for_life_is_what_the_layers_declare() {
    let sources = layer::embedded();
    let recorded: BTreeSet<String> = sources
        .iter()
        .filter(|(path, _)| path.ends_with("/setup.sh") || path.ends_with("/setup.sh.j2"))
        .flat_map(|(_, text)| text.lines())
        .filter_map(|line| Some(line.strip_prefix("born ")?.to_owned()))
        .collect();
    let site = Site::parse("it", SITE, embedded_schema()).unwrap();
    let declared = plan(&site, &sources).unwrap().born.into_iter().map(|fact| fact.name);
    // The release is no record: the machine looks at itself.
    let declared: BTreeSet<String> = declared.filter(|name| name != "suite").collect();
    assert!(!recorded.is_empty());
    assert_eq!(recorded, declared);
}

#[test]
fn what_a_machine_is_born_with_cannot_change() {
    let dir = tempfile::tempdir().unwrap();
    let new = dir.path().join("new.yaml");
    fs::write(&new, format!("{}admin: bob\n", SITE.replace(" example.org", " example.net")))
        .unwrap();
    let output = run(&["diff", "-", new.to_str().unwrap()], SITE);
    assert_eq!((output.status.code(), out(&output)), (Some(1), String::new()));
    let said = err(&output);
    assert!(said.contains("`server_name` changes from `example.org` to `example.net`"), "{said}");
    assert!(said.contains("`admin` changes from `admin` to `bob`"), "{said}");
    assert!(said.contains("new.yaml:1:"), "{said}");
}

#[test]
fn every_verb_shows_an_example() {
    let program = <homeseed::cli::Args as clap::CommandFactory>::command();
    let mut verbs = 0;
    for verb in program.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let help = out(&run(&[verb.get_name(), "--help"], ""));
        assert!(help.contains(&format!("\n  homeseed {}", verb.get_name())), "{help}");
        verbs += 1;
    }
    assert!(verbs >= 15);
}

#[test]
fn a_misspelt_verb_or_word_gets_a_suggestion() {
    for (words, suggestion) in [
        (&["chek", "-"][..], "'check'"),
        (&["verfy", "-"], "'verify'"),
        (&["verify", "-", "--format", "jsn"], "'json'"),
        (&["plan", "-", "--fils"], "'--files'"),
    ] {
        let output = run(words, "");
        assert_eq!(output.status.code(), Some(2));
        assert!(err(&output).contains(suggestion), "{}", err(&output));
    }
}

#[test]
fn a_misspelt_layer_gets_a_suggestion() {
    let dir = tempfile::tempdir().unwrap();
    layer(dir.path(), "my-layer");
    let site = site_with(dir.path(), "./my-laier");
    let output = run(&["check", site.to_str().unwrap()], "");
    assert!(err(&output).contains("hint: did you mean `my-layer`?"), "{}", err(&output));
    let manifest = dir.path().join("my-layer/layer.yaml");
    fs::write(manifest, "about: x\nneeds: [ngnix]\n").unwrap();
    let site = site_with(dir.path(), "./my-layer");
    let output = run(&["check", site.to_str().unwrap()], "");
    assert!(err(&output).contains("hint: did you mean `nginx`?"), "{}", err(&output));
}

#[test]
fn colours_are_for_terminals_and_for_those_who_insist() {
    let bad = "server_name: a_b.example\n";
    let said = |words: &[&str]| err(&run(&[&["check", "-"], words].concat(), bad));
    assert!(
        said(&["--color", "always"]).contains("\u{1b}[31merror:"),
        "{}",
        said(&["--color", "always"])
    );
    assert!(!said(&[]).contains('\u{1b}') && !said(&["--color=never"]).contains('\u{1b}'));
    assert!(out(&run(&["--color=always", "--help"], "")).contains('\u{1b}'));
    let on_terminal = |word: &str, set: &str| {
        let command = format!("{} check no-such-file {word}", env!("CARGO_BIN_EXE_homeseed"));
        let mut script = tools::command("script");
        script.args(["-qefc", &command, "/dev/null"]).env_remove("NO_COLOR").env("TERM", "xterm");
        if !set.is_empty() {
            script.env("NO_COLOR", set);
        }
        tools::said(&tools::finish(tools::start(&mut script), "")).contains("\u{1b}[31merror:")
    };
    assert!(on_terminal("", ""));
    assert!(!on_terminal("--color never", "") && !on_terminal("", "1"));
    assert!(on_terminal("--color always", "1"));
}

/// A site in `dir` that names a layer of its own.
fn site_with(dir: &Path, layer: &str) -> PathBuf {
    let site = dir.join("site.yaml");
    fs::write(&site, format!("{SITE}layers: [{layer}]\n")).unwrap();
    site
}

fn layer(dir: &Path, name: impl AsRef<Path>) {
    let folder = dir.join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("layer.yaml"), "about: x\nports: [7777]\n").unwrap();
    fs::write(folder.join("README.md"), "# x\n").unwrap();
}

#[test]
fn a_site_brings_layers_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    layer(dir.path(), "mine");
    let site = site_with(dir.path(), "mine");
    let text = out(&run(&["plan", site.to_str().unwrap()], ""));
    assert!(text.contains("7777"), "{text}");
}

#[test]
fn a_layer_cannot_take_the_name_of_another() {
    let dir = tempfile::tempdir().unwrap();
    layer(dir.path(), "base");
    let site = site_with(dir.path(), "base");
    let output = run(&["check", site.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("there is a layer `base` already"), "{}", err(&output));
}

#[test]
fn a_layer_whose_name_a_shell_would_split_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    layer(dir.path(), "a b");
    let site = dir.path().join("site.yaml");
    fs::write(&site, format!("{SITE}layers: [\"./a b\"]\n")).unwrap();
    let output = run(&["user-data", site.to_str().unwrap()], "");
    assert_eq!((output.status.code(), out(&output)), (Some(1), String::new()));
    assert!(err(&output).contains("the folder `a b` cannot be a layer"), "{}", err(&output));
    assert!(err(&output).contains("hint: rename it"), "{}", err(&output));
}

#[test]
fn a_layer_whose_name_is_not_text_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    layer(dir.path(), OsStr::from_bytes(b"a\xff"));
    symlink(OsStr::from_bytes(b"a\xff"), dir.path().join("a")).unwrap();
    let site = dir.path().join("site.yaml");
    fs::write(&site, format!("{SITE}layers: [a]\n")).unwrap();
    let output = run(&["check", site.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("hint: rename it"), "{}", err(&output));
}

#[test]
fn layers_are_read_from_a_folder_instead() {
    let dir = tempfile::tempdir().unwrap();
    layer(dir.path(), "only");
    let text = out(&run(&["plan", "-", "--layers", dir.path().to_str().unwrap()], SITE));
    assert!(text.contains("  only  x\n"), "{text}");
    assert!(!text.contains("nginx"), "{text}");
}

#[test]
fn a_first_site_file_is_accepted_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let names =
        ["--server-name", "example.org", "--host", "chat.example.org", "--email", "o@example.org"];
    let text = out(&run(&[&["init"], &names[..]].concat(), ""));
    let site = dir.path().join("site.yaml");
    fs::write(&site, &text).unwrap();
    let output = run(&["check", site.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
}

#[test]
fn the_binary_needs_no_files_beside_it() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let alone = dir.path().join("homeseed");
    fs::hard_link(env!("CARGO_BIN_EXE_homeseed"), &alone).unwrap();
    let empty = tempfile::tempdir().unwrap();
    let mut command = tools::command(alone.to_str().unwrap());
    command.args(lenient(&["user-data", "-", "--limit", "999999"]));
    command.current_dir(empty.path()).env_clear();
    let output = tools::finish(tools::start(&mut command), SITE);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).starts_with("#cloud-config\n"));
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
}

#[test]
fn help_fits_into_eighty_columns() {
    let help = out(&run(&["--help"], ""));
    let verbs = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let verbs: Vec<&str> = verbs
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(verbs.contains(&"user-data"), "{verbs:?}");
    for verb in verbs.iter().filter(|verb| **verb != "help") {
        let text = help.clone() + &out(&run(&[verb, "--help"], "")) + &out(&run(&[verb, "-h"], ""));
        let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{verb}: {long:?}");
    }
}
