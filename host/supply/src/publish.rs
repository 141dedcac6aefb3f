//! Publishing a component to a registry, in the layout that `wkg` reads, its signatures with it.

use crate::component;
use crate::digest::Digest;
use crate::error::Error;
use crate::layout::{Artifact, CONFIG, Config, Descriptor, LAYER, MANIFEST, Manifest, SIGNATURES};
use crate::reference::{OciReference, Reference, Source};
use crate::registry::{Access, Action, Registry};
use crate::signature::Signature;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::time::SystemTime;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What a publisher says about a component.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// Who made it.
    pub author: Option<String>,
    /// When; now, if not said. The same moment gives the same manifest.
    pub created: Option<SystemTime>,
    /// Annotations of the manifest, such as [`VERSION`].
    pub annotations: BTreeMap<String, String>,
}

/// Annotation: a name for people.
pub const TITLE: &str = "org.opencontainers.image.title";
/// Annotation: one sentence.
pub const DESCRIPTION: &str = "org.opencontainers.image.description";
/// Annotation: the component's version.
pub const VERSION: &str = "org.opencontainers.image.version";
/// Annotation: where its source is.
pub const SOURCE: &str = "org.opencontainers.image.source";
/// Annotation: an SPDX expression.
pub const LICENSES: &str = "org.opencontainers.image.licenses";

/// How components are published.
#[derive(Clone, Debug, Default)]
pub struct PublishOptions {
    /// Whether a tag that names something else already may be moved.
    pub replace: bool,
    /// How the registry is reached.
    pub access: Access,
}

/// What was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Digest of the manifest.
    pub digest: Digest,
    /// Digest of the component.
    pub component: Digest,
    /// The reference that names exactly this, for ever.
    pub reference: Reference,
}

/// Publishes a component under a tag. The same once more changes nothing.
pub async fn publish(
    reference: &Reference,
    component: Bytes,
    metadata: &Metadata,
    signatures: &[Signature],
    options: &PublishOptions,
) -> Result<Published, Error> {
    let draft = Draft::new(reference, component, metadata, signatures)?;
    let allowed = options.access.timeout;
    let (oci, component) = (draft.oci, draft.digest);
    let digest = tokio::time::timeout(allowed, draft.put(options))
        .await
        .map_err(|_| Error::TimedOut { host: oci.registry().to_owned(), allowed })??;
    tracing::info!(reference = %oci, manifest = %digest, %component, "component published");
    let reference = Reference { source: Source::Oci(oci.clone().with_digest(digest)), pin: Some(component) };
    Ok(Published { digest, component, reference })
}

/// Everything that is to be put, ready before the registry is asked for anything.
struct Draft<'a> {
    oci: &'a OciReference,
    tag: &'a str,
    component: Bytes,
    digest: Digest,
    config: Bytes,
    manifest: Bytes,
}

impl<'a> Draft<'a> {
    fn new(
        reference: &'a Reference,
        component: Bytes,
        metadata: &Metadata,
        signatures: &[Signature],
    ) -> Result<Self, Error> {
        let refused = |why: &str| Error::Unpublishable { reference: reference.to_string(), why: why.to_owned() };
        let Source::Oci(oci) = &reference.source else {
            return Err(refused("it is a file; name a registry: oci://registry/repository:tag"));
        };
        if oci.digest().is_some() {
            return Err(refused("the digest follows from what is published; leave it out"));
        }
        let tag = oci.tag().ok_or_else(|| refused("it has no tag; add the version, such as :1.0.0"))?;
        if metadata.annotations.contains_key(SIGNATURES) {
            return Err(refused("its signatures are not given as an annotation"));
        }
        let broken = |why: String| Error::NotAComponent { origin: "what is to be published".to_owned(), why };
        component::check(&component).map_err(|why| broken(why.to_owned()))?;
        let world = component::world(&component).map_err(|error| broken(error.to_string()))?;
        let digest = Digest::of(&component);
        if let Some(expected) = reference.pin.filter(|pin| *pin != digest) {
            let what = "what is to be published".to_owned();
            return Err(Error::WrongDigest { what, expected, actual: digest });
        }
        let created = OffsetDateTime::from(metadata.created.unwrap_or_else(SystemTime::now));
        // Whole seconds: readers differ in how many decimals they take.
        let created = created.replace_nanosecond(0).unwrap_or(created).format(&Rfc3339);
        let created = created.map_err(|_| refused("its date of creation is no date"))?;
        let config = Config::of(&digest, world, metadata.author.clone(), created);
        let json = |error: serde_json::Error| refused(&error.to_string());
        let config = serde_json::to_vec(&config).map_err(json)?;
        let mut annotations = metadata.annotations.clone();
        if !signatures.is_empty() {
            annotations.insert(SIGNATURES.to_owned(), Signature::write_all(signatures));
        }
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(MANIFEST.to_owned()),
            config: Descriptor::of(CONFIG, &config),
            layers: vec![Descriptor::of(LAYER, &component)],
            annotations,
        };
        let manifest = serde_json::to_vec(&manifest).map_err(json)?;
        Ok(Self { oci, tag, component, digest, config: config.into(), manifest: manifest.into() })
    }

    async fn put(self, options: &PublishOptions) -> Result<Digest, Error> {
        let registry = Registry::open(self.oci, &options.access, Action::Push)?;
        if let Some((bytes, existing)) = registry.manifest(self.tag).await? {
            if self.says_the_same(&bytes) {
                tracing::debug!(%existing, "the registry has this component under this tag");
                return Ok(existing);
            }
            if !options.replace {
                return Err(Error::Exists { reference: self.oci.to_string(), existing });
            }
        }
        registry.put_blob(&self.digest, self.component).await?;
        registry.put_blob(&Digest::of(&self.config), self.config).await?;
        registry.put_manifest(self.tag, self.manifest).await
    }

    /// Whether the manifest there differs in nothing but its date.
    fn says_the_same(&self, there: &[u8]) -> bool {
        let (Ok(there), Ok(here)) = (Artifact::read(there), Artifact::read(&self.manifest)) else { return false };
        let told = |artifact: Artifact| (artifact.component, artifact.annotations, artifact.signatures);
        told(there) == told(here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    fn draft(reference: &str, component: &'static [u8], metadata: &Metadata) -> Result<(String, String), String> {
        let reference: Reference = reference.parse().unwrap();
        let draft = Draft::new(&reference, Bytes::from_static(component), metadata, &[]);
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        draft.map(|draft| (text(&draft.config), text(&draft.manifest))).map_err(|error| error.to_string())
    }

    #[test]
    fn the_layout_to_the_letter() {
        let created = Some(SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_700_000_000_999));
        let annotations = BTreeMap::from([(VERSION.to_owned(), "1.0.0".to_owned())]);
        let metadata = Metadata { author: Some("Acme".to_owned()), created, annotations };
        let (config, manifest) = draft("oci://h/r:1", COMPONENT, &metadata).unwrap();
        let digest = Digest::of(COMPONENT);
        assert_eq!(
            config,
            format!(
                r#"{{"created":"2023-11-14T22:13:20Z","author":"Acme","architecture":"wasm","os":"wasip2","layerDigests":["{digest}"],"component":{{"exports":[],"imports":[],"target":null}}}}"#
            )
        );
        let config_digest = Digest::of(config.as_bytes());
        let size = config.len();
        assert_eq!(
            manifest,
            format!(
                r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{{"mediaType":"{CONFIG}","digest":"{config_digest}","size":{size}}},"layers":[{{"mediaType":"{LAYER}","digest":"{digest}","size":8}}],"annotations":{{"{VERSION}":"1.0.0"}}}}"#
            )
        );
    }

    #[test]
    fn what_cannot_be_published_says_why() {
        let why = |reference: &str, component, metadata: &Metadata| draft(reference, component, metadata).unwrap_err();
        let plain = Metadata::default();
        assert!(why("./x.wasm", COMPONENT, &plain).contains("oci://"));
        assert!(why("oci://h/r", COMPONENT, &plain).contains(":1.0.0"));
        let digest = Digest::of(COMPONENT);
        assert!(why(&format!("oci://h/r:1@{digest}"), COMPONENT, &plain).contains("leave it out"));
        assert!(why("oci://h/r:1", b"\0asm\x01\0\0\0", &plain).contains("core module"));
        assert!(why("oci://h/r:1", b"\0asm\x0d\0\x01\0\xff", &plain).contains("not a component"));
        assert!(why(&format!("oci://h/r:1#{}", Digest::of(b"")), COMPONENT, &plain).contains("digest"));
        let annotations = BTreeMap::from([(SIGNATURES.to_owned(), String::new())]);
        assert!(why("oci://h/r:1", COMPONENT, &Metadata { annotations, ..plain }).contains("annotation"));
    }
}
