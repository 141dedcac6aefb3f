//! Tree → blocks.

use crate::build::{LINK, LINK_END, Options};
use crate::main_part;
use crate::page::{Page, Picture};
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

/// True for notes as e-books and accessible pages mark them.
fn is_note(tree: &Tree, id: Id) -> bool {
    let marked = |value: &str| {
        value
            .split_whitespace()
            .any(|v| matches!(v, "footnote" | "endnote" | "rearnote" | "doc-footnote" | "doc-endnote"))
    };
    ["epub:type", "role"].iter().any(|name| tree.attr(id, name).is_some_and(marked))
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
pub(crate) fn walk(tree: &Tree, options: Options) -> Page {
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
    let framed = framed && !options.whole;
    let mut walk = Walk { framed, options, ..Walk::new(tree) };
    walk.run();
    if framed && main_part::is_too_little(tree, &walk.blocks) {
        // The page is all frame: a list of links, perhaps.
        walk = Walk { options, ..Walk::new(tree) };
        walk.run();
    }
    (page.blocks, page.pictures, page.anchors) = (walk.blocks, walk.pictures, walk.anchors);
    if let Some(title) = page.title.clone().filter(|_| options.title) {
        let same = |b: &Block| b.kind == BlockKind::Heading && b.level == 1 && b.text.eq_ignore_ascii_case(&title);
        if !page.blocks.iter().any(same) {
            page.put_first(Block::new(0, BlockKind::Title, title));
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

/// A picture of the line that is being read.
struct Waiting {
    /// Nothing stood before it.
    first: bool,
    alt: String,
    source: String,
}

struct Walk<'t> {
    tree: &'t Tree,
    options: Options,
    framed: bool,
    blocks: Vec<Block>,
    pictures: Vec<Picture>,
    waiting: Vec<Waiting>,
    anchors: Vec<(String, u32)>,
    notes: u32,
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
            options: Options::default(),
            framed: false,
            blocks: Vec::new(),
            pictures: Vec::new(),
            waiting: Vec::new(),
            anchors: Vec::new(),
            notes: 0,
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
        let root = if self.framed { main_part::root(self.tree) } else { 0 };
        let mut steps = self.tree.steps(root);
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
            Data::Comment(name) if !name.is_empty() && name != LINK && name != LINK_END => self.anchor(name),
            Data::Document | Data::Comment(_) => {}
        }
        true
    }

    fn open(&mut self, id: Id) -> bool {
        let name = self.tree.name(id);
        if name == "svg" && self.options.pictures {
            for image in self.tree.descendants(id).filter(|id| self.tree.name(*id) == "image") {
                self.picture("", self.tree.attr(image, "href"));
            }
        }
        let note = is_note(self.tree, id);
        if is_left_out(self.tree, id, self.framed && !note) || (self.framed && main_part::is_frame(self.tree, id)) {
            return false;
        }
        if is_block(name) {
            self.flush();
        }
        if let Some(anchor) = self.tree.attr(id, "id") {
            self.anchor(anchor);
        }
        self.notes += u32::from(note);
        match name {
            "br" if self.raw > 0 => self.inline.push_raw("\n"),
            "br" => self.line_break(),
            "img" => {
                let alt = self.tree.attr(id, "alt").unwrap_or_default();
                self.picture(alt, self.tree.attr(id, "src"));
                self.inline.push_picture(alt);
            }
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
        self.notes -= u32::from(is_note(self.tree, id)).min(self.notes);
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
        if self.options.pictures {
            for img in self.tree.descendants(id).filter(|id| self.tree.name(*id) == "img") {
                // The cell holds its alternative text.
                self.picture("", self.tree.attr(img, "src"));
            }
            self.flush();
        }
        false
    }

    /// Remembers a name, once for the block that comes next.
    fn anchor(&mut self, name: &str) {
        if self.options.anchors && name.len() <= 256 {
            // A name within a line leads to that line.
            self.anchors.push((name.into(), self.blocks.len() as u32));
        }
    }

    fn picture(&mut self, alt: &str, source: Option<&str>) {
        if let Some(source) = source.map(str::trim).filter(|s| self.options.pictures && !s.is_empty()) {
            let first = self.inline.is_empty();
            self.waiting.push(Waiting { first, alt: alt.trim().into(), source: source.into() });
        }
    }

    fn put_pictures(&mut self, pictures: Vec<Waiting>, told: bool) {
        for Waiting { alt, source, .. } in pictures {
            let text = if told { String::new() } else { alt };
            let block = self.put(Block::new(0, BlockKind::Figure, text));
            self.pictures.push(Picture { block, source });
        }
    }

    fn put(&mut self, mut block: Block) -> u32 {
        block.id = self.blocks.len() as u32;
        self.blocks.push(block);
        self.blocks.len() as u32 - 1
    }

    /// Ends the line: what it holds becomes a block, and its pictures figures.
    fn flush(&mut self) {
        let (mut text, pictures_only) = self.inline.take();
        if self.raw > 0 {
            text = text.trim_matches('\n').to_string();
        }
        let waiting = std::mem::take(&mut self.waiting);
        let blank = text.trim().is_empty();
        if !waiting.is_empty() && (blank || (pictures_only && self.heading.is_none())) {
            self.put_pictures(waiting, false);
            return;
        }
        if blank {
            return;
        }
        let (before, after): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|w| w.first);
        self.put_pictures(before, true);
        self.put_line(text, pictures_only);
        self.put_pictures(after, true);
    }

    fn put_line(&mut self, text: String, pictures_only: bool) {
        if let Some(level) = self.heading {
            self.put(Block::heading(level, text));
        } else if self.raw > 0 {
            self.put(Block::new(0, BlockKind::Code, text));
        } else if self.captions > 0 {
            let parent = self.figures.last().and_then(|from| self.captioned(*from));
            self.put(Block { parent, ..Block::new(0, BlockKind::Caption, text) });
        } else if pictures_only {
            self.put(Block::new(0, BlockKind::Figure, text));
        } else if self.notes > 0 {
            self.put(Block::new(0, BlockKind::Footnote, text));
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
