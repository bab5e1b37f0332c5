//! What is taken away and what stays, by kind of file. What a shell makes of it is `tests/it/minify.rs`.

use super::minify;

/// `text` loses exactly the lines that have the word `gone`.
#[track_caller]
fn loses(path: &str, text: &str) {
    let kept: String = text.split_inclusive('\n').filter(|line| !line.contains("gone")).collect();
    assert_eq!(minify(path, text), kept);
}

#[test]
fn shell_loses_comments_indentation_and_empty_lines() {
    let text = "#!/bin/sh\n# why\n  # indented\n\techo \"#\" # beside\n\necho $#\n";
    assert_eq!(minify("/usr/bin/x", text), "#!/bin/sh\necho \"#\"\necho $#\n");
}

#[test]
fn a_blank_that_belongs_to_a_word_stays() {
    assert_eq!(
        minify("x.sh", "echo a\\  # b\necho c\\#d \\\n # e\n"),
        "echo a\\  \necho c\\#d \\\n\n"
    );
}

#[test]
fn a_command_that_goes_on_loses_the_indentation_of_its_further_lines() {
    assert_eq!(minify("x.sh", "a \\\n    b | \\\n\tc\n"), "a \\\nb | \\\nc\n");
    for text in ["a\\\n  b\n", "a \\\n\n  \nb\n", "a '\\\n  b'\n", "a \"\\\n  b\"\n"] {
        assert_eq!(minify("x.sh", text), text.replace("  \n", ""));
    }
}

#[test]
fn nftables_lose_indentation() {
    let text = "#!/usr/sbin/nft -f\n# why\ntable inet x {\n    chain y {\n        log prefix \"# a\"\n    }\n}\n";
    let flat = "#!/usr/sbin/nft -f\ntable inet x {\nchain y {\nlog prefix \"# a\"\n}\n}\n";
    assert_eq!(minify("/etc/nftables.conf", text), flat);
}

#[test]
fn a_line_that_is_not_ended_is_kept_so() {
    assert_eq!(minify("x.sh", "a\nb"), "a\nb");
}

#[test]
fn a_script_in_a_here_document_is_whole() {
    for (begin, end) in [("E", "E"), ("'E'", "E"), ("-E", "\tE"), ("- \"E F\"", "\t\tE F")] {
        let text = format!("# gone\ncat <<{begin} >x\n#!/bin/sh\n  # stays\n{end}\n# gone\n");
        loses("x.sh", &text);
    }
    loses("x.sh", "# gone\ncat <<A; cat <<'B'\n# a\nA\n# b $(\nB\n# gone\n");
    loses("x.sh", "x=$(cat <<A\n# a\nA\n)\n# gone\n");
}

#[test]
fn a_string_of_many_lines_is_whole() {
    loses("x.sh", "a='\n  # stays\n'\n# gone\n");
    loses("x.sh", "a=\"\n  # stays $(b \"\n  # stays\n\")\n# it's\"\n# gone\n");
    loses("x.sh", "a=${b:-\n# stays\n}\n# gone\n");
    loses("x.sh", "a=`b\n# stays\n`\n# gone\n");
}

#[test]
fn what_only_looks_like_a_quote_opens_nothing() {
    loses("x.sh", "echo \\' \\\"\n# gone\n");
    assert_eq!(minify("x.sh", "echo \\' # it's\n# a\n"), "echo \\'\n");
    loses("x.sh", "a=${#b} c=${d##*'}'} e=$((1 << 2))\n# gone\n");
    loses("x.sh", "a=$(case b in\n# gone\nb) c ;;\nesac)#d'\n# stays'\n# gone\n");
}

#[test]
fn a_script_that_does_not_come_out_even_is_left_alone() {
    for text in ["'", "a=$'\\''", "cat <<A", "cat <<A\n", "a=\"${b:-'}\"", "(", "$((1)", "cat <<<a"]
    {
        let text = format!("  # stays\n{text}\n");
        assert_eq!(minify("x.sh", &text), text);
    }
}

#[test]
fn scalars_of_yaml_are_whole() {
    loses(
        "x.yaml",
        "# gone\na: |\n  # stays\n\n  # stays\n# gone\nb: >-\n  x\n  # stays\n# gone\n",
    );
    loses(
        "x.yaml",
        "a: \"x\n\n  # stays\n  \"\nb: 'x\n  # stays'\n  # gone\nc:\n  # gone\n  - d\n",
    );
    let broken = "# stays\na: b: c\n";
    assert_eq!(minify("x.yaml", broken), broken);
}

#[test]
fn a_string_of_nginx_or_python_may_go_on() {
    loses("/etc/nginx/x.conf", "# gone: it's\nreturn 200 'a # b';\n  # gone\n");
    let text = "# stays\nreturn 200 'a\n# stays\n';\n";
    assert_eq!(minify("/etc/nginx/x.conf", text), text);
    loses("/usr/bin/x", "#!/usr/bin/python3\n# gone\na = \"'\"\n");
    let text = "#!/usr/bin/python3\na = \"\"\"\n# stays\n\"\"\"\n";
    assert_eq!(minify("/usr/bin/x", text), text);
}

#[test]
fn a_file_that_nobody_knows_is_left_alone() {
    for (path, text) in [
        ("/etc/issue", "#### welcome\n"),
        ("/etc/x.toml", "a = '''\n# b\n'''\n"),
        ("/usr/bin/x", "#!/usr/bin/perl\n# x\n"),
        ("/etc/apt/apt.conf.d/x", "#clear A;\n#include b\n"),
    ] {
        assert_eq!(minify(path, text), text);
    }
    loses("/etc/sysctl.d/x.conf", "# gone\na = 1\n");
    loses("/etc/tmpfiles.d/x.conf", "# gone\nd /run/a\n");
    loses("/etc/systemd/system/x.service", "[Service]\nExecStart=a \\\n# gone\n b\n");
}
