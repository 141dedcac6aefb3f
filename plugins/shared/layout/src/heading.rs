//! Headings: which paragraphs are some, by size, weight and numbering, and on which level they stand.

use crate::document::{Block, Body, Kind};
use crate::marker::heading_depth;
use crate::paragraph::Paragraph;

/// Sizes from this factor of the body size on are larger.
const LARGER: f32 = 1.12;
/// Longest heading in characters; ideographs count double.
const LONGEST: usize = 160;

/// True if the paragraph looks like a heading of text set as `body`.
pub(crate) fn is_heading(paragraph: &Paragraph<'_>, text: &str, body: &Body) -> bool {
    let lines = &paragraph.lines;
    let Some(first) = lines.first() else { return false };
    let length: usize = text.chars().map(|c| if crate::script::is_ideographic(c) { 2 } else { 1 }).sum();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if lines.len() > 4 || length > LONGEST || letters < 2 || letters * 3 < text.chars().filter(|c| *c != ' ').count() {
        return false;
    }
    let larger = first.size / body.size;
    let bold = !body.bold && lines.iter().all(|l| l.look.bold);
    let numbered = heading_depth(text).is_some();
    let last = text.chars().next_back().unwrap_or(' ');
    let runs_on = matches!(last, ',' | ';' | '，' | '；' | '、');
    let sentence = matches!(last, '.' | '。') && !text.ends_with("...");
    if runs_on || (sentence && larger < 1.4 && !(numbered && bold)) {
        return false;
    }
    if larger >= LARGER {
        return true;
    }
    if bold && larger > 0.93 && lines.len() <= 2 && length <= 120 {
        return true;
    }
    // 第三章 总则: a line by itself says enough.
    if text.starts_with('第') && numbered && lines.len() == 1 && length <= 60 {
        return true;
    }
    let capitals = text.chars().all(|c| !c.is_lowercase()) && text.chars().any(char::is_uppercase);
    capitals && paragraph.set_apart && lines.len() == 1 && letters >= 4 && length <= 80 && larger > 0.93
}

/// The styles of a document's headings, highest first.
pub(crate) struct Headings {
    /// Half points, bold.
    styles: Vec<(i32, bool)>,
    /// Smallest numbering depth in each style.
    depths: Vec<u32>,
    title: Option<usize>,
}

impl Headings {
    /// Collects the styles of the headings among `blocks`.
    pub(crate) fn of(blocks: &[Block], body: &Body) -> Headings {
        let title = title(blocks, body);
        let mut styles: Vec<(i32, bool)> = blocks
            .iter()
            .enumerate()
            .filter(|(i, b)| b.kind == Kind::Heading && Some(*i) != title)
            .map(|(_, b)| style(b))
            .collect();
        styles.sort_unstable_by(|a, b| b.cmp(a));
        styles.dedup();
        // Sizes that differ by rounding only are one.
        styles.dedup_by(|b, a| a.1 == b.1 && a.0 - b.0 <= 1);
        let mut headings = Headings { depths: vec![u32::MAX; styles.len()], styles, title };
        for block in blocks.iter().filter(|b| b.kind == Kind::Heading) {
            let rank = headings.rank(block);
            if let Some(depth) = heading_depth(&block.text)
                && let Some(slot) = headings.depths.get_mut(rank)
            {
                *slot = (*slot).min(depth);
            }
        }
        headings
    }

    fn rank(&self, block: &Block) -> usize {
        let own = style(block);
        self.styles.iter().position(|s| s.0 - own.0 <= 1 && s.1 == own.1 || *s <= own).unwrap_or(self.styles.len())
    }

    /// Sets levels, and the kind of the title.
    pub(crate) fn apply(&self, blocks: &mut [Block]) {
        for (i, block) in blocks.iter_mut().enumerate().filter(|(_, b)| b.kind == Kind::Heading) {
            if Some(i) == self.title {
                block.kind = Kind::Title;
                continue;
            }
            let rank = self.rank(block);
            let base = self.depths.get(rank).copied().unwrap_or(u32::MAX);
            let deeper = heading_depth(&block.text).map_or(0, |d| d.saturating_sub(base));
            block.level = (rank as u32 + 1 + deeper).clamp(1, 6);
        }
    }
}

fn style(block: &Block) -> (i32, bool) {
    ((block.size * 2.0).round() as i32, block.bold)
}

/// The title: the first of the largest headings on the first page that has text, if it is larger than body text and
/// larger than every heading after it.
fn title(blocks: &[Block], body: &Body) -> Option<usize> {
    let page = blocks.first()?.places.first()?.page;
    let on_first = |b: &Block| b.places.first().is_some_and(|p| p.page == page);
    let headings = || blocks.iter().enumerate().filter(|(_, b)| b.kind == Kind::Heading);
    let largest = headings().filter(|(_, b)| on_first(b)).map(|(_, b)| style(b).0).max()?;
    let (index, block) = headings().find(|(_, b)| style(b).0 == largest)?;
    let unique = headings().filter(|(i, b)| *i != index && style(b).0 >= largest).count() == 0;
    (on_first(block) && unique && block.size >= LARGER * body.size).then_some(index)
}
