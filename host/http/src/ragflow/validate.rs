//! A small declarative validator for the strict dataset routes: it answers in the words of the validation library that
//! RAGFlow uses (pydantic), because clients read those words.
//!
//! Each fault is one line, `Field: <path> - Message: <message> - Value: <value>`, in the order in which the fields are
//! declared; unknown fields come last.

use super::envelope::Refusal;
use super::python_text;
use mortise_domain::{Json, JsonMap};

/// A further rule on a field whose type and range are right: the value to keep, or what is wrong.
pub(super) type Check = fn(Json) -> Result<Json, String>;

/// What a value must be. Types are strict: no number from text, no integer from `1.0` or `true`.
#[derive(Clone)]
pub(super) enum Kind {
    /// Text of so many characters, counted after trimming where asked for.
    Text {
        /// Cut blanks at both ends first.
        trim: bool,
        /// Characters at least.
        min: usize,
        /// Characters at most.
        max: usize,
    },
    /// A whole number.
    Integer {
        /// At least.
        min: i64,
        /// At most; `i64::MAX` = no bound.
        max: i64,
    },
    /// Any number.
    Number {
        /// At least.
        min: f64,
        /// At most.
        max: f64,
    },
    /// `true` or `false`.
    Boolean,
    /// One of these texts.
    OneOf(Vec<String>),
    /// A list of such values.
    List(Box<Kind>),
    /// An object with these fields and no others; missing ones are filled in.
    Object {
        /// Name of the model in messages.
        model: &'static str,
        /// Its fields.
        fields: Vec<Field>,
    },
    /// An object with any fields.
    AnyObject {
        /// Name of the model in messages.
        model: &'static str,
    },
}

impl Kind {
    /// Text without a trim or a bound.
    pub(super) fn any_text() -> Self {
        Self::Text { trim: false, min: 0, max: usize::MAX }
    }

    /// A list of texts.
    pub(super) fn texts() -> Self {
        Self::List(Box::new(Self::any_text()))
    }

    /// One of some fixed texts.
    pub(super) fn one_of(values: &[&str]) -> Self {
        Self::OneOf(values.iter().map(|v| (*v).to_owned()).collect())
    }
}

/// A field of an object.
#[derive(Clone)]
pub(super) struct Field {
    name: &'static str,
    kind: Kind,
    nullable: bool,
    required: bool,
    default: Option<Json>,
    check: Option<Check>,
}

impl Field {
    /// A field that may be left out but is never null.
    pub(super) fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, nullable: false, required: false, default: None, check: None }
    }

    /// It must be there.
    pub(super) fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// It may be null.
    pub(super) fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// What a nested object gets when it is missing. Objects have the defaults of their fields without this.
    pub(super) fn default(self, value: Json) -> Self {
        Self { default: Some(value), ..self }
    }

    /// A further rule.
    pub(super) fn check(self, check: Check) -> Self {
        Self { check: Some(check), ..self }
    }
}

/// One broken rule.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    /// Dotted path; empty for rules across fields.
    pub(super) path: String,
    /// What is wrong.
    pub(super) message: String,
    /// The input.
    pub(super) value: Json,
}

/// Longest value shown whole, in characters.
const SHOWN: usize = 128;

impl Fault {
    /// The line of this fault.
    pub(super) fn line(&self) -> String {
        let mut value = python_text::str(&self.value);
        if value.chars().count() > SHOWN {
            value = value.chars().take(SHOWN - 3).chain("...".chars()).collect();
        }
        format!("Field: <{}> - Message: <{}> - Value: <{value}>", self.path, self.message)
    }
}

/// The refusal that tells these faults, code 101.
pub(super) fn refusal(faults: &[Fault]) -> Refusal {
    let lines: Vec<_> = faults.iter().map(Fault::line).collect();
    Refusal::argument(lines.join("\n"))
}

/// Checks a body. Gives the fields that were sent, cleaned: texts trimmed, nested objects filled with their defaults.
pub(super) fn validate(fields: &[Field], body: &JsonMap) -> Result<JsonMap, Vec<Fault>> {
    let mut faults = vec![];
    let clean = object(fields, body, "", false, &mut faults);
    if faults.is_empty() { Ok(clean) } else { Err(faults) }
}

fn object(fields: &[Field], input: &JsonMap, path: &str, fill: bool, faults: &mut Vec<Fault>) -> JsonMap {
    let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let mut clean = JsonMap::new();
    for field in fields {
        let path = at(field.name);
        match input.get(field.name) {
            None if field.required => {
                faults.push(Fault { path, message: "Field required".into(), value: Json::Object(input.clone()) });
            }
            None if fill => {
                clean.insert(field.name.into(), default_of(field));
            }
            None => {}
            Some(Json::Null) if field.nullable => {
                clean.insert(field.name.into(), Json::Null);
            }
            Some(given) => {
                let before = faults.len();
                let mut value = one(&field.kind, given, &path, faults);
                if let (Some(check), true) = (field.check, faults.len() == before) {
                    match check(value) {
                        Ok(checked) => value = checked,
                        Err(message) => {
                            faults.push(Fault { path, message, value: given.clone() });
                            continue;
                        }
                    }
                }
                clean.insert(field.name.into(), value);
            }
        }
    }
    for (name, value) in input {
        if !fields.iter().any(|field| field.name == name) {
            let message = "Extra inputs are not permitted".into();
            faults.push(Fault { path: at(name), message, value: value.clone() });
        }
    }
    clean
}

fn default_of(field: &Field) -> Json {
    match (&field.default, &field.kind) {
        (Some(value), _) => value.clone(),
        (None, Kind::Object { fields, .. }) => {
            Json::Object(fields.iter().map(|field| (field.name.to_owned(), default_of(field))).collect())
        }
        (None, _) => Json::Null,
    }
}

/// Checks one value; what comes back is only of use when no fault was added.
fn one(kind: &Kind, given: &Json, path: &str, faults: &mut Vec<Fault>) -> Json {
    let mut fault = |message: String| {
        faults.push(Fault { path: path.into(), message, value: given.clone() });
        Json::Null
    };
    match kind {
        Kind::Text { trim, min, max } => {
            let Json::String(text) = given else { return fault("Input should be a valid string".into()) };
            let text = if *trim { text.trim() } else { text };
            let length = text.chars().count();
            if length < *min {
                return fault(format!("String should have at least {}", characters(*min)));
            }
            if length > *max {
                return fault(format!("String should have at most {}", characters(*max)));
            }
            text.into()
        }
        Kind::Integer { min, max } => {
            let Json::Number(number) = given else { return fault("Input should be a valid integer".into()) };
            if number.is_f64() {
                return fault("Input should be a valid integer".into());
            }
            let value = number.as_i64().unwrap_or(i64::MAX);
            if value < *min {
                return fault(format!("Input should be greater than or equal to {min}"));
            }
            if value > *max {
                return fault(format!("Input should be less than or equal to {max}"));
            }
            given.clone()
        }
        Kind::Number { min, max } => {
            let Some(value) = given.as_f64() else { return fault("Input should be a valid number".into()) };
            if value < *min {
                return fault(format!("Input should be greater than or equal to {min}"));
            }
            if value > *max {
                return fault(format!("Input should be less than or equal to {max}"));
            }
            given.clone()
        }
        Kind::Boolean => match given {
            Json::Bool(_) => given.clone(),
            _ => fault("Input should be a valid boolean".into()),
        },
        Kind::OneOf(values) => match given {
            Json::String(text) if values.contains(text) => given.clone(),
            _ => fault(format!("Input should be {}", choices(values))),
        },
        Kind::List(inner) => match given {
            Json::Array(items) => items
                .iter()
                .enumerate()
                .map(|(position, item)| one(inner, item, &format!("{path}.{position}"), faults))
                .collect(),
            _ => fault("Input should be a valid list".into()),
        },
        Kind::Object { model, fields } => match given {
            Json::Object(map) => Json::Object(object(fields, map, path, true, faults)),
            _ => fault(no_object(model)),
        },
        Kind::AnyObject { model } => match given {
            Json::Object(_) => given.clone(),
            _ => fault(no_object(model)),
        },
    }
}

fn no_object(model: &str) -> String {
    format!("Input should be a valid dictionary or instance of {model}")
}

fn characters(count: usize) -> String {
    if count == 1 { "1 character".into() } else { format!("{count} characters") }
}

/// `'a', 'b' or 'c'`.
fn choices(values: &[String]) -> String {
    let quoted: Vec<_> = values.iter().map(|v| format!("'{v}'")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields() -> Vec<Field> {
        let inner = vec![
            Field::new("threshold", Kind::Number { min: 0.0, max: 1.0 }).default(json!(0.1)),
            Field::new("tokens", Kind::Integer { min: 1, max: 2048 }).default(json!(256)),
        ];
        let config = vec![
            Field::new("raptor", Kind::Object { model: "RaptorConfig", fields: inner }),
            Field::new("ids", Kind::texts()).default(json!([])),
            Field::new("on", Kind::Boolean).default(json!(false)),
        ];
        vec![
            Field::new("name", Kind::Text { trim: true, min: 1, max: 5 }).required(),
            Field::new("note", Kind::Text { trim: false, min: 0, max: 4 }).nullable(),
            Field::new("who", Kind::one_of(&["me", "team"])),
            Field::new("config", Kind::Object { model: "ParserConfig", fields: config }).nullable(),
        ]
    }

    fn lines(body: Json) -> Vec<String> {
        validate(&fields(), body.as_object().unwrap()).unwrap_err().iter().map(Fault::line).collect()
    }

    #[test]
    fn what_was_sent_comes_back_clean_and_nested_objects_are_filled() {
        let body = json!({"config": {"raptor": {"threshold": 1}}, "name": " a ", "note": null});
        let clean = validate(&fields(), body.as_object().unwrap()).unwrap();
        let expected = json!({
            "name": "a", "note": null,
            "config": {"raptor": {"threshold": 1, "tokens": 256}, "ids": [], "on": false},
        });
        assert_eq!(Json::Object(clean), expected);
        let clean = validate(&fields(), json!({"name": "a", "config": {"on": true}}).as_object().unwrap()).unwrap();
        assert_eq!(clean["config"]["raptor"], json!({"threshold": 0.1, "tokens": 256}));
    }

    #[test]
    fn faults_name_path_message_and_value() {
        assert_eq!(lines(json!({})), ["Field: <name> - Message: <Field required> - Value: <{}>"]);
        assert_eq!(
            lines(json!({"name": " "})),
            ["Field: <name> - Message: <String should have at least 1 character> - Value: < >"]
        );
        assert_eq!(
            lines(json!({"name": "abcdef"})),
            ["Field: <name> - Message: <String should have at most 5 characters> - Value: <abcdef>"]
        );
        assert_eq!(
            lines(json!({"name": null})),
            ["Field: <name> - Message: <Input should be a valid string> - Value: <None>"]
        );
        assert_eq!(
            lines(json!({"name": "a", "who": "ME"})),
            ["Field: <who> - Message: <Input should be 'me' or 'team'> - Value: <ME>"]
        );
        assert_eq!(
            lines(json!({"name": "a", "config": {"raptor": {"threshold": 1.5, "tokens": 1.0}}})),
            [
                "Field: <config.raptor.threshold> - Message: <Input should be less than or equal to 1> - Value: <1.5>",
                "Field: <config.raptor.tokens> - Message: <Input should be a valid integer> - Value: <1.0>",
            ]
        );
        assert_eq!(
            lines(json!({"name": "a", "config": {"ids": ["x", 1], "on": 1, "raptor": []}})),
            [
                "Field: <config.raptor> - Message: <Input should be a valid dictionary or instance of RaptorConfig> - Value: <[]>",
                "Field: <config.ids.1> - Message: <Input should be a valid string> - Value: <1>",
                "Field: <config.on> - Message: <Input should be a valid boolean> - Value: <1>",
            ]
        );
    }

    #[test]
    fn faults_come_in_declaration_order_and_unknown_fields_last() {
        assert_eq!(
            lines(json!({"zebra": 1, "who": null, "name": 0})),
            [
                "Field: <name> - Message: <Input should be a valid string> - Value: <0>",
                "Field: <who> - Message: <Input should be 'me' or 'team'> - Value: <None>",
                "Field: <zebra> - Message: <Extra inputs are not permitted> - Value: <1>",
            ]
        );
    }

    #[test]
    fn long_values_are_cut() {
        let line = Fault { path: "a".into(), message: "m".into(), value: json!("é".repeat(129)) }.line();
        assert_eq!(line, format!("Field: <a> - Message: <m> - Value: <{}...>", "é".repeat(125)));
        let line = Fault { path: "a".into(), message: "m".into(), value: json!("é".repeat(128)) }.line();
        assert!(!line.contains("..."));
    }
}
