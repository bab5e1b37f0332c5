//! The documentation as its readers get it: pages with their blocks, links, headings and words in code.

use std::{collections::BTreeSet, fs, path::Path};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::tools;

/// A Markdown file of this repository.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Its path from the top.
    pub(crate) name: String,
    /// Its blocks of code.
    pub(crate) blocks: Vec<Block>,
    /// Where its links and pictures lead.
    pub(crate) links: Vec<String>,
    /// What its headings are called in a link.
    pub(crate) anchors: BTreeSet<String>,
    /// Its words in code.
    pub(crate) words: Vec<String>,
}

/// A block of code.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// The word behind the fence; none when it is indented.
    pub(crate) language: String,
    /// Its lines.
    pub(crate) text: String,
}

/// All pages, sorted by name.
pub(crate) fn pages() -> Vec<Page> {
    let names = files().into_iter();
    let pages: Vec<Page> = names.filter(|name| is_page(name)).map(Page::read).collect();
    assert!(pages.len() > 20, "{} pages", pages.len());
    pages
}

/// What is written for readers, and not expected output.
fn is_page(name: &str) -> bool {
    let expected = name.starts_with("tests/golden/");
    !expected && Path::new(name).extension().is_some_and(|it| it == "md")
}

/// Every file that is tracked or will be, from the top.
pub(crate) fn files() -> BTreeSet<String> {
    let words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = tools::run(&words, "");
    assert!(output.status.success(), "{}", tools::said(&output));
    let list = String::from_utf8(output.stdout).unwrap();
    let names = list.split_terminator('\0').filter(|name| fs::exists(name).unwrap());
    names.map(str::to_owned).collect()
}

impl Page {
    fn read(name: String) -> Page {
        let text = fs::read_to_string(&name).unwrap();
        Page { name, ..Page::parse(&text) }
    }

    fn parse(text: &str) -> Page {
        let mut page = Page::default();
        let (mut block, mut heading) = (None, None);
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => block = Some(begun(&kind)),
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    page.anchors.extend(heading.take().map(|text| anchor(&text)));
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Text(text) => match (&mut block, &mut heading) {
                    (Some(block), _) => block.text += &text,
                    (_, Some(heading)) => *heading += &text,
                    _ => (),
                },
                Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        *heading += &text;
                    }
                    page.words.push(text.into_string());
                }
                _ => (),
            }
        }
        page
    }
}

fn begun(kind: &CodeBlockKind<'_>) -> Block {
    let language = match kind {
        CodeBlockKind::Fenced(word) => word.to_string(),
        CodeBlockKind::Indented => String::new(),
    };
    Block { language, text: String::new() }
}

/// As it is made of a heading wherever Markdown is shown: letters, digits, `-` and `_`, blanks as `-`.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

/// The first column of the table that `head` begins: what stands in backticks there.
pub(crate) fn first_column(page: &str, head: &str) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let (_, table) = text.split_once(&format!("\n{head}\n| --- | --- |\n")).unwrap();
    let rows = table.lines().map_while(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap().to_owned()).collect()
}

#[test]
fn a_page_is_read_as_markdown_and_not_as_text() {
    let page = Page::parse(
        "# A `b`, c\n\n[x](y.md#z) `code [no](link)`\n\n    indented [no](link)\n\n```sh\nfenced\n```\n\n\
         | a |\n| --- |\n| ![p](q.svg) |\n",
    );
    assert_eq!(page.links, ["y.md#z", "q.svg"]);
    assert_eq!(page.anchors, BTreeSet::from(["a-b-c".to_owned()]));
    assert_eq!(page.words, ["b", "code [no](link)"]);
    let blocks: Vec<_> =
        page.blocks.iter().map(|it| (it.language.as_str(), it.text.as_str())).collect();
    assert_eq!(blocks, [("", "indented [no](link)\n"), ("sh", "fenced\n")]);
}
