//! A machine as a container: `systemd-nspawn` boots the tree of the stock image, or a machine's disk, natively.
//!
//! Real cloud-init delivers the very document; what only a kernel of its own could show is left to QEMU.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{
    console, disk,
    link::{self, NAMESPACE},
    mount,
    shell::{self, Way},
};
use crate::{
    error::{Error, Result},
    host::{Host, Outcome, Process, files, wait_until},
};

/// A container; it is off until `start`.
pub struct Container {
    dir: PathBuf,
    storage: Storage,
    process: Option<Process>,
    powered: Instant,
    /// Lines that its shell has been asked to run.
    asked: u64,
}

/// What holds its files.
#[derive(Debug, Serialize, Deserialize)]
enum Storage {
    /// Trees, the uppermost first; what it writes goes to a folder above them.
    Trees(Vec<PathBuf>),
    /// The file system of a disk, so many bytes from its beginning.
    Disk(PathBuf, u64),
}

/// The file in its folder that says what holds its files.
const STORAGE: &str = "storage.json";

/// Makes control groups for itself, where systemd keeps those of services: in one of the old kind that two containers share,
/// it cannot tell what is its own, and ends nothing. Shows the network of its namespace in `/sys`, where cloud-init looks for
/// links, and goes on as the command.
const ENTER: &str = r#"
while IFS=: read -r _ kind path; do
    case $kind in
    name=systemd) tree=/sys/fs/cgroup/systemd ;;
    '') tree=/sys/fs/cgroup/unified; [ -d $tree ] || tree=/sys/fs/cgroup ;;
    *) continue ;;
    esac
    own=$tree$path/testbed-$(stat -Lc %i /proc/self/ns/pid)
    mkdir -p "$own" && echo 0 >"$own/cgroup.procs"
done </proc/self/cgroup
mount --rbind /sys/fs/cgroup "$0"
mount -t sysfs sysfs /sys
mount --rbind "$0" /sys/fs/cgroup
exec "$@"
"#;

/// What a machine mounts, and the same as long as it runs here.
const MOUNTS: &str = "/etc/fstab";
const KEPT_MOUNTS: &str = "/etc/fstab.qemu";

/// The network of a machine that goes on here.
const WIRE: &str = "[Match]\nKind=veth\n\n[Network]\nDHCP=yes\nIPv6AcceptRA=yes\n";

/// Ends the convergence. In a container systemd does not wait for all of its processes, where control groups are of the old
/// kind: `service_enter_signal` in its `service.c`.
const STOP: &str = "systemctl stop homeseed.timer homeseed.service && \
    until ! cat /sys/fs/cgroup/*/system.slice/homeseed.service/cgroup.procs 2>/dev/null | grep -q .; do sleep 0.1; done";

/// Says which run of the convergence is the last, and whether it goes on.
const LAST_RUN: &str = "systemctl show --property InvocationID,ActiveState homeseed.service";

/// What that says when it does not.
const ENDED: [&str; 2] = ["ActiveState=inactive", "ActiveState=failed"];

/// The longest that a killed container takes to be gone.
const ENDS: Duration = Duration::from_secs(30);

/// How `systemd-nspawn` ends when the container reboots.
const REBOOTS: i32 = 133;

impl Container {
    /// A new container whose files lie in `dir`, above the trees `below`.
    pub fn make(dir: &Path, below: &[PathBuf]) -> Result<Container> {
        Container::new(dir, &Storage::Trees(below.to_vec()))
    }

    /// A container whose files lie on `disk`, which nobody else uses.
    pub fn on_disk(host: &Host, dir: &Path, disk: &Path) -> Result<Container> {
        let offset = disk::offset(host, disk)?;
        Container::new(dir, &Storage::Disk(disk.to_owned(), offset))
    }

    /// Makes the disk of a QEMU fit to go on here; `seed` is the identity and the document of its datasource, if it has
    /// one.
    pub fn take_over(&self, host: &Host, seed: Option<(&str, &str)>) -> Result<()> {
        self.mount(host)?;
        let (mounts, kept) = (self.inside(MOUNTS), self.inside(KEPT_MOUNTS));
        if !kept.exists() {
            files::rename(&mounts, &kept)?;
        }
        self.lay_in_shell(host, Way::Files)?;
        // Its own network configuration may be for the card that QEMU had, or will have.
        files::write(&self.inside("/etc/systemd/network/00-testbed.network"), WIRE)?;
        seed.map_or(Ok(()), |(id, document)| self.seed(id, document))
    }

    /// Makes the disk of a QEMU, which has run here, fit to go on there.
    pub fn hand_over(&self, host: &Host) -> Result<()> {
        self.mount(host)?;
        self.lay_in_shell(host, Way::Port)?;
        files::rename(&self.inside(KEPT_MOUNTS), &self.inside(MOUNTS))?;
        self.release(host)
    }

    /// The container whose files an earlier run left in `dir`.
    pub fn kept(dir: &Path) -> Result<Container> {
        let file = dir.join(STORAGE);
        let damaged = |error| Error::host(format!("`{}` cannot be read: {error}", file.display()));
        let storage = serde_json::from_str(&files::read(&file)?).map_err(damaged)?;
        Ok(Container {
            dir: dir.to_owned(),
            storage,
            process: None,
            powered: Instant::now(),
            asked: 0,
        })
    }

    /// Whether what an earlier run left in `dir` is a container.
    #[must_use]
    pub fn is_kept(dir: &Path) -> bool {
        dir.join(STORAGE).is_file()
    }

    /// From now on `dir` holds none; the disk stays.
    pub fn forget(dir: &Path) -> Result<()> {
        files::remove(&dir.join(STORAGE))
    }

    fn new(dir: &Path, storage: &Storage) -> Result<Container> {
        let text =
            serde_json::to_string(storage).map_err(|error| Error::host(error.to_string()))?;
        files::write(&dir.join(STORAGE), &text)?;
        Container::kept(dir)
    }

    /// Lays in the authorities to trust, its half of the test's shell and the document, before the first start.
    pub fn lay_in(
        &self,
        host: &Host,
        authorities: &[String],
        id: &str,
        document: &str,
    ) -> Result<()> {
        self.mount(host)?;
        let store = self.inside("/etc/ssl/certs/ca-certificates.crt");
        files::write(&store, &(files::read(&store)? + &authorities.concat()))?;
        for (n, authority) in authorities.iter().enumerate() {
            let name = format!("testbed-{n}.crt");
            files::make(&self.inside("/usr/local/share/ca-certificates"))?;
            files::write(
                &self.inside(&format!("/usr/local/share/ca-certificates/{name}")),
                authority,
            )?;
        }
        let root = self.root().to_string_lossy().into_owned();
        host.run(&["chroot", &root, "update-ca-certificates"])?;
        files::write(&self.inside("/etc/systemd/system/testbed-shell.service"), shell::UNIT)?;
        host.run(&["chroot", &root, "systemctl", "enable", "--quiet", "testbed-shell.service"])?;
        self.lay_in_shell(host, Way::Files)?;
        // Empty: the first boot makes it.
        files::write(&self.inside("/etc/machine-id"), "")?;
        self.seed(id, document)?;
        // As a disk that somebody wrote long ago.
        self.release(host)
    }

    /// Lays in its half of the test's shell; a container has no disks to mount.
    fn lay_in_shell(&self, host: &Host, way: Way) -> Result<()> {
        let program = self.inside("/usr/local/sbin/testbed-shell");
        files::write(&program, &shell::agent(way))?;
        host.run(&["chmod", "755", &program.to_string_lossy()])?;
        files::write(&self.inside(MOUNTS), "# none\n")
    }

    /// Gives it another document, as a provider does: it is taken up at the next boot.
    pub fn seed(&self, id: &str, document: &str) -> Result<()> {
        let seed = self.inside("/var/lib/cloud/seed/nocloud");
        files::make(&seed)?;
        files::write(&seed.join("meta-data"), &format!("instance-id: {id}\n"))?;
        files::write(&seed.join("user-data"), document)
    }

    /// Switches it on.
    pub fn start(&mut self, host: &Host) -> Result<()> {
        self.mount(host)?;
        self.powered = Instant::now();
        self.boot(host)
    }

    fn boot(&mut self, host: &Host) -> Result<()> {
        self.process = None;
        link::plug_container(host)?;
        let (root, scratch) = (self.root(), self.dir.join("cgroup"));
        files::make(&scratch)?;
        let namespace = format!("--net=/run/netns/{NAMESPACE}");
        // Where no plug can be pulled, `sync` would wait for the disks of this host and of every other machine.
        let syncs = format!("--suppress-sync={}", matches!(self.storage, Storage::Trees(_)));
        let words = [
            "nsenter",
            &namespace,
            "unshare",
            "--mount",
            "sh",
            "-euc",
            ENTER,
            &scratch.to_string_lossy(),
            "systemd-nspawn",
            "--quiet",
            "-D",
            &root.to_string_lossy(),
            "-b",
            "--register=no",
            "--keep-unit",
            "--console=read-only",
            "--link-journal=no",
            "--resolv-conf=off",
            "--timezone=off",
            "--hostname=vps",
            "--capability=CAP_NET_ADMIN",
            &syncs,
        ];
        let log = self.dir.join("boot.log");
        self.keep_console(&log);
        self.process = Some(host.spawn(&words, &log)?);
        Ok(())
    }

    /// Appends what a boot said to the console of all boots.
    fn keep_console(&self, log: &Path) {
        let all = console::read(&self.dir.join("console.log")) + &console::read(log);
        fs::write(self.dir.join("console.log"), all).ok();
        fs::remove_file(log).ok();
    }

    /// Ends it at once, as if the plug were pulled; what it has written stays.
    ///
    /// What `systemd-nspawn` has started survives it: the container's first process goes first, and takes all others along.
    pub fn end(&mut self, host: &Host) -> Result<()> {
        self.kill(host)?;
        self.release(host)
    }

    fn kill(&mut self, host: &Host) -> Result<()> {
        if self.is_running() {
            host.run(&["kill", "-KILL", &self.leader()?])?;
            let ended = wait_until(ENDS, Duration::from_millis(100), || Ok(!self.is_running()))?;
            if !ended {
                return Err(Error::host("the container does not end"));
            }
        }
        self.process = None;
        link::unplug_container(host)
    }

    /// Pulls the plug: its file system stands still at once, as ext4(5) does when told to shut down without flushing its
    /// log, so that the disk keeps what had been written to it by then, and nothing else.
    pub fn cut_power(&mut self, host: &Host) -> Result<()> {
        if let Storage::Trees(_) = self.storage {
            return Err(Error::new("a container without a disk has no plug to pull: what it wrote is in this host's memory")
                .hint("write `# runs in: container, on a disk`"));
        }
        // First, so that nobody is left to say what a disk that stands still answers.
        self.kill(host)?;
        host.run(&["xfs_io", "-x", "-c", "shutdown", &self.root().to_string_lossy()])?;
        self.release(host)
    }

    /// Writes down what it has on its disk, and puts that away.
    fn release(&self, host: &Host) -> Result<()> {
        match &self.storage {
            Storage::Trees(_) => Ok(()),
            Storage::Disk(disk, _) => mount::release_disk(host, disk, &self.root()),
        }
    }

    /// Forgets everything that it wrote, while it is off: a new machine above the same trees.
    pub fn clear(&self, host: &Host) -> Result<()> {
        let Storage::Trees(_) = self.storage else {
            return Err(Error::new("a container with a disk is not made new"));
        };
        mount::release(host, &self.root())?;
        for name in ["root", "upper", "work"] {
            files::remove(&self.dir.join(name))?;
        }
        Ok(())
    }

    /// Time since it was last switched on.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.powered.elapsed()
    }

    /// Everything its console said, over all boots.
    #[must_use]
    pub fn console(&self) -> String {
        console::read(&self.dir.join("console.log")) + &console::read(&self.dir.join("boot.log"))
    }

    /// Runs a line of shell as root, with the powers of the container and not of this host.
    pub fn run(&mut self, line: &str, limit: Duration) -> Result<Outcome> {
        self.alive()?;
        self.asked += 1;
        let root = format!("/proc/{}/root", self.leader()?);
        shell::run_in_container(Path::new(&root), self.asked, line, limit)
    }

    /// Waits until it runs commands.
    pub fn wait_for_shell(&mut self, limit: Duration) -> Result<()> {
        let answers = wait_until(limit, Duration::from_millis(200), || {
            self.alive()?;
            Ok(self.run("true", Duration::from_secs(5)).is_ok())
        })?;
        let last = || console::last_line(&self.console());
        if answers {
            Ok(())
        } else {
            Err(Error::new(format!("the container did not answer; last: {}", last())))
        }
    }

    /// Reboots it from inside, as an operator would, and waits for the new boot.
    pub fn reboot(&mut self, host: &Host, limit: Duration) -> Result<()> {
        self.run("systemctl --no-block reboot", Duration::from_secs(30)).ok();
        let ended = wait_until(limit, Duration::from_millis(200), || Ok(!self.is_running()))?;
        let status = self.process.as_mut().map_or(0, Process::wait);
        if !ended || status != REBOOTS {
            return Err(Error::new(format!("the container does not reboot: status {status}")));
        }
        self.boot(host)?;
        self.wait_for_shell(limit)
    }

    /// Copies what it has written, while the convergence stands still; tells whether that could be brought about.
    pub fn copy(&mut self, host: &Host, to: &Path) -> Result<bool> {
        let limit = Duration::from_secs(300);
        let (from, draft) = (self.dir.join("upper"), to.with_extension("draft"));
        files::remove(&draft)?;
        let before = self.run(&format!("{STOP} && sync && {LAST_RUN}"), limit)?.stdout;
        let copied = host.run(&["cp", "-a", &from.to_string_lossy(), &draft.to_string_lossy()]);
        let after = self.run(LAST_RUN, limit)?.stdout;
        self.run("systemctl start --no-block homeseed.timer homeseed.service", limit)?;
        copied?;
        // A busy host may not have stopped it in time, and what is copied from under a running one is no machine.
        if before != after || !ENDED.iter().any(|state| before.contains(state)) {
            return files::remove(&draft).map(|()| false);
        }
        // Another half may look for it at any time.
        files::rename(&draft, to)?;
        Ok(true)
    }

    /// An error when it ended by itself.
    pub fn alive(&mut self) -> Result<()> {
        if self.process.is_none() {
            return Err(Error::new("the container is off"));
        }
        if self.is_running() {
            return Ok(());
        }
        let last = console::last_line(&self.console());
        Err(Error::new(format!("the container ended by itself: {last}")))
    }

    fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::is_running)
    }

    /// The first process of the container, as this namespace numbers it.
    fn leader(&self) -> Result<String> {
        let id = self.process.as_ref().map_or(0, Process::id);
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let first = children.ok().and_then(|it| it.split_whitespace().next().map(str::to_owned));
        first.ok_or_else(|| Error::host("the container has not begun to boot"))
    }

    fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// Where an absolute path of it lies on this host.
    fn inside(&self, path: &str) -> PathBuf {
        mount::inside(&self.root(), Path::new(path))
    }

    fn mount(&self, host: &Host) -> Result<()> {
        if self.root().join("usr").is_dir() {
            return Ok(());
        }
        match &self.storage {
            Storage::Trees(below) => mount::layered(host, below, &self.dir),
            Storage::Disk(disk, offset) => mount::disk(host, disk, *offset, &self.root()),
        }
    }
}
