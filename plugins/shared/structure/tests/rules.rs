//! What is a number, a heading, a contents list, and what never is.

#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_shared_structure::contents::contents_list;
use mortise_shared_structure::numbering::{Family, family_of};
use mortise_shared_structure::outline::OutlineEntries;
use mortise_shared_structure::tree::{Section, cut_at, divide, join_lone, lone_top, most_frequent, sections, target};
use proptest::prelude::*;

#[test]
fn levels_of_numbers() {
    use Family::*;
    let cases = [
        (ChineseLegal, "第二分编 通则", Some(0)),
        (ChineseLegal, "第 一 章　总 则", Some(1)),
        (ChineseLegal, "第12条 期限", Some(3)),
        (ChineseLegal, "第7.9条 出入口", Some(3)),
        (ChineseLegal, "（一）范围", Some(4)),
        (ChineseLegal, "总则", None),
        (Arabic, "1. Scope", Some(2)),
        (Arabic, "1、范围", Some(2)),
        (Arabic, "12.3 Terms", Some(3)),
        (Arabic, "1.2.3 Rope", Some(4)),
        (Arabic, "1.2.3.4 Knot", Some(5)),
        (Arabic, "1.5m", None),
        (Arabic, "20.5% of it", None),
        (Arabic, "2024. A year", None),
        (Arabic, "10.5.2024 is a date", None),
        (Arabic, ". text", None),
        (ChineseOrdinal, "一、目的", Some(2)),
        (ChineseOrdinal, "（1）对象", Some(4)),
        (EnglishLegal, "PART ONE", Some(0)),
        (EnglishLegal, "BOOK TWELVE: 1812", Some(0)),
        (EnglishLegal, "CHAPTER XVII", Some(1)),
        (EnglishLegal, "SEC. 101. DEFINITIONS.", Some(2)),
        (EnglishLegal, "§ 3 Begriffe", Some(2)),
        (EnglishLegal, "Art 12a", Some(3)),
        (EnglishLegal, "Article 5.2 Terms", Some(3)),
        (EnglishLegal, "Partly cloudy", None),
        (EnglishLegal, "Articles of war", None),
        (Markdown, "### Deep", Some(2)),
        (Markdown, "#", None),
    ];
    for (family, line, level) in cases {
        assert_eq!(family.level(line), level, "{line}");
    }
    assert_eq!(ChineseLegal.label("第三十一条　为了安全"), Some("第三十一条"));
    assert_eq!(EnglishLegal.label("Section 4.2. Terms"), Some("Section 4.2"));
}

#[test]
fn sentences_that_begin_with_a_number_are_no_headings() {
    use Family::*;
    let headings = [
        (ChineseLegal, "第三条 本法所称安全，是指……。"),
        (ChineseLegal, "第一章 总则"),
        (EnglishLegal, "Section 5. Terms"),
        (EnglishLegal, "SECTION 1."),
        (EnglishLegal, "CHAPTER I"),
        (Arabic, "3. Open the valve"),
    ];
    for (family, line) in headings {
        assert!(family.heads(line), "{line}");
    }
    let sentences = [
        (ChineseLegal, "第三条规定的处罚，由公安机关决定。"),
        (ChineseLegal, "第二条、第四条的船员"),
        (ChineseLegal, "（一）对安全负责，并且检查；"),
        (EnglishLegal, "Section 5 of the Act provides"),
        (EnglishLegal, "Article 2(b)"),
        (Arabic, "3 ships left the harbour"),
        (Arabic, "2. Open the valve, then wait."),
        (Arabic, "10 个苹果"),
    ];
    for (family, line) in sentences {
        assert!(!family.heads(line), "{line}");
    }
}

#[test]
fn contents_lists_that_are_in_doubt_stay() {
    assert_eq!(contents_list(&["Contents", "of the box", "are fragile"]), None);
    assert_eq!(contents_list(&["no list here"]), None);
    assert_eq!(contents_list(&["Contents"]), None);
    let book = [
        "The Book",
        "CONTENTS",
        "",
        "PART ONE",
        "CHAPTER I",
        "CHAPTER II",
        "PART TWO",
        "CHAPTER I",
        "",
        "PART ONE",
        "CHAPTER I",
        "It was.",
    ];
    assert_eq!(contents_list(&book), Some(1..9));
    let leaders = ["Table of Contents", "Safety ........ 3", "Lifting (the) [crane ........ 12", "Safety first", "x"];
    assert_eq!(contents_list(&leaders), Some(0..3));
}

#[test]
fn outlines_match_by_pairs_of_characters() {
    let outline = OutlineEntries::new([("Mooring basics", 0), ("锚泊作业", 1), ("A", 2)]);
    assert_eq!(outline.level_of("Mooring basics for all"), Some(0));
    assert_eq!(outline.level_of("锚泊作业"), Some(1));
    assert_eq!(outline.level_of("Anchoring"), None);
    assert_eq!(outline.level_of("A"), Some(2));
    assert_eq!(outline.level_of(""), None);
    assert!(outline.suffices(50) && !outline.suffices(200));
    assert!(!OutlineEntries::new([]).suffices(0));
}

#[test]
fn a_section_that_is_too_large_falls_apart_at_the_next_level() {
    let levels = [Some(1), None, Some(2), None, Some(3), None, Some(2), None];
    let whole = sections(&levels, 1);
    assert_eq!(whole.len(), 1);
    let parts = divide(&levels, whole[0].clone(), &|section| section.body.len() > 2, &|_| true);
    let told: Vec<_> = parts.iter().map(|part| (part.path.clone(), part.heading, part.body.clone())).collect();
    assert_eq!(
        told,
        [(vec![], Some(0), 1..2), (vec![0], Some(2), 3..4), (vec![0, 2], Some(4), 5..6), (vec![0], Some(6), 7..8),]
    );
    let kept = divide(&levels, whole[0].clone(), &|_| true, &|level| level != 2 && level != 3);
    assert_eq!(kept, whole);
}

#[test]
fn depths_and_tops() {
    assert_eq!(target(&[None, None], 2), None);
    assert_eq!(target(&[Some(3), None], 2), Some(3));
    assert_eq!(target(&[Some(1), Some(2), Some(3), Some(2), None], 2), Some(3), "a lone top is the name of the whole");
    assert_eq!(target(&[Some(1), Some(2), Some(3), Some(1), None], 2), Some(2));
    assert_eq!(lone_top(&[None, Some(1), Some(2)]), Some(1));
    assert_eq!(lone_top(&[Some(1), Some(1)]), None);
    assert_eq!(most_frequent(&[Some(0), Some(0), Some(2), Some(1)]), Some(1));
    assert_eq!(most_frequent(&[None]), None);
}

#[test]
fn lone_headings_are_told_together() {
    let levels = [Some(1), Some(2), Some(2), Some(2), None, Some(1)];
    let joined = join_lone(sections(&levels, 2));
    let told: Vec<_> = joined.iter().filter(|s| s.speaks()).map(|s| (s.heading, s.body.clone())).collect();
    assert_eq!(told, [(None, 1..3), (Some(3), 4..5), (Some(5), 6..6)]);
}

fn levels() -> impl Strategy<Value = Vec<Option<u32>>> {
    proptest::collection::vec(proptest::option::weighted(0.5, 0u32..6), 0..60)
}

fn covers(levels: &[Option<u32>], sections: &[Section]) {
    let mut next = 0;
    for section in sections {
        if let Some(heading) = section.heading {
            assert_eq!(heading, next);
            next += 1;
        }
        assert_eq!(section.body.start, next);
        next = section.body.end;
        assert!(section.path.is_sorted() && section.path.iter().all(|&at| levels[at].is_some()));
        let own = section.heading.and_then(|at| levels[at]);
        let above = section.path.iter().filter_map(|&at| levels[at]).collect::<Vec<_>>();
        assert!(above.is_sorted_by(|a, b| a < b) && above.iter().all(|&level| own.is_none_or(|own| level < own)));
    }
    assert_eq!(next, levels.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sections_cover_the_document_in_order(levels in levels(), cut in 0u32..7, most in 1usize..9, at in 0usize..60) {
        let all = sections(&levels, cut);
        covers(&levels, &all);
        let divided: Vec<Section> = all
            .iter()
            .flat_map(|section| divide(&levels, section.clone(), &|s| s.body.len() > most, &|level| level != 3))
            .collect();
        covers(&levels, &divided);
        covers(&levels, &cut_at(divided, at));
        // What does not speak is told by a deeper section.
        for (number, section) in all.iter().enumerate().filter(|(_, section)| !section.speaks()) {
            let told = |later: &Section| section.heading.is_some_and(|own| later.path.contains(&own));
            prop_assert!(section.heading.is_none() || all[number + 1..].iter().any(told));
        }
    }

    #[test]
    fn any_lines_are_taken(lines in proptest::collection::vec("(第[一二3]章|1\\.|PART|Section 3.1|§|#|\\(一\\)|Contents|目录)?.{0,12}[0-9]{0,3}", 0..40)) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let family = family_of(lines.iter().copied());
        for line in &lines {
            for family in Family::ALL {
                let label = family.label(line);
                prop_assert_eq!(label.is_some(), family.level(line).is_some());
                family.heads(line);
            }
        }
        prop_assert_eq!(family, family_of(lines.iter().copied()));
        if let Some(range) = contents_list(&lines) {
            prop_assert!(range.start < range.end && range.end <= lines.len());
        }
    }
}
