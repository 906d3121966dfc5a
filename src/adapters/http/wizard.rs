//! The first start over HTTP: an empty data folder has nobody who could log in, so whoever has the
//! code that the console shows says what the plant is, or sends a backup of one. Nothing else is
//! served, and it ends with the founding. What is done then is given by `app`.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{Request, Response};
use axum::routing::{get, post};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value as Json};
use tokio::sync::{Mutex, MutexGuard, watch};

use super::call::Call;
use super::reply::{Reply, problem};
use super::{Server, ui};
use crate::base::{Code, Digest, Refusal, limits};

/// What a new plant is.
pub struct Founding {
    /// Its name.
    pub plant_name: String,
    /// Its zone.
    pub timezone: String,
    /// The name of the first admin.
    pub admin: String,
    /// And the password.
    pub password: String,
}

/// How a plant begins.
pub enum Beginning {
    /// Anew.
    Found(Founding),
    /// From the backup that was received into the folder.
    Restore,
}

/// Tells how far a beginning has come, and how far it goes.
pub type Progress<'p> = &'p mut dyn FnMut(u64, u64);

/// Begins a plant; blocks.
pub type Begin = Arc<dyn Fn(Beginning, Progress<'_>) -> Result<(), Refusal> + Send + Sync>;

/// What the first start needs to know.
pub struct Wizard {
    /// What the console showed.
    pub code: String,
    /// Where a backup is received.
    pub upload: PathBuf,
    /// Makes its file, which nobody else may read.
    pub create: fn(&std::path::Path) -> std::io::Result<std::fs::File>,
    /// How a plant begins.
    pub begin: Begin,
}

struct Open {
    wizard: Wizard,
    /// One at a time: a code that is tried, a plant that is begun.
    turn: Mutex<()>,
    restored: (AtomicU64, AtomicU64),
    founded: AtomicBool,
    done: watch::Sender<bool>,
}

impl Wizard {
    /// Serves at an address until a plant is begun; `ready` gets the address, and it is answered, since the plant is awaited there.
    pub async fn serve(self, address: SocketAddr, ready: impl FnOnce(SocketAddr)) -> Result<SocketAddr, Refusal> {
        let (done, begun) = watch::channel(false);
        let open = Arc::new(Open { wizard: self, turn: Mutex::default(), restored: (AtomicU64::new(0), AtomicU64::new(0)), founded: AtomicBool::new(false), done });
        let server = Server::with(address, router(&open)).await?;
        let address = server.address()?;
        ready(address);
        server.run(begun).await;
        Ok(address)
    }
}

fn router(open: &Arc<Open>) -> Router {
    let state = || Arc::clone(open);
    let (found_by, restore_by, told_by) = (state(), state(), state());
    Router::new()
        .route("/", get(|request: Request<Body>| async move { answered(asked(request, HashMap::new()).and_then(|call| ui::page(&call))) }))
        .route(
            "/assets/{file}",
            get(|Path(file): Path<String>, request: Request<Body>| async move {
                answered(asked(request, HashMap::from([("file".to_owned(), file)])).and_then(|call| ui::part(&call)))
            }),
        )
        .route("/healthz", get(|| async { Reply::json(200, "{\"status\":\"ok\"}".to_owned()).into_response() }))
        .route("/api/v1/founding", get(move || async move { told_by.told().into_response() }))
        .route("/api/v1/founding", post(move |request: Request<Body>| async move { answered(found_by.found(request).await) }))
        .route("/api/v1/founding/restore", post(move |request: Request<Body>| async move { answered(restore_by.restore(request).await) }))
        .fallback(|| async { problem(&Refusal::new(Code::Unavailable, "there is no plant yet: open the address that the console shows and start one")).into_response() })
}

fn asked(request: Request<Body>, params: HashMap<String, String>) -> Result<Call, Refusal> {
    Call::of(request, params)
}

fn answered(reply: Result<Reply, Refusal>) -> Response<Body> {
    reply.unwrap_or_else(|refusal| problem(&refusal)).into_response()
}

impl Open {
    /// That there is no plant yet, and how far a restore has come.
    fn told(&self) -> Reply {
        let (done, total) = (self.restored.0.load(Ordering::Relaxed), self.restored.1.load(Ordering::Relaxed));
        Reply::json(200, format!("{{\"founded\":{},\"done\":{done},\"total\":{total}}}", self.founded.load(Ordering::Acquire)))
    }

    /// Refuses whoever has not read the console. A guess costs a second, one after the other.
    async fn admit(&self, told: String) -> Result<(), Refusal> {
        if self.founded.load(Ordering::Acquire) {
            return Err(Refusal::new(Code::IllegalState, "the plant is founded already; log in"));
        }
        // Digests are compared, so that the time it takes says nothing of the code.
        if Digest::of(told.as_bytes()) == Digest::of(self.wizard.code.as_bytes()) {
            return Ok(());
        }
        tokio::time::sleep(limits::CODE_PAUSE).await;
        Err(Refusal::field(Code::Forbidden, "code", "that is not the code that the console shows"))
    }

    /// Whoever comes while another has the turn is sent away: a queue of guesses would keep the right code out.
    fn turn(&self) -> Result<MutexGuard<'_, ()>, Refusal> {
        self.turn.try_lock().map_err(|_| Refusal::new(Code::Busy, "another code is looked at, or a plant is begun just now; try again"))
    }

    async fn found(self: Arc<Self>, request: Request<Body>) -> Result<Reply, Refusal> {
        let _turn = self.turn()?;
        let mut call = asked(request, HashMap::new())?;
        self.admit(code(&call)).await?;
        let body = call.json().await?;
        let founding = Founding { plant_name: text(&body, "plant_name")?, timezone: text(&body, "timezone")?, admin: text(&body, "admin")?, password: text(&body, "password")? };
        self.begin(Beginning::Found(founding)).await
    }

    async fn restore(self: Arc<Self>, request: Request<Body>) -> Result<Reply, Refusal> {
        let _turn = self.turn()?;
        let call = asked(request, HashMap::new())?;
        self.admit(code(&call)).await?;
        let received = self.receive(call.body).await;
        let answer = match received {
            Ok(()) => self.begin(Beginning::Restore).await,
            Err(refusal) => Err(refusal),
        };
        _ = std::fs::remove_file(&self.wizard.upload);
        answer
    }

    /// Writes a backup down as it comes: it may be larger than memory.
    async fn receive(&self, mut body: Body) -> Result<(), Refusal> {
        let fault = |error: std::io::Error| Refusal::new(Code::Unavailable, format!("the backup cannot be written down: {error}"));
        let mut file = (self.wizard.create)(&self.wizard.upload).map_err(fault)?;
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Refusal::new(Code::Malformed, format!("the backup did not arrive whole: {error}")))?;
            let Ok(part) = frame.into_data() else { continue };
            bytes += part.len() as u64;
            if bytes > limits::RESTORE_MAX {
                return Err(Refusal::new(Code::TooLarge, "the backup is too large for a browser; use `millwright restore`"));
            }
            tokio::task::block_in_place(|| file.write_all(&part)).map_err(fault)?;
        }
        Ok(())
    }

    async fn begin(self: &Arc<Self>, beginning: Beginning) -> Result<Reply, Refusal> {
        let open = Arc::clone(self);
        let work = tokio::task::spawn_blocking(move || {
            (open.wizard.begin)(beginning, &mut |done, total| {
                open.restored.0.store(done, Ordering::Relaxed);
                open.restored.1.store(total, Ordering::Relaxed);
            })
        });
        work.await.map_err(|_| Refusal::new(Code::Internal, "the founding ended early"))??;
        self.founded.store(true, Ordering::Release);
        // The listener stops taking more; this answer still goes out.
        self.done.send_replace(true);
        Ok(Reply::json(201, "{\"founded\":true}".to_owned()))
    }
}

fn code(call: &Call) -> String {
    call.header("millwright-code").unwrap_or_default().to_owned()
}

fn text(body: &Map<String, Json>, name: &str) -> Result<String, Refusal> {
    let told = body.get(name).and_then(Json::as_str).map(str::trim).filter(|told| !told.is_empty());
    told.map(str::to_owned).ok_or_else(|| Refusal::invalid(name, format!("{name} must be given, as a text")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn guesses_beside_one_another_are_sent_away_and_never_queue() {
        let wizard = Wizard { code: "right".to_owned(), upload: PathBuf::new(), create: |path| std::fs::File::create(path), begin: Arc::new(|_, _| Ok(())) };
        let open =
            Arc::new(Open { wizard, turn: Mutex::default(), restored: (AtomicU64::new(0), AtomicU64::new(0)), founded: AtomicBool::new(false), done: watch::Sender::new(false) });
        let guess = |_| {
            let open = Arc::clone(&open);
            let request = Request::post("/api/v1/founding").header("millwright-code", "wrong").body(Body::empty()).unwrap();
            tokio::spawn(async move { open.found(request).await.err().unwrap().code })
        };
        let guesses: Vec<_> = (0..10).map(guess).collect();
        let mut answers = Vec::new();
        for guess in guesses {
            answers.push(guess.await.unwrap());
        }
        answers.sort_unstable_by_key(|code| *code == Code::Busy);
        assert_eq!((answers[0], &answers[1..]), (Code::Forbidden, &[Code::Busy; 9][..]));
        assert!(open.turn().is_ok(), "the next has its turn");
    }
}
