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
    ("Traceback (most recent call last)", "a Python program fell over"),
    ("You are in emergency mode", "the boot ended in emergency mode"),
    ("You are in rescue mode", "the boot ended in rescue mode"),
    ("segfault at", "a program crashed"),
    ("EXT4-fs error", "the file system is damaged"),
];

/// Every fault of a console's text: what it means, and the line.
#[must_use]
pub fn faults(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some((_, meaning)) = FAULTS.iter().find(|(words, _)| line.contains(words)) {
            found.push(format!("{meaning}: {}", line.trim()));
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
         grep -F{words} journal | head -n 20\n:"
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

    #[test]
    fn a_fault_is_named_with_its_line() {
        let found = faults("a\n[ 9.1] Out of memory: Killed process 7 (python3)\n");
        assert_eq!(found, ["memory ran out: [ 9.1] Out of memory: Killed process 7 (python3)"]);
    }
}
