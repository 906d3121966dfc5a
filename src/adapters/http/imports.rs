//! Files brought in over HTTP; what they hold is understood elsewhere.

use std::sync::Arc;

use super::call::Call;
use super::reply::Reply;
use super::{ImportCall, Service};
use crate::base::{Code, Refusal, limits};

pub(super) async fn import(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&["dry_run", "file_name", "map"])?;
    let dry_run = match call.asked("dry_run") {
        None | Some("false") => false,
        Some("true" | "") => true,
        Some(_) => return Err(Refusal::invalid("dry_run", "must be true or false")),
    };
    let kind = call.param("kind")?.to_owned();
    let file_name = call.asked("file_name").unwrap_or("file.csv").to_owned();
    let map = call.asked("map").map(str::to_owned);
    let actor = call.actor()?;
    let bytes = call.bytes(limits::FILE_MAX).await?;
    let import = Arc::clone(&service.import);
    let work = tokio::task::spawn_blocking(move || import(ImportCall { kind, file_name, bytes, map, dry_run, actor }));
    Ok(Reply::json(200, work.await.map_err(|_| Refusal::new(Code::Internal, "the import ended early"))??))
}
