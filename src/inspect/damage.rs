//! What can happen to a document on its way, and what to do about it.

use crate::error::{Error, Place, for_terminal};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is nothing that homeseed writes.
    None,
    /// It is more than is read.
    TooLong,
    /// Another version wrote it, and this one does not know all of it.
    Foreign,
    /// Lines were broken.
    Wrapped {
        /// The longest line, in characters.
        width: usize,
    },
    /// Lines lost the blanks that they begin with.
    LostBlanks,
    /// Blanks became tabs.
    Tabs,
    /// Blanks became others that look the same.
    OddBlanks,
    /// Quotes and dashes became typographic ones.
    Typography,
    /// Signs were written as HTML.
    Html,
    /// The lines that mark code in Markdown were copied as well.
    Fence,
    /// Each line begins as in an answer to a mail.
    Quoted,
    /// Something else stands before or behind it.
    Surrounded,
    /// A byte order mark.
    ByteOrderMark,
    /// UTF-16, as a shell on Windows writes it.
    Utf16,
    /// Base64, which most providers do not undo.
    Base64,
    /// It stands there twice.
    Twice,
    /// Its end is missing.
    Cut,
    /// Characters that drive a terminal.
    Control,
    /// Blanks at the ends of lines.
    BlankEnds,
    /// Empty lines between the lines.
    BlankLines,
    /// A file beside it is missing, or one is too many.
    Incomplete,
    /// Something was changed.
    Changed,
}

/// Something that was damaged on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What happened.
    pub kind: Kind,
    /// The first line where it shows, from one; nothing when it is everywhere, or cannot be told.
    pub line: Option<usize>,
    /// One sentence.
    pub message: String,
    /// One sentence: what to do.
    pub cure: &'static str,
    // Boxed, so that results stay small.
    place: Option<Box<Place>>,
}

/// Where and why a reading stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    /// From one.
    pub(super) line: usize,
    /// The last line that it can be, when it cannot be told which.
    pub(super) last: Option<usize>,
    pub(super) what: String,
}

impl Fault {
    pub(super) fn new(kind: Kind, line: usize, what: &str) -> Fault {
        Fault { kind, line, last: None, what: what.to_owned() }
    }

    /// Something between two lines was changed.
    pub(super) fn between(line: usize, last: usize) -> Fault {
        Fault { last: Some(last), ..Fault::new(Kind::Changed, line, "") }
    }
}

impl Kind {
    /// Its name, for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.said().0
    }

    /// The width of the lines that were wrapped.
    #[must_use]
    pub fn width(self) -> Option<usize> {
        if let Kind::Wrapped { width } = self { Some(width) } else { None }
    }

    /// What to do about it.
    #[must_use]
    pub fn cure(self) -> &'static str {
        self.said().1
    }

    fn said(self) -> (&'static str, &'static str) {
        match self {
            Kind::None => ("none", "`homeseed user-data site.yaml` makes one"),
            Kind::TooLong => ("too-long", "no provider takes a document of 1 MiB"),
            Kind::Foreign => {
                ("foreign", "ask the version that wrote it, or make the document again")
            }
            Kind::Wrapped { .. } => {
                ("wrapped", "copy from the file, not from a terminal or a mail, which break lines")
            }
            Kind::LostBlanks => (
                "lost-blanks",
                "copy the text as it is: the blank before each line belongs to YAML",
            ),
            Kind::Tabs => ("tabs", "turn off what makes tabs of blanks, and copy it again"),
            Kind::OddBlanks => ("odd-blanks", "copy from the file, not from a web page or a chat"),
            Kind::Typography => {
                ("typography", "copy from the file, not from a word processor, a mail or a chat")
            }
            Kind::Html => ("html", "copy what the page shows, not its source; better, the file"),
            Kind::Fence => ("fence", "leave the lines with ``` or ~~~ out"),
            Kind::Quoted => ("quoted", "copy from the file, not from a mail that quotes it"),
            Kind::Surrounded => {
                ("surrounded", "paste the document alone, from its first line to ` }`")
            }
            Kind::ByteOrderMark => {
                ("byte-order-mark", "save it as UTF-8 without a byte order mark (BOM)")
            }
            Kind::Utf16 => {
                ("utf-16", "write it with `--output FILE`: `>` in PowerShell makes UTF-16 of it")
            }
            Kind::Base64 => {
                ("base64", "decode it first (`base64 -d`), unless the provider asks for base64")
            }
            Kind::Twice => ("twice", "empty the field, and paste the document once"),
            Kind::Cut => ("cut", "does the form take fewer bytes than the document has?"),
            Kind::Control => {
                ("control-characters", "copy from the file, not from a terminal that shows colours")
            }
            Kind::BlankEnds => {
                ("blank-ends", "copy from the file, not from a terminal that fills lines")
            }
            Kind::BlankLines => {
                ("blank-lines", "something doubled the line ends: copy from the file, as text")
            }
            Kind::Incomplete => ("incomplete", "make it again, and change the site instead"),
            Kind::Changed => ("changed", "copy the document again, whole"),
        }
    }

    /// What happened, in words that follow the name of the document.
    fn sentence(self, line: Option<usize>) -> String {
        let from = line.map_or_else(String::new, |line| format!(" from line {line} on"));
        let at = line.map_or_else(String::new, |line| format!(" in line {line}"));
        match self {
            Kind::None => "is no document of homeseed".to_owned(),
            Kind::TooLong => "is longer than 1 MiB; no more was read".to_owned(),
            Kind::Cut => format!("was cut short: it ends{at}"),
            Kind::Foreign => "was made by another version".to_owned(),
            Kind::Base64 => "is in base64, which cloud-init itself does not undo".to_owned(),
            _ => format!("was damaged on the way: {}", self.of_text(&from, &at)),
        }
    }

    fn of_text(self, from: &str, at: &str) -> String {
        match self {
            Kind::Wrapped { width } => {
                format!("its lines were wrapped at {width} characters{from}")
            }
            Kind::LostBlanks => format!("the blanks that lines begin with are gone{from}"),
            Kind::Tabs => format!("tabs stand for blanks{from}"),
            Kind::OddBlanks => format!("no-break or invisible blanks stand for blanks{from}"),
            Kind::Typography => format!("there are typographic quotes or dashes{from}"),
            Kind::Html => format!("signs are written as in HTML, such as `&lt;`{from}"),
            Kind::Fence => format!("the fence of a code block stands{at}"),
            Kind::Quoted => "each line begins with `>`".to_owned(),
            Kind::Surrounded => format!("something that is no part of it stands{at}"),
            Kind::ByteOrderMark => format!("there is a byte order mark{at}"),
            Kind::Utf16 => "it is UTF-16, which cloud-init does not read".to_owned(),
            Kind::Twice => format!("it was pasted twice, again{from}"),
            Kind::Control => format!("there are control characters{from}, and YAML takes none"),
            Kind::BlankEnds => format!("blanks stand at the ends of lines{from}"),
            Kind::BlankLines => format!("empty lines stand between the lines{from}"),
            _ => format!("something{at} was changed"),
        }
    }
}

impl Damage {
    /// Of the whole, without a place.
    pub(super) fn whole(name: &str, kind: Kind) -> Damage {
        Damage::of(name, kind, &kind.sentence(None))
    }

    /// Of the whole, in words that follow its name.
    pub(super) fn of(name: &str, kind: Kind, sentence: &str) -> Damage {
        let message = format!("{name} {sentence}");
        Damage { kind, line: None, message, cure: kind.cure(), place: None }
    }

    /// Shown at `line`, which reads `text`.
    pub(super) fn at(name: &str, kind: Kind, line: usize, text: &str) -> Damage {
        let damage = Damage::of(name, kind, &kind.sentence(Some(line)));
        damage.placed(name, line, text)
    }

    /// What `fault` says of the document `name`, whose `line` reads `text`.
    pub(super) fn faulty(name: &str, fault: &Fault, text: &str) -> Damage {
        let Fault { kind, line, last, what } = fault;
        if let Some(last) = last {
            let what = format!("something between the lines {line} and {last} was changed");
            return Damage::of(name, *kind, &format!("was damaged on the way: {what}"));
        }
        let sentence = format!("was damaged on the way: line {line}: {what}");
        Damage::of(name, *kind, &sentence).placed(name, *line, text)
    }

    fn placed(self, name: &str, line: usize, text: &str) -> Damage {
        let width = text.chars().count().clamp(1, 70);
        // No line is so long that it is of use, and a document may be one line.
        let text: String = text.chars().take(200).collect();
        let place = Some(Box::new(Place::of_line(name, &for_terminal(&text), line, 1, width)));
        Damage { line: Some(line), place, ..self }
    }
}

impl From<Damage> for Error {
    fn from(damage: Damage) -> Error {
        Error::new(damage.message).at(damage.place.map(|place| *place)).hint(damage.cure)
    }
}
