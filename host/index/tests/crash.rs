//! Kills a process that writes an index, again and again, and compares what is left with what must be there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests are tests too"
)]

use mortise_domain::{Change, DatasetId, DocumentId, IndexedChunk, TenantId};
use mortise_index::{EmbeddedIndex, Filter, Index};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Tells the child where to write; absent, the child does nothing.
const FOLDER: &str = "MORTISE_CRASH_FOLDER";
/// Tells the child how far to write.
const UPTO: &str = "MORTISE_CRASH_UPTO";
const ROWS: i64 = 60;

/// The change with a number is always the same: the history of a store that nobody has to keep.
fn change(seq: u64) -> Change {
    let mut random = StdRng::seed_from_u64(seq);
    let row = random.random_range(0..ROWS);
    let chunk = random.random_bool(0.75).then(|| IndexedChunk {
        tenant: TenantId::new("t"),
        dataset: DatasetId::new(["a", "b"][row as usize % 2]),
        document: DocumentId::new("x"),
        text: format!("w{seq}"),
        context: Vec::new(),
        title: None,
        keywords: Vec::new(),
        questions: Vec::new(),
        available: true,
        vectors: vec![("e".into(), (0..64).map(|_| random.random_range(-1.0f32..1.0)).collect())],
    });
    Change { seq, row, chunk }
}

/// The newest change of each row in `(after, upto]`, in order.
fn changes(after: u64, upto: u64) -> Vec<Change> {
    let newest: BTreeMap<i64, Change> = (after + 1..=upto).map(|seq| (change(seq).row, change(seq))).collect();
    let mut newest: Vec<Change> = newest.into_values().collect();
    newest.sort_by_key(|change| change.seq);
    newest
}

/// Not a test of its own: what the process to be killed does.
#[tokio::test]
#[ignore = "run by the other test, as a process of its own"]
async fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let last: u64 = std::env::var(UPTO).unwrap().parse().unwrap();
    let index = EmbeddedIndex::open(folder).await.unwrap();
    let mut position = index.applied().await.unwrap();
    while position < last {
        let upto = (position + 1 + position % 9).min(last);
        index.apply(changes(position, upto), position, upto).await.unwrap();
        position = upto;
        if position % 3 != 0 {
            index.commit().await.unwrap();
        }
    }
}

async fn check(folder: &Path, upto: u64) -> u64 {
    let index = EmbeddedIndex::open(folder).await.unwrap();
    let applied = index.applied().await.unwrap();
    assert!(applied <= upto);
    index.apply(changes(applied, upto), applied, upto).await.unwrap();
    index.commit().await.unwrap();
    let model: BTreeMap<i64, Change> = changes(0, upto).into_iter().map(|change| (change.row, change)).collect();
    let live: Vec<&Change> = model.values().filter(|change| change.chunk.is_some()).collect();
    let rows: Vec<i64> = live.iter().map(|change| change.row).collect();
    assert_eq!(index.rows().await.unwrap(), rows, "killed at {applied}");
    let all = Filter::new(TenantId::new("t"), vec![DatasetId::new("a"), DatasetId::new("b")]);
    for change in live {
        let vector = &change.chunk.as_ref().unwrap().vectors[0].1;
        let nearest = index.search_vectors("e", vector, &all, 1).await.unwrap();
        assert!(nearest[0].row == change.row && nearest[0].cosine > 0.9999, "{nearest:?} for row {}", change.row);
    }
    assert_eq!(index.search_vectors("e", &[1.0; 64], &all, 1_000).await.unwrap().len(), rows.len());
    applied
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_when_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = StdRng::seed_from_u64(11);
    let (mut upto, mut killed_midway) = (0, 0);
    for _ in 0..12 {
        upto += 3_000;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored"])
            .env(FOLDER, folder.path())
            .env(UPTO, upto.to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(random.random_range(60..600))).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let applied = check(folder.path(), upto).await;
        killed_midway += u32::from(applied > upto - 3_000 && applied < upto);
    }
    assert!(killed_midway >= 3, "the process was hardly ever caught writing: {killed_midway}");
}
