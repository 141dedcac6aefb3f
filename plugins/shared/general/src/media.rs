//! Tables and pictures: chunks of their own, with captions and, if asked for, the text around them.

use crate::pieces::pieces;
use crate::walk::Walk;
use crate::{Draft, HostTokens, Settings};
use mortise_sdk::chunker::{Chunk, ChunkKind};
use mortise_sdk::document::{Block, BlockKind, Table};
use mortise_shared_text::TokenCounter;
use mortise_shared_text::context::{Crossing, above, below};

/// Chunks of all tables and pictures that have something to read.
pub(crate) fn chunks(document: &Walk<'_>, settings: &Settings) -> Vec<Draft> {
    document.media.iter().flat_map(|(index, block)| of_block(document, *index, block, settings)).collect()
}

fn of_block(document: &Walk<'_>, index: usize, block: &Block, settings: &Settings) -> Vec<Draft> {
    let captions = document.captions.iter().filter(|(owner, ..)| *owner == index);
    let mut blocks = vec![block.id];
    blocks.extend(captions.clone().map(|(_, _, id)| *id));
    blocks.sort_unstable();
    let mut caption = captions.map(|(_, text, _)| text.as_str()).collect::<Vec<_>>().join(" ");
    let limit = settings.limit.max(1);
    let (kind, context_size, texts) = match (&block.table, block.kind) {
        (Some(table), BlockKind::Table) => {
            if settings.sheets && caption.is_empty() {
                caption = document.parts.get(block.part as usize).cloned().unwrap_or_default();
            }
            let texts = table_texts(table, &caption, settings.table_rows, limit);
            (ChunkKind::Table, settings.table_context, texts)
        }
        _ => {
            let text = [caption.as_str(), block.text.trim()].join("\n").trim().to_owned();
            (ChunkKind::Image, settings.image_context, pieces(&text, limit))
        }
    };
    let texts = texts.into_iter().filter(|text| !text.trim().is_empty());
    let drafts = texts.map(|text| {
        let text = surrounded(text, document, index, context_size, limit);
        let mut chunk = Chunk::text(text, blocks.clone());
        chunk.kind = kind;
        chunk.context = document.path(index);
        Draft { position: index, chunk, spans: vec![] }
    });
    drafts.collect()
}

/// The table as HTML, in as many parts as the limit asks for, header rows in each. A row that is larger than the limit
/// comes as plain text in pieces: half a row of HTML would be of no use to anyone.
pub fn table_texts(table: &Table, caption: &str, most_rows: usize, limit: u32) -> Vec<String> {
    let rows = table.rows();
    let headers = rows.iter().take_while(|row| row.header).count();
    let headers = if headers == rows.len() { 0 } else { headers };
    let html = |from: &[usize]| {
        let cells = from.iter().flat_map(|&row| rows[row].cells.iter().map(|&cell| cell.clone()));
        let part = Table { rows: from.len() as u32, columns: table.columns, cells: cells.collect() };
        with_caption(&part.html(), caption)
    };
    let all: Vec<usize> = (0..rows.len()).collect();
    if rows.len() - headers <= most_rows {
        let whole = html(&all);
        if HostTokens.count_one(&whole) <= limit {
            return vec![whole];
        }
    }
    // Rows are counted alone, in one call, and the frame (caption and header) once.
    let singles: Vec<String> = all.iter().map(|&row| inner(&html(&[row]), caption).to_owned()).collect();
    let counts = HostTokens.count(&singles);
    let frame = HostTokens.count_one(&html(&all[..headers]));
    let mut parts = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut sum = frame;
    let mut emit = |open: &mut Vec<usize>| {
        if open.is_empty() {
            return;
        }
        let text = html(&[&all[..headers], open].concat());
        if HostTokens.count_one(&text) <= limit {
            parts.push(text);
        } else {
            // Only a single row, or a sum that was a little off, comes here.
            for &row in open.iter() {
                let text = html(&[&all[..headers], &[row][..]].concat());
                if HostTokens.count_one(&text) <= limit {
                    parts.push(text);
                } else {
                    let cells: Vec<&str> = rows[row].cells.iter().map(|cell| cell.text.trim()).collect();
                    parts.extend(pieces(cells.join("\t").trim(), limit));
                }
            }
        }
        open.clear();
    };
    for (row, tokens) in counts.into_iter().enumerate().skip(headers) {
        if !open.is_empty() && (open.len() >= most_rows || sum + tokens > limit) {
            emit(&mut open);
            sum = frame;
        }
        open.push(row);
        sum += tokens;
    }
    emit(&mut open);
    parts
}

fn with_caption(html: &str, caption: &str) -> String {
    if caption.is_empty() {
        return html.to_owned();
    }
    let caption = caption.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    html.replacen("<table>", &format!("<table><caption>{caption}</caption>"), 1)
}

/// The rows of a one-part table without the frame around them.
fn inner<'a>(html: &'a str, caption: &str) -> &'a str {
    let start = if caption.is_empty() { html.find("<tr>") } else { html.find("</caption>").map(|i| i + 10) };
    html[start.unwrap_or(0)..].trim_end_matches("</table>")
}

/// `text` with up to `size` tokens of the document's text above and below, as far as the limit leaves room.
fn surrounded(text: String, document: &Walk<'_>, index: usize, size: u32, limit: u32) -> String {
    if size == 0 {
        return text;
    }
    let room = limit.saturating_sub(HostTokens.count_one(&text) + 2);
    let split = document.texts.partition_point(|(at, _)| *at < index);
    // Enough sections for any budget, and no more: every section has a token.
    let reach = size.min(room) as usize;
    let near = |texts: &'_ [(usize, String)]| texts.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>();
    let before = near(&document.texts[split.saturating_sub(reach)..split]);
    let after = near(&document.texts[split..(split + reach).min(document.texts.len())]);
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    let mut budget = size;
    // The sentence that crosses the budget is taken, as the reference does, while the chunk stays within its limit.
    for crossing in [Crossing::Taken, Crossing::LeftOut, Crossing::LeftOut] {
        let (above, below) =
            (above(&before, budget, crossing, &HostTokens), below(&after, budget, crossing, &HostTokens));
        let parts = [above.trim(), text.as_str(), below.trim()];
        let whole = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
        if HostTokens.count_one(&whole) <= limit {
            return whole;
        }
        if crossing == Crossing::LeftOut {
            budget = room / 2;
        }
    }
    text
}
