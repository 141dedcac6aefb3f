//! A second opinion on short East Asian texts, where there are too few characters for statistics.
//!
//! All these encodings put their everyday characters into known ranges: the first level of GB 2312 (3 755 hanzi by
//! pronunciation), the frequently used block of Big5 (5 401 hanzi), hiragana and katakana, the first level of JIS X 0208
//! (2 965 kanji), the 2 350 hangul of KS X 1001. A text read in its own encoding stays inside them; read in another, it
//! is scattered over rare ranges, or is not valid at all.

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GBK, SHIFT_JIS};

/// Texts with more double-byte characters than this are left to statistics, which knows more then.
const SHORT: usize = 64;

/// The statistical guess, or a better one if the text is short and clearly of another East Asian encoding.
pub(crate) fn judge(sample: &[u8], statistical: &'static Encoding) -> &'static Encoding {
    let high = sample.iter().filter(|b| **b >= 0x80).count();
    if !(4..=2 * SHORT).contains(&high) {
        return statistical;
    }
    // Accented Latin, Greek or Cyrillic letters stand between ASCII letters or alone; double bytes come in runs.
    if !in_pairs(sample) {
        return statistical;
    }
    let candidates = [GBK, BIG5, SHIFT_JIS, EUC_JP, EUC_KR];
    let scored: Vec<_> = candidates.into_iter().filter_map(|e| Some((e, everyday(sample, e)?))).collect();
    let Some(&(best, score)) = scored.iter().max_by(|a, b| a.1.total_cmp(&b.1)) else { return statistical };
    let own = scored.iter().find(|(e, _)| *e == statistical).map_or(0.0, |(_, score)| *score);
    let single_byte = !candidates.contains(&statistical);
    // Against a single-byte guess the evidence must be complete: any even run of Cyrillic is some hanzi.
    let enough =
        if single_byte { score >= 0.99 && !is_alphabetic_text(sample, statistical) } else { score > own + 0.15 };
    if enough { best } else { statistical }
}

/// True if bytes from 0x80 come in runs of two or more, apart from a few.
fn in_pairs(sample: &[u8]) -> bool {
    let runs = sample.split(|b| *b < 0x80).filter(|run| !run.is_empty());
    let (single, all) = runs.fold((0, 0), |(s, a), run| (s + usize::from(run.len() == 1), a + 1));
    // In Big5 and Shift-JIS the second byte is often below 0x80, so that single bytes are no proof by themselves.
    single * 4 <= all * 3
}

/// True if the sample read in a single-byte encoding is words of one alphabet: letters of one script in runs, lower
/// case after the first.
fn is_alphabetic_text(sample: &[u8], encoding: &'static Encoding) -> bool {
    let (text, _) = encoding.decode_without_bom_handling(sample);
    let foreign: Vec<char> = text.chars().filter(|c| !c.is_ascii()).collect();
    let letters = foreign.iter().filter(|c| c.is_alphabetic()).count();
    let lower = foreign.iter().filter(|c| c.is_lowercase() || (c.is_alphabetic() && !c.is_uppercase())).count();
    letters * 10 >= foreign.len() * 9 && lower * 10 >= letters * 7
}

/// Share of double-byte characters in the everyday ranges of an encoding, weighted towards those that tell encodings
/// apart; none if the bytes are not valid in it.
fn everyday(sample: &[u8], encoding: &'static Encoding) -> Option<f64> {
    // The sample may cut a character in two.
    let (text, _) = encoding.decode_without_bom_handling(sample);
    let body = text.strip_suffix('\u{FFFD}').unwrap_or(&text);
    if body.contains('\u{FFFD}') {
        return None;
    }
    let (mut sum, mut count) = (0.0, 0.0);
    let mut bytes = sample.iter().copied();
    while let Some(lead) = bytes.next() {
        if lead < 0x80 {
            continue;
        }
        if encoding == SHIFT_JIS && (0xA1..=0xDF).contains(&lead) {
            // Half-width katakana: rare today, and what everything else looks like in Shift-JIS.
            count += 0.5;
            continue;
        }
        let trail = bytes.next()?;
        count += 1.0;
        sum += weight(encoding, lead, trail);
    }
    (count > 0.0).then(|| sum / count)
}

fn weight(encoding: &'static Encoding, lead: u8, trail: u8) -> f64 {
    let code = u16::from_be_bytes([lead, trail]);
    let everyday = if encoding == GBK {
        trail >= 0xA1 && matches!(lead, 0xA1 | 0xA3 | 0xB0..=0xD7)
    } else if encoding == BIG5 {
        matches!(code, 0xA140..=0xA1FE | 0xA2AF..=0xA343 | 0xA440..=0xC67E)
    } else if encoding == SHIFT_JIS {
        matches!(code, 0x8140..=0x81AC | 0x824F..=0x829A | 0x829F..=0x82F1 | 0x8340..=0x8396 | 0x889F..=0x9872)
    } else if encoding == EUC_JP {
        matches!(lead, 0xA1 | 0xA3..=0xA5 | 0xB0..=0xCF)
    } else {
        matches!(lead, 0xA1 | 0xA3 | 0xB0..=0xC8)
    };
    if !everyday {
        return 0.0;
    }
    // Ranges that overlap in EUC-JP, EUC-KR and GB 2312: Japanese without kana and Korean with hanja are the exception.
    if encoding == EUC_JP && matches!(lead, 0xB0..=0xCF) { 0.6 } else { 1.0 }
}
