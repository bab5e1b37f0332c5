//! The test internet: boots a site in QEMU and lets the checks speak.

pub mod accelerator;
pub mod acme;
pub mod archive;
pub mod bridge;
pub mod console;
pub mod disk;
pub mod dns;
pub mod front;
pub mod image;
pub mod internet;
pub mod link;
pub mod machine;
pub mod mount;
pub mod qmp;
pub mod root;
pub mod shell;
pub mod stock;
pub mod tree;
pub mod trust;

use crate::{error::Result, host::Host};
use std::path::Path;

/// Outer trial.
pub fn trial_outer() -> Result<()> {
    let host = Host::new()?;
    let cache = std::env::current_dir().unwrap_or_default().join("target/testbed");
    root::Root::ready(&host, &cache)?;
    eprintln!("root ready");
    let image = image::Image::ready(&host, "bookworm", &cache)?;
    eprintln!("image: {}", image.origin);
    let up = bridge::open(&archive::Archives::of_this_host(&host)?, &cache)?;
    tree::write(
        &cache.join("orders.json"),
        &serde_json::to_string(&(image, up)).unwrap_or_default(),
    )?;
    let me = std::env::current_exe().unwrap_or_default().display().to_string();
    let code = host.attach(&[
        "setpriv",
        "--pdeathsig",
        "KILL",
        "flock",
        "--nonblock",
        "--no-fork",
        "-E",
        "75",
        &cache.join("lock").to_string_lossy(),
        "unshare",
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        &me,
        "test-inside",
        "x",
    ])?;
    eprintln!("inner: {code}");
    Ok(())
}

/// Inner trial.
pub fn trial_inner() -> Result<()> {
    let host = Host::new()?;
    let cache = std::env::current_dir().unwrap_or_default().join("target/testbed");
    let (image, up): (image::Image, bridge::Upstreams) =
        serde_json::from_str(&tree::read(&cache.join("orders.json"))?).expect("orders");
    let tools = root::Root::at(&cache.join("root"));
    let mut net = internet::Internet::open(&host, &tools, &cache)?;
    eprintln!("internet open");
    let accel = accelerator::Accelerator::probe(&host, &net.root, &image, &cache)?;
    eprintln!("accel {}", accel.name());
    let run = cache.join("runs/trial");
    tree::remove(&run)?;
    tree::make(&run)?;
    let base = disk::Base::of(&host, &net.root, &image, &run)?;
    base.lay_in(&host, &net.authorities)?;
    let (main, security) = stock::mirrors(&base.read(&host, "/etc/cloud/cloud.cfg")?)?;
    let mut fronts = front::Fronts::default();
    fronts.archive(&archive::Archive::parse(&main)?, &up.main);
    fronts.archive(&archive::Archive::parse(&security)?, &up.security);
    fronts.authority(&archive::Archive::parse("https://acme-v02.api.letsencrypt.org/directory")?);
    net.stage(&host, &fronts)?;
    net.name_machine(&["chat.example.org".to_owned()])?;
    eprintln!("staged");
    base.layer(&host, &run.join("disk.qcow2"))?;
    let data = std::fs::read_to_string(cache.join("user-data")).unwrap_or("#cloud-config\n".into());
    disk::seed(&host, &net.root, &run.join("seed.iso"), "trial-1", &data)?;
    let mut m = machine::Machine::new(&net.root, &run, accel, image.kernel.clone());
    m.start(&host)?;
    m.wait_for_shell(std::time::Duration::from_secs(120))?;
    eprintln!("shell after {:?}", m.age());
    let socket = cache.join("trial.sh");
    let _ = Path::new("");
    loop {
        std::thread::sleep(std::time::Duration::from_millis(500));
        if let Ok(line) = std::fs::read_to_string(&socket) {
            std::fs::remove_file(&socket).ok();
            if line.trim() == "quit" {
                return Ok(());
            }
            let text = if let Some(l) = line.strip_prefix("net ") {
                host.outcome(&net.root.words(&["sh", "-c", l]), "")
            } else if let Some(l) = line.strip_prefix("out ") {
                host.outcome(&["sh", "-c", l], "")
            } else if line.trim() == "kill" {
                m.cut_power();
                m.start(&host)?;
                continue;
            } else {
                m.run(&line, std::time::Duration::from_secs(300))
            };
            let text = match text {
                Ok(o) => format!("{}\n{}\nrc={}\n", o.stdout, o.stderr, o.status),
                Err(e) => e.to_string(),
            };
            tree::write(&cache.join("trial.out"), &text)?;
        }
    }
}
