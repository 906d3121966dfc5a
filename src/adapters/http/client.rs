//! The same commands over HTTP: a small client for the command line's `--url`.

use http_body_util::{BodyExt as _, Full};
pub use hyper::Method;
use hyper::body::Bytes;
use hyper::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::base::{Code, Refusal};

/// A running plant.
pub struct Remote {
    /// Its address, `http://HOST:PORT`.
    pub url: String,
    /// A token.
    pub token: Option<String>,
    /// The form that is accepted; whichever is the address's own where absent.
    pub accept: Option<&'static str>,
}

/// An answer.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

fn unreachable(url: &str, error: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(Code::Unavailable, format!("{url} does not answer: {error}"))
}

impl Remote {
    /// Sends one request; an answer that is a problem becomes the refusal it says.
    pub async fn send(&self, method: Method, path: &str, content_type: &str, body: Vec<u8>) -> Result<Answer, Refusal> {
        let uri: Uri = format!("{}{path}", self.url.trim_end_matches('/')).parse().map_err(|error| Refusal::invalid("url", format!("{error}")))?;
        let (Some("http"), Some(host)) = (uri.scheme_str(), uri.host()) else { return Err(Refusal::invalid("url", "must be http://HOST:PORT")) };
        let address = format!("{host}:{}", uri.port_u16().unwrap_or(80));
        let stream = TcpStream::connect(&address).await.map_err(|error| unreachable(&self.url, &error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| unreachable(&self.url, &error))?;
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(uri.path_and_query().map_or("/", |path| path.as_str())).header(header::HOST, &address);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(accept) = self.accept {
            request = request.header(header::ACCEPT, accept);
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| Refusal::invalid("url", error.to_string()))?;
        let response = sender.send_request(request).await.map_err(|error| unreachable(&self.url, &error))?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|error| unreachable(&self.url, &error))?.to_bytes().to_vec();
        if status >= 400 { Err(refusal_of(status, &body)) } else { Ok(Answer { status, body }) }
    }
}

fn refusal_of(status: u16, body: &[u8]) -> Refusal {
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let word = problem["code"].as_str().unwrap_or_default();
    let code = Code::ALL.iter().copied().find(|code| code.word() == word).unwrap_or(if status >= 500 { Code::Unavailable } else { Code::Invalid });
    let detail = problem["detail"].as_str().map_or_else(|| format!("the plant answered {status}"), str::to_owned);
    Refusal { code, detail, field: problem["field"].as_str().map(str::to_owned) }
}

/// Writes a text so that it can stand in a path or a query.
pub fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
