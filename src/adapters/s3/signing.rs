//! A request signed by AWS Signature Version 4, as S3 takes it: the path encoded once, the body by its
//! SHA-256, all in the header. Deliberately no signed addresses and no signing in pieces.

use std::fmt::Write as _;

use super::place::Place;
use crate::accounts::verifier::keyed;
use crate::base::{Digest, Time};

const SERVICE: &str = "s3";

/// Encodes a path: everything but unreserved characters and slashes (RFC 3986 section 2.3).
pub(super) fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len() + 16);
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// `20130524T000000Z`.
pub(super) fn stamp(at: Time) -> String {
    let whole = Time::from_micros(at.micros() - at.micros().rem_euclid(1_000_000)).to_string();
    whole.chars().filter(|c| !"-:".contains(*c)).collect()
}

/// The content of `Authorization`. The path is encoded; headers are in lower case and in order of their names.
pub(super) fn authorization(place: &Place, method: &str, path: &str, headers: &[(&str, String)], body: &Digest, stamp: &str) -> String {
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let (names, day) = (names.join(";"), &stamp[..8]);
    let lines: String = headers.iter().map(|(name, content)| format!("{name}:{}\n", content.trim())).collect();
    let asked = format!("{method}\n{path}\n\n{lines}\n{names}\n{body}");
    let scope = format!("{day}/{}/{SERVICE}/aws4_request", place.region);
    let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", Digest::of(asked.as_bytes()));
    let first = keyed(format!("AWS4{}", place.secret).as_bytes(), day.as_bytes());
    let key = [place.region.as_str(), SERVICE, "aws4_request"].iter().fold(first, |key, part| keyed(&key, part.as_bytes()));
    format!("AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={names},Signature={}", place.key, Digest(keyed(&key, text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::super::place::Wire;
    use super::*;

    /// The account of the examples in "Authenticating Requests: Using the Authorization Header".
    fn example() -> Place {
        let host = "examplebucket.s3.amazonaws.com".to_owned();
        Place {
            authority: host.clone(),
            host,
            port: 443,
            wire: Wire::Secret(None),
            path: String::new(),
            region: "us-east-1".to_owned(),
            key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            token: None,
        }
    }

    fn signature(method: &str, path: &str, headers: &[(&str, &str)], body: &Digest) -> String {
        let place = example();
        let mut all: Vec<(&str, String)> = headers.iter().map(|(name, content)| (*name, (*content).to_owned())).collect();
        all.extend([("host", place.host.clone()), ("x-amz-content-sha256", body.to_string()), ("x-amz-date", "20130524T000000Z".to_owned())]);
        all.sort_by_key(|(name, _)| *name);
        let text = authorization(&place, method, path, &all, body, "20130524T000000Z");
        text.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    #[test]
    fn the_examples_of_the_service_have_their_signatures() {
        let got = signature("GET", "/test.txt", &[("range", "bytes=0-9")], &Digest::of(b""));
        assert_eq!(got, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
        let body = Digest::of(b"Welcome to Amazon S3.");
        let put = signature("PUT", &encoded("/test$file.text"), &[("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")], &body);
        assert_eq!(put, "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    }

    #[test]
    fn a_path_of_the_lake_is_encoded_once() {
        assert_eq!(encoded("/lake/lots/plant=A/year=2026/part-0.parquet"), "/lake/lots/plant%3DA/year%3D2026/part-0.parquet");
        assert_eq!(encoded("/ä %"), "/%C3%A4%20%25");
        assert_eq!(stamp("2026-03-31T06:00:00.25Z".parse().unwrap()), "20260331T060000Z");
    }
}
