//! Letters by SMTP: one with a report attached, to the people of a schedule. Deliberately nothing else: no
//! templates, no queue of its own; who asks decides when it is tried again.

use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use serde::Deserialize;

use crate::base::{Code, Refusal, limits};

/// How the way to the server is kept from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// From the first byte.
    Tls,
    /// After a plain greeting; a server that does not offer it is refused.
    #[default]
    Starttls,
    /// Not at all; only where the network is the plant's own.
    None,
}

/// Where the server is, and as whom letters go out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Its name or address.
    pub host: String,
    /// 465 with TLS, else 587, where absent.
    pub port: Option<u16>,
    /// How the way is kept.
    #[serde(default)]
    pub tls: Tls,
    /// The sender's address.
    pub from: String,
    /// The log-in, where the server wants one.
    pub user: Option<String>,
    /// Its password; told apart, never in the settings.
    #[serde(default)]
    pub password: Option<String>,
}

impl Settings {
    /// HOST:PORT.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port())
    }

    fn port(&self) -> u16 {
        self.port.unwrap_or(if self.tls == Tls::Tls { 465 } else { 587 })
    }
}

/// A letter.
pub struct Letter {
    /// To whom.
    pub recipients: Vec<String>,
    /// What it is about.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The attachment's name, type and bytes.
    pub file: (String, &'static str, Vec<u8>),
    /// The same for the same report, so that a server or reader knows a repeat.
    pub message_id: String,
}

/// Sends a letter.
pub async fn send(settings: &Settings, letter: Letter) -> Result<(), Refusal> {
    let message = message(settings, letter)?;
    let unreachable = |error: lettre::transport::smtp::Error| Refusal::new(Code::Unavailable, format!("the mail server {} does not take the letter: {error}", settings.address()));
    let builder = match settings.tls {
        Tls::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(&settings.host).map_err(unreachable)?,
        Tls::Starttls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&settings.host).map_err(unreachable)?,
        Tls::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host),
    };
    let builder = builder.port(settings.port()).timeout(Some(limits::MAIL_TIME));
    let builder = match (&settings.user, &settings.password) {
        (Some(user), Some(password)) => builder.credentials(Credentials::new(user.clone(), password.clone())),
        _ => builder,
    };
    builder.build().send(message).await.map(drop).map_err(unreachable)
}

fn message(settings: &Settings, letter: Letter) -> Result<Message, Refusal> {
    let mailbox = |field: &str, text: &str| text.trim().parse::<Mailbox>().map_err(|error| Refusal::invalid(field, format!("{text} is no address: {error}")));
    let mut builder = Message::builder().from(mailbox("from", &settings.from)?).subject(letter.subject).message_id(Some(letter.message_id));
    for recipient in &letter.recipients {
        builder = builder.to(mailbox("recipients", recipient)?);
    }
    let (name, content_type, bytes) = letter.file;
    let fault = |error: &dyn std::fmt::Display| Refusal::new(Code::Internal, format!("the letter could not be written: {error}"));
    let kind = ContentType::parse(content_type).map_err(|error| fault(&error))?;
    let parts = MultiPart::mixed().singlepart(SinglePart::plain(letter.text)).singlepart(Attachment::new(name).body(bytes, kind));
    builder.multipart(parts).map_err(|error| fault(&error))
}
