//! A shell script without comments and indentation.
//!
//! It follows quotes, expansions, `case` and here-documents, and knows nothing of what commands mean. A script that
//! does not come out even, or that shells read in different ways, is given up.

use super::Starts;

/// The same commands; nothing when it is not certain what they are.
pub(super) fn minified(text: &str) -> Option<String> {
    let scanner = scanned(text)?;
    let mut kept = String::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let code =
            scanner.comment_in(at, line.len()).map_or(line.to_owned(), |it| before(line, it));
        kept += if scanner.starts.contains(&at) { flat(&code) } else { &code };
        at += line.len();
    }
    Some(kept)
}

/// What stands before the comment at `start`. A blank behind a backslash is a part of a word.
fn before(line: &str, start: usize) -> String {
    let code = &line[..start];
    let trimmed = code.trim_end_matches([' ', '\t']);
    format!("{}\n", if trimmed.ends_with('\\') { code } else { trimmed })
}

/// A line on which a command begins or goes on: not indented, and nothing when it is empty.
fn flat(line: &str) -> &str {
    let line = line.trim_start_matches([' ', '\t']);
    if line == "\n" { "" } else { line }
}

fn scanned(text: &str) -> Option<Scanner<'_>> {
    let mut scanner = Scanner {
        text: text.as_bytes(),
        at: 0,
        contexts: vec![Context::commands(End::File)],
        word: None,
        pending: Vec::new(),
        starts: Starts::from([0]),
        comments: Starts::new(),
    };
    while scanner.at < text.len() {
        scanner.step()?;
    }
    scanner.end_word()?;
    scanner.is_even().then_some(scanner)
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    /// The innermost is the last.
    contexts: Vec<Context>,
    /// What has been read of a word.
    word: Option<Word>,
    /// Here-documents whose bodies begin on the next line.
    pending: Vec<HereDocument>,
    /// Where lines begin whose indentation means nothing.
    starts: Starts,
    /// Where comments begin.
    comments: Starts,
}

enum Context {
    /// `cases` of them are open; `first` when the next word is the first of a command.
    Commands { end: End, cases: usize, first: bool },
    /// Between double quotes.
    Double,
    /// `${`; `quoted` when that stands between double quotes.
    Parameter { quoted: bool },
    /// `$((`, and how many parentheses are open in it.
    Arithmetic { open: usize },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    File,
    Subshell,
    Substitution,
}

/// A word from its beginning; a keyword only if it is `bare`.
#[derive(Clone, Copy)]
struct Word {
    start: usize,
    bare: bool,
}

struct HereDocument {
    delimiter: Vec<u8>,
    quoted: bool,
    strips_tabs: bool,
    /// How many contexts were open.
    depth: usize,
}

impl Context {
    fn commands(end: End) -> Context {
        Context::Commands { end, cases: 0, first: true }
    }
}

impl Scanner<'_> {
    /// How far into the line at `at` a comment begins.
    fn comment_in(&self, at: usize, length: usize) -> Option<usize> {
        self.comments.range(at..at + length).next().map(|start| start - at)
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn follows(&self, words: &str) -> bool {
        self.text[self.at..].starts_with(words.as_bytes())
    }

    /// Whether everything that was opened is closed.
    fn is_even(&self) -> bool {
        let outer = matches!(*self.contexts, [Context::Commands { end: End::File, cases: 0, .. }]);
        outer && self.pending.is_empty()
    }

    fn step(&mut self) -> Option<()> {
        let c = self.peek(0)?;
        match self.contexts.last()? {
            Context::Commands { .. } => self.command(c),
            Context::Double => self.double(c),
            Context::Parameter { quoted } => self.parameter(c, *quoted),
            Context::Arithmetic { open } => self.arithmetic(c, *open),
        }
    }

    fn command(&mut self, c: u8) -> Option<()> {
        match c {
            b'\n' => self.newline(),
            b';' | b'&' | b'|' => self.operator(),
            b'<' if self.follows("<<") => self.here_document(),
            b' ' | b'\t' | b'<' | b'>' => self.blank(),
            b'(' => self.open(1, Context::commands(End::Subshell)),
            b')' => self.close_parenthesis(),
            b'#' if self.word.is_none() => self.comment(),
            b'\\' if self.peek(1) == Some(b'\n') => self.continued(),
            b'\'' => self.single(),
            b'"' => self.open_in_word(1, Context::Double),
            b'\\' | b'$' | b'`' => self.special(c, false),
            _ => {
                self.word.get_or_insert(Word { start: self.at, bare: true });
                self.advance(1)
            }
        }
    }

    fn comment(&mut self) -> Option<()> {
        if self.at > 0 || !self.follows("#!") {
            self.comments.insert(self.at);
        }
        self.skip_to(b'\n')
    }

    fn double(&mut self, c: u8) -> Option<()> {
        match c {
            b'"' => self.close(1),
            _ => self.special(c, true),
        }
    }

    fn parameter(&mut self, c: u8, quoted: bool) -> Option<()> {
        match c {
            b'}' => self.close(1),
            b'"' => self.open_in_word(1, Context::Double),
            // Shells differ in whether it quotes here.
            b'\'' if quoted => None,
            b'\'' => self.single(),
            _ => self.special(c, quoted),
        }
    }

    fn arithmetic(&mut self, c: u8, open: usize) -> Option<()> {
        let depth = match c {
            b'(' => open + 1,
            b')' if open > 0 => open - 1,
            b')' if self.follows("))") => return self.close(2),
            b')' | b'\'' | b'"' => return None,
            _ => return self.special(c, true),
        };
        *self.contexts.last_mut()? = Context::Arithmetic { open: depth };
        self.advance(1)
    }

    /// What is special between double quotes as well.
    fn special(&mut self, c: u8, quoted: bool) -> Option<()> {
        match c {
            b'\\' => {
                self.quoted_word();
                self.advance(2)
            }
            b'`' => self.backquotes(),
            b'$' if self.follows("$((") => self.open_in_word(3, Context::Arithmetic { open: 0 }),
            b'$' if self.follows("$(") => {
                self.open_in_word(2, Context::commands(End::Substitution))
            }
            b'$' if self.follows("${") => self.open_in_word(2, Context::Parameter { quoted }),
            // Quotes with escapes in some shells, a dollar and quotes in others.
            b'$' if self.follows("$'") && !quoted => None,
            _ => {
                self.quoted_word();
                self.advance(1)
            }
        }
    }

    /// A command goes on in the next line. Behind a blank another says nothing; an empty line ends the command.
    fn continued(&mut self) -> Option<()> {
        self.advance(2)?;
        let next = self.text[self.at..].iter().find(|c| !matches!(c, b' ' | b'\t'));
        if self.word.is_none() && !matches!(next, None | Some(b'\n' | b'#')) {
            self.starts.insert(self.at);
        }
        Some(())
    }

    fn advance(&mut self, bytes: usize) -> Option<()> {
        self.at += bytes;
        (self.at <= self.text.len()).then_some(())
    }

    fn skip_to(&mut self, end: u8) -> Option<()> {
        let length = self.text[self.at..].iter().position(|&c| c == end)?;
        self.advance(length)
    }

    fn single(&mut self) -> Option<()> {
        self.quoted_word();
        self.advance(1)?;
        self.skip_to(b'\'')?;
        self.advance(1)
    }

    /// A shell looks for the end first, whatever stands between.
    fn backquotes(&mut self) -> Option<()> {
        self.quoted_word();
        self.advance(1)?;
        while self.peek(0)? != b'`' {
            self.advance(if self.peek(0)? == b'\\' { 2 } else { 1 })?;
        }
        self.advance(1)
    }

    /// The word that is being read is none of the shell's own.
    fn quoted_word(&mut self) {
        self.word = Some(Word { start: self.at, bare: false });
    }

    fn open(&mut self, bytes: usize, context: Context) -> Option<()> {
        self.end_word()?;
        self.contexts.push(context);
        self.advance(bytes)
    }

    /// The same, where what is opened is a part of a word.
    fn open_in_word(&mut self, bytes: usize, context: Context) -> Option<()> {
        self.word = None;
        self.contexts.push(context);
        self.advance(bytes)
    }

    /// Back to the word that the context is a part of.
    fn close(&mut self, bytes: usize) -> Option<()> {
        self.contexts.pop();
        self.quoted_word();
        self.advance(bytes)
    }

    fn close_parenthesis(&mut self) -> Option<()> {
        self.end_word()?;
        let Context::Commands { end, cases, first } = self.contexts.last_mut()? else {
            return None;
        };
        if *cases > 0 {
            *first = true;
            return self.advance(1);
        }
        let end = *end;
        let depth = self.contexts.len();
        match end {
            _ if self.pending.iter().any(|it| it.depth >= depth) => None,
            End::File => None,
            End::Substitution => self.close(1),
            End::Subshell => {
                self.contexts.pop();
                self.operator()
            }
        }
    }

    fn blank(&mut self) -> Option<()> {
        self.end_word()?;
        self.advance(1)
    }

    /// Behind it begins a command.
    fn operator(&mut self) -> Option<()> {
        self.end_word()?;
        if let Context::Commands { first, .. } = self.contexts.last_mut()? {
            *first = true;
        }
        self.advance(1)
    }

    fn newline(&mut self) -> Option<()> {
        self.operator()?;
        for document in std::mem::take(&mut self.pending) {
            if document.depth != self.contexts.len() {
                return None;
            }
            self.body(&document)?;
        }
        self.starts.insert(self.at);
        Some(())
    }

    /// Counts `case` and `esac`; both are keywords only where a command begins.
    fn end_word(&mut self) -> Option<()> {
        let Some(word) = self.word.take() else { return Some(()) };
        let text = if word.bare { &self.text[word.start..self.at] } else { b"" };
        let Context::Commands { cases, first, .. } = self.contexts.last_mut()? else { return None };
        *first = match (*first, text) {
            (true, b"case") => {
                *cases += 1;
                false
            }
            (true, b"esac") => {
                *cases = cases.checked_sub(1)?;
                false
            }
            (
                true,
                b"if" | b"then" | b"elif" | b"else" | b"while" | b"until" | b"do" | b"{" | b"!",
            ) => true,
            (false, b"in") => *cases > 0,
            _ => false,
        };
        Some(())
    }

    fn here_document(&mut self) -> Option<()> {
        self.end_word()?;
        self.advance(2)?;
        let strips_tabs = self.follows("-");
        self.advance(usize::from(strips_tabs))?;
        while matches!(self.peek(0)?, b' ' | b'\t') {
            self.advance(1)?;
        }
        let (delimiter, quoted) = self.delimiter()?;
        let depth = self.contexts.len();
        self.pending.push(HereDocument { delimiter, quoted, strips_tabs, depth });
        Some(())
    }

    /// The word that ends a here-document, and whether it was quoted.
    fn delimiter(&mut self) -> Option<(Vec<u8>, bool)> {
        let (start, mut word, mut quoted) = (self.at, Vec::new(), false);
        loop {
            match self.peek(0)? {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => break,
                b'$' | b'`' | b'\\' => return None,
                quote @ (b'\'' | b'"') => {
                    quoted = true;
                    self.advance(1)?;
                    let inside = self.at;
                    self.skip_to(quote)?;
                    word.extend(&self.text[inside..self.at]);
                }
                c => word.push(c),
            }
            self.advance(1)?;
        }
        let odd = word.iter().any(|c| matches!(c, b'\n' | b'\\' | b'$' | b'`'));
        (self.at > start && !odd).then_some((word, quoted))
    }

    fn body(&mut self, document: &HereDocument) -> Option<()> {
        let start = self.at;
        loop {
            let line = &self.text[self.at..];
            let line = &line[..line.iter().position(|&c| c == b'\n')?];
            let bare = if document.strips_tabs { without_tabs(line) } else { line };
            if bare == document.delimiter {
                let body = &self.text[start..self.at];
                let certain = document.quoted || is_plain_body(body);
                self.advance(line.len() + 1)?;
                return certain.then_some(());
            }
            self.advance(line.len() + 1)?;
        }
    }
}

fn without_tabs(line: &[u8]) -> &[u8] {
    &line[line.iter().take_while(|&&c| c == b'\t').count()..]
}

/// Whether all shells end the body where this line ends it: nothing that it expands goes on, nor its last line.
fn is_plain_body(body: &[u8]) -> bool {
    let count = |c: u8| body.split(|it| *it == c).count() - 1;
    let expands = body.windows(2).any(|it| it == b"$(" || it == b"${");
    let even = count(b'(') == count(b')') && count(b'{') == count(b'}');
    count(b'`') % 2 == 0 && (even || !expands) && !body.ends_with(b"\\\n")
}
