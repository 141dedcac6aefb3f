//! Code pages of fonts.

/// The code page of a font's character set; none for those that have the document's.
pub(crate) fn code_page(charset: i32) -> Option<u16> {
    Some(match charset {
        77 => 10000,
        78 | 128 => 932,
        79 | 129 => 949,
        80 | 134 => 936,
        81 | 136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    })
}
