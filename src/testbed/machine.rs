//! The machine under test: one QEMU with a disk, a seed, a network card and the test environment's shell.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    accelerator::Accelerator,
    console,
    link::{MACHINE_MAC, TAP},
    qmp,
    root::Root,
    shell::{self, Shell},
};
use crate::{
    error::{Error, Result},
    host::{Host, Outcome, Process, wait_until},
};

/// What a machine is built of.
#[derive(Debug, Clone)]
pub struct Hardware {
    /// The kernel and its initrd, where the disk has no boot loader.
    pub kernel: Option<(PathBuf, PathBuf)>,
    /// What starts first, and how the disk is attached.
    pub board: Board,
    /// How many processors it has.
    pub processors: u8,
    /// Whether there is a seed, without which the machine has no datasource.
    pub seed: bool,
}

/// What starts first, and how the disk is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Board {
    /// `SeaBIOS`, and virtio-blk.
    Bios,
    /// OVMF, and virtio-scsi.
    Uefi,
}

/// The firmware of `Board::Uefi` in the tools root, and the variables that it starts with.
const OVMF: [&str; 2] = ["/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"];

/// A machine; it is off until `start`.
pub struct Machine {
    root: Root,
    dir: PathBuf,
    accelerator: Accelerator,
    hardware: Hardware,
    process: Option<Process>,
    shell: Shell,
    powered: Instant,
    starts: u32,
    /// Bytes of the console when it was last switched on.
    said: usize,
}

/// The socket of its shell; no other has a longer name.
const SHELL: &str = "shell.sock";

/// What a kernel is told: as in Debian's cloud images, but for the disk.
const KERNEL: &str = "root=/dev/vda ro console=tty0 console=ttyS0,115200 consoleblank=0";

/// Megabytes: what the smallest offer has.
const MEMORY: &str = "1024";

/// The longest name of a socket: `sun_path` of unix(7), without the byte that ends it.
const LONGEST_SOCKET: usize = 107;

/// An error when the sockets of a machine in `dir` would have longer names than the kernel takes.
pub fn fits(dir: &Path) -> Result<()> {
    let socket = dir.join(SHELL);
    if socket.as_os_str().len() <= LONGEST_SOCKET {
        return Ok(());
    }
    let limit = format!("the name of a socket may have {LONGEST_SOCKET} characters");
    Err(Error::host(format!("{limit}, `{}` has more", socket.display()))
        .hint("keep the test's files elsewhere with `--cache`"))
}

impl Machine {
    /// A machine whose `disk.raw` and `seed.iso` lie in `dir`; everything it leaves lies there too.
    #[must_use]
    pub fn new(root: &Root, dir: &Path, accelerator: Accelerator, hardware: Hardware) -> Machine {
        Machine {
            root: root.clone(),
            dir: dir.to_owned(),
            accelerator,
            hardware,
            process: None,
            shell: Shell::new(&dir.join(SHELL)),
            powered: Instant::now(),
            starts: 0,
            said: 0,
        }
    }

    /// Switches it off and builds another in its place, whose disk is for the caller to lay.
    pub fn rebuild(&mut self, board: Board, seed: bool) {
        self.cut_power();
        self.hardware = Hardware { board, seed, ..self.hardware.clone() };
    }

    /// Whether it has a datasource.
    #[must_use]
    pub fn has_seed(&self) -> bool {
        self.hardware.seed
    }

    /// Whether it was switched on, and not off since.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.process.is_some()
    }

    /// Switches it on.
    pub fn start(&mut self, host: &Host) -> Result<()> {
        self.starts += 1;
        self.said = self.console().len();
        if self.hardware.board == Board::Uefi && !self.dir.join("variables.fd").exists() {
            let file = self.dir.join("variables.fd").to_string_lossy().into_owned();
            host.run(&self.root.words(&["cp", OVMF[1], &file]))?;
        }
        let log = self.dir.join(format!("qemu-{}.log", self.starts));
        let process = host.spawn(&self.root.words(&self.command()), &log)?;
        self.process = Some(process);
        self.shell = Shell::new(&self.dir.join(SHELL));
        self.powered = Instant::now();
        Ok(())
    }

    /// Pulls the plug: QEMU gets SIGKILL, and what the disk was not told to keep is gone.
    pub fn cut_power(&mut self) {
        self.process = None;
    }

    /// Time since it was last switched on.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.powered.elapsed()
    }

    /// Everything its console said, over all starts.
    #[must_use]
    pub fn console(&self) -> String {
        console::read(&self.dir.join("console.log"))
    }

    /// Runs a line of shell as root.
    pub fn run(&mut self, line: &str, limit: Duration) -> Result<Outcome> {
        self.alive()?;
        self.shell.run(line, limit)
    }

    /// Waits until its shell answers; a QEMU that fails before that machine has begun is started once more.
    pub fn wait_for_shell(&mut self, host: &Host, limit: Duration) -> Result<()> {
        match self.answers(limit) {
            Err(error) if self.is_stillborn() => {
                eprintln!("{error}: starting it again");
                self.start(host)?;
                self.answers(limit)
            }
            result => result,
        }
    }

    /// Whether QEMU stopped at an assertion of its own while the machine's kernel had not begun with its first process:
    /// seen once in hundreds of starts, a write beyond an MSI-X table while devices are probed by two processors.
    fn is_stillborn(&mut self) -> bool {
        let console = self.console();
        let Some(process) = self.process.as_mut() else { return false };
        !process.is_running()
            && console::read(process.log()).contains(": Assertion `")
            && !console.get(self.said..).unwrap_or_default().contains("Run /init")
    }

    fn answers(&mut self, limit: Duration) -> Result<()> {
        let answers = wait_until(limit, Duration::from_millis(500), || {
            if self.run("true", Duration::from_secs(5)).is_ok() {
                return Ok(true);
            }
            self.alive()?;
            match console::faults(&self.console()).pop() {
                Some(fault) => Err(Error::new(format!("the machine does not boot: {fault}"))),
                None => Ok(false),
            }
        })?;
        let last = || console::last_line(&self.console());
        let silent = || Error::new(format!("the machine's shell did not answer; last: {}", last()));
        if answers { Ok(()) } else { Err(silent()) }
    }

    /// Reboots it from inside, as an operator would, and waits for the new boot's shell.
    pub fn reboot(&mut self, limit: Duration) -> Result<()> {
        let boot = "cat /proc/sys/kernel/random/boot_id";
        let before = self.run(boot, Duration::from_secs(30))?.stdout;
        self.run("systemctl reboot", Duration::from_secs(30)).ok();
        let is_back = wait_until(limit, Duration::from_secs(1), || {
            self.alive()?;
            let now = self.run(boot, Duration::from_secs(5)).map(|outcome| outcome.stdout);
            Ok(now.is_ok_and(|now| !now.is_empty() && now != before))
        })?;
        let lost = || Error::new("the machine did not come back from a reboot");
        if is_back { Ok(()) } else { Err(lost()) }
    }

    /// Copies its disk while it stands still; the copy is as after a clean `sync`.
    pub fn copy_disk(&mut self, host: &Host, to: &Path) -> Result<()> {
        self.run("sync", Duration::from_secs(60))?;
        let socket = self.dir.join("qmp.sock");
        qmp::command(&socket, "stop")?;
        let disk = self.dir.join("disk.raw");
        let copied =
            host.run(&["cp", "--sparse=always", &disk.to_string_lossy(), &to.to_string_lossy()]);
        qmp::command(&socket, "cont")?;
        copied
    }

    /// An error when it ended by itself.
    pub fn alive(&mut self) -> Result<()> {
        let Some(process) = self.process.as_mut() else {
            return Err(Error::new("the machine is off"));
        };
        if process.is_running() {
            return Ok(());
        }
        let log = console::last_line(&console::read(process.log()));
        Err(Error::new(format!("the machine ended by itself: {log}")))
    }

    fn command(&self) -> Vec<String> {
        let file = |name: &str| self.dir.join(name).display().to_string();
        let mut words: Vec<String> = Vec::new();
        let mut add = |line: &[&str]| words.extend(line.iter().map(|word| (*word).to_owned()));
        add(&["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-machine", "q35"]);
        add(&self.accelerator.words());
        add(&["-smp", &self.hardware.processors.to_string(), "-m", MEMORY, "-display", "none"]);
        add(&["-chardev", &format!("file,id=console,path={},append=on", file("console.log"))]);
        add(&["-serial", "chardev:console"]);
        add(&["-qmp", &format!("unix:{},server=on,wait=off", file("qmp.sock"))]);
        // What the guest has written is in this host's page cache, which outlives a killed QEMU: a power
        // cut loses nothing more for not being flushed. That holds for a raw file only.
        let disk = format!("file={},format=raw,discard=unmap,cache=unsafe", file("disk.raw"));
        match self.hardware.board {
            Board::Bios => add(&["-drive", &format!("{disk},if=virtio")]),
            Board::Uefi => {
                let flash = "if=pflash,format=raw";
                add(&["-drive", &format!("{flash},readonly=on,file={}", OVMF[0])]);
                add(&["-drive", &format!("{flash},file={}", file("variables.fd"))]);
                add(&["-drive", &format!("{disk},if=none,id=disk")]);
                add(&["-device", "virtio-scsi-pci", "-device", "scsi-hd,drive=disk"]);
            }
        }
        if self.hardware.seed {
            let seed = format!("file={},if=virtio,format=raw,readonly=on", file("seed.iso"));
            add(&["-drive", &seed]);
        }
        add(&["-netdev", &format!("tap,id=wire,ifname={TAP},script=no,downscript=no")]);
        add(&["-device", &format!("virtio-net-pci,netdev=wire,mac={MACHINE_MAC},romfile=")]);
        add(&["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"]);
        let port = format!("socket,id=shell,path={},server=on,wait=off", file(SHELL));
        add(&["-chardev", &port]);
        add(&["-device", &format!("virtserialport,chardev=shell,name={}", shell::PORT)]);
        if let Some((kernel, initrd)) = &self.hardware.kernel {
            add(&["-kernel", &kernel.to_string_lossy(), "-initrd", &initrd.to_string_lossy()]);
            add(&["-append", &format!("{KERNEL}{}", self.accelerator.kernel_words())]);
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_fits_up_to_the_kernels_limit() {
        let dir = |length: usize| PathBuf::from(format!("/{}", "a".repeat(length - 1)));
        let longest = LONGEST_SOCKET - 1 - SHELL.len();
        assert!(fits(&dir(longest)).is_ok());
        assert!(fits(&dir(longest + 1)).is_err());
    }
}
