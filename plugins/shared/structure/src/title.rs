//! What can be a heading, by its words alone.

use crate::numbering::Family;

/// True for text that cannot be a heading: more than twelve words, or a long run without blanks, or marks of a sentence.
/// An article of a law (`第三条 …`) always can.
pub fn is_no_title(text: &str) -> bool {
    let text = text.trim();
    if Family::ChineseLegal.level(text) == Some(3) {
        return false;
    }
    let words = text.split(' ').filter(|word| !word.is_empty()).count();
    words > 12
        || (!text.contains(' ') && text.chars().count() >= 32)
        || text.contains([',', ';', '，', '。', '；', '！', '!'])
}

/// What the print leaves in a text without layout and nobody would search: a page number alone, a stray character.
pub fn is_stray(line: &str) -> bool {
    let line = line.trim();
    let mut chars = line.chars();
    let single = chars.next().is_some() && chars.next().is_none();
    single || (line.len() <= 6 && line.bytes().all(|b| b.is_ascii_digit()))
}

/// On one line, blanks collapsed.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
