//! Through the text: characters and marks in, blocks out.

use crate::fib::{Fib, Place, u16_at, u32_at};
use crate::lists::Lists;
use crate::pieces::Pieces;
use crate::properties::{Pages, changes};
use crate::styles::Styles;
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::parser::Output;
use mortise_sdk::serde_json::Value;
use mortise_sdk::{Result, host};
use mortise_shared_flow::{Border, Flow, Look, Properties};
use mortise_shared_ole::{Ole, Stream, summary};
use std::collections::{BTreeMap, BTreeSet};

/// A picture is kept up to this size, bytes.
const LARGEST: u32 = 16 << 20;
/// Levels of lists stand behind the table of lists, whose size does not count them.
const LEVELS: usize = 4 << 20;

struct Walk<'s, 'o, 'f> {
    stream: &'s Stream<'o, 'f>,
    data: Option<&'s Stream<'o, 'f>>,
    paragraphs: Pages,
    characters: Pages,
    styles: Styles,
    lists: Lists,
    /// Foot notes, end notes and comments by the place that they belong to.
    notes: BTreeMap<u32, (BlockKind, String)>,
    flow: Flow,
    /// For each open field: still in its instruction, which is not text.
    fields: Vec<bool>,
    text: String,
    look: Look,
    /// Pictures that are to be kept once the text before them is written.
    pictures: Vec<Vec<u8>>,
}

/// What is in force for a paragraph.
#[derive(Default)]
struct Paragraph {
    properties: Properties,
    role: Option<(BlockKind, u32)>,
    list: Option<u16>,
    row_end: bool,
    inner_cell: bool,
    inner_row: bool,
    header: bool,
    borders: Vec<Border>,
}

pub(crate) fn read(ole: &Ole<'_>, out: &mut Output) -> Result<()> {
    let fib = Fib::read(ole)?;
    let stream = ole.stream("WordDocument")?;
    let tables = ole.stream(fib.table)?;
    let data = ole.stream("Data").ok();
    let pieces = Pieces::new(&fib.table(&tables, Place::Pieces));
    let lists = fib.table_and(&tables, Place::Lists, LEVELS);
    let mut walk = Walk {
        stream: &stream,
        data: data.as_ref(),
        paragraphs: Pages::new(&fib.table(&tables, Place::ParagraphPages), true),
        characters: Pages::new(&fib.table(&tables, Place::CharacterPages), false),
        styles: Styles::new(&fib.table(&tables, Place::Styles)),
        lists: Lists::new(&lists, &fib.table(&tables, Place::ListUses)),
        notes: BTreeMap::new(),
        flow: Flow::default(),
        fields: Vec::new(),
        text: String::new(),
        look: Look::default(),
        pictures: Vec::new(),
    };
    let mut metadata = summary(ole);
    metadata.retain(|_, value| value.as_str().is_some_and(|v| !v.is_empty()));
    out.metadata(&Value::Object(metadata));
    for (text, marks, texts, data, kind) in [
        (1, Place::FootnoteMarks, Place::FootnoteTexts, 2, BlockKind::Footnote),
        (5, Place::EndnoteMarks, Place::EndnoteTexts, 2, BlockKind::Footnote),
        (4, Place::CommentMarks, Place::CommentTexts, 30, BlockKind::Note),
    ] {
        let marks = fib.table(&tables, marks);
        let texts = fib.table(&tables, texts);
        let count = marks.len().saturating_sub(4) / (4 + data);
        let (first, end) = fib.range(text);
        for i in 0..count.min(100_000) {
            let from = first.saturating_add(u32_at(&texts, i * 4));
            let to = first.saturating_add(u32_at(&texts, i * 4 + 4)).min(end);
            let note = walk.plain(&pieces, from, to, out);
            if !note.is_empty() {
                walk.notes.insert(u32_at(&marks, i * 4), (kind, note));
            }
        }
    }
    let (first, end) = fib.range(0);
    walk.range(&pieces, first, end, out);
    // Text boxes: where they are anchored is told by their drawings alone.
    let (first, end) = fib.range(6);
    walk.range(&pieces, first, end, out);
    walk.margins(&fib, &fib.table(&tables, Place::Headers), &pieces, out);
    if stream.is_cut() || tables.is_cut() {
        out.warn(None, "the file is cut short; what is missing was left out");
    }
    Ok(())
}

impl Walk<'_, '_, '_> {
    /// Walks over a text and emits its blocks.
    fn range(&mut self, pieces: &Pieces, first: u32, end: u32, out: &mut Output) {
        self.walk(pieces, first, end, out, true);
        self.flow.emit(out);
    }

    /// The text of a note.
    fn plain(&mut self, pieces: &Pieces, first: u32, end: u32, out: &mut Output) -> String {
        self.walk(pieces, first, end, out, false);
        let blocks = std::mem::take(&mut self.flow.blocks);
        let texts: Vec<&str> = blocks.iter().map(|b| b.text.as_str()).filter(|t| !t.is_empty()).collect();
        texts.join("\n")
    }

    fn margins(&mut self, fib: &Fib, places: &[u8], pieces: &Pieces, out: &mut Output) {
        let (first, end) = fib.range(2);
        let mut seen = BTreeSet::new();
        // The first six are separators of notes; then six for each section.
        for i in 6..(places.len() / 4).saturating_sub(1).min(6_000) {
            let from = first.saturating_add(u32_at(places, i * 4));
            let to = first.saturating_add(u32_at(places, i * 4 + 4)).min(end);
            if from >= to {
                continue;
            }
            let text = self.plain(pieces, from, to, out);
            let header = matches!(i % 6, 0 | 1 | 4);
            if !text.is_empty() && seen.insert((header, text.clone())) {
                let kind = if header { BlockKind::PageHeader } else { BlockKind::PageFooter };
                out.emit(Block::new(0, kind, text));
            }
        }
    }

    fn walk(&mut self, pieces: &Pieces, first: u32, end: u32, out: &mut Output, emit: bool) {
        let stream = self.stream;
        let mut told = first;
        pieces.each(stream, first, end, |number, place, c| {
            self.character(number, place, c, emit);
            if !self.pictures.is_empty() {
                self.put_pictures(out);
            }
            if emit && matches!(c, '\r' | '\u{7}' | '\u{C}') {
                self.flow.emit(out);
                if number - told > 50_000 {
                    told = number;
                    host::progress((number - first) as f32 / (end - first).max(1) as f32, "reading text");
                }
            }
        });
        self.flush();
        self.fields.clear();
        self.flow.finish(&Properties::default(), None);
    }

    fn put_pictures(&mut self, out: &mut Output) {
        self.flush();
        for bytes in std::mem::take(&mut self.pictures) {
            let kind = if bytes.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" };
            let image = out.put_image(kind, &bytes);
            self.flow.attach(Block { image: Some(image), ..Block::new(0, BlockKind::Figure, "") });
        }
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.flow.push(&text, self.look);
        }
    }

    fn character(&mut self, number: u32, place: u32, c: char, body: bool) {
        if body && let Some((kind, text)) = self.notes.remove(&number) {
            self.flow.attach(Block::new(0, kind, text));
        }
        let (mut look, mut hidden, mut picture) = (Look { size: 20, ..Look::default() }, false, None);
        for (code, operand) in changes(self.characters.at(self.stream, place)) {
            let on = operand.first() == Some(&1);
            match code {
                // Deleted while changes were tracked, or hidden.
                0x0800 | 0x083C => hidden |= on,
                0x0835 => look.bold = on,
                0x0836 => look.italic = on,
                0x4A43 => look.size = i32::from(u16_at(operand, 0)),
                0x6A03 => picture = Some(u32_at(operand, 0)),
                _ => {}
            }
        }
        let mark = matches!(c, '\r' | '\u{7}' | '\u{C}');
        if look != self.look || mark {
            self.flush();
            self.look = look;
        }
        match c {
            '\r' | '\u{7}' | '\u{C}' => self.end(place, c),
            '\u{13}' => self.fields.push(true),
            '\u{14}' => self.fields.last_mut().into_iter().for_each(|f| *f = false),
            '\u{15}' => drop(self.fields.pop()),
            _ if hidden || self.fields.iter().any(|instruction| *instruction) => {}
            '\u{1}' => self.pictures.extend(picture.and_then(|at| self.picture(at))),
            '\u{B}' => self.text.push('\n'),
            '\t' => self.text.push('\t'),
            '\u{1E}' => self.text.push('-'),
            c if c.is_control() || c == '\u{AD}' => {}
            '\u{F0B7}' => self.text.push('•'),
            c => self.text.push(c),
        }
    }

    /// The picture at a place of the data stream, if it is one of the kinds that are kept as they are.
    fn picture(&self, at: u32) -> Option<Vec<u8>> {
        let stream = self.data?;
        let size = u32_at(&stream.read_at(u64::from(at), 4), 0);
        if size > LARGEST {
            return None;
        }
        let bytes = stream.read_at(u64::from(at), size as usize);
        // It stands behind its drawing, whose records are short.
        let signatures: [&[u8]; 2] = [b"\x89PNG\r\n\x1A\n", b"\xFF\xD8\xFF"];
        let head = &bytes[..bytes.len().min(64 << 10)];
        let from = signatures.iter().filter_map(|s| head.windows(s.len()).position(|w| w == *s)).min()?;
        Some(bytes[from..].to_vec())
    }

    /// The end of a paragraph, cell or row.
    fn end(&mut self, place: u32, mark: char) {
        let paragraph = self.paragraph(place);
        let Paragraph { properties, role, .. } = &paragraph;
        if mark == '\u{7}' || (mark == '\r' && paragraph.row_end) {
            if paragraph.row_end {
                (self.flow.row.borders, self.flow.row.header) = (paragraph.borders, paragraph.header);
                self.flow.end_row();
            } else {
                self.flow.cell(properties);
            }
        } else if paragraph.inner_row || paragraph.inner_cell {
            self.flow.nested(properties, paragraph.inner_row);
        } else {
            if let Some(list) = paragraph.list.filter(|list| *list != 0) {
                let label = self.lists.next(list, properties.list_level as u8);
                self.flow.label(&label);
            }
            self.flow.paragraph(properties, *role);
        }
    }

    fn paragraph(&mut self, place: u32) -> Paragraph {
        let list = self.paragraphs.at(self.stream, place);
        let style = self.styles.get(u16_at(list, 0));
        let mut found = Paragraph { role: style.role, list: style.list, ..Paragraph::default() };
        found.properties.list_level = u32::from(style.list_level.unwrap_or(0));
        for (code, operand) in changes(list.get(2..).unwrap_or_default()) {
            let byte = operand.first().copied().unwrap_or(0);
            match code {
                0x2416 => found.properties.in_table = byte != 0,
                0x2417 => found.row_end = byte != 0,
                0x244B => found.inner_cell = byte != 0,
                0x244C => found.inner_row = byte != 0,
                0x6649 => {
                    found.properties.nesting = u32_at(operand, 0).min(64) as i32;
                    found.properties.in_table |= found.properties.nesting > 0;
                }
                0x2640 if byte < 9 => found.properties.outline = Some(u32::from(byte)),
                0x260A => found.properties.list_level = u32::from(byte.min(8)),
                0x460B => found.list = Some(u16_at(operand, 0)),
                0x3404 => found.header = byte != 0,
                0xD608 => found.borders = borders(operand),
                _ => {}
            }
        }
        found.properties.listed = found.list.is_some_and(|l| l != 0);
        found
    }
}

/// The cells of a row: their right borders, then 20 bytes for each that say how they are merged.
fn borders(definition: &[u8]) -> Vec<Border> {
    let count = usize::from(definition.first().copied().unwrap_or(0));
    let cells = 1 + (count + 1) * 2;
    let border = |i: usize| {
        let flags = u16_at(definition, cells + i * 20);
        let right = i32::from(u16_at(definition, 1 + (i + 1) * 2) as i16);
        Border { right, left_on: flags & 2 != 0, up_on: flags & 0x60 == 0x20 }
    };
    (0..count).map(border).collect()
}
