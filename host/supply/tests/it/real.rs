//! Publishing to and fetching from a real registry, side by side with the library that `wkg` does it with.

use crate::components::{EXPORT, IMPORT, component};
use crate::debian_registry::DebianRegistry;
use bytes::Bytes;
use mortise_supply::publish::{DESCRIPTION, VERSION};
use mortise_supply::{
    Access, Credentials, Decision, Digest, Error, FetchOptions, Metadata, Policy, PublishOptions, Published, Reference,
    SIGNATURES, SigningKey, TrustStore, Verdict, fetch, publish,
};
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use oci_wasm::{WasmClient, WasmConfig};
use std::collections::BTreeMap;

fn reference(text: &str) -> Reference {
    text.parse().unwrap()
}

fn metadata() -> Metadata {
    let annotations = BTreeMap::from([
        (VERSION.to_owned(), "1.0.0".to_owned()),
        (DESCRIPTION.to_owned(), "cuts «laws» into paragraphs".to_owned()),
    ]);
    Metadata { author: Some("Acme".to_owned()), created: None, annotations }
}

async fn put(place: &str, component: Bytes, key: Option<&SigningKey>) -> Result<Published, Error> {
    let signatures: Vec<_> = key.iter().map(|key| key.sign(&Digest::of(&component))).collect();
    publish(&reference(place), component, &metadata(), &signatures, &PublishOptions::default()).await
}

async fn get(place: &str) -> Result<mortise_supply::Fetched, Error> {
    fetch(&reference(place), &FetchOptions::default()).await
}

fn judge_of_the_layout() -> WasmClient {
    let config = ClientConfig { protocol: ClientProtocol::Http, ..Default::default() };
    WasmClient::new(oci_client::Client::new(config))
}

#[tokio::test]
async fn what_is_published_comes_back_whole_and_signed() {
    let Some(registry) = DebianRegistry::start() else { return };
    let (key, component) = (SigningKey::generate().unwrap(), component(3 << 20));
    let place = format!("oci://{}/acme/rag/laws:1.0.0", registry.host());
    let published = put(&place, component.clone(), Some(&key)).await.unwrap();
    assert_eq!(published.component, Digest::of(&component));

    let fetched = get(&place).await.unwrap();
    assert_eq!(fetched.component, component);
    assert_eq!(fetched.digest, published.component);
    assert_eq!(fetched.manifest_digest, Some(published.digest));
    let store = TrustStore::new([("acme", key.public().to_string())]).unwrap();
    let judgement = store.judge(&fetched.digest, &fetched.signatures, Policy::Deny);
    assert_eq!(judgement.verdict, Verdict::Trusted { by: "acme".to_owned() });

    // The reference that publishing gives, and the origin that fetching tells, name exactly this.
    let again = fetch(&published.reference, &FetchOptions::default()).await.unwrap();
    assert_eq!(again.origin, fetched.origin);
    assert_eq!(get(&fetched.origin).await.unwrap().component, component);
    // Another's signature does not fit another's component.
    let other = put(&format!("oci://{}/acme/other:1", registry.host()), crate::components::component(9), None).await;
    let judgement = store.judge(&other.unwrap().component, &fetched.signatures, Policy::Allow);
    assert!(matches!(judgement.decision, Decision::Refuse(_)));
}

#[tokio::test]
async fn digests_that_are_asked_for_are_kept() {
    let Some(registry) = DebianRegistry::start() else { return };
    let place = format!("oci://{}/laws", registry.host());
    let one = put(&format!("{place}:1"), component(1), None).await.unwrap();
    let two = put(&format!("{place}:2"), component(2), None).await.unwrap();
    // The manifest's digest wins over the tag.
    let fetched = get(&format!("{place}:2@{}", one.digest)).await.unwrap();
    assert_eq!(fetched.digest, one.component);
    let wrong = get(&format!("{place}:1#{}", two.component)).await.unwrap_err();
    assert!(matches!(wrong, Error::WrongDigest { actual, .. } if actual == one.component), "{wrong}");
    let absent = get(&format!("{place}@{}", Digest::of(b"absent"))).await.unwrap_err();
    assert!(matches!(absent, Error::NotFound { .. }), "{absent}");
    assert!(matches!(get(&place).await, Err(Error::NotFound { .. })), "there is no tag `latest`");
    let options = FetchOptions { max_bytes: 16, ..Default::default() };
    let large = fetch(&reference(&format!("{place}:1")), &options).await.unwrap_err();
    assert!(matches!(large, Error::TooLarge { limit: 16, .. }), "{large}");
}

#[tokio::test]
async fn a_tag_is_moved_only_on_purpose() {
    let Some(registry) = DebianRegistry::start() else { return };
    let place = format!("oci://{}/laws:1", registry.host());
    let first = put(&place, component(1), None).await.unwrap();
    assert_eq!(put(&place, component(1), None).await.unwrap(), first, "the same once more changes nothing");
    let taken = put(&place, component(2), None).await.unwrap_err();
    assert!(matches!(taken, Error::Exists { existing, .. } if existing == first.digest), "{taken}");
    assert_eq!(get(&place).await.unwrap().digest, first.component);

    // Signing later is a change, too.
    let key = SigningKey::generate().unwrap();
    assert!(matches!(put(&place, component(1), Some(&key)).await, Err(Error::Exists { .. })));
    let options = PublishOptions { replace: true, ..Default::default() };
    let signatures = [key.sign(&first.component)];
    let signed = publish(&reference(&place), component(1), &metadata(), &signatures, &options).await.unwrap();
    assert_ne!(signed.digest, first.digest);
    assert_eq!(get(&place).await.unwrap().signatures, signatures);
}

#[tokio::test]
async fn the_library_of_wkg_reads_what_is_published() {
    let Some(registry) = DebianRegistry::start() else { return };
    let component = component(1000);
    let key = SigningKey::generate().unwrap();
    let place = format!("{}/acme/laws:1.0.0", registry.host());
    let published = put(&format!("oci://{place}"), component.clone(), Some(&key)).await.unwrap();

    let (client, image) = (judge_of_the_layout(), place.parse().unwrap());
    let pulled = client.pull(&image, &RegistryAuth::Anonymous).await.unwrap();
    assert_eq!(pulled.layers[0].data, component);
    assert_eq!(pulled.digest, Some(published.digest.to_string()));
    let (manifest, config, _) = client.pull_manifest_and_config(&image, &RegistryAuth::Anonymous).await.unwrap();
    let annotations = manifest.annotations.unwrap();
    assert_eq!(annotations[VERSION], "1.0.0");
    assert!(annotations[SIGNATURES].contains("ed25519"));
    // What it would have written itself.
    let (own, _) = WasmConfig::from_raw_component(component.to_vec(), Some("Acme".to_owned())).unwrap();
    assert_eq!((&config.architecture, &config.os, &config.author), (&own.architecture, &own.os, &own.author));
    assert_eq!(config.layer_digests, own.layer_digests);
    let (config, own) = (config.component.unwrap(), own.component.unwrap());
    assert_eq!((&config.imports, &config.exports), (&own.imports, &own.exports));
    assert_eq!((config.imports, config.exports), (vec![IMPORT.to_owned()], vec![EXPORT.to_owned()]));
}

#[tokio::test]
async fn what_the_library_of_wkg_publishes_is_read() {
    let Some(registry) = DebianRegistry::start() else { return };
    let component = component(1000);
    let place = format!("{}/acme/laws:2.0.0", registry.host());
    let (config, layer) = WasmConfig::from_raw_component(component.to_vec(), None).unwrap();
    let client = judge_of_the_layout();
    client.push(&place.parse().unwrap(), &RegistryAuth::Anonymous, layer, config, None).await.unwrap();
    let fetched = get(&format!("oci://{place}")).await.unwrap();
    assert_eq!(fetched.component, component);
    assert!(fetched.signatures.is_empty());
}

#[tokio::test]
async fn a_locked_registry() {
    let Some(registry) = DebianRegistry::start_locked() else { return };
    let place = reference(&format!("oci://{}/laws:1", registry.host()));
    let access = |credentials: Option<Credentials>| {
        let credentials = credentials.map(|credentials| (registry.host(), credentials)).into_iter().collect();
        Access { credentials, ..Default::default() }
    };
    let options = |credentials| PublishOptions { access: access(credentials), replace: false };
    let put = async |credentials| publish(&place, component(1), &metadata(), &[], &options(credentials)).await;
    let error = put(None).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { given: false, .. }), "{error}");
    for wrong in [Credentials::password("anna", "wrong"), Credentials::token("wrong")] {
        let error = put(Some(wrong)).await.unwrap_err();
        assert!(matches!(error, Error::Unauthorized { given: true, .. }), "{error}");
    }
    let anna = Credentials::password("anna", "secret");
    let published = put(Some(anna.clone())).await.unwrap();
    let fetched = fetch(&place, &FetchOptions { access: access(Some(anna)), ..Default::default() }).await.unwrap();
    assert_eq!(fetched.digest, published.component);
    let error = fetch(&place, &FetchOptions::default()).await.unwrap_err();
    assert!(error.to_string().contains("asks for credentials"), "{error}");
}
