//! The book's own table of contents: of EPUB 3, else of EPUB 2.

use crate::DESCRIPTION;
use crate::opf::Book;
use crate::path::{folder, resolve, unescape};
use crate::xml::{Token, squeezed, tokens};
use mortise_shared_packed::Package;

/// Entries that are read.
const MOST: usize = 20_000;

/// A line of the table of contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) label: String,
    /// From 1.
    pub(crate) depth: u32,
    pub(crate) file: String,
    pub(crate) fragment: Option<String>,
}

/// All entries in order; none where the book has no navigation.
pub(crate) fn read(package: &Package<'_>, book: &Book) -> Vec<Entry> {
    let part = |name: &Option<String>| {
        let name = name.as_deref()?;
        Some((folder(name).to_owned(), package.read(name, DESCRIPTION).ok()?))
    };
    let entries = part(&book.navigation).map(|(folder, bytes)| nav(&bytes, &folder)).unwrap_or_default();
    if !entries.is_empty() {
        return entries;
    }
    part(&book.ncx).map(|(folder, bytes)| ncx(&bytes, &folder)).unwrap_or_default()
}

fn entry(label: &str, depth: u32, folder: &str, address: &str) -> Option<Entry> {
    let label = squeezed(label);
    let file = resolve(folder, address)?;
    let fragment = address.split_once('#').map(|(_, fragment)| unescape(fragment));
    (!label.is_empty()).then_some(Entry { label, depth: depth.max(1), file, fragment })
}

/// `nav epub:type="toc"`, or the first `nav` if none says so.
fn nav(bytes: &[u8], folder: &str) -> Vec<Entry> {
    let tokens = tokens(bytes).tokens;
    let is_nav = |token: &&Token| matches!(token, Token::Start(element) if element.name == "nav");
    let is_toc = |token: &&Token| matches!(token, Token::Start(e) if e.name == "nav" && e.has("type", "toc"));
    let any_toc = tokens.iter().any(|token| is_toc(&token));
    let begins = |token: &Token| if any_toc { is_toc(&token) } else { is_nav(&token) };
    let Some(from) = tokens.iter().position(begins) else { return Vec::new() };
    let mut entries = Vec::new();
    let mut depth = 0u32;
    let mut open: Option<(String, String)> = None;
    for token in &tokens[from + 1..] {
        match token {
            Token::Start(element) => match element.name.as_str() {
                "ol" | "ul" => depth += 1,
                "a" => open = Some((String::new(), element.attr("href").unwrap_or_default().into())),
                _ => {}
            },
            Token::Text(text) => {
                if let Some((label, _)) = &mut open {
                    label.push_str(text);
                }
            }
            Token::End(name) => match name.as_str() {
                "ol" | "ul" => depth = depth.saturating_sub(1),
                "a" => {
                    if let Some((label, address)) = open.take() {
                        entries.extend(entry(&label, depth, folder, &address));
                    }
                }
                "nav" => break,
                _ => {}
            },
        }
        if entries.len() >= MOST {
            break;
        }
    }
    entries
}

/// `navMap` with its `navPoint`s.
fn ncx(bytes: &[u8], folder: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut labels: Vec<String> = Vec::new();
    let (mut in_map, mut in_text) = (false, false);
    for token in tokens(bytes).tokens {
        match token {
            Token::Start(element) => match element.name.as_str() {
                "navMap" => in_map = true,
                "navPoint" => labels.push(String::new()),
                "text" => in_text = in_map,
                "content" => {
                    if let (Some(label), Some(address)) = (labels.last(), element.attr("src")) {
                        entries.extend(entry(label, labels.len() as u32, folder, address));
                    }
                }
                _ => {}
            },
            Token::Text(text) => {
                if let Some(label) = labels.last_mut().filter(|_| in_text) {
                    label.push_str(&text);
                }
            }
            Token::End(name) => match name.as_str() {
                "navMap" => break,
                "navPoint" => drop(labels.pop()),
                "text" => in_text = false,
                _ => {}
            },
        }
        if entries.len() >= MOST {
            break;
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_navigation() {
        let want = [
            Entry { label: "One & two".into(), depth: 1, file: "t/a b.xhtml".into(), fragment: None },
            Entry { label: "Inner".into(), depth: 2, file: "t/a b.xhtml".into(), fragment: Some("s1".into()) },
        ];
        let nav3 = b"<html><nav epub:type='landmarks'><ol><li><a href='x'>no</a></li></ol></nav><nav epub:type='toc'><ol>\
            <li><a href='a%20b.xhtml'>One &amp;\n <i>two</i></a><ol><li><a href='a%20b.xhtml#s1'>Inner</a></li></ol></li></ol></nav>";
        assert_eq!(nav(nav3, "t"), want);
        let nav2 = b"<!DOCTYPE ncx PUBLIC 'x' 'y'><ncx><docTitle><text>no</text></docTitle><navMap><navPoint><navLabel>\
            <text>One &amp; two</text></navLabel><content src='a b.xhtml'/><navPoint><navLabel><text>Inner</text></navLabel>\
            <content src='a%20b.xhtml#s1'/></navPoint></navPoint></navMap></ncx>";
        assert_eq!(ncx(nav2, "t"), want);
    }
}
