//! Light English stems: endings are folded so that forms of one word meet, in place and without a dictionary.
//!
//! Gentler than Porter's rules: plural, past, -ing, adverb, and the commonest noun endings. A stem need not be a word.

/// Shortens an ASCII lower-case word; others stay.
pub fn stem(word: &mut Vec<u8>) {
    if word.len() < 4 || !word.iter().all(u8::is_ascii_lowercase) {
        return;
    }
    plural(word);
    past(word);
    // Twice: "organization" becomes "organize", and that "organ".
    for _ in 0..2 {
        let fits = |&&(ending, _, least): &&(&str, &str, usize)| {
            word.len() >= ending.len() + least && word.ends_with(ending.as_bytes())
        };
        let Some((ending, replacement, _)) = ENDINGS.iter().find(fits) else { break };
        word.truncate(word.len() - ending.len());
        word.extend_from_slice(replacement.as_bytes());
    }
    // "cylinder" and "cylindre" stay apart, but "make", "mak(ing)" and "study", "studi(es)" meet.
    if word.len() > 3 && word.ends_with(b"e") {
        word.pop();
    }
    if word.len() > 2 && word.ends_with(b"y") && !is_vowel(word, word.len() - 2) {
        word.pop();
        word.push(b'i');
    }
}

/// Ending, what it becomes, and how many letters must be left; longest first.
const ENDINGS: &[(&str, &str, usize)] = &[
    ("ization", "ize", 3),
    ("isation", "ize", 3),
    ("ational", "ate", 3),
    ("fulness", "ful", 3),
    ("iveness", "ive", 3),
    ("ousness", "ous", 3),
    ("icality", "ic", 3),
    ("ically", "ic", 3),
    ("tional", "tion", 3),
    ("bility", "ble", 3),
    ("ation", "ate", 3),
    ("alist", "al", 3),
    ("alism", "al", 3),
    ("ality", "al", 3),
    ("ivity", "ive", 3),
    ("fully", "ful", 3),
    ("ously", "ous", 3),
    ("ively", "ive", 3),
    ("ingly", "", 4),
    ("edly", "", 4),
    ("ical", "ic", 3),
    ("ally", "al", 4),
    ("ness", "", 4),
    ("ment", "", 5),
    ("able", "", 4),
    ("ably", "", 4),
    ("ator", "ate", 3),
    ("ise", "ize", 5),
    ("ion", "", 5),
    ("ous", "", 5),
    ("ive", "", 5),
    ("ate", "", 4),
    ("ize", "", 4),
    ("ity", "", 4),
    ("ful", "", 4),
    ("al", "", 4),
    ("ly", "", 4),
    ("er", "", 4),
    ("or", "", 5),
];

fn plural(word: &mut Vec<u8>) {
    let n = word.len();
    if word.ends_with(b"sses") || (word.ends_with(b"ies") && n > 4) {
        word.truncate(n - 2);
    } else if word.ends_with(b"s") && !matches!(word[n - 2], b's' | b'u' | b'i') {
        word.truncate(n - 1);
    }
}

fn past(word: &mut Vec<u8>) {
    let n = word.len();
    let cut = if word.ends_with(b"ied") && n > 4 {
        word.truncate(n - 1);
        return;
    } else if word.ends_with(b"eed") {
        return;
    } else if word.ends_with(b"ed") && has_vowel(&word[..n - 2]) && n > 4 {
        2
    } else if word.ends_with(b"ing") && has_vowel(&word[..n - 3]) && n > 5 {
        3
    } else {
        return;
    };
    word.truncate(n - cut);
    let n = word.len();
    let doubled = n > 3 && word[n - 1] == word[n - 2] && !matches!(word[n - 1], b'l' | b's' | b'z' | b'e' | b'o');
    if doubled {
        word.pop();
    } else if word.ends_with(b"at") || word.ends_with(b"iz") || (n > 6 && word.ends_with(b"is")) {
        word.push(b'e');
    }
}

fn is_vowel(word: &[u8], at: usize) -> bool {
    matches!(word.get(at), Some(b'a' | b'e' | b'i' | b'o' | b'u'))
}

fn has_vowel(word: &[u8]) -> bool {
    word.iter().any(|c| matches!(c, b'a' | b'e' | b'i' | b'o' | b'u' | b'y'))
}

#[cfg(test)]
mod tests {
    fn stem(word: &str) -> String {
        let mut bytes = word.as_bytes().to_vec();
        super::stem(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn forms_meet() {
        for forms in [
            &["connect", "connected", "connecting", "connects", "connection", "connections"][..],
            &["make", "makes", "making"],
            &["study", "studies", "studied"],
            &["stop", "stopped", "stopping", "stops"],
            &["theory", "theories"],
            &["rotate", "rotates", "rotated", "rotating", "rotation", "rotational"],
            &["box", "boxing"],
            &["stable", "stables"],
            &["organize", "organization", "organised", "organizing"],
        ] {
            let stems: Vec<String> = forms.iter().map(|f| stem(f)).collect();
            assert!(stems.iter().all(|s| *s == stems[0]), "{forms:?} became {stems:?}");
        }
    }

    #[test]
    fn short_and_foreign_words_stay() {
        for word in ["was", "bus", "gas", "naïve", "灯塔", "2nd", ""] {
            assert_eq!(stem(word), word);
        }
        assert_ne!(stem("university"), stem("universe").replace('e', ""));
    }
}
