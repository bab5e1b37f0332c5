//! Draws bars: one row each, a scale in seconds, readable on light and on dark paper.

use super::{Bar, Kind};

/// Where the bars begin: to the left stand their names.
const LEFT: f64 = 150.0;
/// As wide as all bars together.
const WIDTH: f64 = 560.0;
/// The height of a row.
const ROW: f64 = 22.0;
/// Above the first row.
const TOP: f64 = 56.0;

/// Bars that both kinds of paper carry; paper and text follow the reader's.
const STYLE: &str = "\
.paper { fill: #ffffff }
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.grid { stroke: #8c959f; stroke-opacity: .35 }
.kernel { fill: #8c959f } .delivery { fill: #bf8700 } .step { fill: #2f6feb } .verdict { fill: #1a7f37 }
@media (prefers-color-scheme: dark) { .paper { fill: #0d1117 } text { fill: #e6edf3 } }
";

/// A picture of `bars`, titled `title`.
#[must_use]
pub fn svg(title: &str, bars: &[Bar]) -> String {
    let last = bars.iter().map(|bar| bar.end).fold(1.0, f64::max);
    let scale = WIDTH / last;
    let height = rows(bars.len()) + 40.0;
    let width = LEFT + WIDTH + 70.0;
    let rows: String = bars.iter().enumerate().map(|(n, bar)| row(n, bar, scale)).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
         aria-labelledby=\"title desc\">\n<title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n\
         <style>\n{STYLE}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n<text class=\"title\" x=\"8\" y=\"24\">{}</text>\n{}{rows}</svg>\n",
        escaped(title),
        escaped(&described(bars)),
        escaped(title),
        grid(last, scale, bars.len()),
    )
}

/// The same for those who do not see it.
fn described(bars: &[Bar]) -> String {
    let said = bars.iter().map(|bar| format!("{} {:.0} to {:.0} s", bar.name, bar.begin, bar.end));
    said.collect::<Vec<_>>().join(", ")
}

/// Where the row after `count` others begins.
#[expect(clippy::cast_precision_loss, reason = "a machine has some dozens of steps")]
fn rows(count: usize) -> f64 {
    TOP + ROW * count as f64
}

/// A line for every round number of seconds, six to twelve of them.
fn grid(last: f64, scale: f64, count: usize) -> String {
    let steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600];
    let fits = |step: &&i32| last / f64::from(**step) <= 12.0;
    let step = steps.iter().find(fits).copied().unwrap_or(3600);
    let bottom = rows(count);
    let mut lines = String::new();
    let mut second = 0;
    while f64::from(second) <= last {
        let x = LEFT + f64::from(second) * scale;
        lines += &format!(
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{:.0}\" x2=\"{x:.1}\" y2=\"{bottom:.0}\"/>\n\
             <text x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{second} s</text>\n",
            TOP - 6.0,
            bottom + 18.0
        );
        second += step;
    }
    lines
}

fn row(n: usize, bar: &Bar, scale: f64) -> String {
    let (y, x) = (rows(n), LEFT + bar.begin * scale);
    // What took no time is still seen.
    let width = ((bar.end - bar.begin) * scale).max(2.0);
    let class = match bar.kind {
        Kind::Kernel => "kernel",
        Kind::Delivery => "delivery",
        Kind::Step => "step",
        Kind::Verdict => "verdict",
    };
    format!(
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{}</text>\n\
         <rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.0}\" width=\"{width:.1}\" height=\"{:.0}\" rx=\"2\"/>\n\
         <text x=\"{:.1}\" y=\"{:.0}\">{:.0} s</text>\n",
        LEFT - 8.0,
        y + 15.0,
        escaped(&bar.name),
        y + 3.0,
        ROW - 6.0,
        x + width + 5.0,
        y + 15.0,
        bar.end - bar.begin,
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
