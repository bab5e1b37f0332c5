//! The results of all cases as one TAP stream, counted while they are printed.

use std::io::Write;

use super::results::Message;

/// So many lines of a failure stand in the summary.
const SHORT: usize = 25;

/// The stream so far.
pub struct TapWriter<W> {
    output: W,
    passed: usize,
    /// Those that did not hold: title and reason, as they were printed.
    failed: Vec<String>,
}

/// What became of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdict {
    /// How many facts held.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
}

impl Verdict {
    /// Whether something was said, and all of it good.
    #[must_use]
    pub fn is_good(self) -> bool {
        self.passed > 0 && self.failed == 0
    }
}

impl<W: Write> TapWriter<W> {
    /// An empty stream.
    pub fn new(output: W) -> TapWriter<W> {
        TapWriter { output, passed: 0, failed: Vec::new() }
    }

    /// Prints what somebody reported, if it is for this stream.
    pub fn take(&mut self, message: &Message) {
        match message {
            Message::Result { passed, title, reason } => self.result(*passed, title, reason),
            Message::Remark(line) => self.print(&format!("# {line}")),
            Message::Times(_) | Message::End => {}
        }
    }

    fn result(&mut self, passed: bool, title: &str, reason: &str) {
        let number = self.passed + self.failed.len() + 1;
        if passed {
            self.passed += 1;
            return self.print(&format!("ok {number} - {title}"));
        }
        let reason: String = reason.lines().map(|line| format!("\n# {line}")).collect();
        let failed = format!("not ok {number} - {title}{reason}");
        self.print(&failed);
        self.failed.push(failed);
    }

    /// What did not hold, once more and in short: among the results of an hour it lies far above.
    #[must_use]
    pub fn failures(&self) -> String {
        let short = |failed: &String| {
            let lines: Vec<&str> = failed.lines().collect();
            let left = lines.len().saturating_sub(SHORT);
            let more = if left == 0 { String::new() } else { format!("# … and {left} more\n") };
            lines.iter().take(SHORT).map(|line| format!("{line}\n")).collect::<String>() + &more
        };
        self.failed.iter().map(short).collect()
    }

    /// Prints the plan line, which makes the stream complete; gives the count.
    pub fn finish(mut self) -> Verdict {
        let (passed, failed) = (self.passed, self.failed.len());
        self.print(&format!("1..{}", passed + failed));
        Verdict { passed, failed }
    }

    /// A reader who went away is no reason to stop.
    fn print(&mut self, line: &str) {
        writeln!(self.output, "{line}").ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_numbered_and_counted() {
        let mut output = Vec::new();
        let mut writer = TapWriter::new(&mut output);
        let result = |passed| Message::Result {
            passed,
            title: "a: b".to_owned(),
            reason: "because\nof this".to_owned(),
        };
        for message in
            [result(true), Message::Remark("so far".to_owned()), result(false), Message::End]
        {
            writer.take(&message);
        }
        assert_eq!(writer.failures(), "not ok 2 - a: b\n# because\n# of this\n");
        let verdict = writer.finish();
        assert_eq!((verdict.passed, verdict.failed, verdict.is_good()), (1, 1, false));
        let text = String::from_utf8(output).expect("text");
        assert_eq!(text, "ok 1 - a: b\n# so far\nnot ok 2 - a: b\n# because\n# of this\n1..2\n");
    }

    #[test]
    fn a_long_reason_is_cut_in_the_summary() {
        let mut writer = TapWriter::new(Vec::new());
        let reason = "line\n".repeat(SHORT + 1);
        writer.take(&Message::Result { passed: false, title: "a".to_owned(), reason });
        let text = writer.failures();
        assert_eq!(text.lines().count(), SHORT + 1);
        assert!(text.ends_with("# line\n# … and 2 more\n"), "{text}");
    }
}
