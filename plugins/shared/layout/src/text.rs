//! Joining lines to running text: blanks, hyphens, scripts without blanks.

use crate::script::is_ideographic;
use crate::words::Words;

/// Appends a line to running text; `words` knows how divided words go together.
pub(crate) fn append_line(text: &mut String, line: &str, words: &Words) {
    let line = line.trim();
    if line.is_empty() {
        return;
    }
    let (Some(last), Some(first)) = (text.chars().next_back(), line.chars().next()) else {
        text.push_str(line);
        return;
    };
    if is_hyphen(last) && first.is_alphabetic() && !is_ideographic(first) {
        let word_start = text.rfind(|c: char| c.is_whitespace()).map_or(0, |i| i + 1);
        let before = text.get(word_start..).unwrap_or_default();
        let stem = before.trim_end_matches(is_hyphen);
        let after: String = line.chars().take_while(|c| c.is_alphanumeric() || is_hyphen(*c)).collect();
        let stem_is_word = stem.chars().next_back().is_some_and(char::is_alphabetic);
        // "d-" + "dimensional": a single letter is hardly ever a syllable that was divided off.
        let letter = stem.chars().nth(1).is_none();
        if stem_is_word && first.is_lowercase() {
            if !letter && !words.is_compound(&format!("{stem}-{after}")) {
                text.truncate(word_start + stem.len());
            }
            text.push_str(line);
            return;
        }
        if stem_is_word {
            // "Rhein-" + "Main": the hyphen belongs to the word.
            text.push_str(line);
            return;
        }
    }
    let one_word =
        is_ideographic(last) && is_ideographic(first) || words.divides(text, line) || divided_address(text, line);
    if !one_word {
        text.push(' ');
    }
    text.push_str(line);
}

/// True if a web address ends the text and goes on in the line: addresses are broken anywhere, without a hyphen.
fn divided_address(text: &str, line: &str) -> bool {
    let start = text.rfind(char::is_whitespace).map_or(0, |i| i + 1);
    let address = text.get(start..).unwrap_or_default();
    if !(address.contains("://") || address.contains("www.")) || address.ends_with([')', '>', ',', ';']) {
        return false;
    }
    let next = line.split_whitespace().next().unwrap_or_default();
    let inside = next.trim_end_matches(['.', ',', ';', ')', ':']);
    // Only what no word of a sentence looks like.
    let path = inside.contains(['/', '?', '=', '%', '#', '_', '&']) && !inside.contains("://");
    let ends_open = address.ends_with(['/', '?', '=', '&', '_', '-', '.', '#', '%']);
    path || ends_open && !address.ends_with('.') && inside.contains(['.', '-']) && inside.is_ascii()
}

pub(crate) fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | '\u{ad}')
}

#[cfg(test)]
mod tests {
    use super::append_line;
    use crate::words::Words;

    fn join(lines: &[&str]) -> String {
        let mut text = String::new();
        for line in lines {
            append_line(&mut text, line, &Words::default());
        }
        text
    }

    #[test]
    fn hyphens_at_line_ends() {
        assert_eq!(join(&["the docu-", "ment"]), "the document");
        assert_eq!(join(&["Rhein-", "Main"]), "Rhein-Main");
        assert_eq!(join(&["a d-", "dimensional vector"]), "a d-dimensional vector");
        assert_eq!(join(&["pages 1-", "3"]), "pages 1- 3");
        assert_eq!(join(&["he said -", "then left"]), "he said - then left");
    }

    #[test]
    fn ideographs_join_without_blanks() {
        assert_eq!(join(&["第一条", "为了"]), "第一条为了");
        assert_eq!(join(&["使用", "Rust"]), "使用 Rust");
        assert_eq!(join(&["one", "two"]), "one two");
    }

    #[test]
    fn web_addresses_go_on_over_line_ends() {
        assert_eq!(join(&["see https://a.org/blob/m", "ain/x.md."]), "see https://a.org/blob/main/x.md.");
        assert_eq!(join(&["at http://a.org", "and more"]), "at http://a.org and more");
        assert_eq!(join(&["at http://a.org/", "with it"]), "at http://a.org/ with it");
    }
}
