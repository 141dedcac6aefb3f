//! Numbered units of English laws and books, and the few of other languages that are written the same way.

const PARTS: &[&str] = &["PART", "Part", "BOOK", "Book", "VOLUME", "Volume", "TITLE", "Title", "DIVISION"];
const CHAPTERS: &[&str] = &["CHAPTER", "Chapter", "KAPITEL", "Kapitel"];
const SECTIONS: &[&str] = &["SECTION", "Section", "SEC.", "Sec.", "§§", "§", "Abschnitt"];
const ARTICLES: &[&str] = &["ARTICLE", "Article", "ART.", "Art.", "Art", "Artikel", "ARTIKEL"];

const NUMBERS: &[&str] = &[
    "ONE",
    "TWO",
    "THREE",
    "FOUR",
    "FIVE",
    "SIX",
    "SEVEN",
    "EIGHT",
    "NINE",
    "TEN",
    "ELEVEN",
    "TWELVE",
    "THIRTEEN",
    "FOURTEEN",
    "FIFTEEN",
    "SIXTEEN",
    "SEVENTEEN",
    "EIGHTEEN",
    "NINETEEN",
    "TWENTY",
];

/// Level and length of the unit's name and number.
pub(super) fn matched(line: &str) -> Option<(usize, usize)> {
    [PARTS, CHAPTERS, SECTIONS, ARTICLES].into_iter().enumerate().find_map(|(level, names)| {
        names.iter().find_map(|name| {
            let after = line.strip_prefix(name)?;
            let rest = after.trim_start();
            // Only a sign may stand right before its number.
            if rest.len() == after.len() && !name.ends_with(['.', '§']) {
                return None;
            }
            let length = number(rest, level < 2)?;
            Some((level, line.len() - rest.len() + length))
        })
    })
}

/// Digits, a Roman number, or, where allowed, a number in words.
fn number(text: &str, words: bool) -> Option<usize> {
    let token = text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
    let digits = token.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        // "101a" is a number, "3rd" is none.
        let letters = token.len() - digits;
        let mut length = token.len();
        while let Some(rest) = text[length..].strip_prefix('.') {
            match rest.bytes().take_while(u8::is_ascii_digit).count() {
                0 => break,
                more => length += 1 + more,
            }
        }
        return (letters <= 1).then_some(length);
    }
    let roman = !token.is_empty() && token.len() <= 8 && token.bytes().all(|b| b"IVXLC".contains(&b));
    let word = words && NUMBERS.contains(&token.to_ascii_uppercase().as_str()) && token.starts_with(char::is_uppercase);
    (roman || word).then_some(token.len())
}
