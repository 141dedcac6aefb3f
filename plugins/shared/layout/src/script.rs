//! Which characters behave how: scripts without word spaces, scripts from right to left, marks, ligatures.

/// Written without blanks between words, one character an em wide: no gap between two of them is a word space.
pub(crate) fn is_ideographic(c: char) -> bool {
    matches!(c as u32,
        0x2e80..=0x2fdf | 0x2ff0..=0x303f | 0x3040..=0x30ff | 0x3100..=0x312f | 0x31a0..=0x31ff | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0xfe30..=0xfe4f | 0xff00..=0xffef | 0x20000..=0x3ffff)
}

/// Strong right-to-left letters (Hebrew, Arabic, Syriac, Thaana, N'Ko and the presentation forms).
pub(crate) fn is_rtl(c: char) -> bool {
    matches!(c as u32,
        0x5be..=0x5be | 0x5c0 | 0x5c3 | 0x5c6 | 0x5d0..=0x5f4 | 0x608 | 0x60b | 0x60d | 0x61b..=0x64a | 0x66d..=0x66f
        | 0x671..=0x6d5 | 0x6e5 | 0x6e6 | 0x6ee | 0x6ef | 0x6fa..=0x7ff | 0x800..=0x8ff | 0xfb1d..=0xfdff
        | 0xfe70..=0xfefc | 0x10800..=0x10fff | 0x1e800..=0x1efff)
        && !is_mark(c)
}

/// Digits that keep their left-to-right order inside right-to-left text.
pub(crate) fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || matches!(c as u32, 0x660..=0x669 | 0x6f0..=0x6f9)
}

/// Strong left-to-right letters: every letter that is not right-to-left.
pub(crate) fn is_ltr(c: char) -> bool {
    c.is_alphabetic() && !is_rtl(c) && !is_mark(c)
}

/// Non-spacing marks that stand over or under another character.
pub(crate) fn is_mark(c: char) -> bool {
    matches!(c as u32,
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x5bf | 0x5c1 | 0x5c2 | 0x5c4 | 0x5c5 | 0x5c7
        | 0x610..=0x61a | 0x64b..=0x65f | 0x670 | 0x6d6..=0x6dc | 0x6df..=0x6e4 | 0x6e7 | 0x6e8 | 0x6ea..=0x6ed
        | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20f0 | 0x3099 | 0x309a | 0xfe20..=0xfe2f)
}

/// A letter or a sign of an Indian script, and whether it is a sign that no word can begin with.
pub(crate) fn indic(c: char) -> Option<bool> {
    let code = c as u32;
    if !(0x900..0xd80).contains(&code) {
        return None;
    }
    // The blocks are laid out alike.
    Some(matches!(code % 0x80, 0x00..=0x03 | 0x3a..=0x3c | 0x3e..=0x4f | 0x55..=0x57 | 0x62 | 0x63))
}

/// The combining form of an accent that typesetters draw as a glyph of its own over the letter.
pub(crate) fn combining_form(c: char) -> Option<char> {
    Some(match c {
        '`' | '\u{2cb}' => '\u{300}',
        '\u{b4}' | '\u{2ca}' => '\u{301}',
        '\u{2c6}' => '\u{302}',
        '\u{2dc}' => '\u{303}',
        '\u{af}' | '\u{2c9}' => '\u{304}',
        '\u{2d8}' => '\u{306}',
        '\u{2d9}' => '\u{307}',
        '\u{a8}' => '\u{308}',
        '\u{2da}' => '\u{30a}',
        '\u{2dd}' => '\u{30b}',
        '\u{2c7}' => '\u{30c}',
        '\u{b8}' => '\u{327}',
        '\u{2db}' => '\u{328}',
        _ => return None,
    })
}

/// Characters that stand for others only because of how a font draws them: ligatures, Arabic presentation forms,
/// radicals and compatibility ideographs. Their compatibility decomposition is the text.
pub(crate) fn is_presentation_form(c: char) -> bool {
    matches!(c as u32,
        0xfb00..=0xfb06 | 0xfb13..=0xfb17 | 0xfb1d..=0xfb4f | 0xfb50..=0xfbb1 | 0xfbd3..=0xfd3d | 0xfd50..=0xfdfb
        | 0xfe70..=0xfefc | 0x2f00..=0x2fd5 | 0x2e9f | 0x2ef3 | 0xf900..=0xfaff | 0x2f800..=0x2fa1f)
}

/// The bracket that mirrors `c`, if it is one.
pub(crate) fn mirrored(c: char) -> Option<char> {
    Some(match c {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '{' => '}',
        '}' => '{',
        '<' => '>',
        '>' => '<',
        '«' => '»',
        '»' => '«',
        _ => return None,
    })
}

/// Ends a sentence, in the scripts we know.
pub(crate) fn ends_sentence(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '。' | '！' | '？' | '؟' | '۔' | '।' | '…')
}

/// May follow the full stop that ends a sentence.
pub(crate) fn closes(c: char) -> bool {
    matches!(c, ')' | ']' | '"' | '\'' | '”' | '’' | '»' | '」' | '』' | '）' | '】' | '》')
}

#[cfg(test)]
mod tests {
    use super::indic;

    #[test]
    fn signs_of_indian_scripts() {
        assert_eq!(indic('क'), Some(false));
        assert_eq!(indic('ि'), Some(true));
        assert_eq!(indic('ா'), Some(true));
        assert_eq!(indic('k'), None);
    }
}
