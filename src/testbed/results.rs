//! What an inner half reports while it plays: a line of JSON each, on its standard output.

use std::io::{Write, stdout};

use serde::{Deserialize, Serialize};

use super::report::Times;

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// A fact, and why when it does not hold.
    Result {
        /// Whether it holds.
        passed: bool,
        /// What is claimed.
        title: String,
        /// Why it does not hold; lines.
        reason: String,
    },
    /// Something for the reader.
    Remark(String),
    /// A case has ended.
    Times(Times),
    /// All cases were played.
    End,
}

/// Where the results of all cases go.
pub struct Results<'a> {
    send: Box<dyn FnMut(&Message) + 'a>,
    failed: usize,
}

impl<'a> Results<'a> {
    /// To somebody who hears each message.
    pub fn to(send: impl FnMut(&Message) + 'a) -> Results<'a> {
        Results { send: Box::new(send), failed: 0 }
    }

    /// To the outer half.
    #[must_use]
    pub fn to_outer_half() -> Results<'static> {
        Results::to(|message| {
            let line = serde_json::to_string(message).unwrap_or_default();
            // When nobody listens any more, we are about to be ended.
            writeln!(stdout(), "{line}").ok();
        })
    }

    /// Reports a fact, and why when it does not hold.
    pub fn add(&mut self, passed: bool, title: &str, reason: &str) {
        self.failed += usize::from(!passed);
        let (title, reason) = (title.to_owned(), reason.to_owned());
        self.say(&Message::Result { passed, title, reason });
    }

    /// Reports something for the reader.
    pub fn remark(&mut self, line: &str) {
        self.say(&Message::Remark(line.to_owned()));
    }

    /// Reports something else.
    pub fn say(&mut self, message: &Message) {
        (self.send)(message);
    }

    /// How many facts did not hold.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failed
    }
}
