//! Letters by SMTP: one with a report attached, to the people of a schedule. Deliberately nothing else: no
//! templates, no queue of its own; who asks decides when it is tried again.

use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter};
use lettre::{Address, Message};
use serde::Deserialize;
use tokio::time::timeout;

use crate::base::{Code, Refusal, limits};
use crate::followers::reports::Fate;

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

/// Sends a letter. A refusal says that nobody has it.
pub async fn send(settings: &Settings, letter: Letter) -> Result<Fate, Refusal> {
    let message = message(settings, letter)?;
    let not_taken = |why: &dyn std::fmt::Display| Refusal::new(Code::Unavailable, format!("the mail server {} does not take the letter: {why}", settings.address()));
    let slow = format!("it says nothing for {} seconds", limits::MAIL_TIME.as_secs());
    let bytes = message.formatted();
    let offered = timeout(limits::MAIL_TIME, offer(settings, &message, bytes.is_ascii())).await.map_err(|_| not_taken(&slow))?;
    let (mut server, unwanted) = offered.map_err(|error| not_taken(&error))?;
    if unwanted.len() == message.envelope().to().len() {
        return Err(not_taken(&unwanted.join("; ")));
    }
    timeout(limits::MAIL_TIME, server.command(Data)).await.map_err(|_| not_taken(&slow))?.map_err(|error| not_taken(&error))?;
    match timeout(limits::MAIL_TIME, server.message(&bytes)).await {
        Ok(Ok(_)) => {
            // It has the letter, however it takes the farewell.
            _ = timeout(limits::MAIL_TIME, server.quit()).await;
            Ok(Fate::Taken(unwanted))
        }
        Ok(Err(error)) if error.status().is_some() => Err(not_taken(&error)),
        Ok(Err(error)) => Ok(Fate::Unknown(error.to_string())),
        Err(_) => Ok(Fate::Unknown(slow)),
    }
}

/// Tells a server from whom and for whom a letter is, up to the letter itself; answers those whom it refused for
/// good, with its words. They keep the letter from nobody else.
async fn offer(settings: &Settings, message: &Message, is_ascii: bool) -> Result<(AsyncSmtpConnection, Vec<String>), Error> {
    let hello = ClientId::default();
    let secret = || TlsParameters::new(settings.host.clone());
    let at_once = if settings.tls == Tls::Tls { Some(secret()?) } else { None };
    let mut server = AsyncSmtpConnection::connect_tokio1((settings.host.as_str(), settings.port()), None, &hello, at_once, None).await?;
    if settings.tls == Tls::Starttls {
        server.starttls(secret()?, &hello).await?;
    }
    if let (Some(user), Some(password)) = (&settings.user, &settings.password) {
        server.auth(DEFAULT_MECHANISMS, &Credentials::new(user.clone(), password.clone())).await?;
    }
    let envelope = message.envelope();
    let is_foreign = |address: &Address| !AsRef::<str>::as_ref(address).is_ascii();
    let mut asked = Vec::new();
    if envelope.from().into_iter().chain(envelope.to()).any(is_foreign) {
        asked.push(MailParameter::SmtpUtfEight);
    }
    if !is_ascii {
        asked.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    server.command(Mail::new(envelope.from().cloned(), asked)).await?;
    let mut unwanted = Vec::new();
    for to in envelope.to() {
        match server.command(Rcpt::new(to.clone(), Vec::new())).await {
            Ok(_) => {}
            Err(error) if error.is_permanent() => unwanted.push(format!("{to}: {error}")),
            Err(error) => return Err(error),
        }
    }
    Ok((server, unwanted))
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
