//! A chart as its title and the table behind it.

use mortise_sdk::document::{Block, BlockKind, Cell, Table, Value};
use mortise_shared_packed::{Error, Package, Token};

/// Points of a series, and series of a chart, at most.
const MOST: usize = 10_000;

/// What a chart says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// Its title, and those of its axes.
    pub titles: Vec<String>,
    categories: Vec<String>,
    series: Vec<Series>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Series {
    name: String,
    values: Vec<String>,
}

impl Chart {
    /// The table behind it: a row for every category, a column for every series.
    pub fn table(&self) -> Option<Block> {
        let rows = self.series.iter().map(|s| s.values.len()).max().unwrap_or(0).max(self.categories.len());
        if rows == 0 {
            return None;
        }
        let mut cells = Vec::new();
        let mut push = |row: usize, column: usize, text: &str| {
            let number = text.parse::<f64>().ok().filter(|n| n.is_finite() && row > 0 && column > 0);
            let value = match number {
                Some(n) if n.fract() == 0.0 && n.abs() < 9e15 => Value::Integer(n as i64),
                Some(n) => Value::Number(n),
                None if text.is_empty() => Value::None,
                None => Value::Text(text.into()),
            };
            let (row, column) = (row as u32, column as u32);
            let text = number.map_or_else(|| text.to_string(), |n| n.to_string());
            cells.push(Cell { row, column, row_span: 1, column_span: 1, header: row == 0, text, value });
        };
        let at = |list: &[String], row: usize| list.get(row).cloned().unwrap_or_default();
        for row in 0..=rows {
            push(row, 0, &row.checked_sub(1).map(|r| at(&self.categories, r)).unwrap_or_default());
            for (column, series) in self.series.iter().enumerate() {
                let text = row.checked_sub(1).map_or_else(|| series.name.clone(), |r| at(&series.values, r));
                push(row, column + 1, &text);
            }
        }
        let table = Table { rows: rows as u32 + 1, columns: self.series.len() as u32 + 1, cells };
        let text = table.plain_text();
        Some(Block { table: Some(table), ..Block::new(0, BlockKind::Table, text) })
    }
}

#[derive(Clone, Copy, PartialEq)]
enum In {
    Title,
    Name,
    Category,
    Value,
}

/// Reads a chart part. Damage ends it.
///
/// # Errors
/// Only what [`Error::is_hostile`] calls so.
pub fn chart(package: &Package<'_>, part: &str) -> Result<Chart, Error> {
    let mut chart = Chart::default();
    let Ok(mut xml) = package.xml(part) else { return Ok(chart) };
    let mut place = None;
    let mut index = 0usize;
    let mut in_text = false;
    let mut text = String::new();
    let mut points = 0usize;
    loop {
        match xml.next() {
            Ok(Some(Token::Start(tag))) => match tag.name() {
                "title" => place = Some(In::Title),
                "ser" if chart.series.len() < 256 => chart.series.push(Series::default()),
                "tx" if place.is_none() => place = Some(In::Name),
                "cat" | "xVal" => place = Some(In::Category),
                "val" | "yVal" | "bubbleSize" => place = Some(In::Value),
                "pt" => index = tag.number("idx").and_then(|n| usize::try_from(n).ok()).unwrap_or(MOST),
                "v" | "t" => {
                    in_text = true;
                    text.clear();
                }
                // What the workbook behind it looks like, and labels that repeat values.
                "dLbls" | "extLst" => {
                    if let Err(error) = xml.skip() {
                        return if error.is_hostile() { Err(error) } else { Ok(chart) };
                    }
                }
                _ => {}
            },
            Ok(Some(Token::Text(piece))) if in_text && text.len() < 1 << 16 => text.push_str(&piece),
            Ok(Some(Token::Text(_))) => {}
            Ok(Some(Token::End(_, name))) => match &*name {
                "v" | "t" => {
                    in_text = false;
                    points += 1;
                    if points <= 20 * MOST {
                        chart.put(place, index, std::mem::take(&mut text));
                    }
                }
                "title" | "cat" | "xVal" | "val" | "yVal" | "bubbleSize" => place = None,
                "tx" if place == Some(In::Name) => place = None,
                "rich" if place == Some(In::Title) => chart.titles.push(String::new()),
                _ => {}
            },
            Err(error) if error.is_hostile() => return Err(error),
            Ok(None) | Err(_) => break,
        }
    }
    chart.titles.iter_mut().for_each(|t| *t = t.trim().to_string());
    chart.titles.retain(|t| !t.is_empty());
    Ok(chart)
}

impl Chart {
    fn put(&mut self, place: Option<In>, index: usize, text: String) {
        match (place, self.series.last_mut()) {
            (Some(In::Title), _) => match self.titles.last_mut() {
                Some(title) => title.push_str(&text),
                None => self.titles.push(text),
            },
            (Some(In::Name), Some(series)) => series.name.push_str(&text),
            // All series share their categories.
            (Some(In::Category), _) => set(&mut self.categories, index, text),
            (Some(In::Value), Some(series)) => set(&mut series.values, index, text),
            _ => {}
        }
    }
}

fn set(list: &mut Vec<String>, index: usize, text: String) {
    if index >= MOST {
        return;
    }
    if list.len() <= index {
        list.resize(index + 1, String::new());
    }
    if let Some(place) = list.get_mut(index)
        && place.is_empty()
    {
        *place = text;
    }
}
