//! Who takes documents, and how long they may be there. `docs/user-data.md` has the source of each number.

use base64::encoded_len;

/// One who takes documents.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its word on the command line.
    pub name: &'static str,
    /// What it calls itself.
    pub title: &'static str,
    /// The bytes that it takes; none when there is no limit.
    pub limit: Option<usize>,
    /// Which bytes it counts.
    pub counts: Counts,
    /// Whether it takes what is no text.
    pub binary: Binary,
}

/// Which bytes a provider counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Those of the document.
    Document,
    /// Those that are sent: base64 counts as it is.
    Sent,
    /// Those of the document in base64, in which it is sent in any case.
    Base64,
}

/// Whether a provider takes what is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    /// As a file.
    File,
    /// In base64.
    Base64,
    /// It does not.
    Never,
}

const KIB: usize = 1024;

/// All that are known.
pub const PROVIDERS: &[Provider] = &[
    provider("aws", "AWS EC2", Some(16 * KIB), Counts::Document, Binary::File),
    provider("linode", "Linode", Some(16 * KIB), Counts::Document, Binary::Base64),
    provider("alibaba", "Alibaba Cloud", Some(32 * KIB), Counts::Document, Binary::Never),
    provider("hetzner", "Hetzner Cloud", Some(32 * KIB), Counts::Sent, Binary::Base64),
    provider("openstack", "OpenStack", Some(65_535), Counts::Base64, Binary::File),
    provider("digitalocean", "DigitalOcean", Some(64 * KIB), Counts::Sent, Binary::Never),
    provider("azure", "Azure", Some(65_535), Counts::Document, Binary::Base64),
    provider("gcp", "Google Cloud", Some(256 * KIB), Counts::Sent, Binary::Base64),
    provider("disk", "a disk of your own", None, Counts::Document, Binary::File),
];

const fn provider(
    name: &'static str,
    title: &'static str,
    limit: Option<usize>,
    counts: Counts,
    binary: Binary,
) -> Provider {
    Provider { name, title, limit, counts, binary }
}

impl Provider {
    /// The provider that is called so.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Provider> {
        PROVIDERS.iter().find(|it| it.name == name)
    }

    /// The bytes of the longest document that it takes, in base64 of our own or not.
    #[must_use]
    pub fn room(&self, base64: bool) -> usize {
        let Some(limit) = self.limit else { return usize::MAX };
        match (self.counts, base64) {
            (Counts::Document, _) | (Counts::Sent, false) => limit,
            (Counts::Sent, true) | (Counts::Base64, _) => limit / 4 * 3,
        }
    }

    /// Whether it takes a document of so many bytes, as text.
    #[must_use]
    pub fn takes(&self, length: usize) -> bool {
        length <= self.room(false)
    }

    /// What it counts of a document of so many bytes.
    #[must_use]
    pub fn counted(&self, length: usize, base64: bool) -> usize {
        match (self.counts, base64) {
            (Counts::Document, _) | (Counts::Sent, false) => length,
            (Counts::Sent, true) | (Counts::Base64, _) => {
                encoded_len(length, true).unwrap_or(usize::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_document_fits_and_one_byte_more_does_not() {
        for provider in PROVIDERS {
            let Some(limit) = provider.limit else { continue };
            for base64 in [false, true] {
                let room = provider.room(base64);
                assert!(provider.counted(room, base64) <= limit, "{}", provider.name);
                assert!(provider.counted(room + 1, base64) > limit, "{}", provider.name);
            }
        }
        assert_eq!(Provider::named("openstack").map(|it| it.room(false)), Some(49_149));
    }

    #[test]
    fn what_fits_when_nobody_says_for_whom_fits_everywhere() {
        let strictest = PROVIDERS.iter().map(|it| it.room(false)).min();
        assert_eq!(strictest, Some(super::super::LIMIT));
    }
}
