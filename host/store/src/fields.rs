//! Typed columns of a chunk as JSON: a list of `[name, value]`, with times as `{"time": "…"}` and numbers told from
//! integers by their point.

use crate::column::{Read, bad, json};
use mortise_domain::Result;
use mortise_domain::block::Value;
use serde_json::{Value as Json, json as object};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

pub(crate) fn encode(fields: &[(String, Value)]) -> Result<String> {
    let value = |value: &Value| match value {
        Value::None => Json::Null,
        Value::Text(text) => Json::from(text.as_str()),
        Value::Integer(number) => Json::from(*number),
        // A number that JSON cannot write is no number.
        Value::Number(number) => Json::from(*number),
        Value::Boolean(truth) => Json::from(*truth),
        Value::Time(time) => object!({ "time": time }),
    };
    let fields: Vec<(&str, Json)> = fields.iter().map(|(name, given)| (name.as_str(), value(given))).collect();
    json("fields", &fields)
}

pub(crate) fn decode(row: &SqliteRow, column: &'static str) -> Read<Vec<(String, Value)>> {
    let fields: Vec<(String, Json)> = serde_json::from_str(row.try_get(column)?).map_err(|error| bad(column, error))?;
    let value = |value: Json| match value {
        Json::Null => Ok(Value::None),
        Json::String(text) => Ok(Value::Text(text)),
        Json::Bool(truth) => Ok(Value::Boolean(truth)),
        Json::Number(number) => match number.as_i64().filter(|_| !number.is_f64()) {
            Some(integer) => Ok(Value::Integer(integer)),
            None => number.as_f64().map(Value::Number).ok_or_else(|| bad(column, "a number out of range")),
        },
        Json::Object(object) => match object.get("time").and_then(Json::as_str) {
            Some(time) => Ok(Value::Time(time.to_owned())),
            None => Err(bad(column, "an unknown type of value")),
        },
        Json::Array(_) => Err(bad(column, "a list is no value")),
    };
    fields.into_iter().map(|(name, given)| Ok((name, value(given)?))).collect()
}
