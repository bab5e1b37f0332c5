//! A machine as a container: `systemd-nspawn` boots the tree of the stock image, natively.
//!
//! Real cloud-init delivers the very document; what only a kernel of its own could show is left to QEMU.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    console,
    link::{self, NAMESPACE},
    mount, shell,
};
use crate::{
    error::{Error, Result},
    host::{Host, Outcome, Process, files, wait_until},
};

/// A container; it is off until `start`.
pub struct Container {
    dir: PathBuf,
    /// The trees below what it writes, the uppermost first.
    below: Vec<PathBuf>,
    process: Option<Process>,
    powered: Instant,
}

/// The machine's half of the test's shell: a container is entered from outside, so it only marks the boot.
const MARK: &str = "#!/bin/sh
mkdir -p /run/testbed
: >/run/testbed/boot
exec sleep infinity
";

/// Shows the network of its namespace in `/sys`, where cloud-init looks for links, and goes on as the command.
const ENTER: &str = r#"
mount --rbind /sys/fs/cgroup "$0"
mount -t sysfs sysfs /sys
mount --rbind "$0" /sys/fs/cgroup
exec "$@"
"#;

/// The longest that a killed container takes to be gone.
const ENDS: Duration = Duration::from_secs(30);

/// How `systemd-nspawn` ends when the container reboots.
const REBOOTS: i32 = 133;

impl Container {
    /// A new container whose files lie in `dir`, above the trees `below`.
    pub fn make(dir: &Path, below: &[PathBuf]) -> Result<Container> {
        let lines: String = below.iter().map(|tree| format!("{}\n", tree.display())).collect();
        files::write(&dir.join("below"), &lines)?;
        Container::kept(dir)
    }

    /// The container whose files an earlier run left in `dir`.
    pub fn kept(dir: &Path) -> Result<Container> {
        let below = files::read(&dir.join("below"))?.lines().map(PathBuf::from).collect();
        Ok(Container { dir: dir.to_owned(), below, process: None, powered: Instant::now() })
    }

    /// What the container has written: the difference to the trees below.
    #[must_use]
    pub fn written(dir: &Path) -> PathBuf {
        dir.join("upper")
    }

    /// Lays in the authorities to trust, the mark of a boot and the document, before the first start.
    pub fn lay_in(
        &self,
        host: &Host,
        authorities: &[String],
        id: &str,
        document: &str,
    ) -> Result<()> {
        self.mount(host)?;
        let inside = |path: &str| mount::inside(&self.root(), Path::new(path));
        let store = inside("/etc/ssl/certs/ca-certificates.crt");
        files::write(&store, &(files::read(&store)? + &authorities.concat()))?;
        for (n, authority) in authorities.iter().enumerate() {
            let name = format!("testbed-{n}.crt");
            files::make(&inside("/usr/local/share/ca-certificates"))?;
            files::write(&inside(&format!("/usr/local/share/ca-certificates/{name}")), authority)?;
        }
        let root = self.root().to_string_lossy().into_owned();
        host.run(&["chroot", &root, "update-ca-certificates"])?;
        let program = inside("/usr/local/sbin/testbed-shell");
        files::write(&program, MARK)?;
        host.run(&["chmod", "755", &program.to_string_lossy()])?;
        files::write(&inside("/etc/systemd/system/testbed-shell.service"), shell::UNIT)?;
        host.run(&["chroot", &root, "systemctl", "enable", "--quiet", "testbed-shell.service"])?;
        // The trees below are those of a disk, which it has not.
        files::write(&inside("/etc/fstab"), "")?;
        // Empty: the first boot makes it.
        files::write(&inside("/etc/machine-id"), "")?;
        self.seed(id, document)
    }

    /// Gives it another document, as a provider does: it is taken up at the next boot.
    pub fn seed(&self, id: &str, document: &str) -> Result<()> {
        let seed = mount::inside(&self.root(), Path::new("/var/lib/cloud/seed/nocloud"));
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
        if self.is_running() {
            host.run(&["kill", "-KILL", &self.leader()?])?;
            let ended = wait_until(ENDS, Duration::from_millis(100), || Ok(!self.is_running()))?;
            if !ended {
                return Err(Error::host("the container does not end"));
            }
        }
        self.process = None;
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
    pub fn run(&mut self, host: &Host, line: &str, limit: Duration) -> Result<Outcome> {
        self.alive()?;
        let leader = self.leader()?;
        let (own, ours) = (limit.as_secs().max(1), limit.as_secs() + 10);
        let words = [
            "timeout",
            &ours.to_string(),
            "nsenter",
            "-t",
            &leader,
            "-a",
            "--",
            "systemd-run",
            "--quiet",
            "--wait",
            "--pipe",
            "--collect",
            "--service-type=exec",
            "--working-directory=/run/testbed",
            "--setenv=HOME=/root",
            "--",
            "timeout",
            "-k",
            "5",
            &own.to_string(),
            "sh",
            "-c",
            line,
        ];
        let outcome = host.outcome(&words, "")?;
        let refused = outcome.stdout.is_empty() && outcome.stderr.starts_with("Failed to ");
        if outcome.status == 124 || refused {
            let last = console::last_line(&outcome.stderr);
            return Err(Error::host(format!("the container does not answer: {last}")));
        }
        Ok(outcome)
    }

    /// Waits until it runs commands.
    pub fn wait_for_shell(&mut self, host: &Host, limit: Duration) -> Result<()> {
        let answers = wait_until(limit, Duration::from_millis(200), || {
            self.alive()?;
            let answer = self.run(host, "[ -e /run/testbed/boot ]", Duration::from_secs(5));
            Ok(answer.is_ok_and(|outcome| outcome.status == 0))
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
        self.run(host, "systemctl --no-block reboot", Duration::from_secs(30)).ok();
        let ended = wait_until(limit, Duration::from_millis(200), || Ok(!self.is_running()))?;
        let status = self.process.as_mut().map_or(0, Process::wait);
        if !ended || status != REBOOTS {
            return Err(Error::new(format!("the container does not reboot: status {status}")));
        }
        self.boot(host)?;
        self.wait_for_shell(host, limit)
    }

    /// Copies what it has written, while the convergence stands still.
    pub fn copy(&mut self, host: &Host, to: &Path) -> Result<()> {
        let limit = Duration::from_secs(60);
        self.run(host, "systemctl stop homeseed.timer homeseed.service; sync", limit)?;
        files::remove(to)?;
        let from = Container::written(&self.dir);
        let copied = host.run(&["cp", "-a", &from.to_string_lossy(), &to.to_string_lossy()]);
        self.run(host, "systemctl start --no-block homeseed.timer homeseed.service", limit)?;
        copied
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

    fn mount(&self, host: &Host) -> Result<()> {
        if self.root().join("usr").is_dir() {
            return Ok(());
        }
        mount::layered(host, &self.below, &self.dir)
    }
}
