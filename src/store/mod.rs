//! Floor 2: redb, and only here. Records, history, journal, indexes and genealogy live in one file;
//! a draft lays a command's changes over an open transaction; a snapshot is one moment to read.
//! Deliberately without rules: it stores what it is given, exactly, or says that it could not.

pub mod archive;
pub mod blobs;
pub mod codec;
pub mod draft;
pub mod error;
pub mod guard;
pub mod home;
mod keys;
pub mod mirror;
pub mod plant_file;
pub mod schema;
pub mod snapshot;
pub mod tables;
pub mod telemetry_file;
pub mod verify;
pub mod view;

pub use draft::Draft;
pub use error::{Halt, StoreError};
pub use home::Home;
pub use mirror::{Direction, Mirror};
pub use plant_file::{Keep, Store};
pub use snapshot::Snapshot;
pub use tables::Tables;
pub use telemetry_file::TelemetryFile;
pub use view::{Stored, View};
