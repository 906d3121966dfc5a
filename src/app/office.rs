//! What leaves the plant for people: labels to their printers, letters by the mail server. Both are connectors,
//! whose settings and password are read when something goes out.

use std::sync::Arc;

use super::connections::Settings;
use crate::adapters::http::{Print, PrintJob};
use crate::adapters::mail::Letter;
use crate::adapters::{mail, printing};
use crate::base::{Code, Refusal};
use crate::engine::Engine;
use crate::followers::reports::{Mailing, Post};
use crate::model::Subject;
use crate::model::machine::ConnectorProtocol;
use crate::model::plant::Status;
use crate::store::View as _;

/// How labels are printed.
pub(super) fn printing() -> Print {
    Arc::new(|job: PrintJob| {
        Box::pin(async move {
            match Settings::read(ConnectorProtocol::Zpl, &job.settings, None)?.0 {
                Settings::Printer(settings) => printing::send(&settings, &job.bytes).await,
                _ => Err(Refusal::new(Code::Internal, format!("{} is no printer", job.code))),
            }
        })
    })
}

/// How letters are sent.
pub(super) fn mailing(engine: &Engine) -> Mailing {
    let engine = engine.clone();
    Arc::new(move |post: Post| {
        let server = server(&engine, &post);
        Box::pin(async move {
            let letter = Letter { recipients: post.recipients, subject: post.subject, text: post.text, file: post.file, message_id: post.message_id };
            mail::send(&server?, letter).await
        })
    })
}

fn server(engine: &Engine, post: &Post) -> Result<mail::Settings, Refusal> {
    let read = engine.read(|snapshot| Ok::<_, Refusal>((snapshot.get(post.server)?, snapshot.secret(Subject::of(post.server))?)))??;
    let (connector, salted) = read;
    let connector = connector.filter(|it| it.status == Status::Active).ok_or_else(|| Refusal::new(Code::Unavailable, "the mail server of the schedule is not active"))?;
    match Settings::read(connector.protocol, &connector.settings.0, super::connections::secret_of(salted))?.0 {
        Settings::Mail(settings) => Ok(settings),
        _ => Err(Refusal::new(Code::Invalid, format!("{} is no mail server", connector.connector_code))),
    }
}
