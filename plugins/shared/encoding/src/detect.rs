//! Which encoding a sample is in.

use crate::east_asian;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GBK, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The answer of [`detect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detected {
    /// The encoding; GB2312 and GBK are read as their superset GB18030, ISO-8859-1 as windows-1252.
    pub encoding: &'static Encoding,
    /// Bytes of the byte order mark.
    pub mark: usize,
}

/// The encoding of a text by its first bytes (1 MiB is plenty). `label` is what the file itself or its carrier
/// declares (`charset=`, `<meta charset>`), if anything: it is followed unless the bytes speak against it. `complete`
/// says that the sample is the whole text, so that a character cut in two at its end is wrong.
pub fn detect(sample: &[u8], label: Option<&str>, complete: bool) -> Detected {
    if let Some((encoding, mark)) = Encoding::for_bom(sample) {
        return Detected { encoding, mark };
    }
    let encoding = utf16_without_mark(sample)
        .or_else(|| declared(sample, label))
        .or_else(|| mostly_utf8(sample).then_some(UTF_8))
        .unwrap_or_else(|| guess(sample, complete));
    Detected { encoding, mark: 0 }
}

/// Follows a declaration, unless the text is clearly UTF-8 although something else is declared, or cannot be what is
/// declared. Both are common: pages converted without touching their head, and templates that always say UTF-8.
fn declared(sample: &[u8], label: Option<&str>) -> Option<&'static Encoding> {
    let declared = Encoding::for_label(label?.trim().as_bytes())?;
    // A declaration that could be read as ASCII cannot be UTF-16.
    let declared = if declared == UTF_16LE || declared == UTF_16BE { UTF_8 } else { declared };
    let (valid, invalid) = utf8_sequences(sample);
    if declared == UTF_8 {
        return (invalid == 0 || valid > 4 * invalid).then_some(UTF_8);
    }
    if invalid == 0 && valid > 0 && !(declared == ISO_2022_JP) {
        return Some(UTF_8);
    }
    Some(declared)
}

/// True for UTF-8, also with some damage: sequences that are right by chance are rare in any other encoding.
fn mostly_utf8(sample: &[u8]) -> bool {
    let (valid, invalid) = utf8_sequences(sample);
    invalid == 0 && (valid > 0 || !sample.contains(&0x1B)) || valid > 4 * invalid
}

/// Right multi-byte sequences and broken ones; one that the sample cuts off counts as neither.
fn utf8_sequences(sample: &[u8]) -> (usize, usize) {
    let (mut valid, mut invalid) = (0, 0);
    let mut rest = sample;
    loop {
        let (good, error) = match std::str::from_utf8(rest) {
            Ok(_) => (rest.len(), None),
            Err(e) => (e.valid_up_to(), Some(e.error_len())),
        };
        // Lead bytes: one per sequence.
        valid += rest[..good].iter().filter(|b| **b >= 0xC0).count();
        match error {
            Some(Some(length)) => {
                invalid += 1;
                rest = &rest[good + length..];
            }
            Some(None) | None => return (valid, invalid),
        }
    }
}

/// UTF-16 that forgot its mark. Read the right way round, nearly all its units are of living scripts; legacy
/// double-byte text read as UTF-16 is full of surrogates and private characters. And its bytes hold what no other text
/// does: NULs (of ASCII letters, blanks and line ends) or other control codes (0x04 of Cyrillic, 0x06 of Arabic, any of
/// hanzi).
fn utf16_without_mark(sample: &[u8]) -> Option<&'static Encoding> {
    let sample = &sample[..sample.len().min(64 << 10) & !1];
    let units = sample.len() / 2;
    if units < 2 {
        return None;
    }
    let score = |unit: fn([u8; 2]) -> u16| {
        let (mut alive, mut plain) = (0usize, 0usize);
        for pair in sample.chunks_exact(2) {
            match unit([pair[0], pair[1]]) {
                0x09 | 0x0A | 0x0D | 0x20..=0x7E | 0x3000..=0x3002 | 0xFF01..=0xFF1F => plain += 1,
                0xA0..=0x2FF | 0x370..=0x6FF | 0x900..=0xE7F | 0x1E00..=0x206F | 0x20A0..=0x20BF => alive += 1,
                0x3003..=0x30FF | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3 => alive += 1,
                _ => {}
            }
        }
        (alive + plain, plain)
    };
    let readings = [(UTF_16LE, score(u16::from_le_bytes)), (UTF_16BE, score(u16::from_be_bytes))];
    let (encoding, (alive, plain)) =
        readings.into_iter().max_by_key(|(_, (alive, plain))| (plain + alive / 2, *plain))?;
    let control = sample.iter().filter(|b| matches!(b, 0..=0x08 | 0x0E..=0x1A | 0x1C..=0x1F)).count();
    let ascii = plain * 2 >= units && control * 3 >= units;
    let other = units >= 8 && control * 100 >= units && std::str::from_utf8(sample).map_or(true, |s| s.contains('\0'));
    (alive * 100 >= units * 97 && (ascii || other)).then_some(encoding)
}

fn guess(sample: &[u8], complete: bool) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(sample, complete);
    let statistical = detector.guess(None, Utf8Detection::Allow);
    let found = east_asian::judge(sample, statistical);
    // Pure ASCII has no say; UTF-8 reads it the same.
    if found == WINDOWS_1252 && sample.is_ascii() {
        UTF_8
    } else if found == encoding_rs::GB18030 {
        GBK
    } else {
        found
    }
}

#[cfg(test)]
mod tests {
    use crate::decode;

    fn text(bytes: &[u8]) -> String {
        decode(bytes, None).text
    }

    #[test]
    fn short_texts_are_read_in_their_own_encoding() {
        // The byte strings of the reference's encoding vectors, with what they say.
        assert_eq!(text(b"plain text"), "plain text");
        assert_eq!(text(b"\xe7\xbc\x86\xe7\xbb\xb3"), "缆绳");
        let gbk = b"\xc0\xc2\xc9\xfe\xba\xcd\xb5\xc6\xcb\xfe\xb5\xc4\xb9\xdc\xc0\xed\xb0\xec\xb7\xa8";
        assert_eq!(text(gbk), "缆绳和灯塔的管理办法");
        assert_eq!(text(b"caf\xe9 cr\xe8me"), "café crème");
        assert_eq!(text(b"\xff\xfeh\0a\0r\0b\0o\0u\0r\0"), "harbour");
        assert_eq!(text(b"\xbf\x4f\xb6\xf0\xba\xde\xb2\x7a"), "燈塔管理");
    }

    #[test]
    fn marks_win_and_are_not_text() {
        assert_eq!(text(b"\xEF\xBB\xBFa"), "a");
        assert_eq!(text(b"\xFE\xFF\0a\0b"), "ab");
        assert_eq!(text(b"h\0i\0\n\0"), "hi\n");
        assert_eq!(text(b"\0h\0i\0\n"), "hi\n");
    }

    #[test]
    fn broken_utf8_stays_utf8() {
        let read = decode(b"\xe4\xb8\xad\xe6\x96\x87\xef\xbc\x8c\xe6\x97\xa5\xe6\x9c\xac\xff cut \xe4\xb8", None);
        assert_eq!((read.text.as_str(), read.replaced, read.encoding), ("中文，日本\u{FFFD} cut \u{FFFD}", 2, "UTF-8"));
    }

    #[test]
    fn declarations_are_followed_unless_the_bytes_contradict() {
        assert_eq!(decode(b"\xc4\xe3\xba\xc3", Some("gb2312")).text, "你好");
        assert_eq!(decode("größer".as_bytes(), Some("iso-8859-1")).text, "größer");
        assert_eq!(decode(b"gr\xf6\xdfer", Some("utf-8")).text, "größer");
        assert_eq!(decode(b"gr\xf6\xdfer", Some("no such thing")).text, "größer");
    }
}
