//! The lake on an object storage that speaks S3: a mirror of the folder that the plant keeps itself. Four
//! requests are all it needs (PUT, GET, HEAD, DELETE), so they are spoken here over HTTP/1.1 and signed
//! (AWS Signature Version 4), without a client library. Paths are `ENDPOINT/BUCKET/KEY` everywhere.
//!
//! Start reading at [`mirror`] (what is sent, and in which order), then `place` (where to and with which
//! keys) and `asking` (one request and its repeats). Deliberately no listing, no parts of one object and
//! nothing that is read back as truth: the folder is the lake, the bucket is its copy.

mod asking;
pub mod mirror;
mod place;
mod signing;
mod tls;

pub use mirror::Mirror;
pub use place::Place;
