//! What is said of something that was read. `docs/plan.md` describes every key of the JSON; within a version, keys are
//! only added.

use serde_json::{Value, json};

use crate::{
    backend::user_data::LIMIT,
    error::for_terminal,
    inspect::{Damage, Found, Kind, difference::Difference},
    plan::File,
    table,
};

/// For people: what is whole.
pub(super) fn text(found: &Found, difference: Option<&Difference>) -> String {
    let payload = &found.payload;
    let files = &payload.files;
    let unpacked: usize = files.iter().map(|file| file.contents.len()).sum();
    let over = if found.length > LIMIT && found.keys.is_some() {
        ", more than some providers take"
    } else {
        ""
    };
    let forms: Vec<&str> = found.forms.iter().map(|form| form.word()).collect();
    let head = format!(
        "whole: every byte that counts is as homeseed writes it\n\
         machine  {}, for {}\n\
         payload  sha256:{}\n\
         size     {} bytes{over}, {}; {} files of {unpacked} bytes\n",
        for_terminal(&payload.host),
        for_terminal(&payload.server_name),
        payload.digest,
        found.length,
        forms.join(", "),
        files.len()
    );
    let row = |file: &File| {
        let owner = format!("{}:{}", file.owner, file.group);
        let File { path, mode, contents, .. } = file.clone();
        [contents.len().to_string(), mode.to_string(), owner, path]
    };
    let rows = table::text(&files.iter().map(row).collect::<Vec<_>>(), &[0]);
    [
        head,
        fetch(found),
        claims(found),
        notes(found),
        difference.map(against).unwrap_or_default(),
        rows,
    ]
    .concat()
}

/// What the machine has to fetch.
fn fetch(found: &Found) -> String {
    let Some(fetch) = &found.payload.fetch else { return String::new() };
    let mirrors = fetch.mirrors.iter().map(|url| format!("from     {}\n", for_terminal(url)));
    let head = format!("fetches  {} bytes, sha256:{}\n", fetch.bytes, for_terminal(&fetch.sha256));
    head + &mirrors.collect::<String>()
}

/// What nothing rests on.
fn claims(found: &Found) -> String {
    let said = |name: &str, value: &Option<String>| match value {
        Some(value) => format!("{name}{value}, as its comment says\n"),
        None => String::new(),
    };
    said("version  ", &found.claims.version) + &said("site     sha256:", &found.claims.site_digest)
}

fn notes(found: &Found) -> String {
    found.notes.iter().map(|note| format!("note     {}\n", note.sentence())).collect()
}

fn against(difference: &Difference) -> String {
    let same = "same     a machine of the site would be the same\n";
    let text = "note     the text of the site is another, and makes no difference\n";
    match (difference.is_none(), difference.site_text) {
        (true, true) => [same, text].concat(),
        (true, false) => same.to_owned(),
        (false, _) => "differs  from what the site gives now:\n".to_owned() + &difference.text(),
    }
}

/// For programs.
pub(super) fn json(read: Result<&Found, &Damage>, difference: Option<&Difference>) -> Value {
    let mut report = json!({
        "version": 1,
        "homeseed": env!("CARGO_PKG_VERSION"),
        "verdict": verdict(read, difference),
        "damage": read.err().map(damage),
    });
    if let Ok(found) = read {
        let payload = &found.payload;
        let more = json!({
            "forms": found.forms.iter().map(|form| form.word()).collect::<Vec<_>>(),
            "bytes": found.length,
            "notes": found.notes.iter().map(|note| note.word()).collect::<Vec<_>>(),
            "host": payload.host,
            "server_name": payload.server_name,
            "payload_digest": payload.digest,
            "fetch": payload.fetch,
            "says": {"version": found.claims.version, "site_digest": found.claims.site_digest},
            "keys": found.keys,
            "files": payload.files.iter().map(file).collect::<Vec<_>>(),
            "against": difference,
        });
        if let (Some(report), Value::Object(more)) = (report.as_object_mut(), more) {
            report.extend(more);
        }
    }
    report
}

fn verdict(read: Result<&Found, &Damage>, difference: Option<&Difference>) -> &'static str {
    match read {
        Ok(_) if difference.is_some_and(|it| !it.is_none()) => "differs",
        Ok(_) => "whole",
        Err(damage) => match damage.kind {
            Kind::None | Kind::TooLong => "none",
            Kind::Foreign => "foreign",
            _ => "damaged",
        },
    }
}

fn damage(damage: &Damage) -> Value {
    json!({
        "kind": damage.kind.word(),
        "width": damage.kind.width(),
        "line": damage.line,
        "message": damage.message,
        "cure": damage.cure,
    })
}

/// As in the JSON of a plan, without the contents.
fn file(file: &File) -> Value {
    json!({
        "path": file.path,
        "mode": file.mode,
        "owner": file.owner,
        "group": file.group,
        "bytes": file.contents.len(),
        "sha256": file.digest(),
    })
}
