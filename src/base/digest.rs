//! SHA-256 as a value: the chain, the records and the blobs are named by it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest before the first entry of the journal.
    pub const NONE: Self = Self([0; 32]);

    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Of two digests after each other: a node of a Merkle tree (RFC 6962 section 2.1 prefix 0x01).
    pub fn pair(left: Self, right: Self) -> Self {
        let mut hasher = Sha256::new();
        hasher.update([1]);
        hasher.update(left.0);
        hasher.update(right.0);
        Self(hasher.finalize().into())
    }

    /// Merkle root of a list: pairs level by level, an odd last one goes up as it is.
    pub fn merkle_root(mut level: Vec<Self>) -> Self {
        while level.len() > 1 {
            level = level.chunks(2).map(|two| if let [left, right] = two { Self::pair(*left, *right) } else { two[0] }).collect();
        }
        level.first().copied().unwrap_or(Self::NONE)
    }

    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 64 {
            return None;
        }
        let mut out = [0; 32];
        for (slot, two) in out.iter_mut().zip(bytes.chunks(2)) {
            let high = char::from(two[0]).to_digit(16)?;
            let low = char::from(two[1]).to_digit(16)?;
            *slot = u8::try_from(high * 16 + low).ok()?;
        }
        Some(Self(out))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_there_and_back() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
        assert_eq!(Digest::from_hex("zz"), None);
    }

    #[test]
    fn a_merkle_root_changes_with_any_leaf() {
        let leaves: Vec<Digest> = (0_u8..5).map(|n| Digest::of(&[n])).collect();
        let mut other = leaves.clone();
        other[4] = Digest::of(b"x");
        assert_ne!(Digest::merkle_root(leaves.clone()), Digest::merkle_root(other));
        assert_eq!(Digest::merkle_root(vec![leaves[0]]), leaves[0]);
        assert_eq!(Digest::merkle_root(vec![]), Digest::NONE);
    }
}
