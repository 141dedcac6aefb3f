//! Stored bytes: once each, durable, swept.

use crate::fixture::{Fixture, draft, new_document};
use mortise_domain::{BlobId, ChunkDraft, NewDocument};
use mortise_store::Store;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

async fn put(store: &Store, bytes: &[u8]) -> BlobId {
    let mut writer = store.blobs().begin().await.unwrap();
    for piece in bytes.chunks(7) {
        writer.write(piece).await.unwrap();
    }
    assert_eq!(writer.size(), bytes.len() as u64);
    let (id, size) = writer.finish().await.unwrap();
    assert_eq!(size, bytes.len() as u64);
    id
}

fn path(f: &Fixture, id: &BlobId) -> PathBuf {
    f.dir.path().join("blobs").join(&id.as_str()[..2]).join(id.as_str())
}

fn age(f: &Fixture, id: &BlobId) {
    let file = std::fs::File::options().append(true).open(path(f, id)).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(2 * 60 * 60)).unwrap();
}

fn temporary_files(f: &Fixture) -> usize {
    std::fs::read_dir(f.dir.path().join("blobs/tmp")).unwrap().count()
}

#[tokio::test]
async fn bytes_come_back_by_range() {
    let f = Fixture::new().await;
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let id = put(&f.store, &bytes).await;
    let source = f.store.blobs().open(&id).await.unwrap();
    assert_eq!(source.size(), 100_000);
    assert_eq!(source.read_at(0, usize::MAX).unwrap(), bytes);
    assert_eq!(source.read_at(99_990, 100).unwrap(), bytes[99_990..]);
    assert_eq!(source.read_at(500, 3).unwrap(), bytes[500..503]);
    assert!(source.read_at(100_000, 1).unwrap().is_empty() && source.read_at(u64::MAX, 1).unwrap().is_empty());
    assert_eq!(put(&f.store, &bytes).await, id, "the same bytes are the same blob");
    let empty = put(&f.store, b"").await;
    assert_eq!(empty.as_str(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(f.store.blobs().open(&empty).await.unwrap().size(), 0);
    assert_eq!(temporary_files(&f), 0);
}

#[tokio::test]
async fn what_is_no_id_opens_no_file() {
    let f = Fixture::new().await;
    for id in ["", "a", "../../mortise.db", &"a".repeat(64), &"A".repeat(64), &"/".repeat(64), &"é".repeat(32)] {
        assert!(f.store.blobs().open(&BlobId::new(id)).await.is_err(), "{id}");
    }
}

#[tokio::test]
async fn an_unfinished_upload_leaves_nothing() {
    let f = Fixture::new().await;
    let mut writer = f.store.blobs().begin().await.unwrap();
    writer.write(b"half").await.unwrap();
    assert_eq!(temporary_files(&f), 1);
    drop(writer);
    assert_eq!(temporary_files(&f), 0);
    std::fs::write(f.dir.path().join("blobs/tmp/7"), b"of a killed process").unwrap();
    f.store.close().await.unwrap();
    let _store = Store::open(f.dir.path()).await.unwrap();
    assert_eq!(temporary_files(&f), 0);
}

#[tokio::test]
async fn a_damaged_file_is_replaced_by_the_next_upload() {
    let f = Fixture::new().await;
    let id = put(&f.store, b"whole").await;
    std::fs::write(path(&f, &id), b"").unwrap();
    assert_eq!(put(&f.store, b"whole").await, id);
    assert_eq!(f.store.blobs().open(&id).await.unwrap().read_at(0, 9).unwrap(), b"whole");
}

#[tokio::test]
async fn a_sweep_removes_what_is_old_and_unused() {
    let f = Fixture::new().await;
    let dataset = f.dataset("d").await;
    let [named, pictured, unused, young, again] =
        [&b"named"[..], b"pictured", b"unused", b"young", b"again"].map(|bytes| (bytes, &f.store));
    let mut ids = Vec::new();
    for (bytes, store) in [named, pictured, unused, again, young] {
        ids.push(put(store, bytes).await);
    }
    let document = NewDocument { blob: ids[0].clone(), ..new_document("a.txt") };
    let document = f.own.insert_document(&dataset.id, document).await.unwrap();
    let picture = ChunkDraft { image: Some(ids[1].clone()), ..draft(&document.id, "picture") };
    f.own.add_chunk(&dataset.id, &document.id, picture, "s").await.unwrap();
    ids[..4].iter().for_each(|id| age(&f, id));
    assert_eq!(put(&f.store, b"again").await, ids[3]); // stored anew: its document may come any moment

    assert_eq!(f.store.blobs().sweep().await.unwrap(), 1);
    let there: Vec<bool> = ids.iter().map(|id| path(&f, id).exists()).collect();
    assert_eq!(there, [true, true, false, true, true]);
    f.own.delete_documents(&dataset.id, &[document.id]).await.unwrap();
    assert_eq!(f.store.blobs().sweep().await.unwrap(), 2);
    assert_eq!(f.store.blobs().sweep().await.unwrap(), 0);
}
