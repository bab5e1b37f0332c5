//! Sites made by chance: everything that the types let through, the odd things above all.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, OnceLock},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use homeseed::{
    layer::{self, Layers, Sources, embedded_schema},
    plan::{self, Plan},
    site::Site,
};
use serde_json::{Map, Value, json};

/// The layers that are built in.
pub(crate) static SOURCES: LazyLock<Sources> = LazyLock::new(layer::embedded);

/// The same, read.
pub(crate) fn layers() -> &'static Layers<'static> {
    static LAYERS: OnceLock<Layers<'static>> = OnceLock::new();
    LAYERS.get_or_init(|| Layers::read(&SOURCES).unwrap_or_else(|errors| panic!("{errors}")))
}

/// Numbers that look random and are the same in every run (`SplitMix64`).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| alphabet[self.below(alphabet.len())]).collect()
    }
}

/// The text of a site. JSON is YAML.
pub(crate) fn text(dice: &mut Dice) -> String {
    let server_name = name(dice);
    let delegation = dice.of(&["same-host", "elsewhere", "none"]);
    let host =
        if delegation == "none" { server_name.clone() } else { format!("chat.{server_name}") };
    let mut site = json!({
        "server_name": server_name,
        "host": host,
        "operator": {"email": email(dice), "ssh_keys": several(dice, ssh_key)},
        "admin": format!("a{}", {let n = dice.below(9); dice.text("abz09._=-/+", n)}),
        "delegation": delegation,
        "federation": {
            "allow": if dice.one_in(4) { json!("anyone") } else { json!(several(dice, peer)) },
            "unlisted": dice.of(&["drop", "refuse"]),
            "port_8448": dice.one_in(2),
        },
        "registration": dice.of(&["closed", "tokens"]),
        "media": {
            "max_upload": dice.of(&["1M", "100M", "10G", "1048577"]),
            "remote_lifetime": dice.of(&["never", "1h", "90d", "100y"]),
            "local_lifetime": dice.of(&["never", "3600s", "2w"]),
        },
        "presence": dice.one_in(2),
        "url_previews": dice.one_in(2),
        "synapse": synapse(dice),
    });
    if dice.one_in(2) {
        site["tls"] = json!({"acme": acme(dice)});
    }
    if dice.one_in(2) {
        site["apt"] = apt(dice);
    }
    if dice.one_in(2) {
        site["backup"] = backup(dice);
    }
    if dice.one_in(2) {
        site["mail"] = mail(dice);
        if dice.one_in(2) {
            site["registration"] = json!("email");
        }
    }
    if dice.one_in(2) {
        site["panel"] = panel(dice);
    }
    if dice.one_in(2) {
        site["onion"] = onion(dice);
    }
    if dice.one_in(2) {
        site["watch"] = watch(dice);
    }
    if dice.one_in(2) {
        site["metrics"] = metrics(dice);
    }
    if dice.one_in(2) {
        let synapse = dice.of(&["auto", "notify"]);
        let reboot = dice.of(&["00:00", "04:30", "23:59", "never"]);
        site["updates"] = json!({"synapse": synapse, "reboot": reboot});
    }
    if dice.one_in(2) {
        site["hardening"] = json!(dice.of(&["standard", "strict"]));
    }
    escaped(&site.to_string())
}

/// What may not stand in YAML as it is.
fn escaped(json: &str) -> String {
    let escape = |c: char| match c {
        '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{feff}' => format!("\\u{:04x}", u32::from(c)),
        _ => c.to_string(),
    };
    json.chars().map(escape).collect()
}

/// A site that the types and the layers accept.
#[track_caller]
pub(crate) fn site(dice: &mut Dice) -> Site {
    let text = text(dice);
    Site::parse("site.yaml", &text, embedded_schema())
        .unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

/// The plan of such a site with the real layers.
#[track_caller]
pub(crate) fn plan(dice: &mut Dice) -> Plan {
    plan::with(&site(dice), layers()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The plan of a small site with the real layers.
pub(crate) fn small() -> Plan {
    let text =
        "server_name: example.org\nhost: chat.example.org\noperator: {email: o@example.org}\n";
    planned(text)
}

/// The plan of the site that `text` is.
#[track_caller]
pub(crate) fn planned(text: &str) -> Plan {
    let site = Site::parse("site.yaml", text, embedded_schema())
        .unwrap_or_else(|errors| panic!("{errors}"));
    plan::with(&site, layers()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// None to four, no two alike.
fn several(dice: &mut Dice, make: fn(&mut Dice) -> String) -> Vec<String> {
    let mut several: Vec<String> = (0..dice.below(5)).map(|_| make(dice)).collect();
    several.sort();
    several.dedup();
    several
}

fn label(dice: &mut Dice) -> String {
    let length = 1 + dice.below(8);
    format!("{}{}", dice.text("abcxyz", 1), dice.text("az09", length))
}

fn name(dice: &mut Dice) -> String {
    let first = if dice.one_in(3) { "on".to_owned() } else { label(dice) };
    let last = dice.of(&["example", "org", "xn--p1ai", "no", "e5", "null"]);
    format!("{first}.{}.{last}", label(dice))
}

/// A name, or what else may stand in a list of peers.
fn peer(dice: &mut Dice) -> String {
    let host = match dice.below(4) {
        0 => dice.of(&["203.0.113.7", "[::1]", "[2001:db8::ffff]"]).to_owned(),
        _ => name(dice),
    };
    format!("{host}{}", dice.of(&["", "", ":8448", ":1"]))
}

fn email(dice: &mut Dice) -> String {
    let length = 1 + dice.below(12);
    let inner = dice.text("az09_%+-'=~", length);
    format!("a{inner}{}@{}", dice.of(&["", "'$"]).replace('$', "'"), name(dice))
}

/// ASCII that means something to somebody.
const SIGNS: &str = "aZ0 '\"`$(){}[]<>|&;#%\\!*?~^=,.:/@+-_";

fn ssh_key(dice: &mut Dice) -> String {
    let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
    blob.extend((0..32).map(|_| u8::try_from(dice.below(256)).unwrap()));
    let length = dice.below(20);
    let comment = dice.of(&["$(id)", "`id`", "\"'", "%h", "{{ x }}", ""]);
    format!("ssh-ed25519 {} {comment}{}", STANDARD.encode(blob), dice.text(SIGNS, length))
}

fn acme(dice: &mut Dice) -> Value {
    match dice.below(4) {
        0 => json!("letsencrypt"),
        1 => json!("staging"),
        2 => json!(url(dice)),
        _ => json!({"directory": url(dice), "ca": certificate()}),
    }
}

fn backup(dice: &mut Dice) -> Value {
    json!({
        "to": format!("{}@{}:/{}", dice.of(&["b", "back-up_2"]), name(dice), dice.of(&["", "srv/a.b-c"])),
        "host_key": ssh_key(dice),
        "port": 1 + dice.below(65535),
        "recipients": [ssh_key(dice)],
    })
}

fn mail(dice: &mut Dice) -> Value {
    let length = dice.below(12);
    json!({
        "host": name(dice),
        "tls": dice.of(&["starttls", "implicit"]),
        "port": 1024 + dice.below(60000),
        "user": format!("a{}z", dice.text("aZ09 ._:/@+,=()-", length)),
        "from": email(dice),
        "domains": several(dice, name),
    })
}

fn panel(dice: &mut Dice) -> Value {
    match dice.below(3) {
        0 => json!(false),
        1 => json!(true),
        _ => json!({"url": url(dice), "sha256": dice.text("0123456789abcdef", 64)}),
    }
}

fn watch(dice: &mut Dice) -> Value {
    match dice.below(3) {
        0 => json!(false),
        1 => json!(true),
        _ => json!({"to": format!("@{}:{}", label(dice), name(dice)), "ping": dice.one_in(2)}),
    }
}

fn metrics(dice: &mut Dice) -> Value {
    match dice.below(4) {
        0 => json!(false),
        1 => json!(true),
        _ => json!({"ssh_keys": [ssh_key(dice)]}),
    }
}

fn onion(dice: &mut Dice) -> Value {
    match dice.below(3) {
        0 => json!(false),
        1 => json!(true),
        _ => json!({"clients": [dice.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 51) + "A"]}),
    }
}

/// That of the documentation.
fn certificate() -> String {
    let (_, rest) = include_str!("../../docs/site.md").split_once("ca: |\n").unwrap();
    let lines = rest.lines().take_while(|line| *line != "```");
    lines.map(|line| format!("{}\n", line.trim())).collect()
}

fn url(dice: &mut Dice) -> String {
    let port = dice.of(&["", ":8443"]);
    let length = dice.below(9);
    // No part of it is `.` or `..`.
    let path = dice.text("az09-._~:@+=,/", length).replace('/', "/x");
    format!(
        "https://{}{port}/x{path}{}",
        name(dice),
        dice.of(&["", "%27%24(".split('(').next().unwrap()])
    )
}

fn apt(dice: &mut Dice) -> Value {
    let proxy = dice.of(&["http://10.0.0.1:3128", "http://[fd00::1]:80/", "https://proxy.example"]);
    let fingerprint = dice.text("0123456789ABCDEF", 40);
    json!({"proxy": proxy, "matrix": {"url": url(dice), "fingerprint": fingerprint}})
}

/// Options of Synapse that no layer sets, with values of any shape.
fn synapse(dice: &mut Dice) -> Value {
    let options = free_options();
    let mut chosen = Map::new();
    for _ in 0..dice.below(4) {
        let option = &options[dice.below(options.len())];
        chosen.insert(option.clone(), any(dice, 3));
    }
    Value::Object(chosen)
}

fn any(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth == 0 { 5 } else { 7 }) {
        0 => json!(null),
        1 => json!(dice.one_in(2)),
        2 => json!(i64::from_be_bytes(dice.next().to_be_bytes())),
        3 => json!((f64::from(u32::try_from(dice.below(2_000_001)).unwrap()) - 1e6) / 64.0),
        4 => json!(string(dice)),
        5 => (0..dice.below(4)).map(|_| any(dice, depth - 1)).collect(),
        _ => (0..dice.below(4))
            .map(|_| (key(dice), any(dice, depth - 1)))
            .collect::<BTreeMap<_, _>>()
            .into_iter()
            .collect(),
    }
}

/// YAML's merge keys are refused even in quotes, and so is an empty key.
fn key(dice: &mut Dice) -> String {
    Some(string(dice)).filter(|key| key != "<<" && !key.is_empty()).unwrap_or("k".to_owned())
}

fn string(dice: &mut Dice) -> String {
    let words = [
        "no",
        "on",
        "12:30:00",
        "1_000",
        "0x1f",
        "1e5",
        "~",
        "=",
        "<<",
        "2024-01-01",
        "{{ 1 }}",
        "- a",
        "# b",
        "%c",
        "@",
        "`",
        ".",
        "..",
        "null",
    ];
    if dice.one_in(3) {
        return dice.of(&words).to_owned();
    }
    let length = dice.below(24);
    dice.text(&format!("{SIGNS}\n\tä€\u{1f600}\u{2028}\u{85}\u{feff}"), length)
}

/// The options that the layers hand through and do not set themselves, and that take anything.
fn free_options() -> &'static [String] {
    static OPTIONS: OnceLock<Vec<String>> = OnceLock::new();
    OPTIONS.get_or_init(|| {
        let known = SOURCES.iter().find(|(path, _)| path.ends_with("/options.txt")).unwrap().1;
        let is_untyped = |line: &&str| !line.contains(['#', ' ', '.']);
        let options = known.lines().filter(is_untyped).filter(|option| is_free(option));
        options.map(str::to_owned).collect()
    })
}

fn is_free(option: &str) -> bool {
    let text = format!(
        "server_name: a.example\nhost: b.a.example\noperator: {{email: o@a.example}}\nurl_previews: true\nmedia: {{local_lifetime: 9d}}\nsynapse: {{{option}: 1}}\n"
    );
    let site = Site::parse("site.yaml", &text, embedded_schema())
        .unwrap_or_else(|errors| panic!("{errors}"));
    plan::with(&site, layers()).is_ok()
}
