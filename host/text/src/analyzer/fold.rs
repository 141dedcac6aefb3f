//! Makes characters that mean the same equal, and tells which rules of splitting a character follows.

use std::sync::OnceLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{compose, is_combining_mark};

/// How text of a script is split into terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Letters and digits of scripts that put blanks between words.
    Word,
    /// Chinese characters, in any language.
    Han,
    /// Hiragana and Katakana.
    Kana,
    /// Korean.
    Hangul,
    /// Thai, Lao, Burmese, Khmer: no blanks between words, several characters to a syllable.
    Unspaced,
    /// Ends a run.
    Break,
}

/// The class of a folded character.
pub(super) fn class(c: char) -> Class {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() { Class::Word } else { Class::Break };
    }
    match c {
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => {
            Class::Han
        }
        '々' | '〇' => Class::Han,
        '\u{30fb}' => Class::Break,
        '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' => Class::Kana,
        '\u{ac00}'..='\u{d7a3}' | '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}' => Class::Hangul,
        '\u{e00}'..='\u{edf}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17dd}' | '\u{17e0}'..='\u{17e9}'
            if c != '\u{e3f}' && c != '\u{e4f}' =>
        {
            Class::Unspaced
        }
        _ if c.is_alphanumeric() || is_combining_mark(c) => Class::Word,
        _ => Class::Break,
    }
}

/// Whether a character is invisible inside a word: soft hyphen, joiners, variation selectors.
pub(super) fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

/// Gives the folded form of one character: full-width and other compatibility forms to the plain ones, lower case,
/// traditional Chinese to simplified. Accents come as characters of their own, see [`join`].
pub(super) fn fold(c: char, mut give: impl FnMut(char)) {
    match c {
        _ if c.is_ascii() => give(c.to_ascii_lowercase()),
        '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{2f7ff}' | '\u{30000}'..='\u{3ffff}' => give(simplify(c)),
        '\u{3041}'..='\u{30ff}' | '\u{ac00}'..='\u{d7a3}' => give(c),
        'ß' | 'ẞ' => "ss".chars().for_each(give),
        'æ' | 'Æ' => "ae".chars().for_each(give),
        'œ' | 'Œ' => "oe".chars().for_each(give),
        'þ' | 'Þ' => "th".chars().for_each(give),
        'ø' | 'Ø' => give('o'),
        'đ' | 'Đ' | 'ð' | 'Ð' => give('d'),
        'ł' | 'Ł' => give('l'),
        'ı' => give('i'),
        '’' | 'ʼ' | '＇' => give('\''),
        _ => {
            for part in std::iter::once(c).nfkd() {
                for lower in part.to_lowercase() {
                    give(simplify(lower));
                }
            }
        }
    }
}

/// What becomes of a character that follows another one in a run.
pub(super) enum Join {
    /// It is a character of its own.
    Separate,
    /// Both together are this character.
    Into(char),
    /// It adds nothing: an accent on a Latin letter, a vowel point in Arabic or Hebrew.
    Dropped,
}

/// Joins `next` to `last`: accents fold away, while marks that make another letter (Cyrillic й, Japanese が, Korean
/// syllables written in parts) compose with theirs.
pub(super) fn join(last: char, next: char) -> Join {
    match next {
        '\u{300}'..='\u{36f}' if is_cyrillic(last) => match compose(last, next) {
            Some('ё') => Join::Into('е'),
            Some(composed) => Join::Into(composed),
            None => Join::Dropped,
        },
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{640}' => Join::Dropped,
        '\u{64b}'..='\u{65f}' | '\u{670}' => Join::Dropped,
        '\u{1161}'..='\u{1175}' | '\u{11a8}'..='\u{11c2}' | '\u{3099}' | '\u{309a}' => {
            compose(last, next).map_or(Join::Separate, Join::Into)
        }
        _ => Join::Separate,
    }
}

/// Whether a character is Cyrillic.
pub(super) fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52f}')
}

/// The simplified form of a Chinese character, or the character itself. Characters are mapped one by one; the few
/// whose simplified form depends on the word take the commonest.
fn simplify(c: char) -> char {
    static PAIRS: OnceLock<Vec<(char, char)>> = OnceLock::new();
    if c < '\u{3400}' {
        return c;
    }
    let pairs = PAIRS.get_or_init(|| {
        let lines = include_str!("traditional.txt").lines().filter(|line| !line.starts_with('#'));
        let mut characters = lines.flat_map(str::chars);
        std::iter::from_fn(|| Some((characters.next()?, characters.next()?))).collect()
    });
    pairs.binary_search_by_key(&c, |pair| pair.0).map_or(c, |at| pairs[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        for c in text.chars() {
            fold(c, |c| out.push(c));
        }
        out
    }

    #[test]
    fn the_table_is_sorted() {
        let lines = include_str!("traditional.txt").lines().filter(|line| !line.starts_with('#'));
        let characters: Vec<char> = lines.flat_map(str::chars).collect();
        let pairs: Vec<_> = characters.chunks(2).map(|pair| (pair[0], pair[1])).collect();
        assert!(pairs.len() > 4000 && pairs.is_sorted_by(|a, b| a.0 < b.0));
        assert!(pairs.iter().all(|&(from, to)| simplify(from) == to));
    }

    #[test]
    fn forms_fold() {
        assert_eq!(folded("Ｆｕｌｌ　１２３"), "full 123");
        assert_eq!(folded("臺灣繁體字"), "台湾繁体字");
        assert_eq!(folded("Straße Ⅷ ㎡ ﬁ"), "strasse viii m2 fi");
    }
}
