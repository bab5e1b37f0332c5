//! Seeds and images as far as no machine is needed: what is written, and what is refused.

use std::fs;

use crate::program::{SITE, done, folder, refused};

#[test]
fn a_seed_is_the_same_each_time_and_labelled_cidata() {
    let dir = folder();
    let seeds = ["one.iso", "two.iso"].map(|name| {
        let path = dir.path().join(name);
        done(&["seed", SITE, "-o", path.to_str().unwrap()]);
        fs::read(path).unwrap()
    });
    assert!(seeds[0] == seeds[1], "the seeds differ");
    // The volume identifier of ISO 9660, in its 16th sector of 2048 bytes.
    assert_eq!(&seeds[0][16 * 2048 + 40..][..6], b"cidata");
    let text = String::from_utf8_lossy(&seeds[0]).into_owned();
    assert!(text.contains("#cloud-config\n") && text.contains("instance-id: homeseed-"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "something is left");
}

#[test]
fn an_image_that_cannot_be_made_is_refused_before_anything_is() {
    let dir = folder();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    refused(&["image", SITE, "-o", &file("chat.vmdk")], 1, "`.qcow2` or `.raw`");
    refused(&["image", SITE, "-o", &file("a.raw"), "--size", "8"], 2, "such as `8G`");
    refused(&["image", "-o", &file("a.raw")], 1, "say `--generic`");
    refused(&["overlay", SITE, "-o", &file("no/such")], 1, "there is no folder");
    refused(&["image", SITE, "--generic", "-o", &file("a.raw")], 2, "cannot be used with");
    refused(&["image", SITE, "-o", &file("a.raw"), "--mirror", "cdrom:x"], 2, "not an http");
    fs::write(file("bad.lock"), "curl 7\n").unwrap();
    let lock = file("bad.lock");
    refused(&["image", SITE, "-o", &file("a.raw"), "--lock", &lock], 1, "bad.lock:1:");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "something is left");
}
