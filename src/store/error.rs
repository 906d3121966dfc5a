//! What can go wrong below a rule: the store's own faults, kept apart from refusals.

use crate::base::{Code, Refusal};

/// A fault of the store. After one the writer stops acknowledging; it never guesses.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// redb or the file system failed.
    #[error("storage: {0}")]
    Storage(String),
    /// Stored bytes that do not decode: damage, or a format this build does not know.
    #[error("stored bytes of {0} do not decode: {1}")]
    Undecodable(String, String),
    /// The store is closed for a moment, to be opened again after a fault.
    #[error("the store is being reopened")]
    Closed,
    /// The data directory is not usable.
    #[error("{0}")]
    Unusable(String),
    /// A file or folder that was named is not there.
    #[error("{0}")]
    Missing(String),
    /// A plant is where another was to be made.
    #[error("{0}")]
    Taken(String),
    /// Another process has the data directory.
    #[error("{0}")]
    Locked(String),
    /// A number that does not fit its key.
    #[error("out of numbers: {0}")]
    Exhausted(&'static str),
}

macro_rules! from_storage {
    ($($ty:ty),+) => { $(impl From<$ty> for StoreError {
        fn from(error: $ty) -> Self { Self::Storage(error.to_string()) }
    })+ };
}
from_storage!(redb::StorageError, redb::TableError, redb::TransactionError, redb::CommitError, redb::SetDurabilityError, std::io::Error);

impl From<redb::DatabaseError> for StoreError {
    fn from(error: redb::DatabaseError) -> Self {
        match error {
            redb::DatabaseError::DatabaseAlreadyOpen => Self::Locked("another process has the data directory open".to_owned()),
            other => Self::Storage(other.to_string()),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Storage(_) | StoreError::Closed => Code::Unavailable,
            StoreError::Missing(_) => Code::NotFound,
            StoreError::Taken(_) => Code::Duplicate,
            StoreError::Locked(_) => Code::Locked,
            StoreError::Unusable(_) | StoreError::Undecodable(..) => Code::BadData,
            StoreError::Exhausted(_) => Code::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl StoreError {
    /// What the file system said of a file that somebody named.
    pub(super) fn of_file(path: &std::path::Path, error: &std::io::Error) -> Self {
        let told = format!("{}: {error}", path.display());
        if error.kind() == std::io::ErrorKind::NotFound { Self::Missing(told) } else { Self::Storage(told) }
    }
}

/// Why a rule stopped: it refused, or the store failed under it.
#[derive(Debug)]
pub enum Halt {
    /// The command is refused; nothing has happened.
    Refused(Refusal),
    /// The store failed; the whole batch is thrown away.
    Broken(StoreError),
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Broken(error)
    }
}
