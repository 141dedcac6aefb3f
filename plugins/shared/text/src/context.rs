//! The text around a table or picture: whole sections while they fit, then whole sentences, up to a token budget.

use crate::{TokenCounter, sentence};

/// What to do with the sentence that crosses the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// It is still taken, as the reference system does.
    Taken,
    /// It is left out: the budget holds.
    LeftOut,
}

/// Text before something: `sections` in reading order, the nearest last. Sections are joined by newlines.
pub fn above(sections: &[&str], budget: u32, crossing: Crossing, counter: &impl TokenCounter) -> String {
    let mut pieces = collect(sections.iter().rev(), true, budget, crossing, counter);
    pieces.reverse();
    pieces.join("\n")
}

/// Text after something: `sections` in reading order, the nearest first. Sections are joined by newlines.
pub fn below(sections: &[&str], budget: u32, crossing: Crossing, counter: &impl TokenCounter) -> String {
    collect(sections.iter(), false, budget, crossing, counter).join("\n")
}

fn collect<'a>(
    nearest_first: impl Iterator<Item = &'a &'a str>,
    from_end: bool,
    budget: u32,
    crossing: Crossing,
    counter: &impl TokenCounter,
) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut left = budget;
    for section in nearest_first {
        if left == 0 {
            break;
        }
        let tokens = counter.count_one(section) + u32::from(!pieces.is_empty());
        if tokens <= left {
            left -= tokens;
            pieces.push((*section).to_owned());
            continue;
        }
        let mut sentences = sentence::sentences(section);
        if from_end {
            sentences.reverse();
        }
        let texts: Vec<String> = sentences.iter().map(|r| section[r.clone()].to_owned()).collect();
        let mut taken = 0..0;
        for (range, tokens) in sentences.into_iter().zip(counter.count(&texts)) {
            let crosses = tokens > left;
            if crosses && crossing == Crossing::LeftOut {
                break;
            }
            taken = match (taken.is_empty(), from_end) {
                (true, _) => range,
                (false, true) => range.start..taken.end,
                (false, false) => taken.start..range.end,
            };
            left = left.saturating_sub(tokens);
            if left == 0 {
                break;
            }
        }
        if !taken.is_empty() {
            pieces.push(section[taken].to_owned());
        }
        break;
    }
    pieces
}
