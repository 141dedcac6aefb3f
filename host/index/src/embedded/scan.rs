//! The loops that decide how fast a vector search is, and the mapping of files into memory: the one file of this
//! crate with unsafe code.
//!
//! Stored vectors are scanned as signed bytes against a question of 16-bit integers, which loses next to nothing on
//! the side of the question. On x86-64 with AVX2 both loops use it, decided when the program runs; elsewhere plain
//! loops do the same work.

use memmap2::Mmap;
use std::fs::File;
use std::io;

/// A read-only file in memory.
pub(super) struct Mapped(Mmap);

impl Mapped {
    /// Maps a file of this index.
    pub(super) fn open(file: &File) -> io::Result<Self> {
        // SAFETY: the file must not change while it is mapped. Segment files are written under a name nobody reads
        // yet, never changed afterwards, and only unlinked, which leaves mappings intact; the folder is locked
        // against other processes of ours.
        unsafe { Mmap::map(file) }.map(Self)
    }

    /// All bytes of the file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Largest magnitude of a question's integers: products with bytes must sum up over `dims` values within 32 bits.
pub(super) fn query_range(dims: usize) -> i16 {
    // Plain loops sum everything into one number, so all products count.
    let range = i32::MAX as usize / (128 * dims.max(1));
    i16::try_from(range).unwrap_or(i16::MAX).clamp(1, 16_383)
}

/// For each of `rows` gives the product of its codes with the question's. `codes` holds `stride` values a row;
/// `stride` must be the length of `query`. Rows beyond the end are skipped.
pub(super) fn products(
    codes: &[i8],
    query: &[i16],
    rows: impl Iterator<Item = usize>,
    mut give: impl FnMut(usize, i32),
) {
    let stride = query.len();
    let row = |at: usize| codes.get(at.checked_mul(stride)?..at.checked_add(1)?.checked_mul(stride)?);
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        for at in rows {
            if let Some(row) = row(at) {
                // SAFETY: the processor has AVX2, as was just asked.
                give(at, unsafe { avx2::product(row, query) });
            }
        }
        return;
    }
    for at in rows {
        if let Some(row) = row(at) {
            give(at, product(row, query));
        }
    }
}

/// The scalar product of two vectors; the shorter one decides.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the processor has AVX2 and FMA, as was just asked.
        return unsafe { avx2::dot(a, b) };
    }
    plain_dot(a, b)
}

fn product(codes: &[i8], query: &[i16]) -> i32 {
    codes.iter().zip(query).map(|(&c, &q)| i32::from(c) * i32::from(q)).sum()
}

/// Sums in lanes, which compilers turn into vector instructions and which rounds less than one long sum.
fn plain_dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; 16];
    let (a_chunks, b_chunks) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = match a.len() == b.len() {
        true => a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum(),
        false => return a.iter().zip(b).map(|(x, y)| x * y).sum(),
    };
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..16 {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    lanes.iter().sum::<f32>() + rest
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx2")]
    pub(super) fn product(codes: &[i8], query: &[i16]) -> i32 {
        let (mut even, mut odd) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        let (code_blocks, query_blocks) = (codes.chunks_exact(32), query.chunks_exact(32));
        let rest = super::product(code_blocks.remainder(), &query[codes.len().min(query.len()) / 32 * 32..]);
        for (c, q) in code_blocks.zip(query_blocks) {
            // SAFETY: `c` has 32 bytes and `q` 32 integers of 2 bytes; these loads need no alignment.
            let (c0, c1, q0, q1) = unsafe {
                (
                    _mm_loadu_si128(c.as_ptr().cast()),
                    _mm_loadu_si128(c.as_ptr().add(16).cast()),
                    _mm256_loadu_si256(q.as_ptr().cast()),
                    _mm256_loadu_si256(q.as_ptr().add(16).cast()),
                )
            };
            even = _mm256_add_epi32(even, _mm256_madd_epi16(_mm256_cvtepi8_epi16(c0), q0));
            odd = _mm256_add_epi32(odd, _mm256_madd_epi16(_mm256_cvtepi8_epi16(c1), q1));
        }
        let sum = _mm256_add_epi32(even, odd);
        let half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
        let quarter = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0b01_00_11_10));
        let last = _mm_add_epi32(quarter, _mm_shuffle_epi32(quarter, 0b10_11_00_01));
        _mm_cvtsi128_si32(last) + rest
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
        let length = a.len().min(b.len());
        let (a, b) = (&a[..length], &b[..length]);
        let (mut s0, mut s1) = (_mm256_setzero_ps(), _mm256_setzero_ps());
        let (a_blocks, b_blocks) = (a.chunks_exact(16), b.chunks_exact(16));
        let rest: f32 = a_blocks.remainder().iter().zip(b_blocks.remainder()).map(|(x, y)| x * y).sum();
        for (x, y) in a_blocks.zip(b_blocks) {
            // SAFETY: both blocks have 16 numbers of 4 bytes; these loads need no alignment.
            let (x0, x1, y0, y1) = unsafe {
                (
                    _mm256_loadu_ps(x.as_ptr()),
                    _mm256_loadu_ps(x.as_ptr().add(8)),
                    _mm256_loadu_ps(y.as_ptr()),
                    _mm256_loadu_ps(y.as_ptr().add(8)),
                )
            };
            s0 = _mm256_fmadd_ps(x0, y0, s0);
            s1 = _mm256_fmadd_ps(x1, y1, s1);
        }
        let sum = _mm256_add_ps(s0, s1);
        let half = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
        let quarter = _mm_add_ps(half, _mm_movehl_ps(half, half));
        let last = _mm_add_ss(quarter, _mm_movehdup_ps(quarter));
        _mm_cvtss_f32(last) + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    #[test]
    fn all_loops_agree() {
        let mut random = StdRng::seed_from_u64(1);
        for length in [0, 1, 15, 16, 31, 32, 33, 64, 100, 384, 1000, 4096] {
            let range = query_range(length);
            let codes: Vec<i8> = (0..length * 3).map(|_| random.random_range(-127..=127)).collect();
            let query: Vec<i16> = (0..length).map(|_| random.random_range(-range..=range)).collect();
            let mut seen = 0;
            products(&codes, &query, [2, 0, 1, 3, usize::MAX].into_iter(), |at, sum| {
                if length > 0 {
                    assert_eq!(sum, product(&codes[at * length..(at + 1) * length], &query));
                }
                seen += 1;
            });
            assert!(length == 0 || seen == 3);
            let a: Vec<f32> = (0..length).map(|_| random.random_range(-1.0..1.0)).collect();
            let b: Vec<f32> = (0..length).map(|_| random.random_range(-1.0..1.0)).collect();
            let exact: f64 = a.iter().zip(&b).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum();
            assert!((f64::from(dot(&a, &b)) - exact).abs() < 1e-3);
            assert!((f64::from(plain_dot(&a, &b)) - exact).abs() < 1e-3);
        }
        assert_eq!(dot(&[1.0, 2.0], &[3.0]), 3.0);
    }

    #[test]
    fn products_cannot_overflow() {
        for dims in [1, 384, 4096, 20_000] {
            let query = vec![query_range(dims); dims];
            products(&vec![-128; dims], &query, 0..1, |_, sum| {
                assert_eq!(i64::from(sum), -128 * i64::from(query[0]) * dims as i64);
            });
        }
    }
}
