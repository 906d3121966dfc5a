//! One request to the storage, signed, on a connection that is kept; asked again with growing pauses where
//! the storage or the way to it fails. Deliberately without redirects: a bucket of another region says so.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::place::{Place, Wire};
use super::signing::{authorization, encoded, stamp};
use super::tls;
use crate::base::{Code, Digest, Refusal, Time, limits};

/// The name under which an object carries the hash that the manifest tells.
const HASH: &str = "x-amz-meta-sha256";
/// Of a file, what is sent at once.
const PIECE: usize = 64 << 10;

/// What goes with a request.
#[derive(Clone, Copy)]
pub(super) enum Content<'c> {
    /// Nothing.
    Nothing,
    /// These bytes.
    Bytes(&'c [u8]),
    /// A file of this length and hash.
    File(&'c Path, u64, Digest),
}

/// An object as it is there.
pub(super) struct Found {
    /// The hash that it was sent with.
    pub(super) digest: Option<Digest>,
    pub(super) body: Vec<u8>,
}

/// What time it is.
pub(super) type Clock = Box<dyn Fn() -> Time + Send + Sync>;

/// The storage, and the way to it. One request at a time.
pub(super) struct Storage {
    place: Place,
    /// Read for every try: a signature is good for a quarter of an hour, and tries may take longer.
    clock: Clock,
    open: Option<SendRequest<Sending>>,
}

/// Why a request was not answered as wanted.
enum Fault {
    /// It may go well the next time.
    Passing(Refusal),
    /// It will not.
    Lasting(Refusal),
}

impl Storage {
    pub(super) fn new(place: Place, clock: Clock) -> Self {
        Self { place, clock, open: None }
    }

    /// The object of a key, if there is one.
    pub(super) async fn get(&mut self, key: &str) -> Result<Option<Found>, Refusal> {
        self.ask(&Method::GET, key, Content::Nothing).await
    }

    /// The hash of the object of a key.
    pub(super) async fn hash(&mut self, key: &str) -> Result<Option<Digest>, Refusal> {
        Ok(self.ask(&Method::HEAD, key, Content::Nothing).await?.and_then(|found| found.digest))
    }

    /// Puts an object in place; whoever reads it sees the old one or the new one.
    pub(super) async fn put(&mut self, key: &str, content: Content<'_>) -> Result<(), Refusal> {
        let put = self.ask(&Method::PUT, key, content).await?;
        put.map(|_| ()).ok_or_else(|| self.refused(key, "404 Not Found", "NoSuchBucket"))
    }

    /// Removes an object; one that is not there is removed.
    pub(super) async fn delete(&mut self, key: &str) -> Result<(), Refusal> {
        self.ask(&Method::DELETE, key, Content::Nothing).await.map(|_| ())
    }

    async fn ask(&mut self, method: &Method, key: &str, content: Content<'_>) -> Result<Option<Found>, Refusal> {
        let mut pause = limits::S3_PAUSE;
        for left in (0..limits::S3_TRIES).rev() {
            match self.once(method, key, content).await {
                Ok(found) => return Ok(found),
                Err(Fault::Lasting(refusal)) => return Err(refusal),
                Err(Fault::Passing(refusal)) => {
                    self.open = None;
                    if left == 0 {
                        return Err(refusal);
                    }
                }
            }
            sleep(pause).await;
            pause *= 2;
        }
        Err(self.lost(&"it was not asked"))
    }

    async fn once(&mut self, method: &Method, key: &str, content: Content<'_>) -> Result<Option<Found>, Fault> {
        let request = self.request(method, key, content).map_err(Fault::Lasting)?;
        let asked = async {
            let sender = self.sender().await?;
            sender.send_request(request).await.map_err(|error| error.to_string())
        };
        let response = match timeout(limits::S3_TIME, asked).await {
            Ok(Ok(response)) => response,
            Ok(Err(why)) => return Err(Fault::Passing(self.lost(&why))),
            Err(_) => return Err(Fault::Passing(self.lost(&"it took too long"))),
        };
        self.answer(key, response).await
    }

    async fn answer(&self, key: &str, response: Response<Incoming>) -> Result<Option<Found>, Fault> {
        let status = response.status();
        let digest = response.headers().get(HASH).and_then(|content| Digest::from_hex(content.to_str().ok()?));
        let most = usize::try_from(limits::MANIFEST_MAX).unwrap_or(usize::MAX);
        let read = timeout(limits::S3_TIME, Limited::new(response.into_body(), most).collect()).await;
        let body = match read {
            Ok(Ok(body)) => body.to_bytes().to_vec(),
            Ok(Err(error)) => return Err(Fault::Passing(self.lost(&error))),
            Err(_) => return Err(Fault::Passing(self.lost(&"its answer does not end"))),
        };
        let why = || self.refused(key, &status.to_string(), &String::from_utf8_lossy(&body));
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            _ if status.is_success() => Ok(Some(Found { digest, body })),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Err(Fault::Passing(why())),
            _ if status.is_server_error() => Err(Fault::Passing(why())),
            _ => Err(Fault::Lasting(why())),
        }
    }

    fn request(&self, method: &Method, key: &str, content: Content<'_>) -> Result<Request<Sending>, Refusal> {
        let fault = |error: &dyn std::fmt::Display| Refusal::new(Code::Internal, format!("a request for {key} cannot be made: {error}"));
        let (body, length, digest) = match content {
            Content::Nothing => (Sending::Bytes(None), 0, Digest::of(b"")),
            Content::Bytes(bytes) => (Sending::Bytes(Some(Bytes::copy_from_slice(bytes))), bytes.len() as u64, Digest::of(bytes)),
            Content::File(path, length, digest) => {
                let file = File::open(path).map_err(|error| fault(&error))?;
                (Sending::File(Reading { file, left: length, hasher: Sha256::new(), digest }), length, digest)
            }
        };
        let (path, stamp) = (encoded(&format!("{}/{key}", self.place.path)), stamp((self.clock)()));
        let mut headers = vec![("host", self.place.authority.clone()), ("x-amz-content-sha256", digest.to_string()), ("x-amz-date", stamp.clone())];
        if method == Method::PUT {
            headers.push((HASH, digest.to_string()));
        }
        if let Some(token) = &self.place.token {
            headers.push(("x-amz-security-token", token.clone()));
        }
        headers.sort_by_key(|(name, _)| *name);
        let signed = authorization(&self.place, method.as_str(), &path, &headers, &digest, &stamp);
        let mut request = Request::builder().method(method).uri(&path).header(header::AUTHORIZATION, signed);
        if method == Method::PUT {
            request = request.header(header::CONTENT_LENGTH, length);
        }
        for (name, content) in headers {
            request = request.header(name, content);
        }
        request.body(body).map_err(|error| fault(&error))
    }

    async fn sender(&mut self) -> Result<&mut SendRequest<Sending>, String> {
        let usable = match &mut self.open {
            Some(open) => open.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            self.open = Some(self.connect().await?);
        }
        self.open.as_mut().ok_or_else(|| "it is not connected".to_owned())
    }

    async fn connect(&self) -> Result<SendRequest<Sending>, String> {
        let tcp = TcpStream::connect((self.place.host.as_str(), self.place.port)).await.map_err(|error| error.to_string())?;
        match &self.place.wire {
            Wire::Plain => {
                let (sender, connection) = handshake(TokioIo::new(tcp)).await.map_err(|error| error.to_string())?;
                tokio::spawn(connection);
                Ok(sender)
            }
            Wire::Secret(bundle) => {
                let stream = tls::secured(&self.place.host, bundle.as_deref(), tcp).await?;
                let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
                tokio::spawn(connection);
                Ok(sender)
            }
        }
    }

    fn lost(&self, why: &dyn std::fmt::Display) -> Refusal {
        Refusal::new(Code::Unavailable, format!("the object storage at {} does not answer: {why}", self.place.authority))
    }

    /// What the storage said, by the code in its answer where it has one.
    fn refused(&self, key: &str, status: &str, body: &str) -> Refusal {
        let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map_or(body, |(code, _)| code);
        let code: String = code.chars().filter(|c| c.is_ascii_graphic()).take(60).collect();
        let what = match code.as_str() {
            "NoSuchBucket" => "make the bucket first, or name another with --lake",
            "PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed" => "tell the bucket's region by AWS_REGION",
            "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "AccessDenied" => "the keys must be allowed to list, read, write and delete objects there",
            "RequestTimeTooSkewed" => "set the clock of this machine",
            _ => "its own log may tell more",
        };
        Refusal::new(Code::Unavailable, format!("the object storage at {} refuses {}/{key}: {status} {code}; {what}", self.place.authority, self.place.path))
    }
}

/// What is sent with a request; a file goes piece by piece.
enum Sending {
    Bytes(Option<Bytes>),
    File(Reading),
}

/// A file on its way, with what is left of it.
struct Reading {
    file: File,
    left: u64,
    hasher: Sha256,
    digest: Digest,
}

impl Reading {
    /// The next piece. The last one is kept back where the file is not what the manifest says: without it the
    /// storage throws away what it got.
    fn piece(&mut self) -> std::io::Result<Bytes> {
        let mut piece = vec![0; PIECE.min(usize::try_from(self.left).unwrap_or(PIECE))];
        self.file.read_exact(&mut piece)?;
        self.hasher.update(&piece);
        self.left -= piece.len() as u64;
        if self.left == 0 && Digest(std::mem::take(&mut self.hasher).finalize().into()) != self.digest {
            return Err(std::io::Error::other("the file was made anew meanwhile"));
        }
        Ok(Bytes::from(piece))
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(match &mut *self {
            Self::Bytes(bytes) => bytes.take().map(|bytes| Ok(Frame::data(bytes))),
            Self::File(reading) if reading.left == 0 => None,
            // The thread is the mirror's own, so waiting for the disk holds nobody up.
            Self::File(reading) => Some(reading.piece().map(Frame::data)),
        })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Bytes(bytes) => bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
            Self::File(reading) => reading.left,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[tokio::test]
    async fn every_try_is_signed_with_its_own_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // The first request fails, the second is answered; both tell when they were signed.
        let storage = std::thread::spawn(move || {
            let dates = ["503 Slow Down", "200 OK"].map(|answer| {
                let mut stream = listener.accept().unwrap().0;
                let lines = BufReader::new(&stream).lines().map(|line| line.unwrap()).take_while(|line| !line.is_empty());
                let date = lines.filter_map(|line| Some(line.strip_prefix("x-amz-date: ")?.to_owned())).last();
                stream.write_all(format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
                date
            });
            dates.map(Option::unwrap)
        });
        let place = Place {
            host: address.ip().to_string(),
            port: address.port(),
            authority: address.to_string(),
            wire: Wire::Plain,
            path: "/lake".to_owned(),
            region: "us-east-1".to_owned(),
            key: "key".to_owned(),
            secret: "secret".to_owned(),
            token: None,
        };
        let minutes = AtomicI64::new(0);
        let clock: Clock = Box::new(move || Time::from_micros(minutes.fetch_add(20, Ordering::Relaxed) * 60_000_000));
        assert!(Storage::new(place, clock).get("day.parquet").await.unwrap().is_some());
        assert_eq!(storage.join().unwrap(), ["19700101T000000Z", "19700101T002000Z"]);
    }
}
