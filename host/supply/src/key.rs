//! Ed25519 keys: the pair that an author signs with, and the public half that operators trust.
//!
//! A signing key is a PEM file with PKCS#8 inside, as `openssl genpkey -algorithm ed25519` writes it, readable by its
//! owner only. A public key travels as the base64 of its 32 bytes.

use crate::digest::Digest;
use crate::signature::{Signature, message};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use ed25519_dalek::{Signer as _, VerifyingKey};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use zeroize::Zeroizing;

/// Longest key file that is read; a real one has 120 bytes.
const FILE: u64 = 16 << 10;

/// What an author signs components with. Never shown; wiped from memory when dropped.
pub struct SigningKey(ed25519_dalek::SigningKey);

/// What an operator trusts: 32 bytes, written as base64.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Short name of a public key: the first 8 bytes of its SHA-256, in hex. It finds a key and proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

/// A key that cannot be made, read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The system gives no random numbers.
    #[error("the system gave no random numbers: {0}")]
    Random(String),
    /// There is one already.
    #[error("{} exists already; a key is never overwritten: choose another name, or move the old one away", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Reading or writing failed.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others may read it.
    #[error("{} can be read by others (mode {mode:03o}); run: chmod 600 {}", path.display(), path.display())]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a PEM file with an ed25519 key.
    #[error("{} is not an unencrypted ed25519 key in PEM (PKCS#8): {why}", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Not 32 bytes in base64.
    #[error("a public key is 32 bytes in base64 (44 characters), as `public_key` prints it")]
    PublicEncoding,
    /// A point that is no key, or one that signs everything.
    #[error("these 32 bytes are no usable ed25519 public key")]
    PublicPoint,
}

impl SigningKey {
    /// A new key.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|error| KeyError::Random(error.to_string()))?;
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(&seed)))
    }

    /// Writes the key into a new file that only its owner can read.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        // Without the public half, which older readers of PKCS#8 do not expect.
        let bare = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        let not_a_key = |why: String| KeyError::NotAKey { path: path.to_owned(), why };
        let pem = bare.to_pkcs8_pem(LineEnding::LF).map_err(|error| not_a_key(error.to_string()))?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).and_then(|mut file| {
            file.write_all(pem.as_bytes())?;
            file.sync_all()
        });
        file.map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => KeyError::Exists { path: path.to_owned() },
            _ => KeyError::File { path: path.to_owned(), source },
        })
    }

    /// Reads a key file, which nobody but its owner may be able to read.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), source };
        let not_a_key = |why: String| KeyError::NotAKey { path: path.to_owned(), why };
        let file = std::fs::File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        if !about.is_file() {
            return Err(not_a_key("it is not a file".to_owned()));
        }
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o777;
            if mode & 0o077 != 0 {
                return Err(KeyError::Permissions { path: path.to_owned(), mode });
            }
        }
        let mut text = Zeroizing::new(String::new());
        file.take(FILE).read_to_string(&mut text).map_err(|source| match source.kind() {
            std::io::ErrorKind::InvalidData => not_a_key("it is not text".to_owned()),
            _ => failed(source),
        })?;
        if text.contains("ENCRYPTED") {
            return Err(not_a_key("it is encrypted; decrypt it with `openssl pkey` first".to_owned()));
        }
        ed25519_dalek::SigningKey::from_pkcs8_pem(&text).map(Self).map_err(|error| not_a_key(error.to_string()))
    }

    /// The half that may be known.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs a component by its digest.
    pub fn sign(&self, component: &Digest) -> Signature {
        Signature::new(self.public().id(), self.0.sign(&message(component)).to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().id())
    }
}

impl PublicKey {
    /// Its short name.
    pub fn id(&self) -> KeyId {
        KeyId(Digest::of(self.0.as_bytes()).hex()[..16].to_owned())
    }

    /// Whether the signature is this key's over that component.
    pub(crate) fn verifies(&self, component: &Digest, signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0.verify_strict(&message(component), &signature).is_ok()
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bytes = BASE64_STANDARD.decode(text.trim()).map_err(|_| KeyError::PublicEncoding)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| KeyError::PublicEncoding)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::PublicPoint)?;
        if key.is_weak() { Err(KeyError::PublicPoint) } else { Ok(Self(key)) }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_STANDARD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Not the short name of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key id has 16 lower-case hex digits")]
pub struct KeyIdError;

impl FromStr for KeyId {
    type Err = KeyIdError;

    fn from_str(text: &str) -> Result<Self, KeyIdError> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for KeyId {
    type Error = KeyIdError;

    fn try_from(text: String) -> Result<Self, KeyIdError> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits && text.len() == 16 { Ok(Self(text)) } else { Err(KeyIdError) }
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From RFC 8410, section 10.3: the same key without and with its public half.
    const PLAIN: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";

    fn write(path: &Path, content: &[u8], mode: u32) {
        std::fs::write(path, content).unwrap();
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }

    #[test]
    fn keys_of_other_tools_are_read_and_written_alike() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        write(&path, PLAIN.as_bytes(), 0o600);
        let key = SigningKey::load(&path).unwrap();
        assert_eq!(key.public().to_string(), PUBLIC);
        let again = folder.path().join("again.pem");
        key.save(&again).unwrap();
        assert_eq!(std::fs::read_to_string(&again).unwrap(), PLAIN);
    }

    #[test]
    fn a_new_key_comes_back_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let key = SigningKey::generate().unwrap();
        assert_ne!(key.public(), SigningKey::generate().unwrap().public());
        key.save(&path).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(SigningKey::load(&path).unwrap().public(), key.public());
        assert!(matches!(key.save(&path), Err(KeyError::Exists { .. })));
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.public().id()));
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        for mode in [0o640, 0o604, 0o660, 0o644, 0o601] {
            write(&path, PLAIN.as_bytes(), mode);
            let error = SigningKey::load(&path).unwrap_err();
            assert!(matches!(error, KeyError::Permissions { mode: seen, .. } if seen == mode), "{error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        write(&path, PLAIN.as_bytes(), 0o400);
        SigningKey::load(&path).unwrap();
    }

    #[test]
    fn what_is_not_a_key_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let rsa = PLAIN.replace("BQYDK2Vw", "BQYDK2Vx");
        for content in ["", "hello", &PLAIN[..60], &PLAIN.replace("MC4C", "MC4D"), &rsa] {
            write(&path, content.as_bytes(), 0o600);
            assert!(matches!(SigningKey::load(&path), Err(KeyError::NotAKey { .. })), "{content}");
        }
        write(&path, PLAIN.replace("PRIVATE", "ENCRYPTED PRIVATE").as_bytes(), 0o600);
        assert!(SigningKey::load(&path).unwrap_err().to_string().contains("openssl pkey"));
        assert!(matches!(
            SigningKey::load(folder.path()),
            Err(KeyError::Permissions { .. } | KeyError::NotAKey { .. })
        ));
        assert!(matches!(SigningKey::load(&folder.path().join("none")), Err(KeyError::File { .. })));
    }

    #[test]
    fn public_keys() {
        let key: PublicKey = PUBLIC.parse().unwrap();
        assert_eq!(key.to_string(), PUBLIC);
        assert_eq!(key.id().to_string().parse(), Ok(key.id()));
        for text in ["", "abc", "a b", &PUBLIC[..40], &format!("{PUBLIC}AAAA")] {
            assert!(matches!(text.parse::<PublicKey>(), Err(KeyError::PublicEncoding)), "{text}");
        }
        // The neutral element would accept anything as its signature.
        let neutral = BASE64_STANDARD.encode([&[1_u8][..], &[0; 31]].concat());
        assert!(matches!(neutral.parse::<PublicKey>(), Err(KeyError::PublicPoint)));
    }

    proptest! {
        #[test]
        fn any_file_is_answered(content in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..110) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("key.pem");
            let mut damaged = PLAIN.as_bytes().to_vec();
            damaged.splice(at..at + 1, content.iter().copied());
            for content in [content, damaged] {
                write(&path, &content, 0o600);
                let read = SigningKey::load(&path);
                prop_assert!(matches!(read, Ok(_) | Err(KeyError::NotAKey { .. })), "{:?}", read);
            }
        }
    }
}
