//! Layout of pages that are typeset here, glyph by glyph.

use mortise_shared_layout::{
    Block, Face, Glyph, GlyphText, Kind, PageInput, PageLayout, Picture, Rect, Rule, blocks, page,
};
use proptest::prelude::*;

const REGULAR: u16 = 0;
const BOLD: u16 = 1;

fn faces() -> Vec<Face> {
    vec![Face::default(), Face { bold: true, ..Face::default() }]
}

/// A page of A4 under construction.
struct Sheet(PageInput);

impl Sheet {
    fn new(number: u32) -> Self {
        Sheet(PageInput { number, width: 595.0, height: 842.0, ..Default::default() })
    }

    /// One line with its baseline at `y`: Latin letters half an em wide, others a whole em. Blanks are drawn.
    fn line(&mut self, x: f32, y: f32, size: f32, face: u16, text: &str) -> f32 {
        self.set(x, y, size, face, text, true)
    }

    /// The same without drawing blanks, which leaves gaps.
    fn gaps(&mut self, x: f32, y: f32, size: f32, text: &str) -> f32 {
        self.set(x, y, size, REGULAR, text, false)
    }

    fn set(&mut self, x: f32, y: f32, size: f32, face: u16, text: &str, blanks: bool) -> f32 {
        let mut at = x;
        for c in text.chars() {
            let advance = if (c as u32) < 0x2e80 { 0.5 } else { 1.0 } * size;
            let advance = if c == ' ' { 0.25 * size } else { advance };
            if blanks || c != ' ' {
                self.0.glyphs.push(glyph(c, at, y, advance, size, face));
            }
            at += advance;
        }
        at
    }

    fn rule(&mut self, left: f32, top: f32, right: f32, bottom: f32) {
        self.0.rules.push(Rule { rect: Rect { left, top, right, bottom } });
    }
}

impl Sheet {
    fn picture(&mut self, left: f32, top: f32, right: f32, bottom: f32, raster: bool) {
        self.0.pictures.push(Picture { rect: Rect { left, top, right, bottom }, raster, shaped: !raster });
    }

    /// A ruled table of two columns.
    fn ruled(&mut self, top: f32, rows: &[(&str, &str)]) {
        for row in 0..=rows.len() {
            self.rule(50.0, top + 20.0 * row as f32, 350.0, top + 20.0 * row as f32);
        }
        for x in [50.0, 200.0, 350.0] {
            self.rule(x, top, x, top + 20.0 * rows.len() as f32);
        }
        for (row, (a, b)) in rows.iter().enumerate() {
            let y = top + 20.0 * row as f32 + 14.0;
            self.line(55.0, y, 10.0, REGULAR, a);
            self.line(205.0, y, 10.0, REGULAR, b);
        }
    }
}

fn glyph(c: char, x: f32, y: f32, advance: f32, size: f32, face: u16) -> Glyph {
    Glyph { text: GlyphText::Char(c), x, y, axis: [1.0, 0.0], advance, size, face, artifact: false }
}

fn read(sheets: Vec<Sheet>) -> Vec<Block> {
    let layouts: Vec<_> = sheets.iter().map(|s| page(&s.0, &faces())).collect();
    blocks(&layouts)
}

fn texts(blocks: &[Block]) -> Vec<&str> {
    blocks.iter().map(|b| b.text.as_str()).collect()
}

/// Lines that fill a column of 46 letters.
const PROSE: [&str; 6] = [
    "the keeper of the northern light house climbed",
    "the winding stairs every evening before sunset",
    "and polished the great lens until it shone and",
    "the sailors far out on the water could see its",
    "steady beam across the whole of the wide bay a",
    "comfort to all of them through the long winter",
];

#[test]
fn two_columns_under_a_title_are_read_one_after_the_other() {
    for by_line in [false, true] {
        let mut sheet = Sheet::new(1);
        sheet.line(120.0, 80.0, 16.0, BOLD, "A title that reaches over both of the columns");
        let place = |i: usize| 120.0 + 13.0 * i as f32;
        let mut order: Vec<(usize, usize)> = (0..2).flat_map(|c| (0..6).map(move |i| (c, i))).collect();
        if by_line {
            order.sort_by_key(|(c, i)| (*i, *c));
        }
        for (column, i) in order {
            let text = if column == 0 { PROSE[i].to_string() } else { PROSE[i].to_uppercase() };
            sheet.line(50.0 + 250.0 * column as f32, place(i), 10.0, REGULAR, &text);
        }
        let found = read(vec![sheet]);
        assert_eq!(found[0].kind, Kind::Title, "by line: {by_line}");
        let all = texts(&found[1..]).join(" ");
        let expected = format!("{} {}", PROSE.join(" "), PROSE.join(" ").to_uppercase());
        assert_eq!(all, expected, "by line: {by_line}");
    }
}

#[test]
fn blanks_and_gaps_both_make_words() {
    let text = "words are set apart by gaps or by blanks in a line";
    let (mut drawn, mut gaps) = (Sheet::new(1), Sheet::new(1));
    drawn.line(50.0, 100.0, 10.0, REGULAR, text);
    gaps.gaps(50.0, 100.0, 10.0, text);
    assert_eq!(texts(&read(vec![drawn])), [text]);
    assert_eq!(texts(&read(vec![gaps])), [text]);
}

#[test]
fn letter_spacing_is_not_word_spacing() {
    let mut sheet = Sheet::new(1);
    let mut x = 50.0;
    for word in ["spaced", "lettering", "here"] {
        for c in word.chars() {
            sheet.0.glyphs.push(glyph(c, x, 100.0, 5.0, 10.0, REGULAR));
            x += 7.0;
        }
        x += 4.0;
    }
    assert_eq!(texts(&read(vec![sheet])), ["spaced lettering here"]);
}

#[test]
fn justified_ideographs_get_no_blanks() {
    let mut sheet = Sheet::new(1);
    for (i, c) in "点对点的电子现金系统".chars().enumerate() {
        sheet.0.glyphs.push(glyph(c, 50.0 + 13.0 * i as f32, 100.0, 10.0, 10.0, REGULAR));
    }
    assert_eq!(texts(&read(vec![sheet])), ["点对点的电子现金系统"]);
}

#[test]
fn words_divided_at_line_ends_are_joined() {
    let mut sheet = Sheet::new(1);
    sheet.line(50.0, 100.0, 10.0, REGULAR, "the long line of this paragraph ends with a divi-");
    sheet.line(50.0, 113.0, 10.0, REGULAR, "ded word and goes on until it comes to its end.");
    assert_eq!(
        texts(&read(vec![sheet])),
        ["the long line of this paragraph ends with a divided word and goes on until it comes to its end."]
    );
}

#[test]
fn right_to_left_lines_come_in_logical_order() {
    let mut sheet = Sheet::new(1);
    // As it looks: the Hebrew words run from right to left, the number and the Latin word from left to right.
    let logical = "שלום 2024 עולם PDF סוף";
    let visual = "ףוס PDF םלוע 2024 םולש";
    sheet.line(100.0, 100.0, 12.0, REGULAR, visual);
    assert_eq!(texts(&read(vec![sheet])), [logical]);
}

#[test]
fn arabic_presentation_forms_become_letters() {
    let mut sheet = Sheet::new(1);
    sheet.line(100.0, 100.0, 12.0, REGULAR, "\u{fee1}\u{fefc}\u{feb3}");
    assert_eq!(texts(&read(vec![sheet])), ["سلام"]);
}

#[test]
fn ligatures_accents_and_note_signs() {
    let mut sheet = Sheet::new(1);
    let x = sheet.line(50.0, 100.0, 10.0, REGULAR, "the \u{fb01}rst caf");
    sheet.0.glyphs.push(glyph('\u{b4}', x + 1.0, 100.0, 3.0, 10.0, REGULAR));
    sheet.0.glyphs.push(glyph('e', x, 100.0, 5.0, 10.0, REGULAR));
    let x = sheet.line(x + 8.5, 100.0, 10.0, REGULAR, "knows");
    sheet.line(x, 96.5, 6.0, REGULAR, "12");
    assert_eq!(texts(&read(vec![sheet])), ["the first café knows 12"]);
}

#[test]
fn headings_have_levels() {
    let mut sheet = Sheet::new(1);
    sheet.line(50.0, 60.0, 24.0, BOLD, "The Report");
    let mut y = 100.0;
    for (heading, size) in [("1 Introduction", 16.0), ("1.1 Scope", 13.0), ("1.2 Terms", 13.0), ("2 Results", 16.0)] {
        sheet.line(50.0, y, size, BOLD, heading);
        y += 22.0;
        for text in PROSE {
            sheet.line(50.0, y, 10.0, REGULAR, text);
            y += 13.0;
        }
        y += 20.0;
    }
    let found = read(vec![sheet]);
    let headings: Vec<_> =
        found.iter().filter(|b| b.kind != Kind::Paragraph).map(|b| (b.kind, b.level, b.text.as_str())).collect();
    assert_eq!(
        headings,
        [
            (Kind::Title, 0, "The Report"),
            (Kind::Heading, 1, "1 Introduction"),
            (Kind::Heading, 2, "1.1 Scope"),
            (Kind::Heading, 2, "1.2 Terms"),
            (Kind::Heading, 1, "2 Results"),
        ]
    );
}

#[test]
fn running_heads_and_page_numbers_are_set_aside_and_paragraphs_go_on() {
    let sheets: Vec<Sheet> = (1..=4)
        .map(|number| {
            let mut sheet = Sheet::new(number);
            sheet.line(50.0, 40.0, 9.0, REGULAR, "Annual report of the harbour");
            for (i, text) in PROSE.iter().enumerate() {
                sheet.line(50.0, 130.0 + 13.0 * i as f32, 10.0, REGULAR, text);
            }
            sheet.line(290.0, 810.0, 9.0, REGULAR, &number.to_string());
            sheet
        })
        .collect();
    let found = read(sheets);
    let count = |kind| found.iter().filter(|b| b.kind == kind).count();
    assert_eq!((count(Kind::PageHeader), count(Kind::PageNumber)), (4, 4));
    let paragraphs: Vec<&Block> = found.iter().filter(|b| b.kind == Kind::Paragraph).collect();
    assert_eq!(paragraphs.len(), 1);
    assert_eq!(paragraphs[0].places.iter().map(|p| p.page).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(paragraphs[0].text, [PROSE.join(" "), PROSE.join(" "), PROSE.join(" "), PROSE.join(" ")].join(" "));
}

#[test]
fn ruled_tables_have_cells_and_spans() {
    let mut sheet = Sheet::new(1);
    for y in [100.0, 120.0, 140.0, 160.0] {
        sheet.rule(50.0, y, 350.0, y + 0.5);
    }
    for x in [50.0, 350.0] {
        sheet.rule(x, 100.0, x + 0.5, 160.0);
    }
    // The heading reaches over both columns.
    sheet.rule(200.0, 120.0, 200.5, 160.0);
    sheet.line(150.0, 114.0, 10.0, BOLD, "Harbours");
    for (row, (name, ships)) in [("Aberdeen", "12"), ("Bergen", "7")].into_iter().enumerate() {
        sheet.line(55.0, 134.0 + 20.0 * row as f32, 10.0, REGULAR, name);
        sheet.line(205.0, 134.0 + 20.0 * row as f32, 10.0, REGULAR, ships);
    }
    let found = read(vec![sheet]);
    let table = found[0].table.as_ref().unwrap();
    assert_eq!((table.rows, table.columns), (3, 2));
    assert_eq!(table.cells[0].column_span, 2);
    assert_eq!(found[0].text, "Harbours\nAberdeen\t12\nBergen\t7");
}

#[test]
fn aligned_tables_keep_their_rows_even_if_drawn_by_column() {
    let rows = [("Aberdeen", "1,204", "88"), ("Bergen", "930", "7"), ("Cuxhaven", "55", "1"), ("Dover", "7,001", "64")];
    let mut sheet = Sheet::new(1);
    for column in 0..3 {
        for (i, row) in rows.iter().enumerate() {
            let text = [row.0, row.1, row.2][column];
            sheet.line(50.0 + 150.0 * column as f32, 100.0 + 14.0 * i as f32, 10.0, REGULAR, text);
        }
    }
    let found = read(vec![sheet]);
    assert_eq!(texts(&found), ["Aberdeen\t1,204\t88\nBergen\t930\t7\nCuxhaven\t55\t1\nDover\t7,001\t64"]);
    assert_eq!(found[0].kind, Kind::Table);
}

#[test]
fn turned_text_is_read_along_its_direction() {
    let mut sheet = Sheet::new(1);
    for (line, text) in ["upwards it goes", "and once more"].into_iter().enumerate() {
        for (i, c) in text.chars().enumerate() {
            sheet.0.glyphs.push(Glyph {
                axis: [0.0, -1.0],
                ..glyph(c, 100.0 + 13.0 * line as f32, 700.0 - 5.0 * i as f32, 5.0, 10.0, REGULAR)
            });
        }
    }
    let found = read(vec![sheet]);
    assert_eq!(texts(&found), ["upwards it goes and once more"]);
    let rect = found[0].places[0].rect;
    assert!(rect.height() > rect.width() && rect.left > 85.0 && rect.right < 125.0, "{rect:?}");
}

#[test]
fn list_items_are_blocks_of_their_own() {
    let mut sheet = Sheet::new(1);
    sheet.line(50.0, 100.0, 10.0, REGULAR, "The following things were on board of the ship:");
    sheet.line(60.0, 113.0, 10.0, REGULAR, "• a lantern that nobody had lit for many years");
    sheet.line(68.0, 126.0, 10.0, REGULAR, "and a box of matches");
    sheet.line(60.0, 139.0, 10.0, REGULAR, "• two ropes");
    sheet.line(75.0, 152.0, 10.0, REGULAR, "– a short one");
    let found = read(vec![sheet]);
    let items: Vec<_> = found.iter().map(|b| (b.kind, b.level)).collect();
    assert_eq!(
        items,
        [(Kind::Paragraph, 0), (Kind::ListItem, 1), (Kind::ListItem, 1), (Kind::ListItem, 2)],
        "{found:#?}"
    );
    assert!(found[1].text.ends_with("matches"));
}

#[test]
fn letters_printed_twice_count_once() {
    let mut sheet = Sheet::new(1);
    for shift in [0.0, 0.3] {
        sheet.line(50.0 + shift, 100.0, 10.0, REGULAR, "shadow");
    }
    assert_eq!(texts(&read(vec![sheet])), ["shadow"]);
}

#[test]
fn a_drawing_takes_its_labels_and_its_caption_names_it() {
    let mut sheet = Sheet::new(1);
    sheet.line(50.0, 80.0, 10.0, REGULAR, "Ships go from one harbour to the next, as the figure shows.");
    for x in [100.0, 200.0, 300.0] {
        sheet.picture(x, 120.0, x + 60.0, 180.0, false);
        sheet.rule(x + 60.0, 150.0, x + 100.0, 150.0);
        sheet.line(x + 10.0, 155.0, 8.0, REGULAR, "Port");
    }
    sheet.line(100.0, 200.0, 9.0, REGULAR, "Figure 1: Three ports");
    let found = read(vec![sheet]);
    let kinds: Vec<_> = found.iter().map(|b| (b.kind, b.parent)).collect();
    assert_eq!(kinds, [(Kind::Paragraph, None), (Kind::Figure, None), (Kind::Caption, Some(1))], "{found:#?}");
    assert_eq!(found[1].text.split_whitespace().collect::<Vec<_>>(), ["Port", "Port", "Port"]);
    let rect = found[1].places[0].rect;
    assert_eq!((rect.left, rect.top, rect.right, rect.bottom), (100.0, 120.0, 400.0, 180.0));
}

#[test]
fn a_page_that_only_shows_a_picture_is_one_figure() {
    let mut sheet = Sheet::new(1);
    sheet.picture(20.0, 20.0, 575.0, 820.0, true);
    let layout = page(&sheet.0, &faces());
    assert!(layout.is_empty() && layout.number() == 1);
    let found = blocks(&[layout]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].kind, found[0].places[0].rect.right), (Kind::Figure, 595.0));
}

#[test]
fn a_picture_at_one_place_on_every_page_is_an_ornament() {
    let sheets: Vec<Sheet> = (1..=4)
        .map(|number| {
            let mut sheet = Sheet::new(number);
            sheet.picture(500.0, 20.0, 560.0, 60.0, true);
            sheet.line(50.0, 300.0, 10.0, REGULAR, &format!("What page {number} has to say is this, and no more."));
            sheet
        })
        .collect();
    assert!(read(sheets).iter().all(|b| b.kind != Kind::Figure));
}

#[test]
fn a_table_goes_on_over_the_page_without_its_header() {
    let (mut first, mut second) = (Sheet::new(1), Sheet::new(2));
    first.ruled(700.0, &[("Port", "Ships"), ("Bergen", "12"), ("Dover", "7")]);
    second.ruled(60.0, &[("Port", "Ships"), ("Emden", "3"), ("Genoa", "40")]);
    second.line(50.0, 300.0, 10.0, REGULAR, "That is all there is to say about ports.");
    let found = read(vec![first, second]);
    assert_eq!(found.len(), 2, "{found:#?}");
    let table = found[0].table.as_ref().unwrap();
    assert_eq!((table.rows, table.columns, table.cells.len()), (5, 2, 10));
    assert_eq!(found[0].text, "Port\tShips\nBergen\t12\nDover\t7\nEmden\t3\nGenoa\t40");
    assert_eq!(found[0].places.iter().map(|p| p.page).collect::<Vec<_>>(), [1, 2]);
    assert!(table.cells.iter().all(|c| c.header == (c.row == 0)));
}

#[test]
fn layouts_come_back_from_their_written_form() {
    let mut sheet = Sheet::new(3);
    sheet.ruled(200.0, &[("Port", "Ships"), ("Bergen", "12"), ("Dover", "7")]);
    sheet.line(50.0, 400.0, 10.0, BOLD, "Behind the table");
    sheet.picture(50.0, 500.0, 200.0, 600.0, true);
    let layout = page(&sheet.0, &faces());
    let written = postcard::to_allocvec(&layout).unwrap();
    let read: PageLayout = postcard::from_bytes(&written).unwrap();
    assert_eq!(blocks(&[read]), blocks(&[layout]));
}

#[test]
fn an_empty_page_has_no_blocks() {
    let layout = page(&PageInput { number: 1, ..Default::default() }, &[]);
    assert!(layout.is_empty());
    assert!(blocks(&[layout]).is_empty());
    assert!(blocks(&[]).is_empty());
}

prop_compose! {
    /// A glyph anywhere, in any direction and size, also far outside the page.
    fn anywhere()(x in -50.0f32..700.0, y in -50.0f32..900.0, turn in 0u8..6, size in 1.0f32..40.0, width in 0.0f32..2.0)
        -> (f32, f32, [f32; 2], f32, f32)
    {
        let axis = match turn {
            0 | 4 => [1.0, 0.0],
            1 => [0.0, 1.0],
            2 => [-1.0, 0.0],
            3 => [0.0, -1.0],
            _ => [0.8, 0.6],
        };
        (x, y, axis, size, width * size)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the page looks like, every character comes out exactly once. All characters differ, so that none can
    /// pass for a second print of another.
    #[test]
    fn no_text_is_lost(
        glyphs in prop::collection::vec(anywhere(), 0..120),
        pictures in prop::collection::vec((0f32..600.0, 0f32..840.0, 0f32..600.0, 0f32..800.0, any::<bool>()), 0..12),
        pages in 1u32..5,
        rules in any::<bool>(),
    ) {
        let mut expected = Vec::new();
        let mut sheets: Vec<Sheet> = (1..=pages).map(Sheet::new).collect();
        for (i, (x, y, axis, size, advance)) in glyphs.into_iter().enumerate() {
            let c = char::from_u32(0x4e00 + i as u32).unwrap();
            expected.push(c);
            let target = i % sheets.len();
            sheets[target].0.glyphs.push(Glyph { axis, ..glyph(c, x, y, advance, size, REGULAR) });
        }
        if rules {
            for at in [100.0, 300.0, 500.0] {
                sheets[0].rule(100.0, at, 500.0, at);
                sheets[0].rule(at, 100.0, at, 500.0);
            }
        }
        for sheet in &mut sheets {
            for (left, top, width, height, raster) in &pictures {
                sheet.picture(*left, *top, left + width, top + height, *raster);
            }
        }
        let mut found: Vec<char> =
            read(sheets).iter().flat_map(|b| b.text.chars()).filter(|c| !c.is_whitespace()).collect();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    /// Places lie on the page and are proper rectangles.
    #[test]
    fn places_are_on_the_page(glyphs in prop::collection::vec(anywhere(), 1..60)) {
        let mut sheet = Sheet::new(1);
        for (x, y, axis, size, advance) in glyphs {
            sheet.0.glyphs.push(Glyph { axis, ..glyph('x', x, y, advance, size, REGULAR) });
        }
        for place in read(vec![sheet]).iter().flat_map(|b| &b.places) {
            let r = place.rect;
            prop_assert!(0.0 <= r.left && r.left <= r.right && r.right <= 595.0, "{:?}", r);
            prop_assert!(0.0 <= r.top && r.top <= r.bottom && r.bottom <= 842.0, "{:?}", r);
        }
    }
}
