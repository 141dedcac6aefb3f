//! Dates, read strictly: what might be something else is none.

/// Which of two small numbers is the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// 31/12/2024.
    DayFirst,
    /// 12/31/2024.
    MonthFirst,
}

/// A date, perhaps with a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Date {
    /// ISO 8601, if the day and the month can be told.
    pub iso: Option<String>,
    /// The same if the day comes first, and if the month does; where only one of these can be, it says which it is.
    pub day_first: Option<String>,
    /// See above.
    pub month_first: Option<String>,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const LONG_MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Reads `2024-05-01`, `2024/5/1`, `2024.5.1`, `2024年5月1日`, `1 May 2024`, `May 1, 2024`, `1.5.2024`, `5/1/2024`, each
/// perhaps with a time behind it. A month's name, a year or a number alone is no date.
pub fn read(text: &str) -> Option<Date> {
    let text = text.trim();
    if text.len() > 48 || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (date, time) = split_time(text)?;
    let with = |day: Option<String>| day.map(|day| day + &time);
    let plain = |iso: Option<String>| iso.map(|iso| Date { iso: Some(iso), day_first: None, month_first: None });
    if let Some(found) = chinese(date).or_else(|| year_first(date)).or_else(|| with_name(date)) {
        return plain(with(Some(found)));
    }
    let numbers: Vec<&str> = date.split(['/', '.', '-']).collect();
    let [a, b, year] = numbers[..] else { return None };
    let same = date.chars().filter(|c| !c.is_ascii_digit()).collect::<Vec<_>>();
    if same.len() != 2 || same[0] != same[1] || year.len() != 4 {
        return None;
    }
    let (a, b, year) = (number(a, 2)?, number(b, 2)?, number(year, 4)?);
    let day_first = with(iso(year, b, a));
    // With full stops it is always the day that comes first.
    let month_first = if same[0] == '.' { None } else { with(iso(year, a, b)) };
    let iso = match (&day_first, &month_first) {
        (Some(one), None) | (None, Some(one)) => Some(one.clone()),
        (Some(one), Some(other)) if one == other => Some(one.clone()),
        (None, None) => return None,
        _ => None,
    };
    Some(Date { iso, day_first, month_first })
}

fn chinese(date: &str) -> Option<String> {
    let (year, rest) = date.split_once('年')?;
    let (month, rest) = rest.split_once('月')?;
    let day = rest.trim().strip_suffix(['日', '号'])?;
    iso(number(year.trim(), 4)?, number(month.trim(), 2)?, number(day.trim(), 2)?)
}

fn year_first(date: &str) -> Option<String> {
    let mark = date.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '-' | '/' | '.'))?;
    let parts: Vec<&str> = date.split(mark).collect();
    let [year, month, day] = parts[..] else { return None };
    (year.len() == 4).then_some(())?;
    iso(number(year, 4)?, number(month, 2)?, number(day, 2)?)
}

fn with_name(date: &str) -> Option<String> {
    let lower = date.to_lowercase();
    let words: Vec<&str> = lower.split([' ', '-', ',']).filter(|word| !word.is_empty()).collect();
    let [a, b, year] = words[..] else { return None };
    let month = |word: &str| {
        let word = word.trim_end_matches('.');
        let found = MONTHS.iter().position(|name| *name == word);
        found.or_else(|| LONG_MONTHS.iter().position(|name| *name == word)).map(|at| at as u32 + 1)
    };
    let day = |word: &str| {
        let word = ["st", "nd", "rd", "th", "."].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
        number(word, 2)
    };
    let (month, day) = match (month(a), month(b)) {
        (Some(month), _) => (month, day(b)?),
        (None, Some(month)) => (month, day(a)?),
        _ => return None,
    };
    (year.len() == 4).then_some(())?;
    iso(number(year, 4)?, month, day)
}

/// The day, and the time as ISO 8601 has it, with its `T`.
fn split_time(text: &str) -> Option<(&str, String)> {
    let Some(colon) = text.find(':') else { return Some((text, String::new())) };
    let start = text[..colon].rfind(|c: char| !c.is_ascii_digit())?;
    let (date, time) = (text[..start].trim_end(), &text[start..]);
    if !time.starts_with(['T', 't', ' ']) || date.is_empty() {
        return None;
    }
    let time = time[1..].trim();
    let digits = time.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.')).unwrap_or(time.len());
    let (clock, zone) = (&time[..digits], time[digits..].trim());
    let parts: Vec<&str> = clock.split(':').collect();
    let (hour, minute, second) = match parts[..] {
        [hour, minute] => (hour, minute, "00"),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let (mut hour, minute) = (number(hour, 2)?, number(minute, 2)?);
    let (whole, fraction) = second.split_once('.').map_or((second, ""), |(whole, fraction)| (whole, fraction));
    let seconds = number(whole, 2)?;
    let zone = match zone.to_ascii_uppercase().as_str() {
        "" => String::new(),
        "Z" | "UTC" | "GMT" => "Z".into(),
        "AM" if (1..=12).contains(&hour) => {
            hour %= 12;
            String::new()
        }
        "PM" if (1..=12).contains(&hour) => {
            hour = hour % 12 + 12;
            String::new()
        }
        zone if zone.starts_with(['+', '-'])
            && matches!(zone.len(), 5 | 6)
            && zone[1..].bytes().all(|b| b.is_ascii_digit() || b == b':') =>
        {
            zone.to_owned()
        }
        _ => return None,
    };
    if hour > 23 || minute > 59 || seconds > 60 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let dot = if fraction.is_empty() { "" } else { "." };
    Some((date, format!("T{hour:02}:{minute:02}:{seconds:02}{dot}{fraction}{zone}")))
}

fn number(text: &str, longest: usize) -> Option<u32> {
    let digits = (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn iso(year: u32, month: u32, day: u32) -> Option<String> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    ((1000..=9999).contains(&year) && (1..=days).contains(&day)).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_what_is_none() {
        let sure = |text: &str| read(text).and_then(|date| date.iso);
        for (text, expected) in [
            ("2024-05-01", "2024-05-01"),
            ("2024/5/1", "2024-05-01"),
            ("2024年5月1日", "2024-05-01"),
            ("1 May 2024", "2024-05-01"),
            ("May 1st, 2024", "2024-05-01"),
            ("03-Sep-1999", "1999-09-03"),
            ("1.5.2024", "2024-05-01"),
            ("31/12/2024", "2024-12-31"),
            ("12/31/2024", "2024-12-31"),
            ("2024-05-01 13:05", "2024-05-01T13:05:00"),
            ("2024-05-01T13:05:09.250Z", "2024-05-01T13:05:09.250Z"),
            ("2024-05-01 01:05:09 PM", "2024-05-01T13:05:09"),
            ("2024-05-01T13:05:09+02:00", "2024-05-01T13:05:09+02:00"),
            ("2024-02-29", "2024-02-29"),
        ] {
            assert_eq!(sure(text).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["May", "007", "2024", "2023-02-29", "13:05", "1.5.24", "31/31/2024", "2024-5", "192.168.1.1", "1-2-3", ""]
        {
            assert_eq!(read(text), None, "{text}");
        }
        let unsure = read("5/4/2024").unwrap();
        assert_eq!((unsure.iso, unsure.day_first.as_deref()), (None, Some("2024-04-05")));
    }
}
