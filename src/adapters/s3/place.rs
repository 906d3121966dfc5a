//! Where a bucket is and with which keys it is written: `s3://BUCKET/PREFIX` and the variables that other
//! programs read too. Deliberately no files of profiles and no keys of a machine's own.

use hyper::Uri;

use crate::base::{Code, Refusal};

const SCHEME: &str = "s3://";
const KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const TOKEN: &str = "AWS_SESSION_TOKEN";
const REGION: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const ENDPOINT: [&str; 2] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];
const ALLOW_HTTP: &str = "AWS_ALLOW_HTTP";
const CA_BUNDLE: &str = "AWS_CA_BUNDLE";
/// What is meant where no region is told, as elsewhere.
const DEFAULT_REGION: &str = "us-east-1";

/// Whether what is said can be read on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    /// As it is; only where it is asked for.
    Plain,
    /// By TLS, vouched for by a file of certificates, or by those of the machine.
    Secret(Option<String>),
}

/// A place in a bucket.
#[derive(Clone)]
pub struct Place {
    /// As one connects to it: an IPv6 address without its brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// As requests name it: with the port, unless that is the usual one.
    pub(super) authority: String,
    pub(super) wire: Wire,
    /// Below which keys stand, `/BUCKET/PREFIX` without a last slash, not yet encoded.
    pub(super) path: String,
    pub(super) region: String,
    pub(super) key: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
}

impl Place {
    /// Whether a text names a bucket at all.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// From `s3://BUCKET/PREFIX`, and the variables of the process.
    pub fn of(text: &str) -> Result<Self, Refusal> {
        Self::with(text, &|name| std::env::var(name).ok().filter(|content| !content.is_empty()))
    }

    fn with(text: &str, told: &dyn Fn(&str) -> Option<String>) -> Result<Self, Refusal> {
        let wrong = || Refusal::invalid("lake", "must be s3://BUCKET or s3://BUCKET/PREFIX, of letters, digits and . _ - / =");
        let path = text.strip_prefix(SCHEME).map(|path| path.trim_end_matches('/')).filter(|path| is_path(path)).ok_or_else(wrong)?;
        let needed = |name: &str| told(name).ok_or_else(|| Refusal::new(Code::Invalid, format!("{name} is not set; a lake at {text} needs {KEY} and {SECRET}")));
        let first = |names: [&str; 2]| names.iter().find_map(|name| told(name));
        let region = first(REGION).unwrap_or_else(|| DEFAULT_REGION.to_owned());
        let endpoint = first(ENDPOINT).unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
        let allows_http = told(ALLOW_HTTP).is_some_and(|word| word.eq_ignore_ascii_case("true") || word == "1");
        let about = |why: &str| Refusal::new(Code::Invalid, format!("{} is {endpoint}, which {why}", ENDPOINT[1]));
        let uri: Uri = endpoint.parse().map_err(|_| about("is no address; write https://HOST:PORT"))?;
        let wire = match uri.scheme_str() {
            Some("https") => Wire::Secret(told(CA_BUNDLE)),
            Some("http") if allows_http => Wire::Plain,
            Some("http") => return Err(about(&format!("others can read on the way; set {ALLOW_HTTP}=true where that is meant"))),
            _ => return Err(about("is no address; write https://HOST:PORT")),
        };
        if uri.path().len() > 1 || uri.query().is_some() {
            return Err(about("has more than a host and a port"));
        }
        let named = uri.host().ok_or_else(|| about("names no host"))?;
        let port = uri.port_u16().unwrap_or(if wire == Wire::Plain { 80 } else { 443 });
        let authority = uri.port_u16().map_or_else(|| named.to_owned(), |port| format!("{named}:{port}"));
        // Brackets keep an IPv6 address apart from its port; where one connects it has none.
        let host = named.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port, authority, wire, path: format!("/{path}"), region, key: needed(KEY)?, secret: needed(SECRET)?, token: told(TOKEN) })
    }
}

fn is_path(path: &str) -> bool {
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != ".." && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-=".contains(c));
    path.split('/').all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, told: &[(&str, &str)]) -> Result<Place, String> {
        let keys = [(KEY, "AKID"), (SECRET, "hush")];
        let all: Vec<(&str, &str)> = if told.iter().any(|(name, _)| *name == "-") { Vec::new() } else { keys.iter().chain(told).copied().collect() };
        Place::with(text, &|name| all.iter().find(|(known, _)| *known == name).map(|(_, content)| (*content).to_owned())).map_err(|refusal| refusal.detail)
    }

    #[test]
    fn a_bucket_is_at_amazon_unless_told_otherwise() {
        let there = place("s3://plant-lake/mes/north/", &[("AWS_REGION", "eu-central-1")]).unwrap();
        assert_eq!((there.authority.as_str(), there.port, there.path.as_str()), ("s3.eu-central-1.amazonaws.com", 443, "/plant-lake/mes/north"));
        assert_eq!(there.wire, Wire::Secret(None));
        let here = place("s3://lake", &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9000"), ("AWS_ALLOW_HTTP", "true")]).unwrap();
        assert_eq!((here.authority.as_str(), here.host.as_str(), here.wire, here.region.as_str()), ("127.0.0.1:9000", "127.0.0.1", Wire::Plain, "us-east-1"));
        let six = place("s3://lake", &[("AWS_ENDPOINT_URL", "https://[::1]:9000")]).unwrap();
        assert_eq!((six.authority.as_str(), six.host.as_str(), six.port), ("[::1]:9000", "::1", 9000));
    }

    #[test]
    fn what_would_go_wrong_later_is_said_at_once() {
        assert!(place("s3://lake", &[("-", "")]).err().unwrap().contains("AWS_ACCESS_KEY_ID is not set"));
        assert!(place("s3://lake", &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")]).err().unwrap().contains("AWS_ALLOW_HTTP"));
        assert!(place("s3://lake", &[("AWS_ENDPOINT_URL", "127.0.0.1:9000/x")]).is_err());
        for text in ["s3://", "s3:///x", "s3://lake/../other", "s3://lake/a b", "s3://lake?x=1"] {
            assert!(place(text, &[]).err().unwrap().contains("s3://BUCKET"), "{text}");
        }
    }
}
