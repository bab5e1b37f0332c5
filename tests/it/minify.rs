//! A step that travels without its comments does what it did: scripts made by chance, run as they are and as they are
//! planned.

use homeseed::{
    digest::sha256,
    layer::{Layers, Sources},
    plan,
    site::Site,
};

use crate::{
    sites::{self, Dice},
    tools,
};

const SCRIPTS: u64 = 300;

/// What `script` is in the plan, as the step of a layer.
fn planned(script: &str) -> String {
    let files = [("a/layer.yaml", "about: x\n"), ("a/README.md", "# a\n"), ("a/setup.sh", script)];
    let sources: Sources = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    let site = "server_name: a.example\nhost: a.example\noperator: {email: o@a.example}\n";
    let site = Site::parse("site.yaml", site, homeseed::layer::embedded_schema())
        .unwrap_or_else(|errors| panic!("{errors}"));
    let layers = Layers::read(&sources).unwrap_or_else(|errors| panic!("{errors}"));
    let plan = plan::with(&site, &layers).unwrap_or_else(|errors| panic!("{errors}"));
    let step = plan.files.into_iter().find(|file| file.path.contains("/steps/")).unwrap();
    step.contents
}

/// One or more whole commands, each of which prints something that a wrong cut would change.
fn commands(dice: &mut Dice, depth: usize) -> String {
    let n = dice.below(1000);
    let inner = |dice: &mut Dice| {
        if depth == 0 { "echo end\n".to_owned() } else { commands(dice, depth - 1) }
    };
    let comment = "  # it's a \"comment\" with $(odd `things <<E \\\n";
    match dice.below(14) {
        0 => format!("{comment}echo {n} # beside\n"),
        1 => format!("cat <<E{n} # x\n  # {n} it's \"\n\tkept $((1 << 2))\nE{n}\n"),
        2 => {
            format!("cat <<'E' | sed s/^/{n}/; cat <<-\"F G\"\n  # ' $( ` \\\nE\n\t\t# \"\n\tF G\n")
        }
        3 => format!("echo 'a\n  # {n} \"\n\\'\n{comment}"),
        4 => format!("echo \"a\n  # {n} it's $(\n{}{comment}) \\\" \n\t# x\"\n", inner(dice)),
        5 => format!(
            "x=$(case {n} in\n{comment}(1) echo a;;\n{n})\n{} ;; esac)#'\n # x'\necho \"$x\"\n",
            inner(dice)
        ),
        6 => format!("echo a \\\n  '# {n}' \\\n    b\\\n    c\n"),
        7 => format!("f() {{\n{comment}{}}}\nf\n", inner(dice)),
        8 => format!(
            "if [ {n} -gt 500 ]; then\n{comment}{}else\n    {}fi\n",
            inner(dice),
            inner(dice)
        ),
        9 => format!("x='a#b'\necho ${{#x}} \"${{x#*\\#}}\" ${{x%%\"#b\"}} ${{y:-\n# {n}\n}}\n"),
        10 => format!("echo `echo \\\n# {n}\necho '# \\`'`\n"),
        11 => format!("( {}{comment})\n(echo $((1 << {n} % 7)) $# \\# a#b);#c\n", inner(dice)),
        12 => format!("for i in case in esac; do\n{comment}  echo $i{n}\ndone\n"),
        _ => format!("x=$(cat <<E\n  # $(echo {n})\nE\n)\necho \"$x\" &&\n{comment}  echo '\\'\n"),
    }
}

fn script(seed: u64) -> String {
    let mut dice = Dice::new(seed);
    let count = 1 + dice.below(6);
    let body: String = (0..count).map(|_| commands(&mut dice, 2)).collect();
    format!("#!/bin/sh\n# Removed.\n{body}")
}

#[test]
fn a_step_does_the_same_without_its_comments() {
    let mut shorter = 0;
    for seed in 0..SCRIPTS {
        let script = script(seed);
        let planned = planned(&script);
        let [before, after] = [&script, &planned].map(|it| tools::said(&tools::run(&["sh"], it)));
        assert!(!before.contains("yntax error"), "{seed}: {before}\n{script}");
        assert_eq!(before, after, "{seed}:\n{script}\nis planned as\n{planned}");
        shorter += u64::from(planned.len() < script.len());
    }
    assert!(shorter > SCRIPTS / 2, "{shorter} of {SCRIPTS} lost their comments");
}

#[test]
fn a_step_that_writes_a_script_writes_all_of_it() {
    let planned = planned("#!/bin/sh\n# Why.\ncat <<'E'\n#!/bin/sh\n  # what\nE\n");
    assert_eq!(planned, "#!/bin/sh\ncat <<'E'\n#!/bin/sh\n  # what\nE\n");
}

#[test]
fn every_script_of_the_layers_is_understood() {
    let plan = sites::small();
    let scripts = plan.files.iter().filter(|file| file.contents.starts_with("#!/bin/sh\n"));
    let mut count = 0;
    for file in scripts.filter(|file| !file.path.ends_with("/checks.sh")) {
        let left: Vec<&str> = file
            .contents
            .lines()
            .skip(1)
            .filter(|line| line.trim_start().starts_with('#'))
            .collect();
        assert!(left.is_empty(), "{} ({}) keeps {left:?}", file.path, sha256(&file.contents));
        count += 1;
    }
    assert!(count > 10, "{count} scripts");
}
