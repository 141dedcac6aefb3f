//! HTML → blocks: used by the HTML parser, for HTML inside Markdown, and by every format that carries HTML (e-books,
//! mail).
//!
//! Any bytes that call themselves HTML give blocks: the tree is built by html5ever as browsers build it, and walked
//! without recursion. What a reader sees becomes blocks in reading order:
//!
//! | HTML | block |
//! |---|---|
//! | `<title>` | `title`, unless a heading of the highest level says the same |
//! | `h1`–`h6` | `heading` |
//! | `p`, `div`, … | `paragraph`; `<br>` is a line break, two of them end the paragraph |
//! | `li`, `dd` | `list-item` with its depth; items of `ol` begin with their number |
//! | `table` | `table` with spans; `th` and `thead` are headers. Tables that only place things are walked through |
//! | `pre` | `code`, blanks kept |
//! | `blockquote` | `quote` |
//! | `figcaption`, `caption` | `caption`, of the figure or table as parent |
//! | `img` with `alt` | `figure` if it stands alone, else its text in the line; see [`Options::pictures`] |
//! | notes (`doc-footnote`, `epub:type="footnote"`, …) | `footnote` |
//! | `hr` | `separator` |
//!
//! Left out: `script`, `style`, `template`, `noscript`, form controls, drawings. On pages that mark their `main` part or an
//! `article`, the frame too: `nav`, `footer`, `aside`, what goes by the name of a frame (`navbox`, `breadcrumbs`, …), and
//! lists of twenty short links or more; and where there is one `main` part with a quarter of the page's letters, all that
//! stands outside of it. Link addresses are not text.
//!
//! ```
//! let page = mortise_shared_html::read("<title>Port</title><h1>Harbour</h1><p>Ships <b>dock</b> daily.");
//! let texts: Vec<_> = page.blocks.iter().map(|b| b.text.as_str()).collect();
//! assert_eq!(texts, ["Port", "Harbour", "Ships dock daily."]);
//! ```

mod build;
mod main_part;
mod page;
mod table;
mod text;
mod tree;
mod walk;

pub use build::{Options, Reader};
pub use page::{Page, Picture, embedded, emit};

/// Reads a whole page or a fragment.
pub fn read(html: &str) -> Page {
    read_with(html, Options::default())
}

/// Reads a whole page or a fragment, and keeps what `options` name.
pub fn read_with(html: &str, options: Options) -> Page {
    let mut reader = Reader::new(options);
    reader.feed(html);
    reader.finish()
}

/// The encoding that the head of a page declares (`<meta charset>`, `http-equiv`, an XML declaration), if any.
pub fn declared_encoding(head: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(head.get(..4096).unwrap_or(head)).to_ascii_lowercase();
    let after = |marker: &str| head.find(marker).map(|at| &head[at + marker.len()..]);
    let value = after("charset").or_else(|| after("<?xml").and_then(|x| x.find("encoding").map(|at| &x[at + 8..])))?;
    let value = value.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let end = value.find(|c: char| !(c.is_ascii_alphanumeric() || "-_:.+".contains(c))).unwrap_or(value.len());
    (end > 0).then(|| value[..end].to_string())
}
