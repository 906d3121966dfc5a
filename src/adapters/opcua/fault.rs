//! Why a connection ended, or did not come about, in words that say what to do. Deliberately without
//! what the library writes of it: its texts are for whoever debugs the library.

use std::path::PathBuf;

use async_opcua::types::{Error, StatusCode};

use crate::base::Refusal;
use crate::telemetry::State;

/// Why a connection ended, or did not come about.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    #[error("the server did not answer within {} seconds", crate::base::limits::ANSWER_TIME.as_secs())]
    Unanswered,
    #[error("the server does not offer {wanted}; it offers {offered}")]
    NotOffered { wanted: String, offered: String },
    #[error("the server's certificate is not approved: compare its thumbprint {thumbprint} with the machine's, then move {} to {}", .waiting.display(), .approved.display())]
    NotApproved { thumbprint: String, waiting: PathBuf, approved: PathBuf },
    #[error("{0}")]
    Certificate(String),
    #[error("the server does not let us in: {0}")]
    Refused(String),
    #[error("nothing is left to listen to: {0}")]
    Nothing(String),
    #[error("{}", .0.detail)]
    Settings(Refusal),
    #[error("{asked}: {}", status_text(*.status))]
    Asked { asked: &'static str, status: StatusCode },
    #[error("the connection broke: {}", status_text(*.0))]
    Broken(StatusCode),
    #[error("the server ended the subscription: {}", status_text(*.0))]
    Ended(StatusCode),
    #[error("the server says nothing any more, not even that it is there; it is called again")]
    Silent,
    #[error("the server was started anew, or its state has changed; it is called again")]
    Restarted,
}

impl Fault {
    pub(super) const fn state(&self) -> State {
        match self {
            Self::Silent => State::Silent,
            Self::Restarted => State::Connecting,
            _ => State::Failed,
        }
    }

    /// A question that was not answered, or not as it should be.
    pub(super) fn asked(asked: &'static str) -> impl Fn(Error) -> Self {
        move |error| match error.status() {
            StatusCode::BadTimeout => Self::Unanswered,
            status @ (StatusCode::BadCommunicationError | StatusCode::BadConnectionClosed | StatusCode::BadNotConnected | StatusCode::BadSecureChannelClosed) => {
                Self::Broken(status)
            }
            status => Self::Asked { asked, status },
        }
    }

    /// A session that did not come about.
    pub(super) fn of_session(status: StatusCode) -> Self {
        Self::Refused(match status {
            StatusCode::BadUserAccessDenied | StatusCode::BadIdentityTokenRejected | StatusCode::BadIdentityTokenInvalid => {
                "user or password is wrong, or the user is not allowed".to_owned()
            }
            StatusCode::BadSecurityChecksFailed | StatusCode::BadCertificateUntrusted | StatusCode::BadCertificateInvalid | StatusCode::BadCertificateUriInvalid => {
                format!("it does not take our certificate; approve own/cert.der of the pki folder at the machine ({status})")
            }
            StatusCode::BadTooManySessions => "it has as many sessions as it can serve".to_owned(),
            _ => status_text(status),
        })
    }
}

/// A status as the specification writes it, with what it means.
pub(super) fn status_text(status: StatusCode) -> String {
    let code = status.sub_code();
    format!("{code}, {}", code.description())
}
