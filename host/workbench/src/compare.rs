//! What a plugin gave against what its author expects, and the difference in a form that a person can read.

use crate::form::pretty;
use mortise_domain::Json;
use similar::{ChangeTag, TextDiff};

/// How far two numbers that are not whole may be apart: more than machines differ in, less than anything means.
const TOLERANCE: f64 = 1e-4;

/// The difference, or none. Lines begin with `-` (expected), `+` (given), ` ` (both) or `~` (of numbers).
pub(crate) fn difference(expected: &Json, given: &Json) -> Option<String> {
    let mut notes = Vec::new();
    let aligned = align(expected, given, "", &mut notes);
    if aligned == *expected {
        return None;
    }
    let (expected, given) = (pretty(expected), pretty(&aligned));
    let diff = TextDiff::from_lines(&expected, &given);
    let mut text: String = notes.iter().map(|note| format!("~ {note}\n")).collect();
    for (at, group) in diff.grouped_ops(2).iter().enumerate() {
        if at > 0 {
            text.push_str("  ⋮\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            text.push_str(&format!("{sign} {}\n", cut(change.value().trim_end_matches('\n'))));
        }
    }
    Some(text)
}

/// `given` with its numbers replaced by those expected where the two are near enough. Lists of numbers that are not are
/// told in a note: nobody finds the one wrong number among a thousand.
fn align(expected: &Json, given: &Json, path: &str, notes: &mut Vec<String>) -> Json {
    match (expected, given) {
        (Json::Number(wanted), Json::Number(found)) => match (wanted.as_f64(), found.as_f64()) {
            (Some(a), Some(b)) if (wanted.is_f64() || found.is_f64()) && near(a, b) => expected.clone(),
            _ => given.clone(),
        },
        (Json::Array(wanted), Json::Array(found)) => {
            let one = |at: usize, found: &Json, notes: &mut Vec<String>| match wanted.get(at) {
                Some(wanted) => align(wanted, found, &format!("{path}[{at}]"), notes),
                None => found.clone(),
            };
            let aligned: Vec<Json> = found.iter().enumerate().map(|(at, found)| one(at, found, notes)).collect();
            notes.extend(numbers(wanted, &aligned, path));
            Json::Array(aligned)
        }
        (Json::Object(wanted), Json::Object(found)) => {
            let mut aligned = serde_json::Map::new();
            // In the expected order, so that a golden file written by hand is not told to differ in it.
            for name in wanted.keys().filter(|name| found.contains_key(*name)).chain(found.keys()) {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                if let (false, Some(value)) = (aligned.contains_key(name), found.get(name)) {
                    let value = wanted.get(name).map_or_else(|| value.clone(), |w| align(w, value, &below, notes));
                    aligned.insert(name.clone(), value);
                }
            }
            Json::Object(aligned)
        }
        _ => given.clone(),
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1.0)
}

/// How two long lists of numbers differ.
fn numbers(expected: &[Json], given: &[Json], path: &str) -> Option<String> {
    let of = |list: &[Json]| list.iter().map(Json::as_f64).collect::<Option<Vec<f64>>>();
    let (wanted, found) = (of(expected)?, of(given)?);
    if wanted.len() < 8 || wanted.len() != found.len() {
        return None;
    }
    let differing = wanted.iter().zip(&found).filter(|(a, b)| a != b).count();
    let distance = |(a, b): (&f64, &f64)| (a - b).abs();
    let worst = (0..wanted.len())
        .max_by(|x, y| distance((&wanted[*x], &found[*x])).total_cmp(&distance((&wanted[*y], &found[*y]))))?;
    (differing > 0).then(|| {
        let (count, a, b) = (wanted.len(), wanted[worst], found[worst]);
        format!("{path}: {differing} of {count} numbers differ, most of all [{worst}]: expected {a}, given {b}")
    })
}

/// A line that fits a screen.
fn cut(line: &str) -> String {
    const CHARACTERS: usize = 200;
    match line.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_may_differ_a_little_where_they_are_not_whole() {
        let check = |a: Json, b: Json, same: bool| assert_eq!(difference(&a, &b).is_none(), same, "{a} {b}");
        check(json!({"a": [0.5, 1.0]}), json!({"a": [0.500_05, 0.999_95]}), true);
        check(json!(1.0), json!(1), true);
        check(json!(0.5), json!(0.51), false);
        check(json!(100_000), json!(100_001), false);
        check(json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}), true);
        check(json!({"a": 1}), json!({"a": 1, "b": null}), false);
        check(json!([1]), json!([1, 2]), false);
        check(json!([1, 2]), json!([1]), false);
    }

    #[test]
    fn differences_show_what_changed_and_little_else() {
        let chunks = |texts: &[&str]| json!({"chunks": texts.iter().map(|t| json!({"text": t})).collect::<Vec<_>>()});
        let told =
            difference(&chunks(&["a", "b", "c", "d", "e", "f"]), &chunks(&["a", "b", "c", "d", "X", "f"])).unwrap();
        assert!(told.contains("-       \"text\": \"e\"\n+       \"text\": \"X\"\n"), "{told}");
        assert!(!told.contains("\"a\""), "{told}");
    }

    #[test]
    fn long_lists_of_numbers_are_told_in_words() {
        let mut given: Vec<f64> = vec![0.25; 300];
        let expected = given.clone();
        given[17] = 0.75;
        let told = difference(&json!({"vectors": [expected]}), &json!({"vectors": [given]})).unwrap();
        assert!(
            told.contains("vectors[0]: 1 of 300 numbers differ, most of all [17]: expected 0.25, given 0.75"),
            "{told}"
        );
        assert!(told.lines().all(|line| line.chars().count() < 220), "{told}");
    }
}
