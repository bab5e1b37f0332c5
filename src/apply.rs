//! A changed site brought to a machine that serves: tried there, and taken back unless all is well.
//!
//! The machine goes back by itself. What tries the payload is laid down and flushed before anything is put in force, and
//! takes it back at the deadline or when the machine has been started twice, whether anybody is there or not; so the desk
//! has to do nothing in time but confirm, over a connection that it opens after the change.

mod deployed;
mod edit;
mod promises;

use std::{
    collections::BTreeSet,
    io::Write as _,
    thread,
    time::{Duration, Instant},
};

pub use deployed::{Deployed, Status, short};
pub use edit::Edit;

use crate::{
    error::{Error, Result, for_terminal},
    host::{Host, interrupt, login::Login, progress::Progress},
    machine::Machine,
    plan::Plan,
    verify::{self, Request},
};

const BEGIN: &str = include_str!("apply/scripts/begin.sh");
const FOLLOW: &str = include_str!("apply/scripts/follow.sh");

/// What the trial consists of on the machine, beside the payload.
const PARTS: [(&str, &str); 3] = [
    ("trial", include_str!("apply/scripts/trial.sh")),
    ("report", include_str!("apply/scripts/report.sh")),
    ("homeseed-trial.service", include_str!("apply/scripts/homeseed-trial.service")),
];

/// Between two looks at a machine that changes.
const PAUSE: Duration = Duration::from_secs(1);

/// Before another connection is tried: the machine lets in ten a minute.
const RECONNECT: Duration = Duration::from_secs(7);

/// How often a machine is asked whether a trial has begun, after a connection broke.
const ATTEMPTS: usize = 10;

/// Why somebody took it back.
const INTERRUPTED: &str = "you interrupted it";

/// A step that has failed for so long, four times by then, does not come right by itself.
const PATIENCE: Duration = Duration::from_secs(40);

/// What a machine is given to be ready again with what it had; its steps are done anew.
const BACK: Duration = Duration::from_secs(600);

/// How a trial ended.
#[derive(Debug)]
pub enum Ended {
    /// The new payload stays; what the machine says of itself.
    Confirmed(String),
    /// The former payload is in force again.
    TakenBack {
        /// Why.
        reason: String,
        /// Whether the machine is ready with it.
        ready: bool,
        /// What it says of itself.
        status: String,
    },
}

/// What is to be applied to which machine.
pub struct Trial<'a> {
    /// Starts ssh and the checks.
    pub host: &'a Host,
    /// The site, and how to see and reach its machine.
    pub request: Request<'a>,
    /// Who logs in.
    pub login: Login,
    /// What the machine is given until somebody must have confirmed it.
    pub deadline: Duration,
    /// The titles of the checks that may fail, since they did before.
    pub failing: BTreeSet<String>,
    /// Whether it is enough that every step is done that can be, since the machine was not ready before.
    pub from_failing: bool,
    /// Where the reader sees how it goes.
    pub progress: &'a Progress,
}

/// The titles of all that fails before a change of the machine of `former`, seen from here and on it. What the change brings
/// itself does not fail before it.
pub fn failing_before(
    host: &Host,
    request: &Request<'_>,
    former: &Deployed,
    progress: &Progress,
) -> Result<BTreeSet<String>> {
    let mut all = failing(host, request, progress)?;
    all.retain(|title| former.promises(request.plan, title));
    all.extend(former.failures());
    Ok(all)
}

/// The titles of all that fails at this moment.
fn failing(host: &Host, request: &Request<'_>, progress: &Progress) -> Result<BTreeSet<String>> {
    let verdict = verify::verify(host, request, progress)?;
    Ok(verdict.failures().map(verify::Finding::title).collect())
}

impl Trial<'_> {
    /// Lays the payload down on `machine`, which has that of `former`, and follows it to the end of its trial.
    pub fn run(&self, machine: Machine<'_>, former: &Deployed) -> Result<Ended> {
        let plan = self.request.plan;
        let digest = plan.digest();
        self.progress.stage("sending it");
        let sent = self.send(&machine, plan, [&digest, &former.digest]);
        let mut watch = Watch { trial: self, machine: Some(machine), said: Said::default() };
        if let Err(error) = sent {
            watch.begun_though(error, &digest)?;
        }
        match watch.until_ready(&digest).and_then(|()| watch.confirmed(&digest)) {
            Ok(status) => Ok(Ended::Confirmed(status)),
            Err(reason) => Ok(watch.back(&digest, former, reason)),
        }
    }

    /// Has the machine begin a trial of the first digest, in the place of the second.
    fn send(&self, machine: &Machine<'_>, plan: &Plan, digests: [&str; 2]) -> Result<()> {
        let unsent = |error: std::io::Error| Error::host(format!("it was not sent whole: {error}"));
        let archive = archive(plan).map_err(unsent)?;
        let limit = self.deadline.as_secs().to_string();
        let mut pipe = machine.start(BEGIN, &[digests[0], &limit, digests[1]])?;
        let sent = pipe.input().map_or(Ok(()), |input| input.write_all(&archive));
        // Why the machine gave up says more than that it does not listen.
        let said = machine.end(pipe)?;
        match said.lines().find_map(|line| line.strip_prefix("refused: ")) {
            Some(why) => Err(Error::refused(why)),
            None => sent.map_err(unsent),
        }
    }
}

/// The payload of `plan` and what tries it.
fn archive(plan: &Plan) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |path: String, mode: u32, text: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(mode);
        header.set_mtime(0);
        archive.append_data(&mut header, path, text.as_bytes())
    };
    for file in &plan.files {
        add(format!("payload{}", file.path), file.mode.0, &file.contents)?;
    }
    add("payload/inventory".to_owned(), 0o644, &plan.inventory())?;
    for (name, text) in PARTS {
        add(name.to_owned(), 0o644, text)?;
    }
    archive.into_inner()
}

/// What a machine says of its trial.
#[derive(Debug, Default)]
struct Said {
    digest: String,
    status: Status,
    /// The digest of what is on trial.
    on_trial: Option<String>,
    reverted: Option<String>,
    /// Whether one is being laid down, or cleared away.
    applying: bool,
}

impl Said {
    fn read(text: &str) -> Said {
        let mut said = Said::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once(' ')) {
            match name {
                "digest" => value.clone_into(&mut said.digest),
                "status" => said.status = Status::read(value),
                "applying" => said.applying = true,
                "trial" => said.on_trial = Some(value.to_owned()),
                "reverted" => said.reverted = Some(value.to_owned()),
                _ => (),
            }
        }
        said
    }
}

/// Follows a machine through dropped connections and reboots.
struct Watch<'a, 'h> {
    trial: &'a Trial<'a>,
    machine: Option<Machine<'h>>,
    said: Said,
}

impl<'a: 'h, 'h> Watch<'a, 'h> {
    /// Asks once; whether the machine has answered. A connection that is gone is opened anew. Shows what the machine says of
    /// the payload of this digest.
    fn hears(&mut self, digest: &str) -> bool {
        if self.machine.is_none() {
            thread::sleep(RECONNECT);
            self.machine = Machine::changing(self.trial.host, self.trial.login.clone()).ok();
        }
        let answer = self.machine.as_ref().and_then(|it| it.run(FOLLOW, &[], "").ok());
        let Some(answer) = answer else {
            self.machine = None;
            self.trial.progress.waits("the machine does not answer");
            return false;
        };
        self.said = Said::read(&answer);
        let Status { payload, sentence, .. } = &self.said.status;
        let said = if payload == digest { sentence } else { "it is put in force" };
        self.trial.progress.waits(&for_terminal(said));
        true
    }

    /// Whether the trial has begun, though it was not sent as it should be: a connection may break behind the last byte.
    fn begun_though(&mut self, error: Error, digest: &str) -> Result<()> {
        if error.is_refusal() {
            return Err(error);
        }
        self.machine = None;
        for _ in 0..ATTEMPTS {
            if !self.hears(digest) || self.said.applying {
                continue;
            }
            return if self.said.on_trial.as_deref() == Some(digest) { Ok(()) } else { Err(error) };
        }
        let what = error.message();
        Err(Error::taken_back(format!("{what}; nobody knows whether the change has begun"), false)
            .hint("if it has, the machine goes back by itself at its deadline"))
    }

    /// Until the machine is ready with the new payload; otherwise why it shall go back.
    fn until_ready(&mut self, digest: &str) -> std::result::Result<(), String> {
        self.trial.progress.stage("on trial");
        // The machine keeps its own time; what is spent on a last answer comes on top.
        let end = Instant::now() + self.trial.deadline;
        let mut failing: Option<Instant> = None;
        loop {
            if interrupt::noticed() {
                return Err(INTERRUPTED.to_owned());
            }
            if Instant::now() > end {
                return Err("it was not ready in time".to_owned());
            }
            if self.hears(digest) {
                let Said { status, on_trial, reverted, digest: in_force, .. } = &self.said;
                if on_trial.is_none() {
                    let why = reverted.as_deref().map_or("somebody ended the trial", reason);
                    return Err(why.to_owned());
                }
                if in_force == digest && status.is_ready_with(digest) {
                    return Ok(());
                }
                // What fails then is compared to what failed before.
                if self.trial.from_failing && status.is_settled_with(digest) {
                    return Ok(());
                }
                let of_it = status.payload == digest;
                match status.state.as_str() {
                    "refused" if of_it => return Err(status.sentence.clone()),
                    "failing" if of_it => {
                        let since = *failing.get_or_insert_with(Instant::now);
                        if since.elapsed() > PATIENCE {
                            return Err(status.sentence.clone());
                        }
                    }
                    _ => failing = None,
                }
            }
            thread::sleep(PAUSE);
        }
    }

    /// Looks over connections that are new, and confirms; what the machine says then, or why it shall go back.
    fn confirmed(&mut self, digest: &str) -> std::result::Result<String, String> {
        let said = |error: Error| error.message().to_owned();
        let Trial { host, request, login, failing: before, progress, .. } = self.trial;
        // The old connection says nothing about who can log in now.
        self.machine = None;
        let machine = Machine::changing(host, login.clone()).map_err(said)?;
        machine.run(FOLLOW, &[], "").map_err(said)?;
        let failing = failing(host, request, progress).map_err(said)?;
        let new: Vec<&str> = failing.difference(before).map(String::as_str).collect();
        if !new.is_empty() {
            return Err(format!("these checks fail now: {}", new.join("; ")));
        }
        if interrupt::noticed() {
            return Err(INTERRUPTED.to_owned());
        }
        progress.stage("confirming");
        machine.run("homeserver confirm \"$1\"", &[digest], "").map_err(said)?;
        let status = self.said.status.sentence.clone();
        self.machine = Some(machine);
        Ok(status)
    }

    /// Has the machine go back, if it does not by itself, and follows it until it is ready with the `former` payload. What
    /// somebody confirmed meanwhile stays.
    fn back(mut self, digest: &str, former: &Deployed, reason: String) -> Ended {
        const ASK: &str = "[ ! -e /var/lib/homeseed/trial ] || homeserver revert";
        self.trial.progress.stage("going back");
        let mut end = Instant::now() + self.trial.deadline + BACK;
        let (mut asked, mut gone) = (false, false);
        let ready = loop {
            if Instant::now() > end {
                break false;
            }
            asked = asked || self.machine.as_ref().is_some_and(|it| it.run(ASK, &[], "").is_ok());
            if self.hears(&former.digest) && self.said.on_trial.is_none() {
                if !gone {
                    (gone, end) = (true, Instant::now() + BACK);
                }
                let Said { digest: in_force, status, reverted, .. } = &self.said;
                if reverted.is_none() && in_force == digest {
                    return Ended::Confirmed(status.sentence.clone());
                }
                if *in_force == former.digest && status.is_ready_with(&former.digest) {
                    break true;
                }
                // It cannot become better than it was.
                if former.status.state != "ready" && status.is_settled_with(&former.digest) {
                    break false;
                }
            }
            thread::sleep(PAUSE);
        };
        Ended::TakenBack { reason, ready, status: self.said.status.sentence }
    }
}

/// What stands behind the time.
fn reason(reverted: &str) -> &str {
    reverted.split_once(" UTC: ").map_or(reverted, |it| it.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_machine_says_of_its_trial_is_read() {
        let text = "digest 12\nstatus {\"state\":\"ready\",\"step\":\"verdict\",\"sentence\":\"it is ready: at 10:00\",\"payload\":\"12\"}\n\
            trial 12\nreverted 2026-11-29 10:00 UTC: it was asked to\n";
        let said = Said::read(text);
        assert!(said.status.is_ready_with("12") && !said.status.is_ready_with("13"));
        assert_eq!(said.on_trial.as_deref(), Some("12"));
        assert_eq!(said.reverted.as_deref().map(reason), Some("it was asked to"));
        // Before the first sentence of a boot.
        assert_eq!(Said::read("digest 12\nstatus \n").status, Status::default());
    }
}
