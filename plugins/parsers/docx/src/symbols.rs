//! Characters of the fonts that have no Unicode of their own: Symbol, Wingdings, Webdings.

/// The character that a symbol font shows for a code (0x20–0xFF, or shifted to U+F020–U+F0FF as Word stores it).
/// Only signs that carry meaning are known: Greek letters and operators, bullets, boxes, ticks, arrows.
pub(crate) fn symbol(font: &str, code: u32) -> Option<char> {
    let code = if (0xF000..=0xF0FF).contains(&code) { code - 0xF000 } else { code };
    let font = font.to_ascii_lowercase();
    if font.starts_with("wingdings") || font.starts_with("webdings") {
        return wingdings(&font, code);
    }
    if font.starts_with("symbol") {
        return greek(code);
    }
    // An ordinary font with a private code, as some writers store quotes.
    char::from_u32(code).filter(|c| !c.is_control())
}

fn wingdings(font: &str, code: u32) -> Option<char> {
    if font == "wingdings 2" {
        return Some(match code {
            0x50 | 0x52 => '☑',
            0x4F | 0x51 | 0x53 | 0x54 => '☒',
            0x2A | 0xA3 | 0x30 => '☐',
            0x97 | 0x98 => '•',
            _ => return None,
        });
    }
    Some(match code {
        0x20 => ' ',
        0x28 => '☎',
        0x2A => '✉',
        0x4A => '☺',
        0x4C => '☹',
        0x6C => '●',
        0x6D => '❍',
        0x6E | 0xA7 => '▪',
        0x6F | 0xA8 | 0x71 | 0x72 => '☐',
        0x75 | 0x76 => '◆',
        0x80..=0x89 => char::from_u32(if code == 0x80 { 0x24EA } else { 0x2460 + code - 0x81 })?,
        0x9F | 0xB7 => '•',
        0xD8 => '➢',
        0xDF | 0xE7 => '←',
        0xE0 | 0xE8 | 0xF0 => '→',
        0xE1 => '↑',
        0xE2 => '↓',
        0xFB | 0xFD => '☒',
        0xFC => '✓',
        0xFE => '☑',
        _ => return None,
    })
}

fn greek(code: u32) -> Option<char> {
    const UPPER: &str = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ";
    const LOWER: &str = "αβχδεφγηιϕκλμνοπθρστυϖωξψζ";
    Some(match code {
        0x41..=0x5A => UPPER.chars().nth(code as usize - 0x41)?,
        0x61..=0x7A => LOWER.chars().nth(code as usize - 0x61)?,
        0x22 => '∀',
        0x24 => '∃',
        0x2D => '−',
        0x40 => '≅',
        0x5C => '∴',
        0x5E => '⊥',
        0xA2 => '′',
        0xA3 => '≤',
        0xA5 => '∞',
        0xAB => '↔',
        0xAC => '←',
        0xAD => '↑',
        0xAE => '→',
        0xAF => '↓',
        0xB0 => '°',
        0xB1 => '±',
        0xB2 => '″',
        0xB3 => '≥',
        0xB4 => '×',
        0xB5 => '∝',
        0xB6 => '∂',
        0xB7 => '•',
        0xB8 => '÷',
        0xB9 => '≠',
        0xBA => '≡',
        0xBB => '≈',
        0xBC => '…',
        0xC6 => '∅',
        0xC7 => '∩',
        0xC8 => '∪',
        0xCC => '⊂',
        0xCE => '∈',
        0xD1 => '∇',
        0xD2 | 0xE2 => '®',
        0xD3 | 0xE3 => '©',
        0xD4 | 0xE4 => '™',
        0xD5 => '∏',
        0xD6 => '√',
        0xD7 => '⋅',
        0xDB => '⇔',
        0xDE => '⇒',
        0xE5 => '∑',
        0xF2 => '∫',
        0x20..=0x7E => char::from_u32(code)?,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::symbol;

    #[test]
    fn symbols_have_unicode() {
        assert_eq!(symbol("Wingdings", 0xF0FC), Some('✓'));
        assert_eq!(symbol("Symbol", 0xF061), Some('α'));
        assert_eq!(symbol("Symbol", 0xB7), Some('•'));
        assert_eq!(symbol("Webdings", 0xF001), None);
    }
}
