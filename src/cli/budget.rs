//! How long a document is, who takes it, and what each thing that the user wrote costs.

use super::input::Desk;
use crate::{
    backend::user_data::{self, Binary, Encoding, LIMIT, PROVIDERS, Provider},
    plan::Plan,
    site::Site,
    table,
};

/// What a thing costs.
pub(super) struct Cost {
    /// What it is called in the site.
    pub(super) name: String,
    /// How many bytes shorter the document is without it.
    pub(super) bytes: usize,
}

/// Each thing that the user wrote and that could be left out, the dearest first; `measure` gives a document's length.
pub(super) fn costs(desk: &Desk<'_>, measure: &dyn Fn(&Plan) -> usize) -> Vec<Cost> {
    let whole = measure(&desk.plan);
    let things = desk.site.things(&desk.schema);
    let mut costs: Vec<Cost> = things
        .into_iter()
        .filter_map(|thing| {
            let plan = thing.without.iter().find_map(|text| desk.plan_of(text))?;
            let bytes = whole.saturating_sub(measure(&plan));
            Some(Cost { name: thing.name, bytes })
        })
        .filter(|cost| cost.bytes > 0)
        .collect();
    costs.sort_by_key(|cost| std::cmp::Reverse(cost.bytes));
    costs
}

/// The dearest things, a line each, and how many there are more.
pub(super) fn lines(costs: &[Cost], count: usize) -> Vec<String> {
    let row = |cost: &Cost| [cost.bytes.to_string(), cost.name.clone()];
    let mut lines = table::lines(&costs.iter().take(count).map(row).collect::<Vec<_>>(), &[0]);
    if let Some(rest) = costs.get(count..).filter(|rest| !rest.is_empty()) {
        let bytes: usize = rest.iter().map(|cost| cost.bytes).sum();
        lines.push(format!("and {} more with {bytes} bytes together", rest.len()));
    }
    lines
}

/// The length of the document that is printed when nobody says for whom, and how its files stand in it.
pub(super) fn usual(plan: &Plan) -> (usize, Encoding) {
    match user_data::nearest(plan, Encoding::Plain, LIMIT).len() {
        length @ ..=LIMIT => (length, Encoding::Plain),
        _ => (user_data::nearest(plan, Encoding::Compact, LIMIT).len(), Encoding::Compact),
    }
}

/// A length that can be compared with those of other plans: no line is longer in one of them to make it fit.
pub(super) fn comparable(plan: &Plan, encoding: Encoding) -> usize {
    user_data::nearest(plan, encoding, 0).len()
}

/// An encoding's word.
pub(super) fn word(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Auto => "auto",
        Encoding::Plain => "plain",
        Encoding::Compact => "compact",
    }
}

/// Who takes a document of `length` bytes, and who does not, in one line.
pub(super) fn takers(length: usize) -> String {
    let refuses = names(PROVIDERS.iter().filter(|provider| !provider.takes(length)));
    if refuses.is_empty() {
        return format!("every provider takes it, the strictest {LIMIT}");
    }
    format!("too long for {refuses}; {} take it", taking(length))
}

/// The names of those who take a document of `length` bytes.
pub(super) fn taking(length: usize) -> String {
    names(PROVIDERS.iter().filter(|provider| provider.takes(length)))
}

fn names<'a>(providers: impl Iterator<Item = &'a Provider>) -> String {
    providers.map(|it| it.name).collect::<Vec<_>>().join(", ")
}

/// How long a document is, and who takes it.
pub(super) struct Length {
    pub(super) bytes: usize,
    /// Whether it may not be shorter.
    pub(super) exact: bool,
    encoding: Encoding,
    /// The words of those who take it.
    pub(super) takers: Vec<&'static str>,
}

/// The length of the document for `plan`: quickly when there is room, exactly when it is tight.
pub(super) fn verdict_of(plan: &Plan) -> Length {
    let quick = user_data::at_most(plan);
    let (bytes, exact, encoding) = if quick <= LIMIT {
        (quick, false, Encoding::Compact)
    } else {
        let (length, encoding) = usual(plan);
        (length, true, encoding)
    };
    let takers = PROVIDERS.iter().filter(|it| it.takes(bytes)).map(|it| it.name).collect();
    Length { bytes, exact, encoding, takers }
}

/// What `check` says of it.
pub(super) fn verdict(plan: &Plan) -> String {
    let Length { bytes, exact, encoding, .. } = verdict_of(plan);
    if !exact {
        return format!("user-data: at most {bytes} bytes; {}\n", takers(bytes));
    }
    let how = word(encoding);
    let more = if bytes > LIMIT { "\n`homeseed plan` says what costs how much" } else { "" };
    format!("user-data: {bytes} bytes, {how}; {}{more}\n", takers(bytes))
}

/// What would make a document shorter; `gzip` is its length then, where that is an answer.
pub(super) fn advice(site: &Site, encoding: Encoding, gzip: Option<usize>) -> Vec<String> {
    let mut advice = Vec::new();
    if encoding == Encoding::Plain {
        advice.push("`--encoding compact` makes it shorter".to_owned());
    }
    if let Some(length) = gzip {
        advice.push(format!("`--encoding gzip` makes {length} bytes, for who takes a file"));
    }
    if site.ssh_keys().iter().any(|key| key.starts_with("ssh-rsa ")) {
        advice.push("an Ed25519 key takes about 50 bytes, an RSA key many times that".to_owned());
    }
    advice.push(
        "`--from URL --payload FILE` makes a short one whose machine fetches the rest".to_owned(),
    );
    advice
}

/// The length in gzip when `provider`, or anyone, takes that.
pub(super) fn gzip(plan: &Plan, provider: Option<&Provider>) -> Option<usize> {
    let length = user_data::gzip(plan).len();
    match provider {
        None => Some(length),
        Some(provider) => {
            let base64 = provider.binary == Binary::Base64;
            (provider.binary != Binary::Never && length <= provider.room(base64)).then_some(length)
        }
    }
}
