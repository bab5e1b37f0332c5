//! Checks and steps that ask a web server, against a real one: the planned nginx, whole and broken.

use homeseed::{
    check::{self, Check},
    plan::Plan,
};

use crate::{root, sites, tools};

const SITE: &str =
    "server_name: example.org\nhost: chat.example.org\noperator: {email: o@example.org}\n";

/// What the checks whose names hold `check`, and the step if there is one, say in `situation`.
fn answers(plan: &Plan, check: &str, more: &[(&str, &str)], situation: &str) -> String {
    let checks = plan.checks.iter().filter(|it| it.name.contains(check));
    let checks: Vec<Check> = checks.map(|it| Check { wait: 0, ..it.clone() }).collect();
    assert!(!checks.is_empty());
    let script = check::script(&checks, &plan.helpers, &plan.facts_text(|_| true), &str::to_owned);
    let planned = plan.files.iter().map(|it| (it.path.as_str(), it.contents.as_str()));
    let files = planned.chain([("/checks.sh", script.as_str())]).chain(more.iter().copied());
    let words = [situation, &plan.host, &plan.server_name];
    tools::said(&root::inside(files, "tests/system/answers.sh", &words))
}

#[test]
fn an_unlisted_origin_gets_nothing_only_from_a_server_that_is_there() {
    for unlisted in ["drop", "refuse"] {
        let plan = sites::planned(&format!("{SITE}federation: {{unlisted: {unlisted}}}\n"));
        let said = |situation| answers(&plan, "an unlisted origin gets nothing", &[], situation);
        assert!(said("whole").contains("\nok 1 - "), "{}", said("whole"));
        for broken in ["silent", "untrusted"] {
            assert!(said(broken).contains("\nnot ok 1 - "), "{broken}: {}", said(broken));
        }
    }
    let open = answers(&sites::planned(SITE), "an unlisted origin gets nothing", &[], "open");
    assert!(open.contains("\nnot ok 1 - "), "{open}");
}

/// How another web server publishes the documents; whether that is good enough.
const PUBLISHED: &[(&str, bool)] = &[
    ("add_header Access-Control-Allow-Origin *; default_type application/json;", true),
    (
        "add_header Access-Control-Allow-Origin *; default_type application/json; charset utf-8; \
         charset_types application/json;",
        true,
    ),
    ("add_header Access-Control-Allow-Origin *; default_type text/plain;", false),
    ("default_type application/json;", false),
];

/// A server of the bare domain that sends everybody on to another path first.
fn server(headers: &str, redirect: &str) -> String {
    let document = |name| {
        format!(
            "location = /d/.well-known/matrix/{name} \
             {{ types {{}} {headers} alias /etc/homeseed/www/{name}.json; }} "
        )
    };
    let documents: String = ["server", "client", "support"].map(document).concat();
    format!(
        "server {{ listen 443 ssl; server_name example.org; \
         ssl_certificate /var/lib/homeseed/tls/current/fullchain.pem; \
         ssl_certificate_key /var/lib/homeseed/tls/current/privkey.pem; \
         location /.well-known/matrix/ {{ {redirect} }} {documents}}}\n"
    )
}

#[test]
fn step_and_check_agree_on_the_documents_of_another_web_server() {
    let plan = sites::planned(&format!("{SITE}delegation: elsewhere\n"));
    let step = plan.files.iter().find(|it| it.path.ends_with("-well-known")).unwrap();
    let judge = |server: &str| {
        let more = [("/published.conf", server), ("/step.sh", step.contents.as_str())];
        let said = answers(&plan, " document ", &more, "whole");
        let checked = said.contains("1..3\n") && !said.contains("not ok");
        assert_eq!(checked, said.contains("step done"), "{server}\n{said}");
        (checked, said)
    };
    for (headers, good) in PUBLISHED {
        for status in ["301", "302", "308"] {
            let redirect = format!("return {status} https://example.org/d$uri;");
            let (checked, said) = judge(&server(headers, &redirect));
            assert_eq!(checked, *good, "{headers}\n{said}");
        }
    }
    let (checked, said) =
        judge(&server(PUBLISHED[0].0, "return 301 http://example.org$request_uri;"));
    assert!(!checked, "{said}");
}
