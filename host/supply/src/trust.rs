//! Whom an operator trusts, and what follows from it for a component. Offline: nothing is asked of anyone.

use crate::digest::Digest;
use crate::key::{KeyError, KeyId, PublicKey};
use crate::signature::Signature;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The keys an operator trusts, by the names they were given.
#[derive(Clone, Debug, Default)]
pub struct TrustStore {
    keys: BTreeMap<String, PublicKey>,
}

/// A key that cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Not a key.
    #[error("[trust.keys] {name}: {source}")]
    Key {
        /// Its name.
        name: String,
        /// Why not.
        source: KeyError,
    },
    /// The same key under two names: nobody could say who signed.
    #[error("[trust.keys] {name} and {other} are the same key: remove one")]
    Twice {
        /// One name.
        name: String,
        /// The other.
        other: String,
    },
}

/// What is done with components that no trusted key has signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// They are installed.
    Allow,
    /// They are installed, and a warning says so.
    #[default]
    Warn,
    /// They are refused.
    Deny,
}

/// What the signatures of a component are worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Signed by a trusted key.
    Trusted {
        /// The key's name in the trust store.
        by: String,
    },
    /// Not signed.
    Unsigned,
    /// Signed, but by nobody known.
    UnknownKey {
        /// The key's id.
        id: KeyId,
    },
    /// A trusted key's signature does not fit: something was changed on the way.
    Invalid {
        /// What does not fit.
        why: String,
    },
}

/// A verdict and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What the signatures are worth.
    pub verdict: Verdict,
    /// Whether the component may be installed.
    pub decision: Decision,
}

/// Whether a component may be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Install,
    /// It may, and the operator is told this.
    Warn(String),
    /// It may not; the text says why and what to do.
    Refuse(String),
}

impl TrustStore {
    /// A store of `name = "base64 of the public key"`.
    pub fn new(keys: impl IntoIterator<Item = (impl Into<String>, impl AsRef<str>)>) -> Result<Self, TrustError> {
        let mut store = Self::default();
        for (name, key) in keys {
            let name = name.into();
            match key.as_ref().parse() {
                Ok(key) => store.add(name, key)?,
                Err(source) => return Err(TrustError::Key { name, source }),
            }
        }
        Ok(store)
    }

    /// Trusts a key. A name that is taken gets the new key.
    pub fn add(&mut self, name: impl Into<String>, key: PublicKey) -> Result<(), TrustError> {
        let name = name.into();
        if let Some((other, _)) = self.keys.iter().find(|(other, known)| **known == key && **other != name) {
            return Err(TrustError::Twice { name, other: other.clone() });
        }
        self.keys.insert(name, key);
        Ok(())
    }

    /// Names and keys.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &PublicKey)> {
        self.keys.iter().map(|(name, key)| (name.as_str(), key))
    }

    /// Judges a component by its digest and the signatures that came with it.
    ///
    /// One signature of a trusted key that does not fit spoils all others: someone has changed something. A signature
    /// says who made the bytes, not under which name or version they are offered; that is what a pin is for.
    pub fn judge(&self, component: &Digest, signatures: &[Signature], policy: Policy) -> Judgement {
        let verdict = self.verdict(component, signatures);
        Judgement { decision: decide(&verdict, policy), verdict }
    }

    fn verdict(&self, component: &Digest, signatures: &[Signature]) -> Verdict {
        let mut trusted = None;
        let mut unknown = None;
        for signature in signatures {
            let mut known = self.keys.iter().filter(|(_, key)| key.id() == signature.key).peekable();
            if known.peek().is_none() {
                unknown.get_or_insert(&signature.key);
                continue;
            }
            let names: Vec<&str> = known.clone().map(|(name, _)| name.as_str()).collect();
            match known.find(|(_, key)| key.verifies(component, signature.bytes())) {
                Some((name, _)) => _ = trusted.get_or_insert(name),
                None => {
                    let (who, id) = (names.join(" or "), &signature.key);
                    let why = format!("the signature of {who} (key {id}) is not one of the component {component}");
                    return Verdict::Invalid { why };
                }
            }
        }
        match (trusted, unknown) {
            (Some(by), _) => Verdict::Trusted { by: by.clone() },
            (None, Some(id)) => Verdict::UnknownKey { id: id.clone() },
            (None, None) => Verdict::Unsigned,
        }
    }
}

fn decide(verdict: &Verdict, policy: Policy) -> Decision {
    let problem = match verdict {
        Verdict::Trusted { .. } => return Decision::Install,
        Verdict::Invalid { .. } => {
            let remedy = "the component or its signature was changed; get both anew from their author";
            return Decision::Refuse(format!("{verdict}: {remedy}"));
        }
        Verdict::Unsigned | Verdict::UnknownKey { .. } => verdict,
    };
    let remedy = match verdict {
        Verdict::UnknownKey { .. } => "if you trust its owner, add the public key to [trust.keys]",
        _ => "ask its author for a signature, or sign it yourself",
    };
    match policy {
        Policy::Allow => Decision::Install,
        Policy::Warn => Decision::Warn(format!("{problem}: {remedy}")),
        Policy::Deny => {
            Decision::Refuse(format!("{problem}, and [trust] unsigned = \"deny\": {remedy}, or set it to \"warn\""))
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trusted { by } => write!(f, "signed by {by}"),
            Self::Unsigned => f.write_str("the component is not signed"),
            Self::UnknownKey { id } => write!(f, "the component is signed by key {id}, which is not trusted here"),
            Self::Invalid { why } => f.write_str(why),
        }
    }
}

/// Not a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a policy: write allow, warn or deny")]
pub struct PolicyError(String);

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        match text {
            "allow" => Ok(Self::Allow),
            "warn" => Ok(Self::Warn),
            "deny" => Ok(Self::Deny),
            _ => Err(PolicyError(text.to_owned())),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;
    use proptest::prelude::*;

    const POLICIES: [Policy; 3] = [Policy::Allow, Policy::Warn, Policy::Deny];

    fn key() -> SigningKey {
        SigningKey::generate().unwrap()
    }

    fn store(keys: &[(&str, &SigningKey)]) -> TrustStore {
        TrustStore::new(keys.iter().map(|(name, key)| (*name, key.public().to_string()))).unwrap()
    }

    fn refused(judgement: &Judgement) -> bool {
        matches!(judgement.decision, Decision::Refuse(_))
    }

    #[test]
    fn a_trusted_signature_installs_under_every_policy() {
        let (acme, other) = (key(), key());
        let component = Digest::of(b"component");
        let store = store(&[("acme", &acme), ("other", &other)]);
        for policy in POLICIES {
            let judgement = store.judge(&component, &[key().sign(&component), acme.sign(&component)], policy);
            assert_eq!(judgement.verdict, Verdict::Trusted { by: "acme".to_owned() });
            assert_eq!(judgement.decision, Decision::Install);
        }
    }

    #[test]
    fn unsigned_and_unknown_follow_the_policy() {
        let (acme, stranger) = (key(), key());
        let component = Digest::of(b"component");
        let unknown = stranger.sign(&component);
        for signatures in [&[][..], &[unknown.clone()]] {
            let judge = |policy| store(&[("acme", &acme)]).judge(&component, signatures, policy);
            assert_eq!(judge(Policy::Allow).decision, Decision::Install);
            assert!(matches!(judge(Policy::Warn).decision, Decision::Warn(_)));
            let refused = judge(Policy::Deny);
            assert!(matches!(&refused.decision, Decision::Refuse(why) if why.contains("[trust] unsigned")));
            let verdict = match signatures {
                [] => Verdict::Unsigned,
                _ => Verdict::UnknownKey { id: stranger.public().id() },
            };
            assert_eq!(refused.verdict, verdict);
        }
    }

    #[test]
    fn an_invalid_signature_is_refused_under_every_policy() {
        let (acme, second) = (key(), key());
        let (component, tampered) = (Digest::of(b"component"), Digest::of(b"Component"));
        let store = store(&[("acme", &acme), ("second", &second)]);
        let signature = acme.sign(&component);
        // The component was changed, or the signature is one of another component.
        let replayed = store.judge(&tampered, std::slice::from_ref(&signature), Policy::Allow);
        // Signed with another key under a trusted key's name.
        let forged = Signature::new(acme.public().id(), *key().sign(&component).bytes());
        let forged = store.judge(&component, &[forged], Policy::Allow);
        for judgement in [replayed, forged] {
            assert!(matches!(&judgement.verdict, Verdict::Invalid { why } if why.contains("acme")));
            assert!(refused(&judgement));
        }
        for policy in POLICIES {
            let both = [second.sign(&component), acme.sign(&tampered)];
            assert!(refused(&store.judge(&component, &both, policy)), "a good one does not make up for it");
        }
    }

    #[test]
    fn any_changed_bit_of_a_signature_is_found() {
        let acme = key();
        let component = Digest::of(b"component");
        let store = store(&[("acme", &acme)]);
        for bit in 0..512 {
            let mut bytes = *acme.sign(&component).bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let judgement = store.judge(&component, &[Signature::new(acme.public().id(), bytes)], Policy::Allow);
            assert!(refused(&judgement), "bit {bit}");
        }
    }

    #[test]
    fn a_plain_signature_of_the_digest_is_not_one_of_a_component() {
        use ed25519_dalek::Signer as _;
        let seed = [7; 32];
        let signer = ed25519_dalek::SigningKey::from_bytes(&seed);
        let public: PublicKey = {
            use base64::Engine as _;
            base64::prelude::BASE64_STANDARD.encode(signer.verifying_key().as_bytes()).parse().unwrap()
        };
        let component = Digest::of(b"component");
        let mut store = TrustStore::default();
        store.add("acme", public).unwrap();
        for signed in [component.hex(), component.to_string(), format!("other-use-v1\n{}", component.hex())] {
            let signature = Signature::new(public.id(), signer.sign(signed.as_bytes()).to_bytes());
            assert!(refused(&store.judge(&component, &[signature], Policy::Allow)), "{signed}");
        }
        let signed = format!("mortise-plugin-v1\n{}", component.hex());
        let signature = Signature::new(public.id(), signer.sign(signed.as_bytes()).to_bytes());
        assert_eq!(store.judge(&component, &[signature], Policy::Deny).decision, Decision::Install);
    }

    #[test]
    fn wrong_keys_in_the_settings_are_named() {
        let acme = key().public().to_string();
        let error = TrustStore::new([("acme", "AAAA")]).unwrap_err().to_string();
        assert!(error.starts_with("[trust.keys] acme: "), "{error}");
        let error = TrustStore::new([("acme", &acme), ("also", &acme)]).unwrap_err().to_string();
        assert!(error.contains("acme") && error.contains("also"), "{error}");
        assert_eq!(TrustStore::new([("acme", &acme), ("acme", &acme)]).unwrap().keys().count(), 1);
    }

    #[test]
    fn policies() {
        for policy in POLICIES {
            assert_eq!(policy.to_string().parse(), Ok(policy));
            assert_eq!(serde_json::to_value(policy).unwrap(), policy.to_string());
        }
        assert!("Deny".parse::<Policy>().unwrap_err().to_string().contains("allow, warn or deny"));
        assert_eq!(Policy::default(), Policy::Warn);
    }

    proptest! {
        #[test]
        fn no_bytes_pass_for_a_signature(bytes in proptest::collection::vec(any::<u8>(), 64)) {
            let acme = key();
            let component = Digest::of(b"component");
            let forged = Signature::new(acme.public().id(), bytes.try_into().unwrap());
            prop_assert!(refused(&store(&[("acme", &acme)]).judge(&component, &[forged], Policy::Allow)));
        }

        #[test]
        fn a_signature_fits_its_component_alone(one in any::<[u8; 8]>(), two in any::<[u8; 8]>()) {
            let acme = key();
            let store = store(&[("acme", &acme)]);
            let signature = acme.sign(&Digest::of(&one));
            let judgement = store.judge(&Digest::of(&two), &[signature], Policy::Allow);
            prop_assert_eq!(refused(&judgement), one != two);
        }
    }
}
