//! Questions to an agent over HTTP/1.1, each on a connection of its own, since agents close them.
//! Deliberately without TLS, redirects and proxies: an agent stands in the plant's own network.

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, Uri, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::base::{Code, Refusal, limits};

/// An agent's address, checked.
pub(super) struct Address {
    authority: String,
    /// What stands before `/probe`, without its last slash.
    path: String,
}

/// An answer that has begun.
pub(super) struct Answer {
    pub(super) content_type: String,
    body: Incoming,
}

fn unreachable(address: &str, why: impl std::fmt::Display) -> Refusal {
    Refusal::new(Code::Unavailable, format!("the agent at {address} does not answer: {why}"))
}

impl Address {
    /// From `http://HOST:PORT`, with a path where the agent has one, and a device.
    pub(super) fn of(url: &str, device: Option<&str>) -> Result<Self, Refusal> {
        let uri: Uri = url.parse().map_err(|error| Refusal::invalid("url", format!("must be http://HOST:PORT; {error}")))?;
        let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(Refusal::invalid("url", "must be http://HOST:PORT")) };
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(Refusal::invalid("url", "must be http://HOST:PORT, without a user and without a question"));
        }
        let mut path = uri.path().trim_end_matches('/').to_owned();
        if let Some(device) = device {
            if device.is_empty() || !device.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~".contains(c)) {
                return Err(Refusal::invalid("device", "is a device's name of letters, digits, `-`, `_` and `.`; give its uuid where the name has others"));
            }
            path = format!("{path}/{device}");
        }
        let port = authority.port_u16().unwrap_or(80);
        Ok(Self { authority: format!("{}:{port}", authority.host()), path })
    }

    /// Asks and returns as soon as the answer begins.
    pub(super) async fn ask(&self, question: &str) -> Result<Answer, Refusal> {
        let asked = timeout(limits::ANSWER_TIME, self.send(question)).await;
        let response = asked.map_err(|_| unreachable(&self.authority, "it took too long"))??;
        let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        Ok(Answer { content_type, body: response.into_body() })
    }

    async fn send(&self, question: &str) -> Result<Response<Incoming>, Refusal> {
        let lost = |error: &dyn std::fmt::Display| unreachable(&self.authority, error);
        let stream = TcpStream::connect(&self.authority).await.map_err(|error| lost(&error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| lost(&error))?;
        // It ends when the answer is read or dropped.
        tokio::spawn(connection);
        let request = Request::get(format!("{}/{question}", self.path)).header(header::HOST, &self.authority).header(header::ACCEPT, "text/xml, application/xml, multipart/*");
        let request = request.body(Empty::<Bytes>::new()).map_err(|error| Refusal::invalid("url", error.to_string()))?;
        sender.send_request(request).await.map_err(|error| lost(&error))
    }
}

impl Answer {
    /// The whole of it, within its bounds.
    pub(super) async fn whole(mut self) -> Result<Vec<u8>, Refusal> {
        let read = async {
            let mut whole = Vec::new();
            while let Some(bytes) = self.bytes().await? {
                if whole.len() + bytes.len() > limits::DOCUMENT_MAX {
                    return Err(Refusal::new(Code::TooLarge, format!("the agent answers with more than {} bytes; ask it for less with `count`", limits::DOCUMENT_MAX)));
                }
                whole.extend_from_slice(&bytes);
            }
            Ok(whole)
        };
        timeout(limits::ANSWER_TIME, read).await.unwrap_or_else(|_| Err(Refusal::new(Code::TimedOut, "the agent's answer does not end")))
    }

    /// What came next; `None` at the end.
    pub(super) async fn bytes(&mut self) -> Result<Option<Bytes>, Refusal> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| Refusal::new(Code::Unavailable, format!("the agent's answer was cut off: {error}")))?;
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}
