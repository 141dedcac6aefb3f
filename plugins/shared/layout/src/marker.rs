//! What a line begins or ends with: list markers, heading numbers, captions, leaders of a table of contents.

/// Depth of a heading number: `3 Results` 1, `3.2 Results` 2, `第三章` 1, `第三节` 2.
pub(crate) fn heading_depth(text: &str) -> Option<u32> {
    if let Some(rest) = text.strip_prefix('第') {
        let number: String =
            rest.chars().take_while(|c| "零〇一二三四五六七八九十百千0123456789".contains(*c)).collect();
        let unit = rest.get(number.len()..).and_then(|r| r.chars().next())?;
        if number.is_empty() {
            return None;
        }
        return match unit {
            '编' | '編' | '部' | '卷' => Some(1),
            '章' => Some(1),
            '节' | '節' => Some(2),
            _ => None,
        };
    }
    let word = text.split_whitespace().next()?;
    let rest = text.get(word.len()..)?.trim_start();
    if !rest.chars().next().is_some_and(char::is_alphabetic) {
        return None;
    }
    if matches!(word.to_lowercase().as_str(), "chapter" | "part" | "article" | "appendix" | "kapitel" | "teil") {
        return None;
    }
    let word = word.trim_end_matches('.');
    let parts: Vec<&str> = word.split('.').collect();
    let numeric = |p: &&str| !p.is_empty() && p.len() <= 3 && p.chars().all(|c| c.is_ascii_digit());
    if parts.iter().all(numeric) {
        return Some(parts.len() as u32);
    }
    let appendix = |p: &str| p.len() == 1 && p.chars().all(|c| c.is_ascii_uppercase());
    if parts.len() > 1 && parts.first().is_some_and(|p| appendix(p)) && parts.iter().skip(1).all(numeric) {
        return Some(parts.len() as u32);
    }
    let roman = word.len() <= 5 && word.chars().all(|c| matches!(c, 'I' | 'V' | 'X'));
    (roman && text.get(word.len()..).is_some_and(|r| r.starts_with('.'))).then_some(1)
}

/// What a list item begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    /// A sign that can hardly be anything else.
    Bullet,
    /// A number or letter, which can also begin a line by chance.
    Number,
}

/// The list marker at the start of a line.
pub(crate) fn list_marker(text: &str) -> Option<Marker> {
    let mut chars = text.chars();
    let first = chars.next()?;
    let second = chars.next();
    let bullet = matches!(
        first,
        '•' | '‣'
            | '▪'
            | '▫'
            | '●'
            | '○'
            | '◦'
            | '◆'
            | '◇'
            | '■'
            | '□'
            | '►'
            | '▶'
            | '➢'
            | '➤'
            | '✓'
            | '✔'
            | '❖'
            | '⁃'
            | '∙'
            | '·'
            | '※'
            | '★'
            | '\u{f000}'..='\u{f0ff}'
    );
    if bullet {
        return second.is_some().then_some(Marker::Bullet);
    }
    if matches!(first, '-' | '–' | '—' | '*' | 'o') && second == Some(' ') && chars.next().is_some_and(|c| c != ' ')
    {
        return if first == 'o' { Some(Marker::Number) } else { Some(Marker::Bullet) };
    }
    let word = text.split_whitespace().next()?;
    let has_rest = text.len() > word.len();
    let core = word.strip_prefix(['(', '（', '[']).unwrap_or(word);
    let opened = core.len() < word.len();
    let core_end: String = core.chars().take_while(|c| c.is_alphanumeric()).collect();
    let after = core.get(core_end.len()..).unwrap_or_default();
    let count = core_end.chars().count();
    let number = count <= 3 && core_end.chars().all(|c| c.is_ascii_digit());
    let letter = count == 1 && core_end.chars().all(|c| c.is_ascii_alphabetic());
    let roman = count <= 4 && core_end.chars().all(|c| matches!(c, 'i' | 'v' | 'x'));
    let chinese = count <= 3 && core_end.chars().all(|c| "一二三四五六七八九十".contains(c));
    if core_end.is_empty() || !(number || letter || roman || chinese) {
        return None;
    }
    let closed = after.starts_with([')', '）', ']']);
    let stopped = after.starts_with(['.', '、', '．']);
    let marker = match (opened, closed, stopped) {
        (true, true, _) => after.chars().count() > 1 || has_rest,
        (false, true, _) => has_rest || after.chars().count() > 1,
        (false, false, true) => (after.chars().count() == 1 && has_rest) || after.starts_with('、'),
        _ => false,
    };
    marker.then_some(Marker::Number)
}

/// `Figure 3`, `Table 2:`, `图1`, `表 2`, `Abb. 4`.
pub(crate) fn is_caption(text: &str) -> bool {
    const WORDS: [&str; 15] = [
        "figure",
        "fig.",
        "table",
        "tab.",
        "scheme",
        "chart",
        "listing",
        "abbildung",
        "abb.",
        "tabelle",
        "图",
        "圖",
        "表",
        "图表",
        "그림",
    ];
    let lower: String = text.chars().take(24).flat_map(char::to_lowercase).collect();
    WORDS.iter().any(|word| {
        lower.strip_prefix(word).is_some_and(|rest| {
            let rest = rest.trim_start();
            let digits: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            let after = rest.get(digits.len()..).and_then(|r| r.chars().next());
            !digits.is_empty()
                && (digits.ends_with('.') || matches!(after, None | Some(':' | '：' | '.' | ' ' | '|' | '–' | '—')))
        })
    })
}

/// A caption of a table rather than of a figure.
pub(crate) fn is_table_caption(text: &str) -> bool {
    let lower: String = text.chars().take(8).flat_map(char::to_lowercase).collect();
    lower.starts_with("tab") || lower.starts_with('表')
}

/// A line of a table of contents: leaders, then a page number.
pub(crate) fn is_toc_entry(text: &str) -> bool {
    let tail = text.trim_end();
    let number: usize =
        tail.chars().rev().take_while(|c| c.is_ascii_digit() || matches!(c, 'i' | 'v' | 'x' | '-')).count();
    let before: String = tail.chars().rev().skip(number).take(24).collect();
    let leaders = before.chars().take_while(|c| matches!(c, '.' | '…' | '·' | ' ' | '_' | '․')).collect::<String>();
    let dots: usize = leaders.chars().map(|c| if c == '…' { 3 } else { usize::from(c != ' ') }).sum();
    number > 0 && number <= 5 && dots >= 4
}

/// A line that says only which page this is. The first number in it comes back.
pub(crate) fn page_number(text: &str) -> Option<u32> {
    let text = text.trim();
    if text.chars().count() > 24 {
        return None;
    }
    let lower = text.to_lowercase();
    let words: String = lower.chars().filter(|c| c.is_alphabetic()).collect();
    let plain = matches!(
        words.as_str(),
        "" | "page" | "pageof" | "of" | "p" | "seite" | "seitevon" | "von" | "第页" | "第頁" | "第页共页" | "页" | "공"
    );
    let digits: String = lower.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    if plain && !digits.is_empty() && digits.len() <= 5 {
        let numbers = lower.split(|c: char| !c.is_ascii_digit()).filter(|d| !d.is_empty()).count();
        let signs = lower.chars().filter(|c| !c.is_alphanumeric() && !c.is_whitespace()).count();
        return if numbers <= 2 && signs <= 2 { digits.parse().ok() } else { None };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heading_numbers() {
        assert_eq!(heading_depth("3 Results"), Some(1));
        assert_eq!(heading_depth("3.2. Method"), Some(2));
        assert_eq!(heading_depth("第三章 总则"), Some(1));
        assert_eq!(heading_depth("第十二节 其他"), Some(2));
        assert_eq!(heading_depth("IV. Discussion"), Some(1));
        assert_eq!(heading_depth("1999 was a year"), None);
        assert_eq!(heading_depth("Plain words"), None);
        assert_eq!(heading_depth("12.5 %"), None);
    }

    #[test]
    fn list_markers() {
        for text in ["• one", "- one", "– one", "\u{f0b7} one"] {
            assert_eq!(list_marker(text), Some(Marker::Bullet), "{text}");
        }
        for text in ["1. one", "(2) two", "a) three", "iv. four", "（一）总则", "三、其他"] {
            assert_eq!(list_marker(text), Some(Marker::Number), "{text}");
        }
        for text in ["1999. A year", "one", "-5 degrees", "I am", "a word", "1.5 metres"] {
            assert_eq!(list_marker(text), None, "{text}");
        }
    }

    #[test]
    fn page_numbers_and_contents() {
        assert_eq!(page_number("- 3 -"), Some(3));
        assert_eq!(page_number("Page 4 of 12"), Some(4));
        assert_eq!(page_number("第 5 页"), Some(5));
        assert_eq!(page_number("3 apples"), None);
        assert!(is_toc_entry("Introduction ........ 12"));
        assert!(is_toc_entry("第一章 总则 …………3"));
        assert!(!is_toc_entry("It ended in 1999"));
    }

    #[test]
    fn captions() {
        assert!(is_caption("Figure 3: A joint"));
        assert!(is_caption("表 2 结果"));
        assert!(!is_caption("Table of contents"));
        assert!(!is_caption("Figures show"));
    }
}
