//! From a text to a vector: which features a text has, what each weighs, and where it lands.
//!
//! Every feature is hashed to a few dimensions with signs (a sparse random projection), so that two different features
//! are as likely to help as to hurt each other, and unrelated texts have cosines near 0. Words are counted first, so
//! that letter n-grams are made once per distinct word, and nothing is allocated per feature.

use mortise_shared_text::stem;
use mortise_shared_text::stop::{self, Weight};
use mortise_shared_text::word::{self, Kind};

/// Weights of the kinds of features. The defaults were tuned on Cranfield and CMRC 2018 with `examples/evaluate.rs`.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// Factor of a function word.
    pub function: f32,
    /// Factor of an everyday word.
    pub everyday: f32,
    /// A word's stem.
    pub word: f32,
    /// All letter n-grams of a word together.
    pub ngrams: f32,
    /// Two neighbouring words.
    pub pair: f32,
    /// A character of a script without blanks.
    pub character: f32,
    /// A character that is grammar.
    pub particle: f32,
    /// Two neighbouring characters.
    pub characters: f32,
    /// Frequency f counts as f·(k+1)/(f+k).
    pub saturation: f32,
    /// Dimensions a feature lands in.
    pub spread: u32,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            function: 0.02,
            everyday: 0.35,
            word: 1.0,
            ngrams: 1.4,
            pair: 0.1,
            character: 1.0,
            particle: 0.15,
            characters: 1.0,
            saturation: 10.0,
            spread: 6,
        }
    }
}

/// Makes vectors; keeps its tables between texts.
pub struct Features {
    tuning: Tuning,
    counts: Counts,
    /// Folded words, one after the other, of the features that have letters.
    letters: Vec<u8>,
    buffer: String,
    stem: Vec<u8>,
}

/// What a feature weighs apart from its frequency, and where its letters are, if n-grams are to be made.
#[derive(Clone, Copy, Default)]
struct Feature {
    hash: u64,
    count: u32,
    weight: f32,
    start: u32,
    length: u32,
}

impl Features {
    /// Empty tables.
    pub fn new(tuning: Tuning) -> Self {
        let (letters, buffer, stem) = (Vec::new(), String::new(), Vec::new());
        Self { tuning, counts: Counts::default(), letters, buffer, stem }
    }

    /// Adds the features of `text` to `vector` (all zeros) and brings it to length 1; a text without words leaves it
    /// zero. Gives the number of words.
    pub fn embed(&mut self, text: &str, vector: &mut [f32]) -> u32 {
        let words = self.count(text);
        self.project(vector);
        let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
        if length > 0.0 && length.is_finite() {
            vector.iter_mut().for_each(|v| *v /= length);
        } else {
            vector.fill(0.0);
        }
        words
    }

    fn count(&mut self, text: &str) -> u32 {
        let Self { tuning, counts, letters, buffer, stem } = self;
        counts.clear();
        letters.clear();
        let mut words = 0;
        // Hashes and factors of the words before, for pairs: 0 where there is none.
        let (mut before, mut before_factor) = (0_u64, 0.0_f32);
        let (mut last, mut last_factor) = (0_u64, 0.0_f32);
        word::for_each(text, buffer, |word, kind, adjacent| {
            words += 1;
            if kind == Kind::Character {
                let c = word.chars().next().unwrap_or(' ');
                let hash = mix(u64::from(u32::from(c)) ^ CHARACTER);
                let particle = stop::is_particle(c);
                counts.add(hash, if particle { tuning.particle } else { tuning.character });
                let factor = if particle { PARTICLE_PAIR } else { 1.0 };
                if adjacent && last != 0 {
                    counts.add(mix(last.rotate_left(9) ^ hash), tuning.characters * factor * last_factor);
                }
                (last, last_factor, before) = (hash, factor, 0);
                return;
            }
            last = 0;
            let factor = match stop::weight(word) {
                Weight::Function => tuning.function,
                Weight::Everyday => tuning.everyday,
                Weight::Content => 1.0,
            };
            stem.clear();
            stem.extend_from_slice(word.as_bytes());
            if kind == Kind::Letters {
                stem::stem(stem);
            }
            let hash = hash_bytes(stem);
            if let Some(feature) = counts.add(hash, tuning.word * factor)
                && kind == Kind::Letters
                && factor > 0.1
                && (2..=40).contains(&stem.len())
            {
                feature.start = letters.len() as u32;
                feature.length = stem.len() as u32;
                letters.extend_from_slice(stem);
            }
            // Function words are passed over: "flow of heat" and "heat flow" are near each other anyway.
            if factor > 0.1 {
                if before != 0 {
                    counts.add(mix(before.rotate_left(7) ^ hash ^ PAIR), tuning.pair * factor * before_factor);
                }
                (before, before_factor) = (hash, factor);
            }
        });
        words
    }

    fn project(&self, vector: &mut [f32]) {
        let k = self.tuning.saturation;
        let spread = self.tuning.spread;
        for feature in self.counts.iter() {
            let frequency = feature.count as f32;
            let tf = frequency * (k + 1.0) / (frequency + k);
            land(vector, feature.hash, feature.weight * tf, spread);
            if feature.length == 0 || self.tuning.ngrams == 0.0 {
                continue;
            }
            let word = &self.letters[feature.start as usize..(feature.start + feature.length) as usize];
            // With a mark at both ends, so that beginnings and ends of words count as such.
            let padded = |i: usize| if i == 0 { b'^' } else { word.get(i - 1).copied().unwrap_or(b'$') };
            let n = word.len() + 2;
            let many = (3..=5).map(|size| (n + 1).saturating_sub(size)).sum::<usize>().max(1);
            let weight = feature.weight / self.tuning.word * self.tuning.ngrams * tf / (many as f32).sqrt();
            for start in 0..n.saturating_sub(2) {
                let mut hash = NGRAM;
                for end in start..n.min(start + 5) {
                    hash = (hash ^ u64::from(padded(end))).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                    if end >= start + 2 {
                        land(vector, mix(hash), weight, 1);
                    }
                }
            }
        }
    }
}

/// Adds a feature to `spread` dimensions, with signs; its length stays `weight`.
#[inline]
fn land(vector: &mut [f32], hash: u64, weight: f32, spread: u32) {
    let share = weight / (spread as f32).sqrt();
    let mut bits = hash;
    for _ in 0..spread {
        let at = ((bits >> 32) * vector.len() as u64) >> 32;
        // The lowest bit gives the sign: it has no part in the dimension.
        vector[at as usize] += if bits & 1 == 0 { share } else { -share };
        bits = mix(bits);
    }
}

/// Factor of a pair of characters for each of them that is grammar.
const PARTICLE_PAIR: f32 = 0.35;

const CHARACTER: u64 = 0x5A17_0000_0000_0000;
const PAIR: u64 = 0x77AA_0000_0000_0003;
const NGRAM: u64 = 0x1F0D_3804_9C5B_21E7;

/// SplitMix64's finaliser: every bit depends on every bit.
#[inline]
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// FNV-1a, mixed, since FNV's high bits are weak on short words.
#[inline]
fn hash_bytes(bytes: &[u8]) -> u64 {
    mix(bytes.iter().fold(0xCBF2_9CE4_8422_2325, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3)))
}

/// Features by hash, open addressing. Order of insertion is kept, so that sums are the same on every run.
#[derive(Default)]
struct Counts {
    /// Index into `features` plus 1; 0 is free. A power of two long.
    slots: Vec<u32>,
    features: Vec<Feature>,
}

impl Counts {
    fn clear(&mut self) {
        // After a very long text the table is made anew, smaller.
        if self.slots.len() > 1 << 16 || self.slots.is_empty() {
            self.slots = vec![0; 1 << 10];
        } else {
            self.slots.fill(0);
        }
        self.features.clear();
    }

    /// Counts a feature; gives it when it is new.
    fn add(&mut self, hash: u64, weight: f32) -> Option<&mut Feature> {
        if (self.features.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots[at] {
                0 => break,
                taken => {
                    let feature = &mut self.features[taken as usize - 1];
                    if feature.hash == hash {
                        feature.count = feature.count.saturating_add(1);
                        return None;
                    }
                }
            }
            at = (at + 1) & mask;
        }
        self.features.push(Feature { hash, count: 1, weight, start: 0, length: 0 });
        self.slots[at] = self.features.len() as u32;
        self.features.last_mut()
    }

    fn grow(&mut self) {
        let mut slots = vec![0; self.slots.len() * 4];
        let mask = slots.len() - 1;
        for (i, feature) in self.features.iter().enumerate() {
            let mut at = feature.hash as usize & mask;
            while slots[at] != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = i as u32 + 1;
        }
        self.slots = slots;
    }

    fn iter(&self) -> impl Iterator<Item = &Feature> {
        self.features.iter()
    }
}
