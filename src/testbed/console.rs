//! What a machine says on its console, read for the faults that no machine may show.

use std::path::Path;

/// Words that are a fault wherever they stand, and what they mean.
const FAULTS: &[(&str, &str)] = &[
    ("Kernel panic", "the kernel panicked"),
    ("BUG:", "the kernel found a bug in itself"),
    ("Oops:", "the kernel stumbled"),
    ("Ordering cycle found", "units wait for each other in a circle"),
    ("ordering cycle", "units wait for each other in a circle"),
    ("invoked oom-killer", "memory ran out"),
    ("Out of memory: Killed", "memory ran out"),
    (TRACEBACK, "a Python program fell over"),
    ("You are in emergency mode", "the boot ended in emergency mode"),
    ("You are in rescue mode", "the boot ended in rescue mode"),
    ("segfault at", "a program crashed"),
    ("EXT4-fs error", "the file system is damaged"),
];

/// How a traceback of Python begins.
const TRACEBACK: &str = "Traceback (most recent call last)";

/// What stands in one that harms nobody, where it was and what it was: one of Synapse's threads adds to the counters that its
/// loop `start_profiling` reads. That loop ends, which only writes lines for debugging (`PerformanceCounters` in its
/// `storage/database.py`).
const HARMLESS: [&str; 2] =
    [", in interval", "RuntimeError: dictionary changed size during iteration"];

/// Lines of the longest traceback that is looked at.
const TRACED: usize = 40;

/// Whether the traceback that begins with the first of `lines` is the one that harms nobody; other lines may stand between
/// its own in a journal.
fn is_harmless<'a>(lines: impl Iterator<Item = &'a str>) -> bool {
    let traced: Vec<&str> = lines.take(TRACED).collect();
    let next = traced.iter().skip(1).position(|line| line.contains(TRACEBACK));
    let own = &traced[..next.map_or(traced.len(), |n| n + 1)];
    HARMLESS.iter().all(|words| own.iter().any(|line| line.contains(words)))
}

/// Every fault of a console's text: what it means, and the line.
#[must_use]
pub fn faults(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let fault = FAULTS.iter().find(|(words, _)| line.contains(words));
        let fault = fault
            .filter(|(words, _)| *words != TRACEBACK || !is_harmless(lines[n..].iter().copied()));
        if let Some((_, meaning)) = fault {
            found.push(format!("{meaning}: {}", line.trim()));
        }
    }
    found
}

/// What Synapse itself calls an error in `text`, its messages with their levels and without times: each with its traceback.
#[must_use]
pub fn errors_of_synapse(text: &str) -> Vec<String> {
    const LEVELS: [&str; 5] = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
    let begins = |line: &str| {
        LEVELS.iter().any(|it| line.strip_prefix(it).is_some_and(|it| it.starts_with(' ')))
    };
    let mut messages: Vec<Vec<&str>> = Vec::new();
    for line in text.lines() {
        match messages.last_mut() {
            Some(message) if !begins(line) => message.push(line),
            _ => messages.push(vec![line]),
        }
    }
    let is_error = |it: &Vec<&str>| it[0].starts_with("ERROR ") || it[0].starts_with("CRITICAL ");
    // Twisted announces a traceback in a message of its own.
    let announces = |it: &Vec<&str>| it[0].ends_with("Unhandled error in Deferred:");
    let harmless = |it: &Vec<&str>| {
        let traced = it.iter().copied().skip_while(|line| !line.contains(TRACEBACK));
        is_harmless(traced)
    };
    let mut found = Vec::new();
    for (n, message) in messages.iter().enumerate() {
        let told =
            if announces(message) { messages.get(n + 1).unwrap_or(message) } else { message };
        if is_error(message) && !harmless(told) {
            found.push(message.join("\n"));
        }
    }
    found
}

/// The command that prints such lines of a machine's journal; it fails when there is no journal to read.
#[must_use]
pub fn search() -> String {
    let words: String = FAULTS.iter().map(|(words, _)| format!(" -e '{words}'")).collect();
    format!(
        "journalctl --no-pager -q -o short-monotonic >journal && [ -s journal ] || exit 1\n\
         grep -F -A {TRACED}{words} journal | head -n 1000\n:"
    )
}

/// When cloud-init had finished in the first boot that it was part of: seconds, as it says them.
#[must_use]
pub fn finished(text: &str) -> Option<String> {
    let line =
        text.lines().find(|line| line.contains("Cloud-init v.") && line.contains("finished at"))?;
    let (_, seconds) = line.rsplit_once(" Up ")?;
    Some(seconds.split_whitespace().next()?.to_owned())
}

/// The text so far; a console may hold any bytes.
#[must_use]
pub fn read(path: &Path) -> String {
    std::fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

/// The last thing said, for the reader who waits.
#[must_use]
pub fn last_line(text: &str) -> String {
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_boot_has_no_fault() {
        assert!(faults("[    0.0] Linux version 6.1\nvps login: \n").is_empty());
    }

    #[test]
    fn cloud_init_says_when_it_has_finished() {
        let text = "[ 42.2] cloud-init[9]: Cloud-init v. 22.4.2 finished at Tue. Datasource X.  Up 42.20 seconds\r\n";
        assert_eq!(finished(text).as_deref(), Some("42.20"));
        assert_eq!(finished("Cloud-init v. 22.4.2 running"), None);
    }

    /// What Synapse says when a thread counts while the loop reads.
    const RACE: &str = "\
ERROR synapse.util sentinel Looping call died
Traceback (most recent call last):
  File \"database.py\", line 573, in interval
    for name, (count, cum_time) in self.current_counters.items():
RuntimeError: dictionary changed size during iteration
CRITICAL twisted sentinel Unhandled error in Deferred:
CRITICAL twisted sentinel
Traceback (most recent call last):
  File \"database.py\", line 573, in interval
    for name, (count, cum_time) in self.current_counters.items():
RuntimeError: dictionary changed size during iteration
";

    #[test]
    fn a_loop_of_synapse_that_harms_nobody_may_end() {
        let journal: String =
            RACE.lines().map(|line| format!("[ 9.1] vps matrix-synapse[7]: {line}\n")).collect();
        assert_eq!(errors_of_synapse(RACE), Vec::<String>::new());
        assert_eq!(faults(&journal), Vec::<String>::new());
        let other = RACE.replace("interval", "persist_event");
        assert_eq!(errors_of_synapse(&other).len(), 3, "{other}");
        assert_eq!(faults(&journal.replace("interval", "persist_event")).len(), 2);
        assert_eq!(faults(&(journal.clone() + &journal.replace("interval", "other"))).len(), 2);
        assert_eq!(faults(&(journal.replace("interval", "other") + &journal)).len(), 2);
    }

    #[test]
    fn an_error_of_synapse_comes_with_its_traceback() {
        let text = "INFO synapse.access GET-1 200\nERROR synapse.http PUT-2 failed\nTraceback\nKeyError: 1\nINFO a b\n";
        assert_eq!(
            errors_of_synapse(text),
            ["ERROR synapse.http PUT-2 failed\nTraceback\nKeyError: 1"]
        );
        assert!(errors_of_synapse("INFO ERROR of somebody\n").is_empty());
    }

    #[test]
    fn a_fault_is_named_with_its_line() {
        let found = faults("a\n[ 9.1] Out of memory: Killed process 7 (python3)\n");
        assert_eq!(found, ["memory ran out: [ 9.1] Out of memory: Killed process 7 (python3)"]);
    }
}
