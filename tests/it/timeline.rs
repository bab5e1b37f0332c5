//! The picture of a first boot in the documentation: drawn from a real machine's record.

use std::{fs, path::Path};

use homeseed::testbed::timeline::{self, Kind};

use crate::golden;

/// What a machine of `image-tests/minimal` printed, and where the picture of it is shown.
const RECORD: &str = "tests/golden/timeline.txt";
const PICTURE: &str = "docs/first-boot.svg";

#[test]
fn the_picture_in_the_documentation_is_that_of_the_record() {
    let bars = timeline::bars(&fs::read_to_string(RECORD).unwrap()).unwrap();
    assert!(bars.iter().filter(|bar| bar.kind == Kind::Step).count() > 8);
    let picture = timeline::svg("The first boot of chat.example.org", &bars);
    golden::check(Path::new(PICTURE), &picture);
}

#[test]
fn a_picture_is_sound_whatever_the_names() {
    let table = "clock 50 150\nstep <a>&\"b 10 140\nverdict 145 149\n";
    let picture = timeline::svg("a < b & \"c\"", &timeline::bars(table).unwrap());
    let document = roxmltree::Document::parse(&picture).unwrap();
    let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
    assert!(texts.contains(&"a < b & \"c\"") && texts.contains(&"<a>&\"b"), "{texts:?}");
    let rects: Vec<(f64, f64)> = document
        .descendants()
        .filter(|node| node.has_tag_name("rect") && node.attribute("class") != Some("paper"))
        .map(|node| {
            let number = |name| node.attribute(name).unwrap().parse::<f64>().unwrap();
            (number("x"), number("x") + number("width"))
        })
        .collect();
    let width: f64 = document
        .root_element()
        .attribute("viewBox")
        .unwrap()
        .split(' ')
        .nth(2)
        .unwrap()
        .parse()
        .unwrap();
    assert!(rects.len() == 2 && rects[0].1 < rects[1].0, "{rects:?}");
    assert!(rects.iter().all(|(left, right)| *left > 100.0 && *right < width), "{rects:?}");
}
