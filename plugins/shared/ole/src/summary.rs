//! Title, author and dates: the property set `SummaryInformation` (MS-OLEPS).

use crate::code_page::decode;
use crate::compound::{Ole, u16_at, u32_at};
use serde_json::{Map, Value};

/// Larger property sets hold thumbnails, which nobody needs here; what stands in the first bytes is enough.
const MOST: usize = 256 << 10;

/// What the document says of itself, under the keys that zip formats use too: `title`, `subject`, `author`, `keywords`,
/// `description`, `last_modified_by`, `created`, `modified`. Missing or damaged sets give an empty map.
pub fn summary(ole: &Ole<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    let Ok(stream) = ole.stream("\u{5}SummaryInformation") else { return fields };
    let bytes = stream.read_at(0, MOST);
    let Some(section) = bytes.get(u32_at(&bytes, 44) as usize..).filter(|s| s.len() >= 8) else { return fields };
    let count = (u32_at(section, 4) as usize).min(256);
    let properties: Vec<(u32, usize)> =
        (0..count).map(|i| (u32_at(section, 8 + i * 8), u32_at(section, 12 + i * 8) as usize)).collect();
    let code_page = properties.iter().find(|(id, _)| *id == 1).map_or(1252, |(_, at)| u16_at(section, at + 4));
    for (id, at) in properties {
        let Some(name) = field_name(id) else { continue };
        let Some(value) = section.get(at..).and_then(|raw| value(raw, code_page)) else { continue };
        if !value.trim().is_empty() {
            fields.insert(name.into(), value.trim().into());
        }
    }
    fields
}

fn field_name(id: u32) -> Option<&'static str> {
    Some(match id {
        2 => "title",
        3 => "subject",
        4 => "author",
        5 => "keywords",
        6 => "description",
        8 => "last_modified_by",
        12 => "created",
        13 => "modified",
        _ => return None,
    })
}

fn value(raw: &[u8], code_page: u16) -> Option<String> {
    let length = u32_at(raw, 4) as usize;
    match u16_at(raw, 0) {
        30 => {
            let text = decode(raw.get(8..8usize.checked_add(length)?)?, code_page);
            Some(text.trim_end_matches('\0').to_string())
        }
        31 => {
            let text = decode(raw.get(8..8usize.checked_add(length.checked_mul(2)?)?)?, 1200);
            Some(text.trim_end_matches('\0').to_string())
        }
        64 => time(u64::from(u32_at(raw, 4)) | u64::from(u32_at(raw, 8)) << 32),
        _ => None,
    }
}

/// A FILETIME (100 ns since 1601) as ISO 8601.
fn time(ticks: u64) -> Option<String> {
    // Seconds between 1601 and 1970.
    let seconds = (ticks / 10_000_000).checked_sub(11_644_473_600)?;
    let (days, clock) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days as i64);
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    (year <= 9999).then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// Days since 1970 → year, month, day (the proleptic Gregorian calendar, computed in eras of 400 years).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_times_are_dates() {
        assert_eq!(time(116_444_736_000_000_000).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(time(133_500_000_000_000_000).as_deref(), Some("2024-01-17T21:20:00Z"));
        assert_eq!(time(0), None);
    }
}
