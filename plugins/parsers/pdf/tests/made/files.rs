//! PDFs written here, and the way to the shared test data.
#![allow(dead_code, reason = "every test program uses a part of it")]

use mortise_parser_pdf::{PdfConfig, PdfParser};
use mortise_sdk::Error;
use mortise_sdk::parser::{File, Kept, Output, Parser};
use std::path::PathBuf;

/// A PDF from its objects; the first is the catalogue. Gaps in numbering are not possible.
pub(crate) fn pdf(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    for (i, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        out.extend(format!("{} 0 obj\n", i + 1).bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let xref = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for offset in offsets {
        out.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let size = objects.len() + 1;
    out.extend(format!("trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{xref}\n%%EOF\n").bytes());
    out
}

pub(crate) fn stream(dict: &str, data: &[u8]) -> Vec<u8> {
    let mut out = format!("<< /Length {} {dict} >>\nstream\n", data.len()).into_bytes();
    out.extend(data);
    out.extend(b"\nendstream");
    out
}

pub(crate) fn object(text: impl Into<String>) -> Vec<u8> {
    text.into().into_bytes()
}

/// One page in Helvetica with these attributes and this content.
pub(crate) fn one_page(attributes: &str, content: &str) -> Vec<u8> {
    pdf(
        &[
            object("<< /Type /Catalog /Pages 2 0 R >>"),
            object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
            object(format!(
                "<< /Type /Page /Parent 2 0 R /Contents 4 0 R {attributes} \
                 /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>"
            )),
            stream("", content.as_bytes()),
            object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"),
            object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>"),
            object("<< /Title (A title) /Author (\u{fe}\u{ff}) /CreationDate (D:20240301090500-08'00') >>"),
        ],
        "/Info 7 0 R",
    )
}

pub(crate) const A4: &str = "/MediaBox [0 0 595 842]";

pub(crate) fn parse(bytes: &[u8]) -> (Result<(), Error>, Kept) {
    parse_with(bytes, PdfConfig::default())
}

pub(crate) fn parse_with(bytes: &[u8], config: PdfConfig) -> (Result<(), Error>, Kept) {
    let mut out = Output::default();
    let result = PdfParser::parse(&File::from_bytes("x.pdf", "application/pdf", bytes), config, &mut out);
    (result, out.into_kept())
}

pub(crate) fn shared() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata");
    if !folder.is_dir() {
        println!("skipped: there is no shared test data");
        return None;
    }
    Some(folder)
}
