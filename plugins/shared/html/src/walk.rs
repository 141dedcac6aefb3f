//! Tree → blocks.

use crate::page::Page;
use crate::table;
use crate::text::{Inline, item_number};
use crate::tree::{Data, Id, Step, Tree};
use mortise_sdk::document::{Block, BlockKind};

/// Elements that begin and end a line of their own.
pub(crate) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "html"
            | "legend"
            | "li"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "optgroup"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
            | "xmp"
            | "listing"
            | "plaintext"
    )
}

/// Elements whose content is not text of the page. `framed`: the page marks its main part, so that navigation around
/// it can go.
pub(crate) fn is_left_out(tree: &Tree, id: Id, framed: bool) -> bool {
    if tree.attr(id, "hidden").is_some_and(|h| !h.eq_ignore_ascii_case("until-found")) {
        return true;
    }
    match tree.name(id) {
        "head" | "script" | "style" | "template" | "noscript" | "svg" | "iframe" | "object" | "embed" | "audio"
        | "video" | "canvas" | "select" | "datalist" | "button" | "input" | "textarea" | "rp" | "rt" | "noframes"
        | "noembed" => true,
        "nav" | "footer" | "aside" => framed,
        // Made visible by scripts, or for machines: MediaWiki hides the source of formulas so.
        "span" => {
            tree.attr(id, "style").is_some_and(hides)
                || tree.attr(id, "class").is_some_and(|c| c.contains("mw-editsection"))
        }
        _ => framed && matches!(tree.attr(id, "role"), Some("navigation" | "contentinfo" | "complementary")),
    }
}

fn hides(style: &str) -> bool {
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    style.to_ascii_lowercase().contains("display:none")
}

/// A MathML formula: its TeX source where there is one, else its letters.
pub(crate) fn formula(tree: &Tree, math: Id) -> String {
    let text_of = |id: Id| {
        let texts = tree.descendants(id).filter_map(|id| match &tree.node(id).data {
            Data::Text(text) => Some(text.trim()),
            _ => None,
        });
        texts.collect::<String>()
    };
    let source = tree.descendants(math).find(|id| {
        tree.name(*id) == "annotation"
            && tree.attr(*id, "encoding").is_some_and(|e| e.to_ascii_lowercase().contains("tex"))
    });
    source.map_or_else(|| text_of(math), |id| format!("${}$", text_of(id)))
}

/// Walks a whole page.
pub(crate) fn walk(tree: &Tree) -> Page {
    let mut page = Page::default();
    let mut framed = false;
    for id in tree.descendants(0) {
        match tree.name(id) {
            "html" => page.language = tree.attr(id, "lang").map(str::trim).filter(|l| !l.is_empty()).map(String::from),
            "title" if page.title.is_none() && tree.name(tree.node(id).parent) != "svg" => {
                page.title = Some(table::cell_text(tree, id)).filter(|t| !t.is_empty());
            }
            "meta" => property(tree, id, &mut page),
            "main" | "article" => framed = true,
            _ if tree.attr(id, "role") == Some("main") => framed = true,
            _ => {}
        }
    }
    let mut walk = Walk { framed, ..Walk::new(tree) };
    walk.run();
    page.blocks = walk.blocks;
    if let Some(title) = &page.title {
        let same = |b: &Block| b.kind == BlockKind::Heading && b.level == 1 && b.text.eq_ignore_ascii_case(title);
        if !page.blocks.iter().any(same) {
            for block in &mut page.blocks {
                block.id += 1;
                block.parent = block.parent.map(|p| p + 1);
            }
            page.blocks.insert(0, Block::new(0, BlockKind::Title, title));
        }
    }
    page
}

fn property(tree: &Tree, meta: Id, page: &mut Page) {
    let Some(name) = tree.attr(meta, "name").or_else(|| tree.attr(meta, "property")) else { return };
    let key = match name.to_ascii_lowercase().as_str() {
        "description" | "og:description" => "description",
        "author" | "article:author" => "author",
        "keywords" => "keywords",
        "article:published_time" | "date" | "dcterms.date" => "published",
        _ => return,
    };
    let value = tree.attr(meta, "content").unwrap_or_default().trim();
    if !value.is_empty() && !page.properties.iter().any(|(k, _)| *k == key) {
        page.properties.push((key, value.into()));
    }
}

/// An open list.
pub(crate) struct List {
    /// Number of the next item and style of numbers, for `ol`.
    numbers: Option<(i64, String)>,
}

impl List {
    pub(crate) fn open(tree: &Tree, list: Id) -> Self {
        let number = || {
            let start = tree.attr(list, "start").and_then(|s| s.trim().parse().ok()).unwrap_or(1);
            (start, tree.attr(list, "type").unwrap_or_default().to_string())
        };
        Self { numbers: (tree.name(list) == "ol").then(number) }
    }

    /// The number of the next item, as it is shown; empty in lists without numbers.
    pub(crate) fn mark(&mut self, tree: &Tree, item: Id) -> String {
        let Some((next, style)) = &mut self.numbers else { return String::new() };
        let value = tree.attr(item, "value").and_then(|v| v.trim().parse::<i64>().ok());
        let number = value.unwrap_or(*next);
        *next = number.saturating_add(1);
        item_number(number, style)
    }
}

struct Walk<'t> {
    tree: &'t Tree,
    framed: bool,
    blocks: Vec<Block>,
    inline: Inline,
    lists: Vec<List>,
    /// Marks of the items that are open and have no block yet; `None` once they have.
    items: Vec<Option<String>>,
    quotes: u32,
    /// Open elements in which blanks count.
    raw: u32,
    heading: Option<u32>,
    captions: u32,
    /// For each open figure, how many blocks there were before it.
    figures: Vec<usize>,
}

impl<'t> Walk<'t> {
    fn new(tree: &'t Tree) -> Self {
        Self {
            tree,
            framed: false,
            blocks: Vec::new(),
            inline: Inline::default(),
            lists: Vec::new(),
            items: Vec::new(),
            quotes: 0,
            raw: 0,
            heading: None,
            captions: 0,
            figures: Vec::new(),
        }
    }

    fn run(&mut self) {
        let mut steps = self.tree.steps(0);
        while let Some(step) = steps.next() {
            match step {
                Step::Enter(id) => {
                    if !self.enter(id) {
                        steps.skip();
                    }
                }
                Step::Leave(id) => self.leave(id),
            }
        }
        self.flush();
    }

    /// False if what is below is not to be walked (and not to be left either).
    fn enter(&mut self, id: Id) -> bool {
        match &self.tree.node(id).data {
            Data::Text(text) if self.raw > 0 => self.inline.push_raw(text),
            Data::Text(text) => self.inline.push(text),
            Data::Element { .. } => return self.open(id),
            Data::Document | Data::Comment => {}
        }
        true
    }

    fn open(&mut self, id: Id) -> bool {
        if is_left_out(self.tree, id, self.framed) {
            return false;
        }
        let name = self.tree.name(id);
        if is_block(name) {
            self.flush();
        }
        match name {
            "br" if self.raw > 0 => self.inline.push_raw("\n"),
            "br" => self.line_break(),
            "img" => self.inline.push_picture(self.tree.attr(id, "alt").unwrap_or_default()),
            "math" => {
                let formula = formula(self.tree, id);
                self.inline.push(&formula);
                return false;
            }
            "hr" => drop(self.put(Block::new(0, BlockKind::Separator, ""))),
            "table" => return self.table(id),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading = name[1..].parse().ok(),
            "pre" | "xmp" | "listing" | "plaintext" => self.raw += 1,
            "blockquote" => self.quotes += 1,
            "figure" => self.figures.push(self.blocks.len()),
            "figcaption" | "caption" => self.captions += 1,
            "ul" | "menu" | "dir" | "dl" | "ol" => self.lists.push(List::open(self.tree, id)),
            "li" => {
                let mark = self.lists.last_mut().map(|list| list.mark(self.tree, id));
                self.items.push(Some(mark.unwrap_or_default()));
            }
            "dd" => self.items.push(Some(String::new())),
            _ => {}
        }
        true
    }

    fn leave(&mut self, id: Id) {
        let name = self.tree.name(id);
        if is_block(name) {
            self.flush();
        }
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading = None,
            "pre" | "xmp" | "listing" | "plaintext" => self.raw = self.raw.saturating_sub(1),
            "blockquote" => self.quotes = self.quotes.saturating_sub(1),
            "figure" => drop(self.figures.pop()),
            "figcaption" | "caption" => self.captions = self.captions.saturating_sub(1),
            "ul" | "menu" | "dir" | "dl" | "ol" => drop(self.lists.pop()),
            "li" | "dd" => drop(self.items.pop()),
            _ => {}
        }
    }

    /// Two breaks in a row end the paragraph.
    fn line_break(&mut self) {
        if self.inline.line_break() {
            self.flush();
        }
    }

    /// False if the table became a block.
    fn table(&mut self, id: Id) -> bool {
        if table::is_layout(self.tree, id) {
            return true;
        }
        let (caption, block) = table::read(self.tree, id);
        if let Some(caption) = caption {
            let parent = block.as_ref().map(|_| self.blocks.len() as u32 + 1);
            self.put(Block { parent, ..Block::new(0, BlockKind::Caption, caption) });
        }
        if let Some(block) = block {
            self.put(block);
        }
        false
    }

    fn put(&mut self, mut block: Block) -> u32 {
        block.id = self.blocks.len() as u32;
        self.blocks.push(block);
        self.blocks.len() as u32 - 1
    }

    /// Ends the line: what it holds becomes a block.
    fn flush(&mut self) {
        let (mut text, pictures_only) = self.inline.take();
        if self.raw > 0 {
            text = text.trim_matches('\n').to_string();
        }
        if text.trim().is_empty() {
            return;
        }
        if let Some(level) = self.heading {
            self.put(Block::heading(level, text));
        } else if self.raw > 0 {
            self.put(Block::new(0, BlockKind::Code, text));
        } else if self.captions > 0 {
            let parent = self.figures.last().and_then(|from| self.captioned(*from));
            self.put(Block { parent, ..Block::new(0, BlockKind::Caption, text) });
        } else if pictures_only {
            self.put(Block::new(0, BlockKind::Figure, text));
        } else if let Some(mark) = self.items.last_mut().and_then(Option::take) {
            let level = self.lists.len().max(1) as u32;
            self.put(Block { level, ..Block::new(0, BlockKind::ListItem, mark + &text) });
        } else {
            let kind = if self.quotes > 0 { BlockKind::Quote } else { BlockKind::Paragraph };
            self.put(Block::new(0, kind, text));
        }
    }

    /// What the caption of a figure that began at block `from` is about.
    fn captioned(&self, from: usize) -> Option<u32> {
        let kinds = [BlockKind::Figure, BlockKind::Table, BlockKind::Code];
        self.blocks[from..].iter().rev().find(|b| kinds.contains(&b.kind)).map(|b| b.id)
    }
}
