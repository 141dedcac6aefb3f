//! Number formats (`#,##0.00;[Red]-#,##0.00`, `yyyy\-mm\-dd`): from a number to the text that a person sees.

use crate::calendar::Calendar;
use mortise_sdk::document::Value;

/// What a cell shows, and what it is.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its text; dates in ISO 8601.
    pub text: String,
    /// Its value.
    pub value: Value,
}

/// A number format, understood once and used for many cells.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// As many digits as it takes.
    #[default]
    General,
    /// As text.
    Text,
    /// Day, or day and time, or time.
    Time {
        /// It shows a day.
        day: bool,
        /// It shows a time of day.
        clock: bool,
    },
    /// Hours, minutes or seconds that go on past a day.
    Elapsed,
    /// Fixed decimals.
    Fixed(Vec<Section>),
}

/// One of the sections of a format, which `;` parts: positive, negative, zero.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Section {
    prefix: String,
    suffix: String,
    decimals: usize,
    /// Decimals that are shown although they are zero.
    least: usize,
    digits: usize,
    grouped: bool,
    percent: bool,
    scientific: bool,
    /// Each comma after the digits divides by a thousand.
    scale: i32,
    /// It has places for digits at all.
    number: bool,
}

/// Longer formats than this are not read: Excel allows 255 characters.
const LONGEST: usize = 1_000;

impl Format {
    /// Of a format code.
    pub fn parse(code: &str) -> Self {
        let code = code.trim();
        if code.is_empty() || code.len() > LONGEST || code.eq_ignore_ascii_case("general") {
            return Format::General;
        }
        if code == "@" {
            return Format::Text;
        }
        let sections: Vec<Vec<Token>> = split(code);
        let first = sections.first().map(Vec::as_slice).unwrap_or_default();
        if first.iter().any(|t| matches!(t, Token::Elapsed)) {
            return Format::Elapsed;
        }
        let letters: Vec<char> =
            first.iter().filter_map(|t| if let Token::Letter(c) = t { Some(*c) } else { None }).collect();
        let day = letters.iter().any(|c| matches!(c, 'y' | 'd' | 'g' | 'e'));
        let clock = letters.iter().any(|c| matches!(c, 'h' | 's'));
        if day || clock || (letters.contains(&'m') && !first.iter().any(|t| matches!(t, Token::Digit(_)))) {
            return Format::Time { day: day || !clock, clock };
        }
        let conditions = sections.iter().flatten().any(|t| matches!(t, Token::Condition | Token::General));
        if conditions || first.iter().any(|t| matches!(t, Token::Fraction)) {
            return Format::General;
        }
        Format::Fixed(sections.iter().map(|tokens| section(tokens)).collect())
    }

    /// One of the formats that files name by number only.
    pub fn built_in(id: u32) -> Self {
        Self::parse(match id {
            1 => "0",
            2 => "0.00",
            3 => "#,##0",
            4 => "#,##0.00",
            5 | 6 => "\"$\"#,##0;-\"$\"#,##0",
            7 | 8 => "\"$\"#,##0.00;-\"$\"#,##0.00",
            9 => "0%",
            10 => "0.00%",
            11 => "0.00E+00",
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => "yyyy-mm-dd",
            18..=21 | 32..=35 | 45 | 47 | 55 | 56 => "hh:mm:ss",
            22 => "yyyy-mm-dd hh:mm",
            37 | 38 => "#,##0;(#,##0)",
            39 | 40 => "#,##0.00;(#,##0.00)",
            41 => "#,##0;-#,##0",
            42 => "\"$\"#,##0;-\"$\"#,##0",
            43 => "#,##0.00;-#,##0.00",
            44 => "\"$\"#,##0.00;-\"$\"#,##0.00",
            46 => "[h]:mm:ss",
            48 => "##0.0E+0",
            49 => "@",
            _ => "General",
        })
    }

    /// What a cell with this number shows.
    pub fn show(&self, number: f64, calendar: Calendar) -> Shown {
        let plain = || Shown { text: general(number), value: value(number) };
        match self {
            Format::General | Format::Text => plain(),
            Format::Time { day, clock } => {
                let Some(moment) = calendar.moment(number) else { return plain() };
                let (text, iso) = match (day, clock) {
                    (true, false) => (moment.date(), moment.date()),
                    (false, _) => (moment.time(), moment.time()),
                    (true, true) => {
                        (format!("{} {}", moment.date(), moment.time()), format!("{}T{}", moment.date(), moment.time()))
                    }
                };
                Shown { text, value: Value::Time(iso) }
            }
            Format::Elapsed => {
                let seconds = (number * 86_400.0).round();
                if seconds.is_nan() || seconds.abs() >= 1e15 {
                    return plain();
                }
                let (sign, seconds) = (if seconds < 0.0 { "-" } else { "" }, seconds.abs() as u64);
                let text = format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
                Shown { text, value: Value::Number(number) }
            }
            Format::Fixed(sections) => {
                let pick = match sections.len() {
                    0 => return plain(),
                    1 => 0,
                    _ if number < 0.0 => 1,
                    2 => 0,
                    _ if number == 0.0 => 2,
                    _ => 0,
                };
                let own_sign = pick == 1;
                match sections.get(pick).and_then(|s| s.show(if own_sign { number.abs() } else { number })) {
                    Some(text) => Shown { text, value: value(number) },
                    None => plain(),
                }
            }
        }
    }
}

impl Section {
    fn show(&self, number: f64) -> Option<String> {
        if !self.number {
            // A section of words alone shows only them; one without anything hides the number.
            let text = format!("{}{}", self.prefix, self.suffix);
            return (!text.trim().is_empty()).then(|| text.trim().to_string());
        }
        let scaled = number * if self.percent { 100.0 } else { 1.0 } / 1000f64.powi(self.scale);
        if !scaled.is_finite() || scaled.abs() >= 1e21 {
            return None;
        }
        let mut body = if self.scientific {
            let text = format!("{scaled:.*E}", self.decimals);
            let (mantissa, exponent) = text.split_once('E')?;
            let exponent: i32 = exponent.parse().ok()?;
            format!("{mantissa}E{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
        } else {
            // Excel rounds the decimal number that it shows, not the binary one that it stores.
            let nudged = scaled + scaled.signum() * scaled.abs() * 1e-15;
            format!("{nudged:.*}", self.decimals)
        };
        if !self.scientific && self.decimals > self.least {
            while body.contains('.')
                && body.ends_with('0')
                && body.rsplit('.').next().is_some_and(|f| f.len() > self.least)
            {
                body.pop();
            }
            if body.ends_with('.') {
                body.pop();
            }
        }
        let (sign, unsigned) = match body.strip_prefix('-') {
            Some(rest) if rest.bytes().any(|b| (b'1'..=b'9').contains(&b)) => ("-", rest),
            Some(rest) => ("", rest),
            None => ("", body.as_str()),
        };
        let (whole, rest) = unsigned.split_at(unsigned.find(['.', 'E']).unwrap_or(unsigned.len()));
        let mut whole = format!("{}{whole}", "0".repeat(self.digits.saturating_sub(whole.len())));
        if self.grouped {
            let bare = std::mem::take(&mut whole);
            for (i, c) in bare.chars().enumerate() {
                if i > 0 && (bare.len() - i) % 3 == 0 {
                    whole.push(',');
                }
                whole.push(c);
            }
        }
        let percent = if self.percent { "%" } else { "" };
        Some(format!("{}{sign}{whole}{rest}{percent}{}", self.prefix, self.suffix).trim().to_string())
    }
}

/// A piece of a format code.
enum Token {
    /// `0`, `#`, `?`.
    Digit(char),
    Point,
    Comma,
    Percent,
    Exponent,
    Fraction,
    /// A letter that stands for a part of a date.
    Letter(char),
    Elapsed,
    Condition,
    General,
    Literal(char),
}

fn split(code: &str) -> Vec<Vec<Token>> {
    let mut sections = vec![Vec::new()];
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let mut used = c.len_utf8();
        let after = &rest[used..];
        let Some(tokens) = sections.last_mut() else { break };
        match c {
            ';' => sections.push(Vec::new()),
            '"' => {
                let end = after.find('"').unwrap_or(after.len());
                tokens.extend(after[..end].chars().map(Token::Literal));
                used += (end + 1).min(after.len());
            }
            '\\' | '!' => {
                if let Some(next) = after.chars().next() {
                    tokens.push(Token::Literal(next));
                    used += next.len_utf8();
                }
            }
            // A blank as wide as the next character, and a character that fills the cell.
            '_' | '*' => {
                if c == '_' {
                    tokens.push(Token::Literal(' '));
                }
                used += after.chars().next().map_or(0, char::len_utf8);
            }
            '[' => {
                let end = after.find(']').unwrap_or(after.len());
                bracket(&after[..end], tokens);
                used += (end + 1).min(after.len());
            }
            '0' | '#' | '?' => tokens.push(Token::Digit(c)),
            '.' => tokens.push(Token::Point),
            ',' => tokens.push(Token::Comma),
            '%' => tokens.push(Token::Percent),
            '/' if tokens.iter().any(|t| matches!(t, Token::Digit(_))) => tokens.push(Token::Fraction),
            'E' | 'e' if after.starts_with(['+', '-']) => {
                tokens.push(Token::Exponent);
                used += 1;
            }
            _ if rest.get(..7).is_some_and(|s| s.eq_ignore_ascii_case("general")) => {
                tokens.push(Token::General);
                used = 7;
            }
            _ if rest.get(..5).is_some_and(|s| s.eq_ignore_ascii_case("am/pm")) => used = 5,
            _ if rest.get(..3).is_some_and(|s| s.eq_ignore_ascii_case("a/p")) => used = 3,
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' | 'g' | 'G' | 'e' | 'E' => {
                tokens.push(Token::Letter(c.to_ascii_lowercase()));
            }
            '@' => {}
            c => tokens.push(Token::Literal(c)),
        }
        rest = rest.get(used..).unwrap_or_default();
    }
    sections
}

/// What stands in brackets: a currency with its locale, elapsed time, a condition, or a colour.
fn bracket(inside: &str, tokens: &mut Vec<Token>) {
    if let Some(currency) = inside.strip_prefix('$') {
        let sign = currency.split('-').next().unwrap_or_default();
        tokens.extend(sign.chars().map(Token::Literal));
    } else if !inside.is_empty() && inside.bytes().all(|b| matches!(b.to_ascii_lowercase(), b'h' | b'm' | b's')) {
        tokens.push(Token::Elapsed);
    } else if inside.starts_with(['<', '>', '=']) {
        tokens.push(Token::Condition);
    }
}

fn section(tokens: &[Token]) -> Section {
    let mut section = Section::default();
    let mut pending = 0;
    let mut in_decimals = false;
    let mut in_exponent = false;
    for token in tokens {
        match token {
            Token::Digit(c) if in_exponent => debug_assert!(matches!(c, '0' | '#' | '?')),
            Token::Digit(c) => {
                section.number = true;
                section.grouped |= std::mem::take(&mut pending) > 0 && !in_decimals;
                if in_decimals {
                    section.decimals += 1;
                    if *c == '0' {
                        section.least = section.decimals;
                    }
                } else if *c == '0' {
                    section.digits += 1;
                }
            }
            Token::Point => in_decimals = true,
            Token::Comma if section.number => pending += 1,
            Token::Percent => section.percent = true,
            Token::Exponent => (section.scientific, in_exponent) = (true, true),
            Token::Literal(c) if section.number => section.suffix.push(*c),
            Token::Literal(c) => section.prefix.push(*c),
            _ => {}
        }
    }
    section.scale = pending;
    // Thirty decimals are what Excel allows.
    section.decimals = section.decimals.min(30);
    section.digits = section.digits.min(30);
    section
}

/// Whole numbers are integers.
fn value(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 { Value::Integer(number as i64) } else { Value::Number(number) }
}

/// Up to fifteen significant digits, which is what a sheet calculates with.
fn general(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return if number == 0.0 { "0".into() } else { number.to_string() };
    }
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    if (1e-5..1e16).contains(&rounded.abs()) { rounded.to_string() } else { format!("{rounded:E}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: &str, number: f64) -> String {
        Format::parse(code).show(number, Calendar::From1900).text
    }

    #[test]
    fn numbers_are_shown_as_a_person_sees_them() {
        for (code, number, text) in [
            ("General", 0.1 + 0.2, "0.3"),
            ("General", 1e21, "1E21"),
            ("0.00", 1.005, "1.01"),
            ("0", -0.2, "0"),
            ("#,##0", 1_234_567.0, "1,234,567"),
            ("#,##0.00_);(#,##0.00)", -12.5, "(12.50)"),
            ("0.0#", 2.5, "2.5"),
            ("0%", 0.125, "13%"),
            ("0.0%", 0.125, "12.5%"),
            ("\"$\"#,##0.00", 5.0, "$5.00"),
            ("[$€-407] #,##0.00", 5.0, "€ 5.00"),
            ("_ \"￥\"* #,##0.00_ ;_ \"￥\"* \\-#,##0.00_ ;_ \"￥\"* \"-\"??_ ;_ @_ ", -3.0, "￥-3.00"),
            ("_ * #,##0_ ;_ * \\-#,##0_ ;_ * \"-\"_ ;_ @_ ", 0.0, "-"),
            ("0.00E+00", 12345.0, "1.23E+04"),
            ("00000", 42.0, "00042"),
            ("0.0,,\"M\"", 12_300_000.0, "12.3M"),
            ("# ?/?", 0.5, "0.5"),
            ("[Red]0.0", 1.25, "1.3"),
            ("[<1]0.0;0", 0.5, "0.5"),
            ("yyyy-mm-dd", 45_413.0, "2024-05-01"),
            ("m/d/yy h:mm", 45_413.5, "2024-05-01 12:00:00"),
            ("[$-F400]h:mm:ss\\ AM/PM", 0.75, "18:00:00"),
            ("[h]:mm", 1.5, "36:00:00"),
            ("yyyy\"年\"m\"月\"", 45_413.0, "2024-05-01"),
            ("mmm", 45_413.0, "2024-05-01"),
            ("@", 12.0, "12"),
            ("dd.mm.yyyy", -5.0, "-5"),
        ] {
            assert_eq!(shown(code, number), text, "{code}");
        }
    }

    #[test]
    fn values_keep_their_type() {
        let value = |code: &str, n| Format::parse(code).show(n, Calendar::From1900).value;
        assert!(matches!(value("0%", 0.5), Value::Number(n) if n == 0.5));
        assert!(matches!(value("0.00", 5.0), Value::Integer(5)));
        assert!(matches!(value("d/m/y h:m", 45_413.5), Value::Time(t) if t == "2024-05-01T12:00:00"));
    }

    proptest::proptest! {
        #[test]
        fn no_format_panics(code in "[0#?.,%;@\\[\\]\"\\\\_*ymdhsE+/$ é]{0,30}", number in proptest::num::f64::ANY) {
            let _ = Format::parse(&code).show(number, Calendar::From1904);
        }
    }
}
