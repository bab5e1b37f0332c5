//! Values of every kind, written and refused.

use minijinja::context;

use super::*;

const KINDS: [Kind; 9] = [
    Kind::Shell,
    Kind::Yaml,
    Kind::Json,
    Kind::Nginx,
    Kind::Sql,
    Kind::Systemd,
    Kind::Keys,
    Kind::Pem,
    Kind::Plain,
];

fn rendered(kind: Kind, template: &str, value: impl serde::Serialize) -> Result<String, String> {
    let mut templates = Templates::default();
    templates.add("a/b", template, kind).map_err(|error| error.to_string())?;
    let seen = context! { x => Value::from_serialize(value) };
    templates.render("a/b", &seen).map_err(|error| error.message().to_owned())
}

#[track_caller]
fn writes(kind: Kind, value: &str, expected: &str) {
    assert_eq!(rendered(kind, "{{ x }}", value).as_deref(), Ok(expected));
}

#[track_caller]
fn refuses(kind: Kind, values: &[&str]) {
    for value in values {
        assert!(rendered(kind, "{{ x }}", value).is_err(), "{kind:?} takes {value:?}");
    }
}

#[test]
fn an_ordinary_value_is_written_as_it_is() {
    for kind in [Kind::Shell, Kind::Nginx, Kind::Systemd, Kind::Keys, Kind::Pem, Kind::Plain] {
        writes(kind, "chat.example.org", "chat.example.org");
    }
}

#[test]
fn shell_gets_one_word() {
    writes(Kind::Shell, "a b", "'a b'");
    writes(Kind::Shell, "it's $(id) `id` \"x\" \\ ; # !", r#"'it'\''s $(id) `id` "x" \ ; # !'"#);
    writes(Kind::Shell, "", "''");
    writes(Kind::Shell, "50%", "50%");
    refuses(Kind::Shell, &["a\nb", "a\0b", "\u{e4}", "\u{7f}"]);
}

#[test]
fn yaml_and_json_get_a_string_in_ascii() {
    for kind in [Kind::Yaml, Kind::Json] {
        writes(kind, "no", "\"no\"");
        writes(kind, "a\"b\\c\nd\0", "\"a\\\"b\\\\c\\nd\\u0000\"");
        writes(kind, "\u{e4}\u{7f}\u{2028}", "\"\\u00e4\\u007f\\u2028\"");
    }
    writes(Kind::Json, "\u{1f600}", "\"\\ud83d\\ude00\"");
    writes(Kind::Yaml, "\u{1f600}", "\"\\U0001f600\"");
}

#[test]
fn yaml_gets_whole_values() {
    let value = serde_json::json!({"a": [1, true, null, 1.5, 1e30, -3], "b": {"c": "{"}});
    let expected = "{\"a\": [1, true, null, 1.5, 1000000000000000000000000000000.0, -3], \"b\": {\"c\": \"{\"}}";
    assert_eq!(rendered(Kind::Yaml, "{{ x }}", value).as_deref(), Ok(expected));
}

#[test]
fn nginx_gets_quotes_and_no_variables() {
    writes(Kind::Nginx, "a b;{}#", "\"a b;{}#\"");
    writes(Kind::Nginx, "a\"b\\", "\"a\\\"b\\\\\"");
    refuses(Kind::Nginx, &["$host", "a\nb", "", "~x", "\u{e4}", "a\0"]);
}

#[test]
fn sql_gets_a_literal() {
    writes(Kind::Sql, "it's; -- \"x\" \\", "'it''s; -- \"x\" \\'");
    refuses(Kind::Sql, &["a\nb", "a\0b", "\u{e4}"]);
}

#[test]
fn units_get_no_specifiers_and_no_variables() {
    writes(Kind::Systemd, "50%n", "50%%n");
    writes(Kind::Systemd, "a \"b\" %i", "\"a \\\"b\\\" %%i\"");
    refuses(Kind::Systemd, &["$HOME", "a\nb", "", "\u{e4}"]);
}

#[test]
fn other_files_get_only_what_means_itself() {
    writes(Kind::Plain, "https://[::1]:80/~a?".trim_end_matches('?'), "https://[::1]:80/~a");
    refuses(
        Kind::Plain,
        &["a b", "a;b", "a\"b", "a'b", "a#b", "$a", "`a`", "{a}", "\n", "", "\u{e4}"],
    );
    writes(Kind::Keys, "ssh-ed25519 AAAA it's $(id) \"x\"", "ssh-ed25519 AAAA it's $(id) \"x\"");
    refuses(Kind::Keys, &["a\nb", "\u{e4}", ""]);
    writes(Kind::Pem, "-----BEGIN X-----\nAA==\n", "-----BEGIN X-----\nAA==\n");
    refuses(Kind::Pem, &["\u{e4}", "\0", ""]);
}

#[test]
fn a_list_is_its_members() {
    assert_eq!(
        rendered(Kind::Shell, "for a in {{ x }}", ["a", "b c"]).as_deref(),
        Ok("for a in a 'b c'")
    );
    assert_eq!(rendered(Kind::Plain, "{{ x }}", [22, 80]).as_deref(), Ok("22 80"));
}

#[test]
fn numbers_and_flags_are_written_as_every_program_reads_them() {
    for kind in KINDS {
        assert_eq!(rendered(kind, "{{ x }}", 42).as_deref(), Ok("42"));
        assert_eq!(rendered(kind, "{{ x }} {{ not x }}", true).as_deref(), Ok("true false"));
    }
}

#[test]
fn a_value_that_needs_quotes_must_stand_where_quotes_work() {
    for template in [
        "echo \"{{ x }}\"",
        "echo '{{ x }}'",
        "echo a{{ x }}",
        "echo {{ x }}b",
        "echo \"a {{ x }} b\"",
        "# {{ x }}",
        "cat <<.\n {{ x }} \n.\n",
        "cat <<-'EOF'\n {{ x }} \n\tEOF\n",
        "a=\"\n {{ x }} \n\"",
    ] {
        let error = rendered(Kind::Shell, template, "a b").unwrap_err();
        assert!(error.contains("must stand alone"), "{template}: {error}");
        assert!(rendered(Kind::Shell, template, "ab").is_ok());
    }
    for template in [
        "a={{ x }}\n",
        "f {{ x }};",
        "cat <<.\n'\n.\nf {{ x }}",
        "# don't\nf {{ x }}",
        "f \\\" {{ x }}",
    ] {
        assert!(rendered(Kind::Shell, template, "a b").is_ok(), "{template}");
    }
    assert!(rendered(Kind::Nginx, "a \"{{ x }}\";", "a b").is_err());
    assert!(rendered(Kind::Systemd, "A=\"{{ x }}\"\n", "a b").is_err());
}

#[test]
fn there_is_no_way_round_the_escaping() {
    for template in
        ["{{ x|safe }}", "{{ x|e }}", "{% autoescape false %}{{ x }}{% endautoescape %}"]
    {
        assert!(rendered(Kind::Shell, template, "a b").is_err(), "{template}");
    }
    assert_eq!(
        rendered(Kind::Shell, "{% set y = 'a' ~ x %}f {{ y }}", "$ b").as_deref(),
        Ok("f 'a$ b'")
    );
}

#[test]
fn what_a_macro_returns_is_escaped_once() {
    let template = "{% macro m(v) %}{{ v }}{% endmacro %}f {{ m(x) }}";
    assert_eq!(rendered(Kind::Shell, template, "a'b").as_deref(), Ok(r"f 'a'\''b'"));
}

#[test]
fn what_is_missing_is_an_error_at_its_place() {
    let mut templates = Templates::default();
    templates.add("a/b.conf", "one\n two {{ x.y }}\n", Kind::Plain).unwrap();
    let error = templates.render("a/b.conf", &context! { x => context! {} }).unwrap_err();
    assert!(error.to_string().contains("--> a/b.conf:2:9\n"), "{error}");
}

#[test]
fn a_condition_is_true_or_false() {
    let seen = context! { site => context! { a => 1, b => true } };
    assert_eq!(holds("site.b and site.a == 1", &seen), Ok(true));
    assert!(holds("site.a", &seen).is_err());
    assert!(holds("site.c", &seen).is_err());
    assert!(holds("site.", &seen).is_err());
}

#[test]
fn kinds_are_told_from_paths() {
    for (path, kind) in [
        ("/etc/nginx/conf.d/x.conf", Kind::Nginx),
        ("/etc/homeseed/site.env", Kind::Shell),
        ("/usr/lib/x/lib.sh", Kind::Shell),
        ("/etc/x.yaml", Kind::Yaml),
        ("/srv/.well-known/matrix/server", Kind::Json),
        ("/etc/systemd/system/x.service", Kind::Systemd),
        ("/etc/systemd/system/x.service.d/y.conf", Kind::Systemd),
        ("/etc/ssh/authorized_keys.d/root", Kind::Keys),
        ("/etc/x/ca.pem", Kind::Pem),
        ("/etc/x/a.sql", Kind::Sql),
        ("/etc/sysctl.d/x.conf", Kind::Plain),
    ] {
        assert_eq!(Kind::of(path, ""), kind, "{path}");
    }
    assert_eq!(Kind::of("/usr/sbin/x", "#!/bin/sh\n"), Kind::Shell);
    assert_eq!(Kind::of("/usr/sbin/x", "#!/usr/bin/python3\n"), Kind::Plain);
}
