//! Files to parse: the author's, and small ones of common kinds with known contents.

use crate::subject::Subject;
use bytes::Bytes;
use mortise_domain::source::SourceFile;
use std::sync::Arc;

/// Sentences that every sample of the kit holds.
pub(crate) const SENTENCES: [&str; 3] = [
    "The keeper of the harbour light counted seven ships.",
    "Crane number four lifts eight tons.",
    "The notice period is four weeks.",
];

/// A file that the parser should be able to read.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) name: String,
    media_type: &'static str,
    pub(crate) bytes: Bytes,
    /// The kit's own, with [`SENTENCES`] in it.
    pub(crate) known: bool,
}

impl Sample {
    /// The author's samples of kinds that the parser accepts, and the kit's of the kinds that the author has none of.
    pub(crate) fn all(subject: &Subject) -> Vec<Self> {
        let accepts = |kind: &str| subject.info.extensions.iter().any(|extension| extension == kind);
        let own = subject.options.samples.iter().filter(|(name, _)| accepts(&extension(name)));
        let mut samples: Vec<Self> = own
            .map(|(name, bytes)| {
                let media_type = media_type(&extension(name));
                Self { name: name.clone(), media_type, bytes: bytes.clone(), known: false }
            })
            .collect();
        let missing: Vec<Self> = Self::built_in()
            .filter(|sample| accepts(&extension(&sample.name)))
            .filter(|sample| samples.iter().all(|own| extension(&own.name) != extension(&sample.name)))
            .collect();
        samples.extend(missing);
        samples
    }

    fn built_in() -> impl Iterator<Item = Self> {
        let textual = FORMS.iter().map(|form| form.sample(&SENTENCES));
        textual.chain(BINARY.into_iter().map(|(extension, media_type, bytes)| Self {
            name: format!("harbour.{extension}"),
            media_type,
            bytes: Bytes::from_static(bytes),
            known: true,
        }))
    }

    pub(crate) fn file(&self) -> SourceFile {
        self.file_of(self.bytes.to_vec())
    }

    /// Other bytes under the same name.
    pub(crate) fn file_of(&self, bytes: Vec<u8>) -> SourceFile {
        SourceFile { name: self.name.clone(), media_type: self.media_type.into(), bytes: Arc::new(bytes) }
    }

    /// The same bytes under another name.
    pub(crate) fn named(&self, name: &str, media_type: Option<&str>) -> SourceFile {
        let media_type = media_type.unwrap_or(self.media_type).into();
        SourceFile { name: name.into(), media_type, bytes: Arc::new(self.bytes.to_vec()) }
    }
}

pub(crate) fn extension(name: &str) -> String {
    name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default()
}

/// A textual format, in which any text can be written.
pub(crate) struct Form {
    pub(crate) extension: &'static str,
    media_type: &'static str,
    before: &'static str,
    /// Around each paragraph.
    around: (&'static str, &'static str),
    after: &'static str,
    quote: fn(&str) -> String,
}

fn plain(text: &str) -> String {
    text.into()
}

fn markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn doubled(text: &str) -> String {
    text.replace('"', "\"\"")
}

fn escaped(text: &str) -> String {
    let json = mortise_domain::Json::from(text).to_string();
    json[1..json.len() - 1].to_owned()
}

const FORMS: [Form; 11] = [
    form("txt", "text/plain", "", ("", "\n"), "", plain),
    form("log", "text/plain", "", ("", "\n"), "", plain),
    form("md", "text/markdown", "# Harbour\n\n", ("", "\n\n"), "", plain),
    form(
        "html",
        "text/html",
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Harbour</title></head>\n<body>\
         <h1>Harbour</h1>\n",
        ("<p>", "</p>\n"),
        "</body></html>\n",
        markup,
    ),
    form("csv", "text/csv", "Ship,Note\n", ("Anna,\"", "\"\n"), "", doubled),
    form("tsv", "text/tab-separated-values", "Ship\tNote\n", ("Anna\t", "\n"), "", plain),
    form("json", "application/json", "{\"notes\": [\n", ("  \"", "\",\n"), "  \"end\"\n]}\n", escaped),
    form("jsonl", "application/jsonl", "", ("{\"note\": \"", "\"}\n"), "", escaped),
    form(
        "xml",
        "application/xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<notes>\n",
        ("  <note>", "</note>\n"),
        "</notes>\n",
        markup,
    ),
    form("py", "text/x-python", "ships = []\n\n", ("# ", "\nships.append(1)\n\n"), "", plain),
    form(
        "eml",
        "message/rfc822",
        "From: Anna <anna@example.com>\r\nTo: Berta <berta@example.com>\r\nSubject: Harbour\r\nDate: Mon, 1 Jan 2024 \
         10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: \
         8bit\r\n\r\n",
        ("", "\r\n\r\n"),
        "",
        plain,
    ),
];

const fn form(
    extension: &'static str,
    media_type: &'static str,
    before: &'static str,
    around: (&'static str, &'static str),
    after: &'static str,
    quote: fn(&str) -> String,
) -> Form {
    Form { extension, media_type, before, around, after, quote }
}

impl Form {
    /// The first format that the parser accepts and the author has no sample of.
    pub(crate) fn all(subject: &Subject) -> Vec<&'static Self> {
        let of_kit: Vec<String> =
            Sample::all(subject).iter().filter(|sample| sample.known).map(|sample| extension(&sample.name)).collect();
        FORMS.iter().filter(|form| of_kit.iter().any(|kind| kind == form.extension)).collect()
    }

    /// A file with a paragraph for each text.
    pub(crate) fn sample<T: AsRef<str>>(&self, texts: &[T]) -> Sample {
        let mut text = self.before.to_owned();
        for paragraph in texts {
            text.push_str(self.around.0);
            text.push_str(&(self.quote)(paragraph.as_ref()));
            text.push_str(self.around.1);
        }
        text.push_str(self.after);
        Sample {
            name: format!("harbour.{}", self.extension),
            media_type: self.media_type,
            bytes: text.into(),
            known: true,
        }
    }
}

const BINARY: [(&str, &str, &[u8]); 5] = [
    ("pdf", "application/pdf", include_bytes!("../../samples/harbour.pdf")),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        include_bytes!("../../samples/harbour.docx"),
    ),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        include_bytes!("../../samples/harbour.xlsx"),
    ),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        include_bytes!("../../samples/harbour.pptx"),
    ),
    ("epub", "application/epub+zip", include_bytes!("../../samples/harbour.epub")),
];

fn media_type(extension: &str) -> &'static str {
    let textual = FORMS.iter().map(|form| (form.extension, form.media_type));
    let binary = BINARY.iter().map(|(extension, media_type, _)| (*extension, *media_type));
    let mut known = textual.chain(binary);
    known.find(|(known, _)| *known == extension).map_or("application/octet-stream", |(_, media_type)| media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_their_format_wants() {
        let bytes = |kind: &str| {
            let form = FORMS.iter().find(|form| form.extension == kind).unwrap();
            String::from_utf8(form.sample(&["a \"b\" <c>"]).bytes.to_vec()).unwrap()
        };
        assert_eq!(bytes("csv"), "Ship,Note\nAnna,\"a \"\"b\"\" <c>\"\n");
        assert!(bytes("html").contains("<p>a \"b\" &lt;c&gt;</p>"));
        let json: mortise_domain::Json = serde_json::from_str(&bytes("json")).unwrap();
        assert_eq!(json["notes"][0], "a \"b\" <c>");
    }
}
