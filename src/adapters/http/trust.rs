//! How devices come to believe the plant: the certificate of its own authority, its fingerprint, and a
//! sentence for every system; for everybody, since whoever needs it cannot log in safely yet.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header;

use super::Service;
use super::call::Call;
use super::reply::Reply;
use super::ui::POLICY;
use crate::base::{Code, Refusal};
use crate::trust::{Authority, Trust};

/// The page by language; the first is for everybody else.
const PAGES: [(&str, &str); 3] = [
    ("en", include_str!("../../../assets/start/trust.en.html")),
    ("de", include_str!("../../../assets/start/trust.de.html")),
    ("es", include_str!("../../../assets/start/trust.es.html")),
];

fn authority(service: &Service) -> Result<Authority, Refusal> {
    let own = service.trust.as_deref().and_then(Trust::authority);
    own.ok_or_else(|| Refusal::new(Code::NotFound, "this plant has no authority of its own: its certificate was given to it, and is believed as whoever signed it is"))
}

pub(super) async fn page(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["lang"])?;
    let authority = authority(&service)?;
    let page = page_for(call.asked("lang").or(call.header("accept-language")).unwrap_or_default());
    let page = page.replace("{fingerprint}", &authority.fingerprint).replace("{ends}", &authority.ends.to_string()[..10]);
    Ok(Reply::of(200, "text/html; charset=utf-8", Body::from(page)).with(header::CONTENT_SECURITY_POLICY, POLICY).with(header::VARY, "accept-language"))
}

/// The page in the first language of a list such as `de-AT,de;q=0.9,en;q=0.5` that there is.
fn page_for(languages: &str) -> &'static str {
    let of = |wanted: &str| PAGES.iter().find(|(known, _)| wanted.trim().get(..2).is_some_and(|start| start.eq_ignore_ascii_case(known)));
    languages.split(',').find_map(of).unwrap_or(&PAGES[0]).1
}

pub(super) async fn file(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let authority = authority(&service)?;
    let (kind, bytes) = match call.param("file")? {
        "ca.pem" => ("application/x-pem-file", authority.pem.into_bytes()),
        "ca.crt" => ("application/x-x509-ca-cert", authority.der),
        _ => return Err(Refusal::new(Code::NotFound, "there are ca.pem and ca.crt")),
    };
    Ok(Reply::of(200, kind, Body::from(bytes)).with(header::CONTENT_DISPOSITION, format!("attachment; filename=\"millwright-{}\"", call.param("file")?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_there_is_is_taken() {
        let is = |languages: &str, word: &str| assert_eq!(page_for(languages), PAGES.iter().find(|(known, _)| *known == word).unwrap().1, "{languages}");
        is("de-AT,de;q=0.9,en;q=0.5", "de");
        is("fr-FR, ES;q=0.8", "es");
        is("fr,日本", "en");
        is("", "en");
    }
}
