//! Where components come from and whether they may be trusted.
//!
//! A [`Reference`] names a component; [`fetch`] gets it from a file or an OCI registry, with the digests it was asked for
//! and the [`Signature`]s that came along; [`TrustStore::judge`] says what those are worth under the operator's
//! [`Policy`]; [`publish`] puts a component, signed with a [`SigningKey`], where others find it. Nothing here runs a
//! component, keeps one, or reads a setting.

mod component;
mod credentials;
mod digest;
mod error;
mod fetch;
mod key;
mod layout;
pub mod publish;
mod reference;
mod registry;
mod signature;
mod trust;

pub use credentials::{Credentials, CredentialsError};
pub use digest::{Digest, DigestError};
pub use error::Error;
pub use fetch::{FetchOptions, Fetched, fetch};
pub use key::{KeyError, KeyId, KeyIdError, PublicKey, SigningKey};
pub use layout::SIGNATURES;
pub use publish::{Metadata, PublishOptions, Published, publish};
pub use reference::{OciReference, Reference, ReferenceError, ReferenceFault, Source};
pub use registry::Access;
pub use signature::{MOST, Signature, SignatureError};
pub use trust::{Decision, Judgement, Policy, PolicyError, TrustError, TrustStore, Verdict};
