//! Backups at the desk, with the keys that OpenSSH makes: what is read, what is refused, and in which words.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use homeseed::{
    backup::{Folder, Manifest, Recipients, Record, Stamp, Stored},
    digest::sha256,
};
use tempfile::TempDir;

use crate::tools;

/// A desk: a folder of backups, keys, and the machines that it knows.
struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new() -> Desk {
        let desk = Desk { dir: tempfile::tempdir().unwrap() };
        desk.key("machine", &[]);
        let machine = desk.public("machine");
        fs::write(desk.path("signers"), format!("example.org {machine}\n")).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Makes a key as `ssh-keygen` does; without other words, one of Ed25519 that has no passphrase.
    fn key(&self, name: &str, words: &[&str]) {
        let mut all = vec!["ssh-keygen", "-q"];
        let own = ["-t", "ed25519", "-N", ""];
        all.extend(if words.is_empty() { &own[..] } else { words });
        let file = self.text(name);
        let output = tools::run(&[&all[..], &["-f", &file]].concat(), "");
        assert!(output.status.success(), "{}", tools::said(&output));
    }

    fn public(&self, name: &str) -> String {
        let line = fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap();
        line.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    /// Lays a backup that `signer` signs as that of `machine`, for whoever has one of `keys`.
    fn back_up(&self, time: &str, file: &str, keys: &[String]) {
        let folder = Folder::make(&self.path("backups")).unwrap();
        let (recipients, _) = Recipients::of(keys).unwrap();
        let stamp: Stamp = time.parse().unwrap();
        let store = |stored: &Stored, text: &str| {
            let mut draft = folder.draft(stored, &recipients).unwrap();
            draft.fill(&mut text.as_bytes(), &|_| ()).unwrap();
            draft.commit().unwrap()
        };
        let stream = store(&Stored::stream(stamp, "db"), "everything");
        let media: Stored = format!("local_content/aa/bb/{file}.1764000000.5").parse().unwrap();
        let sum = store(&media, "media");
        let files = b"an archive".to_vec();
        let text = format!(
            "homeseed-backup 1\ntime {time}\nserver_name example.org\nhost chat.example.org\nsuite bookworm\npayload x\n\
             machine {}\nstream db {stream}\nnumber db users 2\ntree /var/lib/media\nfile {media} {sum}\nfiles {}\n",
            self.public("machine"),
            sha256(&files)
        );
        let key = self.text("machine");
        let sign = ["ssh-keygen", "-qY", "sign", "-n", "homeseed-backup", "-f", &key];
        let signature = String::from_utf8(tools::run(&sign, &text).stdout).unwrap();
        let manifest = Manifest::parse(&text, stamp).unwrap();
        Record::new(stamp, manifest, text, signature, files).write(&folder, &recipients).unwrap();
    }

    /// Runs the program; whether it succeeds, and what it says.
    fn run(&self, words: &[&str]) -> (bool, String) {
        let mut command = tools::command(env!("CARGO_BIN_EXE_homeseed"));
        command.args(words).current_dir(self.dir.path()).env("HOME", self.dir.path());
        let output = tools::finish(tools::start(command.env_remove("XDG_CONFIG_HOME")), "");
        (output.status.success(), tools::said(&output))
    }

    fn verify(&self, identity: &str) -> (bool, String) {
        self.run(&["backup", "verify", "backups", "--identity", identity, "--signers", "signers"])
    }
}

#[test]
fn each_key_that_a_backup_was_encrypted_to_reads_it() {
    let desk = Desk::new();
    desk.key("id_ed25519", &[]);
    desk.key("id_rsa", &["-t", "rsa", "-b", "3072", "-N", ""]);
    desk.back_up("20261124T030000Z", "a", &[desk.public("id_ed25519"), desk.public("id_rsa")]);
    for identity in ["id_ed25519", "id_rsa"] {
        let (good, said) = desk.verify(identity);
        assert!(good && said.contains("good: ") && said.contains("users 2"), "{identity}: {said}");
    }
    let (good, said) = desk.verify("machine");
    assert!(!good && said.contains("was not encrypted to this identity"), "{said}");
}

#[test]
fn a_key_that_cannot_read_is_named_with_a_cure() {
    let desk = Desk::new();
    desk.key("id_ed25519", &[]);
    desk.key("id_ecdsa", &["-t", "ecdsa", "-N", ""]);
    desk.key("id_old", &["-t", "rsa", "-m", "PEM", "-N", "secret"]);
    desk.key("id_locked", &["-t", "ed25519", "-N", "secret"]);
    fs::write(desk.path("id_sk"), hardware_key()).unwrap();
    fs::write(desk.path("id_none"), "no key at all\n").unwrap();
    desk.back_up("20261124T030000Z", "a", &[desk.public("id_ed25519")]);
    for (identity, words) in [
        ("id_ecdsa", "which cannot decrypt"),
        ("id_old", "in an old format of OpenSSH"),
        ("id_sk", "is a key in hardware, which signs and cannot decrypt"),
        ("id_none", "holds no key that age could use"),
        ("id_ed25519.pub", "holds a public key"),
        ("id_missing", "id_missing"),
        ("id_locked", "has a passphrase, and it cannot be asked for"),
    ] {
        let (good, said) = desk.verify(identity);
        assert!(!good && said.contains(words), "{identity}: {said}");
    }
}

/// The file of a key in hardware, as PROTOCOL.key and PROTOCOL.u2f of OpenSSH describe it.
fn hardware_key() -> String {
    let string = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        [&length[..], bytes].concat()
    };
    let kind = string(b"sk-ssh-ed25519@openssh.com");
    let public = [&kind[..], &string(&[7; 32]), &string(b"ssh:")].concat();
    let private =
        [&[1; 8][..], &public, &[1], &string(&[9; 64]), &string(b""), &string(b"")].concat();
    let padding: Vec<u8> = (1..).take((8 - private.len() % 8) % 8).collect();
    let whole = [
        b"openssh-key-v1\0",
        &string(b"none")[..],
        &string(b"none"),
        &string(b""),
        &1_u32.to_be_bytes(),
        &string(&public),
        &string(&[private, padding].concat()),
    ]
    .concat();
    let lines = STANDARD.encode(whole);
    let lines = lines.as_bytes().chunks(70).map(|it| std::str::from_utf8(it).unwrap());
    let text = lines.collect::<Vec<_>>().join("\n");
    format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{text}\n-----END OPENSSH PRIVATE KEY-----\n")
}

/// Types `answers` on a terminal, one after the other, and gives what is seen.
fn dialogue(dir: &Path, words: &str, answers: &[&str]) -> (bool, String) {
    let command = format!("{} {words}", env!("CARGO_BIN_EXE_homeseed"));
    let mut script = tools::command("script");
    script.args(["-qefc", &command, "/dev/null"]).current_dir(dir).env("HOME", dir);
    let mut child = tools::start(script.env("NO_COLOR", "1"));
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for answer in answers {
                // What is typed before it is asked for may be thrown away.
                std::thread::sleep(Duration::from_secs(3));
                stdin.write_all(answer.as_bytes()).ok();
            }
            std::thread::sleep(Duration::from_secs(3));
        });
        let output = child.wait_with_output().unwrap();
        (output.status.success(), tools::said(&output))
    })
}

#[test]
fn a_passphrase_is_asked_for_on_the_terminal() {
    let desk = Desk::new();
    desk.key("id_locked", &["-t", "ed25519", "-N", "secret"]);
    desk.back_up("20261124T030000Z", "a", &[desk.public("id_locked")]);
    let words = "backup verify backups --identity id_locked --signers signers";
    let (good, seen) = dialogue(desk.dir.path(), words, &["wrong\n", "secret\n"]);
    assert!(good && seen.contains("that is not it") && seen.contains("good: "), "{seen}");
    assert!(!seen.contains("secret"), "{seen}");
    let (good, seen) = dialogue(desk.dir.path(), words, &["a\n", "b\n", "c\n"]);
    assert!(!good && seen.contains("the passphrase of `id_locked` is another"), "{seen}");
}

#[test]
fn a_site_without_a_key_that_reads_is_refused_before_anything_is_asked() {
    let desk = Desk::new();
    desk.key("id_ecdsa", &["-t", "ecdsa", "-N", ""]);
    let site = format!(
        "server_name: example.org\nhost: chat.example.org\noperator:\n  email: operator@example.org\n  ssh_keys: [{}]\n",
        desk.public("id_ecdsa")
    );
    fs::write(desk.path("site.yaml"), site).unwrap();
    let pull = ["backup", "pull", "site.yaml", "backups", "--ssh", "root@192.0.2.1"];
    let (good, said) = desk.run(&pull);
    let words = "a backup cannot be encrypted to a key of the type ecdsa-sha2-nistp256";
    assert!(!good && said.contains(words) && said.contains("ssh-keygen -t ed25519"), "{said}");
    assert!(!desk.path("backups").exists());
}

#[test]
fn a_machine_that_nobody_knows_is_believed_once_it_was_made_known() {
    let desk = Desk::new();
    desk.key("id_ed25519", &[]);
    desk.back_up("20261124T030000Z", "a", &[desk.public("id_ed25519")]);
    let verify = ["backup", "verify", "backups", "--identity", "id_ed25519"];
    let (good, said) = desk.run(&verify);
    assert!(!good && said.contains("signed by a machine that this desk does not know"), "{said}");
    assert!(desk.run(&[&verify[..], &["--any-machine"]].concat()).0);
    let (good, said) = desk.run(&["backup", "trust", "example.org", "nonsense"]);
    assert!(!good && said.contains("`nonsense` is not a public key of a machine"), "{said}");
    let (good, said) = desk.run(&[&verify[..], &["--at", "yesterday"]].concat());
    assert!(!good && said.matches("error: ").count() == 1, "{said}");
    let machine = desk.public("machine");
    let key: Vec<&str> = machine.split(' ').collect();
    let trust = ["backup", "trust", "example.org", key[0], key[1], "root@chat"];
    let (good, said) = desk.run(&trust);
    assert!(good && said.contains(".config/homeseed/machines"), "{said}");
    let (good, said) = desk.run(&verify);
    assert!(good, "{said}");
}

#[test]
fn old_backups_go_with_the_media_that_no_other_names() {
    let desk = Desk::new();
    desk.key("id_ed25519", &[]);
    let keys = [desk.public("id_ed25519")];
    for (time, file) in
        [("20261123T030000Z", "a"), ("20261124T030000Z", "b"), ("20261124T150000Z", "b")]
    {
        desk.back_up(time, file, &keys);
    }
    let (good, said) = desk.run(&["backup", "list", "backups", "--max-age", "1h"]);
    assert!(
        !good && said.contains("the newest backup is ") && said.contains("media files: 2, "),
        "{said}"
    );
    let prune = ["backup", "prune", "backups", "--keep", "1d"];
    let (good, said) = desk.run(&[&prune[..], &["--dry-run"]].concat());
    assert!(good && said.contains("20261123T030000Z would go"), "{said}");
    assert!(desk.path("backups/20261123T030000Z.age").exists());
    let (good, said) = desk.run(&[&prune[..], &["--identity", "id_ed25519"]].concat());
    assert!(good && said.contains("backups that stay: 1; files gone: 5, "), "{said}");
    assert!(!desk.path("backups/local_content/aa/bb/a.1764000000.5.age").exists());
    let (good, said) = desk.verify("id_ed25519");
    assert!(good && said.matches("good: ").count() == 1, "{said}");
}
