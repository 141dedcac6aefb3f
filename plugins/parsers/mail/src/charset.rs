//! Bytes of a body → text.

use mail_parser::decoders::charsets::map::charset_decoder;
use mortise_shared_encoding::{Encoding, decode};

/// Decodes a body. The declared charset is followed where the bytes allow it; charsets that no web page has (UTF-7, code
/// page 850, …) are known too.
pub(crate) fn text(bytes: &[u8], charset: Option<&str>) -> String {
    let charset = charset.map(|c| c.trim().trim_matches(['"', '\'']));
    if let Some(name) = charset
        && Encoding::for_label(name.as_bytes()).is_none()
        && let Some(decoder) = charset_decoder(name.to_ascii_lowercase().as_bytes())
    {
        return decoder(bytes);
    }
    decode(bytes, charset).text
}

/// The charset of a Windows code page, as far as mails name it so.
pub(crate) fn of_code_page(page: u32) -> Option<String> {
    Some(match page {
        65001 => "utf-8".into(),
        20127 | 0 => return None,
        932 => "shift_jis".into(),
        936 => "gbk".into(),
        949 | 51949 => "euc-kr".into(),
        950 => "big5".into(),
        51932 => "euc-jp".into(),
        54936 => "gb18030".into(),
        50220..=50222 => "iso-2022-jp".into(),
        20866 => "koi8-r".into(),
        21866 => "koi8-u".into(),
        1200 => "utf-16le".into(),
        10000 => "macintosh".into(),
        850 => "ibm850".into(),
        28591..=28606 => format!("iso-8859-{}", page - 28590),
        874 | 1250..=1258 => format!("windows-{page}"),
        _ => return None,
    })
}
