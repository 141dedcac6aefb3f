//! Texts that are hard to handle, and when such a text has survived.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Chinese, Japanese and Korean.
pub(crate) const CJK: &str = "灯塔管理员在黎明时分数了七艘船。港口的起重机很旧，但还能用！𠮷野家。 \
    灯台守は夜明けに七隻の船を数えた。カタカナとひらがなも読める。 등대지기는 새벽에 배 일곱 척을 세었다.";
/// Arabic and Hebrew, with numbers and marks of direction.
pub(crate) const RTL: &str = "عدّ حارس المنارة سبع سفن عند الفجر. كان الميناء هادئًا في عام 1924. \
    שומר המגדלור ספר שבע ספינות עם שחר. \u{2067}הנמל\u{2069} היה שקט\u{200f}.";
/// Letters made of several code points.
pub(crate) const COMBINING: &str = "Nai\u{308}ve re\u{301}sume\u{301}s ne\u{301}es a\u{300} l'e\u{302}t\u{301}e\u{301}. \
    दीपस्तंभ के रखवाले ने भोर में सात जहाज़ गिने। ผู้ดูแลประภาคารนับเรือได้เจ็ดลำ Z\u{334}\u{322}a\u{315}\u{31b}l\u{340}g\u{319}o\u{35c}.";
/// Families, flags, tones of skin, keycaps.
pub(crate) const EMOJI: &str = "Crew 👩‍👩‍👧‍👦 of five 👍🏽 under 🏴󠁧󠁢󠁥󠁮󠁧󠁿 and 🇩🇪🇫🇷 with ❤️‍🔥 at pier 1️⃣ 🧑🏿‍🚒.";
/// NULs and other controls, a byte order mark in the middle, characters that stand for none.
pub(crate) const CONTROLS: &str = "Seven\0ships \u{1}passed\u{7f} the\u{85} pier\u{feff} at\u{fffe} dawn\u{10ffff}.";

/// A text without one place to cut at, made of characters of several code points.
pub(crate) fn families(count: usize) -> String {
    "👩‍👩‍👧‍👦".repeat(count)
}

/// What of a text must survive: its characters in composed form, without blanks, controls and invisible marks of
/// direction or order.
pub(crate) fn letters(text: &str) -> Vec<char> {
    text.nfc().filter(|c| !c.is_whitespace() && !c.is_control() && !is_mark(*c)).collect()
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{feff}' | '\u{fffe}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{10ffff}')
}

/// The first stretch of `source` that `output` does not have in order.
pub(crate) fn lost(source: &str, output: &str) -> Option<String> {
    let source = letters(source);
    let mut output = letters(output).into_iter();
    let missing = source.iter().position(|c| !output.any(|o| o == *c))?;
    let around = missing.saturating_sub(10)..(missing + 10).min(source.len());
    Some(source[around].iter().collect())
}

/// A cluster of code points, one character to readers, of which the pieces have fewer than the source: somebody cut
/// through it.
pub(crate) fn torn<'a>(source: &str, pieces: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut whole = clusters(source);
    for (cluster, count) in pieces.into_iter().flat_map(clusters) {
        if let Some(left) = whole.get_mut(&cluster) {
            *left = left.saturating_sub(count);
        }
    }
    whole.into_iter().find(|(_, left)| *left > 0).map(|(cluster, _)| cluster)
}

fn clusters(text: &str) -> std::collections::BTreeMap<String, usize> {
    let composed: String = text.nfc().filter(|c| !is_mark(*c)).collect();
    let mut found = std::collections::BTreeMap::new();
    for cluster in composed.graphemes(true).filter(|cluster| cluster.chars().nth(1).is_some() && *cluster != "\r\n") {
        *found.entry(cluster.to_owned()).or_default() += 1;
    }
    found
}

/// Words: runs of letters and digits.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The same numbers at every run (SplitMix64).
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or(0)
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[3]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_found() {
        assert_eq!(lost("a b c", "x a\nb - c"), None);
        assert_eq!(lost("e\u{301}", "é"), None);
        assert_eq!(lost("a b c", "a c b").as_deref(), Some("abc"));
        assert!(lost(CJK, &CJK.replace('七', "")).is_some());
        assert_eq!(lost(CONTROLS, &CONTROLS.replace(['\0', '\u{1}', '\u{fffe}', '\u{10ffff}'], "")), None);
    }

    #[test]
    fn cuts_through_characters_are_found() {
        let text = families(3);
        assert_eq!(torn(&text, [text.as_str()]), None);
        assert_eq!(torn(&text, [&text[..25], &text[25..]]), None);
        assert!(torn(&text, [&text[..7], &text[7..]]).is_some());
        assert!(torn("x\u{327}y", ["x", "\u{327}y"]).is_some());
        // Overlap makes more of them, never fewer.
        assert_eq!(torn(&text, [text.as_str(), text.as_str()]), None);
        for specimen in [CJK, RTL, COMBINING, EMOJI] {
            assert_eq!(torn(specimen, [specimen]), None);
        }
    }
}
