//! Documents made up by chance.

use mortise_sdk::document::{Block, BlockKind, Place, Rect};
use mortise_sdk::testing::Document;
use proptest::prelude::*;

const WORDS: &[&str] = &[
    "tide",
    "harbour",
    "crane.",
    "灯塔管理员",
    "潮水上涨。",
    "3.14",
    "why?",
    "naïve",
    "👩‍👩‍👧",
    "x;y",
    "船！",
    "the",
    "Section",
    "q\u{307}\u{323}",
    "المرسى",
    "rope,",
];

const NUMBERS: &[&str] = &[
    "",
    "",
    "",
    "第一章 ",
    "第二条 ",
    "（一）",
    "1. ",
    "1.1 ",
    "1.1.2 ",
    "一、",
    "Chapter I ",
    "Section 4 ",
    "PART TWO ",
    "## ",
];

/// Documents of up to forty blocks of all kinds, with and without pages, headings and numbers.
pub fn documents() -> impl Strategy<Value = Document> {
    (proptest::collection::vec(block(), 0..40), 0u32..3, any::<bool>()).prop_map(|(blocks, pages, marked)| {
        let mut document = Document::new(if pages == 2 { "made-up.pdf" } else { "made-up.docx" });
        for (number, mut block) in blocks.into_iter().enumerate() {
            if block.is_heading() && !marked {
                block.kind = BlockKind::Paragraph;
                block.level = 0;
            }
            if block.kind == BlockKind::Caption {
                block.parent = (number as u32).checked_sub(1);
            }
            let page = number as u32 / 6 + 1;
            let top = (number % 6) as f32 * 100.0;
            let rect = (pages == 2).then_some(Rect { left: 50.0, top, right: 500.0, bottom: top + 80.0 });
            if pages > 0 {
                block.places = vec![Place { page, rect }];
            }
            document = document.block(block);
        }
        document
    })
}

fn block() -> impl Strategy<Value = Block> {
    let words = |most| proptest::collection::vec(proptest::sample::select(WORDS), 2..most);
    let text = (proptest::sample::select(NUMBERS), words(60))
        .prop_map(|(number, words)| format!("{number}{}", words.join(" ")));
    let heading = (proptest::sample::select(NUMBERS), words(6))
        .prop_map(|(number, words)| format!("{number}{}", words.join(" ")));
    let rows = proptest::collection::vec(
        proptest::collection::vec(proptest::sample::select(&["bolt", "nut", "7", "", "灯"][..]), 3),
        1..30,
    );
    prop_oneof![
        8 => text.clone().prop_map(|text| Block::new(0, BlockKind::Paragraph, text)),
        4 => (1u32..5, heading.clone()).prop_map(|(level, text)| Block::heading(level, text)),
        1 => heading.prop_map(|text| Block::new(0, BlockKind::Title, text)),
        1 => text.clone().prop_map(|text| Block { level: 1, ..Block::new(0, BlockKind::ListItem, text) }),
        1 => proptest::collection::vec(text.clone(), 1..4).prop_map(|lines| Block::new(0, BlockKind::Paragraph, lines.join("\n"))),
        2 => (text, proptest::sample::select(&[
            BlockKind::Code, BlockKind::Quote, BlockKind::Note, BlockKind::Figure, BlockKind::Caption, BlockKind::PageHeader,
            BlockKind::PageFooter, BlockKind::Footnote, BlockKind::Formula,
        ][..])).prop_map(|(text, kind)| Block::new(0, kind, text)),
        1 => (rows, 0usize..3).prop_map(|(rows, header)| {
            let rows: Vec<Vec<String>> = rows.into_iter().map(|row| row.into_iter().map(str::to_owned).collect()).collect();
            Block::table(&rows, header)
        }),
        1 => Just(Block::new(0, BlockKind::Figure, "")),
        1 => Just(Block::new(0, BlockKind::Separator, "")),
    ]
}
