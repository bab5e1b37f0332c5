//! A site's value is never code: what shell and YAML read in the rendered files is what the site says.

use std::collections::BTreeMap;

use homeseed::plan::Plan;
use serde_json::Value;

use crate::{
    sites::{self, Dice},
    tools,
};

fn odd_plan(seed: u64) -> (Value, Plan) {
    let site = sites::site(&mut Dice::new(seed));
    (serde_json::to_value(&site).unwrap(), sites::plan(&mut Dice::new(seed)))
}

#[test]
fn what_shell_reads_is_what_the_site_says() {
    for seed in 0..200 {
        let (site, plan) = odd_plan(seed);
        let read = variables(&plan.facts_text(|_| true));
        assert_eq!(read["SERVER_NAME"], site["server_name"]);
        assert_eq!(read["HOST"], site["host"]);
        assert_eq!(read["ADMIN"], site["admin"]);
        assert_eq!(read["EMAIL"], site["operator"]["email"]);
        assert_eq!(read["NAMES"], plan.names.join(" "));
        for fact in &plan.facts {
            assert_eq!(read[&fact.name], fact.value, "site {seed}: {}", fact.name);
        }
    }
}

/// The variables that `text` sets, as a shell reads them.
fn variables(text: &str) -> BTreeMap<String, String> {
    let script = format!("set -a\n{text}\nexec env -0\n");
    let output = tools::run(&["env", "-i", "sh"], &script);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", tools::said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let pairs = text.split('\0').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn what_yaml_reads_is_what_the_site_says() {
    for seed in 0..200 {
        let (site, plan) = odd_plan(seed);
        let mut read = serde_json::Map::new();
        for file in
            plan.files.iter().filter(|it| it.path.starts_with("/etc/matrix-synapse/conf.d/"))
        {
            let value: Value = serde_yaml::from_str(&file.contents).unwrap();
            read.extend(value.as_object().unwrap().clone());
        }
        for (option, value) in site["synapse"].as_object().unwrap() {
            assert_eq!(&read[option], value, "site {seed}: {option}");
        }
    }
}
