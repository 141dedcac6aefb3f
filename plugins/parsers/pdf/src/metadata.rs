//! Title, author and dates from the document information dictionary; the outline and the links.

use crate::outline::{Entry, links_json, outline_json};
use hayro_syntax::Pdf;
use hayro_syntax::object::DateTime;
use mortise_sdk::serde_json::{Map, Value};

/// The fields that are there, as a JSON object.
pub(crate) fn fields(pdf: &Pdf, outline: &[Entry]) -> Value {
    let info = pdf.metadata();
    let mut fields = Map::new();
    let texts = [
        ("title", &info.title),
        ("author", &info.author),
        ("subject", &info.subject),
        ("keywords", &info.keywords),
        ("creator", &info.creator),
        ("producer", &info.producer),
    ];
    for (name, bytes) in texts {
        let text = bytes.as_deref().map(text_string).unwrap_or_default();
        let text = text.trim();
        if !text.is_empty() {
            fields.insert(name.into(), Value::String(text.chars().take(2000).collect()));
        }
    }
    for (name, date) in [("created", info.creation_date), ("modified", info.modification_date)] {
        if let Some(date) = date {
            fields.insert(name.into(), Value::String(iso(&date)));
        }
    }
    for (name, list) in [("outline", outline_json(outline)), ("links", links_json(pdf))] {
        if list.as_array().is_some_and(|l| !l.is_empty()) {
            fields.insert(name.into(), list);
        }
    }
    Value::Object(fields)
}

fn iso(date: &DateTime) -> String {
    let DateTime { year, month, day, hour, minute, second, utc_offset_hour, utc_offset_minute } = *date;
    let zone = match (utc_offset_hour, utc_offset_minute) {
        (0, 0) => "Z".to_string(),
        (hours, minutes) => format!("{hours:+03}:{minutes:02}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
}

/// A PDF text string: UTF-16 or UTF-8 by its byte order mark, else PDFDocEncoding (ISO 32000-2, 7.9.2.2).
pub(crate) fn text_string(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => match std::str::from_utf8(bytes) {
            // Not in the standard, but common, and hardly ever a coincidence.
            Ok(text) => text.into(),
            Err(_) => bytes.iter().map(|b| pdf_doc(*b)).collect(),
        },
    }
    .replace('\0', "")
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
    let text = String::from_utf16_lossy(&units);
    // Language marks: ESC, codes, ESC.
    text.split('\u{1b}').step_by(2).collect()
}

fn pdf_doc(byte: u8) -> char {
    const LOW: [char; 8] = ['˘', 'ˇ', 'ˆ', '˙', '˝', '˛', '˚', '˜'];
    const HIGH: [char; 33] = [
        '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚', '™', 'ﬁ', 'ﬂ', 'Ł',
        'Œ', 'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', '\u{fffd}', '€',
    ];
    match byte {
        0x18..=0x1f => LOW.get(usize::from(byte - 0x18)).copied().unwrap_or(' '),
        0x80..=0xa0 => HIGH.get(usize::from(byte - 0x80)).copied().unwrap_or(' '),
        other => char::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_strings() {
        assert_eq!(text_string(b"plain"), "plain");
        assert_eq!(text_string(&[0xfe, 0xff, 0x4e, 0x2d, 0x65, 0x87]), "中文");
        assert_eq!(text_string(&[0xef, 0xbb, 0xbf, 0xc3, 0xa4]), "ä");
        assert_eq!(text_string(&[b'a', 0x85, 0xe4]), "a–ä");
        assert_eq!(text_string(&[0xfe, 0xff, 0x4e]), "");
    }

    #[test]
    fn dates() {
        let date = DateTime {
            year: 2024,
            month: 3,
            day: 1,
            hour: 9,
            minute: 5,
            second: 0,
            utc_offset_hour: -8,
            utc_offset_minute: 0,
        };
        assert_eq!(iso(&date), "2024-03-01T09:05:00-08:00");
    }
}
