//! Settings as a plugin gets them: checked by its own schema, with defaults filled in.

use crate::{Config, Description, Error, Result};
use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value};

/// Reads settings as the host passes them on: checks them against the plugin's schema, fills in its defaults, and reads
/// the struct.
///
/// ```
/// use mortise_sdk::schemars::{self, JsonSchema};
/// use mortise_sdk::serde::Deserialize;
/// use mortise_sdk::serde_json::json;
/// use mortise_sdk::{Error, testing};
///
/// #[derive(Default, Deserialize, JsonSchema)]
/// #[serde(crate = "mortise_sdk::serde", default)]
/// struct Settings {
///     #[schemars(range(max = 2048))]
///     chunk_token_num: u32,
/// }
///
/// assert_eq!(testing::settings::<Settings>(json!({"chunk_token_num": 128})).unwrap().chunk_token_num, 128);
/// let Err(Error::InvalidConfig(wrong)) = testing::settings::<Settings>(json!({"chunk_token_num": 4096})) else { panic!() };
/// assert_eq!(wrong.field, "chunk_token_num");
/// ```
///
/// # Errors
/// `invalid-config`, naming the field.
pub fn settings<C: Config>(given: Value) -> Result<C> {
    let schema = schema::<C>()?;
    check(&schema, &given)?;
    let (Value::Object(given), defaults) = (given, defaults(&schema)) else {
        return Err(Error::invalid_config("", "settings are a JSON object"));
    };
    C::from_json(&Value::Object(merge(defaults, given)).to_string())
}

/// The schema that a plugin with these settings publishes.
pub(super) fn schema<C: Config>() -> Result<Value> {
    let descriptor = Description::new("", "", "").into_descriptor::<C>();
    serde_json::from_str(&descriptor.config_schema).map_err(|error| Error::internal(error.to_string()))
}

/// Checks settings against a schema.
pub(super) fn check(schema: &Value, settings: &Value) -> Result<()> {
    let validator = jsonschema::validator_for(schema).map_err(|error| Error::internal(error.to_string()))?;
    validator.validate(settings).map_err(|error| {
        let mut field: Vec<String> = error.instance_path().iter().map(|segment| segment.to_string()).collect();
        // What is missing is named too, not only what it is missing from.
        if let ValidationErrorKind::Required { property } = error.kind() {
            field.extend(property.as_str().map(String::from));
        }
        Error::invalid_config(field.join("."), error.to_string())
    })
}

/// The defaults of a schema's properties, as one object.
fn defaults(schema: &Value) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let found = properties.filter_map(|(name, property)| {
        if let Some(default) = property.get("default") {
            return Some((name.clone(), default.clone()));
        }
        let inner = defaults(property);
        (!inner.is_empty()).then_some((name.clone(), Value::Object(inner)))
    });
    found.collect()
}

/// `over` on top of `under`; objects within objects are merged, everything else is replaced.
fn merge(mut under: Map<String, Value>, over: Map<String, Value>) -> Map<String, Value> {
    for (key, value) in over {
        let value = match (under.remove(&key), value) {
            (Some(Value::Object(below)), Value::Object(above)) => Value::Object(merge(below, above)),
            (_, value) => value,
        };
        under.insert(key, value);
    }
    under
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(default)]
    struct Settings {
        model: String,
        #[schemars(range(min = 1, max = 9))]
        size: u32,
        #[schemars(length(max = 2))]
        names: Vec<String>,
        nested: Nested,
        cut: Cut,
    }

    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(default)]
    struct Nested {
        deep: bool,
        #[schemars(range(max = 1.0))]
        share: f32,
    }

    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    enum Cut {
        /// By lines.
        #[default]
        ByLines,
        /// By sentences.
        BySentences,
    }

    impl Default for Settings {
        fn default() -> Self {
            Self { model: "m".into(), size: 3, names: vec![], nested: Nested::default(), cut: Cut::default() }
        }
    }

    fn wrong(given: Value) -> String {
        match settings::<Settings>(given) {
            Err(Error::InvalidConfig(error)) => error.field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ranges_lengths_enums_and_nested_settings_are_checked() {
        assert_eq!(wrong(json!({"size": 0})), "size");
        assert_eq!(wrong(json!({"size": 10})), "size");
        assert_eq!(wrong(json!({"names": ["a", "b", "c"]})), "names");
        assert_eq!(wrong(json!({"nested": {"share": 1.5}})), "nested.share");
        assert_eq!(wrong(json!({"nested": {"deep": "yes"}})), "nested.deep");
        assert_eq!(wrong(json!({"cut": "words"})), "cut");
        assert_eq!(wrong(json!([])), "");
    }

    #[test]
    fn defaults_are_filled_in() {
        let settings: Settings =
            settings(json!({"nested": {"deep": true}, "cut": "by-sentences", "other": 1})).unwrap();
        assert_eq!((settings.model.as_str(), settings.size, settings.nested.deep), ("m", 3, true));
        assert!(matches!(settings.cut, Cut::BySentences) && settings.names.is_empty() && settings.nested.share == 0.0);
    }
}
