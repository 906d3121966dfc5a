//! The plant's certificate from the command line: what doors of TLS are opened with, and what devices
//! are told to believe.

use std::path::PathBuf;
use std::sync::Arc;

use super::arguments::{Place, Secrecy};
use super::online::ask;
use super::output::Output;
use crate::adapters::http::client::Method;
use crate::base::{Refusal, Value};
use crate::engine::Engine;
use crate::engine::clock::Clock;
use crate::trust::{Authority, FOLDER, Trust};

/// What is shown by a plant that is to be served.
pub(super) fn open(engine: &Engine, secrecy: &Secrecy) -> Result<Arc<Trust>, Refusal> {
    let now = Clock::System.now();
    let folder = engine.root().map_or_else(|| PathBuf::from(FOLDER), |root| root.join(FOLDER));
    let trust = match secrecy.given()? {
        Some(files) => Trust::given(files, now)?,
        None => Trust::own(&folder, &secrecy.tls_names, now)?,
    };
    Ok(Arc::new(trust))
}

/// The authority of a running plant. Whoever asks over plain HTTP compares the fingerprint with one told otherwise.
fn fetched(place: &Place, url: &str) -> Result<Authority, Refusal> {
    let address = "/trust/ca.pem";
    Authority::from_pem(PathBuf::from(format!("{}{address}", url.trim_end_matches('/'))), ask(place, Method::GET, address, "", Vec::new())?)
}

/// Prints where the authority's certificate lies, and its fingerprint; the plant may run.
pub(super) fn run(place: &Place, output: &Output) -> Result<u8, Refusal> {
    let authority = match &place.url {
        Some(url) => fetched(place, url)?,
        None => Authority::of(&place.data()?.join(FOLDER))?,
    };
    let path = authority.path.display().to_string();
    let answer = Value::Object(vec![("certificate", Value::Text(path.clone())), ("sha256", Value::Text(authority.fingerprint.clone())), ("ends", Value::Time(authority.ends))]);
    output.answer(&answer.to_json(), || {
        format!("{path}\nSHA-256 {}\nholds until {}; the page /trust of the running plant says how to install it", authority.fingerprint, authority.ends)
    });
    Ok(0)
}
