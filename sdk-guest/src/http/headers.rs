//! Header fields of an answer, and the one header whose value needs reading: `Retry-After`.

/// Headers in the order received, found by name in any case.
#[derive(Debug)]
pub(super) struct Headers(Vec<(String, String)>);

impl Headers {
    pub(super) fn new(entries: Vec<(String, String)>) -> Self {
        Self(entries)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Milliseconds to wait by a `Retry-After` value (RFC 9110, 10.2.3): seconds (a fraction is tolerated), or a date,
/// which is compared with the answer's own `Date` so that the guest needs no clock. `None` when it cannot be read.
pub(super) fn retry_after_ms(value: &str, date: Option<&str>) -> Option<u32> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return (seconds.is_finite() && seconds >= 0.0).then_some((seconds * 1000.0) as u32);
    }
    let seconds = unix_seconds(value)?.checked_sub(unix_seconds(date?)?)?.max(0);
    Some(u32::try_from(seconds.saturating_mul(1000)).unwrap_or(u32::MAX))
}

/// Seconds since 1970 of an HTTP date in the form that servers must send, `Wed, 21 Oct 2015 07:28:00 GMT`.
fn unix_seconds(date: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = date.split_ascii_whitespace().skip(1);
    let day = words.next()?.parse::<i64>().ok().filter(|d| (1..=31).contains(d))?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|m| *m == month)? as i64 + 1;
    let year = words.next()?.parse::<i64>().ok().filter(|y| (1970..=9999).contains(y))?;
    let mut time = words.next()?.split(':').map(|n| n.parse::<i64>().ok().filter(|n| (0..=60).contains(n)));
    let (hours, minutes, seconds) = (time.next()??, time.next()??, time.next()??);
    // Days from the civil date, with the year beginning in March so that leap days come last.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year_of_era) = (y / 400, y % 400);
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * m + 2) / 5 + day - 1;
    Some((days - 719_468) * 86_400 + hours * 3600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds() {
        assert_eq!(retry_after_ms("3", None), Some(3000));
        assert_eq!(retry_after_ms(" 0.25 ", None), Some(250));
        assert_eq!(retry_after_ms("99999999999", None), Some(u32::MAX));
        for bad in ["", "-1", "soon", "inf", "nan"] {
            assert_eq!(retry_after_ms(bad, None), None, "{bad:?}");
        }
    }

    #[test]
    fn dates_count_from_the_answers_own() {
        let (at, now) = ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:27:15 GMT");
        assert_eq!(retry_after_ms(at, Some(now)), Some(45_000));
        assert_eq!(retry_after_ms(now, Some(at)), Some(0));
        assert_eq!(retry_after_ms(at, None), None);
        assert_eq!(retry_after_ms("Wed, 41 Oct 2015 07:28:00 GMT", Some(now)), None);
        assert_eq!(retry_after_ms("Wed, 21 Oct 2015", Some(now)), None);
    }

    #[test]
    fn known_instants() {
        assert_eq!(unix_seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(unix_seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(unix_seconds("Thu, 29 Feb 2024 12:00:00 GMT"), Some(1_709_208_000));
        assert_eq!(unix_seconds("Sat, 01 Mar 2025 00:00:00 GMT"), Some(1_740_787_200));
    }
}
