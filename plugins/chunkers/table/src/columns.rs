//! The columns of every table of a document: names, types, fields.

use mortise_sdk::document::Block;
use mortise_sdk::host::Progress;
use mortise_shared_records::{Kind, Record, Vote, Window, Windows, field};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Columns that number rows: the reference leaves them out, and so do we.
const NUMBERING: [&str; 4] = ["id", "_id", "index", "idx"];
/// Most columns of a table that become fields; a text of any width is kept all the same.
const MOST: usize = 4096;

/// Columns by the id of their table's first block.
pub(crate) struct Columns {
    tables: BTreeMap<u32, BTreeMap<u32, Column>>,
}

struct Column {
    field: String,
    kind: Kind,
}

impl Columns {
    /// Looks at all cells of all tables once.
    pub(crate) fn read(blocks: impl Iterator<Item = (Option<Block>, usize)>, progress: &Progress) -> Self {
        let mut windows = Windows::default();
        let mut votes: BTreeMap<u32, BTreeMap<u32, Vote>> = BTreeMap::new();
        let mut names: BTreeMap<u32, BTreeMap<u32, String>> = BTreeMap::new();
        for (number, (block, total)) in blocks.enumerate() {
            progress.at(number + 1, total);
            let Some(window) = block.as_ref().and_then(|block| windows.read(block)) else { continue };
            let table = votes.entry(window.head.table).or_default();
            let named = names.entry(window.head.table).or_default();
            for (column, cell) in window.records.iter().flat_map(Record::filled) {
                if table.len() >= MOST && !table.contains_key(&column) {
                    continue;
                }
                table.entry(column).or_default().count(cell);
                named.entry(column).or_insert_with(|| name(&window, column).into_owned());
            }
        }
        let tables = votes.into_iter().map(|(table, votes)| {
            let named = names.remove(&table).unwrap_or_default();
            let header = |column: &u32| named.get(column).map_or("", String::as_str);
            let kinds: BTreeMap<u32, Kind> = votes.iter().map(|(column, vote)| (*column, vote.kind())).collect();
            let fields = field::names(kinds.iter().map(|(column, kind)| (*column, header(column), *kind)));
            let columns = fields.into_iter().map(|(column, field)| {
                let kind = kinds.get(&column).copied().unwrap_or(Kind::Text);
                (column, Column { field, kind })
            });
            (table, columns.collect())
        });
        Self { tables: tables.collect() }
    }

    /// The header as people read it.
    pub(crate) fn display<'w>(&self, window: &'w Window<'_>, column: u32) -> Cow<'w, str> {
        name(window, column)
    }

    /// The name and the type of a column's field.
    pub(crate) fn field(&self, window: &Window<'_>, column: u32) -> Option<(&str, Kind)> {
        let column = self.tables.get(&window.head.table)?.get(&column)?;
        Some((&column.field, column.kind))
    }

    /// Whether anything stands below the header, in this block or a later one.
    pub(crate) fn has_values(&self, window: &Window<'_>) -> bool {
        self.tables.get(&window.head.table).is_some_and(|columns| !columns.is_empty())
    }

    /// Names of columns without any value.
    pub(crate) fn without_values<'w>(&'w self, window: &'w Window<'_>) -> impl Iterator<Item = &'w str> {
        let columns = self.tables.get(&window.head.table);
        let filled = move |column: &u32| columns.is_some_and(|columns| columns.contains_key(column));
        window.head.names().filter(move |(column, _)| !filled(column)).map(|(_, name)| name)
    }

    /// Whether a column is left out.
    pub(crate) fn is_dropped(&self, window: &Window<'_>, column: u32) -> bool {
        NUMBERING.contains(&window.head.name(column)) && window.head.names().count() > 1
    }

    /// Whether a row has cells that no header stands over, or lacks the last ones that it should have.
    pub(crate) fn is_uneven(&self, window: &Window<'_>, record: &Record<'_>) -> bool {
        let Some(last) = window.head.names().map(|(column, _)| column).last() else { return false };
        let short = record.cells.last().is_some_and(|(column, ..)| *column < last);
        short || record.filled().any(|(column, _)| column > last)
    }
}

fn name<'w>(window: &'w Window<'_>, column: u32) -> Cow<'w, str> {
    match window.head.name(column) {
        "" => Cow::Owned(format!("Column_{}", u64::from(column) + 1)),
        name => Cow::Borrowed(name),
    }
}
