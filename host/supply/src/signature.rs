//! Signatures of components, and the files and annotations that they travel in.
//!
//! A signature is ed25519 over `mortise-plugin-v1`, a line feed and the component's SHA-256 in lower-case hex: the first
//! line keeps it from being taken for a signature of anything else. Written, it is one line of JSON:
//!
//! ```json
//! {"version":1,"algorithm":"ed25519","key":"8a1f…16 hex","signature":"base64 of 64 bytes"}
//! ```
//!
//! Several stand on lines of their own: in `x.wasm.sig` beside `x.wasm`, and in an annotation of an OCI manifest.

use crate::digest::Digest;
use crate::key::KeyId;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Most signatures that a component carries.
pub const MOST: usize = 16;
/// Longest text with signatures.
pub(crate) const LONGEST: u64 = 16 << 10;

const VERSION: u32 = 1;
const ALGORITHM: &str = "ed25519";

/// What is signed.
pub(crate) fn message(component: &Digest) -> Vec<u8> {
    format!("mortise-plugin-v1\n{}", component.hex()).into_bytes()
}

/// A signature of a component by a key. Whether it is true, only [`crate::TrustStore::judge`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The key that is said to have signed.
    pub key: KeyId,
    bytes: [u8; 64],
}

/// Not a signature that this version reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not the JSON line.
    #[error("it is not a line of JSON with version, algorithm, key and signature: {0}")]
    Form(String),
    /// Another version or algorithm.
    #[error("version {version} with {algorithm:?} is not known here; {VERSION} with {ALGORITHM:?} is")]
    Unknown {
        /// Its version.
        version: u32,
        /// Its algorithm.
        algorithm: String,
    },
    /// Not 64 bytes in base64.
    #[error("the signature is not 64 bytes in base64")]
    Bytes,
    /// Nothing there.
    #[error("there is no signature in it")]
    Empty,
    /// More than anyone needs.
    #[error("there are more than {MOST} signatures in it")]
    TooMany,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    version: u32,
    algorithm: String,
    key: KeyId,
    signature: String,
}

impl Signature {
    pub(crate) fn new(key: KeyId, bytes: [u8; 64]) -> Self {
        Self { key, bytes }
    }

    pub(crate) fn bytes(&self) -> &[u8; 64] {
        &self.bytes
    }

    /// The file beside a component that holds its signatures: `x.wasm` → `x.wasm.sig`.
    pub fn file_of(component: &Path) -> PathBuf {
        let mut name = component.as_os_str().to_owned();
        name.push(".sig");
        name.into()
    }

    /// Reads lines with signatures; there must be at least one.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, SignatureError> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let signatures = lines.take(MOST + 1).map(str::parse).collect::<Result<Vec<_>, _>>()?;
        match signatures.len() {
            0 => Err(SignatureError::Empty),
            count if count > MOST => Err(SignatureError::TooMany),
            _ => Ok(signatures),
        }
    }

    /// Writes signatures as [`Signature::parse_all`] reads them.
    pub fn write_all(signatures: &[Self]) -> String {
        signatures.iter().map(|signature| format!("{signature}\n")).collect()
    }

    /// Puts a signature among others; one of the same key gives way.
    pub fn add_to(self, signatures: &mut Vec<Self>) {
        signatures.retain(|other| other.key != self.key);
        signatures.push(self);
    }
}

impl FromStr for Signature {
    type Err = SignatureError;

    fn from_str(line: &str) -> Result<Self, SignatureError> {
        let line: Line = serde_json::from_str(line).map_err(|error| SignatureError::Form(error.to_string()))?;
        if (line.version, line.algorithm.as_str()) != (VERSION, ALGORITHM) {
            return Err(SignatureError::Unknown { version: line.version, algorithm: line.algorithm });
        }
        let bytes = BASE64_STANDARD.decode(&line.signature).map_err(|_| SignatureError::Bytes)?;
        Ok(Self { key: line.key, bytes: bytes.try_into().map_err(|_| SignatureError::Bytes)? })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signature = BASE64_STANDARD.encode(self.bytes);
        let line = Line { version: VERSION, algorithm: ALGORITHM.to_owned(), key: self.key.clone(), signature };
        f.write_str(&serde_json::to_string(&line).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;
    use proptest::prelude::*;

    fn signature() -> Signature {
        SigningKey::generate().unwrap().sign(&Digest::of(b"component"))
    }

    #[test]
    fn reads_what_it_writes() {
        let (one, two) = (signature(), signature());
        assert_eq!(one.to_string().parse(), Ok(one.clone()));
        let both = vec![one.clone(), two.clone()];
        assert_eq!(Signature::parse_all(&Signature::write_all(&both)), Ok(both));
        assert_eq!(Signature::parse_all(&format!("\n {one}  \r\n\n{two}")), Ok(vec![one, two]));
    }

    #[test]
    fn what_is_not_one_says_why() {
        let text = signature().to_string();
        for version in ["0", "2"] {
            let other = text.replace("\"version\":1", &format!("\"version\":{version}"));
            assert!(matches!(other.parse::<Signature>(), Err(SignatureError::Unknown { .. })));
        }
        assert!(matches!(text.replace("ed25519", "none").parse::<Signature>(), Err(SignatureError::Unknown { .. })));
        assert!(matches!(text.replace("\"key\"", "\"kay\"").parse::<Signature>(), Err(SignatureError::Form(_))));
        assert!(matches!(text.replace("}", ",\"x\":1}").parse::<Signature>(), Err(SignatureError::Form(_))));
        let short = text.replace("\"signature\":\"", "\"signature\":\"AAAA");
        assert_eq!(short.parse::<Signature>(), Err(SignatureError::Bytes));
        assert_eq!(Signature::parse_all(" \n"), Err(SignatureError::Empty));
        let many = Signature::write_all(&vec![signature(); MOST + 1]);
        assert_eq!(Signature::parse_all(&many), Err(SignatureError::TooMany));
        for end in 0..text.len() {
            assert!(text[..end].parse::<Signature>().is_err(), "{}", &text[..end]);
        }
    }

    #[test]
    fn a_key_signs_once() {
        let (key, other) = (SigningKey::generate().unwrap(), signature());
        let mut all = vec![key.sign(&Digest::of(b"old")), other.clone()];
        let new = key.sign(&Digest::of(b"new"));
        new.clone().add_to(&mut all);
        assert_eq!(all, [other, new]);
    }

    #[test]
    fn the_file_lies_beside() {
        assert_eq!(Signature::file_of(Path::new("/a/x.wasm")), Path::new("/a/x.wasm.sig"));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC{0,200}") {
            if let Ok(signatures) = Signature::parse_all(&text) {
                prop_assert_eq!(Signature::parse_all(&Signature::write_all(&signatures)), Ok(signatures));
            }
        }

        #[test]
        fn any_bytes_are_written_and_read(id in "[0-9a-f]{16}", bytes in proptest::array::uniform32(any::<u8>())) {
            let mut whole = [0; 64];
            whole[..32].copy_from_slice(&bytes);
            whole[32..].copy_from_slice(&bytes);
            let signature = Signature::new(id.parse().unwrap(), whole);
            prop_assert_eq!(signature.to_string().parse(), Ok(signature));
        }
    }
}
