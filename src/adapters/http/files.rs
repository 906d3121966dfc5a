//! Files over HTTP: attachments in and out, and a backup as a download.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header;
use futures_util::StreamExt as _;

use super::Service;
use super::call::Call;
use super::reply::Reply;
use crate::base::{Code, Digest, Refusal, Value, limits, text};
use crate::bodies;
use crate::engine::Envelope;
use crate::model::command::AddAttachment;
use crate::model::field::Note;
use crate::model::{Command, Noun, Subject};
use crate::views;

const PDF: &str = "application/pdf";
/// What a browser shows without running any of it: scripts of an SVG stay in its sandbox.
const SHOWN: &[&str] = &["image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml", "text/plain", PDF];

pub(super) async fn attach(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    call.only(&["subject", "file_name", "note"])?;
    let line = |name: &str, content: Option<&str>| {
        let content = content.ok_or_else(|| Refusal::invalid(name, format!("{name} must be given, in the query")))?;
        text::line(content, limits::TEXT_MAX).map_err(|fault| Refusal::invalid(name, format!("{name} {fault}")))
    };
    let (subject, file_name) = (line("subject", call.asked("subject"))?, line("file_name", call.asked("file_name"))?);
    let note = call.asked("note").map(|content| text::note(content, limits::NOTE_MAX)).transpose().map_err(|fault| Refusal::invalid("note", fault.to_string()))?;
    let content_type = line("Content-Type", Some(call.header(header::CONTENT_TYPE.as_str()).unwrap_or("application/octet-stream")))?;
    let bytes = call.bytes(limits::FILE_MAX).await?;
    if bytes.is_empty() {
        return Err(Refusal::invalid("body", "the file is empty"));
    }
    let engine = service.engine.clone();
    let size_bytes = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let digest = tokio::task::spawn_blocking(move || engine.keep_blob(&bytes)).await.map_err(|_| Refusal::new(Code::Internal, "keeping the file ended early"))??;
    let command = Command::AddAttachment(AddAttachment { subject, file_name, content_type, size_bytes, sha256: digest.to_string(), note: note.map(Note) });
    let outcome = service.engine.submit(Envelope { command_id: call.command_id()?, terminal: call.terminal()?, ..Envelope::of(call.actor()?, command) }).await?;
    let row = service.engine.read(|snapshot| views::record(snapshot, outcome.subject))??;
    let row = row.ok_or_else(|| Refusal::new(Code::Internal, "the attachment was written and cannot be found"))?;
    Ok(Reply::json(201, bodies::record::json(&row)).etag(row.seq))
}

pub(super) async fn content(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["inline"])?;
    let is_shown = call.flag("inline")?;
    let id = call.param("id")?;
    let found = service.engine.read(|snapshot| match views::resolve(snapshot, Noun::Attachment, id)? {
        Some(number) => views::record(snapshot, Subject { noun: Noun::Attachment, number }),
        None => Ok(None),
    })??;
    let row = found.ok_or_else(|| Refusal::new(Code::NotFound, "there is no such attachment"))?;
    let column = |name: &str| row.record.by_name(name).unwrap_or(Value::Null).to_string();
    let digest = Digest::from_hex(&column("sha256")).ok_or_else(|| Refusal::new(Code::Internal, "the attachment has no digest"))?;
    let engine = service.engine.clone();
    let bytes = tokio::task::spawn_blocking(move || engine.read_blob(&digest)).await.map_err(|_| Refusal::new(Code::Internal, "reading the file ended early"))??;
    let kind = column("content_type");
    // A download, unless it is of a kind that is only looked at: a file that somebody attached must not run as a page of ours.
    let way = if is_shown && SHOWN.contains(&kind.as_str()) { "inline" } else { "attachment" };
    let reply = Reply::of(200, &kind, Body::from(bytes)).with(header::CONTENT_DISPOSITION, format!("{way}; {}", named(&column("file_name"))));
    // Browsers show no PDF in a sandbox; their readers are one.
    Ok(if way == "inline" && kind == PDF { reply } else { reply.with(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:") })
}

/// A file's name as a header carries it: in plain letters, and whole for whoever reads RFC 6266.
fn named(name: &str) -> String {
    let plain: String = name.chars().map(|letter| if matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\') { letter } else { '_' }).collect();
    let whole: String =
        name.bytes().map(|byte| if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
    format!("filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

pub(super) async fn backup(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let engine = service.engine.clone();
    let work = tokio::task::spawn_blocking(move || engine.back_up_beside());
    let (path, summary) = work.await.map_err(|_| Refusal::new(Code::Internal, "the backup ended early"))??;
    let file = tokio::task::spawn_blocking(move || {
        let open = std::fs::File::open(&path);
        // Unlinked while open: the bytes stay until the download ends, and nothing is left behind.
        let removed = std::fs::remove_file(&path);
        removed.and(open)
    });
    let file = file.await.map_err(|_| Refusal::new(Code::Internal, "the backup ended early"))?;
    let file = file.map_err(|error| Refusal::new(Code::Unavailable, format!("the backup cannot be read: {error}")))?;
    let reply = Reply::of(200, "application/octet-stream", streamed(file));
    let reply = reply.with(header::CONTENT_LENGTH, summary.bytes.to_string());
    Ok(reply.with(header::CONTENT_DISPOSITION, format!("attachment; filename=\"millwright-{}.mwb\"", summary.seq)))
}

/// A file's bytes piece by piece, so that its size is not ours to hold.
pub(super) fn streamed(file: std::fs::File) -> Body {
    let pieces = futures_util::stream::unfold(Some(file), |file| async move {
        let mut file = file?;
        let read = tokio::task::spawn_blocking(move || {
            let mut bytes = vec![0; 256 << 10];
            std::io::Read::read(&mut file, &mut bytes).map(|count| {
                bytes.truncate(count);
                (bytes, file)
            })
        });
        match read.await {
            Ok(Ok((bytes, _))) if bytes.is_empty() => None,
            Ok(Ok((bytes, file))) => Some((Ok(axum::body::Bytes::from(bytes)), Some(file))),
            // A broken read breaks the download; shortened in silence it would look whole.
            Ok(Err(error)) => Some((Err(error), None)),
            Err(_) => Some((Err(std::io::Error::other("reading the file ended early")), None)),
        }
    });
    // Whoever packs it for the client asks once more behind the end.
    Body::from_stream(pieces.fuse())
}
