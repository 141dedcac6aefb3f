//! Conditions on documents' metadata, evaluated.

use crate::retrieval::{Condition, MetadataCondition, Operator};
use crate::{Json, JsonMap};
use std::cmp::Ordering;

impl MetadataCondition {
    /// Whether a document with this metadata fulfils the conditions. No conditions: yes.
    pub fn matches(&self, metadata: &JsonMap) -> bool {
        if self.conditions.is_empty() {
            return true;
        }
        if self.any {
            self.conditions.iter().any(|c| c.matches(metadata))
        } else {
            self.conditions.iter().all(|c| c.matches(metadata))
        }
    }
}

impl Condition {
    /// Whether one field fulfils the condition. A list fulfils a positive condition when one item does, and a
    /// negative one when no item contradicts it.
    pub fn matches(&self, metadata: &JsonMap) -> bool {
        let values: Vec<String> = match metadata.get(&self.name) {
            None | Some(Json::Null) => vec![],
            Some(Json::Array(items)) => items.iter().map(text).filter(|t| !t.is_empty()).collect(),
            Some(value) => Some(text(value)).filter(|t| !t.is_empty()).into_iter().collect(),
        };
        match self.operator {
            Operator::Empty => return values.is_empty(),
            Operator::NotEmpty => return !values.is_empty(),
            _ if values.is_empty() => return false,
            _ => {}
        }
        let wanted = text(&self.value);
        let any = |test: &dyn Fn(&str) -> bool| values.iter().any(|v| test(v));
        match self.operator {
            Operator::Is => any(&|v| compare(v, &wanted) == Ordering::Equal),
            Operator::IsNot => !any(&|v| compare(v, &wanted) == Ordering::Equal),
            Operator::Greater => any(&|v| compare(v, &wanted) == Ordering::Greater),
            Operator::Less => any(&|v| compare(v, &wanted) == Ordering::Less),
            Operator::AtLeast => any(&|v| compare(v, &wanted) != Ordering::Less),
            Operator::AtMost => any(&|v| compare(v, &wanted) != Ordering::Greater),
            Operator::Contains => any(&|v| v.contains(&wanted)),
            Operator::NotContains => !any(&|v| v.contains(&wanted)),
            Operator::In => any(&|v| self.lists(v)),
            Operator::NotIn => !any(&|v| self.lists(v)),
            Operator::StartsWith => any(&|v| v.starts_with(&wanted)),
            Operator::EndsWith => any(&|v| v.ends_with(&wanted)),
            Operator::Empty | Operator::NotEmpty => false,
        }
    }

    /// Whether the condition's list (or comma-separated text) has the value.
    fn lists(&self, value: &str) -> bool {
        match &self.value {
            Json::Array(items) => items.iter().any(|i| text(i) == value),
            other => text(other).split(',').any(|part| part.trim() == value),
        }
    }
}

impl Operator {
    /// Reads the names clients use: RAGFlow's (`is`, `≥`, `start with`, …) and plain ASCII forms.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.trim() {
            "is" | "=" | "==" => Self::Is,
            "not is" | "is not" | "≠" | "!=" => Self::IsNot,
            ">" => Self::Greater,
            "<" => Self::Less,
            "≥" | ">=" => Self::AtLeast,
            "≤" | "<=" => Self::AtMost,
            "contains" => Self::Contains,
            "not contains" => Self::NotContains,
            "in" => Self::In,
            "not in" => Self::NotIn,
            "start with" | "starts with" => Self::StartsWith,
            "end with" | "ends with" => Self::EndsWith,
            "empty" => Self::Empty,
            "not empty" => Self::NotEmpty,
            _ => return None,
        })
    }
}

fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.trim().to_lowercase(),
        Json::Null => String::new(),
        other => other.to_string().to_lowercase(),
    }
}

/// As numbers when both read so, else as text; ISO dates order rightly as text.
fn compare(a: &str, b: &str) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
        _ => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(operator: &str, value: Json, expected: bool) {
        let metadata = json!({"author": "Ada", "year": 2024, "tags": ["red", "blue"], "date": "2025-03-01"});
        let (name, operator) = operator.split_once(' ').unwrap();
        let condition = Condition { name: name.into(), operator: Operator::parse(operator).unwrap(), value };
        assert_eq!(condition.matches(metadata.as_object().unwrap()), expected, "{condition:?}");
    }

    #[test]
    fn conditions_compare_text_numbers_dates_and_lists() {
        check("author is", json!("ada"), true);
        check("author not is", json!("bob"), true);
        check("year >", json!("999"), true);
        check("year ≤", json!(2023), false);
        check("date ≥", json!("2025-02-28"), true);
        check("tags is", json!("red"), true);
        check("tags not is", json!("red"), false);
        check("author contains", json!("d"), true);
        check("author not contains", json!("z"), true);
        check("author in", json!("bob, ada"), true);
        check("tags not in", json!(["green"]), true);
        check("author start with", json!("a"), true);
        check("missing is", json!("x"), false);
        check("missing not is", json!("x"), false);
        check("missing empty", json!(""), true);
    }

    #[test]
    fn no_condition_matches_everything() {
        assert!(MetadataCondition::default().matches(&JsonMap::new()));
        assert!(MetadataCondition { any: true, conditions: vec![] }.matches(&JsonMap::new()));
    }
}
