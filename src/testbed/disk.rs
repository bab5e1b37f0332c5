//! The machine's disks: the image with the run's trust and the test environment's shell laid in, a copy of it for
//! each machine, and the seed that carries the user-data.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{
    image::Image,
    link::MACHINE_MAC,
    root::Root,
    shell::{self, Way},
};
use crate::{
    backend::seed::Seed,
    error::{Error, Result},
    host::{Host, files},
};

/// An image prepared for one run; machines write to copies of it.
pub struct Base {
    disk: PathBuf,
    root: Root,
    offset: u64,
}

impl Base {
    /// Copies `image` to the file `disk`, which the tools root sees too.
    pub fn of(host: &Host, root: &Root, image: &Image, disk: &Path) -> Result<Base> {
        let (from, to) = (image.disk.to_string_lossy(), disk.to_string_lossy());
        if image.kernel.is_some() {
            host.run(&["cp", "--sparse=always", "--reflink=auto", &from, &to])?;
        } else {
            let words = ["qemu-img", "convert", "-f", &image.format, "-O", "raw", &from, &to];
            host.run(&root.words(&words))?;
            host.run(&["truncate", "-s", "8G", &to])?;
        }
        Base::at(host, root, disk)
    }

    /// The disk in `file`, with or without partitions.
    pub fn at(host: &Host, root: &Root, file: &Path) -> Result<Base> {
        Ok(Base { disk: file.to_owned(), root: root.clone(), offset: offset(host, file)? })
    }

    /// The text of a file on the disk.
    pub fn read(&self, host: &Host, path: &str) -> Result<String> {
        host.read(&["debugfs", "-R", &format!("cat {path}"), &self.device()])
    }

    /// Lays in the authorities to trust and the test environment's shell; nothing else of the disk changes.
    pub fn lay_in(&self, host: &Host, authorities: &[String]) -> Result<()> {
        let draft = self.disk.with_extension("files");
        files::remove(&draft)?;
        let store = "/etc/ssl/certs/ca-certificates.crt";
        let trusted = self.read(host, store)? + &authorities.concat();
        let mut lay = Lay { draft, script: String::new() };
        lay.file(store, &trusted, 0o644)?;
        lay.make("/usr/local/share/ca-certificates");
        for (n, authority) in authorities.iter().enumerate() {
            let path = format!("/usr/local/share/ca-certificates/testbed-{n}.crt");
            lay.file(&path, authority, 0o644)?;
            lay.link(&format!("/etc/ssl/certs/{}.0", self.hash(host, authority)?), &path);
        }
        lay.file("/usr/local/sbin/testbed-shell", &shell::agent(Way::Port), 0o755)?;
        let unit = "/etc/systemd/system/testbed-shell.service";
        lay.file(unit, shell::UNIT, 0o644)?;
        lay.make("/etc/systemd/system/sysinit.target.wants");
        lay.link("/etc/systemd/system/sysinit.target.wants/testbed-shell.service", unit);
        self.write(host, &lay.script)
    }

    /// A copy for one machine, as sparse as this one.
    pub fn copy(&self, host: &Host, file: &Path) -> Result<()> {
        host.run(&["cp", "--sparse=always", &self.disk.to_string_lossy(), &file.to_string_lossy()])
    }

    fn write(&self, host: &Host, script: &str) -> Result<()> {
        let file = self.disk.with_extension("debugfs");
        files::write(&file, script)?;
        let words = ["debugfs", "-w", "-f", &file.to_string_lossy(), &self.device()];
        let outcome = host.outcome(&words, "")?;
        let wrong = outcome.stderr.lines().find(|line| is_mistake(line));
        wrong.map_or(Ok(()), |line| Err(Error::host(format!("cannot write to the image: {line}"))))
    }

    /// The name under which OpenSSL looks an authority up.
    fn hash(&self, host: &Host, authority: &str) -> Result<String> {
        let words = self.root.words(&["openssl", "x509", "-noout", "-hash"]);
        Ok(host.feed(&words, authority)?.trim().to_owned())
    }

    fn device(&self) -> String {
        format!("{}?offset={}", self.disk.display(), self.offset)
    }
}

/// A script for `debugfs` and the files that it copies.
struct Lay {
    draft: PathBuf,
    script: String,
}

impl Lay {
    fn file(&mut self, path: &str, text: &str, mode: u32) -> Result<()> {
        let source = self.draft.join(path.trim_start_matches('/').replace('/', "_"));
        files::write(&source, text)?;
        let source = source.display();
        self.script += &format!(
            "rm {path}\nwrite {source} {path}\nset_inode_field {path} mode 0100{mode:o}\n\
             set_inode_field {path} uid 0\nset_inode_field {path} gid 0\n"
        );
        Ok(())
    }

    fn link(&mut self, path: &str, to: &str) {
        self.script += &format!("symlink {path} {to}\n");
    }

    fn make(&mut self, path: &str) {
        self.script += &format!("mkdir {path}\n");
    }
}

/// `rm` of what is not there and `mkdir` of what is are no mistakes.
fn is_mistake(line: &str) -> bool {
    let harmless = ["debugfs 1", "rm: File not found", "directory already exists"];
    !line.trim().is_empty() && !harmless.iter().any(|words| line.contains(words))
}

/// Where the largest partition of a disk begins, in bytes; nothing comes before a file system without partitions.
pub fn offset(host: &Host, disk: &Path) -> Result<u64> {
    let said = host.outcome(&["sfdisk", "--json", &disk.to_string_lossy()], "")?;
    let table: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
    let partitions = table["partitiontable"]["partitions"].as_array();
    let largest = partitions.into_iter().flatten().max_by_key(|part| part["size"].as_u64());
    Ok(largest.and_then(|part| part["start"].as_u64()).unwrap_or(0) * 512)
}

/// A seed as a provider attaches it, for the instance `machine`: `user-data` goes in as it is.
pub fn seed(host: &Host, root: &Root, file: &Path, machine: &str, user_data: &str) -> Result<()> {
    let seed = Seed {
        user_data,
        meta_data: &format!("instance-id: {machine}\nlocal-hostname: vps\n"),
        network_config: Some(&network()),
    };
    seed.write(host, file, |words| root.words(words))
}

fn network() -> String {
    format!(
        "version: 2\nethernets:\n  primary:\n    match:\n      macaddress: \"{MACHINE_MAC}\"\n    \
         set-name: eth0\n    dhcp4: true\n    accept-ra: true\n"
    )
}
