//! An embedding model without a model: every word adds one to a place of the vector that its hash chooses. Texts that
//! share words point the same way. A start to replace by a real model.

use mortise_sdk::embedder::{Embedder, InputKind, Space, Vectors};
use mortise_sdk::{Description, NoConfig, Result, host};

/// Length of the vectors.
const DIMENSIONS: usize = 256;

/// The plugin.
pub struct {{Name}};

impl Embedder for {{Name}} {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("{{name}}", env!("CARGO_PKG_VERSION"), "Offline vectors from hashed words")
    }

    fn open(_config: NoConfig) -> Result<Self> {
        Ok(Self)
    }

    fn space(&self) -> Space {
        Space { dimensions: DIMENSIONS as u32, max_tokens: 8192, normalised: true, languages: vec![] }
    }

    fn embed(&self, texts: &[String], _kind: InputKind) -> Result<Vectors> {
        let values = texts.iter().flat_map(|text| vector(text)).collect();
        let tokens = host::count_tokens(texts).iter().sum();
        Ok(Vectors { dimensions: DIMENSIONS as u32, values, tokens })
    }
}

mortise_sdk::export_embedder!({{Name}});

/// One vector, of length 1 unless the text holds no word.
fn vector(text: &str) -> Vec<f32> {
    let mut vector = vec![0.0_f32; DIMENSIONS];
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        vector[(hash(&word.to_lowercase()) % DIMENSIONS as u64) as usize] += 1.0;
    }
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    vector.iter().map(|x| x / length).collect()
}

/// FNV-1a, which is the same on every machine and for ever.
fn hash(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(one: &str, other: &str) -> f32 {
        vector(one).iter().zip(vector(other)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn shared_words_bring_texts_together() {
        assert!(cosine("the mast of a ship", "A ship's mast") > 0.5);
        assert!(cosine("the mast of a ship", "sugar, flour, butter") < 0.2);
        assert!((cosine("Mast!", "mast") - 1.0).abs() < 1e-6, "case and marks do not count");
    }

    #[test]
    fn one_vector_for_every_text() {
        let vectors = {{Name}}.embed(&["a b".into(), String::new()], InputKind::Passage).unwrap();
        assert_eq!(vectors.values.len(), 2 * DIMENSIONS);
        assert!(vectors.values[DIMENSIONS..].iter().all(|x| *x == 0.0), "nothing is nowhere");
    }
}
