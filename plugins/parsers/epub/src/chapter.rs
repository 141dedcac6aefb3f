//! A chapter: its blocks, and what the navigation knows of its headings.

use crate::navigation::Entry;
use mortise_sdk::document::{Block, BlockKind};
use mortise_shared_encoding::decode;
use mortise_shared_html::{Options, Page, declared_encoding, read_with};

/// How far behind its place in the navigation a heading may stand, in blocks.
const NEAR: usize = 4;

/// Reads the page.
pub(crate) fn read(bytes: &[u8]) -> Page {
    let declared = declared_encoding(bytes.get(..4096).unwrap_or(bytes));
    let text = decode(bytes, declared.as_deref()).text;
    // Its declaration says that it is XML; anything may call itself a chapter.
    let head = text.get(..text.floor_char_boundary(1024)).unwrap_or_default();
    let xhtml = head.contains("<?xml") || head.contains("www.w3.org/1999/xhtml");
    read_with(&text, Options { title: false, pictures: true, anchors: true, whole: true, xhtml })
}

/// The first heading of a page.
pub(crate) fn heading(page: &Page) -> Option<String> {
    page.blocks.iter().find(|block| block.kind == BlockKind::Heading).map(|block| block.text.replace('\n', " "))
}

/// The lines of the visible table of contents are no text of the book.
pub(crate) fn mark_contents(page: &mut Page) {
    for block in page.blocks.iter_mut().filter(|block| block.kind == BlockKind::ListItem) {
        block.kind = BlockKind::TocEntry;
        block.level = 0;
    }
}

/// True if two texts say the same to a reader.
pub(crate) fn same(a: &str, b: &str) -> bool {
    let letters =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let (a, b) = (letters(a), letters(b));
    !a.is_empty() && a == b
}

/// Makes headings of what the navigation names: of the line that says the same if there is one, else a new one.
pub(crate) fn name_headings(page: &mut Page, entries: &[&Entry]) {
    let mut added: Vec<(usize, Block)> = Vec::new();
    for entry in entries {
        let at = match &entry.fragment {
            Some(fragment) => match page.anchors.iter().find(|(name, _)| name == fragment) {
                Some((_, at)) => *at as usize,
                None => continue,
            },
            None => 0,
        };
        let end = (at + NEAR).min(page.blocks.len());
        let Some(near) = page.blocks.get_mut(at..end).filter(|near| !near.is_empty()) else { continue };
        // A heading may say more than its line in the contents, or less: a number, a subtitle.
        if near.iter().any(|block| block.kind == BlockKind::Heading) {
            continue;
        }
        let level = entry.depth.min(6);
        let is_line = |block: &&mut Block| {
            matches!(block.kind, BlockKind::Paragraph | BlockKind::Quote) && same(&block.text, &entry.label)
        };
        if let Some(line) = near.iter_mut().find(is_line) {
            line.kind = BlockKind::Heading;
            line.level = level;
        } else if page.blocks[at..].iter().any(|block| block.kind == BlockKind::Paragraph)
            && !added.iter().any(|(known, _)| *known == at)
        {
            added.push((at, Block::heading(level, &entry.label)));
        }
    }
    insert(page, added);
}

/// Puts blocks before others, and keeps what refers to those.
fn insert(page: &mut Page, mut added: Vec<(usize, Block)>) {
    if added.is_empty() {
        return;
    }
    added.sort_by_key(|(at, _)| *at);
    let moved = |old: u32| old + added.iter().filter(|(at, _)| *at <= old as usize).count() as u32;
    let places: Vec<u32> = (0..page.blocks.len() as u32).map(moved).collect();
    let mut waiting = added.into_iter().peekable();
    let mut blocks = Vec::with_capacity(page.blocks.len() + waiting.len());
    for (at, mut block) in std::mem::take(&mut page.blocks).into_iter().enumerate() {
        while let Some((_, heading)) = waiting.next_if(|(before, _)| *before <= at) {
            blocks.push(heading);
        }
        block.parent = block.parent.and_then(|parent| places.get(parent as usize).copied());
        blocks.push(block);
    }
    for (id, block) in blocks.iter_mut().enumerate() {
        block.id = id as u32;
    }
    page.blocks = blocks;
    page.anchors.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(label: &str, fragment: Option<&str>, depth: u32) -> Entry {
        Entry { label: label.into(), depth, file: String::new(), fragment: fragment.map(String::from) }
    }

    #[test]
    fn headings_come_from_the_navigation_where_the_chapter_has_none() {
        let mut page = read(
            b"<html xmlns='http://www.w3.org/1999/xhtml'><head><title/></head><body><p class='h'>CHAPTER I.</p><p>Text.</p>\
              <figure><img alt='x' src='y'/><figcaption>c</figcaption></figure><a id='s2'/><p>More.</p><h3 id='s3'>Own</h3><p>z</p>",
        );
        let entries = [entry("Chapter I", None, 1), entry("Second", Some("s2"), 2), entry("Third", Some("s3"), 2)];
        name_headings(&mut page, &entries.iter().collect::<Vec<_>>());
        let told: Vec<_> = page.blocks.iter().map(|b| (b.kind, b.level, b.text.as_str())).collect();
        use BlockKind::*;
        let want = [
            (Heading, 1, "CHAPTER I."),
            (Paragraph, 0, "Text."),
            (Figure, 0, "x"),
            (Caption, 0, "c"),
            (Paragraph, 0, "More."),
            (Heading, 3, "Own"),
            (Paragraph, 0, "z"),
        ];
        assert_eq!(told, want);
        let mut page =
            read(b"<p>Text.</p><a id='s2'></a><p>More.</p><table><caption>c</caption><tr><td>1<td>2</table>");
        name_headings(&mut page, &[&entries[1]]);
        assert_eq!(page.blocks[1].text, "Second");
        assert_eq!(page.blocks[3].parent, Some(4));
    }
}
