//! Settings: what the schema promises, and whether the component keeps it.

use crate::check::{Check, End, Verdict, check, ensure, fail, skip, well};
use crate::subject::{Setup, Subject};
use mortise_domain::{Json, JsonMap};
use mortise_runtime::InstallError;
use serde_json::json;

pub(crate) const CHECKS: &[Check] = &[
    check!("schema-valid", schema_valid, "The config schema is a valid JSON Schema (2020-12) of an object."),
    check!("defaults-valid", defaults_valid, "Every default in the config schema is allowed by the schema itself."),
    check!(
        "settings-described",
        settings_described,
        "Every setting has a description, and a type or a choice of values."
    ),
    check!(
        "unknown-settings",
        unknown_settings,
        "Settings that the schema does not know are ignored: `parser_config` holds those of other plugins too."
    ),
    check!(
        "wrong-types",
        wrong_types,
        "A setting of a wrong type is refused before any work starts, with the name of the setting."
    ),
    check!(
        "settings-accepted",
        settings_accepted,
        "Whatever the schema names works: both booleans, every choice, the lower and the upper bound of numbers."
    ),
];

async fn schema_valid(subject: &Subject) -> Verdict {
    let schema = &subject.info.config_schema;
    if let Err(error) = jsonschema::draft202012::meta::validate(schema) {
        fail!("at {:?}: {error}", error.instance_path().to_string())
    }
    ensure!(schema["type"] == "object", "its type is {}, not \"object\"", schema["type"]);
    if let Some(dialect) = schema["$schema"].as_str() {
        ensure!(dialect.contains("2020-12"), "it is written in {dialect}, not in 2020-12");
    }
    Ok(format!("{} settings", subject.properties().count()))
}

async fn defaults_valid(subject: &Subject) -> Verdict {
    let mut schema = Json::clone(&subject.info.config_schema);
    if let Some(schema) = schema.as_object_mut() {
        // What has no default is given by somebody else.
        schema.remove("required");
    }
    let validator = jsonschema::validator_for(&schema).map_err(|error| End::Failed(error.to_string()))?;
    let mut all = JsonMap::new();
    for (name, property) in subject.properties() {
        let Some(default) = property.get("default") else { continue };
        if let Err(error) = validator.validate(&json!({ name: default })) {
            fail!("the default of {name}: {error}")
        }
        all.insert(name.clone(), default.clone());
    }
    let count = all.len();
    if let Err(error) = validator.validate(&Json::Object(all)) {
        fail!("all defaults together: {error}")
    }
    Ok(format!("{count} defaults"))
}

async fn settings_described(subject: &Subject) -> Verdict {
    for (name, property) in subject.properties() {
        let description = property["description"].as_str().unwrap_or_default();
        ensure!(!description.trim().is_empty(), "{name} has no description");
        let typed = ["type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"];
        ensure!(typed.iter().any(|key| property.get(key).is_some()), "{name} has no type");
    }
    well()
}

async fn unknown_settings(subject: &Subject) -> Verdict {
    let strangers = json!({
        "raptor": {"use_raptor": false}, "layout_recognize": "DeepDOC", "pages": [[1, 1_000_000]],
        "graphrag": null, "tag_kb_ids": [], "conformance-kit": 1.5,
    });
    let known: Vec<&String> = subject.properties().map(|(name, _)| name).collect();
    let strangers = strangers.as_object().into_iter().flatten().filter(|(name, _)| !known.contains(name));
    let config = strangers.map(|(name, value)| (name.clone(), value.clone())).collect();
    let installed = match subject.install(Setup { config, ..Setup::default() }).await? {
        Err(InstallError::Config { field, reason }) => fail!("an unknown setting is refused ({field:?}: {reason})"),
        installed => installed.map_err(|error| End::Failed(error.to_string()))?,
    };
    if subject.works().await.is_err() {
        return Ok("only the schema was looked at: an ordinary call does not work".into());
    }
    let with = installed.ordinary().await?;
    match subject.usual().await {
        Ok(without) => ensure!(with == without, "unknown settings change the result"),
        Err(_) => return Ok("what they do to the result cannot be seen: it is another one every time".into()),
    }
    well()
}

async fn wrong_types(subject: &Subject) -> Verdict {
    let wrong = [json!(null), json!(true), json!(-12.5), json!("kit"), json!([[]]), json!({"kit": "kit"})];
    let mut count = 0;
    for (name, _) in subject.properties() {
        let mut refused = false;
        for value in &wrong {
            let config = [(name.clone(), value.clone())].into_iter().collect();
            match subject.install(Setup { config, ..Setup::default() }).await? {
                Ok(_) => {}
                Err(InstallError::Config { field, .. })
                    if field == *name || field.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')) =>
                {
                    refused = true;
                }
                Err(error) => fail!("{name} = {value} is refused without its name: {error}"),
            }
        }
        ensure!(refused, "{name} may be null, a boolean, a number, a text, a list and an object: say which");
        count += 1;
    }
    if count == 0 {
        skip!("it has no settings")
    }
    Ok(format!("{count} settings"))
}

/// More would tell nothing new.
const MOST: usize = 60;

async fn settings_accepted(subject: &Subject) -> Verdict {
    subject.works().await?;
    let named = subject.properties().flat_map(|(name, property)| values(property).into_iter().map(move |v| (name, v)));
    let named: Vec<_> = named.take(MOST).collect();
    if named.is_empty() {
        skip!("its schema names no values")
    }
    for (name, value) in &named {
        let config = [((*name).clone(), value.clone())].into_iter().collect();
        let result = match subject.set_up(Setup { config, ..Setup::default() }).await {
            Ok(installed) => installed.ordinary().await,
            Err(end) => Err(end),
        };
        if let Err(End::Failed(why)) = result {
            fail!("with {name} = {value}, {why}")
        }
    }
    Ok(format!("{} values", named.len()))
}

/// The values that a property's schema names.
fn values(property: &Json) -> Vec<Json> {
    let list = |key: &str| property[key].as_array().into_iter().flatten();
    let mut found: Vec<Json> = list("enum").cloned().chain(property.get("const").cloned()).collect();
    for inner in ["oneOf", "anyOf"] {
        found.extend(list(inner).flat_map(values));
    }
    let of_type = |kind: &str| property["type"] == kind || list("type").any(|one| one == kind);
    if of_type("boolean") {
        found.extend([json!(true), json!(false)]);
    }
    if of_type("integer") || of_type("number") {
        found.extend(["minimum", "maximum"].iter().filter_map(|bound| property.get(bound)).map(|bound| {
            // Schemas write 1.0 for 1; a setting that counts things is given as a whole number.
            match bound.as_f64() {
                Some(whole) if of_type("integer") && whole.fract() == 0.0 => json!(whole as i64),
                _ => bound.clone(),
            }
        }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_values_are_found() {
        let check = |property: Json, expected: Json| assert_eq!(Json::Array(values(&property)), expected, "{property}");
        check(json!({"type": "integer", "minimum": 1.0, "maximum": 9}), json!([1, 9]));
        check(json!({"type": ["boolean", "null"]}), json!([true, false]));
        check(json!({"oneOf": [{"const": "a"}, {"enum": ["b", "c"]}]}), json!(["a", "b", "c"]));
        check(json!({"type": "string"}), json!([]));
    }
}
