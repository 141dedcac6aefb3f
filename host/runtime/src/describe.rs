//! The first and only time that a component is asked who it is: without grants, with a short deadline, and with every
//! word of the answer checked.

use crate::artifacts::Description;
use crate::bindings::host::mortise::plugin::types::{Capability, Descriptor};
use crate::bindings::{chat_model, chunker, embedder, parser, reranker};
use crate::egress::Egress;
use crate::fault::cut;
use crate::instance::{Control, Identity, Seed, State};
use crate::limits::Limits;
use crate::package::Package;
use crate::plugin::{Loaded, Shared};
use crate::schema::Schema;
use mortise_domain::Role;
use mortise_domain::plugin::FaultReason;
use std::sync::Arc;
use std::time::Duration;

/// How long a description may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why a component has no usable description.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undescribed {
    #[error("it cannot be compiled: {0}")]
    Uncompilable(String),
    #[error("it does not fit its world: {0}")]
    Unlinkable(String),
    #[error("describe failed: {0}")]
    Failed(FaultReason),
    #[error("describe gave {0}")]
    Invalid(String),
}

/// Compiles a component and asks it.
pub(crate) async fn describe(
    shared: &Arc<Shared>,
    package: &Package,
    loaded: &Loaded,
) -> Result<Description, Undescribed> {
    let component = loaded.component(shared).await.map_err(Undescribed::Uncompilable)?;
    let unlinkable = |error: wasmtime::Error| Undescribed::Unlinkable(format!("{error:#}"));
    let role = package.role;
    let linked = shared.sandbox.linker(role).instantiate_pre(component).map_err(unlinkable)?;
    let limits = Limits { call_timeout: TIMEOUT, ..Limits::for_role(role) };
    let control = Control::new(None, TIMEOUT, TIMEOUT);
    let identity = Identity { role, name: loaded.digest.clone(), version: String::new() };
    let mut store = State::store(
        &shared.sandbox.engine,
        Seed {
            identity: Arc::new(identity),
            egress: Egress::new(Arc::default(), shared.clients.clone(), &limits),
            limits,
            models: Arc::default(),
            control: control.clone(),
            progress: None,
            strict: false,
        },
    );
    shared.sandbox.refuel(&mut store);
    let _ticking = shared.sandbox.tick();
    macro_rules! ask {
        ($world:ident, $pre:ident, $interface:ident) => {{
            let pre = $world::$pre::new(linked).map_err(unlinkable)?;
            let call = async {
                let world = pre.instantiate_async(&mut store).await?;
                world.$interface().call_describe(&mut store).await
            };
            control.guard(call).await
        }};
    }
    let answer = match role {
        Role::Parser => ask!(parser, ParserPluginPre, mortise_plugin_parser)
            .map(|(descriptor, accepts)| (descriptor, accepts.media_types, accepts.extensions)),
        Role::Chunker => ask!(chunker, ChunkerPluginPre, mortise_plugin_chunker).map(|d| (d, vec![], vec![])),
        Role::Embedder => ask!(embedder, EmbedderPluginPre, mortise_plugin_embedder).map(|d| (d, vec![], vec![])),
        Role::Reranker => ask!(reranker, RerankerPluginPre, mortise_plugin_reranker).map(|d| (d, vec![], vec![])),
        Role::ChatModel => ask!(chat_model, ChatModelPluginPre, mortise_plugin_chat_model).map(|d| (d, vec![], vec![])),
    };
    let (descriptor, media_types, extensions) =
        answer.map_err(|failure| Undescribed::Failed(store.data().reason(failure)))?;
    checked(package, descriptor, media_types, extensions).map_err(Undescribed::Invalid)
}

fn checked(
    package: &Package,
    descriptor: Descriptor,
    media_types: Vec<String>,
    extensions: Vec<String>,
) -> Result<Description, String> {
    let mut description = Description::new(package.role, &package.wit);
    if !is_kebab(&descriptor.name) {
        return Err(format!("the name {:?}, which is not kebab-case", cut(&descriptor.name, 64)));
    }
    if semver::Version::parse(&descriptor.version).is_err() {
        return Err(format!("the version {:?}, which is not a semantic version", cut(&descriptor.version, 64)));
    }
    description.config_schema = serde_json::from_str(&descriptor.config_schema)
        .map_err(|error| format!("a config schema that is not JSON: {error}"))?;
    Schema::new(&description.config_schema).map_err(|why| format!("an invalid config schema: {}", cut(&why, 512)))?;
    if package.role == Role::Parser {
        if media_types.is_empty() && extensions.is_empty() {
            return Err("no media type and no extension, so that it would never be used".into());
        }
        description.extensions = extensions.iter().map(|e| e.trim_start_matches('.').to_lowercase()).collect();
        description.media_types = media_types.iter().map(|m| m.to_lowercase()).collect();
    }
    description.name = descriptor.name;
    description.version = descriptor.version;
    description.summary = cut(&descriptor.summary, 512);
    for capability in descriptor.capabilities {
        match capability {
            Capability::Http(why) => description.http.push(cut(&why, 512)),
            Capability::Inference(model) => description.inference.push(cut(&model, 128)),
        }
    }
    Ok(description)
}

fn is_kebab(name: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.len() <= 64 && name.split('-').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(role: Role, change: impl FnOnce(&mut Descriptor, &mut Vec<String>), why: Option<&str>) {
        let mut descriptor = Descriptor {
            name: "per-block".into(),
            version: "0.1.0".into(),
            summary: "One chunk for every block".into(),
            config_schema: r#"{"type": "object"}"#.into(),
            capabilities: vec![],
        };
        let mut extensions = vec![".TXT".to_owned()];
        change(&mut descriptor, &mut extensions);
        let package = Package { role, wit: semver::Version::new(0, 1, 0) };
        match (checked(&package, descriptor, vec![], extensions), why) {
            (Ok(_), None) => {}
            (Err(error), Some(why)) => assert!(error.contains(why), "{error}"),
            (result, why) => panic!("{result:?}, wanted {why:?}"),
        }
    }

    #[test]
    fn descriptions() {
        check(Role::Parser, |_, _| {}, None);
        check(Role::Parser, |_, extensions| extensions.clear(), Some("never be used"));
        check(Role::Chunker, |_, extensions| extensions.clear(), None);
        for name in ["", "Per-Block", "per--block", "../x", "a b", "-a"] {
            check(Role::Chunker, |d, _| d.name = name.into(), Some("kebab-case"));
        }
        check(Role::Chunker, |d, _| d.version = "1".into(), Some("semantic version"));
        check(Role::Chunker, |d, _| d.config_schema = "{".into(), Some("not JSON"));
        check(Role::Chunker, |d, _| d.config_schema = r#"{"type": 3}"#.into(), Some("invalid config schema"));
    }
}
