//! What happens to documents between a file and a machine.

/// A kind of damage, as `inspect` calls it, and the document after it.
type Damaged = (&'static str, Vec<u8>);

const WIDTHS: [usize; 20] =
    [20, 32, 40, 55, 64, 72, 76, 78, 80, 90, 100, 120, 132, 140, 160, 180, 200, 256, 500, 850];

const CONTROL: [&str; 5] = ["\u{1b}[31m", "\u{7}", "\0", "\u{8}", "\u{9b}"];

/// Ten places in `text`, each at the start of a line behind the first.
fn places(text: &str) -> impl Iterator<Item = usize> {
    let starts: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    let count = starts.len() - 3;
    (0..10).map(move |tenth| starts[1 + count * tenth / 10])
}

/// `text` with what `change` makes of all that stands behind each of ten places.
fn behind<'a>(
    text: &'a str,
    change: impl Fn(&str) -> String + 'a,
) -> impl Iterator<Item = Vec<u8>> + 'a {
    places(text).map(move |at| [&text[..at], &change(&text[at..])].concat().into_bytes())
}

/// The first `from` behind each of ten places becomes `to`.
fn once<'a>(text: &'a str, from: &'a str, to: &'a str) -> impl Iterator<Item = Vec<u8>> + 'a {
    behind(text, move |rest| rest.replacen(from, to, 1))
}

fn each(text: &str, change: impl Fn(&str) -> String) -> String {
    text.split_inclusive('\n').map(change).collect()
}

/// Broken after `width` characters, as a terminal does.
fn wrapped(text: &str, width: usize) -> String {
    let lines = text.lines().map(|line| {
        let pieces: Vec<&str> = line
            .as_bytes()
            .chunks(width)
            .map(|piece| std::str::from_utf8(piece).unwrap())
            .collect();
        pieces.join("\n") + "\n"
    });
    lines.collect()
}

/// Broken between words, as a mail is.
fn filled(text: &str, width: usize) -> String {
    let mut all = String::new();
    for line in text.lines() {
        let mut length = 0;
        for word in line.split_inclusive(' ') {
            if length > 0 && length + word.trim_end().len() > width {
                all = all.trim_end_matches(' ').to_owned() + "\n";
                length = 0;
            }
            all += word;
            length += word.len();
        }
        all.push('\n');
    }
    all
}

/// Every damage of a text.
pub(crate) fn of_text(text: &str) -> Vec<Damaged> {
    [lines(text), signs(text), around(text), pieces(text)].concat()
}

/// What is done to lines.
fn lines(text: &str) -> Vec<Damaged> {
    let mut all = Vec::new();
    let mut add = |kind, bytes: Vec<u8>| all.push((kind, bytes));
    for width in WIDTHS {
        add("wrapped", wrapped(text, width).into_bytes());
    }
    for width in [40, 72, 76, 78, 100] {
        add("wrapped", filled(text, width).into_bytes());
    }
    let unindented = |rest: &str| each(rest, |line| line.trim_start_matches(' ').to_owned());
    behind(text, unindented).for_each(|it| add("lost-blanks", it));
    let one_less =
        |rest: &str| each(rest, |line| line.strip_prefix(' ').unwrap_or(line).to_owned());
    behind(text, one_less).for_each(|it| add("lost-blanks", it));
    let tabbed =
        |line: &str| line.strip_prefix(' ').map_or(line.to_owned(), |rest| format!("\t{rest}"));
    behind(text, |rest| each(rest, tabbed)).for_each(|it| add("tabs", it));
    once(text, " ", "\t").for_each(|it| add("tabs", it));
    behind(text, |rest| rest.replace('\n', "  \n")).for_each(|it| add("blank-ends", it));
    behind(text, |rest| rest.replace('\n', "\n\n")).for_each(|it| add("blank-lines", it));
    behind(text, |rest| rest.replace('\n', "\r\r\n")).for_each(|it| add("blank-lines", it));
    behind(text, |rest| rest.replace('\n', "\r\n")).for_each(|it| add("crlf", it));
    add("crlf", text.replace('\n', "\r\n").into_bytes());
    add("cr", text.replace('\n', "\r").into_bytes());
    add("indented", each(text, |line| format!("    {line}")).into_bytes());
    all
}

/// What is done to characters.
fn signs(text: &str) -> Vec<Damaged> {
    let mut all = Vec::new();
    let mut add = |kind, bytes: Vec<u8>| all.push((kind, bytes));
    once(text, " ", "\u{a0}").for_each(|it| add("odd-blanks", it));
    behind(text, |rest| rest.replace(' ', "\u{a0}")).for_each(|it| add("odd-blanks", it));
    once(text, "\"", "\u{201c}").for_each(|it| add("typography", it));
    once(text, "'", "\u{2019}").for_each(|it| add("typography", it));
    once(text, "-", "\u{2013}").for_each(|it| add("typography", it));
    let escaped = |rest: &str| {
        rest.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    behind(text, escaped).for_each(|it| add("html", it));
    once(text, "<", "&lt;").for_each(|it| add("html", it));
    once(text, ">", "&gt;").for_each(|it| add("html", it));
    once(text, "&", "&amp;").for_each(|it| add("html", it));
    for sign in CONTROL {
        behind(text, |rest| format!("{}{sign}{}", &rest[..1], &rest[1..]))
            .step_by(2)
            .for_each(|it| add("control-characters", it));
    }
    add("byte-order-mark", ["\u{feff}", text].concat().into_bytes());
    behind(text, |rest| format!("\u{feff}{rest}")).for_each(|it| add("byte-order-mark", it));
    for at in places(text) {
        let bytes = text.as_bytes();
        let word = (at..text.len())
            .find(|at| bytes[at - 1..=*at].iter().all(u8::is_ascii_alphanumeric))
            .unwrap();
        let mut other = bytes.to_vec();
        other[word] = if other[word] == b'x' { b'y' } else { b'x' };
        add("changed", other);
    }
    all
}

/// What stands around it.
fn around(text: &str) -> Vec<Damaged> {
    let mut all = Vec::new();
    let mut add = |kind, text: String| all.push((kind, text.into_bytes()));
    for fence in ["```", "```yaml", "~~~", "````", "``` text"] {
        add("fence", format!("{fence}\n{text}{}\n", &fence[..3]));
        add("fence", format!("{text}{}\n", &fence[..3]));
        add("fence", format!("{fence}\n{text}"));
    }
    add("twice", text.repeat(2));
    add("twice", text.trim_end().repeat(2));
    behind(text, |rest| format!("{text}{rest}"))
        .for_each(|it| add("twice", String::from_utf8(it).unwrap()));
    add("quoted", each(text, |line| format!("> {line}")));
    for before in ["$ homeseed user-data site.yaml\n", "user-data:\n", "---\n"] {
        add("surrounded", format!("{before}{text}"));
    }
    for behind in ["-- \nSent from a telephone\n", "root@host:~# \n", "EOF\n"] {
        add("surrounded", format!("{text}{behind}"));
    }
    for around in ["\n", "\n\n\n", "   \n", " "] {
        add("blanks before", format!("{around}{text}"));
        add("blanks behind", format!("{text}{around}"));
    }
    add("comment", format!("{text}# the end\n"));
    add("case", text.replacen("#cloud-config", "#Cloud-Config", 1));
    add("comment", text.replacen("# homeseed", "# made by homeseed", 1));
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    add("base64", wrapped(&encoded, 76));
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    all.push(("utf-16", [0xff, 0xfe].into_iter().chain(units).collect()));
    all
}

/// What is left of it.
fn pieces(text: &str) -> Vec<Damaged> {
    // The first line alone is a document of anybody.
    let cuts = (0..40).map(|fortieth| 40 + (text.len() - 41) * fortieth / 40);
    let cuts = cuts.chain([text.len() - 2, text.len() - 3]);
    let cut = cuts.map(|at| ("cut", text.as_bytes()[..at].to_vec()));
    cut.chain([("no line end", text.trim_end().as_bytes().to_vec())]).collect()
}

/// What is done to bytes that are no text.
pub(crate) fn of_bytes(bytes: &[u8]) -> Vec<Damaged> {
    let cuts =
        (0..40).map(|fortieth| ("cut", bytes[..20 + (bytes.len() - 21) * fortieth / 40].to_vec()));
    let changed = (0..20).map(|part| {
        let mut other = bytes.to_vec();
        other[20 + (bytes.len() - 21) * part / 20] ^= 0x20;
        ("changed", other)
    });
    let text =
        bytes.iter().flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] });
    cuts.chain(changed).chain([("changed", text.collect())]).collect()
}
