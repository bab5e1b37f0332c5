//! The results of all cases as one TAP stream, counted while they are printed.

use std::io::Write;

use super::results::Message;

/// The stream so far.
pub struct TapWriter<W> {
    output: W,
    passed: usize,
    failed: usize,
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
        TapWriter { output, passed: 0, failed: 0 }
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
        let (word, count) =
            if passed { ("ok", &mut self.passed) } else { ("not ok", &mut self.failed) };
        *count += 1;
        let number = self.passed + self.failed;
        self.print(&format!("{word} {number} - {title}"));
        if !passed {
            reason.lines().for_each(|line| self.print(&format!("# {line}")));
        }
    }

    /// Prints the plan line, which makes the stream complete; gives the count.
    pub fn finish(mut self) -> Verdict {
        self.print(&format!("1..{}", self.passed + self.failed));
        Verdict { passed: self.passed, failed: self.failed }
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
        let verdict = writer.finish();
        assert_eq!((verdict.passed, verdict.failed, verdict.is_good()), (1, 1, false));
        let text = String::from_utf8(output).expect("text");
        assert_eq!(text, "ok 1 - a: b\n# so far\nnot ok 2 - a: b\n# because\n# of this\n1..2\n");
    }
}
