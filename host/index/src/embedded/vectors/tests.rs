//! Vectors found, kept over restarts, and told from damaged ones.

use super::*;
use mortise_domain::{DatasetId, DocumentId, TenantId};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::fs::File;

const DIMS: usize = 48;

fn chunk(dataset: &str, document: &str, available: bool, vector: Vec<f32>) -> IndexedChunk {
    IndexedChunk {
        tenant: TenantId::new("t"),
        dataset: DatasetId::new(dataset),
        document: DocumentId::new(document),
        text: String::new(),
        context: Vec::new(),
        title: None,
        keywords: Vec::new(),
        questions: Vec::new(),
        available,
        vectors: vec![("e".into(), vector)],
    }
}

fn random_vector(random: &mut StdRng, dims: usize) -> Vec<f32> {
    (0..dims).map(|_| random.random_range(-1.0f32..1.0)).collect()
}

fn filter(datasets: &[&str]) -> Filter {
    Filter::new(TenantId::new("t"), datasets.iter().map(|&id| DatasetId::new(id)).collect())
}

fn exact_cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// What a folder of vectors must hold, by row.
type Model = BTreeMap<i64, IndexedChunk>;

/// Compares a search with a brute-force one, to within rounding: the cosines must be equal at every rank.
fn check(vectors: &Vectors, model: &Model, filter: &Filter, query: &[f32], k: usize) {
    let passes = |chunk: &IndexedChunk| {
        filter.datasets.contains(&chunk.dataset)
            && filter.documents.as_ref().is_none_or(|documents| documents.contains(&chunk.document))
            && (chunk.available || !filter.available_only)
    };
    let all = model.iter().filter(|(_, chunk)| passes(chunk) && !chunk.vectors.is_empty());
    let mut expected: Vec<(f64, i64)> =
        all.map(|(&row, chunk)| (exact_cosine(query, &chunk.vectors[0].1), row)).collect();
    expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    expected.truncate(k);
    let hits = vectors.search("e", query, filter, k).unwrap();
    assert_eq!(hits.len(), expected.len());
    for (hit, (cosine, _)) in hits.iter().zip(&expected) {
        assert!((f64::from(hit.cosine) - cosine).abs() < 1e-5, "{hit:?} for {cosine}");
        let own = exact_cosine(query, &model[&hit.row].vectors[0].1);
        assert!((f64::from(hit.cosine) - own).abs() < 1e-5 && passes(&model[&hit.row]));
    }
    let rows: HashSet<i64> = hits.iter().map(|hit| hit.row).collect();
    assert_eq!(rows.len(), hits.len());
}

fn put(model: &mut Model, changes: &mut Vec<Change>, seq: u64, row: i64, chunk: Option<IndexedChunk>) {
    match &chunk {
        Some(chunk) => drop(model.insert(row, chunk.clone())),
        None => drop(model.remove(&row)),
    }
    changes.push(Change { seq, row, chunk });
}

#[test]
fn recall_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = StdRng::seed_from_u64(7);
    for (name, dims, spread) in [("random", 100, 1.0), ("near ties", 384, 0.02), ("tiny", 3, 1.0)] {
        let vectors = Vectors::open_with(&folder.path().join(name), 150_000).unwrap();
        let centre = random_vector(&mut random, dims);
        let near = |random: &mut StdRng| -> Vec<f32> {
            centre.iter().map(|c| c * (1.0 - spread) + spread * random.random_range(-1.0f32..1.0)).collect()
        };
        let (mut model, mut changes) = (Model::new(), Vec::new());
        for row in 0..1_200 {
            let vector = near(&mut random);
            put(&mut model, &mut changes, row as u64 + 1, row, Some(chunk("d", "x", true, vector)));
        }
        for (at, part) in changes.chunks(400).enumerate() {
            vectors.apply(part, at as u64 * 400, at as u64 * 400 + 400).unwrap();
            vectors.commit().unwrap();
        }
        for _ in 0..6 {
            let query = near(&mut random);
            for k in [1, 10, 100, 5_000] {
                check(&vectors, &model, &filter(&["d"]), &query, k);
            }
        }
    }
}

#[test]
fn follows_a_model_through_crashes() {
    for seed in 0..6 {
        let mut random = StdRng::seed_from_u64(seed);
        let folder = tempfile::tempdir().unwrap();
        let mut vectors = Vectors::open_with(folder.path(), 40_000).unwrap();
        let mut model = Model::new();
        // All changes ever, as the store would give them: the newest per row.
        let mut history: BTreeMap<i64, Change> = BTreeMap::new();
        let mut seq = 0;
        for _ in 0..60 {
            let mut changes = Vec::new();
            let after = seq;
            for _ in 0..random.random_range(0..40) {
                seq += 1;
                let row = random.random_range(0..400);
                let dataset = ["a", "b", "c"][row as usize % 3];
                let document = format!("{dataset}{}", row % 7);
                let old = model.get(&row).cloned();
                let new = match (random.random_range(0..10), old) {
                    (0..3, Some(_)) => None,
                    (3..5, Some(old)) => Some(IndexedChunk { available: !old.available, ..old }),
                    (5, Some(old)) => Some(IndexedChunk { vectors: Vec::new(), ..old }),
                    _ => Some(chunk(dataset, &document, row % 11 != 0, random_vector(&mut random, DIMS))),
                };
                put(&mut model, &mut changes, seq, row, new);
            }
            for change in &changes {
                history.insert(change.row, change.clone());
            }
            vectors.apply(&changes, after, seq).unwrap();
            if random.random_bool(0.6) {
                vectors.commit().unwrap();
            }
            if random.random_bool(0.3) {
                drop(vectors);
                if random.random_bool(0.5) {
                    // The last batches did not reach the disk whole.
                    let journal = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
                    let journal = journal.max_by_key(|path| path.extension().is_some_and(|e| e == "journal")).unwrap();
                    let file = File::options().write(true).open(journal).unwrap();
                    let length = file.metadata().unwrap().len();
                    file.set_len(length.saturating_sub(random.random_range(0..5_000))).unwrap();
                }
                vectors = Vectors::open_with(folder.path(), 40_000).unwrap();
                let applied = vectors.applied();
                assert!(applied <= seq);
                let mut missing: Vec<Change> = history.values().filter(|c| c.seq > applied).cloned().collect();
                missing.sort_by_key(|change| change.seq);
                vectors.apply(&missing, applied, seq).unwrap();
            }
            let documents = [None, Some(vec![DocumentId::new("a0"), DocumentId::new("b1"), DocumentId::new("zz")])];
            for (documents, available_only) in documents.into_iter().flat_map(|d| [(d.clone(), true), (d, false)]) {
                let filter = Filter { documents, available_only, ..filter(&["a", "b"]) };
                check(&vectors, &model, &filter, &random_vector(&mut random, DIMS), 20);
            }
        }
        let segments: usize = vectors.sets.read().values().map(|set| set.segments.len()).sum();
        assert!(segments > 0, "nothing was ever sealed");
    }
}

fn filled(folder: &Path, limit: u64) -> (Model, Vec<Change>) {
    let vectors = Vectors::open_with(folder, limit).unwrap();
    let mut random = StdRng::seed_from_u64(3);
    let (mut model, mut changes) = (Model::new(), Vec::new());
    for row in 0..500 {
        let dataset = if row % 2 == 0 { "a" } else { "b" };
        let new = chunk(dataset, &format!("{}", row % 5), true, random_vector(&mut random, DIMS));
        put(&mut model, &mut changes, row as u64 + 1, row, Some(new));
    }
    vectors.apply(&changes, 0, 500).unwrap();
    vectors.commit().unwrap();
    (model, changes)
}

fn files(folder: &Path, kind: &str) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|e| e == kind)).collect();
    all.sort();
    all
}

#[test]
fn applying_again_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (model, changes) = filled(folder.path(), 1_000);
    let vectors = Vectors::open_with(folder.path(), 1_000).unwrap();
    assert_eq!(vectors.applied(), 500);
    vectors.apply(&changes, 0, 500).unwrap();
    vectors.commit().unwrap();
    assert_eq!(vectors.writer.lock().journal.len(), 0);
    // The same when it has to look: a rebuild of something else made the number fall.
    vectors.writer.lock().accepted = 0;
    assert!(vectors.plan(&changes.iter().collect::<Vec<_>>(), 9).0.is_empty());
    check(&vectors, &model, &filter(&["a", "b"]), &[1.0; DIMS], 30);
    assert!(vectors.apply(&[], 501, 502).is_err(), "a gap must not pass");
}

#[test]
fn a_damaged_segment_comes_back_from_the_store() {
    // Each section of the file, its header, and a cut.
    for at in [3, 20, 300, 4_400, 20_000, usize::MAX] {
        let folder = tempfile::tempdir().unwrap();
        let (model, changes) = filled(folder.path(), 1_000);
        let path = &files(folder.path(), "segment")[0];
        let mut bytes = std::fs::read(path).unwrap();
        match bytes.get_mut(at) {
            Some(byte) => *byte ^= 0x55,
            None => bytes.truncate(5_000),
        }
        std::fs::write(path, bytes).unwrap();
        let vectors = Vectors::open_with(folder.path(), 1_000).unwrap();
        let both = filter(&["a", "b"]);
        vectors.search("e", &[1.0; DIMS], &both, 500).unwrap();
        assert_eq!(vectors.applied(), 0, "damage at {at} went unseen");
        let left: usize = vectors.sets.read().values().flat_map(|set| &set.segments).map(Segment::live).sum();
        assert_eq!(left, 250, "the other set stays");
        assert!(vectors.apply(&[], 500, 501).is_err(), "what is lost must not pass for complete");
        vectors.apply(&changes, 0, 500).unwrap();
        vectors.commit().unwrap();
        check(&vectors, &model, &both, &[1.0; DIMS], 30);
        drop(vectors);
        let vectors = Vectors::open_with(folder.path(), 1_000).unwrap();
        assert_eq!(vectors.applied(), 500);
        check(&vectors, &model, &both, &[1.0; DIMS], 30);
    }
}

#[test]
fn a_damaged_or_missing_file_is_no_catastrophe() {
    let damages: [fn(&Path); 4] = [
        |folder| std::fs::write(folder.join("manifest"), "0\n{}").unwrap(),
        |folder| std::fs::remove_file(&files(folder, "segment")[1]).unwrap(),
        |folder| std::fs::remove_file(&files(folder, "journal")[0]).unwrap(),
        |folder| std::fs::remove_file(folder.join("manifest")).unwrap(),
    ];
    for damage in damages {
        let folder = tempfile::tempdir().unwrap();
        let (model, changes) = filled(folder.path(), 1_000);
        damage(folder.path());
        let vectors = Vectors::open_with(folder.path(), 1_000).unwrap();
        let both = filter(&["a", "b"]);
        vectors.search("e", &[1.0; DIMS], &both, 10).unwrap();
        assert_eq!(vectors.applied(), 0);
        vectors.apply(&changes, 0, 500).unwrap();
        vectors.commit().unwrap();
        check(&vectors, &model, &both, &[1.0; DIMS], 30);
    }
}

#[test]
fn damage_found_while_sealing_costs_only_that_set() {
    let folder = tempfile::tempdir().unwrap();
    let (model, changes) = filled(folder.path(), 1_000);
    std::fs::write(&files(folder.path(), "segment")[0], "short").unwrap();
    let vectors = Vectors::open_with(folder.path(), 1_000).unwrap();
    let mut random = StdRng::seed_from_u64(5);
    // Many new rows, so that the damaged segment is due to be merged.
    let more = |random: &mut StdRng| chunk("a", "n", true, random_vector(random, DIMS));
    let new: Vec<Change> =
        (1_000..1_400).map(|row| Change { seq: row as u64, row, chunk: Some(more(&mut random)) }).collect();
    vectors.apply(&new, 500, 1_400).unwrap();
    vectors.commit().unwrap();
    assert_eq!(vectors.applied(), 0);
    let mut model = model;
    model.extend(new.iter().filter_map(|change| Some((change.row, change.chunk.clone()?))));
    vectors.apply(&[changes, new].concat(), 0, 1_400).unwrap();
    check(&vectors, &model, &filter(&["a", "b"]), &[1.0; DIMS], 50);
}

#[test]
fn lengths_tenants_and_nonsense_are_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    let vectors = Vectors::open(folder.path()).unwrap();
    let mut two = chunk("d", "x", true, vec![1.0, 0.0]);
    two.vectors.push(("e".into(), vec![0.0, 1.0, 0.0]));
    two.vectors.push(("other".into(), vec![0.0, 1.0]));
    let nonsense = [vec![], vec![0.0, 0.0], vec![f32::NAN, 1.0], vec![f32::INFINITY, 1.0]];
    let mut changes = vec![Change { seq: 1, row: 1, chunk: Some(two) }];
    for (at, vector) in nonsense.iter().enumerate() {
        changes.push(Change { seq: 1, row: 2 + at as i64, chunk: Some(chunk("d", "x", true, vector.clone())) });
    }
    vectors.apply(&changes, 0, 1).unwrap();
    let rows = |space: &str, vector: &[f32], filter: &Filter| -> Vec<(i64, f32)> {
        vectors.search(space, vector, filter, 10).unwrap().into_iter().map(|hit| (hit.row, hit.cosine)).collect()
    };
    assert_eq!(rows("e", &[3.0, 0.0], &filter(&["d"])), [(1, 1.0)]);
    assert_eq!(rows("e", &[0.0, -2.0, 0.0], &filter(&["d"])), [(1, -1.0)]);
    assert_eq!(rows("other", &[1.0, 0.0], &filter(&["d"])), [(1, 0.0)]);
    assert!(rows("e", &[1.0], &filter(&["d"])).is_empty() && rows("none", &[1.0, 0.0], &filter(&["d"])).is_empty());
    assert!(rows("e", &[1.0, 0.0], &filter(&[])).is_empty() && rows("e", &[1.0, 0.0], &filter(&["c"])).is_empty());
    let stranger = Filter { tenant: TenantId::new("u"), ..filter(&["d"]) };
    assert!(rows("e", &[1.0, 0.0], &stranger).is_empty());
    for vector in &nonsense {
        assert!(rows("e", vector, &filter(&["d"])).is_empty());
    }
    let cosines = vectors.cosines("e", &[1.0, 1.0], &filter(&["d"]), &[1, 2, 99]).unwrap();
    assert!((cosines[0].unwrap() - 0.5f32.sqrt()).abs() < 1e-6 && cosines[1..] == [None, None]);
    assert_eq!(vectors.cosines("e", &[1.0, 1.0], &stranger, &[1]).unwrap(), [None]);
    // A space that the chunk no longer has goes.
    let change = Change { seq: 2, row: 1, chunk: Some(chunk("d", "x", true, vec![0.0, 1.0])) };
    vectors.apply(&[change], 1, 2).unwrap();
    assert!(rows("other", &[1.0, 0.0], &filter(&["d"])).is_empty());
    assert_eq!(rows("e", &[1.0, 0.0], &filter(&["d"])), [(1, 0.0)]);
    vectors.clear().unwrap();
    assert!(rows("e", &[1.0, 0.0], &filter(&["d"])).is_empty() && vectors.applied() == 0);
}
