//! What may be relied on: length 1, the same every time, near for kin and far for strangers, no input that breaks it.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_embedder_hashed::{Hashed, HashedConfig};
use mortise_sdk::Error;
use mortise_sdk::embedder::{Embedder, InputKind};

fn embed(texts: &[&str]) -> Vec<Vec<f32>> {
    let model = Hashed::open(HashedConfig::default()).unwrap();
    let texts: Vec<String> = texts.iter().map(|t| (*t).to_owned()).collect();
    let vectors = model.embed(&texts, InputKind::Passage).unwrap();
    assert_eq!(vectors.dimensions, 384);
    vectors.values.chunks_exact(384).map(<[f32]>::to_vec).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn vectors_have_length_one_or_none() {
    let vectors = embed(&[
        "The harbour crane lifts cargo.",
        "",
        " \n—!",
        "灯塔管理员",
        "🚢🚢",
        "the of and",
        "ไทย",
        "\u{301}\u{FFFF}",
    ]);
    let lengths: Vec<f32> = vectors.iter().map(|v| cosine(v, v)).collect();
    for (i, length) in lengths.iter().enumerate() {
        let empty = matches!(i, 1 | 2 | 4 | 7);
        assert!((length - f32::from(u8::from(!empty))).abs() < 1e-4, "{i}: {length}");
    }
}

#[test]
fn kin_are_near_and_strangers_far() {
    let vectors = embed(&[
        "How does a crane lift cargo in the harbour?",
        "Harbour cranes are lifting the cargo.",
        "Photosynthesis turns sunlight into sugar within green leaves.",
        "灯塔管理员数了七艘船",
        "谁数了船？灯塔的管理员。",
        "光合作用把阳光变成糖",
    ]);
    assert!(cosine(&vectors[0], &vectors[1]) > 0.6, "{}", cosine(&vectors[0], &vectors[1]));
    assert!(cosine(&vectors[0], &vectors[2]).abs() < 0.2);
    assert!(cosine(&vectors[3], &vectors[4]) > 0.5, "{}", cosine(&vectors[3], &vectors[4]));
    assert!(cosine(&vectors[3], &vectors[5]).abs() < 0.2);
    assert!(cosine(&vectors[0], &vectors[3]).abs() < 0.2);
}

#[test]
fn case_width_accents_and_forms_do_not_matter() {
    let vectors = embed(&["Café cranes", "CAFE CRANE", "ｃａｆé crane"]);
    assert!(cosine(&vectors[0], &vectors[1]) > 0.999);
    assert!(cosine(&vectors[0], &vectors[2]) > 0.999);
}

/// The vector space is part of stored data: a change of these numbers needs a new version and a new index.
#[test]
fn the_space_does_not_move() {
    let vector = &embed(&["Mortise and tenon 榫卯"])[0];
    let strongest = vector.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).unwrap();
    let again = &embed(&["other words first", "Mortise and tenon 榫卯"])[1];
    assert_eq!(vector, again, "tables carried over from one text to the next");
    assert_eq!((strongest.0, (strongest.1 * 1000.0).round() as i32), STRONGEST);
}

const STRONGEST: (usize, i32) = (286, 263);

#[test]
fn long_texts_and_settings() {
    let long = "harbour crane 灯塔 ".repeat(50_000);
    let vectors = embed(&[&long, "harbour crane 灯塔"]);
    assert!(cosine(&vectors[0], &vectors[1]) > 0.9);
    for dimensions in [0, 63, 1025, u32::MAX] {
        assert!(
            matches!(Hashed::open(HashedConfig { dimensions }), Err(Error::InvalidConfig(e)) if e.field == "dimensions")
        );
    }
    let small = Hashed::open(HashedConfig { dimensions: 64 }).unwrap();
    assert_eq!(small.space().dimensions, 64);
    assert_eq!(small.embed(&["a b".to_owned(), String::new()], InputKind::Query).unwrap().values.len(), 128);
}
