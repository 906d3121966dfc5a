//! The one table of refusal codes: word, HTTP status, exit code of the command line, title.
//! A refusal is an ordinary value, written for the person who must do something about it.

use std::fmt;

/// Declares the codes once; everything that speaks of them reads this table.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident $word:literal $status:literal $exit:literal $title:literal;)+) => {
        /// What kind of refusal it is. Clients branch on the word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable word.
            pub const fn word(self) -> &'static str { match self { $(Self::$name => $word,)+ } }
            /// The HTTP status.
            pub const fn status(self) -> u16 { match self { $(Self::$name => $status,)+ } }
            /// The exit code of the command line.
            pub const fn exit(self) -> u8 { match self { $(Self::$name => $exit,)+ } }
            /// The short title.
            pub const fn title(self) -> &'static str { match self { $(Self::$name => $title,)+ } }
            /// What it means, for the documentation.
            pub const fn meaning(self) -> &'static str { match self { $(Self::$name => concat!($($doc,)+),)+ } }
        }
    };
}

codes! {
    /// The request is not readable: broken JSON, a wrong type, an unknown field.
    Malformed "malformed" 400 2 "The request cannot be read";
    /// A field is missing or its content is outside its bounds.
    Invalid "invalid" 422 2 "A field is not acceptable";
    /// Nobody is logged in, or the log-in has ended.
    Unauthenticated "unauthenticated" 401 1 "Log in first";
    /// The role does not allow this.
    Forbidden "forbidden" 403 1 "Not allowed for this role";
    /// No such record.
    NotFound "not_found" 404 3 "No such record";
    /// No such method on this address.
    MethodNotAllowed "method_not_allowed" 405 2 "This address does not take that method";
    /// A number or code that must be unique is in use.
    Duplicate "duplicate" 409 5 "Already in use";
    /// The record is in a state that does not allow this act.
    IllegalState "illegal_state" 409 5 "Not in this state";
    /// The record has changed since it was read (If-Match).
    Stale "stale" 412 5 "Changed in the meantime";
    /// The idempotency key was used before with another body.
    KeyReused "key_reused" 409 5 "Idempotency key used for something else";
    /// More is asked for than there is.
    Insufficient "insufficient" 409 5 "Not enough";
    /// A lot, an order or a shipment is on hold.
    OnHold "on_hold" 409 5 "On hold";
    /// A lot would be its own ancestor, a product its own part, or a step would wait for itself.
    Cycle "cycle" 409 5 "It would run in a circle";
    /// The units cannot be converted for this material.
    UnitMismatch "unit_mismatch" 422 2 "Units do not convert";
    /// The moment lies outside the window in which this may be told.
    OutsideWindow "outside_window" 422 2 "Time outside the allowed window";
    /// Something still depends on it.
    StillOpen "still_open" 409 5 "Something is still open";
    /// The content type is not one this address takes.
    UnsupportedType "unsupported_type" 415 2 "Content type not taken here";
    /// The body is larger than allowed.
    TooLarge "too_large" 413 2 "Too large";
    /// The request took too long to arrive.
    TimedOut "timed_out" 408 75 "The request took too long";
    /// Too many tries; wait.
    Throttled "throttled" 429 75 "Too many tries";
    /// More requests than can be queued.
    Busy "busy" 503 75 "Busy, try again";
    /// The store cannot take writes now.
    Unavailable "unavailable" 503 75 "Not writable now";
    /// The commit failed in a way that leaves its outcome unknown: ask again with the same idempotency key.
    OutcomeUnknown "outcome_unknown" 503 75 "Outcome unknown, ask again";
    /// Less free space than the floor.
    NoSpace "no_space" 507 75 "Out of disk space";
    /// The data directory is in use by another process.
    Locked "locked" 503 75 "Data directory in use";
    /// The data directory is not one of ours, newer, or damaged.
    BadData "bad_data" 500 4 "Data directory not usable";
    /// A fault of ours; the journal is untouched.
    Internal "internal" 500 1 "Internal fault";
}

/// How a detail begins that is said of a field.
const PREDICATES: [&str; 4] = ["must ", "is ", "has ", "cannot "];

/// A refusal: nothing has happened, and this is why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind.
    pub code: Code,
    /// What is wrong and what to do about it.
    pub detail: String,
    /// The field it is about.
    pub field: Option<String>,
}

impl Refusal {
    /// A refusal of a kind with its sentence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), field: None }
    }

    /// About one field.
    pub fn field(code: Code, field: &str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), field: Some(field.to_owned()) }
    }

    /// What is wrong as a whole sentence: what is only said of a field gets the field for its subject.
    pub fn sentence(&self) -> String {
        match &self.field {
            Some(field) if PREDICATES.iter().any(|word| self.detail.starts_with(word)) => format!("{field} {}", self.detail),
            _ => self.detail.clone(),
        }
    }

    /// A field whose content is outside its bounds.
    pub fn invalid(field: &str, detail: impl Into<String>) -> Self {
        Self::field(Code::Invalid, field, detail)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.word(), self.detail)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_field_names_it_once() {
        assert_eq!(Refusal::invalid("rate", "must be given").sentence(), "rate must be given");
        assert_eq!(Refusal::invalid("rate", "rate must be given").sentence(), "rate must be given");
        assert_eq!(Refusal::invalid("lines", "a product cannot be made of itself").sentence(), "a product cannot be made of itself");
        assert_eq!(Refusal::new(Code::Invalid, "must be given").sentence(), "must be given");
    }

    #[test]
    fn words_are_unique_and_statuses_speak_http() {
        let mut words: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| (400..=599).contains(&code.status())));
    }
}
