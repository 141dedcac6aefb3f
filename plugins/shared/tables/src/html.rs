//! A table as HTML, in as many parts as the limit asks for.

use mortise_sdk::document::{Row, Table};
use mortise_shared_text::{Delimiters, TokenCounter, cut};

/// The table as HTML, in parts of at most `limit` tokens and `most_rows` rows, caption and header rows in each. A row that
/// is larger than the limit comes as plain text in pieces: half a row of HTML would be of no use to anyone.
pub fn parts(table: &Table, caption: &str, most_rows: usize, limit: u32, counter: &impl TokenCounter) -> Vec<String> {
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
        if counter.count_one(&whole) <= limit {
            return vec![whole];
        }
    }
    // Rows are counted alone, in one call, and the frame (caption and header) once.
    let singles: Vec<String> = all.iter().map(|&row| inner(&html(&[row]), caption).to_owned()).collect();
    let counts = counter.count(&singles);
    let frame = counter.count_one(&html(&all[..headers]));
    let mut parts = Vec::new();
    let mut framed = false;
    let mut open: Vec<usize> = Vec::new();
    let mut sum = frame;
    let mut emit = |open: &mut Vec<usize>| {
        if open.is_empty() {
            return;
        }
        let text = html(&[&all[..headers], open].concat());
        if counter.count_one(&text) <= limit {
            parts.push(text);
            framed = true;
        } else {
            // Only a single row, or a sum that was a little off, comes here.
            for &row in open.iter() {
                let text = html(&[&all[..headers], &[row][..]].concat());
                if counter.count_one(&text) <= limit {
                    parts.push(text);
                    framed = true;
                } else {
                    parts.extend(pieces(plain(&rows[row]).trim(), limit, counter));
                }
            }
        }
        open.clear();
    };
    for (row, tokens) in counts.into_iter().enumerate().skip(headers) {
        if !open.is_empty() && (open.len() >= most_rows || sum.saturating_add(tokens) > limit) {
            emit(&mut open);
            sum = frame;
        }
        open.push(row);
        sum = sum.saturating_add(tokens);
    }
    emit(&mut open);
    if !framed {
        // No part had room for the frame: it is told once, before them.
        let mut told = vec![caption.trim().to_owned()];
        told.extend(rows[..headers].iter().map(plain));
        parts.splice(0..0, pieces(told.join("\n").trim(), limit, counter));
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn pieces(text: &str, limit: u32, counter: &impl TokenCounter) -> Vec<String> {
    cut::pieces(text, &Delimiters::parse("\n\t"), limit, counter)
}

fn plain(row: &Row<'_>) -> String {
    row.cells.iter().map(|cell| cell.text.trim()).collect::<Vec<_>>().join("\t")
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
