//! Texts in pieces within a limit.

use crate::HostTokens;
use mortise_shared_text::{Delimiters, TokenCounter, cut};

/// Plain text in pieces of at most `limit` tokens, cut between lines and cells first. Blank pieces are left out.
pub fn pieces(text: &str, limit: u32) -> Vec<String> {
    let limit = limit.max(1);
    let text = text.trim();
    if text.is_empty() {
        return vec![];
    }
    if HostTokens.count_one(text) <= limit {
        return vec![text.to_owned()];
    }
    let atoms = cut::atoms(text, &Delimiters::parse("\n\t"), limit, &HostTokens);
    let mut pieces: Vec<String> = Vec::new();
    let mut sum = 0;
    for cut::Atom { range, tokens } in atoms {
        match pieces.last_mut() {
            Some(piece) if sum + tokens < limit => {
                piece.push_str(&text[range]);
                sum += tokens;
            }
            _ => {
                pieces.push(text[range].to_owned());
                sum = tokens;
            }
        }
    }
    pieces.into_iter().map(|piece| piece.trim().to_owned()).filter(|piece| !piece.is_empty()).collect()
}

/// `text` in pieces that all begin with `front`, as long as that leaves half of the limit to the text. Where it does
/// not, `front` stands before the first piece and is cut like the text. Never empty when `front` or `text` is not.
pub fn headed(front: &str, text: &str, limit: u32) -> Vec<String> {
    let limit = limit.max(1);
    let whole = format!("{front}{text}");
    if HostTokens.count_one(&whole) <= limit {
        let whole = whole.trim().to_owned();
        return if whole.is_empty() { vec![] } else { vec![whole] };
    }
    let head = HostTokens.count_one(front);
    if head > limit / 2 || text.trim().is_empty() {
        return pieces(&whole, limit);
    }
    // Joined texts may count a little more than their parts; the room shrinks until all pieces fit.
    let mut room = limit - head;
    loop {
        let headed: Vec<String> = pieces(text, room).iter().map(|piece| format!("{front}{piece}")).collect();
        if room < 2 || HostTokens.count(&headed).into_iter().all(|tokens| tokens <= limit) {
            return headed;
        }
        room -= (room / 16).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_is_repeated_as_long_as_it_leaves_room() {
        assert_eq!(headed("Q: why?\t", "because", 100), ["Q: why?\tbecause"]);
        let long = "one two three four five. ".repeat(20);
        let cut = headed("Q: why?\t", &long, 24);
        assert!(cut.len() > 3 && cut.iter().all(|piece| piece.starts_with("Q: why?\tone")), "{cut:?}");
        assert!(HostTokens.count(&cut).into_iter().all(|tokens| tokens <= 24));
        let cut = headed(&long, "because", 24);
        assert_eq!(cut.concat().matches("three").count(), 20);
        assert!(cut.last().is_some_and(|last| last.ends_with("because")));
        assert!(headed("", " ", 5).is_empty());
    }
}
