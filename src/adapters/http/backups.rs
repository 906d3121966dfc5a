//! Kept backups over HTTP: made, listed, proven, downloaded.

use std::sync::Arc;

use axum::http::header;

use super::Service;
use super::call::Call;
use super::files::streamed;
use super::reads::aside;
use super::reply::Reply;
use crate::base::{Code, Refusal};
use crate::bodies::backup as body;

pub(super) async fn list(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let kept = aside(move || service.engine.backups()).await?;
    Ok(Reply::json(200, body::list(&kept)))
}

pub(super) async fn make(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let (kept, summary) = aside(move || service.engine.keep_backup()).await?;
    Ok(Reply::json(201, body::one(&kept.name, &summary)))
}

pub(super) async fn prove(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let name = call.param("name")?.to_owned();
    let json = aside(move || service.engine.prove_backup(&name).map(|summary| body::one(&name, &summary)));
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn content(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let name = call.param("name")?.to_owned();
    let disposition = format!("attachment; filename=\"millwright-{name}\"");
    let (file, bytes) = aside(move || {
        let open = std::fs::File::open(service.engine.backup(&name)?).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (bytes, file) = open.map_err(|error| Refusal::new(Code::Unavailable, format!("the backup cannot be read: {error}")))?;
        Ok((file, bytes))
    })
    .await?;
    Ok(Reply::of(200, "application/octet-stream", streamed(file)).with(header::CONTENT_LENGTH, bytes.to_string()).with(header::CONTENT_DISPOSITION, disposition))
}
