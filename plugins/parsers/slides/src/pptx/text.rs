//! The text of a shape or a cell: paragraphs, levels, bullets.

use crate::shape::Paragraph;
use mortise_shared_numerals::roman;
use mortise_shared_packed::{Error, Namespace, Token, Xml};

/// Paragraphs of one text at most.
const MOST: usize = 20_000;

/// Reads the text body whose start tag was the last token.
pub(crate) fn read(xml: &mut Xml<'_>) -> Result<Vec<Paragraph>, Error> {
    let outside = xml.depth().saturating_sub(1);
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let mut in_text = false;
    let mut number: Option<(String, u32)> = None;
    let mut counts: [u32; 9] = [0; 9];
    while xml.depth() > outside {
        let Some(token) = xml.next()? else { break };
        match token {
            Token::Start(tag) => match (tag.namespace(), tag.name()) {
                (Namespace::Drawing, "p") => {
                    number = None;
                    if paragraphs.len() < MOST {
                        paragraphs.push(Paragraph::default());
                    }
                }
                (Namespace::Drawing, "pPr") => {
                    if let (Some(paragraph), Some(level)) = (paragraphs.last_mut(), tag.number("lvl")) {
                        paragraph.level = level.clamp(0, 8) as u32;
                    }
                }
                (Namespace::Drawing, name @ ("buChar" | "buBlip" | "buNone")) => {
                    if let Some(paragraph) = paragraphs.last_mut() {
                        paragraph.bullet = Some(name != "buNone");
                    }
                }
                (Namespace::Drawing, "buAutoNum") => {
                    if let Some(paragraph) = paragraphs.last_mut() {
                        paragraph.bullet = Some(true);
                    }
                    let start = tag.number("startAt").and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
                    number = Some((tag.attr("type").unwrap_or_default(), start));
                }
                (Namespace::Drawing, "br") => push(&mut paragraphs, "\n"),
                (Namespace::Drawing, "tab") => {}
                (Namespace::Drawing | Namespace::Math, "t") => in_text = true,
                (Namespace::Compatibility, "Fallback") => xml.skip()?,
                _ => {}
            },
            Token::Text(text) if in_text => push(&mut paragraphs, &text),
            Token::Text(_) => {}
            Token::End(namespace, name) => match (namespace, &*name) {
                (_, "t") => in_text = false,
                (Namespace::Drawing, "p") => {
                    let Some(paragraph) = paragraphs.last_mut().filter(|p| !p.text.trim().is_empty()) else { continue };
                    let level = paragraph.level.min(8) as usize;
                    counts[level + 1..].fill(0);
                    match number.take() {
                        Some((kind, start)) => {
                            counts[level] = if counts[level] == 0 { start } else { counts[level].saturating_add(1) };
                            paragraph.text.insert_str(0, &label(&kind, counts[level]));
                        }
                        None => counts[level] = 0,
                    }
                }
                _ => {}
            },
        }
    }
    Ok(paragraphs)
}

fn push(paragraphs: &mut [Paragraph], text: &str) {
    if let Some(paragraph) = paragraphs.last_mut() {
        // Soft line breaks are stored as vertical tabs in titles.
        paragraph.text.extend(text.chars().map(|c| if c == '\u{B}' { '\n' } else { c }));
    }
}

/// `arabicPeriod`, 3 → `3. `.
fn label(kind: &str, number: u32) -> String {
    let letters = |upper: bool| {
        let base = if upper { b'A' } else { b'a' };
        let n = number.saturating_sub(1);
        let letter = char::from(base + (n % 26) as u8);
        letter.to_string().repeat((n / 26 + 1).min(10) as usize)
    };
    let body = if kind.starts_with("alphaLc") {
        letters(false)
    } else if kind.starts_with("alphaUc") {
        letters(true)
    } else if kind.starts_with("romanLc") {
        roman(number).to_lowercase()
    } else if kind.starts_with("romanUc") {
        roman(number)
    } else {
        number.to_string()
    };
    match kind {
        k if k.ends_with("ParenBoth") => format!("({body}) "),
        k if k.ends_with("ParenR") => format!("{body}) "),
        k if k.ends_with("Plain") => format!("{body} "),
        _ => format!("{body}. "),
    }
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn numbers_are_shown_as_powerpoint_shows_them() {
        assert_eq!(label("arabicPeriod", 3), "3. ");
        assert_eq!(label("alphaLcParenR", 28), "bb) ");
        assert_eq!(label("romanUcParenBoth", 14), "(XIV) ");
    }
}
