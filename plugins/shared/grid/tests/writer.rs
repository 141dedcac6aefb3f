//! Rows in, table blocks out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use mortise_sdk::document::{Block, Table};
use mortise_sdk::parser::Output;
use mortise_shared_grid::{Entry, Hints, Merges, Range, Writer, Written, typed};
use proptest::prelude::*;

fn entries(cells: &[(u32, &str)]) -> Vec<Entry> {
    let entry =
        |(column, text): &(u32, &str)| Entry { column: *column, text: (*text).into(), value: typed(text), bold: false };
    cells.iter().map(entry).collect()
}

fn write(rows: &[(u32, &[(u32, &str)])], merges: &[&str], hints: Hints) -> (Vec<Block>, Written) {
    let mut out = Output::default();
    let mut writer = Writer::new(0, 1, hints, Merges::new(merges.iter().filter_map(|m| Range::parse(m))));
    for (number, cells) in rows {
        writer.row(*number, entries(cells), &mut out);
    }
    let written = writer.finish(&mut out);
    (out.into_kept().blocks, written)
}

fn table(block: &Block) -> &Table {
    block.table.as_ref().unwrap()
}

#[test]
fn a_small_grid_is_one_table_with_its_header() {
    let rows: &[(u32, &[(u32, &str)])] =
        &[(2, &[(0, "name"), (2, "mass")]), (3, &[(0, "oak"), (2, "720")]), (5, &[(1, "x"), (2, "1.5")])];
    let (blocks, written) = write(rows, &[], Hints::default());
    let table = table(&blocks[0]);
    assert_eq!((blocks.len(), table.rows, table.columns, table.header_rows()), (1, 4, 3, 1));
    assert_eq!(blocks[0].text, "name\t\tmass\noak\t\t720\n\n\tx\t1.5");
    assert_eq!((written.rows, written.cells, written.sparse), (3, 6, false));
    assert!(table.html().contains("<tr><td>oak</td><td></td><td>720</td></tr>"));
}

#[test]
fn words_alone_are_no_header() {
    let rows: &[(u32, &[(u32, &str)])] = &[(0, &[(0, "oak"), (1, "hard")]), (1, &[(0, "pine"), (1, "soft")])];
    assert_eq!(table(&write(rows, &[], Hints::default()).0[0]).header_rows(), 0);
    let told = Hints { header: Some((0, 0)), ..Hints::default() };
    assert_eq!(table(&write(rows, &[], told).0[0]).header_rows(), 1);
}

#[test]
fn merged_cells_have_spans_and_make_headers_of_several_rows() {
    let rows: &[(u32, &[(u32, &str)])] = &[
        (0, &[(0, "wood"), (1, "price"), (2, "hidden")]),
        (1, &[(1, "net"), (2, "gross")]),
        (2, &[(0, "oak"), (1, "1"), (2, "2")]),
    ];
    let (blocks, _) = write(rows, &["A1:A2", "B1:C1"], Hints::default());
    let table = table(&blocks[0]);
    assert_eq!(table.header_rows(), 2);
    assert_eq!(table.headers(), ["wood", "price net", "price gross"]);
    assert_eq!((table.cells[0].row_span, table.cells[1].column_span), (2, 2));
    assert!(!blocks[0].text.contains("hidden"));
}

#[test]
fn long_grids_come_in_windows_without_a_second_header() {
    let mut out = Output::default();
    let merges = Merges::new(Range::parse("B900:B1100"));
    let mut writer = Writer::new(3, 4, Hints::default(), merges);
    writer.row(0, entries(&[(0, "id"), (1, "note")]), &mut out);
    for row in 1..2_500 {
        let id = row.to_string();
        writer.row(row, entries(&[(0, &id), (1, "long")]), &mut out);
    }
    writer.finish(&mut out);
    let blocks = out.into_kept().blocks;
    assert_eq!(blocks.iter().map(|b| table(b).rows).collect::<Vec<_>>(), [1_000, 1_000, 500]);
    assert_eq!(blocks.iter().map(|b| table(b).header_rows()).collect::<Vec<_>>(), [1, 0, 0]);
    assert_eq!(blocks.iter().map(|b| b.parent).collect::<Vec<_>>(), [None, Some(0), Some(0)]);
    assert!(blocks.iter().all(|b| b.part == 3 && b.page() == Some(4)));
    let upper = table(&blocks[0]).cells.iter().find(|c| c.row_span > 1).unwrap();
    assert_eq!((upper.row, upper.row_span), (899, 101));
    let lower = table(&blocks[1]).cells.iter().find(|c| c.row_span > 1).unwrap();
    assert_eq!((lower.row, lower.row_span, lower.text.as_str()), (0, 100, "long"));
}

#[test]
fn rows_above_a_told_header_are_a_table_of_their_own() {
    let rows: &[(u32, &[(u32, &str)])] =
        &[(0, &[(0, "Report")]), (3, &[(0, "id"), (1, "n")]), (4, &[(0, "a"), (1, "b")])];
    let (blocks, _) = write(rows, &[], Hints { header: Some((3, 3)), ..Hints::default() });
    assert_eq!(blocks.iter().map(|b| (table(b).header_rows(), b.parent)).collect::<Vec<_>>(), [(0, None), (1, None)]);
}

#[test]
fn cells_far_apart_cost_little() {
    let rows: Vec<(u32, [(u32, &str); 1])> = (0..2_000).map(|r| (r * 500, [(16_383, "x")])).collect();
    let rows: Vec<(u32, &[(u32, &str)])> = rows.iter().map(|(r, c)| (*r, c.as_slice())).collect();
    let (blocks, written) = write(&rows, &[], Hints::default());
    assert!(written.sparse && written.cells == 2_000);
    assert!(blocks.iter().map(|b| table(b).cells.len()).sum::<usize>() < 2_010_000);
}

#[test]
fn documents_that_are_too_large_lose_rows_with_a_warning() {
    let mut out = Output::default();
    let text = "x".repeat(30_000);
    let mut writer = Writer::new(0, 1, Hints { spent: 200 << 20, ..Hints::default() }, Merges::default());
    for row in 0..1_000 {
        writer.row(row, entries(&[(0, &text)]), &mut out);
    }
    let written = writer.finish(&mut out);
    assert!(written.lost > 0 && written.rows + written.lost == 1_000 && written.spent < 256 << 20);
    assert!(written.warnings().any(|w| w.contains("rows were left out")));
}

proptest! {
    #[test]
    fn no_cell_is_lost_and_none_overlaps(
        rows in proptest::collection::vec((0u32..1_500, proptest::collection::vec((0u32..12, 0u32..1_000), 0..6)), 0..40),
        merges in proptest::collection::vec((0u32..40, 0u32..12, 0u32..5, 0u32..5), 0..6),
    ) {
        let mut out = Output::default();
        let ranges = merges.iter().map(|(t, l, h, w)| Range { top: *t, left: *l, bottom: t + h, right: l + w });
        let mut writer = Writer::new(0, 1, Hints::default(), Merges::new(ranges));
        let mut rows = rows;
        rows.sort_by_key(|r| r.0);
        for (number, cells) in &rows {
            let cells = cells.iter().map(|(c, n)| Entry { column: *c, text: n.to_string(), value: typed(&n.to_string()), bold: false });
            writer.row(*number, cells.collect(), &mut out);
        }
        let written = writer.finish(&mut out);
        let blocks = out.into_kept().blocks;
        let mut filled = 0;
        for block in &blocks {
            let table = table(block);
            let mut taken = std::collections::BTreeSet::new();
            for cell in &table.cells {
                prop_assert!(cell.row + cell.row_span <= table.rows && cell.column + cell.column_span <= table.columns);
                for row in cell.row..cell.row + cell.row_span {
                    for column in cell.column..cell.column + cell.column_span {
                        prop_assert!(taken.insert((row, column)), "two cells at {row}, {column}");
                    }
                }
                filled += u64::from(!cell.text.is_empty());
            }
        }
        prop_assert!(filled >= written.cells);
        if merges.is_empty() {
            prop_assert_eq!(filled, written.cells);
        }
    }
}
