//! Text out of a file, window by window.

use crate::binary::binary_reason;
use crate::detect::{Detected, detect};
use encoding_rs::{Decoder, DecoderResult, UTF_8, UTF_16BE, UTF_16LE};
use mortise_sdk::parser::File;
use mortise_sdk::{Error, Result};

/// Bytes that are asked for at a time, and that the detector sees.
const WINDOW: u32 = 1 << 20;

/// Streams the text of a file. Detection waits for the first window that is not pure ASCII, so that a long English
/// preface does not settle the encoding of what follows.
pub struct TextReader<'f> {
    file: &'f File<'f>,
    offset: u64,
    decoder: Option<Decoder>,
    /// UTF-32, which the decoders do not know: true for big-endian.
    wide: Option<bool>,
    label: Option<String>,
    replaced: u64,
    finished: bool,
}

impl<'f> TextReader<'f> {
    /// A reader at the start of `file`. `label` is a declared encoding, as for [`detect`].
    pub fn new(file: &'f File<'f>, label: Option<&str>) -> Self {
        let label = label.map(String::from);
        Self { file, offset: 0, decoder: None, wide: None, label, replaced: 0, finished: false }
    }

    /// Appends the text of the next window to `text`; false at the end of the file. Bytes that are wrong in the
    /// encoding become U+FFFD; other control characters than tab and line ends are left out (form feeds and vertical
    /// tabs become line ends).
    ///
    /// # Errors
    /// `invalid-input` if the first window is not text.
    pub fn read(&mut self, text: &mut String) -> Result<bool> {
        if self.finished {
            return Ok(false);
        }
        let bytes = self.file.read(self.offset, WINDOW);
        let first = self.offset == 0;
        self.offset += bytes.len() as u64;
        let last = bytes.is_empty() || self.offset >= self.file.size();
        self.finished = last;
        let mut body = bytes.as_slice();
        if first {
            self.wide = utf32_mark(body);
        }
        if let Some(big) = self.wide {
            // Windows begin at whole characters.
            let (raw, replaced) = utf32(body, big);
            self.replaced += replaced;
            push_clean(text, &raw);
            return Ok(!last || !body.is_empty());
        }
        if self.decoder.is_none() {
            if !first && body.is_ascii() && !body.contains(&0x1B) {
                push_clean(text, std::str::from_utf8(body).unwrap_or_default());
                return Ok(!last || !body.is_empty());
            }
            let found = detect(body, self.label.as_deref(), last);
            if first {
                refuse_binary(body, found)?;
            }
            body = &body[found.mark..];
            // ASCII settles nothing, except where a byte order mark or ISO-2022 says so.
            if first && found == (Detected { encoding: UTF_8, mark: 0 }) && body.is_ascii() {
                push_clean(text, std::str::from_utf8(body).unwrap_or_default());
                return Ok(!last || !body.is_empty());
            }
            self.decoder = Some(found.encoding.new_decoder_without_bom_handling());
        }
        if let Some(decoder) = &mut self.decoder {
            let mut raw = String::new();
            self.replaced += run(decoder, body, last, &mut raw);
            push_clean(text, &raw);
        }
        Ok(!last || !body.is_empty())
    }

    /// How many times bytes were replaced so far.
    pub fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Name of the encoding; UTF-8 until something else is known.
    pub fn encoding(&self) -> &'static str {
        match self.wide {
            Some(true) => "UTF-32BE",
            Some(false) => "UTF-32LE",
            None => self.decoder.as_ref().map_or("UTF-8", |d| d.encoding().name()),
        }
    }

    /// Bytes read so far, of all; for progress.
    pub fn progress(&self) -> f32 {
        self.offset as f32 / self.file.size().max(1) as f32
    }

    /// One sentence for the owner if bytes were replaced.
    pub fn warning(&self) -> Option<String> {
        let (count, encoding) = (self.replaced, self.encoding());
        let what = if count == 1 { "place" } else { "places" };
        (count > 0).then(|| format!("read as {encoding}; {count} {what} with invalid bytes replaced by U+FFFD"))
    }
}

fn refuse_binary(sample: &[u8], found: Detected) -> Result<()> {
    if found.encoding == UTF_16LE || found.encoding == UTF_16BE {
        return Ok(());
    }
    match binary_reason(sample) {
        Some(reason) => Err(Error::InvalidInput(format!("not a text file: {reason}"))),
        None => Ok(()),
    }
}

/// Whether a text begins with the byte order mark of UTF-32, and which.
fn utf32_mark(bytes: &[u8]) -> Option<bool> {
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] => Some(false),
        [0, 0, 0xFE, 0xFF, ..] => Some(true),
        _ => None,
    }
}

/// Decodes UTF-32, and says how often it had to put in U+FFFD.
fn utf32(bytes: &[u8], big: bool) -> (String, u64) {
    let (mut text, mut replaced) = (String::with_capacity(bytes.len() / 4), 0);
    for unit in bytes.chunks(4) {
        let known = <[u8; 4]>::try_from(unit)
            .ok()
            .and_then(|unit| char::from_u32(if big { u32::from_be_bytes(unit) } else { u32::from_le_bytes(unit) }));
        replaced += u64::from(known.is_none());
        text.push(known.unwrap_or('\u{FFFD}'));
    }
    (text, replaced)
}

/// Decodes all of `bytes`, and says how often it had to put in U+FFFD.
fn run(decoder: &mut Decoder, mut bytes: &[u8], last: bool, text: &mut String) -> u64 {
    let mut replaced = 0;
    loop {
        text.reserve(decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len() * 3 + 16));
        let (result, read) = decoder.decode_to_string_without_replacement(bytes, text, last);
        bytes = &bytes[read..];
        match result {
            DecoderResult::InputEmpty => return replaced,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => {
                replaced += 1;
                text.push('\u{FFFD}');
            }
        }
    }
}

fn push_clean(text: &mut String, raw: &str) {
    text.reserve(raw.len());
    for c in raw.chars() {
        match c {
            '\x0B' | '\x0C' => text.push('\n'),
            '\t' | '\n' | '\r' => text.push(c),
            c if c.is_control() && c != '\u{85}' => {}
            '\u{FEFF}' => {}
            c => text.push(c),
        }
    }
}

/// The answer of [`decode`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text, control characters left out as in [`TextReader::read`].
    pub text: String,
    /// Name of the encoding.
    pub encoding: &'static str,
    /// How many times invalid bytes were replaced by U+FFFD.
    pub replaced: u64,
}

/// Decodes bytes in memory: a chapter of an e-book, a body of a mail. `label` is a declared encoding, as for
/// [`detect`].
pub fn decode(bytes: &[u8], label: Option<&str>) -> Decoded {
    if let Some(big) = utf32_mark(bytes) {
        let (raw, replaced) = utf32(bytes, big);
        let mut text = String::new();
        push_clean(&mut text, &raw);
        return Decoded { text, encoding: if big { "UTF-32BE" } else { "UTF-32LE" }, replaced };
    }
    let sample = bytes.get(..WINDOW as usize).unwrap_or(bytes);
    let found = detect(sample, label, sample.len() == bytes.len());
    let mut raw = String::new();
    let replaced = run(&mut found.encoding.new_decoder_without_bom_handling(), &bytes[found.mark..], true, &mut raw);
    let mut text = String::new();
    push_clean(&mut text, &raw);
    Decoded { text, encoding: found.encoding.name(), replaced }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Result<(String, u64, &'static str)> {
        let file = File::from_bytes("a.txt", "text/plain", bytes);
        let mut reader = TextReader::new(&file, None);
        let mut text = String::new();
        while reader.read(&mut text)? {}
        Ok((text, reader.replaced(), reader.encoding()))
    }

    #[test]
    fn windows_do_not_cut_characters() {
        let long = "海港的灯塔照亮了夜航的船只。\n".repeat(80_000);
        for label in ["utf-8", "gb18030"] {
            let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
            let (bytes, _, _) = encoding.encode(&long);
            assert!(bytes.len() > 2 * WINDOW as usize);
            let (text, replaced, _) = read(&bytes).unwrap();
            assert!(text == long && replaced == 0, "{label}");
        }
    }

    #[test]
    fn an_ascii_beginning_leaves_the_encoding_open() {
        let mut bytes = b"plain old lines of text\n".repeat(100_000);
        let (tail, _, _) = encoding_rs::WINDOWS_1252.encode("Die Häfen der Küste müssen größer werden.\n");
        bytes.extend_from_slice(&tail);
        let (text, replaced, encoding) = read(&bytes).unwrap();
        assert!(text.ends_with("Die Häfen der Küste müssen größer werden.\n"));
        assert_eq!((replaced, encoding), (0, "windows-1252"));
    }

    #[test]
    fn empty_files_and_binaries() {
        assert_eq!(read(b"").unwrap().0, "");
        assert!(matches!(read(&[0u8; 200]), Err(Error::InvalidInput(_))));
    }

    #[test]
    fn utf32_is_read_by_its_mark() {
        let long = "\u{feff}港a\n".repeat(200_000);
        let little: Vec<u8> = long.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        let (text, replaced, encoding) = read(&little).unwrap();
        assert_eq!((text.chars().filter(|c| *c == '港').count(), replaced, encoding), (200_000, 0, "UTF-32LE"));
        let big: Vec<u8> = "\u{feff}港".chars().flat_map(|c| u32::from(c).to_be_bytes()).chain([0, 1]).collect();
        let read = decode(&big, None);
        assert_eq!((read.text.as_str(), read.replaced, read.encoding), ("港\u{FFFD}", 1, "UTF-32BE"));
    }

    #[test]
    fn control_characters_do_not_reach_the_text() {
        assert_eq!(
            read(b"one long enough line\0 of text\x0Cnext\x08\tpage").unwrap().0,
            "one long enough line of text\nnext\tpage"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
            let _ = decode(&bytes, Some("shift_jis"));
        }
    }
}
