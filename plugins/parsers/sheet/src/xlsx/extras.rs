//! What lies over a sheet: comments, and the pictures, charts and texts of its drawings.

use super::Shared;
use mortise_sdk::document::{Block, BlockKind, Place};
use mortise_sdk::parser::Output;
pub(crate) use mortise_shared_drawing::Pictures;
use mortise_shared_drawing::chart;
use mortise_shared_packed::{Error, Namespace, Package, Relationships, Token};

/// Reads everything that belongs to the sheet in `target`; damage costs only what is damaged.
pub(crate) fn read(
    shared: &mut Shared<'_, '_>,
    target: &str,
    part: u32,
    page: u32,
    out: &mut Output,
) -> Result<(), Error> {
    let package = shared.package;
    let links = package.relationships(target)?;
    let place = Place { page, rect: None };
    let block = |kind, text: String| Block { part, places: vec![place], ..Block::new(0, kind, text) };
    for link in links.of_kind("drawing") {
        drawing(shared, &link.target, &block, out)?;
    }
    for kind in ["comments", "threadedComment"] {
        for link in links.of_kind(kind) {
            for (cell, text) in comments(package, &link.target)? {
                // Excel writes a comment that says so into the old list, for the sake of older programs.
                if kind == "comments" && text.starts_with("[Threaded comment]") {
                    continue;
                }
                out.emit(block(BlockKind::Note, format!("{cell}: {text}")));
            }
        }
    }
    out.flush();
    Ok(())
}

/// The comments of a part: cell and text.
fn comments(package: &Package<'_>, part: &str) -> Result<Vec<(String, String)>, Error> {
    let mut found: Vec<(String, String)> = Vec::new();
    let Ok(mut xml) = package.xml(part) else { return Ok(found) };
    let mut in_text = false;
    loop {
        match xml.next() {
            Ok(Some(Token::Start(tag))) => match tag.name() {
                "comment" | "threadedComment" => {
                    found.push((tag.attr("ref").unwrap_or_default(), String::new()));
                }
                "t" | "text" => in_text = true,
                _ => in_text = false,
            },
            Ok(Some(Token::Text(text))) if in_text => {
                if let Some((_, comment)) = found.last_mut() {
                    comment.push_str(&text);
                }
            }
            Ok(Some(Token::Text(_))) => {}
            Ok(Some(Token::End(..))) => in_text = false,
            Err(error) if error.is_hostile() => return Err(error),
            Ok(None) | Err(_) => break,
        }
    }
    found.iter_mut().for_each(|(_, text)| *text = text.trim().to_string());
    found.retain(|(_, text)| !text.is_empty());
    Ok(found)
}

fn drawing(
    shared: &mut Shared<'_, '_>,
    target: &str,
    block: &dyn Fn(BlockKind, String) -> Block,
    out: &mut Output,
) -> Result<(), Error> {
    let package = shared.package;
    let links: Relationships = package.relationships(target)?;
    let Ok(mut xml) = package.xml(target) else { return Ok(()) };
    let mut alt = String::new();
    let mut text = String::new();
    let mut in_text = false;
    let mut warnings = Vec::new();
    loop {
        match xml.next() {
            Ok(Some(Token::Start(tag))) => match tag.name() {
                "cNvPr" => alt = tag.attr("descr").or_else(|| tag.attr("title")).unwrap_or_default(),
                "t" => in_text = true,
                "blip" => {
                    let link = tag.attr("embed").and_then(|id| links.get(&id).cloned()).filter(|l| !l.external);
                    if let Some(link) = link {
                        let image = shared.pictures.keep(package, &link.target, out, &mut warnings)?;
                        out.emit(Block { image, ..block(BlockKind::Figure, std::mem::take(&mut alt)) });
                    }
                }
                "chart" if tag.namespace() == Namespace::Chart => {
                    let link = tag.attr("id").and_then(|id| links.get(&id).cloned()).filter(|l| !l.external);
                    if let Some(link) = link {
                        // Its numbers are those of the cells.
                        let told = [chart(package, &link.target)?.titles, vec![std::mem::take(&mut alt)]].concat();
                        let told: Vec<String> = told.into_iter().filter(|t| !t.is_empty()).collect();
                        if !told.is_empty() {
                            out.emit(block(BlockKind::Figure, told.join("\n")));
                        }
                    }
                }
                _ => {}
            },
            Ok(Some(Token::Text(piece))) if in_text => text.push_str(&piece),
            Ok(Some(Token::Text(_))) => {}
            Ok(Some(Token::End(_, name))) => match &*name {
                "t" => in_text = false,
                "p" if !text.is_empty() => text.push('\n'),
                "sp" | "cxnSp" => {
                    let told = std::mem::take(&mut text);
                    if !told.trim().is_empty() {
                        out.emit(block(BlockKind::Paragraph, told.trim().to_string()));
                    }
                }
                _ => {}
            },
            Err(error) if error.is_hostile() => return Err(error),
            Ok(None) | Err(_) => break,
        }
    }
    warnings.iter().for_each(|warning| out.warn(block(BlockKind::Figure, String::new()).places.pop(), warning));
    Ok(())
}
