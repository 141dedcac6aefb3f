//! What a sheet says of its rows after and before them: merged ranges, frozen rows, filters, tables.
//!
//! Merged ranges stand behind all rows, but the writer needs them before. So the part is gone through twice, the first
//! time only for the bytes around the rows: a sheet of a million rows is passed in a second.

use mortise_shared_grid::{Hints, Merges, Range};
use mortise_shared_packed::{Error, Namespace, Package, Token};
use std::io::Read;

/// Frozen rows that may be a header; more are a view of something else.
const FROZEN: u32 = 5;
/// Merged ranges at most.
const MOST: usize = 200_000;

pub(crate) struct Found {
    pub(crate) header: Hints,
    pub(crate) merges: Merges,
}

pub(crate) fn read(package: &Package<'_>, part: &str) -> Result<Found, Error> {
    let mut seen = Seen::default();
    scan(package, part, &mut seen)?;
    let mut header = None;
    for link in package.relationships(part)?.of_kind("table") {
        let Ok(mut xml) = package.xml(&link.target) else { continue };
        if let Ok(Some(Token::Start(tag))) = xml.next()
            && tag.is(Namespace::Spreadsheet, "table")
            && let Some(range) = tag.attr("ref").as_deref().and_then(Range::parse)
            && let rows @ 1.. = tag.number("headerRowCount").unwrap_or(1)
        {
            let rows = (range.top, range.top.saturating_add(rows.min(5) as u32 - 1));
            header = header.min(Some(rows)).or(Some(rows));
        }
    }
    let filter = seen.filter.map(|range| (range.top, range.top));
    let frozen = seen.frozen.filter(|rows| (1..=FROZEN).contains(rows)).map(|rows| (0, rows - 1));
    Ok(Found {
        header: Hints { header: header.or(filter).or(frozen), ..Hints::default() },
        merges: Merges::new(seen.merges),
    })
}

#[derive(Default)]
struct Seen {
    merges: Vec<Range>,
    filter: Option<Range>,
    frozen: Option<u32>,
}

impl Seen {
    /// Looks at one tag, without its brackets.
    fn tag(&mut self, tag: &str) {
        let name = tag.split([' ', '\t', '\r', '\n', '/']).next().unwrap_or_default();
        match name.rsplit(':').next().unwrap_or_default() {
            "mergeCell" if self.merges.len() < MOST => {
                self.merges.extend(attribute(tag, "ref").and_then(Range::parse));
            }
            "autoFilter" => self.filter = attribute(tag, "ref").and_then(Range::parse),
            "pane" if attribute(tag, "state").is_some_and(|s| s.starts_with("frozen")) => {
                self.frozen = attribute(tag, "ySplit").and_then(|v| v.parse::<f64>().ok()).map(|v| v as u32);
            }
            _ => {}
        }
    }
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = tag;
    while let Some(at) = rest.find(name) {
        let after = rest[at + name.len()..].trim_start();
        if rest[..at].ends_with([' ', '\t', '\r', '\n'])
            && let Some(value) = after.strip_prefix('=').map(str::trim_start)
        {
            let quote = value.chars().next().filter(|q| matches!(q, '"' | '\''))?;
            return value[1..].split(quote).next();
        }
        rest = &rest[at + name.len()..];
    }
    None
}

/// Gives all tags that may matter to `seen`. Those within rows are skipped by a look at their first letters.
fn scan(package: &Package<'_>, part: &str, seen: &mut Seen) -> Result<(), Error> {
    const LONGEST: usize = 4_096;
    let mut reader = package.part(part)?;
    let mut window = vec![0; 256 << 10];
    let mut kept = 0;
    loop {
        let count = match reader.read(&mut window[kept..]) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            // Damage and limits are found again, and told of, where the rows are read.
            Err(_) => return Ok(()),
        };
        let filled = kept + count;
        let mut at = 0;
        let mut rest = None;
        while let Some(open) = find(&window[at..filled], b'<').map(|i| at + i) {
            let wanted = match window.get(open + 1..filled).unwrap_or_default() {
                [] => None,
                [b'm' | b'a' | b'p', second, ..] => Some(matches!(second, b'e' | b'u' | b'a' | b':')),
                [b'm' | b'a' | b'p'] => None,
                [b'x' | b's' | b'n', ..] => Some(true),
                _ => Some(false),
            };
            if wanted == Some(false) {
                at = open + 1;
                continue;
            }
            match find(&window[open..filled], b'>') {
                Some(end) => {
                    if let Ok(tag) = std::str::from_utf8(&window[open + 1..open + end]) {
                        seen.tag(tag);
                    }
                    at = open + end + 1;
                }
                None => {
                    rest = Some(open).filter(|open| filled - open < LONGEST);
                    break;
                }
            }
        }
        let from = rest.unwrap_or(filled);
        window.copy_within(from..filled, 0);
        kept = filled - from;
    }
}

fn find(bytes: &[u8], byte: u8) -> Option<usize> {
    bytes.iter().position(|b| *b == byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_understood_whatever_their_prefix() {
        let mut seen = Seen::default();
        seen.tag(r#"mergeCell ref="A1:B2"/"#);
        seen.tag(r#"x:mergeCell  ref = 'C1:D2' "#);
        seen.tag(r#"autoFilter xref="Z9" ref="A3:D9""#);
        seen.tag(r#"pane xSplit="1" ySplit="2" topLeftCell="B3" state="frozen"/"#);
        assert_eq!(seen.merges, ["A1:B2", "C1:D2"].map(|r| Range::parse(r).unwrap()));
        assert_eq!((seen.filter, seen.frozen), (Range::parse("A3:D9"), Some(2)));
    }
}
