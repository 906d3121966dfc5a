//! Password verifiers: argon2id for log-ins, and a SCRAM-SHA-256 verifier kept for SQL (RFC 7677, in
//! the form PostgreSQL writes). Both are made before a command reaches the writer; the password
//! itself is stored nowhere.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::base::{Code, Refusal, limits};

/// Rounds of PBKDF2, PostgreSQL's own default.
pub(super) const SCRAM_ROUNDS: u32 = 4_096;

/// Refuses passwords that are too short, too long or one repeated character.
pub fn check_strength(password: &str) -> Result<(), Refusal> {
    if password.chars().count() < limits::PASSWORD_MIN {
        return Err(Refusal::invalid("password", format!("must have at least {} characters", limits::PASSWORD_MIN)));
    }
    if password.len() > limits::PASSWORD_MAX {
        return Err(Refusal::invalid("password", format!("must have at most {} bytes", limits::PASSWORD_MAX)));
    }
    if password.chars().any(char::is_control) {
        return Err(Refusal::invalid("password", "must not contain control characters"));
    }
    let first = password.chars().next();
    if password.chars().all(|c| Some(c) == first) {
        return Err(Refusal::invalid("password", "must not be one character repeated"));
    }
    Ok(())
}

/// The verifier of a PIN: it opens no SQL.
pub fn hash(pin: &str) -> Result<Vec<u8>, Refusal> {
    Ok(argon2id(pin)?.into_bytes())
}

fn argon2id(secret: &str) -> Result<String, Refusal> {
    let hash: PasswordHash = Argon2::default().hash_password(secret.as_bytes()).map_err(|error| failed(&error))?;
    Ok(hash.to_string())
}

/// Both verifiers of a password, one a line.
pub fn make(password: &str) -> Result<Vec<u8>, Refusal> {
    let hash = argon2id(password)?;
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| failed(&error))?;
    Ok(format!("{hash}\n{}", scram(password, &salt)).into_bytes())
}

/// Whether a password fits; without verifiers it takes as long and never does.
pub fn matches(password: &str, verifiers: Option<&[u8]>) -> bool {
    let line = verifiers.and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(|text| text.lines().next());
    match line.and_then(|line| PasswordHash::new(line).ok()) {
        Some(hash) => Argon2::default().verify_password(password.as_bytes(), &hash).is_ok(),
        None => {
            let wasted: Result<PasswordHash, _> = Argon2::default().hash_password_with_salt(password.as_bytes(), b"no such account!");
            drop(wasted);
            false
        }
    }
}

fn failed(error: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(Code::Internal, format!("the password could not be hashed: {error}"))
}

/// `SCRAM-SHA-256$rounds:salt$StoredKey:ServerKey` (RFC 5802 section 3).
fn scram(password: &str, salt: &[u8]) -> String {
    let salted = salted(password, salt);
    let stored = Sha256::digest(keyed(&salted, b"Client Key"));
    let server = keyed(&salted, b"Server Key");
    format!("SCRAM-SHA-256${SCRAM_ROUNDS}:{}${}:{}", STANDARD.encode(salt), STANDARD.encode(stored), STANDARD.encode(server))
}

/// `SaltedPassword` of RFC 5802.
pub(super) fn salted(password: &str, salt: &[u8]) -> [u8; 32] {
    let mut salted = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, SCRAM_ROUNDS, &mut salted);
    salted
}

/// HMAC-SHA-256.
pub fn keyed(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length (RFC 2104), so this cannot fail.
    Hmac::<Sha256>::new_from_slice(key).map_or([0; 32], |mut mac| {
        mac.update(message);
        mac.finalize().into_bytes().into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_verifiers_and_no_other() {
        let made = make("correct horse").unwrap();
        assert!(matches("correct horse", Some(&made)));
        assert!(!matches("correct house", Some(&made)));
        assert!(!matches("correct horse", None));
    }

    #[test]
    fn the_scram_verifier_is_the_one_of_rfc_7677() {
        // RFC 7677 section 3: user "user", password "pencil", salt W22ZaJ0SNY7soEsUEjb6gQ==, i=4096.
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        assert_eq!(scram("pencil", &salt), "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
    }

    #[test]
    fn weak_passwords_are_refused() {
        for weak in ["short", "aaaaaaaaaaaa", "tab\tinside the word"] {
            assert!(check_strength(weak).is_err(), "{weak:?}");
        }
        assert!(check_strength("long enough").is_ok());
    }
}
