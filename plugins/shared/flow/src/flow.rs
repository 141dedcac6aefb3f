//! A stream of paragraphs and rows: the body, a note, a header.

use crate::table::{ROWS, Row, make};
use mortise_sdk::document::{Block, BlockKind, Style};
use mortise_sdk::parser::Output;

/// Text of a paragraph at most, bytes; what is longer goes on in another block.
const LONGEST: usize = 1 << 20;

/// Properties of a paragraph that are in force until they are reset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// Number of its style.
    pub style: i32,
    /// Level of an outline that it says itself, from 0.
    pub outline: Option<u32>,
    /// It stands in a cell.
    pub in_table: bool,
    /// Tables within tables have 2 and more.
    pub nesting: i32,
    /// Depth in its list, from 0.
    pub list_level: u32,
    /// It belongs to a list.
    pub listed: bool,
}

/// How characters look.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Look {
    /// Bold.
    pub bold: bool,
    /// Italic.
    pub italic: bool,
    /// Half points.
    pub size: i32,
}

/// Text that is being read.
#[derive(Default)]
pub struct Flow {
    /// What is complete.
    pub blocks: Vec<Block>,
    text: String,
    label: String,
    /// Letters by look: bold, italic, all, and the size of the first.
    letters: [usize; 3],
    size: i32,
    /// Notes and pictures that belong to the paragraph.
    attached: Vec<Block>,
    rows: Vec<Row>,
    /// The row that is being read; its definition stays in force for the next.
    pub row: Row,
    cell: String,
}

impl Flow {
    /// Adds text to the paragraph.
    pub fn push(&mut self, text: &str, look: Look) {
        if self.text.len() > LONGEST {
            return;
        }
        let count = text.chars().filter(|c| !c.is_whitespace()).count();
        self.letters[0] += if look.bold { count } else { 0 };
        self.letters[1] += if look.italic { count } else { 0 };
        self.letters[2] += count;
        if self.size == 0 && count > 0 {
            self.size = look.size;
        }
        self.text.push_str(text);
    }

    /// Adds to the label of the list item.
    pub fn label(&mut self, text: &str) {
        if self.label.len() < 100 {
            self.label.push_str(text);
        }
    }

    /// True if the paragraph is longer than a block may be.
    pub fn is_full(&self) -> bool {
        self.text.len() > LONGEST
    }

    /// Something that belongs to the current paragraph, as a block of its own.
    pub fn attach(&mut self, block: Block) {
        self.attached.push(block);
    }

    /// Ends a paragraph.
    pub fn paragraph(&mut self, properties: &Properties, role: Option<(BlockKind, u32)>) {
        let label = std::mem::take(&mut self.label);
        let label = label.trim();
        let body = std::mem::take(&mut self.text);
        let text = if label.is_empty() { body.trim().to_string() } else { format!("{label} {}", body.trim()) };
        let [bold, italic, all] = std::mem::take(&mut self.letters);
        let size = std::mem::take(&mut self.size);
        if properties.in_table {
            if !text.is_empty() {
                if !self.cell.is_empty() && !self.cell.ends_with('\t') {
                    self.cell.push('\n');
                }
                self.cell.push_str(&text);
            }
            return;
        }
        self.end_table();
        let attached = std::mem::take(&mut self.attached);
        if !text.is_empty() {
            let (kind, level) = match role {
                Some(role) => role,
                None => match properties.outline {
                    Some(level) => (BlockKind::Heading, level + 1),
                    None if !label.is_empty() || properties.listed => (BlockKind::ListItem, properties.list_level + 1),
                    None => (BlockKind::Paragraph, 0),
                },
            };
            let style = Style {
                font_size: size as f32 / 2.0,
                bold: all > 0 && bold * 2 > all,
                italic: all > 0 && italic * 2 > all,
                monospace: false,
            };
            self.blocks.push(Block { level, style: Some(style), ..Block::new(0, kind, text) });
        }
        self.blocks.extend(attached);
    }

    /// Ends a cell.
    pub fn cell(&mut self, properties: &Properties) {
        self.paragraph(&Properties { in_table: true, ..properties.clone() }, None);
        let text = std::mem::take(&mut self.cell);
        if self.row.cells.len() < 1_000 {
            self.row.cells.push(text);
        }
    }

    /// Ends a cell or row of a table within a cell, whose text becomes that of the cell.
    pub fn nested(&mut self, properties: &Properties, row: bool) {
        self.paragraph(&Properties { in_table: true, ..properties.clone() }, None);
        self.cell.push(if row { '\n' } else { '\t' });
    }

    /// Ends a row. Its definition stays in force for the next.
    pub fn end_row(&mut self) {
        let cells = std::mem::take(&mut self.row.cells);
        if !cells.is_empty() {
            self.rows.push(Row { cells, ..self.row.clone() });
        }
        if self.rows.len() >= ROWS {
            self.end_table();
        }
    }

    /// Ends the table, if one is open.
    pub fn end_table(&mut self) {
        if !self.row.cells.is_empty() {
            self.end_row();
        }
        let rows = std::mem::take(&mut self.rows);
        if !rows.is_empty() {
            self.blocks.extend(make(rows));
            let attached = std::mem::take(&mut self.attached);
            self.blocks.extend(attached);
        }
    }

    /// Hands on what is complete. A foot note belongs to the block before it.
    pub fn emit(&mut self, out: &mut Output) {
        let mut last = None;
        for block in self.blocks.drain(..) {
            let note = block.kind == BlockKind::Footnote;
            let id = out.emit(Block { parent: if note { last } else { None }, ..block });
            if !note {
                last = Some(id);
            }
        }
    }

    /// Ends everything that is open.
    pub fn finish(&mut self, properties: &Properties, role: Option<(BlockKind, u32)>) {
        self.paragraph(properties, role);
        if !self.cell.trim().is_empty() {
            self.cell(properties);
        }
        self.end_table();
        let attached = std::mem::take(&mut self.attached);
        self.blocks.extend(attached);
    }
}
