//! What is wrong, where the user wrote it, and what to try.

use std::{fmt, process::ExitCode};

/// The result of anything that stops at the first mistake.
pub type Result<T> = std::result::Result<T, Error>;

/// One mistake.
///
/// The message is in the user's words, lower case and without a full stop; names stand in backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    message: String,
    // Boxed, so that results stay small.
    place: Option<Box<Place>>,
    hint: Option<String>,
    fault: Fault,
}

/// Who has to act: it decides the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// The input is wrong or a check failed: status 1.
    Input = 1,
    /// A tool or this host failed, or something changes and it was asked whether: status 2.
    Host,
    /// A machine must not be changed now, or not so: status 3.
    Refused,
    /// A change was taken back, and the machine is as it was: status 4.
    TakenBack,
    /// The same, but the machine is not ready, or nobody knows: status 5.
    Unknown,
}

/// A spot in a text the user wrote; lines and columns count characters from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    file: String,
    line: usize,
    column: usize,
    width: usize,
    text: String,
}

impl Error {
    /// The user's input is wrong, or a check failed.
    pub fn new(message: impl Into<String>) -> Error {
        let message = without_number(message.into());
        Error { message, place: None, hint: None, fault: Fault::Input }
    }

    /// A tool that we call, or the machine that we run on, failed.
    pub fn host(message: impl Into<String>) -> Error {
        Error { fault: Fault::Host, ..Error::new(message) }
    }

    /// Something changes, and it was asked whether: no mistake, but another exit status than that of no change.
    pub fn changes(message: impl Into<String>) -> Error {
        Error::host(message)
    }

    /// A machine must not be changed now, or not so; nothing was.
    pub fn refused(message: impl Into<String>) -> Error {
        Error { fault: Fault::Refused, ..Error::new(message) }
    }

    /// Whether it is one of these.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.fault == Fault::Refused
    }

    /// A change was taken back; whether the machine is `ready` again.
    pub fn taken_back(message: impl Into<String>, ready: bool) -> Error {
        let fault = if ready { Fault::TakenBack } else { Fault::Unknown };
        Error { fault, ..Error::new(message) }
    }

    /// The same for a verb whose exit status 2 says something else: a host that failed is a mistake too.
    #[must_use]
    pub fn or_mistake(self) -> Error {
        match self.fault {
            Fault::Host => Error { fault: Fault::Input, ..self },
            _ => self,
        }
    }

    /// What is wrong, alone.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it is, if that can be said.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.place.as_deref()
    }

    /// What to try, if that is known.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Says where; `None` leaves the error without a place.
    #[must_use]
    pub fn at(mut self, place: impl Into<Option<Place>>) -> Error {
        self.place = place.into().map(Box::new);
        self
    }

    /// Says what to try. Only true, short advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }
}

/// What the system says of itself has its number for the error behind it, which tells nobody anything.
fn without_number(mut message: String) -> String {
    if let Some(start) = message.find(" (os error ")
        && let Some(length) = message[start..].find(')')
    {
        message.replace_range(start..=start + length, "");
    }
    message
}

/// The most characters that are shown of a line.
const WINDOW: usize = 160;

impl Place {
    /// As much of the line as is worth showing, how many characters of it stand before the spot, and how wide it is.
    fn window(&self) -> (String, usize, usize) {
        let (before, count) = (self.column - 1, self.text.chars().count());
        if count <= WINDOW {
            return (self.text.clone(), before, self.width);
        }
        let start = before.saturating_sub(WINDOW / 2);
        let shown: String = self.text.chars().skip(start).take(WINDOW).collect();
        let left = if start > 0 { "..." } else { "" };
        let right = if start + WINDOW < count { "..." } else { "" };
        (format!("{left}{shown}{right}"), left.len() + before - start, self.width.min(WINDOW / 2))
    }

    /// The file's name, the line and the column, each of both from one.
    #[must_use]
    pub fn position(&self) -> (&str, usize, usize) {
        (&self.file, self.line, self.column)
    }

    /// How many characters wide the spot is.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The spot at `line` and `column` of `source`, `width` characters wide.
    #[must_use]
    pub fn new(file: &str, source: &str, line: usize, column: usize, width: usize) -> Place {
        let text = source.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        Place::of_line(file, text, line, column, width)
    }

    /// The same, when only the one line may be known.
    #[must_use]
    pub fn of_line(file: &str, text: &str, line: usize, column: usize, width: usize) -> Place {
        let text = for_terminal(text);
        Place { file: file.to_owned(), line, column: column.max(1), width: width.max(1), text }
    }
}

/// `text` in one line, as it may be printed: what others wrote must not be able to drive the terminal.
#[must_use]
pub fn for_terminal(text: &str) -> String {
    let harmless = |c: char| if drives(c) { '\u{fffd}' } else { c };
    text.chars().map(harmless).collect()
}

/// The same for each of several lines.
fn lines_for_terminal(text: &str) -> String {
    text.split('\n').map(for_terminal).collect::<Vec<_>>().join("\n")
}

/// Whether a character moves the cursor, or turns the direction of what follows (UAX #9).
pub(crate) fn drives(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || c.is_control() && c != '\t'
}

/// How many mistakes are worth printing; what exceeds a screenful or two is only counted.
pub(crate) const ENOUGH: usize = 100;

/// Every mistake that was found in one run, in the order of the places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errors {
    list: Vec<Error>,
    /// How many more there are, which nobody would read.
    more: usize,
    said: bool,
}

impl Errors {
    /// `Ok` when nothing was collected.
    pub fn none_or(errors: Vec<Error>) -> std::result::Result<(), Errors> {
        if errors.is_empty() { Ok(()) } else { Err(Errors::from(errors)) }
    }

    /// The same, and so many more that are not shown.
    #[must_use]
    pub fn and_more(self, more: usize) -> Errors {
        Errors { more: self.more + more, ..self }
    }

    /// Each of them.
    #[must_use]
    pub fn list(&self) -> &[Error] {
        &self.list
    }

    /// The same errors, when the user has read them already: only their exit status is left.
    #[must_use]
    pub fn said(self) -> Errors {
        Errors { said: true, ..self }
    }

    /// Whether the user has read them already.
    #[must_use]
    pub fn are_said(&self) -> bool {
        self.said
    }

    /// How many there are beside those of the list.
    #[must_use]
    pub fn more(&self) -> usize {
        self.more
    }

    /// The worst of all: from 1, the input is wrong or a check failed, to 5, nobody knows how the machine is.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let worst = self.list.iter().map(|error| error.fault).max();
        ExitCode::from(worst.map_or(1, |fault| fault as u8))
    }
}

impl From<Vec<Error>> for Errors {
    fn from(mut errors: Vec<Error>) -> Errors {
        errors.sort_by_key(|error| error.place.as_ref().map(|place| (place.line, place.column)));
        let more = errors.len().saturating_sub(ENOUGH);
        errors.truncate(ENOUGH);
        Errors { list: errors, more, said: false }
    }
}

impl From<Error> for Errors {
    fn from(error: Error) -> Errors {
        Errors { list: vec![error], more: 0, said: false }
    }
}

impl From<xshell::Error> for Error {
    fn from(error: xshell::Error) -> Error {
        Error::host(error.to_string())
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.list.iter().enumerate() {
            if n > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{error}")?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "\n\n... and {more} more"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", lines_for_terminal(&self.message))?;
        if let Some(place) = &self.place {
            write!(f, "\n{place}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n\nhint: {}", lines_for_terminal(hint))?;
        }
        Ok(())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { file, line, column, .. } = self;
        let gutter = " ".repeat(line.to_string().len());
        let (text, before, width) = self.window();
        // A tab stays a tab, so that the carets stand under the word on every terminal.
        let indent: String =
            text.chars().take(before).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        writeln!(f, "{gutter}--> {file}:{line}:{column}")?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{line} | {text}")?;
        write!(f, "{gutter} | {indent}{}", "^".repeat(width))
    }
}

impl std::error::Error for Error {}
impl std::error::Error for Errors {}
