//! The parts of a MIME mail, found without recursion and within bounds.

use crate::emit::emit;
use crate::header::{Fields, Headers};
use crate::part::{Letter, Transfer};
use crate::select::select;
use mail_parser::HeaderName;
use mortise_sdk::parser::Output;
use mortise_sdk::{Error, Result};
use mortise_shared_encoding::{binary_reason, decode};
use serde_json::{Map, Value};

/// Parts at most.
const MOST: usize = 20_000;

/// How deep parts may stand in each other.
const DEEPEST: usize = 64;

/// One entity: a mail, or a part of it.
pub(crate) struct Entity<'a> {
    /// `text/plain`, lower case.
    pub(crate) media_type: String,
    pub(crate) charset: Option<String>,
    pub(crate) flowed: bool,
    pub(crate) joined: bool,
    /// Which part of a `multipart/related` is its root.
    pub(crate) start: Option<String>,
    pub(crate) name: Option<String>,
    /// `Content-Disposition: attachment`.
    pub(crate) attached: bool,
    pub(crate) content_id: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) transfer: Transfer,
    pub(crate) body: &'a [u8],
    pub(crate) children: Vec<usize>,
    boundary: Option<String>,
}

impl<'a> Entity<'a> {
    fn new(bytes: &'a [u8], default: &str) -> (Self, Headers) {
        let (head, body) = split_header(bytes);
        let headers = Headers::new(head);
        (Self::of(&headers.read(), body, default), headers)
    }

    fn of(fields: &Fields<'_>, body: &'a [u8], default: &str) -> Self {
        let kind = fields.content(&HeaderName::ContentType);
        let media_type = kind.map(|kind| match kind.subtype() {
            Some(subtype) if !kind.ctype().is_empty() => format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase(),
            _ if kind.ctype().eq_ignore_ascii_case("text") => "text/plain".into(),
            _ => kind.ctype().to_ascii_lowercase(),
        });
        let attribute = |name: &str| kind.and_then(|k| k.attribute(name)).map(str::to_owned).filter(|v| !v.is_empty());
        let disposition = fields.content(&HeaderName::ContentDisposition);
        let named = disposition.and_then(|d| d.attribute("filename")).map(str::to_owned);
        let id = |text: String| text.trim_matches(['<', '>', ' ']).to_owned();
        let transfer = fields.raw(&HeaderName::ContentTransferEncoding).unwrap_or_default().to_ascii_lowercase();
        Self {
            media_type: media_type.unwrap_or_else(|| default.into()),
            charset: attribute("charset"),
            flowed: attribute("format").is_some_and(|f| f.eq_ignore_ascii_case("flowed")),
            joined: attribute("delsp").is_some_and(|f| f.eq_ignore_ascii_case("yes")),
            start: attribute("start").map(id),
            name: named.filter(|n| !n.is_empty()).or_else(|| attribute("name")),
            attached: disposition.is_some_and(|d| d.ctype().eq_ignore_ascii_case("attachment")),
            content_id: fields.raw(&HeaderName::ContentId).map(id),
            location: fields.raw(&HeaderName::ContentLocation),
            transfer: match transfer.as_str() {
                t if t.starts_with("base64") => Transfer::Base64,
                t if t.starts_with("quoted") => Transfer::QuotedPrintable,
                _ => Transfer::Plain,
            },
            body,
            children: Vec::new(),
            boundary: attribute("boundary"),
        }
    }

    pub(crate) fn is_multipart(&self) -> bool {
        !self.children.is_empty()
    }
}

/// Reads a mail.
pub(crate) fn parse(bytes: &[u8], out: &mut Output) -> Result<()> {
    // Some programs save mails in UTF-16, others put a byte order mark before UTF-8.
    let recoded;
    let bytes = match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
            recoded = decode(bytes, None).text.into_bytes();
            &recoded
        }
        [0xEF, 0xBB, 0xBF, rest @ ..] => rest,
        bytes => bytes,
    };
    let mut start = bytes;
    // Blank lines and the envelope of an mbox before the header.
    while let Some((line, rest)) = first_line(start) {
        let skipped =
            line.iter().all(u8::is_ascii_whitespace) || line.starts_with(b"From ") || line.starts_with(b">From ");
        if !skipped {
            break;
        }
        start = rest;
    }
    let (root, headers) = Entity::new(start, "text/plain");
    let fields = headers.read();
    if !fields.is_of_mail() {
        let why = binary_reason(bytes.get(..4096).unwrap_or(bytes)).unwrap_or_else(|| "it has no mail header".into());
        return Err(Error::InvalidInput(format!("not a mail: {why}")));
    }
    let mut letter = Letter::default();
    describe(&fields, &mut letter);
    let entities = tree(root, &mut letter.warnings);
    select(&entities, &mut letter);
    emit(letter, out);
    Ok(())
}

/// The fields that a reader sees, and the metadata.
fn describe(fields: &Fields<'_>, letter: &mut Letter<'_>) {
    let mut metadata = Map::new();
    let people = [("From", HeaderName::From), ("To", HeaderName::To), ("Cc", HeaderName::Cc), ("Bcc", HeaderName::Bcc)];
    for (name, header) in people {
        if let Some(value) = fields.addresses(&header) {
            metadata.insert(name.to_ascii_lowercase(), value.clone().into());
            letter.fields.push((name, value));
        }
    }
    if let Some((shown, iso)) = fields.date() {
        metadata.insert("date".into(), iso.unwrap_or_else(|| shown.clone()).into());
        letter.fields.push(("Date", shown));
    }
    if let Some(subject) = fields.text(&HeaderName::Subject) {
        metadata.insert("subject".into(), subject.clone().into());
        letter.fields.push(("Subject", subject));
    }
    for (key, header) in [("message_id", HeaderName::MessageId), ("in_reply_to", HeaderName::InReplyTo)] {
        if let Some(value) = fields.text(&header) {
            metadata.insert(key.into(), Value::from(value));
        }
    }
    letter.metadata = metadata;
}

/// All parts of a mail; the mail itself is the first, and parts come after what they stand in.
fn tree<'a>(root: Entity<'a>, warnings: &mut Vec<String>) -> Vec<Entity<'a>> {
    let mut entities = vec![root];
    let mut open = vec![(0, 0)];
    while let Some((at, depth)) = open.pop() {
        let entity = &entities[at];
        if !entity.media_type.starts_with("multipart/") {
            continue;
        }
        let body = entity.body;
        let default = if entity.media_type == "multipart/digest" { "message/rfc822" } else { "text/plain" };
        let boundary = match &entity.boundary {
            Some(boundary) => Some(boundary.clone().into_bytes()),
            None => guess_boundary(body),
        };
        let room = MOST.saturating_sub(entities.len());
        let pieces = boundary.map(|b| split_parts(body, &b, room)).unwrap_or_default();
        if depth >= DEEPEST {
            warnings.push(format!("parts stand more than {DEEPEST} deep in each other; the inner ones were left out"));
            entities[at].body = &[];
            entities[at].media_type = "text/plain".into();
            continue;
        }
        if pieces.is_empty() {
            warnings.push("a part without its boundary was read as plain text".into());
            entities[at].media_type = "text/plain".into();
            continue;
        }
        if pieces.len() >= room {
            warnings.push(format!("more than {MOST} parts; the rest was left out"));
        }
        for piece in pieces {
            let number = entities.len();
            entities.push(Entity::new(piece, default).0);
            entities[at].children.push(number);
            open.push((number, depth + 1));
        }
    }
    entities
}

/// Header and body; a part that begins with a blank line has no header.
fn split_header(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut rest = bytes;
    while let Some((line, after)) = first_line(rest) {
        let at = bytes.len() - rest.len();
        if line.is_empty() || line == b"\r" {
            return (&bytes[..at], after);
        }
        // A line that can be none of a header: the blank line before the body was forgotten.
        let folded = matches!(line.first(), Some(b' ' | b'\t'));
        let named = line.iter().position(|b| *b == b':').is_some_and(|colon| {
            colon > 0 && line[..colon].iter().all(|b| b.is_ascii_graphic() || matches!(b, b' ' | b'\t'))
        });
        if !folded && !named {
            return (&bytes[..at], rest);
        }
        rest = after;
    }
    (bytes, &[])
}

/// The first line without its line feed, and what follows; the last line may have none. None at the end.
fn first_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if bytes.is_empty() {
        return None;
    }
    match bytes.iter().position(|b| *b == b'\n') {
        Some(end) => Some((&bytes[..end], &bytes[end + 1..])),
        None => Some((bytes, &[])),
    }
}

/// The boundary that a body uses although its header names none: its first line that begins with two hyphens.
fn guess_boundary(body: &[u8]) -> Option<Vec<u8>> {
    let mut rest = body;
    while let Some((line, after)) = first_line(rest) {
        let name = line.strip_prefix(b"--").unwrap_or_default().trim_ascii_end();
        if name.len() >= 8 && name.iter().all(u8::is_ascii_graphic) {
            return Some(name.to_vec());
        }
        rest = after;
    }
    None
}

/// What stands between the lines of a boundary, at most `most` pieces. A boundary that never closes ends with the body.
fn split_parts<'a>(body: &'a [u8], boundary: &[u8], most: usize) -> Vec<&'a [u8]> {
    let boundary = boundary.trim_ascii_end();
    let mut pieces = Vec::new();
    let mut from = None;
    let mut rest = body;
    while let Some((line, after)) = first_line(rest) {
        let at = body.len() - rest.len();
        rest = after;
        let Some(mark) = line.strip_prefix(b"--").and_then(|l| l.strip_prefix(boundary)) else { continue };
        let closing = mark.starts_with(b"--");
        // A longer line belongs to another boundary that begins alike.
        if !mark.strip_prefix(b"--").unwrap_or(mark).iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if let Some(from) = from {
            pieces.push(trim_end_of_line(&body[from..at]));
            if pieces.len() >= most {
                return pieces;
            }
        }
        from = (!closing).then(|| body.len() - rest.len());
    }
    if let Some(from) = from.filter(|from| *from < body.len()) {
        pieces.push(&body[from..]);
    }
    pieces
}

/// The line end before a boundary belongs to the boundary.
fn trim_end_of_line(piece: &[u8]) -> &[u8] {
    let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
    piece.strip_suffix(b"\r").unwrap_or(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_split_at_their_own_boundary_only() {
        let body = b"preamble\n--b\nA: 1\n\none\n--b2\nx\n--b \r\n\r\ntwo\r\n--b--\nepilogue\n";
        let pieces = split_parts(body, b"b", 10);
        assert_eq!(pieces, [b"A: 1\n\none\n--b2\nx".as_slice(), b"\r\ntwo"]);
        assert_eq!(split_parts(b"--b\nnever closed", b"b", 10), [b"never closed"]);
        assert_eq!(split_parts(body, b"b", 1).len(), 1);
    }

    #[test]
    fn a_header_ends_where_the_body_begins() {
        assert_eq!(split_header(b"A: 1\n b\n\nbody"), (b"A: 1\n b\n".as_slice(), b"body".as_slice()));
        assert_eq!(split_header(b"A: 1\nno header line\n"), (b"A: 1\n".as_slice(), b"no header line\n".as_slice()));
        assert_eq!(split_header(b"\nbody"), (b"".as_slice(), b"body".as_slice()));
        assert_eq!(guess_boundary(b"x\n--==abc123==\n\ny"), Some(b"==abc123==".to_vec()));
    }
}
