//! Reads TAP. A passing run is said, not inferred: a plan line and exactly that many results.

/// What became of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// As reported, without the number.
    pub name: String,
    /// Whether the fact holds.
    pub passed: bool,
    /// The `#` lines that follow.
    pub reason: Vec<String>,
}

/// The results in a TAP stream, as long as it is complete; the error says what is missing.
pub fn read_tap(text: &str) -> Result<Vec<Outcome>, String> {
    if let Some(why) = text.lines().find_map(|line| line.strip_prefix("Bail out!")) {
        return Err(format!("the run was given up:{why}"));
    }
    let planned = planned(text)?;
    let outcomes = outcomes(text)?;
    if outcomes.len() != planned {
        return Err(format!("{} of {planned} results arrived", outcomes.len()));
    }
    Ok(outcomes)
}

fn planned(text: &str) -> Result<usize, String> {
    let mut plans = text.lines().filter_map(|line| line.strip_prefix("1.."));
    match (plans.next().and_then(|count| count.trim().parse().ok()), plans.next()) {
        (Some(count), None) => Ok(count),
        (None, _) => Err("it ended before it announced how many results there are".to_owned()),
        (Some(_), Some(_)) => Err("two plan lines in one run".to_owned()),
    }
}

fn outcomes(text: &str) -> Result<Vec<Outcome>, String> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    for line in text.lines() {
        if let Some(outcome) = result(line, outcomes.len() + 1)? {
            outcomes.push(outcome);
        } else if let (Some(reason), Some(last)) = (line.strip_prefix('#'), outcomes.last_mut()) {
            last.reason.push(reason.trim().to_owned());
        }
    }
    Ok(outcomes)
}

/// `ok 3 - a fact` or `not ok 3 - a fact`; any other line is none.
fn result(line: &str, number: usize) -> Result<Option<Outcome>, String> {
    let (passed, rest) = match (line.strip_prefix("ok "), line.strip_prefix("not ok ")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return Ok(None),
    };
    let (count, name) = rest.split_once(" - ").unwrap_or((rest, ""));
    if count.trim().parse() != Ok(number) {
        return Err(format!("result {number} is out of order: `{line}`"));
    }
    Ok(Some(Outcome { name: name.to_owned(), passed, reason: Vec::new() }))
}
