//! Settings of plugins against the JSON Schema that each plugin publishes.

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use mortise_domain::{Json, JsonMap};

/// A plugin's schema, compiled.
#[derive(Debug)]
pub(crate) struct Schema {
    validator: Validator,
    defaults: JsonMap,
}

/// A setting that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// Dotted path.
    pub(crate) field: String,
    pub(crate) reason: String,
}

impl Schema {
    /// Compiles a schema; the text says what is wrong with it. References to other documents are not followed.
    pub(crate) fn new(schema: &Json) -> Result<Self, String> {
        let object = schema.as_object().ok_or("it is not an object")?;
        if !object.get("type").is_none_or(|kind| kind == "object") {
            return Err("it does not describe an object".into());
        }
        let validator = jsonschema::validator_for(schema).map_err(|error| error.to_string())?;
        Ok(Self { validator, defaults: defaults(schema) })
    }

    /// Checks settings as they are given.
    pub(crate) fn check(&self, config: &JsonMap) -> Result<(), Misfit> {
        let config = Json::Object(config.clone());
        self.validator.validate(&config).map_err(|error| {
            let mut field: Vec<String> = error.instance_path().iter().map(|segment| segment.to_string()).collect();
            // What is missing is named too, not only what it is missing from.
            if let ValidationErrorKind::Required { property } = error.kind() {
                field.extend(property.as_str().map(String::from));
            }
            Misfit { field: field.join("."), reason: crate::fault::cut(&error.to_string(), 512) }
        })
    }

    /// The settings with the schema's defaults for what they leave out.
    pub(crate) fn complete(&self, config: &JsonMap) -> JsonMap {
        merge(&self.defaults, config)
    }
}

/// `over` on top of `under`; objects within objects are merged, everything else is replaced.
pub(crate) fn merge(under: &JsonMap, over: &JsonMap) -> JsonMap {
    let mut merged = under.clone();
    for (key, value) in over {
        match (merged.get(key), value) {
            (Some(Json::Object(below)), Json::Object(above)) => {
                let both = merge(below, above);
                merged.insert(key.clone(), Json::Object(both));
            }
            _ => {
                merged.insert(key.clone(), value.clone());
            }
        }
    }
    merged
}

/// The defaults of a schema's properties, as one object.
fn defaults(schema: &Json) -> JsonMap {
    let properties = schema.get("properties").and_then(Json::as_object).into_iter().flatten();
    let found = properties.filter_map(|(name, property)| {
        if let Some(default) = property.get("default") {
            return Some((name.clone(), default.clone()));
        }
        let inner = defaults(property);
        (!inner.is_empty()).then_some((name.clone(), Json::Object(inner)))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Json) -> JsonMap {
        let Json::Object(map) = value else { panic!("no object") };
        map
    }

    fn schema() -> Schema {
        Schema::new(&json!({
            "type": "object",
            "properties": {
                "chunk_token_num": {"type": "integer", "minimum": 1, "default": 512},
                "raptor": {"type": "object", "properties": {"max": {"type": "integer", "default": 3}}},
            },
            "required": ["model"],
        }))
        .unwrap()
    }

    #[test]
    fn misfits_name_the_field() {
        let check = |config: Json, field: &str| assert_eq!(schema().check(&map(config)).unwrap_err().field, field);
        check(json!({"model": "m", "chunk_token_num": "many"}), "chunk_token_num");
        check(json!({"model": "m", "chunk_token_num": 0}), "chunk_token_num");
        check(json!({"model": "m", "raptor": {"max": 1.5}}), "raptor.max");
        check(json!({}), "model");
        assert_eq!(schema().check(&map(json!({"model": "m", "other": true}))), Ok(()));
    }

    #[test]
    fn defaults_fill_what_is_left_out() {
        let full = schema().complete(&map(json!({"chunk_token_num": 7, "raptor": {"on": true}})));
        assert_eq!(Json::Object(full), json!({"chunk_token_num": 7, "raptor": {"max": 3, "on": true}}));
    }

    #[test]
    fn schemas_that_are_none() {
        assert!(Schema::new(&json!([])).is_err());
        assert!(Schema::new(&json!({"type": "string"})).is_err());
        assert!(Schema::new(&json!({"type": "object", "properties": {"a": {"type": 7}}})).is_err());
    }
}
