//! The settings that static site generators put before a page. Simple pairs and lists are read; anything nested deeper
//! stays as its text.

use serde_json::{Map, Value};

/// Longest front matter that is looked for, bytes.
const LONGEST: usize = 64 << 10;

/// Pairs of the front matter, and the text after it. A text that merely begins with a rule is left alone.
pub(crate) fn split(text: &str) -> (Map<String, Value>, &str) {
    let none = (Map::new(), text);
    let Some((first, rest)) = text.split_once('\n') else { return none };
    let (ends, separator): (&[&str], char) = match first.trim_end() {
        "---" => (&["---", "..."], ':'),
        "+++" => (&["+++"], '='),
        _ => return none,
    };
    let mut lines = Vec::new();
    let mut used = 0;
    for line in rest.split_inclusive('\n') {
        used += line.len();
        if ends.contains(&line.trim_end()) {
            let pairs = pairs(&lines, separator);
            return if pairs.is_empty() && !lines.is_empty() { none } else { (pairs, &rest[used..]) };
        }
        lines.push(line.trim_end());
        if used > LONGEST {
            break;
        }
    }
    none
}

fn pairs(lines: &[&str], separator: char) -> Map<String, Value> {
    let mut pairs = Map::new();
    let mut last: Option<String> = None;
    for line in lines {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') || (separator == '=' && trimmed.starts_with('[')) {
            continue;
        }
        let indented = line.starts_with([' ', '\t']);
        let item = trimmed.strip_prefix("- ").filter(|_| separator == ':');
        if let (Some(item), Some(key)) = (item, &last) {
            match pairs.get_mut(key) {
                Some(Value::Array(list)) => list.push(scalar(item)),
                Some(Value::String(s)) if !s.is_empty() => {}
                _ => drop(pairs.insert(key.clone(), Value::Array(vec![scalar(item)]))),
            }
            continue;
        }
        if indented {
            // A folded or nested value: its text goes to the key above.
            if let Some(Value::String(value)) = last.as_ref().and_then(|key| pairs.get_mut(key)) {
                if matches!(value.as_str(), "|" | ">" | "|-" | ">-") {
                    value.clear();
                }
                if !value.is_empty() {
                    value.push('\n');
                }
                value.push_str(trimmed);
            }
            continue;
        }
        let Some((key, value)) = trimmed.split_once(separator) else { continue };
        let key = key.trim().trim_matches(['"', '\'']).to_string();
        if key.is_empty() || key.contains(' ') {
            continue;
        }
        pairs.insert(key.clone(), value_of(value.trim()));
        last = Some(key);
    }
    pairs.retain(|_, value| value.as_str() != Some(""));
    pairs
}

fn value_of(text: &str) -> Value {
    match text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        Some(list) => list.split(',').map(scalar).filter(|v| v.as_str() != Some("")).collect(),
        None => scalar(text),
    }
}

fn scalar(text: &str) -> Value {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)) {
            return inner.into();
        }
    }
    // A comment begins after a blank.
    let text = text.split(" #").next().unwrap_or_default().trim();
    match text {
        "true" => true.into(),
        "false" => false.into(),
        "null" | "~" => "".into(),
        number => {
            number.parse::<i64>().ok().filter(|n| n.to_string() == number).map_or_else(|| number.into(), Value::from)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pairs_and_lists_are_read() {
        let text = "---\ntitle: \"Harbour: a guide\"\ndraft: false\nweight: 10\ntags: [a, 'b c']\nauthors:\n  - Ann\n  - Bo\ndate: 2024-05-01 # day\nabout: >\n  Two\n  lines\n---\n# Body\n";
        let (pairs, body) = split(text);
        assert_eq!(body, "# Body\n");
        let want = json!({ "title": "Harbour: a guide", "draft": false, "weight": 10, "tags": ["a", "b c"], "authors": ["Ann", "Bo"], "date": "2024-05-01", "about": "Two\nlines" });
        assert_eq!(Value::from(pairs), want);
        let (pairs, body) = split("+++\ntitle = 'T'\n[extra]\n+++\nx");
        assert_eq!((Value::from(pairs), body), (json!({ "title": "T" }), "x"));
    }

    #[test]
    fn a_rule_is_no_front_matter() {
        for text in
            ["---\nJust a sentence between rules.\n---\nmore", "---\nnever closed\n", "# Head\n---\na: b\n---\n", ""]
        {
            let (pairs, body) = split(text);
            assert!(pairs.is_empty() && body == text, "{text:?}");
        }
    }
}
