//! A way to become root on a machine, over ssh.

use crate::error::Error;

/// Who logs in where, and how.
#[derive(Debug, Clone)]
pub struct Login {
    /// As ssh takes it, such as `root@chat.example.org`.
    pub destination: String,
    /// Options of ssh, such as `Port=2222`.
    pub options: Vec<String>,
}

/// How ssh ends when it fails itself (ssh(1)).
pub const UNREACHED: i32 = 255;

/// A machine that does not answer is not waited for longer.
const PATIENCE: &str = "ConnectTimeout=20";

impl Login {
    /// The words of ssh before a destination; `own` are options of the caller's, which go before those of the user.
    #[must_use]
    pub fn ssh<S: AsRef<str>>(&self, own: &[S]) -> Vec<String> {
        let own = [PATIENCE].into_iter().chain(own.iter().map(AsRef::as_ref));
        let options = own.chain(self.options.iter().map(String::as_str));
        let options = options.flat_map(|it| ["-o".to_owned(), it.to_owned()]);
        ["ssh".to_owned()].into_iter().chain(options).collect()
    }

    /// The words that run `command`, one command of shell, as root whoever logs in.
    #[must_use]
    pub fn as_root<S: AsRef<str>>(&self, own: &[S], command: &str) -> Vec<String> {
        let remote = format!(
            "cd /; if [ \"$(id -u)\" = 0 ]; then exec {command}; else exec sudo -n {command}; fi"
        );
        let mut words = self.ssh(own);
        words.extend(["-T".to_owned(), "--".to_owned(), self.destination.clone(), remote]);
        words
    }

    /// What to say when ssh itself has failed; `said` are its last words.
    #[must_use]
    pub fn unreached(&self, said: &str) -> Error {
        Error::host(format!("ssh does not reach {}: {said}", self.destination))
            .hint("log in once by hand with the same name, and let ssh know the host's key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_of_the_user_come_last_and_no_destination_is_an_option() {
        let login = Login { destination: "-oX".to_owned(), options: vec!["Port=22".to_owned()] };
        let words = login.as_root(&["ControlMaster=auto"], "sh -s");
        let (options, rest) = words.split_at(words.iter().position(|it| it == "-T").expect("-T"));
        assert_eq!(
            options,
            ["ssh", "-o", "ConnectTimeout=20", "-o", "ControlMaster=auto", "-o", "Port=22"]
        );
        assert_eq!(rest[1..3], ["--", "-oX"]);
        assert!(rest[3].ends_with("exec sh -s; else exec sudo -n sh -s; fi"));
    }
}
