//! Events of the Markdown reader → blocks. The events are flat, so that nesting costs no stack.

use mortise_sdk::document::{Block, BlockKind};
use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

/// Blocks of a text, whose ids and parents are places in the list, and the pictures that stand in the text itself, each
/// with the figure it belongs to.
pub(crate) fn read(text: &str) -> (Vec<Block>, Vec<(usize, String)>) {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_GFM;
    let mut state = State::default();
    for event in Parser::new_ext(text, options) {
        state.event(event);
    }
    state.flush();
    let rest = std::mem::take(&mut state.open_table);
    state.html_blocks(&rest);
    (state.blocks, state.pictures_kept)
}

#[derive(Default)]
struct State {
    blocks: Vec<Block>,
    /// Text of the line, and whether it holds anything but pictures.
    text: String,
    words: bool,
    pictures: bool,
    heading: Option<u32>,
    /// For each open list, the number of its next item if it has numbers.
    lists: Vec<Option<u64>>,
    /// Marks of open items that have no block yet.
    items: Vec<Option<String>>,
    /// What a quote begins with, if it is an alert and has no block yet.
    quotes: Vec<Option<&'static str>>,
    footnote: Option<String>,
    /// Fence of the code block that is open; empty for indented code.
    code: Option<String>,
    html: Option<String>,
    /// HTML of a table that goes on after a blank line, with what stands in it as Markdown.
    open_table: String,
    /// How many tables are open there.
    tables: i64,
    /// Embedded pictures of the line, and of the document.
    embedded: Vec<String>,
    pictures_kept: Vec<(usize, String)>,
    links: Vec<Link>,
    cells: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// An open link or picture.
struct Link {
    /// Where its text begins.
    from: usize,
    /// Where it leads; empty if that is not worth telling.
    address: String,
    /// Whether there were words before it.
    words: bool,
}

impl State {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.html {
                Some(html) => html.push_str(&text),
                None => self.push(&text),
            },
            Event::Code(text) => self.push(&text),
            Event::InlineMath(text) => self.push(&format!("${text}$")),
            Event::DisplayMath(text) => self.push(&format!("$${text}$$")),
            Event::Html(text) => self.html.get_or_insert_default().push_str(&text),
            Event::InlineHtml(tag) => {
                let name = tag.trim_start_matches(['<', '/']).trim_end_matches(['>', '/', ' ']);
                if name.eq_ignore_ascii_case("br") {
                    self.text.push('\n');
                } else if name.get(..4).is_some_and(|n| n.eq_ignore_ascii_case("img ")) {
                    let words = self.words;
                    let alt = mortise_shared_html::read(&tag).blocks.pop().map(|b| b.text).unwrap_or_default();
                    self.push(&alt);
                    (self.words, self.pictures) = (words, !alt.is_empty());
                }
            }
            Event::FootnoteReference(label) => self.push(&format!("[^{label}]")),
            Event::SoftBreak | Event::HardBreak => self.text.push('\n'),
            Event::Rule => {
                self.flush();
                self.put(Block::new(0, BlockKind::Separator, ""));
            }
            Event::TaskListMarker(done) => {
                // The mark belongs to the item, so that an item without text shows it too.
                self.push(if done { "[x] " } else { "[ ] " });
            }
        }
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.words |= !text.trim().is_empty();
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::TableHead | Tag::TableRow => {}
            Tag::Heading { level, .. } => {
                self.flush();
                self.heading = Some(level as u32);
            }
            Tag::BlockQuote(kind) => {
                self.flush();
                self.quotes.push(kind.map(|kind| match kind {
                    BlockQuoteKind::Note => "Note: ",
                    BlockQuoteKind::Tip => "Tip: ",
                    BlockQuoteKind::Important => "Important: ",
                    BlockQuoteKind::Warning => "Warning: ",
                    BlockQuoteKind::Caution => "Caution: ",
                }));
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                self.code = Some(match kind {
                    CodeBlockKind::Fenced(language) => format!("```{language}"),
                    CodeBlockKind::Indented => String::new(),
                });
            }
            Tag::HtmlBlock => {
                self.flush();
                self.html = Some(String::new());
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush();
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number = number.saturating_add(1);
                        format!("{}. ", number.saturating_sub(1))
                    }
                    _ => String::new(),
                };
                self.items.push(Some(mark));
            }
            Tag::FootnoteDefinition(label) => {
                self.flush();
                self.footnote = Some(format!("[^{label}]: "));
            }
            Tag::Table(_) => {
                self.flush();
                self.rows.clear();
            }
            Tag::TableCell => self.text.clear(),
            Tag::Link { link_type, dest_url, .. } => {
                // Where the text is the address, it stands once.
                let bare = matches!(link_type, LinkType::Autolink | LinkType::Email);
                let address = if bare || dest_url.starts_with('#') { String::new() } else { dest_url.into_string() };
                self.links.push(Link { from: self.text.len(), address, words: self.words });
            }
            Tag::Image { dest_url, .. } => {
                let embedded = dest_url.starts_with("data:");
                if embedded {
                    self.embedded.push(dest_url.to_string());
                }
                let address = if embedded { String::new() } else { dest_url.into_string() };
                self.links.push(Link { from: self.text.len(), address, words: self.words });
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.flush();
                self.heading = None;
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.quotes.pop();
            }
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::HtmlBlock => self.end_html(),
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::Item => {
                self.flush();
                self.items.pop();
            }
            TagEnd::FootnoteDefinition => {
                self.flush();
                self.footnote = None;
            }
            TagEnd::TableCell => {
                let text = std::mem::take(&mut self.text);
                self.cells.push(text.trim().to_string());
                (self.words, self.pictures) = (false, false);
            }
            TagEnd::TableHead | TagEnd::TableRow => self.rows.push(std::mem::take(&mut self.cells)),
            TagEnd::Table => {
                let rows = std::mem::take(&mut self.rows);
                // A header row of empty cells is how Markdown writes a table without one.
                let headed = rows.first().is_some_and(|r| r.iter().any(|c| !c.is_empty()));
                let rows = if headed { &rows[..] } else { rows.get(1..).unwrap_or_default() };
                if rows.iter().flatten().any(|c| !c.is_empty()) {
                    self.put(Block::table(rows, usize::from(headed)));
                }
            }
            TagEnd::Paragraph => self.flush(),
            TagEnd::Link => {
                if let Some(link) = self.links.pop() {
                    self.wrap("[", &link);
                }
            }
            TagEnd::Image => {
                if let Some(link) = self.links.pop() {
                    if link.address.is_empty() && self.text.len() > link.from {
                        self.text.insert(link.from, ' ');
                        self.text.push(' ');
                    }
                    self.wrap("![", &link);
                    self.words = link.words;
                    self.pictures = true;
                }
            }
            _ => {}
        }
    }

    /// Gives a link its source form.
    fn wrap(&mut self, open: &str, link: &Link) {
        let text = self.text.get(link.from..).unwrap_or_default();
        if link.address.is_empty() || text == link.address {
            return;
        }
        self.text.insert_str(link.from, open);
        self.text.push_str("](");
        self.text.push_str(&link.address);
        self.text.push(')');
    }

    fn end_code(&mut self) {
        let fence = self.code.take().unwrap_or_default();
        let text = std::mem::take(&mut self.text);
        self.words = false;
        let text = text.trim_end_matches(['\n', ' ']);
        if text.trim().is_empty() {
            return;
        }
        let text = if fence.is_empty() { text.to_string() } else { format!("{fence}\n{text}\n```") };
        self.put(Block::new(0, BlockKind::Code, text));
    }

    fn end_html(&mut self) {
        let html = self.html.take().unwrap_or_default();
        // A blank line ends a block of HTML, but not a table in it.
        self.tables += count(&html, "<table") as i64 - count(&html, "</table") as i64;
        self.open_table.push_str(&html);
        if self.open_table.len() < LONGEST_TABLE && self.tables > 0 {
            return;
        }
        self.tables = 0;
        let whole = std::mem::take(&mut self.open_table);
        self.html_blocks(&whole);
    }

    fn html_blocks(&mut self, html: &str) {
        if html.is_empty() {
            return;
        }
        let first = self.blocks.len() as u32;
        for mut block in mortise_shared_html::read(html).blocks {
            block.parent = block.parent.map(|p| p + first);
            self.put(block);
        }
    }

    fn put(&mut self, mut block: Block) {
        if !self.open_table.is_empty() {
            let text = block.text.replace('&', "&amp;").replace('<', "&lt;");
            self.open_table.push_str("<p>");
            self.open_table.push_str(&text.replace('\n', "<br>"));
            self.open_table.push_str("</p>");
            if self.open_table.len() < LONGEST_TABLE {
                return;
            }
            self.tables = 0;
            let html = std::mem::take(&mut self.open_table);
            return self.html_blocks(&html);
        }
        block.id = self.blocks.len() as u32;
        self.blocks.push(block);
    }

    /// Ends the line: what it holds becomes a block.
    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        let (words, pictures) = (std::mem::take(&mut self.words), std::mem::take(&mut self.pictures));
        let text = text.trim();
        let embedded = std::mem::take(&mut self.embedded);
        if text.is_empty() {
            return self.put_pictures(embedded, "");
        }
        if !embedded.is_empty() && pictures && !words {
            return self.put_pictures(embedded, text);
        }
        let block = if let Some(level) = self.heading {
            Block::heading(level, text)
        } else if let Some(label) = &mut self.footnote {
            Block::new(0, BlockKind::Footnote, std::mem::take(label) + text)
        } else if let Some(mark) = self.items.last_mut().and_then(Option::take) {
            let level = self.lists.len().max(1) as u32;
            Block { level, ..Block::new(0, BlockKind::ListItem, mark + text) }
        } else if pictures && !words {
            Block::new(0, BlockKind::Figure, text)
        } else if let Some(alert) = self.quotes.last_mut() {
            Block::new(0, BlockKind::Quote, alert.take().unwrap_or_default().to_string() + text)
        } else {
            Block::new(0, BlockKind::Paragraph, text)
        };
        self.put(block);
        self.put_pictures(embedded, "");
    }

    /// A figure for each embedded picture; the first one bears the text.
    fn put_pictures(&mut self, sources: Vec<String>, text: &str) {
        for (number, source) in sources.into_iter().enumerate() {
            let text = if number == 0 { text } else { "" };
            if self.open_table.is_empty() {
                self.pictures_kept.push((self.blocks.len(), source));
                self.put(Block::new(0, BlockKind::Figure, text));
            } else if !text.is_empty() {
                self.put(Block::new(0, BlockKind::Figure, text));
            }
        }
    }
}

/// Bytes of HTML that are held back for a table to end.
const LONGEST_TABLE: usize = 4 << 20;

/// How often a tag begins in a text.
fn count(html: &str, tag: &str) -> usize {
    let (html, tag) = (html.as_bytes(), tag.as_bytes());
    html.windows(tag.len()).filter(|window| window.eq_ignore_ascii_case(tag)).count()
}
