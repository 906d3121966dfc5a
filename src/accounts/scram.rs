//! SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's side, over the verifier that is kept for SQL: the
//! password never comes here. Deliberately without channel binding; a client that wants it is told so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::verifier::{SCRAM_ROUNDS, keyed};
use crate::base::{Code, Refusal};

/// The name of the mechanism.
pub const MECHANISM: &str = "SCRAM-SHA-256";
const NONCE_BYTES: usize = 18;

/// What is kept of a password for this exchange.
#[derive(Clone)]
pub(super) struct Kept {
    rounds: u32,
    salt: String,
    stored: [u8; 32],
    server: [u8; 32],
}

impl Kept {
    /// Reads the line that PostgreSQL would write: `SCRAM-SHA-256$rounds:salt$StoredKey:ServerKey`.
    pub(super) fn of(line: &str) -> Option<Self> {
        let (rounds_salt, keys) = line.strip_prefix("SCRAM-SHA-256$")?.split_once('$')?;
        let ((rounds, salt), (stored, server)) = (rounds_salt.split_once(':')?, keys.split_once(':')?);
        let key = |text: &str| STANDARD.decode(text).ok()?.try_into().ok();
        Some(Self { rounds: rounds.parse().ok()?, salt: salt.to_owned(), stored: key(stored)?, server: key(server)? })
    }

    /// What nobody's password fits. The same name always has the same salt, so that asking twice tells nothing.
    pub(super) fn of_nobody(name: &str, secret: &[u8; 32]) -> Self {
        let salt = keyed(secret, name.as_bytes());
        Self { rounds: SCRAM_ROUNDS, salt: STANDARD.encode(&salt[..16]), stored: keyed(secret, &salt), server: salt }
    }
}

/// An exchange that waits for the client's proof.
pub struct Exchange {
    kept: Kept,
    /// What must be proved to be known: the messages so far.
    said: String,
    nonce: String,
    header: String,
}

fn wrong(detail: &str) -> Refusal {
    Refusal::new(Code::Malformed, format!("the log-in is not SCRAM-SHA-256 as in RFC 5802: {detail}"))
}

/// An attribute such as `r=` of a message.
fn attribute(message: &str, name: char) -> Option<&str> {
    message.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
}

impl Exchange {
    /// Takes the client's first message; answers ours.
    pub(super) fn begin(first: &str, kept: Kept) -> Result<(Self, String), Refusal> {
        let mut parts = first.splitn(3, ',');
        let (binding, identity, bare) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if binding.starts_with('p') {
            return Err(wrong("channel binding is not done here; connect with channel_binding=disable"));
        }
        if !matches!(binding, "n" | "y") || bare.starts_with("m=") {
            return Err(wrong("the first message has no such beginning"));
        }
        let nonce = attribute(bare, 'r').filter(|nonce| !nonce.is_empty()).ok_or_else(|| wrong("the first message has no nonce"))?;
        let mut own = [0; NONCE_BYTES];
        getrandom::fill(&mut own).map_err(|error| Refusal::new(Code::Internal, format!("the system gives no random numbers: {error}")))?;
        let nonce = format!("{nonce}{}", STANDARD.encode(own));
        let answer = format!("r={nonce},s={},i={}", kept.salt, kept.rounds);
        Ok((Self { said: format!("{bare},{answer}"), header: STANDARD.encode(format!("{binding},{identity},")), nonce, kept }, answer))
    }

    /// Takes the client's proof; answers ours, or `None` if it is not one.
    pub(super) fn finish(&self, last: &str) -> Result<Option<String>, Refusal> {
        let (without_proof, proof) = last.rsplit_once(",p=").ok_or_else(|| wrong("the last message has no proof"))?;
        if attribute(without_proof, 'c') != Some(self.header.as_str()) || attribute(without_proof, 'r') != Some(self.nonce.as_str()) {
            return Err(wrong("the last message does not belong to the first"));
        }
        let proof: [u8; 32] = STANDARD.decode(proof).ok().and_then(|proof| proof.try_into().ok()).ok_or_else(|| wrong("the proof is not one"))?;
        let said = format!("{},{without_proof}", self.said);
        let signature = keyed(&self.kept.stored, said.as_bytes());
        let key: Vec<u8> = proof.iter().zip(signature).map(|(proof, signature)| proof ^ signature).collect();
        // Hashes of 256 bits are compared: how far two are alike tells nothing of the key.
        let is_right = Sha256::digest(&key).as_slice() == self.kept.stored;
        Ok(is_right.then(|| format!("v={}", STANDARD.encode(keyed(&self.kept.server, said.as_bytes())))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::verifier;

    /// A client after RFC 5802 section 3.
    fn proof(password: &str, first_bare: &str, server_first: &str) -> String {
        let salt = STANDARD.decode(attribute(server_first, 's').unwrap()).unwrap();
        let salted = verifier::salted(password, &salt);
        let client = keyed(&salted, b"Client Key");
        let without = format!("c=biws,r={}", attribute(server_first, 'r').unwrap());
        let signature = keyed(Sha256::digest(client).as_slice(), format!("{first_bare},{server_first},{without}").as_bytes());
        let proof: Vec<u8> = client.iter().zip(signature).map(|(key, signature)| key ^ signature).collect();
        format!("{without},p={}", STANDARD.encode(proof))
    }

    fn kept(password: &str) -> Kept {
        let made = verifier::make(password).unwrap();
        Kept::of(std::str::from_utf8(&made).unwrap().lines().nth(1).unwrap()).unwrap()
    }

    #[test]
    fn the_right_password_proves_itself_and_no_other_does() {
        let (exchange, answer) = Exchange::begin("n,,n=,r=abc", kept("correct horse")).unwrap();
        assert!(attribute(&answer, 'r').unwrap().starts_with("abc"));
        assert!(exchange.finish(&proof("correct horse", "n=,r=abc", &answer)).unwrap().unwrap().starts_with("v="));
        assert_eq!(exchange.finish(&proof("correct house", "n=,r=abc", &answer)).unwrap(), None);
    }

    #[test]
    fn nobody_has_a_salt_that_stays_and_a_password_that_never_fits() {
        let secret = [7; 32];
        let (one, two) = (Kept::of_nobody("ghost", &secret), Kept::of_nobody("ghost", &secret));
        assert_eq!(one.salt, two.salt);
        assert_ne!(one.salt, Kept::of_nobody("other", &secret).salt);
        let (exchange, answer) = Exchange::begin("n,,n=,r=abc", one).unwrap();
        assert_eq!(exchange.finish(&proof("", "n=,r=abc", &answer)).unwrap(), None);
    }

    #[test]
    fn messages_that_do_not_belong_together_are_refused() {
        assert!(Exchange::begin("p=tls-server-end-point,,n=,r=abc", kept("correct horse")).is_err());
        assert!(Exchange::begin("n,,n=", kept("correct horse")).is_err());
        let (exchange, _) = Exchange::begin("n,,n=,r=abc", kept("correct horse")).unwrap();
        for last in ["", "c=biws,r=abc,p=AAAA", "c=eSws,r=x,p=AAAA", ",p="] {
            assert!(exchange.finish(last).is_err(), "{last}");
        }
    }
}
