//! The verb that prints the document, in the form that its provider takes.

use std::{
    io::{IsTerminal as _, stderr},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::{
    ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use url::Url;

use super::{
    budget,
    input::{self, Desk},
    output::{self, Consent, Target},
    paint, show,
};
use crate::{
    backend::user_data::{self, Binary, Encoding, LIMIT, PROVIDERS, Provider, Split},
    error::{Error, Errors, Result},
    host, http_url,
    plan::Plan,
    units::size,
};

pub(super) const EXAMPLES: &str = "\
Examples:
  homeseed user-data site.yaml > user-data
  homeseed user-data site.yaml --for hetzner -o user-data
  homeseed user-data site.yaml --for aws --encoding gzip -o user-data.gz
  homeseed user-data site.yaml --encoding plain | less
  homeseed user-data site.yaml --from https://www.example.org/chat.payload \
    --payload chat.payload -o user-data
  generate-site | homeseed user-data - -o user-data

The document goes to standard output; how long it is, and who takes it, to
standard error.";

/// What is to be printed.
#[derive(Debug, clap::Args)]
pub(super) struct UserDataArgs {
    /// The site file; `-` is standard input
    #[arg(default_value = input::SITE)]
    site: PathBuf,
    /// Who is to take it: decides how long it may be, and in what form
    #[arg(long = "for", value_name = "PROVIDER", value_parser = providers())]
    provider: Option<&'static Provider>,
    /// How the files stand in it
    #[arg(long, value_enum, default_value = "auto")]
    encoding: Word,
    /// In base64, for an API that wants it so
    #[arg(long)]
    base64: bool,
    /// How many bytes it may have, such as `16K`
    #[arg(long, value_name = "SIZE", value_parser = limit, conflicts_with = "provider")]
    limit: Option<usize>,
    /// Have the machine fetch its payload from here: a short document; of
    /// several URLs each is tried in turn
    #[arg(long = "from", value_name = "URL", value_parser = mirror, requires = "payload")]
    mirrors: Vec<Url>,
    /// The file to write the payload to, for you to publish
    #[arg(long, value_name = "FILE", requires = "mirrors")]
    payload: Option<PathBuf>,
    /// For a machine that begins with a backup: it waits for
    /// `homeseed restore`
    #[arg(long)]
    restore: bool,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    consent: Consent,
}

/// The names of the encodings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Word {
    /// Plain when it fits, compact otherwise
    Auto,
    /// Readable here-documents
    Plain,
    /// Compressed text, for small limits
    Compact,
    /// Compressed bytes, which cloud-init inflates: for a file
    Gzip,
}

impl Word {
    /// The encoding of the text.
    fn text(self) -> Encoding {
        match self {
            Word::Plain => Encoding::Plain,
            Word::Compact => Encoding::Compact,
            Word::Auto | Word::Gzip => Encoding::Auto,
        }
    }
}

fn providers() -> impl TypedValueParser<Value = &'static Provider> {
    PossibleValuesParser::new(PROVIDERS.iter().map(|it| it.name))
        .map(|name| Provider::named(&name).expect("one of the names"))
}

/// How long a document may be.
fn limit(text: &str) -> std::result::Result<usize, String> {
    let bytes = size::spoken(text).and_then(|it| usize::try_from(it).ok());
    bytes.filter(|it| *it > 0).ok_or_else(|| "a limit is such as `16384` or `16K`".to_owned())
}

/// Where a payload is published: a file, not a folder.
fn mirror(text: &str) -> std::result::Result<Url, String> {
    let url = http_url::parse(text).map_err(|fault| fault.to_string())?;
    if url.path().ends_with('/') {
        return Err("it names a folder; a URL ends with the name of the payload".to_owned());
    }
    Ok(url)
}

/// Prints it, and says how long it is.
pub(super) fn run(args: &UserDataArgs, layers: Option<&Path>) -> std::result::Result<(), Errors> {
    let desk = input::desk_for(&args.site, layers, input::waiting(args.restore))?;
    show::warned(&desk, args.consent.allow_placeholders)?;
    let base64 = args.base64()?;
    let bytes = args.document(&desk, base64)?;
    args.publish(&desk.plan)?;
    let (length, counted) = (bytes.len(), args.counted(bytes.len(), base64));
    let sent = if base64 { STANDARD.encode(&bytes).into_bytes() } else { bytes };
    if args.encoding == Word::Gzip && !base64 && args.target.is_terminal() {
        return Err(Error::new("compressed bytes are not for a terminal")
            .hint("write them to a file: `-o user-data.gz`; or say `--base64`")
            .into());
    }
    args.target.deliver(&sent, args.consent.force, &[&args.site], user_data::is_ours)?;
    args.say(&desk, length, counted);
    Ok(())
}

impl UserDataArgs {
    /// Writes what the machine is to fetch, if it is to.
    fn publish(&self, plan: &Plan) -> Result<()> {
        let Some(file) = &self.payload else { return Ok(()) };
        output::refuse_stdout(file, "the payload")?;
        if self.encoding == Word::Gzip {
            return Err(Error::new("a document that fetches its payload is short, and text")
                .hint("leave `--encoding gzip` out"));
        }
        if self.target.file() == Some(file) {
            return Err(Error::new("document and payload are the same file")
                .hint("name two: the provider gets the one, a web server the other"));
        }
        let payload = self.split(plan, LIMIT).payload;
        Target::to(file).deliver(&payload, self.consent.force, &[&self.site], user_data::is_ours)
    }

    fn split(&self, plan: &Plan, room: usize) -> Split {
        user_data::split(plan, &self.mirrors, self.encoding.text(), room)
    }

    /// Whether it is printed in base64; an error when nobody could do anything with it.
    fn base64(&self) -> Result<bool> {
        let Some(provider) = self.provider.filter(|_| self.encoding == Word::Gzip) else {
            return Ok(self.base64);
        };
        match provider.binary {
            Binary::File => Ok(self.base64),
            Binary::Base64 => Ok(true),
            Binary::Never => {
                let message = format!("{} takes text only", provider.title);
                Err(Error::new(message).hint("leave `--encoding gzip` out"))
            }
        }
    }

    /// How many bytes the document may have before it is put into base64.
    fn room(&self, base64: bool) -> Option<usize> {
        self.provider.map(|it| it.room(base64)).or(self.limit)
    }

    fn counted(&self, length: usize, base64: bool) -> usize {
        self.provider.map_or(length, |it| it.counted(length, base64))
    }

    /// The document, or why it does not fit.
    fn document(&self, desk: &Desk<'_>, base64: bool) -> Result<Vec<u8>> {
        let room = self.room(base64);
        let bytes = self.rendered(&desk.plan, room);
        if room.is_none_or(|room| bytes.len() <= room) {
            return Ok(bytes);
        }
        Err(self.refusal(desk, bytes.len(), base64))
    }

    /// Why a document of `length` bytes is none, with what could be left out.
    fn refusal(&self, desk: &Desk<'_>, length: usize, base64: bool) -> Error {
        let room = self.room(base64);
        let counted = self.counted(length, base64);
        let mut message = match self.provider.and_then(|it| Some((it.title, it.limit?))) {
            Some((title, limit)) => {
                format!("the document takes {counted} bytes, {title} takes {limit}")
            }
            None => format!(
                "the document takes {counted} bytes, {} are allowed",
                room.unwrap_or_default()
            ),
        };
        // What is refused is plain only where that was asked for.
        let measure = |plan: &Plan| match self.encoding {
            _ if !self.mirrors.is_empty() => self.split(plan, 0).document.len(),
            Word::Gzip => user_data::gzip(plan).len(),
            Word::Plain => budget::comparable(plan, Encoding::Plain),
            Word::Auto | Word::Compact => budget::comparable(plan, Encoding::Compact),
        };
        let costs = budget::lines(&budget::costs(desk, &measure), 20);
        if !costs.is_empty() {
            message += "\nit would have so many bytes less without:";
        }
        message.extend(costs.iter().map(|line| format!("\n  {line}")));
        let hints = self.advice(desk, length);
        if hints.is_empty() {
            return Error::new(message);
        }
        Error::new(message).hint(hints.join("; "))
    }

    /// The bytes, however many they are.
    fn rendered(&self, plan: &Plan, room: Option<usize>) -> Vec<u8> {
        if self.encoding == Word::Gzip {
            return user_data::gzip(plan);
        }
        let room = room.unwrap_or(LIMIT);
        if !self.mirrors.is_empty() {
            return self.split(plan, room).document.into_bytes();
        }
        user_data::nearest(plan, self.encoding.text(), room).into_bytes()
    }

    /// What would make it shorter than `length`.
    fn advice(&self, desk: &Desk<'_>, length: usize) -> Vec<String> {
        if !self.mirrors.is_empty() {
            return Vec::new();
        }
        let gzip = if self.encoding == Word::Gzip {
            None
        } else {
            budget::gzip(&desk.plan, self.provider).filter(|gzip| *gzip < length)
        };
        let mut advice = budget::advice(&desk.site, self.encoding.text(), gzip);
        if self.limit.is_some() {
            advice.push("`--limit` allows more bytes, if your provider does".to_owned());
        }
        if self.provider.is_some() {
            advice.push(format!("as it is, {} take it", budget::taking(length)));
        }
        advice
    }

    /// Says what was made, and what to do with it.
    fn say(&self, desk: &Desk<'_>, length: usize, counted: usize) {
        match self.provider {
            Some(Provider { title, limit: Some(limit), .. }) => {
                paint::note(&format!("{counted} of {limit} bytes for {title}"));
            }
            Some(Provider { title, .. }) => paint::note(&format!("{length} bytes for {title}")),
            None if self.encoding == Word::Gzip => paint::note(&format!("{length} bytes in gzip")),
            None => paint::note(&format!("{length} bytes; {}", budget::takers(length))),
        }
        if self.provider.is_none() && self.encoding != Word::Gzip && length > LIMIT {
            let advice = self.advice(desk, length).join("; ");
            if !advice.is_empty() {
                paint::note(&format!("to make it shorter: {advice}"));
            }
        }
        if let Some(file) = &self.payload {
            let urls: Vec<String> = self.mirrors.iter().map(|url| format!("`{url}`")).collect();
            let file = file.display();
            paint::note(&format!("publish {file}, byte for byte, at {}", urls.join(" and ")));
        }
        if self.target.is_terminal() {
            paint::note(&copied(&self.site));
        } else if let Some(file) = self.target.file().filter(|_| stderr().is_terminal()) {
            let file = file.display();
            paint::note(&format!("{file} is written; next: hand it over as user-data"));
        }
    }
}

/// How a document gets from here into a form unharmed.
fn copied(site: &Path) -> String {
    let command = [
        ("wl-copy", "wl-copy"),
        ("xclip", "xclip -selection clipboard"),
        ("xsel", "xsel --clipboard --input"),
        ("pbcopy", "pbcopy"),
        ("clip.exe", "clip.exe"),
    ];
    let command = command.into_iter().find(|(program, _)| host::has(program));
    let safer = "copied from a terminal it may lose something; safer is";
    match command {
        Some((_, command)) => {
            format!("{safer} `homeseed user-data {} | {command}`", site.display())
        }
        None => format!("{safer} a file: `-o user-data`"),
    }
}
