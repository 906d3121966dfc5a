//! The listener: routes made from the table of operations, bounds on connections and headers, and
//! a stop that lets open requests finish.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts as _, RawPathParams};
use axum::http::{Request, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tower::ServiceExt as _;
use tower_http::compression::CompressionLayer;

use super::call::Call;
use super::operations::{Does, Operation, operations};
use super::reply::{Reply, problem};
use super::{Service, acts, leftover, reads};
use crate::base::{Code, Refusal, limits};
use crate::trust::{Door, HELLO, TlsStream};

/// Largest head of a request.
const HEAD_BYTES: usize = 64 << 10;

/// What somebody is told who speaks plain HTTP where TLS is spoken.
const NOT_IN_CLEAR: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 64\r\nConnection: close\r\n\r\nThis port speaks HTTPS only: write https:// before the address.\n";

/// A bound listener.
pub struct Server {
    listener: TcpListener,
    router: Router,
    door: Option<Door>,
}

/// What carried a request.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Carrier {
    /// Plain HTTP.
    #[default]
    Clear,
    /// TLS.
    Tls,
}

impl Server {
    /// Binds an address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr, service: Arc<Service>) -> Result<Self, Refusal> {
        Self::with(address, router(&service)).await
    }

    /// Binds an address for other routes.
    pub(super) async fn with(address: SocketAddr, router: Router) -> Result<Self, Refusal> {
        let listener = TcpListener::bind(address).await;
        let listener =
            listener.map_err(|error| Refusal::new(Code::Unavailable, format!("{address} cannot be listened on: {error}; choose another address with --http or --https")))?;
        Ok(Self { listener, router, door: None })
    }

    /// Speaking TLS, and nothing else.
    #[must_use]
    pub fn over_tls(mut self, door: Door) -> Self {
        self.door = Some(door);
        self
    }

    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr, Refusal> {
        self.listener.local_addr().map_err(|error| Refusal::new(Code::Internal, error.to_string()))
    }

    /// Serves until told to stop, then lets open requests finish.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) {
        let graceful = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(limits::CONNECTIONS_MAX));
        loop {
            let accepted = tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    // Over the bound the connection is closed at once: a queue would only hide the load.
                    if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                        let serving = accepted_at(self.door.clone(), stream, peer, self.router.clone(), graceful.watcher());
                        tokio::spawn(async move {
                            serving.await;
                            drop(place);
                        });
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            }
        }
        drop(self.listener);
        if tokio::time::timeout(limits::STOP_TIME, graceful.shutdown()).await.is_err() {
            tracing::warn!("open requests did not finish in time and are cut");
        }
    }
}

async fn accepted_at(door: Option<Door>, stream: TcpStream, peer: SocketAddr, router: Router, watcher: Watcher) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no delay could not be set");
    }
    let Some(door) = door else { return connection(stream, (peer, Carrier::Clear), router, watcher).await };
    match secured(&door, stream).await {
        Ok(Some(stream)) => connection(stream, (peer, Carrier::Tls), router, watcher).await,
        Ok(None) => {}
        Err(error) => tracing::debug!(%error, %peer, "no TLS came about"),
    }
}

/// A stream over TLS; none where the client speaks something else, which is told so.
async fn secured(door: &Door, mut stream: TcpStream) -> io::Result<Option<TlsStream<TcpStream>>> {
    let mut first = [0];
    timeout(limits::TLS_HANDSHAKE_TIME, stream.peek(&mut first)).await??;
    if first == [HELLO] {
        return door.shake(stream).await.map(Some);
    }
    timeout(limits::TLS_HANDSHAKE_TIME, stream.write_all(NOT_IN_CLEAR.as_bytes())).await??;
    // What was sent is taken first: closing over it could take the answer away again.
    stream.shutdown().await?;
    _ = timeout(limits::TLS_HANDSHAKE_TIME, stream.read(&mut [0; 1_024])).await;
    Ok(None)
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, (peer, carrier): (SocketAddr, Carrier), router: Router, watcher: Watcher) {
    let service = tower::service_fn(move |mut request: Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(carrier);
        let waits = leftover::waits(request.headers());
        let (parts, body) = request.into_parts();
        let body = leftover::Shared::of(Body::new(body));
        let answer = router.clone().oneshot(Request::from_parts(parts, Body::new(body.clone())));
        async move {
            let Ok(response) = answer.await;
            Ok::<_, Infallible>(leftover::clear(body, waits, response).await)
        }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits::REQUEST_TIME).max_buf_size(HEAD_BYTES).pipeline_flush(true);
    let serving = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    if let Err(error) = watcher.watch(serving).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn router(service: &Arc<Service>) -> Router {
    let mut methods: HashMap<String, MethodRouter> = HashMap::new();
    for operation in operations() {
        let path = operation.path.clone();
        let filter = MethodFilter::try_from(operation.method.clone()).unwrap_or(MethodFilter::GET);
        // The histogram is looked up once, not for every request.
        let seconds = metrics::histogram!("millwright_request_seconds", "operation" => operation.id.clone());
        let (service, operation) = (Arc::clone(service), Arc::new(operation));
        let route = on(filter, move |request: Request<Body>| handle(service, operation, seconds, request));
        let known = methods.remove(&path).unwrap_or_default();
        methods.insert(path, known.merge(route));
    }
    let mut router = Router::new();
    for (path, method) in methods {
        for alias in aliases(&path) {
            router = router.route(&alias, method.clone());
        }
    }
    router
        .fallback(|| async { problem(&Refusal::new(Code::NotFound, "there is nothing at this address; /api/docs lists what there is")).into_response() })
        .method_not_allowed_fallback(|| async { problem(&Refusal::new(Code::MethodNotAllowed, "this address takes other methods; /api/docs lists them")).into_response() })
        .layer(CompressionLayer::new())
}

/// Departments and sites are the shop's words for lines and factories.
fn aliases(path: &str) -> Vec<String> {
    let other = [("/api/v1/production-lines", "/api/v1/departments"), ("/api/v1/factories", "/api/v1/sites")];
    let alias = other.iter().find_map(|(known, alias)| path.strip_prefix(known).filter(|rest| rest.is_empty() || rest.starts_with('/')).map(|rest| format!("{alias}{rest}")));
    std::iter::once(path.to_owned()).chain(alias).collect()
}

async fn handle(service: Arc<Service>, operation: Arc<Operation>, seconds: metrics::Histogram, request: Request<Body>) -> Response<Body> {
    let started = Instant::now();
    let reply = match answer(service, &operation, request).await {
        Ok(reply) => reply,
        Err(refusal) => {
            if refusal.code == Code::Internal {
                tracing::error!(operation = operation.id, %refusal, "a request met a fault of ours");
            }
            problem(&refusal)
        }
    };
    seconds.record(started.elapsed().as_secs_f64());
    if reply.status >= 400 {
        metrics::counter!("millwright_problems_total", "operation" => operation.id.clone(), "status" => reply.status.to_string()).increment(1);
    }
    reply.into_response()
}

async fn answer(service: Arc<Service>, operation: &Operation, request: Request<Body>) -> Result<Reply, Refusal> {
    let (mut parts, body) = request.into_parts();
    let raw = RawPathParams::from_request_parts(&mut parts, &()).await;
    let raw = raw.map_err(|_| Refusal::new(Code::Malformed, "the address is not UTF-8"))?;
    let params = raw.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut call = Call::of(Request::from_parts(parts, body), params)?;
    call.admit(&service, &operation.permit)?;
    match operation.does {
        Does::List(noun) => reads::list(service, noun, call).await,
        Does::Get(noun) => reads::get(service, noun, call).await,
        Does::History(noun) => {
            // History shows what a record held, so it needs the right to read the record as well.
            call.admit(&service, &super::Permit::Act(crate::model::permission::read_act(noun).to_owned()))?;
            reads::history(service, noun, call).await
        }
        Does::Trace(noun) => reads::trace(service, noun, call).await,
        Does::TraceNodes(noun) => reads::trace_nodes(service, noun, call).await,
        Does::Create(noun) => acts::create(service, noun, call).await,
        Does::Update(noun) => acts::update(service, noun, call).await,
        Does::Act(route) => acts::act(service, route, call).await,
        Does::Fixed(fixed) => (fixed.handler)(service, call).await,
    }
}
