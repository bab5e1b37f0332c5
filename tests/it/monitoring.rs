//! What `examples/monitoring` has for another computer: its files fit together, and Grafana can read the dashboard.
//!
//! The case `watch` runs all of it: a tunnel, a Prometheus that asks the machine, each panel and each alert.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::pages;

fn read(name: &str) -> String {
    fs::read_to_string(format!("examples/monitoring/{name}")).unwrap()
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

fn dashboard() -> Value {
    serde_json::from_str(&read("dashboard.json")).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("no list `{key}` in {value}"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {value}"))
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| panic!("no number `{key}` in {value}"))
}

/// An `id` of the file's own would be that of another dashboard, where it is imported.
#[test]
fn the_dashboard_is_one_that_grafana_imports() {
    let dashboard = dashboard();
    assert!((36..=41).contains(&number(&dashboard, "schemaVersion")));
    assert!(dashboard.get("id").is_none() && dashboard.get("__inputs").is_none());
    assert_eq!(text(&dashboard, "uid"), "homeserver");
    assert!(!text(&dashboard, "title").is_empty());
    let variables = list(&dashboard["templating"], "list");
    let of = |kind| variables.iter().find(|it| text(it, "type") == kind).unwrap();
    assert_eq!(
        (text(of("datasource"), "name"), text(of("datasource"), "query")),
        ("datasource", "prometheus")
    );
    assert_eq!(text(of("query"), "name"), "instance");
    assert_eq!(text(&of("query")["datasource"], "uid"), "${datasource}");
}

#[test]
fn each_panel_asks_the_chosen_prometheus_for_the_chosen_machine() {
    let dashboard = dashboard();
    let mut ids = BTreeSet::new();
    for panel in list(&dashboard, "panels") {
        let title = text(panel, "title");
        assert!(ids.insert(number(panel, "id")), "{title}: its id is that of another panel");
        if text(panel, "type") == "row" {
            assert_eq!(list(panel, "panels").len(), 0, "{title}");
            continue;
        }
        assert!(["stat", "timeseries"].contains(&text(panel, "type")), "{title}");
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{title} has no unit");
        assert_eq!(text(&panel["datasource"], "uid"), "${datasource}", "{title}");
        let targets = list(panel, "targets");
        assert!(!targets.is_empty(), "{title} asks for nothing");
        let names: BTreeSet<&str> = targets.iter().map(|it| text(it, "refId")).collect();
        assert_eq!(names.len(), targets.len(), "{title}: two of its queries have one name");
        for target in targets {
            let expression = text(target, "expr");
            let selectors = expression.matches('{').count();
            assert!(selectors > 0, "{title}: {expression}");
            assert_eq!(expression.matches("{instance=\"$instance\"").count(), selectors, "{title}");
            assert_eq!(text(&target["datasource"], "uid"), "${datasource}", "{title}");
        }
    }
    assert!(ids.len() > 25, "{} panels", ids.len());
}

#[test]
fn no_panel_lies_upon_another() {
    let dashboard = dashboard();
    let mut taken = BTreeSet::new();
    for panel in list(&dashboard, "panels") {
        let (title, at) = (text(panel, "title"), &panel["gridPos"]);
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| number(at, key));
        assert!(w > 0 && h > 0 && x + w <= 24, "{title}: {at}");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{title}: {at}");
        }
    }
}

/// The machine's addresses in the tunnel, and where they are at the monitor.
fn forwards() -> Vec<(String, String)> {
    let config = read("ssh_config");
    let lines = config.lines().filter_map(|line| line.trim().strip_prefix("LocalForward "));
    let pair = |line: &str| {
        let (here, there) = line.split_once(' ').unwrap();
        (there.to_owned(), here.to_owned())
    };
    lines.map(pair).collect()
}

#[test]
fn the_tunnel_leads_to_what_sshd_lets_it_reach() {
    let rules = "layers/metrics/files/etc/ssh/sshd_config.d/20-metrics.conf.j2";
    let rules = fs::read_to_string(rules).unwrap();
    let permitted = rules.lines().find_map(|line| line.strip_prefix("PermitOpen ")).unwrap();
    let reached: Vec<String> = forwards().into_iter().map(|(there, _)| there).collect();
    assert_eq!(permitted, reached.join(" "));
    assert_eq!(reached.len(), 3);
    assert!(read("ssh_config").contains("\n    User prometheus\n"));
    assert!(rules.starts_with("{% if") && rules.contains("\nMatch User prometheus\n"));
    let unit = read("homeserver-tunnel.service");
    assert!(
        unit.contains("ExecStart=/usr/bin/ssh -F /etc/homeserver-tunnel/ssh_config homeserver\n")
    );
}

#[test]
fn prometheus_asks_at_this_end_of_the_tunnel() {
    let config = yaml(&read("prometheus.yml"));
    let static_ones = |job: &Value| list(&list(job, "static_configs")[0], "targets").clone();
    let asked: BTreeSet<String> = list(&config, "scrape_configs")
        .iter()
        .flat_map(static_ones)
        .map(|target| target.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(asked, forwards().into_iter().map(|(_, here)| here).collect());
    assert_eq!(config["rule_files"][0], "homeserver.rules.yml");
}

#[test]
fn every_alert_is_explained_and_tried() {
    let explained = pages::first_column("docs/monitoring.md", "| alert | when |");
    let rules = yaml(&read("homeserver.rules.yml"));
    let rules = list(&list(&rules, "groups")[0], "rules");
    let written: Vec<&str> = rules.iter().map(|rule| text(rule, "alert")).collect();
    assert_eq!(explained, written);
    let tests = yaml(&fs::read_to_string("image-tests/watch/alerts.yml").unwrap());
    let tried: Vec<&str> = list(&tests, "tests").iter().map(|it| text(it, "name")).collect();
    assert_eq!(tried[1..], written);
}
