//! What OpenDocument files of all kinds share: their kind, encryption, metadata, and the text of a paragraph.

use mortise_shared_packed::{Error, Package, Token, Xml};
use serde_json::{Map, Value};

/// Text of one paragraph at most, bytes.
const LONGEST: usize = 1 << 20;
/// Blanks that one element may stand for.
const BLANKS: i64 = 1_000;

/// The media type that the file says it has; empty if it does not say.
pub fn media_type(package: &Package<'_>) -> String {
    let bytes = package.read("mimetype", 1_000).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_string()
}

/// Refuses files whose parts are encrypted.
///
/// # Errors
/// [`Error::Encrypted`], and what [`Error::is_hostile`] calls so.
pub fn refuse_encrypted(package: &Package<'_>) -> Result<(), Error> {
    let Ok(mut xml) = package.xml("META-INF/manifest.xml") else { return Ok(()) };
    loop {
        match xml.next() {
            Ok(Some(Token::Start(tag))) if tag.name() == "encryption-data" => return Err(Error::Encrypted),
            Ok(Some(_)) => {}
            // Many writers declare a document type here, which is skipped with the list.
            Ok(None) | Err(_) => return Ok(()),
        }
    }
}

/// Title, author and dates, under the keys that other formats use.
///
/// # Errors
/// Only what [`Error::is_hostile`] calls so.
pub fn metadata(package: &Package<'_>) -> Result<Map<String, Value>, Error> {
    let mut fields: Map<String, Value> = Map::new();
    let Ok(mut xml) = package.xml("meta.xml") else { return Ok(fields) };
    let mut field = None;
    loop {
        match xml.next() {
            Ok(Some(Token::Start(tag))) => {
                field = match tag.name() {
                    "title" => Some("title"),
                    "subject" => Some("subject"),
                    "initial-creator" => Some("author"),
                    "creator" => Some("last_modified_by"),
                    "description" => Some("description"),
                    "keyword" => Some("keywords"),
                    "creation-date" => Some("created"),
                    "date" => Some("modified"),
                    "language" => Some("language"),
                    _ => None,
                }
            }
            Ok(Some(Token::Text(text))) => {
                if let Some(field) = field {
                    match fields.get_mut(field) {
                        Some(Value::String(known)) => known.push_str(&text),
                        _ => drop(fields.insert(field.into(), text.into())),
                    }
                }
            }
            Ok(Some(Token::End(..))) => field = None,
            Err(error) if error.is_hostile() => return Err(error),
            Ok(None) | Err(_) => break,
        }
    }
    fields.retain(|_, value| value.as_str().is_some_and(|v| !v.trim().is_empty()));
    Ok(fields)
}

/// Adds to `text` what an element of a paragraph stands for: blanks, tabs, line breaks. False for any other.
pub fn push_element(tag: &mortise_shared_packed::Tag<'_>, text: &mut String) -> bool {
    match tag.name() {
        "s" => {
            let count = tag.number("c").unwrap_or(1).clamp(0, BLANKS) as usize;
            text.extend(std::iter::repeat_n(' ', count));
        }
        "tab" => text.push('\t'),
        "line-break" => text.push('\n'),
        _ => return false,
    }
    true
}

/// Adds a piece of character data; line ends and runs of blanks in a file are one blank.
pub fn push_text(text: &str, to: &mut String) {
    for c in text.chars() {
        if to.len() > LONGEST {
            return;
        }
        if !matches!(c, ' ' | '\t' | '\n' | '\r') {
            to.push(c);
        } else if !to.ends_with([' ', '\n', '\t']) && !to.is_empty() {
            to.push(' ');
        }
    }
}

/// The text within the element whose start tag was the last token: its paragraphs by newline, comments and deleted text
/// left out.
///
/// # Errors
/// As [`Xml::next`].
pub fn plain_text(xml: &mut Xml<'_>) -> Result<String, Error> {
    let outside = xml.depth().saturating_sub(1);
    let mut all = String::new();
    let mut line = String::new();
    while xml.depth() > outside {
        let Some(token) = xml.next()? else { break };
        match token {
            Token::Start(tag) => match tag.name() {
                "annotation" | "tracked-changes" | "title" | "desc" => xml.skip()?,
                _ => drop(push_element(&tag, &mut line)),
            },
            Token::Text(text) => push_text(&text, &mut line),
            Token::End(_, name) => {
                if matches!(&*name, "p" | "h") && all.len() < LONGEST {
                    if !all.is_empty() {
                        all.push('\n');
                    }
                    all.push_str(line.trim_end());
                    line.clear();
                }
            }
        }
    }
    if !line.trim().is_empty() {
        if !all.is_empty() {
            all.push('\n');
        }
        all.push_str(line.trim_end());
    }
    Ok(all)
}
