//! One process at a time, nothing lost by closing.

use crate::fixture::{Fixture, add_tenant};
use mortise_domain::{ApiKey, Error, TenantId};
use mortise_store::Store;

#[tokio::test]
async fn a_folder_is_open_once() {
    let f = Fixture::new().await;
    let Err(Error::Conflict { reason, .. }) = Store::open(f.dir.path()).await else { panic!("opened twice") };
    assert!(reason.contains("in use by another process"), "{reason}");
    f.store.close().await.unwrap();
    Store::open(f.dir.path()).await.unwrap();
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let f = Fixture::new().await;
    let dataset = f.dataset("kept").await;
    let document = f.document(&dataset.id, "a.txt").await;
    f.parsed(&document, &["one two", "three"]).await;
    let tenant = dataset.tenant;
    f.store.close().await.unwrap();
    assert!(f.own.dataset(&dataset.id).await.is_err(), "calls after closing fail");

    let store = Store::open(f.dir.path()).await.unwrap();
    let own = store.tenant(&tenant);
    assert_eq!(own.dataset_by_name("KEPT").await.unwrap().unwrap().token_count, 3);
    assert_eq!(own.document(&dataset.id, &document.id).await.unwrap().unwrap().chunk_count, 2);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let f = Fixture::new().await;
    f.store.close().await.unwrap();
    let path = f.dir.path().join("mortise.db");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes()); // user_version in the file's header
    std::fs::write(&path, bytes).unwrap();
    let error = Store::open(f.dir.path()).await.err().unwrap();
    assert!(error.to_string().contains("newer version (schema 99"), "{error}");
}

#[tokio::test]
async fn tenants_and_keys() {
    let f = Fixture::new().await;
    let first = f.store.first_tenant().await.unwrap().unwrap();
    let second = add_tenant(&f.store, "two").await;
    assert_eq!(f.store.tenants().await.unwrap().len(), 2);
    assert_eq!(f.store.tenant_by_id(&second).await.unwrap().unwrap().name, "two");
    assert!(f.store.tenant_by_id(&TenantId::generate()).await.unwrap().is_none());
    assert!(matches!(f.store.create_tenant(&first).await, Err(Error::Conflict { noun: "tenant", .. })));

    assert!(!f.store.has_keys().await.unwrap());
    let key = ApiKey { hash: "h".into(), tenant: first.id.clone(), created: 1 };
    f.store.add_key(&key).await.unwrap();
    f.store.add_key(&key).await.unwrap();
    assert!(f.store.has_keys().await.unwrap());
    assert_eq!(f.store.tenant_of_key("h").await.unwrap(), Some(first.id));
    assert_eq!(f.store.tenant_of_key("x").await.unwrap(), None);
    let stolen = ApiKey { tenant: second, ..key.clone() };
    assert!(matches!(f.store.add_key(&stolen).await, Err(Error::Conflict { noun: "API key", .. })));
    let orphan = ApiKey { hash: "o".into(), tenant: TenantId::generate(), created: 1 };
    assert!(matches!(f.store.add_key(&orphan).await, Err(Error::NotFound { noun: "tenant", .. })));
}
