//! Floor 7: strangers are translated here and nowhere else; each adapter turns what it speaks into
//! commands and answers. Deliberately without rules, and no adapter knows another.

pub mod exchange;
pub mod http;
pub mod mail;
pub mod mqtt;
pub mod mtconnect;
pub mod opcua;
pub mod printing;
pub mod s3;
pub mod sql;
