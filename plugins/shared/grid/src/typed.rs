//! The value that a piece of text stands for.

use mortise_sdk::document::Value;

/// Whole numbers without leading zeros, decimals with a point, true and false, and dates of ISO 8601 have values of their
/// type; everything else is text: `007` is a name, `1,5` may be two numbers, and a long card number is no quantity.
pub fn typed(text: &str) -> Value {
    let text = text.trim();
    if text.is_empty() {
        return Value::None;
    }
    let first = text.as_bytes()[0];
    if first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.') {
        if let Some(number) = number(text) {
            return number;
        }
        if let Some(time) = time(text) {
            return Value::Time(time);
        }
    }
    match text.len() {
        4 if text.eq_ignore_ascii_case("true") => Value::Boolean(true),
        5 if text.eq_ignore_ascii_case("false") => Value::Boolean(false),
        _ => Value::Text(text.to_string()),
    }
}

fn number(text: &str) -> Option<Value> {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match body.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (body, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let whole_fits = digits(whole) && (whole == "0" || !whole.starts_with('0'));
    match (fraction, exponent) {
        (None, None) if whole_fits => text.strip_prefix('+').unwrap_or(text).parse().ok().map(Value::Integer),
        (None, None) => None,
        (fraction, exponent) => {
            let fits = (whole_fits || (whole.is_empty() && fraction.is_some()))
                && fraction.is_none_or(digits)
                && exponent.is_none_or(|e| digits(e.strip_prefix(['-', '+']).unwrap_or(e)));
            // Without a point, `12e5` is as likely a name.
            let fits = fits && (fraction.is_some() || exponent.is_some_and(|e| e.starts_with(['-', '+'])));
            fits.then(|| text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::Number)).flatten()
        }
    }
}

/// `2024-05-01`, also with a time after `T` or a blank, with or without seconds, fractions and zone.
fn time(text: &str) -> Option<String> {
    let field = |from: usize, to: usize| -> Option<u32> {
        let part = text.get(from..to)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let dash = |at: usize| text.as_bytes().get(at) == Some(&b'-');
    let (_, month, day) = (field(0, 4)?, field(5, 7)?, field(8, 10)?);
    if !dash(4) || !dash(7) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let Some(rest) = text.get(10..).filter(|r| !r.is_empty()) else { return Some(text.to_string()) };
    let clock = rest.strip_prefix(['T', ' '])?;
    let (hour, minute) = (field(11, 13)?, field(14, 16)?);
    if hour > 24 || minute > 59 || clock.as_bytes().get(2) != Some(&b':') {
        return None;
    }
    let tail = clock.get(5..)?;
    let allowed = |b: u8| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'+' | b'-' | b'Z');
    tail.bytes().all(allowed).then(|| format!("{}T{clock}", &text[..10]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_values_they_stand_for() {
        for (text, value) in [
            ("12", Value::Integer(12)),
            ("-0", Value::Integer(0)),
            ("1.50", Value::Number(1.5)),
            ("-.5", Value::Number(-0.5)),
            ("1.2e-3", Value::Number(0.0012)),
            ("TRUE", Value::Boolean(true)),
            ("2024-05-01", Value::Time("2024-05-01".into())),
            ("2024-05-01 13:45", Value::Time("2024-05-01T13:45".into())),
            ("2024-05-01T13:45:00Z", Value::Time("2024-05-01T13:45:00Z".into())),
            ("  ", Value::None),
        ] {
            assert_eq!(format!("{:?}", typed(text)), format!("{value:?}"), "{text}");
        }
        for text in ["007", "1,5", "12e5", "1.2.3", "99999999999999999999", "2024-13-01", "2024-05-01x", "-", "."] {
            assert!(matches!(typed(text), Value::Text(_)), "{text}");
        }
    }
}
