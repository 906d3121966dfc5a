//! Floor 7: strangers are translated here and nowhere else. An adapter knows no other adapter.

pub mod http;
