//! The second reading: elements → blocks.

use crate::survey::{Survey, is_heading, is_paragraph, is_section};
use crate::tokens::{Token, Tokens};
use mortise_sdk::Result;
use mortise_sdk::document::{Block, BlockKind};
use mortise_shared_data::{LONGEST, Records};

/// Rows of a table, and bytes of its cells, that are held.
const MOST_ROWS: usize = 5_000;

/// A line break that an element makes; those of the source mean nothing.
const BREAK: &str = "\u{2028}";

/// An open element.
struct Open {
    name: String,
    /// Bytes of the path above.
    path: usize,
    text: String,
}

/// A text that is being read with all that is in it.
struct Inline {
    kind: BlockKind,
    level: u32,
    /// How many elements were open when it began.
    from: usize,
    text: String,
}

/// Tells the blocks of a file.
pub(crate) struct Teller<'s, 'o> {
    survey: &'s Survey,
    records: &'s mut Records<'o>,
    open: Vec<Open>,
    path: String,
    sections: u32,
    inline: Option<Inline>,
    /// Rows of the table that is being read, and at how many open elements it began.
    table: Option<(Vec<Vec<String>>, usize, usize)>,
}

impl<'s, 'o> Teller<'s, 'o> {
    pub(crate) fn new(survey: &'s Survey, records: &'s mut Records<'o>) -> Self {
        let (open, path) = (Vec::new(), String::new());
        Self { survey, records, open, path, sections: 0, inline: None, table: None }
    }

    pub(crate) fn tell(mut self, tokens: &mut Tokens<'_>) -> Result<()> {
        while let Some(token) = tokens.next()? {
            match token {
                Token::Start(name, attributes) => self.start(name, attributes),
                Token::Text(text) => self.text(&text),
                Token::End => self.end(),
            }
        }
        while !self.open.is_empty() {
            self.end();
        }
        Ok(())
    }

    fn start(&mut self, name: String, attributes: Vec<(String, String)>) {
        let path = self.path.len();
        if self.inline.is_none() {
            // A text that began before its first element stays in order.
            self.flush();
            if !self.open.is_empty() {
                // Names above the records say the same of all of them.
                if self.survey.is_record(self.open.len(), &name) {
                    self.path.clear();
                }
                if !self.path.is_empty() {
                    self.path.push('.');
                }
                self.path.push_str(&name);
            }
            self.sections += u32::from(is_section(&name));
            self.begin(&name);
            if self.inline.is_none() && !self.survey.is_text {
                for (key, value) in attributes {
                    let name = if self.path.is_empty() { key } else { format!("{}.{key}", self.path) };
                    self.records.pair(&name, &value);
                }
            }
        } else if matches!(name.as_str(), "br" | "lb" | "tab") {
            self.push(BREAK);
        }
        self.open.push(Open { name, path, text: String::new() });
    }

    /// Whether this element begins a text, or a part of a table.
    fn begin(&mut self, name: &str) {
        let from = self.open.len();
        let text = self.survey.is_text;
        if let Some((rows, ..)) = &mut self.table {
            match name {
                "tr" | "row" => rows.push(Vec::new()),
                "td" | "th" | "entry" | "cell" => {
                    self.inline = Some(Inline { kind: BlockKind::Table, level: 0, from, text: String::new() });
                }
                _ => {}
            }
            return;
        }
        if text && matches!(name, "table" | "informaltable") {
            self.table = Some((Vec::new(), 0, from));
            return;
        }
        let kind = if text && is_heading(name) {
            BlockKind::Heading
        } else if (text && is_paragraph(name)) || self.survey.is_mixed(name) {
            BlockKind::Paragraph
        } else {
            return;
        };
        // The root of a file with stray text is no paragraph.
        if from > 0 {
            let level = if kind == BlockKind::Heading { self.sections.clamp(1, 6) } else { 0 };
            self.inline = Some(Inline { kind, level, from, text: String::new() });
        }
    }

    fn text(&mut self, text: &str) {
        if self.inline.is_some() {
            self.push(text);
        } else if let Some(open) = self.open.last_mut() {
            open.text.push_str(text);
            if open.text.len() >= LONGEST {
                self.flush();
            }
        }
    }

    fn push(&mut self, text: &str) {
        let Some(inline) = &mut self.inline else { return };
        inline.text.push_str(text);
        if inline.text.len() >= LONGEST && inline.kind != BlockKind::Table {
            let text = std::mem::take(&mut inline.text);
            let kind = inline.kind;
            self.records.block(kind, squeezed(&text).trim());
        }
    }

    fn end(&mut self) {
        self.flush();
        let Some(open) = self.open.pop() else { return };
        if self.inline.as_ref().is_some_and(|inline| inline.from >= self.open.len()) {
            self.end_inline(&open.name);
        } else if self.inline.is_some() {
            if is_paragraph(&open.name) || matches!(open.name.as_str(), "item" | "li" | "listitem" | "row" | "tr") {
                self.push(BREAK);
            }
            return;
        }
        self.sections -= u32::from(is_section(&open.name)).min(self.sections);
        if self.table.as_ref().is_some_and(|(_, _, from)| *from >= self.open.len()) {
            self.end_table();
        }
        self.path.truncate(open.path);
        // The path was begun anew at a record.
        if self.survey.is_record(self.open.len(), &open.name) {
            self.records.separate();
            self.path.clear();
            for outer in self.open.iter().skip(1) {
                if !self.path.is_empty() {
                    self.path.push('.');
                }
                self.path.push_str(&outer.name);
            }
        }
    }

    fn end_inline(&mut self, name: &str) {
        let Some(inline) = self.inline.take() else { return };
        let text = squeezed(&inline.text);
        let text = text.trim();
        match (inline.kind, &mut self.table) {
            (BlockKind::Table, Some((rows, headers, _))) => {
                if rows.is_empty() || rows.len() > MOST_ROWS {
                    rows.push(Vec::new());
                }
                if name == "th" && rows.len() == *headers + 1 {
                    *headers = rows.len();
                }
                if let Some(row) = rows.last_mut() {
                    row.push(text.into());
                }
            }
            (BlockKind::Heading, _) => self.records.heading(inline.level, text),
            (kind, _) => self.records.block(kind, text),
        }
    }

    fn end_table(&mut self) {
        let Some((mut rows, headers, _)) = self.table.take() else { return };
        rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        if !rows.is_empty() {
            let headers = headers.min(rows.len().saturating_sub(1)).min(1);
            self.records.whole(Block::table(&rows, headers));
        }
    }

    /// Tells what waits of the innermost element.
    fn flush(&mut self) {
        if let Some(open) = self.open.last_mut()
            && !open.text.is_empty()
        {
            let text = std::mem::take(&mut open.text);
            if is_html(&text) {
                self.records.pair(&self.path, &text_of_html(&text));
            } else {
                self.records.pair(&self.path, &squeezed(&text));
            }
        }
    }
}

/// True for a text that is HTML, written as text: feeds do that.
fn is_html(text: &str) -> bool {
    ["</p>", "<br", "</a>", "</div>", "</li>", "<p>", "<img ", "</b>", "</span>"].iter().any(|tag| text.contains(tag))
}

fn text_of_html(html: &str) -> String {
    let blocks = mortise_shared_html::read(html).blocks;
    blocks.iter().map(|b| b.text.as_str()).filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Runs of blanks as one; line breaks only where an element makes them.
fn squeezed(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    let mut blank = false;
    for c in text.chars() {
        if BREAK.contains(c) {
            blank = false;
            squeezed.push('\n');
        } else if c.is_whitespace() {
            blank = true;
        } else {
            if std::mem::take(&mut blank) && !squeezed.is_empty() && !squeezed.ends_with('\n') {
                squeezed.push(' ');
            }
            squeezed.push(c);
        }
    }
    squeezed
}
