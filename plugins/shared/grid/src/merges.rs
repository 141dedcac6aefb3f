//! Merged ranges, looked up row by row.

/// A rectangle of cells, 0-based, both ends inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    /// First row.
    pub top: u32,
    /// First column.
    pub left: u32,
    /// Last row.
    pub bottom: u32,
    /// Last column.
    pub right: u32,
}

impl Range {
    /// `B2:D9`, `$B$2`, `Sheet1!A1:B2` → a range; none for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.rsplit('!').next().unwrap_or(text);
        let (from, to) = text.split_once(':').unwrap_or((text, text));
        let ((top, left), (bottom, right)) = (cell(from)?, cell(to)?);
        Some(Self { top: top.min(bottom), left: left.min(right), bottom: bottom.max(top), right: right.max(left) })
    }
}

/// `AB12` → row 11, column 27.
fn cell(text: &str) -> Option<(u32, u32)> {
    let text = text.trim().replace('$', "");
    let digits = text.find(|c: char| c.is_ascii_digit())?;
    let mut column = 0u32;
    for letter in text[..digits].bytes() {
        let value = u32::from(letter.to_ascii_uppercase().checked_sub(b'A').filter(|v| *v < 26)?) + 1;
        column = column.checked_mul(26)?.checked_add(value)?;
    }
    let row: u32 = text[digits..].parse().ok()?;
    Some((row.checked_sub(1)?, column.checked_sub(1)?))
}

/// More merged ranges than this are not kept.
const MOST: usize = 200_000;

/// The merged ranges of a sheet; those that overlap an earlier one are ignored.
#[derive(Clone, Debug, Default)]
pub struct Merges {
    /// By top, then left.
    waiting: Vec<Range>,
    next: usize,
    /// Those that the current row is in, by left column.
    active: Vec<Range>,
}

impl Merges {
    /// Of any ranges; single cells are dropped.
    pub fn new(ranges: impl IntoIterator<Item = Range>) -> Self {
        let mut waiting: Vec<Range> =
            ranges.into_iter().filter(|r| r.top != r.bottom || r.left != r.right).take(MOST).collect();
        waiting.sort_unstable();
        Self { waiting, next: 0, active: Vec::new() }
    }

    /// Steps on to a row; rows must rise.
    pub(crate) fn enter(&mut self, row: u32) {
        self.active.retain(|r| r.bottom >= row);
        while let Some(range) = self.waiting.get(self.next).filter(|r| r.top <= row) {
            self.next += 1;
            if range.bottom < row {
                continue;
            }
            let at = self.active.partition_point(|r| r.left < range.left);
            let free_before = at.checked_sub(1).and_then(|i| self.active.get(i)).is_none_or(|r| r.right < range.left);
            let free_after = self.active.get(at).is_none_or(|r| r.left > range.right);
            if free_before && free_after {
                self.active.insert(at, *range);
            }
        }
    }

    /// The range around a column of the current row.
    pub(crate) fn around(&self, column: u32) -> Option<Range> {
        let at = self.active.partition_point(|r| r.left <= column);
        self.active.get(at.checked_sub(1)?).filter(|r| r.right >= column).copied()
    }

    /// All ranges of the current row, by column.
    pub(crate) fn active(&self) -> &[Range] {
        &self.active
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_ranges() {
        assert_eq!(Range::parse("B2:D9"), Some(Range { top: 1, left: 1, bottom: 8, right: 3 }));
        assert_eq!(Range::parse("Sheet1!$XFD$1048576").map(|r| (r.top, r.left)), Some((1_048_575, 16_383)));
        assert_eq!(Range::parse("D9:B2"), Range::parse("B2:D9"));
        for wrong in ["", "12", "A", "A0", "ÄB3", "A1:", "AAAAAAAAAAAAAAAA1"] {
            assert_eq!(Range::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn overlapping_ranges_are_ignored() {
        let mut merges = Merges::new(["A1:B2", "B1:C1", "C3:C3"].iter().filter_map(|r| Range::parse(r)));
        merges.enter(0);
        assert_eq!(merges.around(1), Range::parse("A1:B2"));
        assert_eq!(merges.around(2), None);
        merges.enter(2);
        assert!(merges.active().is_empty());
    }
}
