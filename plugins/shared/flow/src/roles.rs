//! What the names of styles say.

use mortise_sdk::document::BlockKind;

/// What a style of that name makes of its paragraphs: kind and level of the block; none for those of body text.
pub fn role(name: &str) -> Option<(BlockKind, u32)> {
    let name = name.trim().trim_end_matches(';').trim().to_lowercase();
    const HEADINGS: &[&str] = &[
        "heading",
        "标题",
        "標題",
        "見出し",
        "제목",
        "überschrift",
        "titre",
        "título",
        "titolo",
        "заголовок",
        "kop",
        "rubrik",
    ];
    for prefix in HEADINGS {
        if let Some(level) = name.strip_prefix(prefix).and_then(|rest| rest.trim().parse::<u32>().ok())
            && (1..=9).contains(&level)
        {
            return Some((BlockKind::Heading, level));
        }
    }
    Some(match name.as_str() {
        "title" | "标题" | "titel" => (BlockKind::Title, 0),
        "caption" | "题注" | "beschriftung" => (BlockKind::Caption, 0),
        "quote" | "intense quote" | "quotations" => (BlockKind::Quote, 0),
        "html preformatted" | "preformatted text" | "source code" => (BlockKind::Code, 0),
        n if n.strip_prefix("toc ").is_some_and(|level| level.parse::<u32>().is_ok()) => (BlockKind::TocEntry, 0),
        _ => return None,
    })
}
