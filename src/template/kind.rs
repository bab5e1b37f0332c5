//! The kinds of file that templates make, told from the path.

/// How a value is written into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// POSIX shell, and files of variables that it reads.
    Shell,
    /// YAML 1.1, as `PyYAML` reads it.
    Yaml,
    /// JSON.
    Json,
    /// nginx configuration.
    Nginx,
    /// SQL for `psql`.
    Sql,
    /// systemd units and drop-ins.
    Systemd,
    /// SSH public keys, one a line.
    Keys,
    /// PEM, which is more than one line.
    Pem,
    /// Anything else: nothing that could mean something else than itself.
    Plain,
}

const WORDS: [(Kind, &str); 9] = [
    (Kind::Shell, "shell"),
    (Kind::Yaml, "yaml"),
    (Kind::Json, "json"),
    (Kind::Nginx, "nginx"),
    (Kind::Sql, "sql"),
    (Kind::Systemd, "systemd"),
    (Kind::Keys, "keys"),
    (Kind::Pem, "pem"),
    (Kind::Plain, "plain"),
];

impl Kind {
    /// The kind of the file at `path` (without `.j2`) that starts as `text` does.
    #[must_use]
    pub fn of(path: &str, text: &str) -> Kind {
        let name = path.rsplit('/').next().unwrap_or(path);
        match name.rsplit_once('.').map(|(_, extension)| extension) {
            _ if path.starts_with("/etc/nginx/") => Kind::Nginx,
            _ if path.contains("/.well-known/") => Kind::Json,
            _ if path.contains("/authorized_keys") => Kind::Keys,
            _ if is_drop_in(path) => Kind::Systemd,
            Some("sh" | "env") => Kind::Shell,
            Some("yaml" | "yml") => Kind::Yaml,
            Some("json") => Kind::Json,
            Some("sql") => Kind::Sql,
            Some("service" | "timer" | "path" | "socket") => Kind::Systemd,
            Some("pem" | "crt") => Kind::Pem,
            _ if text.starts_with("#!/bin/sh") => Kind::Shell,
            _ => Kind::Plain,
        }
    }

    /// One word for it, the same that [`Kind::from_word`] takes.
    #[must_use]
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(kind, _)| *kind == self).map_or("plain", |(_, word)| word)
    }

    /// The kind that `word` stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Kind> {
        WORDS.iter().find(|(_, it)| *it == word).map(|(kind, _)| *kind)
    }
}

/// A drop-in, such as `ssh.service.d/x.conf`.
fn is_drop_in(path: &str) -> bool {
    let folder = path.rsplit('/').nth(1).unwrap_or_default();
    [".service.d", ".timer.d", ".socket.d"].iter().any(|it| folder.ends_with(it))
}
