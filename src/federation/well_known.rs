//! The document with which a name says that its homeserver lives elsewhere.

use std::time::{SystemTime, UNIX_EPOCH};

use ruma_common::{OwnedServerName, ServerName};
use serde::Deserialize;
use url::{Position, Url};

use super::report::WellKnown;
use crate::{
    client::{Answer, Client},
    http_url::authority,
};

/// More than this nobody reads, as the tester does.
const LIMIT: usize = 50 * 1024;

/// As many as browsers follow at most.
const REDIRECTS: usize = 20;

/// For how long others keep a document that does not say so; the specification's default.
const KEPT: u64 = 24 * 3600;

/// The longest that they keep one.
const KEPT_AT_MOST: u64 = 48 * 3600;

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "m.server")]
    server: String,
}

impl WellKnown {
    /// Where to connect: a name that is there but is none is an error, as for other homeservers.
    pub(super) fn target(&self, name: &ServerName) -> Result<OwnedServerName, String> {
        if self.server.is_empty() {
            return Ok(name.to_owned());
        }
        let target = ServerName::parse(&self.server);
        target.map_err(|_| {
            format!("the well-known document names `{}`, which is no server name", self.server)
        })
    }
}

/// Asks `name`; a name with a port or an address is not asked.
pub(super) async fn look_up(client: &Client, name: &ServerName) -> WellKnown {
    let mut report = WellKnown::default();
    if name.port().is_some() || name.is_ip_literal() {
        return report;
    }
    match fetch(client, name.host()).await {
        Ok(answer) => read(&answer, &mut report),
        Err(error) => report.result = error,
    }
    report
}

fn read(answer: &Answer, report: &mut WellKnown) {
    match serde_json::from_slice::<Document>(&answer.body) {
        Ok(document) if document.server.is_empty() => {
            "its `m.server` is empty".clone_into(&mut report.result);
        }
        Ok(document) => {
            report.server = document.server;
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let kept = kept(answer.header("cache-control"), answer.header("expires"), now);
            report.cache_expires_at = if kept == 0 { 0 } else { now + kept };
        }
        Err(error) => report.result = format!("it is not a JSON object with `m.server`: {error}"),
    }
}

/// Follows redirects, all of them by HTTPS.
async fn fetch(client: &Client, host: &str) -> Result<Answer, String> {
    let first = format!("https://{host}/.well-known/matrix/server");
    let mut url = Url::parse(&first).map_err(|error| format!("{first}: {error}"))?;
    for _ in 0..=REDIRECTS {
        let answer = get(client, &url).await.map_err(|error| format!("{url}: {error}"))?;
        match answer.status {
            200 => return Ok(answer),
            // Twisted follows 308 as well, in every version that Synapse takes (21.2 and newer).
            301 | 302 | 303 | 307 | 308 => url = next(&url, &answer)?,
            status => return Err(format!("{url} answers {status}")),
        }
    }
    Err(format!("{first} redirects more than {REDIRECTS} times"))
}

async fn get(client: &Client, url: &Url) -> Result<Answer, String> {
    let place = (url.host_str().unwrap_or_default(), url.port().unwrap_or(443));
    let path = &url[Position::BeforePath..Position::AfterQuery];
    client.get(place, authority(url), path, LIMIT).await
}

fn next(url: &Url, answer: &Answer) -> Result<Url, String> {
    let to = answer.header("location");
    match url.join(to) {
        Ok(next) if next.scheme() == "https" && !to.is_empty() => Ok(next),
        _ => Err(format!("{url} redirects to `{to}`, which is not HTTPS")),
    }
}

/// For how many seconds from `now` others keep a document, by its `Cache-Control` and else its `Expires`.
fn kept(control: &str, expires: &str, now: u64) -> u64 {
    let control = control.to_lowercase();
    let mut words = control.split(',').map(str::trim);
    if words.clone().any(|it| it == "no-store" || it == "no-cache") {
        return 0;
    }
    let age = words.find_map(|word| word.strip_prefix("max-age=")?.parse::<u64>().ok());
    let end = || httpdate::parse_http_date(expires).ok()?.duration_since(UNIX_EPOCH).ok();
    let until = || end().map(|end| end.as_secs().saturating_sub(now));
    age.or_else(until).unwrap_or(KEPT).min(KEPT_AT_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_kept_as_long_as_it_says_and_two_days_at_most() {
        // 15 November 1994, 12:00 GMT.
        let (noon, midnight) = (784_900_800, "Wed, 16 Nov 1994 00:00:00 GMT");
        let cases = [
            ("", "", KEPT),
            ("public, max-age=3600", "", 3600),
            ("Max-Age=60", midnight, 60),
            ("max-age=99999999", "", KEPT_AT_MOST),
            ("no-store", midnight, 0),
            ("private, no-cache", "", 0),
            ("", midnight, 43_200),
            ("", "Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("max-age=soon", "0", KEPT),
        ];
        for (control, expires, seconds) in cases {
            assert_eq!(kept(control, expires, noon), seconds, "{control} {expires}");
        }
    }
}
