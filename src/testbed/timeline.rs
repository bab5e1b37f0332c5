//! When what happened in a first boot: a picture from the machine's own clocks.
//!
//! [`COMMAND`] prints the table on the machine, [`svg`] draws it. The table is lines of
//! `clock UPTIME EPOCH`, `userspace MICROSECONDS`, `unit NAME BEGIN END` in microseconds since the kernel
//! began, `step NAME BEGIN END` and `verdict BEGIN END` in seconds since 1970.

mod drawing;

use crate::error::{Error, Result};

pub use drawing::svg;

/// Run on the machine, in the boot that is to be drawn.
pub const COMMAND: &str = r#"
cd /var/lib/homeseed
echo "clock $(cut -d ' ' -f 1 /proc/uptime) $(date +%s.%N)"
echo "userspace $(systemctl show -P UserspaceTimestampMonotonic)"
for unit in cloud-init-local cloud-init cloud-config cloud-final; do
    echo "unit $unit $(systemctl show -P InactiveExitTimestampMonotonic $unit) $(systemctl show -P ActiveEnterTimestampMonotonic $unit)"
done
# A step begins when the one before it has left its stamp.
end=$(stat -c %.W stamps)
ls -tr stamps | while read -r name; do
    begin=$end end=$(stat -c %.Y "stamps/$name")
    echo "step $name $begin $end"
done
echo "verdict $(stat -c %.Y /run/homeseed/verdict) $(stat -c %.Y /run/homeseed/status)"
"#;

/// Something that took its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// What kind of thing it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// When it began, in seconds since the kernel did.
    pub begin: f64,
    /// When it ended, in the same.
    pub end: f64,
}

/// Who works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The kernel, and what it unpacks first.
    Kernel,
    /// A stage of cloud-init.
    Delivery,
    /// A step of the convergence.
    Step,
    /// All checks.
    Verdict,
}

/// The bars of a table, in the order of their beginnings; what belongs to an earlier boot is left out.
pub fn bars(table: &str) -> Result<Vec<Bar>> {
    let booted = booted(table)?;
    let mut bars: Vec<Bar> = table.lines().filter_map(|line| bar(line, booted)).collect();
    bars.retain(|bar| bar.end > 0.0 && bar.end >= bar.begin);
    bars.sort_by(|a, b| a.begin.total_cmp(&b.begin));
    if bars.iter().any(|bar| bar.kind == Kind::Step) {
        return Ok(bars);
    }
    Err(Error::host("the machine's record of its first boot has no step"))
}

/// When the kernel began, in seconds since 1970.
fn booted(table: &str) -> Result<f64> {
    let clock = table.lines().find_map(|line| line.strip_prefix("clock "));
    let pair = clock.and_then(|rest| rest.split_once(' '));
    let pair = pair.and_then(|(up, now)| Some((number(up)?, number(now)?)));
    let (up, now) = pair.ok_or_else(|| Error::host("the machine's record has no clock"))?;
    Ok(now - up)
}

fn bar(line: &str, booted: f64) -> Option<Bar> {
    let words: Vec<&str> = line.split(' ').collect();
    let micros = |text: &str| number(text).map(|it| it / 1e6);
    let (kind, name, begin, end) = match words[..] {
        ["userspace", end] => (Kind::Kernel, "kernel", 0.0, micros(end)?),
        ["unit", name, begin, end] => (Kind::Delivery, name, micros(begin)?, micros(end)?),
        ["step", name, begin, end] => {
            (Kind::Step, name, (number(begin)? - booted).max(0.0), number(end)? - booted)
        }
        ["verdict", begin, end] => {
            (Kind::Verdict, "every check", number(begin)? - booted, number(end)? - booted)
        }
        _ => return None,
    };
    Some(Bar { kind, name: name.to_owned(), begin, end })
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|it| it.is_finite() && *it >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "clock 100.5 1000100.5\nuserspace 9000000\nunit cloud-init 12000000 20000000\n\
                         step place 1000022.25 1000025.25\nstep old 998995 999000\nverdict 1000080 1000099\nnoise\n";

    #[test]
    fn every_clock_is_told_since_the_kernel_began() {
        let bars = bars(TABLE).expect("bars");
        let seen: Vec<(&str, f64, f64)> =
            bars.iter().map(|bar| (bar.name.as_str(), bar.begin, bar.end)).collect();
        let expected = [
            ("kernel", 0.0, 9.0),
            ("cloud-init", 12.0, 20.0),
            ("place", 22.25, 25.25),
            ("every check", 80.0, 99.0),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_record_without_clock_or_steps_is_none() {
        assert!(bars("step place 1 3\n").is_err());
        assert!(bars("clock 1 2\nuserspace 5\n").is_err());
        assert!(bars("clock NaN 2\nstep a 1 3\n").is_err());
    }
}
