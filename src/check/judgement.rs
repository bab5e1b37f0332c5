//! What shell cannot say well: facts that `homeseed verify` judges by itself.

use serde::{Deserialize, Serialize};

/// A fact about the machine as others see it, by the word that a manifest gives its cure under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// Every name has an address in the DNS.
    Names,
    /// No SRV record leads elsewhere.
    Services,
    /// The server name leads to the machine.
    Delegation,
    /// Each address answers.
    Addresses,
    /// Each address shows a certificate that others trust, and not for a few days only.
    Certificates,
    /// The signing key is that of the server name.
    SigningKeys,
    /// The homeserver names its version.
    Version,
    /// Old versions of TLS are refused.
    Tls,
}

impl Judgement {
    /// All of them, in the order of a report: first what others rest on.
    pub const ALL: [Judgement; 8] = [
        Judgement::Names,
        Judgement::Services,
        Judgement::Delegation,
        Judgement::Addresses,
        Judgement::Certificates,
        Judgement::SigningKeys,
        Judgement::Version,
        Judgement::Tls,
    ];

    /// The fact, in the present tense.
    #[must_use]
    pub fn fact(self) -> &'static str {
        match self {
            Judgement::Names => "every name leads to an address",
            Judgement::Services => "no SRV record leads elsewhere",
            Judgement::Delegation => "the server name leads to this machine",
            Judgement::Addresses => "every address answers, each by itself",
            Judgement::Certificates => "every address shows a good certificate",
            Judgement::SigningKeys => "the signing key is this server's and proves itself",
            Judgement::Version => "the homeserver says what it is",
            Judgement::Tls => "TLS 1.1 is refused",
        }
    }
}
