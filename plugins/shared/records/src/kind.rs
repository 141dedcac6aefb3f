//! Types of columns: strict, over the whole column, and never at the cost of a value.
//!
//! The reference lets the most frequent type win and turns the rest into nothing, takes empty texts for decimals, and
//! `May` or `007` for dates. Here a column has a type if all of its values do: whole numbers and decimals together are
//! decimals, anything else that is mixed is text. Empty cells and words for nothing (`-`, `N/A`) have no say.

use crate::date;
use mortise_sdk::document::{Cell, Value};

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Integer,
    /// Decimals.
    Float,
    /// Yes or no.
    Boolean,
    /// Dates, by which number is the day where that matters.
    Time(date::Order),
    /// Anything.
    Text,
}

impl Kind {
    /// The end of a field's name.
    pub fn suffix(self) -> &'static str {
        match self {
            Kind::Integer => "_long",
            Kind::Float => "_flt",
            Kind::Boolean => "_kwd",
            Kind::Time(_) => "_dt",
            Kind::Text => "_tks",
        }
    }

    /// What a cell is worth in a column of this type; [`Value::None`] for what has no say in one that is not of texts.
    pub fn value(self, cell: &Cell) -> Value {
        let text = cell.text.trim();
        match self {
            _ if text.is_empty() => Value::None,
            Kind::Text => Value::Text(text.to_owned()),
            _ if is_nothing(text) => Value::None,
            Kind::Integer => match whole(cell) {
                Some(Number::Whole(number)) => Value::Integer(number),
                _ => Value::None,
            },
            Kind::Float => match whole(cell) {
                Some(Number::Whole(number)) => Value::Number(number as f64),
                Some(Number::Decimal(number)) => Value::Number(number),
                None => Value::None,
            },
            Kind::Boolean => boolean(cell).map_or(Value::None, Value::Boolean),
            Kind::Time(order) => time(cell, order).map_or(Value::None, Value::Time),
        }
    }
}

/// What the cells of a column say of its type.
#[derive(Clone, Debug, Default)]
pub struct Vote {
    integers: u64,
    decimals: u64,
    booleans: u64,
    dates: u64,
    /// Dates that are sure, or sure if the day, or the month, comes first.
    times: [u64; 3],
    texts: u64,
}

impl Vote {
    /// Counts a cell.
    pub fn count(&mut self, cell: &Cell) {
        let text = cell.text.trim();
        if text.is_empty() || is_nothing(text) {
            return;
        }
        match whole(cell) {
            Some(Number::Whole(_)) => self.integers += 1,
            Some(Number::Decimal(_)) => self.decimals += 1,
            None if boolean(cell).is_some() => self.booleans += 1,
            None => match dated(cell) {
                Some([None, None, None]) | None => self.texts += 1,
                Some(orders) => {
                    self.dates += 1;
                    for (times, order) in self.times.iter_mut().zip(orders) {
                        *times += u64::from(order.is_some());
                    }
                }
            },
        }
    }

    /// The type of the column. One without any value is text.
    pub fn kind(&self) -> Kind {
        use date::Order::{DayFirst, MonthFirst};
        let sorts = [self.integers + self.decimals, self.booleans, self.dates, self.texts];
        let mut said = sorts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(sort, _)| sort);
        let (Some(only), None) = (said.next(), said.next()) else { return Kind::Text };
        let all = self.dates;
        let [sure, day, month] = self.times.map(|count| count == all);
        match only {
            0 if self.decimals == 0 => Kind::Integer,
            0 => Kind::Float,
            1 => Kind::Boolean,
            // Where both orders would do, they do only if no date depends on it.
            2 if day && (sure || !month) => Kind::Time(DayFirst),
            2 if month && !day => Kind::Time(MonthFirst),
            _ => Kind::Text,
        }
    }
}

/// True for cells that hold a number, a date, a truth or nothing: what stands under a header, not in it.
pub fn is_data(cell: &Cell) -> bool {
    let text = cell.text.trim();
    is_nothing(text)
        || whole(cell).is_some()
        || boolean(cell).is_some()
        || date::read(text).is_some()
        || (text.len() <= 10 && text.to_ascii_lowercase().starts_with("0x"))
        || matches!(text, "Y" | "N" | "M" | "X" | "/")
}

fn is_nothing(text: &str) -> bool {
    matches!(text, "-" | "–" | "—" | "/" | "N/A" | "n/a" | "#N/A" | "NA" | "NaN" | "nan" | "NULL" | "null" | "None")
}

enum Number {
    Whole(i64),
    Decimal(f64),
}

fn whole(cell: &Cell) -> Option<Number> {
    match cell.value {
        Value::Integer(number) => return Some(Number::Whole(number)),
        Value::Number(number) if number.is_finite() => {
            let round = number.fract() == 0.0 && number.abs() < 9e15 && !cell.text.contains('.');
            return Some(if round { Number::Whole(number as i64) } else { Number::Decimal(number) });
        }
        Value::Boolean(_) | Value::Time(_) => return None,
        _ => {}
    }
    let text = cell.text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (front, fraction) = unsigned.split_once('.').map_or((unsigned, None), |(front, back)| (front, Some(back)));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let grouped = front.contains(',');
    if grouped {
        let mut groups = front.split(',');
        let first = groups.next().unwrap_or_default();
        let sound = (1..=3).contains(&first.len()) && digits(first) && groups.all(|g| g.len() == 3 && digits(g));
        sound.then_some(())?;
    }
    let bare = front.replace(',', "");
    // A number does not begin with a 0 that says nothing: such things are names.
    if !digits(&bare) || (bare.len() > 1 && bare.starts_with('0')) || bare.len() > 19 {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    match fraction {
        None if bare.is_empty() => None,
        None => match format!("{sign}{bare}").parse() {
            Ok(number) => Some(Number::Whole(number)),
            Err(_) => {
                bare.parse::<f64>().ok().map(|number| Number::Decimal(if sign.is_empty() { number } else { -number }))
            }
        },
        Some(fraction) if fraction.is_empty() || !digits(fraction) => None,
        Some(fraction) => format!("{sign}{bare}.{fraction}").parse().ok().map(Number::Decimal),
    }
}

fn boolean(cell: &Cell) -> Option<bool> {
    if let Value::Boolean(truth) = cell.value {
        return Some(truth);
    }
    match cell.text.trim().to_lowercase().as_str() {
        "true" | "yes" | "是" | "*" | "✓" | "✔" | "☑" | "✅" | "√" => Some(true),
        "false" | "no" | "否" | "⍻" | "×" => Some(false),
        _ => None,
    }
}

/// The date for sure, with the day first, with the month first.
fn dated(cell: &Cell) -> Option<[Option<String>; 3]> {
    if let Value::Time(time) = &cell.value {
        return Some([Some(time.clone()), Some(time.clone()), Some(time.clone())]);
    }
    let date = date::read(&cell.text)?;
    let sure = date.iso.clone();
    let or_sure =
        |order: Option<String>, other: &Option<String>| order.or(if other.is_none() { sure.clone() } else { None });
    let day = or_sure(date.day_first.clone(), &date.month_first);
    let month = or_sure(date.month_first.clone(), &date.day_first);
    Some([sure.clone(), day, month])
}

fn time(cell: &Cell, order: date::Order) -> Option<String> {
    let [sure, day, month] = dated(cell)?;
    let ordered = match order {
        date::Order::DayFirst => day,
        date::Order::MonthFirst => month,
    };
    ordered.or(sure)
}
