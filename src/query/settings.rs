//! The settings of a connection: which names there are, what they may hold, and what they mean here.
//! Nothing of DataFusion's own is among them, so that no connection can change another's answers.

use std::collections::BTreeMap;
use std::time::Duration;

use super::fault::{BAD_VALUE, Fault, NOT_DONE, READ_ONLY};
use crate::base::limits;
use crate::views::as_of::AsOf;

/// The PostgreSQL that clients meet: catalogue and statements of psql are chosen by it.
pub const SERVER_VERSION: &str = concat!("15.0 (Millwright ", env!("CARGO_PKG_VERSION"), ")");

/// What a setting does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Kept and shown; changes nothing here.
    Kept,
    /// Only shown.
    Fixed,
    /// Must be one of the contents that mean what is done anyway.
    OneOf(&'static [&'static str]),
    /// Milliseconds that a statement may take.
    Timeout,
    /// An entry of the journal or a moment.
    AsOf,
}

const UTC: &[&str] = &["utc", "etc/utc", "gmt", "etc/gmt", "z", "zulu", "universal", "etc/universal", "local", "0", "+00", "+00:00", "-00:00"];
const TRUE: &[&str] = &["on", "true", "yes", "1"];

const SETTINGS: &[(&str, &str, Kind)] = &[
    ("application_name", "", Kind::Kept),
    ("backslash_quote", "safe_encoding", Kind::Fixed),
    ("bytea_output", "hex", Kind::OneOf(&["hex"])),
    ("client_encoding", "UTF8", Kind::OneOf(&["utf8", "utf-8", "unicode"])),
    ("client_min_messages", "notice", Kind::Kept),
    ("datestyle", "ISO, MDY", Kind::OneOf(&["iso", "iso, mdy", "iso, ymd", "iso, dmy", "iso,mdy", "iso,ymd"])),
    ("default_table_access_method", "heap", Kind::Fixed),
    ("default_transaction_isolation", "repeatable read", Kind::Kept),
    ("default_transaction_read_only", "on", Kind::OneOf(TRUE)),
    ("extra_float_digits", "1", Kind::Kept),
    ("idle_in_transaction_session_timeout", "0", Kind::Kept),
    ("idle_session_timeout", "0", Kind::Kept),
    ("in_hot_standby", "off", Kind::Fixed),
    ("integer_datetimes", "on", Kind::Fixed),
    ("intervalstyle", "postgres", Kind::OneOf(&["postgres"])),
    ("is_superuser", "off", Kind::Fixed),
    ("jit", "off", Kind::Kept),
    ("lc_collate", "C", Kind::Fixed),
    ("lc_ctype", "C.UTF-8", Kind::Fixed),
    ("lock_timeout", "0", Kind::Kept),
    ("max_identifier_length", "63", Kind::Fixed),
    ("max_index_keys", "32", Kind::Fixed),
    (AS_OF, "", Kind::AsOf),
    ("row_security", "on", Kind::Kept),
    ("search_path", "public", Kind::Kept),
    ("server_encoding", "UTF8", Kind::Fixed),
    ("server_version", SERVER_VERSION, Kind::Fixed),
    ("server_version_num", "150000", Kind::Fixed),
    ("standard_conforming_strings", "on", Kind::OneOf(TRUE)),
    (TIMEOUT, "60s", Kind::Timeout),
    ("synchronize_seqscans", "on", Kind::Kept),
    ("timezone", "UTC", Kind::OneOf(UTC)),
    ("transaction_isolation", "repeatable read", Kind::Kept),
    ("transaction_read_only", "on", Kind::OneOf(TRUE)),
    ("xmloption", "content", Kind::Kept),
];

const AS_OF: &str = "millwright.as_of";
const TIMEOUT: &str = "statement_timeout";

/// What a connection has set.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    set: BTreeMap<&'static str, String>,
}

fn known(name: &str) -> Result<&'static (&'static str, &'static str, Kind), Fault> {
    SETTINGS.iter().find(|(known, ..)| *known == name).ok_or_else(|| Fault::no_setting(name))
}

/// What every connection shows, if it does.
pub(super) fn fixed(name: &str) -> Option<&'static str> {
    SETTINGS.iter().find(|(known, _, kind)| *known == name && *kind == Kind::Fixed).map(|(_, content, _)| *content)
}

impl Settings {
    /// Sets one, or gives it its default.
    pub(super) fn set(&mut self, name: &str, content: Option<&str>) -> Result<(), Fault> {
        let (name, _, kind) = known(name)?;
        let Some(content) = content else {
            self.set.remove(name);
            return Ok(());
        };
        if content.len() > limits::TEXT_MAX {
            return Err(Fault::new(BAD_VALUE, format!("the content of \"{name}\" is too long")));
        }
        check(name, *kind, content)?;
        self.set.insert(name, content.to_owned());
        Ok(())
    }

    /// Gives all their defaults.
    pub(super) fn reset(&mut self) {
        self.set.clear();
    }

    /// What one holds.
    pub(super) fn get(&self, name: &str) -> Result<String, Fault> {
        let (name, default, _) = known(name)?;
        Ok(self.set.get(name).cloned().unwrap_or_else(|| (*default).to_owned()))
    }

    /// All, with what they hold.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        SETTINGS.iter().map(|(name, default, _)| (*name, self.set.get(name).cloned().unwrap_or_else(|| (*default).to_owned())))
    }

    /// How long a statement may take.
    pub(super) fn timeout(&self) -> Duration {
        let asked = self.set.get(TIMEOUT).and_then(|text| milliseconds(text)).filter(|ms| *ms > 0);
        asked.map_or(limits::SQL_TIME, |ms| Duration::from_millis(ms).min(limits::SQL_TIME))
    }

    /// Which moment is wanted; the newest where none is told.
    pub(super) fn as_of(&self) -> Result<Option<AsOf>, Fault> {
        self.set.get(AS_OF).map(|text| as_of(text)).transpose()
    }
}

fn check(name: &str, kind: Kind, content: &str) -> Result<(), Fault> {
    match kind {
        Kind::Kept => Ok(()),
        Kind::Fixed => Err(Fault::new("55P02", format!("parameter \"{name}\" cannot be changed"))),
        Kind::OneOf(contents) if contents.contains(&content.to_lowercase().as_str()) => Ok(()),
        Kind::OneOf(_) if name == "timezone" => {
            Err(Fault::new(NOT_DONE, format!("times are shown in UTC only, not in {content}")).hint("write `time AT TIME ZONE 'Europe/Berlin'` for another zone's clock"))
        }
        Kind::OneOf(TRUE) => Err(Fault::new(READ_ONLY, format!("\"{name}\" cannot be switched off: SQL only reads"))),
        Kind::OneOf(contents) => Err(Fault::new(BAD_VALUE, format!("invalid value for parameter \"{name}\": \"{content}\"")).hint(format!("it may be {}", contents.join(", ")))),
        Kind::Timeout => milliseconds(content).map(|_| ()).ok_or_else(|| Fault::new(BAD_VALUE, format!("invalid value for parameter \"{name}\": \"{content}\""))),
        Kind::AsOf => as_of(content).map(|_| ()),
    }
}

fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let number: u64 = digits.parse().ok()?;
    let factor = match text[digits.len()..].trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

fn as_of(text: &str) -> Result<AsOf, Fault> {
    let wrong = || Fault::new(BAD_VALUE, format!("\"{text}\" is no moment")).hint("name an entry of the journal, such as 1234, or a time, such as 2026-03-31T06:00:00Z");
    AsOf::from_text(text).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_change_answers_is_an_error_and_the_rest_is_kept() {
        let mut settings = Settings::default();
        settings.set("application_name", Some("psql")).unwrap();
        settings.set("timezone", Some("Etc/UTC")).unwrap();
        assert_eq!(settings.set("timezone", Some("Europe/Berlin")).unwrap_err().state, NOT_DONE);
        assert_eq!(settings.set("datafusion.execution.batch_size", Some("1")).unwrap_err().state, "42704");
        assert_eq!(settings.set("default_transaction_read_only", Some("off")).unwrap_err().state, READ_ONLY);
        assert_eq!(settings.set("server_version", Some("9")).unwrap_err().state, "55P02");
        assert_eq!(settings.get("application_name").unwrap(), "psql");
        settings.reset();
        assert_eq!(settings.get("application_name").unwrap(), "");
    }

    #[test]
    fn a_statement_may_be_given_less_time_but_not_more() {
        let mut settings = Settings::default();
        settings.set(TIMEOUT, Some("250ms")).unwrap();
        assert_eq!(settings.timeout(), Duration::from_millis(250));
        settings.set(TIMEOUT, Some("24h")).unwrap();
        assert_eq!(settings.timeout(), limits::SQL_TIME);
        settings.set(TIMEOUT, Some("0")).unwrap();
        assert_eq!(settings.timeout(), limits::SQL_TIME);
    }

    #[test]
    fn a_moment_is_an_entry_or_a_time() {
        assert_eq!(as_of("77").unwrap(), AsOf::Entry(77));
        assert_eq!(as_of("2026-03-31T06:00:00Z").unwrap(), AsOf::Moment("2026-03-31T06:00:00Z".parse().unwrap()));
        assert_eq!(as_of("yesterday").unwrap_err().state, BAD_VALUE);
    }
}
