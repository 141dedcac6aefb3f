//! How a component lies in a registry: the artifact layout of the CNCF's Wasm working group, which `wkg` and the other
//! wasm-pkg tools read and write. One manifest, a configuration that says what the component imports and exports, and
//! exactly one layer: the component as it is.
//!
//! Signatures travel as an annotation of the manifest, in lines as in a `.sig` file. A second layer would keep `wkg` from
//! pulling (it wants exactly one); an artifact that refers to the manifest would need a second request, a registry that
//! knows referrers, and could be withheld or swapped on its own. Nothing is circular: what is signed is the component's
//! digest, not the manifest's. The price is that signing later makes a new manifest with a new digest; the component and
//! the pin on it stay.

use crate::component::World;
use crate::digest::Digest;
use crate::signature::{Signature, SignatureError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Media type of a manifest.
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media types of lists of manifests, asked for only to say that this is one.
pub(crate) const INDEXES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
/// Media type of the configuration.
pub(crate) const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// Media type of the layer.
pub(crate) const LAYER: &str = "application/wasm";
/// The annotation that holds signatures.
pub const SIGNATURES: &str = "mortise.plugin.signatures";

/// A manifest. Fields that are not read here are not named.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    pub(crate) schema_version: u32,
    pub(crate) media_type: Option<String>,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// Names a blob.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: String,
    pub(crate) size: u64,
}

/// Some tools write `null` for no annotations.
fn null_is_empty<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// The configuration, as the layout wants it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Config {
    pub(crate) created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) author: Option<String>,
    pub(crate) architecture: &'static str,
    pub(crate) os: &'static str,
    pub(crate) layer_digests: [String; 1],
    pub(crate) component: ConfigWorld,
}

/// The configuration's part about the component.
#[derive(Debug, Serialize)]
pub(crate) struct ConfigWorld {
    pub(crate) exports: Vec<String>,
    pub(crate) imports: Vec<String>,
    pub(crate) target: Option<String>,
}

impl Config {
    /// The configuration of one component.
    pub(crate) fn of(component: &Digest, world: World, author: Option<String>, created: String) -> Self {
        let World { imports, exports } = world;
        let component_world = ConfigWorld { exports, imports, target: None };
        let layer_digests = [component.to_string()];
        Self { created, author, architecture: "wasm", os: "wasip2", layer_digests, component: component_world }
    }
}

impl Descriptor {
    /// Names these bytes.
    pub(crate) fn of(media_type: &str, bytes: &[u8]) -> Self {
        let digest = Digest::of(bytes).to_string();
        Self { media_type: media_type.to_owned(), digest, size: bytes.len() as u64 }
    }
}

/// What a manifest says about the component.
#[derive(Debug)]
pub(crate) struct Artifact {
    /// The component's digest.
    pub(crate) component: Digest,
    /// Its length.
    pub(crate) size: u64,
    /// Annotations without the signatures.
    pub(crate) annotations: BTreeMap<String, String>,
    /// What the annotation holds.
    pub(crate) signatures: Result<Vec<Signature>, SignatureError>,
}

impl Artifact {
    /// Reads a manifest; the error says what the artifact is instead.
    pub(crate) fn read(manifest: &[u8]) -> Result<Self, String> {
        let kind =
            serde_json::from_slice::<Kind>(manifest).map_err(|error| format!("its manifest is damaged: {error}"))?;
        if kind.manifests.is_some() || kind.media_type.as_ref().is_some_and(|kind| INDEXES.contains(&kind.as_str())) {
            return Err("it is an index of several artifacts; name one of them by its digest".to_owned());
        }
        let manifest: Manifest =
            serde_json::from_slice(manifest).map_err(|error| format!("its manifest is damaged: {error}"))?;
        if manifest.schema_version != 2 {
            return Err(format!("its manifest has schema version {}, not 2", manifest.schema_version));
        }
        if let Some(other) = manifest.media_type.filter(|kind| kind != MANIFEST) {
            return Err(format!("its manifest has the media type {other:?}, not {MANIFEST:?}"));
        }
        if manifest.config.media_type != CONFIG {
            let other = manifest.config.media_type;
            return Err(format!("its configuration has the media type {other:?}, not {CONFIG:?}"));
        }
        let [layer] = manifest.layers.as_slice() else {
            return Err(format!("it has {} layers, a component is exactly one", manifest.layers.len()));
        };
        if layer.media_type != LAYER {
            return Err(format!("its layer has the media type {:?}, not {LAYER:?}", layer.media_type));
        }
        if !layer.digest.starts_with("sha256:") {
            return Err(format!("its layer is named by {:?}, and only sha256 is accepted", layer.digest));
        }
        let component = layer.digest.parse().map_err(|error| format!("its layer's digest is wrong: {error}"))?;
        let mut annotations = manifest.annotations;
        let signatures = match annotations.remove(SIGNATURES) {
            Some(lines) => Signature::parse_all(&lines),
            None => Ok(Vec::new()),
        };
        Ok(Self { component, size: layer.size, annotations, signatures })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    media_type: Option<String>,
    manifests: Option<serde::de::IgnoredAny>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn manifest() -> Value {
        json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": Digest::of(b"{}").to_string(), "size": 2},
            "layers": [{"mediaType": LAYER, "digest": Digest::of(b"x").to_string(), "size": 1}],
        })
    }

    fn why(change: impl FnOnce(&mut Value)) -> String {
        let mut manifest = manifest();
        change(&mut manifest);
        Artifact::read(manifest.to_string().as_bytes()).unwrap_err()
    }

    #[test]
    fn reads_a_component() {
        let artifact = Artifact::read(manifest().to_string().as_bytes()).unwrap();
        assert_eq!((artifact.component, artifact.size), (Digest::of(b"x"), 1));
        assert_eq!(artifact.signatures, Ok(Vec::new()));
        let mut bare = manifest();
        bare.as_object_mut().unwrap().remove("mediaType");
        bare["annotations"] = Value::Null;
        bare["somethingNew"] = json!({"a": 1});
        Artifact::read(bare.to_string().as_bytes()).unwrap();
    }

    #[test]
    fn says_what_else_it_is() {
        assert!(why(|m| m["schemaVersion"] = 1.into()).contains("schema version 1"));
        assert!(why(|m| m["mediaType"] = "text/html".into()).contains("text/html"));
        assert!(why(|m| m["mediaType"] = INDEXES[0].into()).contains("index"));
        assert!(why(|m| *m = json!({"schemaVersion": 2, "manifests": []})).contains("index"));
        let image = "application/vnd.oci.image.config.v1+json";
        assert!(why(|m| m["config"]["mediaType"] = image.into()).contains(image));
        assert!(why(|m| m["layers"] = json!([])).contains("0 layers"));
        assert!(why(|m| m["layers"] = json!([m["layers"][0], m["layers"][0]])).contains("2 layers"));
        assert!(why(|m| m["layers"][0]["mediaType"] = "application/gzip".into()).contains("application/gzip"));
        assert!(why(|m| m["layers"][0]["digest"] = "sha512:00".into()).contains("only sha256"));
        assert!(why(|m| m["layers"][0]["digest"] = "sha256:../../x".into()).contains("digest is wrong"));
        assert!(why(|m| m["layers"][0]["size"] = (-1).into()).contains("damaged"));
        assert!(why(|m| *m = json!("hello")).contains("damaged"));
    }

    #[test]
    fn damaged_signatures_are_told_apart_from_none() {
        let mut signed = manifest();
        signed["annotations"] = json!({SIGNATURES: "no signature", "org.opencontainers.image.version": "1"});
        let artifact = Artifact::read(signed.to_string().as_bytes()).unwrap();
        assert!(matches!(artifact.signatures, Err(SignatureError::Form(_))));
        assert_eq!(artifact.annotations.len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..300) {
            let _ = Artifact::read(&bytes);
            let mut damaged = manifest().to_string().into_bytes();
            let at = at.min(damaged.len());
            damaged.splice(at..at, bytes);
            let _ = Artifact::read(&damaged);
        }
    }
}
