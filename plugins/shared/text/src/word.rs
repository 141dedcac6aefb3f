//! Words of a text, folded: what search and similarity compare.
//!
//! Letters are lower-cased, full-width and other compatibility forms become their plain form, Latin accents go.
//! Scripts that are written without blanks (Chinese, Japanese, Korean, Thai and their neighbours) come character by
//! character, for the caller to pair.

use unicode_normalization::char::decompose_compatible;

/// What a word is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Letters, perhaps with digits.
    Letters,
    /// Digits, perhaps with a decimal point; thousands separators are gone.
    Number,
    /// One character of a script without blanks.
    Character,
}

/// True for characters of scripts that do not put blanks between words; Hangul counts too, since its words carry
/// endings that pairs of syllables see through.
pub fn is_unsegmented(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
        && c != '\u{30FB}'
}

/// Calls `each` with every word of `text` in order. `buffer` is scratch space, so that nothing is allocated per word.
/// The last argument is true when the word touches the one before: only such characters make pairs.
pub fn for_each(text: &str, buffer: &mut String, mut each: impl FnMut(&str, Kind, bool)) {
    buffer.clear();
    let bytes = text.as_bytes();
    let mut adjacent = false;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte.is_ascii_alphanumeric() {
            buffer.push(byte.to_ascii_lowercase() as char);
            at += 1;
            continue;
        }
        if byte.is_ascii() {
            if !joins(bytes, at, buffer) {
                flush(buffer, &mut adjacent, &mut each);
                // A blank between two characters is layout, not a boundary of meaning; other marks are.
                adjacent &= byte == b'\n';
            }
            at += 1;
            continue;
        }
        let Some(c) = text[at..].chars().next() else { break };
        at += c.len_utf8();
        if is_unsegmented(c) && !('\u{F900}'..='\u{FAFF}').contains(&c) {
            flush(buffer, &mut adjacent, &mut each);
            let mut utf8 = [0; 4];
            each(c.encode_utf8(&mut utf8), Kind::Character, adjacent);
            adjacent = true;
            continue;
        }
        if matches!(c, '’') && text[at..].starts_with(|next: char| next.is_alphabetic()) && !buffer.is_empty() {
            buffer.push('\'');
            continue;
        }
        decompose_compatible(c, |d| match d {
            // Accents over Latin, Greek and Cyrillic letters.
            '\u{300}'..='\u{36F}' => {}
            d if is_unsegmented(d) => {
                flush(buffer, &mut adjacent, &mut each);
                let mut utf8 = [0; 4];
                each(d.encode_utf8(&mut utf8), Kind::Character, adjacent);
                adjacent = true;
            }
            d if d.is_alphanumeric() => match d {
                'ß' => buffer.push_str("ss"),
                'æ' | 'Æ' => buffer.push_str("ae"),
                'ø' | 'Ø' => buffer.push('o'),
                'œ' | 'Œ' => buffer.push_str("oe"),
                d => buffer.extend(d.to_lowercase()),
            },
            d if unicode_normalization::char::is_combining_mark(d) && !buffer.is_empty() => buffer.push(d),
            '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{FEFF}' => {}
            _ => {
                flush(buffer, &mut adjacent, &mut each);
                adjacent = false;
            }
        });
    }
    flush(buffer, &mut adjacent, &mut each);
}

/// An apostrophe or a decimal point inside a word goes into the buffer; a thousands separator is swallowed.
fn joins(bytes: &[u8], at: usize, buffer: &mut String) -> bool {
    let next = bytes.get(at + 1).copied().unwrap_or(b' ');
    let before = buffer.as_bytes().last().copied().unwrap_or(b' ');
    match bytes[at] {
        b'\'' if before.is_ascii_alphabetic() && next.is_ascii_alphabetic() => {
            buffer.push('\'');
            true
        }
        b'.' if before.is_ascii_digit() && next.is_ascii_digit() => {
            buffer.push('.');
            true
        }
        b',' => {
            let group = bytes.get(at + 1..at + 4).is_some_and(|g| g.iter().all(u8::is_ascii_digit));
            let more = bytes.get(at + 4).is_some_and(u8::is_ascii_digit);
            before.is_ascii_digit() && group && !more
        }
        _ => false,
    }
}

fn flush(buffer: &mut String, adjacent: &mut bool, each: &mut impl FnMut(&str, Kind, bool)) {
    if buffer.is_empty() {
        return;
    }
    if buffer.contains('\'') {
        if buffer.ends_with("'s") {
            buffer.truncate(buffer.len() - 2);
        }
        buffer.retain(|c| c != '\'');
    }
    let number = buffer.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !buffer.is_empty() {
        each(buffer, if number { Kind::Number } else { Kind::Letters }, *adjacent);
    }
    buffer.clear();
    *adjacent = true;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        for_each(text, &mut String::new(), |word, _, _| words.push(word.to_owned()));
        words
    }

    #[test]
    fn folding() {
        assert_eq!(words("The Ship’s CAFÉ, don't ﬁt Ｗｉｄｅ"), ["the", "ship", "cafe", "dont", "fit", "wide"]);
        assert_eq!(words("1,234.56 kg; 3, 4 v2.5 C++"), ["1234.56", "kg", "3", "4", "v2.5", "c"]);
        assert_eq!(words("Straße Ærø"), ["strasse", "aero"]);
    }

    #[test]
    fn characters_of_unsegmented_scripts() {
        assert_eq!(words("灯塔abc管"), ["灯", "塔", "abc", "管"]);
        let mut pairs = Vec::new();
        for_each("灯塔，管\n理 员", &mut String::new(), |word, kind, adjacent| {
            pairs.push((word.to_owned(), kind, adjacent))
        });
        let adjacent: Vec<bool> = pairs.iter().map(|p| p.2).collect();
        assert_eq!(adjacent, [false, true, false, true, false]);
        assert!(pairs.iter().all(|p| p.1 == Kind::Character));
    }
}
