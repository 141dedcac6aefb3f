//! Tables that come in several blocks: a later block names the first as its `parent`, and is read under its header.

use crate::grid::{self, Record};
use crate::header::{self, Head};
use mortise_sdk::document::{Block, Cell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Remembers the headers of tables while their blocks go by.
#[derive(Debug, Default)]
pub struct Windows {
    heads: BTreeMap<u32, Rc<Head>>,
}

/// One block of a table.
#[derive(Debug)]
pub struct Window<'t> {
    /// The header of the whole table.
    pub head: Rc<Head>,
    /// This is the table's first block.
    pub first: bool,
    /// Rows above the header: titles, notes.
    pub above: Vec<Record<'t>>,
    /// Header rows, in the first block only.
    pub headers: Vec<Record<'t>>,
    /// Rows of data.
    pub records: Vec<Record<'t>>,
}

impl Window<'_> {
    /// A header without anything below it.
    pub fn lone_header(&self) -> bool {
        self.first && self.records.is_empty()
    }
}

/// Rows above a header that are repeated with it, in characters.
const SHORT: usize = 200;

impl Windows {
    /// Reads a table's block. `None` for blocks without cells.
    pub fn read<'t>(&mut self, block: &'t Block) -> Option<Window<'t>> {
        let table = block.table.as_ref().filter(|table| !table.cells.is_empty())?;
        let mut above = grid::records(table);
        if let Some(head) = block.parent.and_then(|parent| self.heads.get(&parent)) {
            return Some(Window { head: head.clone(), first: false, above: vec![], headers: vec![], records: above });
        }
        let top = header::find(&above);
        let mut headers = above.split_off(top.above.min(above.len()));
        let mut records = headers.split_off(top.header.min(headers.len()));
        // A name of a column that is merged down into the data is no value there.
        if let Some(last) = headers.last().map(|row| row.number) {
            records.iter_mut().for_each(|record| record.cells.retain(|(_, cell, _)| cell.row > last));
        }
        let head = Rc::new(Head::new(block.id, &headers));
        self.heads.insert(block.id, head.clone());
        Some(Window { head, first: true, above, headers, records })
    }

    /// The block with its header rows marked, or, if it is not a table's first, with the first one's put before it.
    pub fn with_header(&mut self, mut block: Block) -> Block {
        let Some(window) = self.read(&block) else { return block };
        let (head, first) = (window.head.clone(), window.first);
        let above: usize = window.above.iter().flat_map(Record::beginning).map(|(_, cell)| cell.text.len()).sum();
        let until = window.headers.last().filter(|_| above <= SHORT && !window.lone_header()).map(|row| row.number);
        let Some(table) = &mut block.table else { return block };
        if first {
            let marked = |cell: &&mut Cell| until.is_some_and(|until| cell.row <= until);
            table.cells.iter_mut().filter(marked).for_each(|cell| cell.header = true);
            return block;
        }
        for cell in &mut table.cells {
            cell.row = cell.row.saturating_add(head.rows);
        }
        table.cells.splice(0..0, head.cells.iter().cloned());
        table.rows = table.rows.saturating_add(head.rows);
        block
    }
}
