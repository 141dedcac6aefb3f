//! What a plugin says of itself, and how its settings arrive typed.

use crate::bindings::host::mortise::plugin::types::Descriptor;
use crate::{Capability, Error, Result};
use serde_path_to_error::Segment;

/// Settings of a plugin: any struct that derives `Deserialize`, `JsonSchema` and `Default`.
///
/// One struct is everything: its doc comments become the descriptions that users read, its defaults the schema's
/// defaults, its types and ranges what the host checks before any work starts, with a message that names the field. Do
/// not deny unknown fields: `parser_config` is shared by several plugins.
///
/// ```
/// use mortise_sdk::schemars::{self, JsonSchema};
/// use mortise_sdk::serde::Deserialize;
/// use mortise_sdk::{Config, Error};
///
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(crate = "mortise_sdk::serde", default)]
/// struct Settings {
///     /// Most tokens of a chunk.
///     #[schemars(range(min = 1, max = 2048))]
///     chunk_token_num: u32,
///     /// Where to cut.
///     cut: Cut,
///     tables: Tables,
/// }
///
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(crate = "mortise_sdk::serde", rename_all = "snake_case")]
/// enum Cut {
///     /// After sentences.
///     Sentences,
///     /// After lines.
///     Lines,
/// }
///
/// #[derive(Default, Deserialize, JsonSchema)]
/// #[serde(crate = "mortise_sdk::serde", default)]
/// struct Tables {
///     /// As HTML instead of plain text.
///     html: bool,
/// }
///
/// impl Default for Settings {
///     fn default() -> Self {
///         Self { chunk_token_num: 512, cut: Cut::Sentences, tables: Tables::default() }
///     }
/// }
///
/// let settings = Settings::from_json(r#"{"cut": "lines", "raptor": {"use_raptor": false}}"#)?;
/// assert!(matches!(settings.cut, Cut::Lines));
/// assert_eq!(settings.chunk_token_num, 512);
///
/// let Err(Error::InvalidConfig(wrong)) = Settings::from_json(r#"{"tables": {"html": "yes"}}"#) else { panic!() };
/// assert_eq!(wrong.field, "tables.html");
/// # Ok::<(), Error>(())
/// ```
///
/// Outside of a component, [`testing::settings`](crate::testing::settings) checks ranges too, as the host does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the settings of a plugin",
    label = "not a `Config`",
    note = "derive `mortise_sdk::serde::Deserialize` and `mortise_sdk::schemars::JsonSchema` for `{Self}`, and implement `Default`",
    note = "for a plugin without settings, write `type Config = mortise_sdk::NoConfig;`"
)]
pub trait Config: serde::de::DeserializeOwned + schemars::JsonSchema + Default {
    /// Reads the JSON text that the host passes. Empty text counts as `{}`.
    ///
    /// # Errors
    /// `invalid-config`, naming the field by its dotted path.
    fn from_json(json: &str) -> Result<Self> {
        let json = if json.trim().is_empty() { "{}" } else { json };
        let mut reader = serde_json::Deserializer::from_str(json);
        let config = serde_path_to_error::deserialize(&mut reader).map_err(misfit)?;
        reader.end().map_err(|error| Error::invalid_config("", error.to_string()))?;
        Ok(config)
    }
}

#[diagnostic::do_not_recommend]
impl<T: serde::de::DeserializeOwned + schemars::JsonSchema + Default> Config for T {}

/// The error of a setting that cannot be read: which, and why, without the place in a text that nobody sees.
fn misfit(error: serde_path_to_error::Error<serde_json::Error>) -> Error {
    let segments = error.path().iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    });
    let mut field: Vec<String> = segments.collect();
    let mut message = error.inner().to_string();
    message.truncate(message.rfind(" at line ").unwrap_or(message.len()));
    // What is missing has no path of its own, only that of what it is missing from.
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    field.extend(missing.map(str::to_owned));
    Error::invalid_config(field.join("."), message)
}

/// For plugins without settings: `type Config = NoConfig;`.
///
/// ```
/// use mortise_sdk::{Config, NoConfig};
///
/// assert!(NoConfig::from_json(r#"{"chunk_token_num": 128}"#).is_ok(), "what others need is ignored");
/// ```
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
pub struct NoConfig {}

/// Name, version and needs of a plugin.
///
/// ```
/// use mortise_sdk::Description;
///
/// Description::new("acme-embeddings", env!("CARGO_PKG_VERSION"), "Embeddings of Acme's API")
///     .needs_http("sends texts to the embeddings endpoint named in base_url");
/// ```
#[derive(Clone, Debug)]
pub struct Description {
    name: String,
    version: String,
    summary: String,
    capabilities: Vec<Capability>,
}

impl Description {
    /// `name` is kebab-case and the default of the name under which the plugin is offered; `version` is usually
    /// `env!("CARGO_PKG_VERSION")`; `summary` is one sentence.
    pub fn new(name: &str, version: &str, summary: &str) -> Self {
        Self { name: name.into(), version: version.into(), summary: summary.into(), capabilities: Vec::new() }
    }

    /// Asks for outgoing HTTP; `why` is read by the operator who grants it.
    #[must_use]
    pub fn needs_http(mut self, why: &str) -> Self {
        self.capabilities.push(Capability::Http(why.into()));
        self
    }

    /// Asks for a local model run by the host, under the name it is usually installed as.
    #[must_use]
    pub fn needs_inference(mut self, model: &str) -> Self {
        self.capabilities.push(Capability::Inference(model.into()));
        self
    }

    #[doc(hidden)]
    pub fn into_descriptor<C: Config>(self) -> Descriptor {
        let schema = schemars::generate::SchemaSettings::draft2020_12()
            .with(|s| s.inline_subschemas = true)
            .into_generator()
            .into_root_schema_for::<C>();
        Descriptor {
            name: self.name,
            version: self.version,
            summary: self.summary,
            config_schema: serde_json::to_string(&schema).unwrap_or_else(|_| "{}".into()),
            capabilities: self.capabilities,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::JsonSchema;
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(default)]
    struct Settings {
        size: u32,
        cut: Cut,
        rules: Vec<Rule>,
    }

    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Cut {
        #[default]
        Lines,
        Sentences,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    struct Rule {
        name: String,
        #[serde(default)]
        levels: Vec<u8>,
    }

    fn wrong(json: &str) -> (String, String) {
        match Settings::from_json(json) {
            Err(Error::InvalidConfig(error)) => (error.field, error.message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nested_settings_are_read() {
        let settings = Settings::from_json(
            r#"{"size": 3, "cut": "sentences", "rules": [{"name": "a", "levels": [1, 2]}], "x": 1}"#,
        )
        .unwrap();
        assert_eq!((settings.size, settings.rules[0].levels.len()), (3, 2));
        assert!(matches!(settings.cut, Cut::Sentences));
        assert_eq!(settings.rules[0].name, "a");
        assert!(Settings::from_json(" ").is_ok());
    }

    #[test]
    fn errors_name_the_field() {
        assert_eq!(wrong(r#"{"size": "big"}"#).0, "size");
        assert_eq!(wrong(r#"{"size": -1}"#).0, "size");
        assert_eq!(wrong(r#"{"rules": [{"name": "a"}, {"name": "b", "levels": [1, 300]}]}"#).0, "rules.1.levels.1");
        let (field, message) = wrong(r#"{"cut": "words"}"#);
        assert_eq!(field, "cut");
        assert!(message.contains("`lines`") && message.contains("`sentences`"), "{message}");
        assert_eq!(wrong(r#"{"rules": [{}]}"#), ("rules.0.name".into(), "missing field `name`".into()));
    }

    #[test]
    fn what_is_no_object_is_refused_without_a_place_in_the_text() {
        for bad in ["[1, {}]", "{", "{} {}", "\"x\""] {
            assert!(matches!(Settings::from_json(bad), Err(Error::InvalidConfig(_))), "{bad}");
        }
        assert!(!wrong(r#"{"size": "big"}"#).1.contains("line 1"));
    }
}
