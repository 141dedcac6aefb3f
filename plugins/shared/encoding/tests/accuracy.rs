//! How often short pieces of real texts, encoded in all customary ways, are read back letter by letter.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so by failing"
)]

use encoding_rs::Encoding;
use mortise_shared_encoding::decode;
use std::path::Path;

const TEXTS: &[(&str, &[&str])] = &[
    ("docx__law-zh-vaccines.docx", &["utf-8", "gb18030", "utf-16le", "utf-16be"]),
    ("docx__openchain-policy-zh-hant.docx", &["utf-8", "big5", "utf-16le"]),
    ("docx__qa-openchain-faq-ja.docx", &["utf-8", "shift_jis", "euc-jp", "iso-2022-jp", "utf-16le"]),
    ("pdf__bitcoin-ko.pdf", &["utf-8", "euc-kr", "utf-16le"]),
    ("txt__udhr-ru-iso8859-5.txt", &["utf-8", "windows-1251", "koi8-r", "iso-8859-5", "ibm866", "utf-16le"]),
    ("txt__udhr-he-iso8859-8.txt", &["utf-8", "windows-1255", "utf-16le"]),
    ("md__law-de-grundgesetz.md", &["utf-8", "windows-1252", "utf-16le"]),
    ("epub__regime-anticancer-ar.epub", &["utf-8", "windows-1256"]),
];

/// Share of pieces of about `length` characters that come back unchanged.
fn accuracy(text: &str, label: &str, length: usize) -> Option<(f64, usize)> {
    let encoding = Encoding::for_label(label.as_bytes()).unwrap();
    let lines: Vec<&str> = text.lines().filter(|l| !l.is_ascii()).collect();
    let (mut right, mut all) = (0, 0);
    let mut piece = String::new();
    for line in lines {
        for c in line.chars().chain(['\n']) {
            piece.push(c);
            if piece.chars().count() >= length {
                let bytes = match label {
                    "utf-16le" => piece.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                    "utf-16be" => piece.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                    _ => {
                        let (bytes, _, lossy) = encoding.encode(&piece);
                        if lossy || bytes.is_ascii() && label != "iso-2022-jp" {
                            piece.clear();
                            continue;
                        }
                        bytes.into_owned()
                    }
                };
                all += 1;
                let got = decode(&bytes, None);
                if got.text == piece {
                    right += 1;
                } else if std::env::var_os("SHOW").is_some() {
                    println!("{label} {length}: {piece:?} read as {} {:?}", got.encoding, got.text);
                }
                piece.clear();
            }
        }
        if all >= 300 {
            break;
        }
    }
    (all > 0).then(|| (f64::from(right) / f64::from(all), all as usize))
}

#[test]
fn pieces_of_real_texts_come_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata/groundtruth");
    if !folder.exists() {
        println!("skipped: no test data");
        return;
    }
    let mut bad = Vec::new();
    for (name, labels) in TEXTS {
        let mut text = std::fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap();
        if name.contains("-ru-") {
            // The file is windows-1251; its ground truth was made by reading it as ISO 8859-5.
            let (bytes, _, _) = encoding_rs::ISO_8859_5.encode(&text);
            text = encoding_rs::WINDOWS_1251.decode(&bytes).0.into_owned();
        }
        for label in *labels {
            let mut row = format!("{label:14} {name:40}");
            for (length, least) in [(8, 0.6), (20, 0.9), (60, 0.99), (300, 1.0)] {
                let Some((share, count)) = accuracy(&text, label, length) else { continue };
                row.push_str(&format!("  {length}: {share:.3} of {count}"));
                if share < least {
                    bad.push(format!("{label} {name} {length}: {share:.3}"));
                }
            }
            println!("{row}");
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}
