//! Getting a component: from a file or a registry, whole, bounded, and with the digest that was asked for.

use crate::component;
use crate::digest::Digest;
use crate::error::Error;
use crate::layout::{Artifact, SIGNATURES};
use crate::reference::{OciReference, Reference, Source};
use crate::registry::{Access, Action, Registry};
use crate::signature::{LONGEST, Signature};
use bytes::Bytes;
use std::path::Path;
use tokio::io::AsyncReadExt as _;

/// How components are fetched.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// Longest component.
    pub max_bytes: u64,
    /// How registries are reached.
    pub access: Access,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self { max_bytes: 256 << 20, access: Access::default() }
    }
}

/// A component that has arrived. Whether it may be trusted, [`crate::TrustStore::judge`] says.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Its bytes.
    pub component: Bytes,
    /// Their digest.
    pub digest: Digest,
    /// Where it came from, without a pin: a path, or `oci://…` with the manifest's digest, which names it for ever.
    pub origin: String,
    /// The signatures that came with it.
    pub signatures: Vec<Signature>,
    /// Digest of the manifest, where it came from a registry.
    pub manifest_digest: Option<Digest>,
}

/// Gets a component, and checks the digests that the reference names.
pub async fn fetch(reference: &Reference, options: &FetchOptions) -> Result<Fetched, Error> {
    let fetched = match &reference.source {
        Source::File(path) => from_file(path, options).await?,
        Source::Oci(oci) => {
            let whole = from_registry(oci, reference.pin.as_ref(), options);
            let allowed = options.access.timeout;
            tokio::time::timeout(allowed, whole)
                .await
                .map_err(|_| Error::TimedOut { host: oci.registry().to_owned(), allowed })??
        }
    };
    expect(reference.pin.as_ref(), fetched.digest, || format!("the component {}", fetched.origin))?;
    component::check(&fetched.component)
        .map_err(|why| Error::NotAComponent { origin: fetched.origin.clone(), why: why.to_owned() })?;
    tracing::info!(
        origin = fetched.origin,
        digest = %fetched.digest,
        bytes = fetched.component.len(),
        signatures = fetched.signatures.len(),
        "component fetched"
    );
    Ok(fetched)
}

fn expect(expected: Option<&Digest>, actual: Digest, what: impl Fn() -> String) -> Result<(), Error> {
    match expected.filter(|expected| **expected != actual) {
        Some(expected) => Err(Error::WrongDigest { what: what(), expected: *expected, actual }),
        None => Ok(()),
    }
}

async fn from_file(path: &Path, options: &FetchOptions) -> Result<Fetched, Error> {
    let component = read(path, options.max_bytes).await?;
    let beside = Signature::file_of(path);
    let signatures = match read(&beside, LONGEST).await {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let place = beside.display().to_string();
            Signature::parse_all(&text).map_err(|source| Error::Signatures { place, source })?
        }
        Err(Error::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let (digest, origin) = (Digest::of(&component), path.display().to_string());
    Ok(Fetched { digest, component, origin, signatures, manifest_digest: None })
}

async fn read(path: &Path, limit: u64) -> Result<Bytes, Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    // Opening a pipe would wait for its other end.
    if !tokio::fs::metadata(path).await.map_err(failed)?.is_file() {
        return Err(Error::NotAFile { path: path.to_owned() });
    }
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).await.map_err(failed)?;
    match bytes.len() as u64 > limit {
        true => Err(Error::TooLarge { what: path.display().to_string(), limit }),
        false => Ok(bytes.into()),
    }
}

async fn from_registry(
    reference: &OciReference,
    pin: Option<&Digest>,
    options: &FetchOptions,
) -> Result<Fetched, Error> {
    let registry = Registry::open(reference, &options.access, Action::Pull)?;
    let found = registry.manifest(&reference.wanted()).await?;
    let (manifest, manifest_digest) = found.ok_or_else(|| Error::NotFound { reference: reference.to_string() })?;
    expect(reference.digest(), manifest_digest, || format!("the manifest of {reference}"))?;
    let layout = |why| Error::Layout { reference: reference.to_string(), why };
    let artifact = Artifact::read(&manifest).map_err(layout)?;
    // Before anything is downloaded that would not be taken.
    expect(pin, artifact.component, || format!("the component {reference}"))?;
    if artifact.size > options.max_bytes {
        return Err(Error::TooLarge { what: format!("the component {reference}"), limit: options.max_bytes });
    }
    let place = || format!("the annotation {SIGNATURES} of {reference}");
    let signatures = artifact.signatures.map_err(|source| Error::Signatures { place: place(), source })?;
    let component = registry.blob(&artifact.component, artifact.size).await?;
    let origin = reference.clone().with_digest(manifest_digest).to_string();
    Ok(Fetched { component, digest: artifact.component, origin, signatures, manifest_digest: Some(manifest_digest) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;

    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    async fn get(path: impl AsRef<Path>) -> Result<Fetched, Error> {
        fetch(&Reference::file(path), &FetchOptions::default()).await
    }

    #[tokio::test]
    async fn a_file_and_its_signatures() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wasm");
        std::fs::write(&path, COMPONENT).unwrap();
        let bare = get(&path).await.unwrap();
        assert_eq!((bare.component.as_ref(), bare.digest), (COMPONENT, Digest::of(COMPONENT)));
        assert!(bare.signatures.is_empty() && bare.manifest_digest.is_none());
        let signatures = vec![SigningKey::generate().unwrap().sign(&bare.digest)];
        std::fs::write(Signature::file_of(&path), Signature::write_all(&signatures)).unwrap();
        assert_eq!(get(&path).await.unwrap().signatures, signatures);
    }

    #[tokio::test]
    async fn a_pin_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wasm");
        std::fs::write(&path, COMPONENT).unwrap();
        let reference = Reference::file(&path);
        fetch(&reference.clone().pinned(Digest::of(COMPONENT)), &FetchOptions::default()).await.unwrap();
        let wrong = fetch(&reference.pinned(Digest::of(b"")), &FetchOptions::default()).await.unwrap_err();
        assert!(matches!(wrong, Error::WrongDigest { expected, .. } if expected == Digest::of(b"")), "{wrong}");
    }

    #[tokio::test]
    async fn what_is_no_component_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wasm");
        assert!(matches!(get(&path).await, Err(Error::File { .. })));
        assert!(matches!(get(folder.path()).await, Err(Error::NotAFile { .. })));
        assert!(matches!(get("/dev/zero").await, Err(Error::NotAFile { .. })));
        std::fs::write(&path, "hello").unwrap();
        assert!(matches!(get(&path).await, Err(Error::NotAComponent { .. })));
        std::fs::write(&path, b"\0asm\x01\0\0\0").unwrap();
        let error = get(&path).await.unwrap_err().to_string();
        assert!(error.contains("wasm32-wasip2"), "{error}");
    }

    #[tokio::test]
    async fn bounds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wasm");
        std::fs::write(&path, COMPONENT).unwrap();
        let limited = |max_bytes| FetchOptions { max_bytes, ..Default::default() };
        fetch(&Reference::file(&path), &limited(8)).await.unwrap();
        let error = fetch(&Reference::file(&path), &limited(7)).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: 7, .. }));
        for damaged in ["", "x", &"\n".repeat(LONGEST as usize + 1), "\u{0}{}"] {
            std::fs::write(Signature::file_of(&path), damaged).unwrap();
            let error = get(&path).await.unwrap_err();
            assert!(matches!(error, Error::Signatures { .. } | Error::TooLarge { .. }), "{error}");
        }
    }
}
