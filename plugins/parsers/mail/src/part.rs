//! What a mail consists of, whatever file it came in.

use serde_json::{Map, Value};

/// A mail, ready to be told in blocks.
#[derive(Default)]
pub(crate) struct Letter<'a> {
    /// Fields that a reader sees, in order.
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) metadata: Map<String, Value>,
    /// Body and attachments in order.
    pub(crate) items: Vec<Item<'a>>,
    /// Pictures that the body may show, by the names it shows them by.
    pub(crate) shown: Vec<Shown<'a>>,
    pub(crate) warnings: Vec<String>,
}

/// A piece of a mail.
pub(crate) enum Item<'a> {
    Html(String),
    Plain {
        text: String,
        flowed: bool,
        joined: bool,
    },
    /// Lines of `name: value`.
    Report(String),
    /// A picture to be shown here, unless the HTML showed it: its place in [`Letter::shown`].
    Picture(usize),
    Attached {
        name: String,
        media_type: String,
        bytes: Bytes<'a>,
    },
}

/// A picture that the body may show.
pub(crate) struct Shown<'a> {
    pub(crate) content_id: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes<'a>,
}

/// Bytes of a part, decoded only when they are needed: one attachment at a time stands in memory.
pub(crate) enum Bytes<'a> {
    Encoded(Transfer, &'a [u8]),
    Ready(Vec<u8>),
}

/// How a part was written to pass through the mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    Plain,
    Base64,
    QuotedPrintable,
}

impl Transfer {
    pub(crate) fn decode(self, body: &[u8]) -> Vec<u8> {
        match self {
            Transfer::Plain => body.to_vec(),
            Transfer::Base64 => mortise_shared_encoding::base64(body),
            Transfer::QuotedPrintable => mortise_shared_encoding::quoted_printable(body),
        }
    }
}

impl Bytes<'_> {
    pub(crate) fn decode(&self) -> Vec<u8> {
        match self {
            Bytes::Encoded(transfer, body) => transfer.decode(body),
            Bytes::Ready(bytes) => bytes.clone(),
        }
    }
}

/// The media type of a picture by its first bytes, if it is one that programs show.
pub(crate) fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => "image/tiff",
        [b'B', b'M', ..] => "image/bmp",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => return None,
    })
}

/// A file name as the host gets it: without folders and controls, with an extension where the type tells one.
pub(crate) fn file_name(given: Option<&str>, media_type: &str, number: usize) -> String {
    let name: String = given.unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim().trim_start_matches('.');
    let name: String = name.chars().take(200).collect();
    if name.is_empty() { format!("attachment-{number}{}", extension(media_type)) } else { name }
}

fn extension(media_type: &str) -> &'static str {
    match media_type {
        "message/rfc822" | "message/global" => ".eml",
        "text/plain" => ".txt",
        "text/html" => ".html",
        "text/calendar" => ".ics",
        "text/csv" => ".csv",
        "application/pdf" => ".pdf",
        "application/json" => ".json",
        "application/zip" => ".zip",
        "application/msword" => ".doc",
        "application/vnd.ms-excel" => ".xls",
        "application/vnd.ms-powerpoint" => ".ppt",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => ".docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => ".xlsx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => ".pptx",
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        "image/gif" => ".gif",
        "image/tiff" => ".tif",
        "image/webp" => ".webp",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn names_lose_their_folders_and_never_are_empty() {
        assert_eq!(file_name(Some("../../etc/pass\u{0}wd"), "text/plain", 1), "passwd");
        assert_eq!(file_name(Some("C:\\报告.pdf"), "application/pdf", 1), "报告.pdf");
        assert_eq!(file_name(None, "application/pdf", 3), "attachment-3.pdf");
        assert_eq!(file_name(Some(".."), "x/y", 2), "attachment-2");
    }
}
