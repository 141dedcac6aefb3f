//! SHA-256 digests, the only names by which bytes are trusted here.

use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// A SHA-256 digest. Written `sha256:` and 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// 64 lower-case hex digits, as the rest of Mortise names components.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

/// Not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Another algorithm, or none.
    #[error("a digest begins with \"sha256:\"; no other algorithm is accepted")]
    Algorithm,
    /// Wrong number of digits.
    #[error("a sha256 digest has 64 hex digits, this one has {0} characters")]
    Length(usize),
    /// A character that is not a hex digit.
    #[error("a sha256 digest has hex digits only (0-9, a-f)")]
    Digits,
}

impl FromStr for Digest {
    type Err = DigestError;

    /// Reads `sha256:…`, or the 64 digits alone.
    fn from_str(text: &str) -> Result<Self, DigestError> {
        let digits = match text.split_once(':') {
            Some(("sha256", digits)) => digits,
            Some(_) => return Err(DigestError::Algorithm),
            None => text,
        };
        let length = digits.chars().count();
        if length != 64 {
            return Err(DigestError::Length(length));
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| DigestError::Digits)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn reads_what_it_writes() {
        let digest = Digest::of(b"");
        assert_eq!(digest.hex(), EMPTY);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!(EMPTY.parse(), Ok(digest));
        assert_eq!(EMPTY.to_uppercase().parse(), Ok(digest));
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(format!("sha512:{EMPTY}").parse::<Digest>(), Err(DigestError::Algorithm));
        assert_eq!(EMPTY[1..].parse::<Digest>(), Err(DigestError::Length(63)));
        assert_eq!(EMPTY.replace('e', "g").parse::<Digest>(), Err(DigestError::Digits));
        assert_eq!("é".repeat(64).parse::<Digest>(), Err(DigestError::Digits));
    }
}
