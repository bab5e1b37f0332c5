//! The verbs that make disks.

use std::path::{Path, PathBuf};

use super::{args::ImageArgs, input, output, show};
use crate::{
    backend::{
        image::{self, Format, Made, Request},
        overlay::Purpose,
        seed::{self, Seed},
        user_data::{self, Encoding},
    },
    error::{Error, Errors, Result},
    host::{
        Host,
        archives::{Archive, Archives},
        interrupt,
        progress::{Progress, clock},
    },
    plan::Plan,
    table,
};

/// Makes the image that is wanted, and says what it took.
pub(super) fn make(args: &ImageArgs, layers: Option<&Path>) -> std::result::Result<(), Errors> {
    interrupt::listen();
    let site = match &args.site {
        None if args.generic => None,
        None if !Path::new(input::SITE).exists() => {
            return Err(Error::new("an image is of a site, or generic")
                .hint("name a site.yaml, or say `--generic`")
                .into());
        }
        site => Some(site.clone().unwrap_or_else(|| input::SITE.into())),
    };
    let (plan, purpose) = match &site {
        Some(site) => (of_site(site, args, layers)?, Purpose::Site),
        None => (input::generic(layers)?, Purpose::Generic),
    };
    let inputs: Vec<&Path> = site.iter().chain(&args.lock).map(PathBuf::as_path).collect();
    output::may_replace(&args.output, args.consent.force, &inputs, image::is_ours)?;
    let host = Host::new()?;
    let format = args.format.map_or_else(|| Format::of(&args.output), |it| Ok(it.into()))?;
    let request = Request {
        plan: &plan,
        purpose,
        output: &args.output,
        format,
        size: args.size,
        lock: args.lock.as_deref(),
        sources: &archives(&host, args)?.sources(&plan.suite),
    };
    let progress = Progress::new();
    let made = image::build(&host, &request, &progress)?;
    progress.wipe();
    Ok(output::print(&summary(args, &made))?)
}

/// The plan of a site of which a machine may be made.
fn of_site(
    site: &Path,
    args: &ImageArgs,
    layers: Option<&Path>,
) -> std::result::Result<Plan, Errors> {
    let desk = input::desk_for(site, layers, input::waiting(args.restore))?;
    show::warned(&desk, args.consent.allow_placeholders)?;
    Ok(desk.plan)
}

/// Writes the seed of a plan.
pub(super) fn seed(plan: &Plan, file: &Path) -> Result<()> {
    let host = Host::new()?;
    host.require("xorriso", "xorriso")?;
    let user_data = &user_data::render(plan, Encoding::Auto, usize::MAX)?;
    let meta_data = &seed::meta_data(plan, user_data);
    let seed = Seed { user_data, meta_data, network_config: None };
    seed.write(&host, file, |words| words.iter().map(|word| (*word).to_owned()).collect())
}

/// Those that were named, or those of this host.
fn archives(host: &Host, args: &ImageArgs) -> Result<Archives> {
    let Some(main) = &args.mirror else { return Archives::of_this_host(host) };
    let main = Archive::parse(main)?;
    let security = match &args.security_mirror {
        Some(security) => Archive::parse(security)?,
        None => main.security(),
    };
    Ok(Archives { main, security })
}

fn summary(args: &ImageArgs, made: &Made) -> String {
    let mib = |bytes: u64| bytes >> 20;
    let (file, size) = (args.output.display(), mib(made.size));
    let head = format!("{file}: a disk of {size} MiB\n");
    let (files, stored) = (mib(made.installed), mib(made.stored));
    let mut rows = vec![[files.to_string(), format!("MiB of files, {stored} MiB stored")]];
    rows.extend(made.stages.iter().map(|(name, took)| [clock(*took), (*name).to_owned()]));
    head + &table::lines(&rows, &[0]).iter().map(|it| format!("  {it}\n")).collect::<String>()
}
