//! Code pages by the numbers that old formats use.

use encoding_rs::{
    BIG5, EUC_KR, Encoding, GBK, IBM866, KOI8_R, KOI8_U, MACINTOSH, SHIFT_JIS, UTF_8, WINDOWS_874, WINDOWS_1250,
    WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258,
    X_MAC_CYRILLIC,
};

/// The encoding of a Windows code page; windows-1252 where it is not known.
pub fn encoding_of(code_page: u16) -> &'static Encoding {
    match code_page {
        866 => IBM866,
        874 => WINDOWS_874,
        932 | 10001 => SHIFT_JIS,
        936 | 10008 | 54936 => GBK,
        949 | 1361 | 10003 => EUC_KR,
        950 | 10002 => BIG5,
        1250 => WINDOWS_1250,
        1251 => WINDOWS_1251,
        1253 => WINDOWS_1253,
        1254 => WINDOWS_1254,
        1255 => WINDOWS_1255,
        1256 => WINDOWS_1256,
        1257 => WINDOWS_1257,
        1258 => WINDOWS_1258,
        10000 | 32768 => MACINTOSH,
        10007 => X_MAC_CYRILLIC,
        20866 => KOI8_R,
        21866 => KOI8_U,
        65001 => UTF_8,
        _ => WINDOWS_1252,
    }
}

/// Bytes in a code page → text; wrong bytes become U+FFFD.
pub fn decode(bytes: &[u8], code_page: u16) -> String {
    if code_page == 1200 {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
        return String::from_utf16_lossy(&units);
    }
    encoding_of(code_page).decode_without_bom_handling(bytes).0.into_owned()
}
