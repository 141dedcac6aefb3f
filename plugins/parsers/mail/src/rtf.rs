//! The rich text of Outlook's mails: unpacked (MS-OXRTFCP), and read as the HTML that is wrapped in it (MS-OXRTFEX), or as
//! plain text where there is none.

use crate::charset;

/// Unpacked text at most: more than any mail, less than what a lie about its size could cost.
const LARGEST: usize = 32 << 20;

/// What the dictionary of the packing holds before the first byte.
const DICTIONARY: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \
\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \
\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// Unpacks the RTF of a mail; none if it is not packed so. What a damaged text gives until the damage is kept.
pub(crate) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize| Some(u32::from_le_bytes(packed.get(at..at + 4)?.try_into().ok()?));
    let size = (number(4)? as usize).min(LARGEST);
    let body = packed.get(16..)?;
    match &packed[8..12] {
        b"MELA" => return Some(body.get(..size).unwrap_or(body).to_vec()),
        b"LZFu" => {}
        _ => return None,
    }
    let mut window = [0u8; 4096];
    window[..DICTIONARY.len()].copy_from_slice(DICTIONARY);
    let mut write = DICTIONARY.len();
    let mut text = Vec::new();
    let mut bytes = body.iter().copied();
    'all: while let Some(control) = bytes.next() {
        for bit in 0..8 {
            if text.len() >= size {
                break 'all;
            }
            if control >> bit & 1 == 0 {
                let Some(byte) = bytes.next() else { break 'all };
                text.push(byte);
                window[write] = byte;
                write = (write + 1) % window.len();
                continue;
            }
            let (Some(high), Some(low)) = (bytes.next(), bytes.next()) else { break 'all };
            let reference = u16::from_be_bytes([high, low]);
            let (offset, length) = (usize::from(reference >> 4), usize::from(reference & 0xF) + 2);
            if offset == write {
                break 'all;
            }
            for step in 0..length {
                let byte = window[(offset + step) % window.len()];
                text.push(byte);
                window[write] = byte;
                write = (write + 1) % window.len();
            }
        }
    }
    text.truncate(size);
    Some(text)
}

/// What an RTF text says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Html(String),
    Plain(String),
}

#[derive(Clone, Copy)]
struct Group {
    /// Tables of fonts and colours, pictures, and whatever is marked as to be passed over.
    ignored: bool,
    /// Between `\htmlrtf` and `\htmlrtf0`.
    rtf_only: bool,
    /// Characters that stand for a Unicode one, for readers that know none.
    fallback: usize,
}

struct Reader {
    groups: Vec<Group>,
    group: Group,
    charset: String,
    /// Bytes in the charset that are not decoded yet.
    bytes: Vec<u8>,
    text: String,
    skip: usize,
    surrogate: Option<u16>,
}

/// Groups that are remembered; deeper ones count as one.
const DEEPEST: usize = 1_000;

/// Reads the text, however it is broken.
pub(crate) fn read(rtf: &[u8]) -> Text {
    let html = rtf.get(..4096).unwrap_or(rtf).windows(9).any(|w| w == b"\\fromhtml");
    let group = Group { ignored: false, rtf_only: false, fallback: 1 };
    let mut reader = Reader {
        groups: Vec::new(),
        group,
        charset: "windows-1252".into(),
        bytes: Vec::new(),
        text: String::new(),
        skip: 0,
        surrogate: None,
    };
    reader.run(rtf);
    reader.settle();
    if html { Text::Html(reader.text) } else { Text::Plain(reader.text) }
}

impl Reader {
    fn run(&mut self, rtf: &[u8]) {
        let mut at = 0;
        while let Some(byte) = rtf.get(at).copied() {
            at += 1;
            match byte {
                b'{' => {
                    self.skip = 0;
                    if self.groups.len() < DEEPEST {
                        self.groups.push(self.group);
                    }
                }
                b'}' => {
                    self.skip = 0;
                    if let Some(group) = self.groups.pop() {
                        self.group = group;
                    }
                }
                b'\\' => at = self.control(rtf, at),
                b'\r' | b'\n' | 0 => {}
                byte => self.byte(byte),
            }
        }
    }

    /// Reads what follows a backslash, and says where it ends.
    fn control(&mut self, rtf: &[u8], at: usize) -> usize {
        let Some(first) = rtf.get(at).copied() else { return at };
        if !first.is_ascii_alphabetic() {
            match first {
                b'\'' => {
                    let digits = rtf.get(at + 1..at + 3).and_then(|d| std::str::from_utf8(d).ok());
                    if let Some(byte) = digits.and_then(|d| u8::from_str_radix(d, 16).ok()) {
                        self.byte(byte);
                    }
                    return at + 3;
                }
                // A destination that old readers pass over; those that are known come next.
                b'*' => {
                    let known = rtf.get(at + 1..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b"\\htmltag"));
                    self.group.ignored |= !known;
                }
                b'~' => self.character('\u{a0}'),
                b'-' | b':' | b'|' => {}
                b'_' => self.character('-'),
                b'\n' | b'\r' => self.word("par", None),
                other => self.byte(other),
            }
            return at + 1;
        }
        let letters = rtf[at..].iter().take(32).take_while(|b| b.is_ascii_alphabetic()).count();
        let word = std::str::from_utf8(&rtf[at..at + letters]).unwrap_or_default();
        let mut end = at + letters;
        let minus = usize::from(rtf.get(end) == Some(&b'-'));
        let digits = rtf[(end + minus).min(rtf.len())..].iter().take(10).take_while(|b| b.is_ascii_digit()).count();
        let mut number = None;
        if digits > 0 {
            number = std::str::from_utf8(&rtf[end..end + minus + digits]).ok().and_then(|n| n.parse::<i64>().ok());
            end += minus + digits;
        }
        // One blank belongs to the word.
        end += usize::from(rtf.get(end) == Some(&b' '));
        if word == "bin" {
            return end.saturating_add(number.and_then(|n| usize::try_from(n).ok()).unwrap_or(0));
        }
        self.word(word, number);
        end
    }

    fn word(&mut self, word: &str, number: Option<i64>) {
        if self.skip > 0 && word != "u" {
            self.skip -= 1;
            return;
        }
        match word {
            "htmltag" => {
                self.group.ignored = false;
            }
            "htmlrtf" => self.group.rtf_only = number != Some(0),
            "mhtmltag" | "fonttbl" | "colortbl" | "stylesheet" | "info" | "pict" | "object" | "header" | "footer"
            | "listtable" | "listoverridetable" | "generator" | "themedata" | "fldinst" => self.group.ignored = true,
            "ansicpg" => {
                if let Some(name) = number.and_then(|n| u32::try_from(n).ok()).and_then(charset::of_code_page) {
                    self.settle();
                    self.charset = name;
                }
            }
            "uc" => self.group.fallback = number.and_then(|n| usize::try_from(n).ok()).unwrap_or(1).min(64),
            "u" => {
                let unit = number.unwrap_or(0).rem_euclid(0x1_0000) as u16;
                self.skip = 0;
                self.unit(unit);
                self.skip = self.group.fallback;
            }
            "par" | "line" | "sect" | "page" | "row" => self.character('\n'),
            "tab" | "cell" => self.character('\t'),
            "lquote" => self.character('\u{2018}'),
            "rquote" => self.character('\u{2019}'),
            "ldblquote" => self.character('\u{201c}'),
            "rdblquote" => self.character('\u{201d}'),
            "bullet" => self.character('\u{2022}'),
            "endash" => self.character('\u{2013}'),
            "emdash" => self.character('\u{2014}'),
            _ => {}
        }
    }

    /// A unit of UTF-16.
    fn unit(&mut self, unit: u16) {
        let units: Vec<u16> = self.surrogate.take().into_iter().chain([unit]).collect();
        if (0xD800..0xDC00).contains(&unit) {
            self.surrogate = Some(unit);
            return;
        }
        String::from_utf16_lossy(&units).chars().for_each(|c| self.character(c));
    }

    /// Whether what comes is part of the text.
    fn is_shown(&self) -> bool {
        !self.group.ignored && !self.group.rtf_only
    }

    fn character(&mut self, c: char) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.is_shown() {
            self.settle();
            self.text.push(c);
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.is_shown() {
            self.bytes.push(byte);
        }
    }

    fn settle(&mut self) {
        if !self.bytes.is_empty() {
            let bytes = std::mem::take(&mut self.bytes);
            if bytes.is_ascii() {
                self.text.push_str(std::str::from_utf8(&bytes).unwrap_or_default());
            } else {
                self.text.push_str(&charset::text(&bytes, Some(&self.charset)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_the_specification_unpacks() {
        // MS-OXRTFCP 4.1.1: "{\rtf1\ansi\ansicpg1252\pard hello world}\r\n".
        let packed = [
            0x2d, 0x00, 0x00, 0x00, 0x2b, 0x00, 0x00, 0x00, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0x00,
            0x0a, 0x00, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09,
            0x00, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0,
        ];
        assert_eq!(unpack(&packed).unwrap(), b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
        assert_eq!(read(&unpack(&packed).unwrap()), Text::Plain("hello world".into()));
    }

    #[test]
    fn wrapped_html_comes_out_again() {
        let rtf = br"{\rtf1\ansi\ansicpg936\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}{\*\htmltag64 <p>}\htmlrtf {\b \htmlrtf0 \'b5\'c6 caf\u233?{\*\htmltag84 &amp;}\htmlrtf }\htmlrtf0 {\*\htmltag72 </p>}}";
        assert_eq!(read(rtf), Text::Html("<p>灯 café&amp;</p>".into()));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
            let _ = unpack(&[&[9, 0, 0, 0, 200, 0, 0, 0], b"LZFu".as_slice(), &[0; 4], &bytes].concat());
        }
    }
}
