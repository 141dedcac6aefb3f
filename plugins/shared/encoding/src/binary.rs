//! Tells text from what only has a text file's name.

/// Signatures of formats that people rename or mislabel, with the name that users know.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xFF\xD8\xFF", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or Office document"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old Office document"),
    (b"\x1F\x8B\x08", "a gzip archive"),
    (b"7z\xBC\xAF\x27\x1C", "a 7-Zip archive"),
    (b"Rar!\x1A\x07", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xFD7zXZ\0", "an xz archive"),
    (b"\x28\xB5\x2F\xFD", "a Zstandard archive"),
    (b"\x7FELF", "a program"),
    (b"MZ\x90\0", "a program"),
    (b"\0asm", "a WebAssembly program"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"OggS\0", "an Ogg recording"),
    (b"ID3\x03", "an MP3 recording"),
    (b"ID3\x04", "an MP3 recording"),
    (b"RIFF", "a RIFF recording or picture"),
    (b"{\\rtf", "an RTF document"),
];

/// Why the beginning of a file is not text, e.g. `it begins like a PNG picture`; none if it may be text. `sample` is
/// the first window; UTF-16 must have been ruled out, since every second byte of it may be NUL.
pub fn binary_reason(sample: &[u8]) -> Option<String> {
    // `BZh` and `RIFF` begin words, so that a text is looked at more closely.
    if let Some((_, what)) = SIGNATURES.iter().find(|(signature, _)| sample.starts_with(signature))
        && (control_share(sample) > 0.01 || sample.starts_with(b"%PDF-") || sample.starts_with(b"{\\rtf"))
    {
        return Some(format!("it begins like {what}"));
    }
    let share = control_share(sample);
    // A few stray NULs are damage; a tenth of all bytes is a binary format.
    (share > 0.10).then(|| format!("{:.0} % of its first bytes are control characters", share * 100.0))
}

/// Share of control characters that no text file needs. ESC is text: ISO-2022 uses it, and so do terminal logs.
fn control_share(sample: &[u8]) -> f64 {
    let control = |b: &&u8| matches!(b, 0..=0x07 | 0x0E..=0x1A | 0x1C..=0x1F | 0x7F);
    sample.iter().filter(control).count() as f64 / sample.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_and_archives_are_not_text() {
        let png = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0".as_slice(), &[0, 7, 1, 200, 9]].concat();
        assert_eq!(binary_reason(&png).unwrap(), "it begins like a PNG picture");
        assert!(binary_reason(b"PK\x03\x04\x14\0\0\0\x08\0").is_some());
        assert!(binary_reason(&(0..=255).collect::<Vec<u8>>()).is_some());
    }

    #[test]
    fn text_is_text() {
        for text in ["", "BZh is how it begins", "RIFFs of the band", "tab\tand\r\nlines\x0c", "\x1b$B$3$s\x1b(B"] {
            assert_eq!(binary_reason(text.as_bytes()), None, "{text}");
        }
        assert_eq!(binary_reason(b"one stray \0 in a long enough line of text"), None);
    }
}
