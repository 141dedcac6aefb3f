//! Rules that whatever a guest gives must keep, shared by the roles: sizes, numbers that are numbers, places that can be.

use mortise_domain::block::{Place, Table, Value};
use mortise_domain::plugin::FaultReason;

/// What is counted for a record beside its texts, so that a million empty ones are not free.
pub(crate) const RECORD: u64 = 64;

/// Bytes that one call gave so far, against what it may give.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    limit: u64,
    left: u64,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, left: limit }
    }

    pub(crate) fn spend(&mut self, bytes: u64) -> Result<(), FaultReason> {
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => return Err(FaultReason::OutputTooLarge(format!("the limit is {} bytes", self.limit))),
        }
        Ok(())
    }

    /// Spends the texts of one record.
    pub(crate) fn spend_texts<'a>(&mut self, texts: impl IntoIterator<Item = &'a String>) -> Result<(), FaultReason> {
        self.spend(texts.into_iter().map(|text| text.len() as u64).sum::<u64>() + RECORD)
    }
}

/// Checks a place.
pub(crate) fn place(place: &Place) -> Result<(), FaultReason> {
    let invalid = |what: &str| Err(FaultReason::InvalidOutput(format!("a place {what}")));
    if place.page == 0 {
        return invalid("is on page 0, pages are counted from 1");
    }
    match place.rect {
        Some(rect) if ![rect.left, rect.top, rect.right, rect.bottom].iter().all(|edge| edge.is_finite()) => {
            invalid("has an edge that is not a finite number")
        }
        Some(rect) if rect.left > rect.right || rect.top > rect.bottom => invalid("is inside out"),
        _ => Ok(()),
    }
}

/// Checks a typed value, and gives its size.
pub(crate) fn value(value: &Value) -> Result<u64, FaultReason> {
    match value {
        Value::Text(text) | Value::Time(text) => Ok(text.len() as u64),
        Value::Number(number) if !number.is_finite() => {
            Err(FaultReason::InvalidOutput("a value is not a finite number".into()))
        }
        Value::None | Value::Integer(_) | Value::Number(_) | Value::Boolean(_) => Ok(8),
    }
}

/// Most rows and columns of a table: those of the largest spreadsheets.
const ROWS: u32 = 1 << 20;
const COLUMNS: u32 = 1 << 14;

/// Checks a table: every cell inside, in row order, none twice at one place. Spends its size.
pub(crate) fn table(table: &Table, budget: &mut Budget) -> Result<(), FaultReason> {
    let invalid = |what: &str| Err(FaultReason::InvalidOutput(format!("a table {what}")));
    if table.rows > ROWS || table.columns > COLUMNS {
        return invalid("has more rows or columns than any spreadsheet");
    }
    let mut last = None;
    for cell in &table.cells {
        let inside =
            |start: u32, span: u32, size: u32| span >= 1 && start.checked_add(span).is_some_and(|end| end <= size);
        if !inside(cell.row, cell.row_span, table.rows) || !inside(cell.column, cell.column_span, table.columns) {
            return invalid("has a cell outside of itself");
        }
        if last.is_some_and(|last| last >= (cell.row, cell.column)) {
            return invalid("does not list its cells in row order");
        }
        last = Some((cell.row, cell.column));
        budget.spend(cell.text.len() as u64 + value(&cell.value)? + RECORD)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::block::{Cell, Rect};

    fn cell(row: u32, column: u32, span: u32) -> Cell {
        Cell { row, column, row_span: span, column_span: 1, header: false, text: "x".into(), value: Value::None }
    }

    fn check(rows: u32, cells: Vec<Cell>, sound: bool) {
        let given = Table { rows, columns: 2, cells };
        assert_eq!(table(&given, &mut Budget::new(1000)).is_ok(), sound, "{given:?}");
    }

    #[test]
    fn tables() {
        check(2, vec![cell(0, 0, 2), cell(0, 1, 1), cell(1, 1, 1)], true);
        check(2, vec![cell(0, 0, 3)], false);
        check(2, vec![cell(0, 2, 1)], false);
        check(2, vec![cell(0, 0, 0)], false);
        check(2, vec![cell(1, 0, u32::MAX)], false);
        check(2, vec![cell(1, 0, 1), cell(0, 0, 1)], false);
        check(2, vec![cell(0, 0, 1), cell(0, 0, 1)], false);
        check(u32::MAX, vec![], false);
    }

    #[test]
    fn places() {
        let on = |page, left, right| place(&Place { page, rect: Some(Rect { left, top: 0.0, right, bottom: 1.0 }) });
        assert!(on(1, 3.0, 3.0).is_ok());
        assert!(on(0, 0.0, 1.0).is_err());
        assert!(on(1, f32::NAN, 1.0).is_err());
        assert!(on(1, 0.0, f32::INFINITY).is_err());
        assert!(on(1, 9.0, 3.0).is_err());
    }

    #[test]
    fn budgets_end() {
        let mut budget = Budget::new(100);
        budget.spend_texts([&"x".repeat(30)]).unwrap();
        assert!(matches!(budget.spend(7), Err(FaultReason::OutputTooLarge(_))));
        budget.spend(6).unwrap();
        assert!(value(&Value::Number(f64::NAN)).is_err());
    }
}
