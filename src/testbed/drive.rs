//! Runs the script of a case and answers its requests.
//!
//! The script speaks on standard output: TAP lines for the reader, and lines that begin with `@ ` for us.
//! Each of those is answered with one line on its standard input: a status and a text in base64.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};

use super::{
    context::{CaseContext, PEER_USER, UNLISTED_PEER},
    link::{MACHINE, MACHINE6},
    results::Results,
    verdict,
};
use crate::{
    error::{Error, Result},
    host::{Coprocess, Outcome, files},
};

/// The verbs as shell functions.
const LIBRARY: &str = include_str!("../../image-tests/lib.sh");

/// What passes between homeservers, as scripts that run inside the tools root.
const FEDERATION: &[(&str, &str)] = &[
    ("federation.sh", include_str!("../../image-tests/federation.sh")),
    ("exchange.sh", include_str!("../../image-tests/exchange.sh")),
];

/// What is done with a site that brings no script of its own.
const STANDARD_CASE: &str = "standard_case\n";

/// Runs the script in `dir`; each of its results goes to `results`.
///
/// It is a mistake of the script, and an error, when it ends without having said how many results there are.
pub fn drive(context: &mut CaseContext<'_>, dir: &Path, results: &mut Results<'_>) -> Result<()> {
    let mut process = start(context, dir)?;
    let mut script = Script { case: context.case.name.clone(), ..Script::default() };
    while let Some(line) = process.hear()? {
        match line.strip_prefix("@ ") {
            Some(request) => {
                script.flush(results);
                answer(context, &mut process, request)?;
            }
            None => script.hear(&line, results),
        }
    }
    script.flush(results);
    let status = process.finish();
    match script.planned {
        Some(planned) if planned > 0 && planned == script.count && status == 0 => Ok(()),
        planned => {
            let planned = planned.map_or("unknown".to_owned(), |n| n.to_string());
            let log = dir.join("script.log");
            let words = files::read(&log).unwrap_or_default();
            let last = words
                .lines()
                .rfind(|line| !line.is_empty())
                .map_or(String::new(), |line| format!(": {line}"));
            Err(Error::new(format!(
                "the script ended with status {status} after {} of {planned} results{last}",
                script.count
            ))
            .hint(format!("its own words are in `{}`", log.display())))
        }
    }
}

/// What the script has said so far; a result waits for the remarks that follow it.
#[derive(Default)]
struct Script {
    case: String,
    count: usize,
    planned: Option<usize>,
    last: Option<(bool, String, String)>,
}

impl Script {
    fn hear(&mut self, line: &str, results: &mut Results<'_>) {
        if let Some(remark) = line.strip_prefix("# ") {
            match &mut self.last {
                Some((_, _, reason)) => *reason += &format!("{remark}\n"),
                None => results.remark(remark),
            }
            return;
        }
        self.flush(results);
        if let Some(count) = line.strip_prefix("1..") {
            self.planned = count.parse().ok();
        } else if let Some(title) = line.strip_prefix("ok - ") {
            self.last = Some((true, title.to_owned(), String::new()));
        } else if let Some(title) = line.strip_prefix("not ok - ") {
            self.last = Some((false, title.to_owned(), String::new()));
        } else if !line.is_empty() {
            results.remark(line);
        }
    }

    fn flush(&mut self, results: &mut Results<'_>) {
        if let Some((passed, title, reason)) = self.last.take() {
            self.count += 1;
            results.add(passed, &format!("{}: {title}", self.case), &reason);
        }
    }
}

fn start(context: &CaseContext<'_>, dir: &Path) -> Result<Coprocess> {
    let (library, federation) = (dir.join("lib.sh"), context.internet.dir().join("federation"));
    files::write(&library, LIBRARY)?;
    for (name, text) in FEDERATION {
        files::write(&federation.join(name), text)?;
    }
    // A copy: a shell reads its script while it runs, and somebody may be writing the next one.
    let script = dir.join("test.sh");
    files::write(&script, context.case.script.as_deref().unwrap_or(STANDARD_CASE))?;
    let case = context.case;
    let program = std::env::current_exe().map_err(|error| Error::host(error.to_string()))?;
    let set = |name: &str, value: &str| format!("{name}={value}");
    let own = case.variables.iter().map(|(name, value)| set(name, value));
    let words = [
        "env".to_owned(),
        set("SERVER_NAME", &case.plan.server_name),
        set("HOST", &case.plan.host),
        set("ADMIN", &case.admin),
        set("LISTED", case.listed.as_deref().unwrap_or_default()),
        set("RUNS_IN", case.lane.word()),
        set("OWN_KERNEL", &verdict::own_kernel(&case.plan.checks)),
        set("ANYONE", if case.anyone { "yes" } else { "" }),
        set("MACHINE", MACHINE),
        set("MACHINE6", MACHINE6),
        set("UNLISTED_PEER", UNLISTED_PEER),
        set("PEER_USER", PEER_USER.0),
        set("PEER_PASSWORD", PEER_USER.1),
        set("DIR", &dir.to_string_lossy()),
        set("PAYLOAD", &case.plan.digest()),
        set("FEDERATION", &federation.to_string_lossy()),
        set("SITE", &case.site.to_string_lossy()),
        set("REPOSITORY", &case.repository),
        set("FINGERPRINT", context.fixture.fingerprint()),
        set("FIXTURE", &context.fixture.dir().to_string_lossy()),
        set("HOMESEED", &program.to_string_lossy()),
    ];
    let shell = [
        "sh".to_owned(),
        "-c".to_owned(),
        ". \"$0\"; . \"$1\"; finish".to_owned(),
        library.to_string_lossy().into_owned(),
        script.to_string_lossy().into_owned(),
    ];
    let words: Vec<String> = words.into_iter().chain(own).chain(shell).collect();
    context.host.converse(&words, &dir.join("script.log"))
}

fn answer(context: &mut CaseContext<'_>, script: &mut Coprocess, request: &str) -> Result<()> {
    let (verb, text) = request.split_once(' ').unwrap_or((request, ""));
    let damaged = |error| Error::host(format!("a request of the script is damaged: {error}"));
    let text = BASE64.decode(text).map_err(damaged)?;
    let outcome = context.act(verb, &String::from_utf8_lossy(&text))?;
    let Outcome { status, stdout, stderr } = outcome;
    // What a command complains about is the reason when it fails, and noise when it does not.
    let text = if status == 0 { stdout } else { stdout + &stderr };
    script.say(&format!("{status} {}", BASE64.encode(text)))
}

#[cfg(test)]
mod tests {
    use super::{super::results::Message, *};

    fn hear(lines: &[&str]) -> (Script, Vec<Message>) {
        let mut messages = Vec::new();
        let mut results = Results::to(|message| messages.push(message.clone()));
        let mut script = Script { case: "case".to_owned(), ..Script::default() };
        for line in lines {
            script.hear(line, &mut results);
        }
        script.flush(&mut results);
        drop(results);
        (script, messages)
    }

    #[test]
    fn results_are_counted_and_the_plan_is_kept() {
        let (script, messages) = hear(&["# first", "ok - a", "not ok - b", "# because", "1..2"]);
        assert_eq!((script.count, script.planned), (2, Some(2)));
        let result = |passed, title: &str, reason: &str| Message::Result {
            passed,
            title: title.to_owned(),
            reason: reason.to_owned(),
        };
        let expected = [
            Message::Remark("first".to_owned()),
            result(true, "case: a", ""),
            result(false, "case: b", "because\n"),
        ];
        assert_eq!(messages, expected);
    }

    #[test]
    fn a_script_that_dies_has_no_plan() {
        assert_eq!(hear(&["ok - a"]).0.planned, None);
    }
}
