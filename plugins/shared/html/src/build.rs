//! Text → tree, with html5ever kept from doing more work than the page deserves.

use crate::page::Page;
use crate::tree::{Handle, Sink};
use crate::walk::walk;
use html5ever::TokenizerResult;
use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts, TreeSink};
use std::cell::Cell;

/// Open elements at most; deeper ones are left out and their text kept. Browsers do the same at 512: many steps of the
/// tree builder look through all open elements.
const MAX_DEPTH: u32 = 400;

/// Nodes at most, about 200 MiB of them.
const MAX_NODES: usize = 2_000_000;

/// The comments that stand for the beginning and the end of a link.
pub(crate) const LINK: &str = "\u{2}";
pub(crate) const LINK_END: &str = "\u{3}";

/// What a reader wants beside the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The text of `<title>` becomes a `title` block.
    pub title: bool,
    /// Pictures with an address become figures of their own, listed in [`Page::pictures`].
    pub pictures: bool,
    /// Names inside the page are listed in [`Page::anchors`].
    pub anchors: bool,
    /// All of it is text: a chapter or a mail has no frame around it.
    pub whole: bool,
    /// The text is XHTML: elements written empty (`<title/>`) are empty.
    pub xhtml: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { title: true, pictures: false, anchors: false, whole: false, xhtml: false }
    }
}

/// Reads a page that comes in pieces.
pub struct Reader {
    tokenizer: Tokenizer<Guard>,
    input: BufferQueue,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl Reader {
    /// A reader that keeps what `options` name.
    pub fn new(options: Options) -> Self {
        let builder = TreeBuilderOpts { scripting_enabled: true, drop_doctype: true, ..Default::default() };
        let guard = Guard {
            builder: TreeBuilder::new(Sink::new(options), builder),
            options,
            depth: Cell::new(0),
            seen: Cell::new(0),
            full: Cell::new(false),
        };
        Self { tokenizer: Tokenizer::new(guard, TokenizerOpts::default()), input: BufferQueue::default() }
    }

    /// Takes the next piece of the page.
    pub fn feed(&mut self, html: &str) {
        if self.tokenizer.sink.full.get() {
            return;
        }
        self.input.push_back(StrTendril::from_slice(html));
        // Scripts and encoding declarations interrupt the tokenizer; neither is run here.
        while !matches!(self.tokenizer.feed(&self.input), TokenizerResult::Done) {}
    }

    /// Walks the tree.
    pub fn finish(mut self) -> Page {
        self.feed("");
        self.tokenizer.end();
        let Guard { builder, full, options, .. } = self.tokenizer.sink;
        let mut page = walk(&builder.sink.finish(), options);
        if full.get() {
            page.warning = Some(format!("the page has more than {MAX_NODES} elements; its end was left out"));
        }
        page
    }
}

/// Stands between tokenizer and tree builder.
struct Guard {
    builder: TreeBuilder<Handle, Sink>,
    options: Options,
    /// About how many elements are open: the depth of the last one put in, less the end tags since.
    depth: Cell<u32>,
    seen: Cell<u32>,
    full: Cell<bool>,
}

impl Guard {
    fn drops(&self, tag: &Tag) -> bool {
        // What only changes the look of letters is no use here, and nesting it wrongly is what costs tree builders
        // the most: they repeat such elements in every paragraph that follows.
        if matches!(
            &*tag.name,
            "a" | "b"
                | "big"
                | "code"
                | "em"
                | "font"
                | "i"
                | "nobr"
                | "s"
                | "small"
                | "strike"
                | "strong"
                | "tt"
                | "u"
        ) {
            return true;
        }
        let known = self.builder.sink.depth.get();
        if known != self.seen.get() {
            self.seen.set(known);
            self.depth.set(known);
        }
        match tag.kind {
            TagKind::StartTag => self.depth.get() >= MAX_DEPTH,
            TagKind::EndTag => {
                self.depth.set(self.depth.get().saturating_sub(1));
                false
            }
        }
    }
}

impl TokenSink for Guard {
    type Handle = Handle;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<Handle> {
        if self.full.get() && !matches!(token, Token::EOFToken) {
            return TokenSinkResult::Continue;
        }
        let mut written_empty = None;
        if let Token::TagToken(tag) = &token {
            if self.drops(tag) {
                // Tables of contents lead to `<a id=…>`, which leaves its name behind.
                let name = tag.attrs.iter().find(|a| matches!(&*a.name.local, "id" | "name")).map(|a| a.value.clone());
                if let Some(name) = name.filter(|_| self.options.anchors && tag.kind == TagKind::StartTag) {
                    let _ = self.builder.process_token(Token::CommentToken(name), line);
                }
                // What is a link tells navigation from text, so that links leave marks.
                let mark = match tag.kind {
                    TagKind::StartTag if tag.attrs.iter().any(|a| &*a.name.local == "href") => LINK,
                    TagKind::EndTag if &*tag.name == "a" => LINK_END,
                    _ => return TokenSinkResult::Continue,
                };
                return self.builder.process_token(Token::CommentToken(mark.into()), line);
            }
            if self.options.xhtml && tag.self_closing && tag.kind == TagKind::StartTag && !is_void(&tag.name) {
                // The tokenizer would take all that follows for the text of a title or script.
                if matches!(&*tag.name, "title" | "script" | "style" | "textarea" | "iframe" | "noscript" | "plaintext")
                {
                    return TokenSinkResult::Continue;
                }
                written_empty = Some(tag.name.clone());
            }
            if self.builder.sink.count() > MAX_NODES {
                self.full.set(true);
            }
        }
        let result = self.builder.process_token(token, line);
        if let Some(name) = written_empty {
            let end = Tag {
                kind: TagKind::EndTag,
                name,
                self_closing: false,
                attrs: Vec::new(),
                had_duplicate_attributes: false,
            };
            return self.builder.process_token(Token::TagToken(end), line);
        }
        result
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Elements that HTML itself knows to be empty, and those of SVG and MathML, which know the mark.
fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
            | "svg"
            | "math"
            | "image"
            | "path"
            | "rect"
            | "mspace"
    )
}
