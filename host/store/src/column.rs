//! How values are kept in columns: lists and objects as JSON, vectors as bytes, names folded for comparison.

use crate::error::Fault;
use mortise_domain::{Millis, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// What reading a row gives.
pub(crate) type Read<T> = Result<T, sqlx::Error>;

/// Milliseconds since 1970.
pub(crate) fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

/// `HH:MM:SS`, UTC.
pub(crate) fn time_of_day(at: Millis) -> String {
    let seconds = at.div_euclid(1000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A name as compared when case is ignored: letter by letter, so that the fold of a beginning is the beginning of the
/// fold.
pub(crate) fn fold(name: &str) -> String {
    name.chars().flat_map(char::to_lowercase).collect()
}

/// Lower-case extension without the dot.
pub(crate) fn suffix(name: &str) -> String {
    name.rsplit_once('.').map(|(_, suffix)| suffix.to_lowercase()).unwrap_or_default()
}

/// A value as JSON text.
pub(crate) fn json<T: Serialize + ?Sized>(what: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Fault::Json { what, error }.into())
}

/// Texts as a JSON list, for `IN (SELECT value FROM json_each($1))`: one parameter however many there are.
pub(crate) fn list<'a, I: AsRef<str> + 'a>(items: impl IntoIterator<Item = I>) -> Result<String> {
    let items: Vec<I> = items.into_iter().collect();
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    json("a list", &items)
}

/// A JSON column.
pub(crate) fn from_json<T: DeserializeOwned>(row: &SqliteRow, column: &'static str) -> Read<T> {
    let text: &str = row.try_get(column)?;
    serde_json::from_str(text).map_err(|error| bad(column, error))
}

/// An id column.
pub(crate) fn id<T: From<String>>(row: &SqliteRow, column: &'static str) -> Read<T> {
    Ok(T::from(row.try_get::<String, _>(column)?))
}

/// A 0/1 column.
pub(crate) fn flag(row: &SqliteRow, column: &'static str) -> Read<bool> {
    Ok(row.try_get::<i64, _>(column)? != 0)
}

/// A column that cannot be read.
pub(crate) fn bad(column: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.into(), source: error.into() }
}

/// A vector as bytes.
pub(crate) fn vector_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// Bytes as a vector.
pub(crate) fn vector(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_day_is_utc() {
        assert_eq!(time_of_day(1_741_940_464_000), "08:21:04");
        assert_eq!(time_of_day(-1), "23:59:59");
    }

    #[test]
    fn vectors_survive_the_way_through_bytes() {
        let original = [0.5, -1.25, f32::MIN_POSITIVE, 3.0e38];
        assert_eq!(vector(&vector_bytes(&original)), original);
    }

    #[test]
    fn suffixes() {
        assert_eq!(suffix("Report.FINAL.PDF"), "pdf");
        assert_eq!(suffix(".txt"), "txt");
        assert_eq!(suffix("README"), "");
    }
}
