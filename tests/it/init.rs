//! `homeseed init`: what it prints is a site.

use std::{fs, path::Path};

use homeseed::layer::embedded_schema;
use homeseed::{
    init::{Options, site_yaml},
    site::Site,
};

use crate::{golden, program::given, tools};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

fn options() -> Options {
    Options {
        server_name: "example.org".to_owned(),
        host: "chat.example.org".to_owned(),
        email: "operator@example.org".to_owned(),
        ssh_keys: vec![format!("{KEY} you@laptop\n")],
        settings: Vec::new(),
    }
}

fn set(path: &str, value: &str) -> Vec<(String, String)> {
    vec![(path.to_owned(), value.to_owned())]
}

#[test]
fn the_text_is_for_people() {
    golden::check(Path::new("tests/golden/init.yaml"), &site_yaml(&options()).unwrap());
}

#[test]
fn whatever_is_valid_parses_without_warnings() {
    let admins =
        ["true", "null", "no", "1e3", "0x1f", "a.", "=", ".", "a=", "a-", "y", "on", "a+b/c"];
    let emails = [
        "'o@example.org",
        "%a@example.org",
        "_@example.org",
        "~@example.org",
        "1@2.e3",
        "o'brien+x@example.org",
    ];
    let names =
        ["1.e3", "0x1f.no", "2026-01-01.example.org", "xn--bcher-kva.example", "a.b", "null.true"];
    let comments = [
        "",
        "me: myself",
        "a #1 fan",
        "\"quoted\" \\ 'x'",
        "{{ x }}",
        "- - -",
        "&a *b !c",
        "it's: # x |",
    ];
    for (n, comment) in comments.iter().cycle().take(200).enumerate() {
        let site = Options {
            server_name: names[n % names.len()].to_owned(),
            host: format!("h{}.example.org", n % 3),
            email: emails[n % emails.len()].to_owned(),
            ssh_keys: vec![format!("# mine\n{KEY} {comment}\r\n")],
            settings: set("admin", admins[n % admins.len()]),
        };
        let text = site_yaml(&site).unwrap_or_else(|errors| panic!("{site:?}\n{errors}"));
        let read = Site::parse("site.yaml", &text, embedded_schema()).unwrap();
        assert_eq!(read.warnings(), Vec::<String>::new(), "{text}");
        assert_eq!(read.server_name(), site.server_name);
        assert_eq!(read.ssh_keys(), [format!("{KEY} {comment}").trim().replace("  ", " ")]);
        let json = serde_json::to_value(&read).unwrap();
        assert_eq!(json["operator"]["email"], site.email);
        assert_eq!(json["admin"], site.settings[0].1);
    }
}

#[test]
fn any_key_may_be_set_and_its_section_stands_there_once() {
    let settings = [
        ("federation.allow", "[a.example, b.example]"),
        ("federation.port_8448", "true"),
        ("media.remote_lifetime", "30d"),
        ("tls.acme.directory", "https://ca.example/directory"),
        ("synapse", "{enable_search: false}"),
    ];
    let settings = settings.iter().flat_map(|(path, value)| set(path, value)).collect();
    let text = site_yaml(&Options { settings, ..options() }).unwrap();
    let site = Site::parse("site.yaml", &text, embedded_schema()).unwrap();
    let json = serde_json::to_value(&site).unwrap();
    assert_eq!(json["federation"]["allow"], serde_json::json!(["a.example", "b.example"]));
    assert_eq!(json["federation"]["port_8448"], true);
    assert_eq!(json["media"]["remote_lifetime"], "30d");
    assert_eq!(json["tls"]["acme"]["directory"], "https://ca.example/directory");
    assert_eq!(json["synapse"]["enable_search"], false);
    assert_eq!(json["admin"], "admin");
    for section in ["federation:", "media:", "tls:"] {
        let is_it = |line: &&str| line.trim_start_matches("# ") == section;
        assert_eq!(text.lines().filter(is_it).count(), 1, "{section} in\n{text}");
    }
}

#[test]
fn what_is_shown_as_a_default_is_the_default() {
    let text = site_yaml(&options()).unwrap();
    let (head, defaults) = text.split_once("# Everything else has a default:\n").unwrap();
    let uncommented: String = defaults.lines().map(|it| it[2..].to_owned() + "\n").collect();
    let read = |text: &str| Site::parse("site.yaml", text, embedded_schema()).unwrap();
    let json = |text: &str| serde_json::to_value(read(text)).unwrap();
    assert_eq!(json(&format!("{head}{uncommented}")), json(head));
}

#[test]
fn a_setting_that_is_wrong_is_named() {
    for (settings, expected) in [
        (set("presance", "true"), "there is no key `presance`\n\nhint: did you mean `presence`?"),
        (set("presence", "yes"), "presence: `yes` is neither `true` nor `false`"),
        (set("host", "a.example"), "`host` has a flag of its own\n\nhint: write `--host`"),
        (set("admin", "a\nb"), "admin: the value must be one line of text"),
        (set("media.max_upload", "11G"), "`11G` is more than 10G"),
        (set("synapse", "{a: "), "error: "),
        (
            [set("tls.acme", "staging"), set("tls.acme.ca", "x")].concat(),
            "`tls.acme` is set, and so is a key in it",
        ),
        (
            set("delegation", "none"),
            "`delegation: none` needs a host that has the name of the server",
        ),
    ] {
        let options = Options { settings, ..options() };
        let errors = site_yaml(&options).map_err(|errors| errors.to_string());
        let errors = errors.expect_err(&format!("{:?}", options.settings));
        assert!(errors.contains(expected), "{expected} in\n{errors}");
    }
}

#[test]
fn one_name_for_both_means_no_delegation() {
    let site = Options { server_name: "chat.example.org".to_owned(), ..options() };
    assert!(site_yaml(&site).unwrap().contains("\n# delegation: none "));
}

#[test]
fn a_key_may_be_given_twice() {
    let site = Options { ssh_keys: vec![KEY.to_owned(), KEY.to_owned()], ..options() };
    assert_eq!(
        Site::parse("site.yaml", &site_yaml(&site).unwrap(), embedded_schema()).unwrap().ssh_keys(),
        [KEY]
    );
}

#[test]
fn a_key_is_written_once_wherever_it_is_repeated() {
    let other = KEY.replace("HR4f", "HR4g");
    let files = [format!("{KEY} me\n{other}\n{KEY} me\n"), format!("{other}\n{KEY}   me\r\n")];
    let site = Options { ssh_keys: files.to_vec(), ..options() };
    let read = Site::parse("site.yaml", &site_yaml(&site).unwrap(), embedded_schema()).unwrap();
    assert_eq!(read.ssh_keys(), [format!("{KEY} me"), other]);
}

#[test]
fn a_private_key_is_not_repeated() {
    let text = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n";
    let site = Options { ssh_keys: vec![text.to_owned()], ..options() };
    let errors = site_yaml(&site).unwrap_err().to_string();
    assert!(errors.contains("private key") && !errors.contains("c2VjcmV0"), "{errors}");
}

#[test]
fn every_wrong_flag_is_named() {
    let site = Options {
        server_name: "Example.org".to_owned(),
        host: "chat".to_owned(),
        email: "me".to_owned(),
        ssh_keys: vec!["~/.ssh/id_ed25519.pub".to_owned()],
        settings: set("admin", "@me"),
    };
    let errors = site_yaml(&site).unwrap_err().to_string();
    for flag in ["--server-name: ", "--host: ", "--email: ", "--ssh-key: ", "admin: `@me`"] {
        assert!(errors.contains(flag), "{flag} in\n{errors}");
    }
}

/// Types `answers` on a terminal of its own, and gives what is seen and the exit status.
fn dialogue(dir: &Path, words: &str, answers: &[&str]) -> (String, Option<i32>) {
    let command = format!("{} init {words}", env!("CARGO_BIN_EXE_homeseed"));
    let mut script = tools::command("script");
    script.args(["-qefc", &command, "/dev/null"]).current_dir(dir).env("HOME", dir);
    let mut child = tools::start(script.env("NO_COLOR", "1"));
    let mut stdin = child.stdin.take().unwrap();
    let answers = answers.concat();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // The pipe stays open until the end: a terminal whose other side is gone is hung up.
            std::io::Write::write_all(&mut stdin, answers.as_bytes()).ok();
            std::thread::sleep(std::time::Duration::from_secs(2));
        });
        let output = child.wait_with_output().unwrap();
        (tools::said(&output), output.status.code())
    })
}

#[test]
fn flags_are_judged_before_anything_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let flags = "--email bad --ssh-key nokey --set presence=maybe";
    for (words, expected) in [
        (flags, &["--email: `bad`", "there is no `nokey`", "presence: `maybe`"][..]),
        ("-o nodir/site.yaml", &["there is no folder `nodir`"]),
    ] {
        let (seen, status) = dialogue(dir.path(), words, &[]);
        assert_eq!(status, Some(1), "{seen}");
        assert!(!seen.contains("server-name> "), "{seen}");
        assert!(expected.iter().all(|it| seen.contains(it)), "{seen}");
    }
    // Without a terminal all of it is said beside what is missing.
    let words: Vec<&str> = flags.split(' ').collect();
    let said = tools::said(&given(&[&["init"], &words[..]].concat(), ""));
    for word in
        ["`--host` is missing", "--email: `bad`", "there is no `nokey`", "presence: `maybe`"]
    {
        assert!(said.contains(word), "{word} in {said}");
    }
}

#[test]
fn no_answer_is_lost_to_a_folder_that_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let answers =
        ["example.org\n", "\n", "o@example.org\n", "none\n", "\n", "nodir/a.yaml\n", "a.yaml\n"];
    let (seen, status) = dialogue(dir.path(), "", &answers);
    assert_eq!(status, Some(0), "{seen}");
    assert!(seen.contains("there is no folder `nodir`"), "{seen}");
    assert_eq!(seen.matches("> ").count(), 7, "six questions, and one once more: {seen}");
    assert!(dir.path().join("a.yaml").is_file());
}

#[test]
fn on_a_terminal_it_asks_until_each_answer_is_good() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".ssh")).unwrap();
    fs::write(dir.path().join(".ssh/id_ed25519.pub"), format!("{KEY} you@laptop\n")).unwrap();
    let answers = ["exa_mple\n", "example.org\n", "\n", "operator\n", "o@example.org\n", "\n"];
    let (seen, status) = dialogue(dir.path(), "--set admin=bob", &[&answers[..], &["\n"]].concat());
    assert_eq!(status, Some(0), "{seen}");
    assert!(seen.contains("error: --server-name: `exa_mple`"), "{seen}");
    assert!(seen.contains("host [chat.example.org]> "), "{seen}");
    assert!(seen.contains("error: --email: `operator` is not an e-mail address"), "{seen}");
    assert!(seen.contains("ssh-key [~/.ssh/id_ed25519.pub]> "), "{seen}");
    assert!(!seen.contains("admin [") && !seen.contains('\u{1b}'), "{seen}");
    let text = fs::read_to_string(dir.path().join("site.yaml")).unwrap();
    let options =
        Options { email: "o@example.org".into(), settings: set("admin", "bob"), ..options() };
    assert_eq!(text, site_yaml(&options).unwrap());
}

#[test]
fn a_dialogue_that_ends_early_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (seen, status) = dialogue(dir.path(), "-o new.yaml", &["example.org\n", "\u{4}"]);
    assert_eq!(status, Some(1), "{seen}");
    assert!(seen.contains("nothing is written"), "{seen}");
    assert!(!dir.path().join("new.yaml").exists());
}

#[test]
fn without_a_terminal_every_missing_flag_is_named() {
    let output = tools::run(&[env!("CARGO_BIN_EXE_homeseed"), "init", "--host", "a.example"], "");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    let said = tools::said(&output);
    assert!(
        said.contains("`--server-name` is missing: ") && said.contains("`--email` is missing: ")
    );
    assert!(!said.contains("--host"), "{said}");
}

#[test]
fn a_site_that_is_there_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("site.yaml");
    fs::write(&file, "mine").unwrap();
    let words = [env!("CARGO_BIN_EXE_homeseed"), "init", "-o", file.to_str().unwrap()];
    let flags = ["--server-name", "a.example", "--host", "a.example", "--email", "o@a.example"];
    let output = tools::run(&[&words[..], &flags].concat(), "");
    assert_eq!(output.status.code(), Some(1));
    assert!(tools::said(&output).contains("is there already"));
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
}
