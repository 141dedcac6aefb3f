//! Terms of a text, as query and candidate are compared: stems of words, and pairs of characters in scripts without
//! blanks.

use crate::stem;
use crate::stop::{self, Weight};
use crate::word::{self, Kind};

/// What a function word weighs by itself; content words weigh 1.
pub const FUNCTION: f32 = 0.05;

/// What an everyday word, or a character without a neighbour, weighs by itself.
pub const EVERYDAY: f32 = 0.5;

/// Calls `each` with every term of `text` in order, and what it weighs by itself (0..=1). A character that has no
/// neighbour is a term of its own.
pub fn for_each(text: &str, mut each: impl FnMut(&[u8], f32)) {
    let mut buffer = String::new();
    let mut term = Vec::new();
    // The character before, and whether it has been part of a pair.
    let mut open: Option<(char, bool)> = None;
    word::for_each(text, &mut buffer, |word, kind, adjacent| {
        let c = word.chars().next().unwrap_or(' ');
        let character = kind == Kind::Character;
        let paired = match open {
            Some((before, _)) if character && adjacent => {
                term.clear();
                let mut utf8 = [0; 4];
                term.extend_from_slice(before.encode_utf8(&mut utf8).as_bytes());
                term.extend_from_slice(word.as_bytes());
                let particles = f32::from(u8::from(stop::is_particle(before)) + u8::from(stop::is_particle(c)));
                each(&term, 1.0 - 0.475 * particles);
                true
            }
            Some((before, false)) => {
                single(before, &mut each);
                false
            }
            _ => false,
        };
        if character {
            open = Some((c, paired));
            return;
        }
        open = None;
        term.clear();
        term.extend_from_slice(word.as_bytes());
        if kind == Kind::Letters {
            stem::stem(&mut term);
        }
        each(
            &term,
            match stop::weight(word) {
                Weight::Function => FUNCTION,
                Weight::Everyday => EVERYDAY,
                Weight::Content => 1.0,
            },
        );
    });
    if let Some((last, false)) = open {
        single(last, &mut each);
    }
}

fn single(c: char, each: &mut impl FnMut(&[u8], f32)) {
    let mut utf8 = [0; 4];
    each(c.encode_utf8(&mut utf8).as_bytes(), if stop::is_particle(c) { FUNCTION } else { EVERYDAY });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_and_pairs() {
        let mut terms = Vec::new();
        for_each("The cranes 灯塔管，的 x 船", |term, weight| {
            terms.push((String::from_utf8(term.to_vec()).unwrap(), weight))
        });
        let expected = [
            ("the", FUNCTION),
            ("cran", 1.0),
            ("灯塔", 1.0),
            ("塔管", 1.0),
            ("的", FUNCTION),
            ("x", 1.0),
            ("船", EVERYDAY),
        ];
        assert_eq!(terms, expected.map(|(term, weight)| (term.to_owned(), weight)));
    }
}
