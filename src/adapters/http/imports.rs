//! Files brought in over HTTP, and how far those are that come in now; what they hold is understood elsewhere.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use serde_json::{Value as Json, json};

use super::call::Call;
use super::reply::Reply;
use super::{ImportCall, Service};
use crate::base::{Code, Refusal, limits};

/// An import that runs.
pub(super) struct Running {
    kind: String,
    file_name: String,
    dry_run: bool,
    actor: String,
    began: Instant,
    /// Rows done, and rows of the file; of which none are known before it is read.
    rows: (AtomicU64, AtomicU64),
}

impl Running {
    fn told(&self) -> Json {
        let (done, total) = (self.rows.0.load(Ordering::Relaxed), self.rows.1.load(Ordering::Relaxed));
        json!({"kind": self.kind, "file_name": self.file_name, "dry_run": self.dry_run, "actor": self.actor, "seconds": self.began.elapsed().as_secs(), "done": done, "total": total})
    }
}

/// The imports that run. Each is held by its own work, so that it is gone from here however that ends.
#[derive(Default)]
pub(super) struct Importing(Mutex<Vec<Weak<Running>>>);

impl Importing {
    fn enter(&self, running: Running) -> Arc<Running> {
        let running = Arc::new(running);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|it| it.strong_count() > 0);
        all.push(Arc::downgrade(&running));
        running
    }

    fn all(&self) -> Vec<Arc<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect()
    }
}

pub(super) async fn import(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&["dry_run", "file_name", "map"])?;
    let dry_run = call.flag("dry_run")?;
    let kind = call.param("kind")?.to_owned();
    let file_name = call.asked("file_name").unwrap_or("file.csv").to_owned();
    let map = call.asked("map").map(str::to_owned);
    let actor = call.actor()?;
    let bytes = call.bytes(limits::FILE_MAX).await?;
    let running =
        Running { kind: kind.clone(), file_name: file_name.clone(), dry_run, actor: actor.name.clone(), began: Instant::now(), rows: (AtomicU64::new(0), AtomicU64::new(0)) };
    let (running, import) = (service.importing.enter(running), Arc::clone(&service.import));
    let work = tokio::task::spawn_blocking(move || {
        import(ImportCall { kind, file_name, bytes, map, dry_run, actor }, &mut |done, total| {
            running.rows.0.store(done, Ordering::Relaxed);
            running.rows.1.store(total, Ordering::Relaxed);
        })
    });
    Ok(Reply::json(200, work.await.map_err(|_| Refusal::new(Code::Internal, "the import ended early"))??))
}

pub(super) async fn running(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let data: Vec<Json> = service.importing.all().iter().map(|it| it.told()).collect();
    Ok(Reply::json(200, json!({"data": data}).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_told_while_its_work_holds_it_and_no_longer() {
        let importing = Importing::default();
        let of = |kind: &str| Running {
            kind: kind.to_owned(),
            file_name: "a.csv".to_owned(),
            dry_run: false,
            actor: "planner".to_owned(),
            began: Instant::now(),
            rows: (AtomicU64::new(0), AtomicU64::new(0)),
        };
        let (first, second) = (importing.enter(of("customers")), importing.enter(of("suppliers")));
        first.rows.1.store(7, Ordering::Relaxed);
        let told = || importing.all().iter().map(|it| it.told()).map(|it| (it["kind"].clone(), it["done"].clone(), it["total"].clone())).collect::<Vec<_>>();
        assert_eq!(told(), [(json!("customers"), json!(0), json!(7)), (json!("suppliers"), json!(0), json!(0))]);
        drop(first);
        assert_eq!(told(), [(json!("suppliers"), json!(0), json!(0))]);
        drop(second);
        assert!(told().is_empty());
    }
}
