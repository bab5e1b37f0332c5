//! One request over a session.

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{
    Request,
    body::Bytes,
    client::conn::http1,
    header::{HOST, HeaderMap, USER_AGENT},
};
use hyper_util::rt::TokioIo;

use super::{Session, in_time};

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status, such as 200.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header field as text; empty when there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
    }
}

impl Session {
    /// Asks for `path` of `authority`, the `Host` of the request; the body may have `limit` bytes.
    pub async fn get(
        self,
        authority: &str,
        path: &str,
        limit: usize,
    ) -> std::result::Result<Answer, String> {
        in_time(ask(self, authority, path, limit)).await
    }
}

async fn ask(
    session: Session,
    authority: &str,
    path: &str,
    limit: usize,
) -> std::result::Result<Answer, String> {
    let broken = |error: hyper::Error| format!("no HTTP: {error}");
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(session.stream)).await.map_err(broken)?;
    tokio::spawn(connection);
    let request = Request::get(path)
        .header(HOST, authority)
        .header(USER_AGENT, concat!("homeseed/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new());
    let request = request.map_err(|error| format!("`{authority}{path}` is no address: {error}"))?;
    let answer = sender.send_request(request).await.map_err(broken)?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, limit).collect().await;
    let body = body.map_err(|error| format!("its answer is not taken: {error}"))?;
    let body = body.to_bytes().to_vec();
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
}
