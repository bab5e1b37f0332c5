//! KVM where it works, emulation elsewhere.
//!
//! `/dev/kvm` can open and still be broken, for instance when it is nested, so a real kernel has to say
//! something within a deadline.

use std::{fs, path::Path, time::Duration};

use super::{image::Image, root::Root};
use crate::{
    error::Result,
    host::{Host, files, wait_until},
};

/// How fast machines run here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accelerator {
    /// The processor's own help.
    Kvm,
    /// Emulation, many times slower.
    Tcg,
}

const DEADLINE: Duration = Duration::from_secs(10);

/// All that QEMU can emulate, save what it emulates slowly and nothing here needs: a fifth faster.
///
/// AVX is nothing without XSAVE; a kernel that is told it had one alone dies in the self-test of its AES, and each
/// shutdown then waits 75 seconds for the process that loaded the module.
const EMULATED: &str =
    "max,la57=off,xsave=off,avx=off,avx2=off,smap=off,smep=off,pcid=off,erms=off,fsrm=off";

impl Accelerator {
    /// What works here; the answer is kept in `cache` until this host is booted again.
    pub fn probe(host: &Host, root: &Root, image: &Image, cache: &Path) -> Result<Accelerator> {
        let mark = cache.join("accelerator");
        let boot = files::read(Path::new("/proc/sys/kernel/random/boot_id"))?;
        let said = |answer: Accelerator| format!("{} {boot}", answer.name());
        let kept = fs::read_to_string(&mark).unwrap_or_default();
        let known = [Accelerator::Kvm, Accelerator::Tcg].into_iter().find(|it| said(*it) == kept);
        if let Some(known) = known {
            return Ok(known);
        }
        let works = kvm_boots(host, root, image, cache)?;
        let found = if works { Accelerator::Kvm } else { Accelerator::Tcg };
        files::write(&mark, &said(found))?;
        Ok(found)
    }

    /// QEMU's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Accelerator::Kvm => "kvm",
            Accelerator::Tcg => "tcg",
        }
    }

    /// QEMU's arguments.
    #[must_use]
    pub fn words(self) -> [&'static str; 4] {
        match self {
            Accelerator::Kvm => ["-accel", "kvm", "-cpu", "host"],
            Accelerator::Tcg => ["-accel", "tcg,thread=multi", "-cpu", EMULATED],
        }
    }

    /// What a kernel is told that is started without a boot loader, a blank before each word.
    ///
    /// An emulated processor has no flaws to guard against, and its counter is one for all of them: a kernel that knows
    /// neither asks an emulated timer for the time, which is slow.
    #[must_use]
    pub fn kernel_words(self) -> &'static str {
        match self {
            Accelerator::Kvm => "",
            Accelerator::Tcg => " mitigations=off tsc=reliable",
        }
    }
}

/// Boots the image's kernel, which finds no disk and gives up; all we want is to hear it.
fn kvm_boots(host: &Host, root: &Root, image: &Image, cache: &Path) -> Result<bool> {
    let Some((kernel, initrd)) = &image.kernel else { return Ok(false) };
    if !Path::new("/dev/kvm").exists() {
        return Ok(false);
    }
    let (console, log) = (cache.join("probe.console"), cache.join("probe.log"));
    files::remove(&console)?;
    let serial = format!("file:{}", console.display());
    let mut words = vec!["qemu-system-x86_64", "-machine", "q35"];
    words.extend(Accelerator::Kvm.words());
    let (kernel, initrd) = (kernel.to_string_lossy(), initrd.to_string_lossy());
    words.extend(["-m", "512", "-nodefaults", "-display", "none", "-no-reboot"]);
    words.extend(["-serial", &serial, "-kernel", &kernel, "-initrd", &initrd]);
    words.extend(["-append", "console=ttyS0 panic=-1"]);
    let mut process = host.spawn(&root.words(&words), &log)?;
    let boots = || super::console::read(&console).contains("Run /init");
    wait_until(DEADLINE, Duration::from_millis(200), || Ok(boots() || !process.is_running()))?;
    Ok(boots())
}
