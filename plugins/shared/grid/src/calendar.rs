//! Day numbers of spreadsheets.

/// Where day numbers begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calendar {
    /// Day 1 is 1900-01-01, and 1900 has a 29 February that never was.
    #[default]
    From1900,
    /// Day 0 is 1904-01-01.
    From1904,
}

/// A point in time as a sheet knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Proleptic Gregorian.
    pub year: i64,
    /// 1–12.
    pub month: i64,
    /// 1–31.
    pub day: i64,
    /// Seconds since midnight.
    pub seconds: i64,
}

impl Calendar {
    /// The moment of a day number; none outside of the years that sheets have (up to 9999).
    pub fn moment(self, number: f64) -> Option<Moment> {
        if !(0.0..2_958_466.0).contains(&number) {
            return None;
        }
        // Half a second is what binary fractions of a day lose at most.
        let mut day = number.floor() as i64;
        let mut seconds = ((number - number.floor()) * 86_400.0).round() as i64;
        if seconds >= 86_400 {
            (day, seconds) = (day + 1, 0);
        }
        let since_1970 = match self {
            Calendar::From1904 => day - 24_107,
            Calendar::From1900 if day > 60 => day - 25_569,
            Calendar::From1900 => day - 25_568,
        };
        let (year, month, day) = civil(since_1970);
        Some(Moment { year, month, day, seconds })
    }
}

impl Moment {
    /// `2024-05-01`.
    pub fn date(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// `13:45:00`.
    pub fn time(&self) -> String {
        format!("{:02}:{:02}:{:02}", self.seconds / 3600, self.seconds / 60 % 60, self.seconds % 60)
    }
}

/// Days since 1970 → year, month, day, computed in eras of 400 years.
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
    fn day_numbers_are_dates() {
        let at = |calendar: Calendar, n: f64| {
            let m = calendar.moment(n).unwrap();
            format!("{} {}", m.date(), m.time())
        };
        assert_eq!(at(Calendar::From1900, 1.0), "1900-01-01 00:00:00");
        assert_eq!(at(Calendar::From1900, 59.0), "1900-02-28 00:00:00");
        assert_eq!(at(Calendar::From1900, 61.0), "1900-03-01 00:00:00");
        assert_eq!(at(Calendar::From1900, 45_413.572_916_666_664), "2024-05-01 13:45:00");
        assert_eq!(at(Calendar::From1904, 43_951.0), "2024-05-01 00:00:00");
        assert_eq!(at(Calendar::From1900, 45_412.999_999_9), "2024-05-01 00:00:00");
        assert_eq!(Calendar::From1900.moment(-1.0), None);
        assert_eq!(Calendar::From1900.moment(f64::NAN), None);
    }
}
