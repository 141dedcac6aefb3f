//! What a plugin says of itself, and how its settings arrive typed.

use crate::bindings::host::mortise::plugin::types::Descriptor;
use crate::{Capability, Error, FieldError, Result};

/// Settings of a plugin: any struct that derives `Deserialize`, `JsonSchema` and `Default`.
///
/// Doc comments on the fields become the descriptions users see, `#[serde(default)]` the defaults. Do not deny unknown
/// fields: `parser_config` is shared by several plugins.
pub trait Config: serde::de::DeserializeOwned + schemars::JsonSchema + Default {
    /// Reads the JSON text that the host passes. Empty text counts as `{}`.
    ///
    /// # Errors
    /// `invalid-config`, naming the field where `serde` knows it.
    fn from_json(json: &str) -> Result<Self> {
        let json = if json.trim().is_empty() { "{}" } else { json };
        serde_json::from_str(json)
            .map_err(|e| Error::InvalidConfig(FieldError { field: String::new(), message: e.to_string() }))
    }
}
impl<T: serde::de::DeserializeOwned + schemars::JsonSchema + Default> Config for T {}

/// For plugins without settings.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
pub struct NoConfig {}

/// Name, version and needs of a plugin.
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
    pub fn needs_http(mut self, why: &str) -> Self {
        self.capabilities.push(Capability::Http(why.into()));
        self
    }

    /// Asks for a local model run by the host, under the name it is usually installed as.
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
