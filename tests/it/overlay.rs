//! Overlays, and images as far as no tool is needed: what is written, and what is refused.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::{
    docs,
    program::{SITE, done, folder, lenient, refused},
    tools,
};

/// An overlay, and the word for its path.
fn overlay(dir: &TempDir) -> String {
    let path = dir.path().join("overlay").to_str().unwrap().to_owned();
    done(&["overlay", SITE, "-o", &path]);
    path
}

#[test]
fn the_tar_is_the_same_each_time_and_holds_what_the_folder_holds() {
    let dir = folder();
    let path = overlay(&dir);
    let tar = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    for name in ["one.tar", "two.tar"] {
        done(&["overlay", SITE, "-o", &tar(name)]);
    }
    assert_eq!(fs::read(tar("one.tar")).unwrap(), fs::read(tar("two.tar")).unwrap());
    let unpacked = dir.path().join("unpacked");
    fs::create_dir(&unpacked).unwrap();
    let unpacked = unpacked.to_str().unwrap();
    for words in [
        vec!["tar", "--same-permissions", "-xf", &tar("one.tar"), "-C", unpacked],
        vec!["diff", "-r", "--no-dereference", &path, &format!("{unpacked}/overlay")],
    ] {
        let output = tools::finish(tools::start(tools::command(words[0]).args(&words[1..])), "");
        assert!(output.status.success(), "{}", tools::said(&output));
    }
}

#[test]
fn everything_that_the_inventory_names_lies_in_the_tree() {
    let dir = folder();
    let path = overlay(&dir);
    let inventory = fs::read_to_string(format!("{path}/inventory")).unwrap();
    assert!(inventory.lines().count() > 30, "{inventory}");
    for line in inventory.lines() {
        let file = line.split(' ').nth(3).unwrap();
        assert!(Path::new(&format!("{path}/tree{file}")).is_file(), "{file}");
    }
    let packages = fs::read_to_string(format!("{path}/packages")).unwrap();
    for name in ["openssh-server", "matrix-synapse-py3"] {
        assert!(packages.lines().any(|line| line == name), "{packages}");
    }
    assert!(Path::new(&format!("{path}/sources/matrix-org.sources")).is_file());
    assert!(Path::new(&format!("{path}/units")).is_file());
}

#[test]
fn an_overlay_that_was_changed_is_not_baked() {
    let bake = |path: &str| {
        let tree = folder();
        let mut command = tools::command("sh");
        command.args([&format!("{path}/bake"), tree.path().to_str().unwrap()]);
        let output = tools::finish(tools::start(&mut command), "");
        assert_eq!(fs::read_dir(tree.path()).unwrap().count(), 0, "the tree was touched");
        assert!(!output.status.success(), "{}", tools::said(&output));
        tools::said(&output)
    };
    let append = |file: &str| {
        let text = fs::read_to_string(file).unwrap();
        fs::write(file, text + "# more\n").unwrap();
    };
    for (file, words) in [
        ("tree/usr/lib/homeseed/lib.sh", "the tree was changed"),
        ("inventory", "the overlay was changed"),
        ("packages", "the overlay was changed"),
    ] {
        let dir = folder();
        let path = overlay(&dir);
        append(&format!("{path}/{file}"));
        let said = bake(&path);
        assert!(said.contains(words), "{file}: {said}");
    }
    let dir = folder();
    let path = overlay(&dir);
    fs::write(format!("{path}/tree/etc/evil"), "x\n").unwrap();
    assert!(bake(&path).contains("the tree holds what was not compiled: /etc/evil"));
    // Unharmed it comes as far as the tree, which is empty.
    let dir = folder();
    let said = bake(&overlay(&dir));
    assert!(said.contains("holds no Debian") || said.contains("this needs root"), "{said}");
}

#[test]
fn an_overlay_replaces_an_overlay_and_nothing_else() {
    let dir = folder();
    let path = overlay(&dir);
    fs::write(format!("{path}/tree/stray"), "x\n").unwrap();
    done(&["overlay", SITE, "-o", &path]);
    // What is somebody's stays, and is told when it is baked.
    assert!(Path::new(&format!("{path}/tree/stray")).exists());
    let other = dir.path().join("photographs");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("cat.jpg"), "x").unwrap();
    refused(&["overlay", SITE, "-o", other.to_str().unwrap()], 1, "is no overlay");
    assert!(other.join("cat.jpg").exists());
}

#[test]
fn tools_that_are_missing_are_named_with_their_packages() {
    let mut command = tools::command(env!("CARGO_BIN_EXE_homeseed"));
    command.args(lenient(&["image", SITE, "-o", "a.qcow2", "--mirror", "http://a.example/debian"]));
    command.env("PATH", "/nonexistent");
    let output = tools::finish(tools::start(&mut command), "");
    let said = tools::said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for word in ["`mmdebstrap`, ", "`mcopy`, ", "`qemu-img` are not installed\n"] {
        assert!(said.contains(word), "{said}");
    }
    let hint = said.lines().find(|line| line.starts_with("hint: apt-get install ")).unwrap();
    for package in [" mmdebstrap", " mtools", " qemu-utils"] {
        assert!(hint.contains(package), "{said}");
    }
    let mut command = tools::command(env!("CARGO_BIN_EXE_homeseed"));
    command
        .args(lenient(&["seed", SITE, "-o", "/nonexistent/seed.iso"]))
        .env("PATH", "/nonexistent");
    let seed = tools::said(&tools::finish(tools::start(&mut command), ""));
    assert!(seed.contains("`xorriso` is not installed\n\nhint: apt-get install xorriso"), "{seed}");
}

#[test]
fn the_commands_in_the_documentation_are_understood() {
    let mut seen = 0;
    for page in ["README.md", "docs/images.md", "image-tests/README.md", "examples/nightly.yaml"] {
        let text = fs::read_to_string(page).unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
        let lines = lines.filter_map(|line| line.trim_start().strip_prefix("homeseed "));
        for line in lines {
            let line = line.split('#').next().unwrap().split('>').next().unwrap();
            let words = std::iter::once("homeseed").chain(line.split_whitespace());
            let parsed = <homeseed::cli::Args as clap::Parser>::try_parse_from(words);
            assert!(parsed.is_ok(), "{page}: {line}: {}", parsed.unwrap_err());
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen} commands");
}

#[test]
fn the_nightly_example_is_yaml_and_its_scripts_are_shell() {
    let text = fs::read_to_string("examples/nightly.yaml").unwrap();
    let workflow: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let steps = workflow["jobs"]["bake"]["steps"].as_sequence().unwrap();
    let scripts: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    assert_eq!(scripts.len(), 3);
    for script in scripts {
        let output = tools::finish(tools::start(tools::command("sh").arg("-n")), script);
        assert!(output.status.success(), "{}", tools::said(&output));
    }
    assert!(docs::blocks("docs/images.md", "yaml").is_empty());
}
