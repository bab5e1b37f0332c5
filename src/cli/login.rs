//! How a verb that needs a login is told of it.

use crate::host::login::Login;

/// A way to log in.
#[derive(Debug, clap::Args)]
pub(super) struct Ssh {
    /// Log in as this, such as root@chat.example.org: root, or somebody who
    /// may use sudo without a password
    #[arg(long, value_name = "LOGIN")]
    ssh: String,
    /// An option of ssh, such as `Port=2222`; may be given more than once
    #[arg(long, value_name = "OPTION")]
    ssh_option: Vec<String>,
}

impl Ssh {
    /// As the module that logs in takes it.
    pub(super) fn login(&self) -> Login {
        Login { destination: self.ssh.clone(), options: self.ssh_option.clone() }
    }
}
