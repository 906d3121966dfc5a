//! Floor 2: tantivy, and only here: records in, ids out. The index is a copy that can be made anew
//! at any time; how far it has read the journal stands in its own commit. Deliberately without
//! records in it: whoever shows a hit loads the current one, and asks it again whether it fits.

mod asking;
mod documents;
mod index;
mod query;
mod segment;
mod words;
mod writer;

pub use documents::{name_of, nouns, read_alike};
pub use index::Index;
pub use query::{Found, Query, Word};
pub use writer::{Mark, Opened, Writer};

/// Why the index could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// tantivy's own word.
    #[error("the search index: {0}")]
    Tantivy(#[from] tantivy::TantivyError),
    /// Its directory.
    #[error("the search index: {0}")]
    Directory(#[from] std::io::Error),
}
