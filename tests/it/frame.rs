//! What layers declare to each other: keys, rules, facts, helpers, ports, and files of a suite.

use homeseed::{
    check::{Vantage, read_tap},
    layer::{Layers, PortRange, Sources},
    plan::{self, Plan},
    site::Site,
};
use serde_json::{Value, json};

use crate::tools;

const GROUND: (&str, &str) = ("ground/layer.yaml", "about: x\nfoundation: true\n");

fn sources(files: &[(&str, &str)]) -> Sources {
    let files = [&[GROUND], files].concat();
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn site(text: &str, files: &[(&str, &str)]) -> Result<Site, String> {
    let sources = sources(files);
    let layers = Layers::read(&sources).map_err(|errors| errors.to_string())?;
    let head = "server_name: example.org\nhost: a.example.org\noperator: {email: o@example.org}\n";
    Site::parse("site.yaml", &format!("{head}{text}"), &layers.schema)
        .map_err(|errors| errors.to_string())
}

fn planned(text: &str, files: &[(&str, &str)]) -> Result<Plan, String> {
    let site = site(text, files)?;
    plan::plan(&site, &sources(files)).map_err(|errors| errors.to_string())
}

/// The plan of layers of one manifest each.
fn layers(manifests: &[(&str, &str)]) -> Result<Plan, String> {
    let files: Vec<(String, String)> = manifests
        .iter()
        .map(|(name, text)| (format!("{name}/layer.yaml"), format!("about: x\n{text}")))
        .collect();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    planned("", &files)
}

#[track_caller]
fn refuses(manifests: &[(&str, &str)], expected: &str) {
    let errors = layers(manifests).unwrap_err();
    assert!(errors.contains(expected), "{errors}");
}

#[test]
fn two_layers_cannot_declare_one_key() {
    let key = "keys: {tea.sort: {type: text, about: which tea there is}}\n";
    let both = [("a", key), ("b", key)];
    refuses(&both, "layers `a` and `b` both declare the key `tea.sort`\n --> b/layer.yaml:2:8");
    let host = "keys: {host: {type: host name, about: another machine}}\n";
    refuses(&[("a", host)], "layer `a` declares the key `host`, which every site has");
}

#[test]
fn a_default_is_a_value_of_its_own_type() {
    for (entry, expected) in [
        ("type: host name, default: 'no host'", "the default of `tea` is refused: tea: `no host`"),
        ("type: flag, default: 3", "the default of `tea` is refused"),
        ("type: list of ports, default: [80, 0]", "the default of `tea` is refused"),
        ("type: choice, choices: [a], default: [{value: b, when: 'true'}, a]", "is refused"),
        ("type: number, default: 1, required: true", "a key with a default cannot be required"),
        ("type: nonsense", "the types are age recipient, byte size, "),
        ("type: choice", "a choice needs `choices`"),
    ] {
        let manifest = format!("keys: {{tea: {{{entry}, about: how much there is}}}}\n");
        refuses(&[("a", &manifest)], expected);
    }
    let good = "keys: {tea: {type: list of ports, default: [80, 81], about: how much there is}}\n";
    assert!(layers(&[("a", good)]).is_ok());
}

const TEA: &str = "
about: x
keys:
  tea.sort:
    type: choice
    choices: [black, green, none]
    default:
      - {value: green, when: site.server_name == site.host}
      - {value: none, when: site.suite == 'trixie'}
      - black
    about: which tea there is
    hints: {coffee: there is only tea}
  tea.cups:
    type: number
    default: 2
    into: large
    about: how many cups there are
  tea.cups.large:
    type: number
    words: {plenty: 99}
    required: true
    about: how many large cups there are
  tea.cups.small:
    type: number
    about: how many small cups there are
";

fn tea(text: &str) -> Result<Value, String> {
    let site = site(text, &[("a/layer.yaml", TEA)])?;
    Ok(serde_json::to_value(&site).unwrap()["tea"].clone())
}

#[test]
fn the_first_default_counts_whose_condition_holds() {
    assert_eq!(tea("").unwrap()["sort"], "black");
    let one_name =
        "server_name: example.org\nhost: example.org\noperator: {email: o@example.org}\n";
    let sources = sources(&[("a/layer.yaml", TEA)]);
    let read = Layers::read(&sources).unwrap();
    let site = Site::parse("site.yaml", one_name, &read.schema).unwrap();
    assert_eq!(serde_json::to_value(&site).unwrap()["tea"]["sort"], "green");
    assert_eq!(tea("tea: {sort: none}\n").unwrap()["sort"], "none");
}

#[test]
fn a_section_may_be_a_single_value_and_words_stand_for_values() {
    let cups = |text: &str| tea(&format!("tea: {{cups: {text}}}\n")).map(|tea| tea["cups"].clone());
    assert_eq!(tea("").unwrap()["cups"], json!({"large": 2, "small": null}));
    assert_eq!(cups("5").unwrap(), json!({"large": 5, "small": null}));
    assert_eq!(cups("{large: plenty, small: 1}").unwrap(), json!({"large": 99, "small": 1}));
    let error = cups("{small: 1}").unwrap_err();
    assert!(error.contains("`tea.cups.large` is missing"), "{error}");
    let error = cups("{large: plnty}").unwrap_err();
    assert!(error.contains("hint: did you mean `plenty`?"), "{error}");
    let error = tea("tea: {sort: coffee}\n").unwrap_err();
    assert!(error.contains("hint: there is only tea"), "{error}");
}

#[test]
fn rules_see_what_is_written_and_count_for_layers_that_are_there() {
    let rules = |when: &str| {
        format!(
            "{TEA}{when}rules:\n- {{warn: '\"tea.sort\" in written', says: it is written}}\n\
             - {{refuse: site.tea.cups.large > 9, at: tea.cups, says: too much tea, hint: drink less}}\n"
        )
    };
    let site = |when: &str, text: &str| site(text, &[("a/layer.yaml", &rules(when))]);
    let warned =
        |text: &str| site("", text).unwrap().warnings().contains(&"it is written".to_owned());
    assert!(warned("tea: {sort: black}\n") && !warned("tea: {cups: 1}\n"));
    let errors = site("", "tea: {cups: 10}\n").unwrap_err();
    let expected = "too much tea\n --> site.yaml:4:13\n";
    assert!(errors.contains(expected) && errors.contains("hint: drink less"), "{errors}");
    assert!(site("when: site.tea.sort == 'none'\n", "tea: {cups: 10}\n").is_ok());
}

#[test]
fn a_fact_is_for_its_layer_and_those_that_need_it() {
    let owner = ("a", "facts: {COLOUR: '\"red\"'}\n");
    let check = "checks: [{name: x, from: host, run: 'want red \"${COLOUR}\"'}]\n";
    let expected = "layer `b` uses `COLOUR`, a fact of layer `a`\n\nhint: write `a` under `needs`";
    refuses(&[owner, ("b", check)], expected);
    refuses(&[owner, ("b", "helpers: 'f() { echo $COLOUR; }'\n")], expected);
    let step = [
        ("a/layer.yaml", "about: x\nfacts: {COLOUR: '\"red\"'}\n"),
        ("b/layer.yaml", "about: x\n"),
        ("b/setup.sh", "#!/bin/sh\necho $COLOUR\n"),
    ];
    assert!(planned("", &step).unwrap_err().contains(expected));
    let indirect = format!("needs: [c]\n{check}");
    let plan = layers(&[owner, ("c", "needs: [a]\n"), ("b", &indirect)]).unwrap();
    assert_eq!(plan.fact("COLOUR"), Some("red"));
    refuses(&[owner, ("b", owner.1)], "layers `a` and `b` both say `COLOUR`");
    refuses(&[("a", "facts: {PATH: '\"/\"'}\n")], "`PATH` means something to the shell");
}

/// The machine's own script, for a place where none of its files are.
fn without_facts(plan: &Plan) -> String {
    let script = plan.script();
    let facts = ". /usr/lib/homeseed/lib.sh\n";
    assert!(script.contains(facts), "{script}");
    script.replace(facts, "")
}

#[test]
fn a_stranger_cannot_call_a_helper() {
    let check = "checks: [{name: calls, from: host, run: 'hello', wait: 1s}]\n";
    let owner = format!("helpers: 'hello() {{ echo hello; }}'\n{check}");
    let friend = format!("needs: [a]\n{check}");
    let plan = layers(&[("a", &owner), ("b", &friend), ("c", check)]).unwrap();
    let output = tools::run(&["dash", "-s", "--", "host"], &without_facts(&plan));
    let passed: Vec<(String, bool)> = read_tap(&tools::said(&output))
        .unwrap()
        .into_iter()
        .map(|it| (it.name, it.passed))
        .collect();
    let expected = [("a: calls", true), ("b: calls", true), ("c: calls", false)];
    assert_eq!(passed, expected.map(|(name, passed)| (name.to_owned(), passed)));
}

#[test]
fn the_foundation_comes_first_and_owns_what_is_generated() {
    let check = "checks: [{name: x, from: host, run: 'true'}]\nunits: [a.timer]\n";
    let plan = layers(&[("aaa", check)]).unwrap();
    let order: Vec<&str> = plan.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(order, ["ground", "aaa"]);
    assert!(plan.files.len() > 2);
    for file in &plan.files {
        assert_eq!(file.layer, "ground", "{}", file.path);
    }
    refuses(&[("b", "foundation: true\n")], "layers `b` and `ground` both are the `foundation`");
}

#[test]
fn ports_are_numbers_or_ranges_of_a_protocol() {
    for (text, shown, numbers) in [
        ("443", "443", "443"),
        ("443/tcp", "443", "443"),
        ("3478/udp", "3478/udp", "3478"),
        ("49152-65535/udp", "49152-65535/udp", "49152-65535"),
    ] {
        let port: PortRange = text.parse().unwrap();
        assert_eq!((port.to_string().as_str(), port.numbers().as_str()), (shown, numbers));
    }
    for text in
        ["0", "65536", "9-8/udp", "80/sctp", "80/", "/udp", "a", "1-2-3", "-1", "80/tcp/tcp"]
    {
        assert!(text.parse::<PortRange>().is_err(), "{text}");
        refuses(&[("a", &format!("ports: ['{text}']\n"))], "a/layer.yaml:2");
    }
}

#[test]
fn ports_are_declared_together_but_do_not_overlap() {
    let plan = layers(&[("a", "ports: [443, 22]\n"), ("b", "ports: [443, 22/udp]\n")]).unwrap();
    let ports: Vec<String> =
        plan.ports.iter().map(|it| format!("{} {}", it.range, it.layer)).collect();
    assert_eq!(ports, ["22 a", "443 a", "22/udp b"]);
    refuses(
        &[("a", "ports: [5000-5010/udp]\n"), ("b", "ports: [5010/udp]\n")],
        "`5000-5010/udp` of layer `a` and `5010/udp` of layer `b` have ports in common",
    );
    // One that is in between does not hide it.
    refuses(
        &[(
            "a",
            "ports: [10-90/udp, 20/udp, 80/udp]
",
        )],
        "have ports in common",
    );
}

#[test]
fn a_file_of_the_suite_replaces_the_common_one() {
    let files = [
        ("a/layer.yaml", "about: x\nwaives: {/etc/: they are not at stake here}\n"),
        ("a/files/etc/x.conf", "common\n"),
        ("a/files/etc/y.conf", "common\n"),
        ("a/files-bookworm/etc/x.conf.j2", "of {{ site.suite }}\n"),
    ];
    let plan = planned("", &files).unwrap();
    let text = |path: &str| {
        let found: Vec<&str> = plan
            .files
            .iter()
            .filter(|file| file.path == path)
            .map(|file| file.contents.as_str())
            .collect();
        found.concat()
    };
    assert_eq!(
        (text("/etc/x.conf").as_str(), text("/etc/y.conf").as_str()),
        ("of bookworm\n", "common\n")
    );
    let other = [("a/layer.yaml", "about: x\n"), ("a/files-potato/etc/x.conf", "x\n")];
    assert!(planned("", &other).unwrap_err().contains("nothing reads `a/files-potato/etc/x.conf`"));
}

#[test]
fn the_machine_carries_the_facts_that_its_files_and_checks_name() {
    let facts =
        "facts: {STEP: '\"a\"', OWN: '\"b\"', DESK: '\"c\"', NOBODY: '\"d\"', OWNER: '\"e\"'}\n";
    let checks = "checks: [{name: x, from: host, run: 'want $OWN'}, {name: y, from: ssh, run: 'want $DESK'}]\n";
    let manifest = format!("about: x\n{facts}{checks}");
    let step = "#!/bin/sh\necho \"${STEP}\"\n";
    let plan = planned("", &[("a/layer.yaml", &manifest), ("a/setup.sh", step)]).unwrap();
    let carried = plan.files.iter().find(|file| file.path == plan::FACTS).unwrap();
    assert_eq!(carried.contents, "STEP=a\nOWN=b\n");
    assert!(plan.script_elsewhere(1).contains("NOBODY=d\nOWNER=e\n"));
}

#[test]
fn what_is_seen_from_outside_or_by_a_login_is_no_part_of_the_machines_verdict() {
    let checks = "checks: [{name: x, from: outside, run: 'true'}, {name: y, from: network, run: 'true'}, \
                  {name: z, from: ssh, run: 'true'}, {name: u, from: host, run: 'true'}]\n";
    let plan = layers(&[("a", checks)]).unwrap();
    let names = |script: &str, place: &str| {
        let output = tools::run(&["dash", "-s", "--", place], script);
        let outcomes = read_tap(&tools::said(&output)).unwrap();
        outcomes.into_iter().map(|it| it.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&without_facts(&plan), "all"), ["a: y", "a: u"]);
    assert_eq!(names(&plan.script_elsewhere(1), "network"), ["a: x", "a: y"]);
    assert_eq!(names(&plan.script_elsewhere(1), "host"), ["a: z", "a: u"]);
    assert_eq!(plan.checks[0].from, Vantage::Outside);
    assert_eq!(plan.checks[2].from, Vantage::Ssh);
}
