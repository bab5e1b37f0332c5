//! What is written stands whole, and nothing of anybody else's is lost.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use crate::{
    program::{SITE, done, folder, given, refused},
    tools,
};

const ELSEWHERE: &str = "image-tests/elsewhere/site.yaml";

/// A site of its own in `dir`.
fn site(dir: &Path) -> String {
    let path = dir.join("site.yaml");
    fs::copy(SITE, &path).unwrap();
    path.to_str().unwrap().to_owned()
}

fn word(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_site_is_never_overwritten_by_what_is_made_of_it() {
    let dir = folder();
    let site = site(dir.path());
    let (soft, hard) = (dir.path().join("soft"), dir.path().join("hard"));
    symlink("site.yaml", &soft).unwrap();
    fs::hard_link(&site, &hard).unwrap();
    let before = fs::read(&site).unwrap();
    for output in [site.as_str(), word(&soft), word(&hard)] {
        refused(&["user-data", &site, "-o", output], 1, "is what is read");
        refused(&["user-data", &site, "-o", output, "--force"], 1, "is what is read");
        refused(&["seed", &site, "-o", output, "--force"], 1, "is what is read");
        refused(&["image", &site, "-o", output, "--format", "raw"], 1, "is what is read");
    }
    assert_eq!(fs::read(&site).unwrap(), before);
    let tar = dir.path().join("site.tar");
    fs::rename(&site, &tar).unwrap();
    refused(&["overlay", word(&tar), "-o", word(&tar), "--force"], 1, "is what is read");
    assert_eq!(fs::read(&tar).unwrap(), before);
}

#[test]
fn a_file_of_somebody_elses_is_replaced_only_by_force() {
    let dir = folder();
    let file = dir.path().join("notes");
    for (verb, name) in [("user-data", "notes"), ("seed", "notes"), ("overlay", "notes.tar")] {
        let file = dir.path().join(name);
        fs::write(&file, "mine\n").unwrap();
        refused(&[verb, SITE, "-o", word(&file)], 1, "homeseed did not write it");
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine\n");
    }
    done(&["user-data", SITE, "-o", word(&file), "--force"]);
    // What it wrote itself it takes back, in every form.
    for words in [
        &["--encoding", "plain"][..],
        &["--encoding", "gzip"],
        &["--encoding", "gzip", "--base64"],
        &[],
    ] {
        done(&[&["user-data", SITE, "-o", word(&file)], words].concat());
    }
    let tar = dir.path().join("notes.tar");
    done(&["overlay", SITE, "-o", word(&tar), "--force"]);
    done(&["overlay", SITE, "-o", word(&tar)]);
}

#[test]
fn a_hyphen_is_standard_output() {
    let dir = folder();
    let words = ["user-data", "-", "-o", "-"];
    let output = given(&words, &fs::read_to_string(SITE).unwrap());
    assert!(output.stdout.starts_with(b"#cloud-config\n"), "{}", tools::said(&output));
    for words in [
        &["overlay", SITE, "-o", "-"][..],
        &["well-known", ELSEWHERE, "-o", "-"],
        &["seed", SITE, "-o", "-"],
        &["man", "-o", "-"],
        &["user-data", SITE, "--from", "https://www.maple.chat/a", "--payload", "-"],
    ] {
        refused(words, 1, " cannot go to standard output\n\nhint: ");
    }
    assert!(!Path::new("-").exists() && fs::read_dir(dir.path()).unwrap().count() == 0);
}

#[test]
fn documents_are_written_beside_what_a_web_root_holds() {
    let dir = folder();
    let root = dir.path().join("root");
    fs::create_dir_all(root.join(".git")).unwrap();
    fs::create_dir_all(root.join(".well-known/acme-challenge")).unwrap();
    for name in [".git/HEAD", "index.html", ".well-known/security.txt"] {
        fs::write(root.join(name), "mine\n").unwrap();
    }
    let words = ["well-known", ELSEWHERE, "-o", word(&root)];
    done(&words);
    done(&words);
    for name in [".git/HEAD", "index.html", ".well-known/security.txt"] {
        assert_eq!(fs::read_to_string(root.join(name)).unwrap(), "mine\n", "{name}");
    }
    assert!(root.join(".well-known/matrix/server").is_file());
    assert!(root.join(".well-known/acme-challenge").is_dir());
    let check = tools::command("sha256sum")
        .args(["--check", "--quiet", ".homeseed"])
        .current_dir(&root)
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", tools::said(&check));
    // One that was changed is somebody's.
    fs::write(root.join("_headers"), "mine\n").unwrap();
    refused(&words, 1, "\n  _headers\n");
    assert_eq!(fs::read_to_string(root.join("_headers")).unwrap(), "mine\n");
    done(&[&words[..], &["--force"]].concat());
    assert_ne!(fs::read_to_string(root.join("_headers")).unwrap(), "mine\n");
    assert!(root.join("index.html").exists());
}

#[test]
fn what_a_folder_of_ours_no_longer_holds_is_taken_out_of_it() {
    let dir = folder();
    let out = dir.path().join("overlay");
    let site = site(dir.path());
    let with =
        fs::read_to_string(&site).unwrap().replace("registration: closed", "registration: tokens");
    done(&["overlay", &site, "-o", word(&out)]);
    let stale = out.join("tree/etc/stale.conf");
    fs::write(&stale, "old\n").unwrap();
    let list = fs::read_to_string(out.join(".homeseed")).unwrap();
    let sum = homeseed::digest::sha256("old\n");
    fs::write(
        out.join(".homeseed"),
        format!("{list}{sum}  tree/etc/stale.conf\n{sum}  ../site.yaml\n"),
    )
    .unwrap();
    fs::write(&site, with).unwrap();
    done(&["overlay", &site, "-o", word(&out)]);
    assert!(!stale.exists() && Path::new(&site).exists());
}

#[test]
fn one_folder_may_be_written_by_several_at_once() {
    let dir = folder();
    let out = dir.path().join("overlay");
    let start = || {
        let mut command = tools::command(env!("CARGO_BIN_EXE_homeseed"));
        tools::start(command.args(["overlay", SITE, "-o", word(&out), "--allow-placeholders"]))
    };
    let children: Vec<_> = (0..6).map(|_| start()).collect();
    for child in children {
        let output = tools::finish(child, "");
        assert!(output.status.success(), "{}", tools::said(&output));
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn whoever_interrupts_finds_nothing_left() {
    let dir = folder();
    let bin = dir.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let stub = bin.join("xorriso");
    fs::write(&stub, "#!/bin/sh\nkill -INT $PPID\nsleep 0.3\nexit 1\n").unwrap();
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).unwrap();
    let out = dir.path().join("out");
    fs::create_dir(&out).unwrap();
    let path = format!("{}:{}", word(&bin), std::env::var("PATH").unwrap());
    let mut command = tools::command(env!("CARGO_BIN_EXE_homeseed"));
    command.args(["seed", SITE, "--allow-placeholders", "-o", word(&out.join("seed.iso"))]);
    let output = tools::finish(tools::start(command.env("PATH", path)), "");
    assert!(!output.status.success());
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0, "{}", tools::said(&output));
}

#[test]
fn what_the_documentation_shows_becomes_no_machine() {
    let text = fs::read_to_string("README.md").unwrap();
    let (_, rest) = text.split_once("```yaml\n").unwrap();
    let site = rest.split("```").next().unwrap();
    let dir = folder();
    let path = dir.path().join("site.yaml");
    fs::write(&path, site).unwrap();
    let out = dir.path().join("out.tar");
    for verb in ["user-data", "overlay", "seed", "image"] {
        let mut command = tools::command(env!("CARGO_BIN_EXE_homeseed"));
        command.args([verb, word(&path), "-o", word(&out)]);
        let output = tools::finish(tools::start(&mut command), "");
        let said = tools::said(&output);
        assert_eq!(output.status.code(), Some(1), "{verb}: {said}");
        for line in [":1:", ":2:", ":4:", ":6:", "nobody can log in with it"] {
            assert!(said.contains(line), "{verb}: {said}");
        }
    }
    assert!(!out.exists());
    for verb in ["check", "plan"] {
        let output = given(&[verb, word(&path)], "");
        assert_eq!(output.status.code(), Some(0));
        let warnings = String::from_utf8_lossy(&output.stderr).matches("warning: ").count();
        assert_eq!(warnings, 4, "{}", tools::said(&output));
    }
    let own = site
        .replace("example.org", "maple.chat")
        .replace(
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8f",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g",
        )
        .replace("IAABAgME", "IAABAgMF");
    fs::write(&path, own).unwrap();
    let output = tools::run(&[env!("CARGO_BIN_EXE_homeseed"), "user-data", word(&path)], "");
    assert!(output.status.success(), "{}", tools::said(&output));
}

/// What a person sees who runs `line` on a terminal; `programs` are on the path, too.
fn seen(line: &str, programs: &[&str]) -> String {
    let bin = folder();
    for program in programs {
        let path = bin.path().join(program);
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let own = Path::new(env!("CARGO_BIN_EXE_homeseed")).parent().unwrap();
    let path = format!("{}:{}:/usr/bin:/bin", word(bin.path()), word(own));
    let mut command = tools::command("script");
    command.args(["-qec", line, "/dev/null"]).env("PATH", path).env("SHELL", "/bin/sh");
    tools::said(&tools::finish(tools::start(&mut command), ""))
}

#[test]
fn on_a_terminal_it_is_said_what_was_written_and_what_to_do_next() {
    let dir = folder();
    let printed = format!("homeseed user-data {SITE} --allow-placeholders");
    let said = seen(&printed, &["xsel"]);
    assert!(said.contains("#cloud-config"), "{said}");
    assert!(
        said.contains(&format!("`homeseed user-data {SITE} | xsel --clipboard --input`")),
        "{said}"
    );
    assert!(seen(&format!("{printed} --encoding gzip"), &[]).contains("not for a terminal"));
    let path = |name: &str| word(&dir.path().join(name)).to_owned();
    for (line, next) in [
        (format!("{printed} -o {}", path("user-data")), "hand it over as user-data"),
        (format!("homeseed overlay {SITE} --allow-placeholders -o {}", path("o")), "`bake`"),
        (format!("homeseed well-known {ELSEWHERE} -o {}", path("w")), "publish it"),
    ] {
        let said = seen(&line, &[]);
        assert!(said.contains("is written; next: ") && said.contains(next), "{line}: {said}");
    }
}
