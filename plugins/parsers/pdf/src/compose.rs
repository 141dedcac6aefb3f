//! Windows of pages → the blocks of the document.

use crate::outline::Entry;
use crate::window::Window;
use mortise_shared_layout::{self as layout, Block, Kind};
use std::collections::HashMap;

/// Longest text that an outline can name.
const LONGEST: usize = 300;

/// The blocks of a document from all its windows, whatever order they come in. What pages need of each other is done
/// here: running heads, the size of body text, paragraphs and tables that go on, the levels of headings.
pub fn compose(mut windows: Vec<Window>) -> Vec<Block> {
    windows.sort_by_key(|w| w.first);
    let outline: Vec<Entry> = windows.iter_mut().flat_map(|w| std::mem::take(&mut w.outline)).collect();
    let pages: Vec<layout::PageLayout> = windows.into_iter().flat_map(|w| w.pages).collect();
    let mut blocks = layout::blocks(&pages);
    apply_outline(&mut blocks, &outline);
    blocks
}

/// Makes headings of what the outline names, on the level it has there.
fn apply_outline(blocks: &mut [Block], outline: &[Entry]) {
    let mut by_page: HashMap<u32, Vec<usize>> = HashMap::new();
    for (i, block) in blocks.iter().enumerate() {
        let named = matches!(block.kind, Kind::Title | Kind::Heading | Kind::Paragraph | Kind::ListItem);
        if let Some(place) = block.places.first().filter(|_| named && block.text.len() <= LONGEST) {
            by_page.entry(place.page).or_default().push(i);
        }
    }
    let mut levels: Vec<(usize, u32)> = Vec::new();
    for entry in outline.iter().filter(|e| e.page > 0) {
        let title = letters(&entry.title);
        let on_page = by_page.get(&entry.page).map(Vec::as_slice).unwrap_or_default();
        let found = on_page.iter().find(|i| {
            let free = levels.iter().rev().take(64).all(|(taken, _)| taken != *i);
            free && blocks.get(**i).is_some_and(|b| same_title(&letters(&b.text), &title))
        });
        levels.extend(found.map(|i| (*i, entry.level.clamp(1, 6))));
    }
    levels.sort_unstable();
    for (i, level) in &levels {
        if let Some(block) = blocks.get_mut(*i).filter(|b| b.kind != Kind::Title) {
            (block.kind, block.level) = (Kind::Heading, *level);
        }
    }
    // An outline that most headings are in says more than their print; the others stand below what it names.
    let headings = blocks.iter().filter(|b| b.kind == Kind::Heading).count();
    if levels.len() < 3 || levels.len() * 2 < headings {
        return;
    }
    let mut levels = levels.into_iter().peekable();
    let mut current = 0;
    for (i, block) in blocks.iter_mut().enumerate() {
        if let Some((_, level)) = levels.next_if(|(named, _)| *named == i) {
            current = level;
        } else if block.kind == Kind::Heading && current > 0 {
            block.level = block.level.max(current + 1).min(6);
        }
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The same but for a number before it, which outlines often leave out.
fn same_title(text: &str, title: &str) -> bool {
    let bare = |s: &str| s.trim_start_matches(|c: char| c.is_ascii_digit()).to_string();
    !title.is_empty() && (text == title || bare(title).chars().count() > 2 && bare(text) == bare(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_the_same_with_and_without_their_number() {
        assert!(same_title(&letters("2.1 Related Work"), &letters("Related work")));
        assert!(same_title(&letters("Related Work"), &letters("Related  work")));
        assert!(!same_title(&letters("2.1 Related Work"), &letters("Relations")));
        assert!(!same_title(&letters("1"), &letters("2")) && !same_title("", ""));
    }
}
