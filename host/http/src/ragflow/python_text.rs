//! Python's way of writing values as text.
//!
//! RAGFlow puts values and exceptions into its messages as Python prints them, and clients and tests compare these
//! messages; so the rules of `str()` and `repr()` for JSON-like values are needed here.

use mortise_domain::Json;

/// `str(value)`: like [`repr`], but a text stands for itself.
pub(super) fn str(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => repr(other),
    }
}

/// `repr(value)`.
pub(super) fn repr(value: &Json) -> String {
    match value {
        Json::Null => "None".into(),
        Json::Bool(true) => "True".into(),
        Json::Bool(false) => "False".into(),
        Json::Number(number) if number.is_f64() => float(number.as_f64().unwrap_or_default()),
        Json::Number(number) => number.to_string(),
        Json::String(text) => quoted(text),
        Json::Array(items) => {
            let items: Vec<_> = items.iter().map(repr).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(key, value)| format!("{}: {}", quoted(key), repr(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

/// `repr` of a list of texts.
pub(super) fn repr_list<S: AsRef<str>>(items: &[S]) -> String {
    let items: Vec<_> = items.iter().map(|item| quoted(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

/// `repr` of an exception with one text argument.
pub(super) fn exception(class: &str, text: &str) -> String {
    format!("{class}({})", quoted(text))
}

/// `repr` of a text: single quotes, unless it has a single quote and no double quote.
pub(super) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c == ' ' || !(c.is_control() || c.is_whitespace()) => out.push(c),
            c if u32::from(c) < 0x100 => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    out.push(quote);
    out
}

/// Shortest digits that read back to the same number; scientific below 1e-4 and from 1e16 on.
fn float(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..16).contains(&exponent) && number != 0.0 => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => {
            let plain = number.to_string();
            if plain.contains('.') { plain } else { format!("{plain}.0") }
        }
    }
}

/// `type(value).__name__`.
pub(super) fn type_name(value: &Json) -> &'static str {
    match value {
        Json::Null => "NoneType",
        Json::Bool(_) => "bool",
        Json::Number(number) if number.is_f64() => "float",
        Json::Number(_) => "int",
        Json::String(_) => "str",
        Json::Array(_) => "list",
        Json::Object(_) => "dict",
    }
}

/// `bool(value)`.
pub(super) fn truthy(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(value) => *value,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(fields) => !fields.is_empty(),
    }
}

/// `int(text)`; `Err` is the exception as text.
pub(super) fn int(text: &str) -> Result<i64, String> {
    let trimmed = text.trim();
    let digits = trimmed.replace('_', "");
    let misplaced = trimmed.starts_with('_') || trimmed.ends_with('_') || trimmed.contains("__");
    match digits.parse() {
        Ok(number) if !misplaced => Ok(number),
        _ => Err(exception("ValueError", &format!("invalid literal for int() with base 10: {}", quoted(text)))),
    }
}

/// `pathlib.Path(name).suffix`: the last dot-suffix with its dot, empty for `.txt` and `a.`.
pub(super) fn path_suffix(name: &str) -> &str {
    let name = name.rsplit('/').next().unwrap_or(name);
    match name.rfind('.') {
        Some(at) if at > 0 && at + 1 < name.len() => &name[at..],
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_as_python_does() {
        assert_eq!(repr(&json!({"name": "a", "n": [1, 1.5, true, null]})), "{'name': 'a', 'n': [1, 1.5, True, None]}");
        assert_eq!(str(&json!("a'b")), "a'b");
        assert_eq!(str(&json!({})), "{}");
        assert_eq!(str(&json!(["not_uuid"])), "['not_uuid']");
        assert_eq!(repr_list(&["a", "b"]), "['a', 'b']");
    }

    #[test]
    fn quoting_follows_repr() {
        assert_eq!(quoted("plain"), "'plain'");
        assert_eq!(quoted("it's"), "\"it's\"");
        assert_eq!(quoted("say \"hi\""), "'say \"hi\"'");
        assert_eq!(quoted("it's \"x\""), "'it\\'s \"x\"'");
        assert_eq!(quoted("a\n\t\\\u{1}\u{a0}é中"), "'a\\n\\t\\\\\\x01\\xa0é中'");
        assert_eq!(exception("LookupError", "Can't find x!"), "LookupError(\"Can't find x!\")");
    }

    #[test]
    fn floats_follow_repr() {
        for (number, text) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (-2.5e-7, "-2.5e-07"),
            (0.0, "0.0"),
        ] {
            assert_eq!(float(number), text);
        }
    }

    #[test]
    fn integers_follow_int() {
        assert_eq!(int(" 12 "), Ok(12));
        assert_eq!(int("+1_000"), Ok(1000));
        assert_eq!(int("a"), Err("ValueError(\"invalid literal for int() with base 10: 'a'\")".into()));
        assert!(int("1.0").is_err() && int("").is_err() && int("_1").is_err());
    }

    #[test]
    fn truth_and_types() {
        for falsy in [json!(null), json!(false), json!(0), json!(0.0), json!(""), json!([]), json!({})] {
            assert!(!truthy(&falsy), "{falsy}");
        }
        assert!(truthy(&json!("0")) && truthy(&json!([0])));
        assert_eq!(type_name(&json!(1.0)), "float");
        assert_eq!(type_name(&json!(1)), "int");
    }

    #[test]
    fn suffixes_follow_pathlib() {
        for (name, suffix) in
            [("a.txt", ".txt"), (".txt", ""), ("a.tar.gz", ".gz"), ("a.", ""), ("a", ""), ("..txt", ".txt")]
        {
            assert_eq!(path_suffix(name), suffix, "{name}");
        }
    }
}
