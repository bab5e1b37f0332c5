//! What is allowed, but must be said aloud.

use super::{Site, section::Peers};

impl Site {
    /// What the operator should know before the machine is born; each is one sentence.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let warnings = [
            self.open_password_login(),
            self.open_federation(),
            self.own_name_listed(),
            self.unused_unlisted(),
            self.lost_media(),
            self.test_certificate(),
        ];
        warnings.into_iter().flatten().collect()
    }

    fn open_password_login(&self) -> Option<String> {
        self.operator.ssh_keys.is_empty().then(|| {
            "`operator.ssh_keys` is empty: password login over SSH stays open, since nothing else could let you in".to_owned()
        })
    }

    fn open_federation(&self) -> Option<String> {
        matches!(self.federation.peers, Peers::Anyone).then(|| {
            "`federation.allow: anyone`: every homeserver on the internet can send to this one"
                .to_owned()
        })
    }

    fn own_name_listed(&self) -> Option<String> {
        let Peers::Listed(peers) = &self.federation.peers else {
            return None;
        };
        peers.iter().any(|it| it.as_str() == self.server_name()).then(|| {
            format!(
                "`federation.allow` lists this homeserver itself, `{}`: that has no effect",
                self.server_name()
            )
        })
    }

    fn unused_unlisted(&self) -> Option<String> {
        let open = matches!(self.federation.peers, Peers::Anyone);
        (open && self.place_of(&["federation", "unlisted"]).is_some()).then(|| {
            "`federation.unlisted` has no effect: with `anyone`, no server is unlisted".to_owned()
        })
    }

    fn lost_media(&self) -> Option<String> {
        let lifetime = self.media.local_lifetime.duration()?;
        Some(format!(
            "`media.local_lifetime: {lifetime}` deletes files that your users uploaded and nobody opened for so long: often the only copy"
        ))
    }

    fn test_certificate(&self) -> Option<String> {
        self.tls.acme.is_staging().then(|| {
            "`tls.acme: staging`: no browser and no homeserver trusts the certificate".to_owned()
        })
    }
}
