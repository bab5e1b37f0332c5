//! The verb that brings a changed site to the machine that serves it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{diff::changes::Changes, federation, input, login::Ssh, output, paint, show};
use crate::{
    apply::{Deployed, Ended, Trial, failing_before, short},
    client::{Route, Ways},
    error::{Error, Errors, for_terminal},
    host::{Host, interrupt, progress::Progress},
    machine::Machine,
    plan::Plan,
    units::duration,
    verify::Request,
};

pub(super) const EXAMPLES: &str = "\
Examples:
  homeseed apply site.yaml --ssh root@chat.example.org --check
  homeseed apply site.yaml --ssh root@chat.example.org
  homeseed apply site.yaml --ssh root@chat.example.org --deadline 30m

Exit status: 0 it is in force, or was already; 1 a mistake, or no connection:
nothing was changed; 2 with `--check`, when something would change; 3 refused,
nothing was changed; 4 taken back: the machine is ready with what it had;
5 taken back, but the machine is not ready, or does not answer.";

/// A site, and the machine that it is for.
#[derive(Debug, clap::Args)]
pub(super) struct ApplyArgs {
    /// The site file; `-` is standard input
    #[arg(default_value = input::SITE)]
    site: PathBuf,
    #[command(flatten)]
    ssh: Ssh,
    /// Say what would change, and change nothing
    #[arg(long)]
    check: bool,
    /// How long the machine waits for everything to be well before it goes
    /// back by itself
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = deadline)]
    deadline: Duration,
    /// Apply to a machine that is not ready, which need not become so
    #[arg(long)]
    from_failing: bool,
    /// Ask this name server, instead of those of this computer
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = federation::nameserver)]
    nameserver: Option<SocketAddr>,
    /// Connect to this host, and to this port for HTTPS; URLs stay as they are
    #[arg(long, value_name = "HOST[:PORT]")]
    connect: Option<Route>,
}

/// A minute to a day: less is not enough to look, and longer than a day nobody waits.
fn deadline(text: &str) -> Result<Duration, String> {
    let range = Duration::from_secs(60)..=Duration::from_secs(24 * 3600);
    let time = duration::Duration::parse(text).ok().map(Duration::from);
    time.filter(|it| range.contains(it))
        .ok_or_else(|| "a deadline is such as `10m` or `1h`: from 1m to 1d".to_owned())
}

/// Shows what changes; applies it unless only that was asked.
pub(super) fn run(args: &ApplyArgs, layers: Option<&Path>) -> Result<(), Errors> {
    let desk = input::desk(&args.site, layers)?;
    show::warnings(&desk.plan);
    let host = Host::new().map_err(Error::or_mistake)?;
    let progress = Progress::new();
    let ended = args.apply(&host, &desk.plan, &progress);
    progress.wipe();
    ended
}

impl ApplyArgs {
    fn apply(&self, host: &Host, plan: &Plan, progress: &Progress) -> Result<(), Errors> {
        let machine = Machine::changing(host, self.ssh.login()).map_err(Error::or_mistake)?;
        progress.stage(&format!("looking at {}", machine.destination()));
        let deployed = Deployed::look(&machine).map_err(Error::or_mistake)?;
        progress.wipe();
        // What is on trial may go back yet.
        let is_in_force = plan.digest() == deployed.digest && !deployed.is_on_trial();
        for edit in &deployed.edits {
            output::print(&for_lines(&edit.text((!is_in_force).then_some(plan))))?;
        }
        if is_in_force {
            output::print(&format!("nothing to apply: {} is in force\n", short(&deployed.digest)))?;
            return self.nothing(&deployed);
        }
        output::print(&for_lines(&Changes::between(&deployed.plan(plan), plan).text()))?;
        let refusals = deployed.refusals(plan, self.from_failing);
        if self.check {
            for refusal in &refusals {
                let message = for_terminal(refusal.message());
                paint::warning(&format!("it would be refused: {message}"));
            }
            return Err(Errors::from(Error::changes("the machine would change")).said());
        }
        Errors::none_or(refusals)?;
        interrupt::listen();
        self.tried(host, plan, progress, machine, &deployed)
    }

    /// Has the machine try it, after a look at what fails before.
    fn tried(
        &self,
        host: &Host,
        plan: &Plan,
        progress: &Progress,
        machine: Machine<'_>,
        deployed: &Deployed,
    ) -> Result<(), Errors> {
        let ways = Ways { nameserver: self.nameserver, connect: self.connect.clone() };
        let request = Request { plan, ways, login: Some(self.ssh.login()), onion: None };
        host.require("curl", "curl").map_err(Error::or_mistake)?;
        let failing =
            failing_before(host, &request, deployed, progress).map_err(Error::or_mistake)?;
        progress.wipe();
        for title in &failing {
            let title = for_terminal(title);
            paint::warning(&format!("it fails before the change, and may fail after it: {title}"));
        }
        if interrupt::noticed() {
            return Err(Error::new("you interrupted it, and nothing was changed").into());
        }
        let trial = Trial {
            host,
            request,
            login: self.ssh.login(),
            deadline: self.deadline,
            failing,
            from_failing: self.from_failing,
            progress,
        };
        let ended = trial.run(machine, deployed).map_err(Error::or_mistake)?;
        progress.wipe();
        match ended {
            Ended::Confirmed(status) => Ok(output::print(&format!("{}\n", for_terminal(&status)))?),
            Ended::TakenBack { reason, ready, status } => {
                Err(taken_back(&reason, ready, &status).into())
            }
        }
    }

    /// What is left to say when the machine has it already.
    fn nothing(&self, deployed: &Deployed) -> Result<(), Errors> {
        if deployed.edits.is_empty() {
            return Ok(());
        }
        paint::note(
            "`rm /var/lib/homeseed/stamps/place && systemctl start homeseed` on it puts edited files back",
        );
        if self.check {
            return Err(Errors::from(Error::changes("files were edited")).said());
        }
        Ok(())
    }
}

fn taken_back(reason: &str, ready: bool, status: &str) -> Error {
    let reason = for_terminal(reason);
    if ready {
        return Error::taken_back(format!("the change was taken back: {reason}"), true)
            .hint("the machine is ready with what it had; packages that came stay installed");
    }
    let status = for_terminal(status);
    Error::taken_back(
        format!("the change is taken back: {reason}; but the machine is not ready: {status}"),
        false,
    )
    .hint("it goes on by itself: `homeserver status` on it says where it stands")
}

/// What comes from the machine must not be able to drive the terminal.
fn for_lines(text: &str) -> String {
    text.lines().map(|line| for_terminal(line) + "\n").collect()
}
