//! The first and only time that a component is asked who it is: without grants, with a short deadline, and with every
//! word of the answer checked.

use crate::artifacts::Description;
use crate::egress::Egress;
use crate::fault::{Failure, cut};
use crate::instance::{Control, Identity, Seed, State};
use crate::limits::Limits;
use crate::lines::Described;
use crate::misfit::{differences, misfits};
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
    #[error("it does not fit its contract: {}", .0.join("; "))]
    Unfit(Vec<String>),
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
    let Package { role, line, .. } = *package;
    let linker = shared.sandbox.linker(role);
    // What the linker says is for whoever works on the host; an author is told the difference in the contract's words.
    let unfit = |error: &wasmtime::Error| {
        tracing::debug!(%role, digest = loaded.digest, "does not link: {error:#}");
        misfits(loaded.bytes(), line, role, linker)
    };
    let linked = linker.instantiate_pre(component).and_then(|linked| line.describes(role, linked));
    let world = linked.map_err(|error| Undescribed::Unfit(unfit(&error)))?;
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
    let described = control.guard(world.describe(&mut store)).await.map_err(|failure| {
        // Types of exports are compared when an instance is made, so that a misfit may show here only.
        let told = match &failure {
            Failure::Guest(error) if !error.is::<wasmtime::Trap>() => differences(loaded.bytes(), line, role),
            _ => Vec::new(),
        };
        if told.is_empty() { Undescribed::Failed(store.data().reason(failure)) } else { Undescribed::Unfit(told) }
    })?;
    checked(package, described).map_err(Undescribed::Invalid)
}

fn checked(package: &Package, described: Described) -> Result<Description, String> {
    let mut description = Description::new(package.role, &package.wit);
    if !is_kebab(&described.name) {
        return Err(format!("the name {:?}, which is not kebab-case", cut(&described.name, 64)));
    }
    if semver::Version::parse(&described.version).is_err() {
        return Err(format!("the version {:?}, which is not a semantic version", cut(&described.version, 64)));
    }
    description.config_schema = serde_json::from_str(&described.config_schema)
        .map_err(|error| format!("a config schema that is not JSON: {error}"))?;
    Schema::new(&description.config_schema).map_err(|why| format!("an invalid config schema: {}", cut(&why, 512)))?;
    if package.role == Role::Parser {
        if described.media_types.is_empty() && described.extensions.is_empty() {
            return Err("no media type and no extension, so that it would never be used".into());
        }
        description.extensions =
            described.extensions.iter().map(|e| e.trim_start_matches('.').to_lowercase()).collect();
        description.media_types = described.media_types.iter().map(|m| m.to_lowercase()).collect();
    }
    description.pages = package.pages;
    description.name = described.name;
    description.version = described.version;
    description.summary = cut(&described.summary, 512);
    description.http = described.http.iter().map(|why| cut(why, 512)).collect();
    description.inference = described.inference.iter().map(|model| cut(model, 128)).collect();
    Ok(description)
}

fn is_kebab(name: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.len() <= 64 && name.split('-').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(role: Role, change: impl FnOnce(&mut Described), why: Option<&str>) {
        let mut described = Described {
            name: "per-block".into(),
            version: "0.1.0".into(),
            summary: "One chunk for every block".into(),
            config_schema: r#"{"type": "object"}"#.into(),
            extensions: vec![".TXT".into()],
            ..Described::default()
        };
        change(&mut described);
        let wit = semver::Version::new(0, 1, 0);
        let package = Package { role, line: crate::lines::serving(&wit).unwrap(), wit, pages: false };
        match (checked(&package, described), why) {
            (Ok(_), None) => {}
            (Err(error), Some(why)) => assert!(error.contains(why), "{error}"),
            (result, why) => panic!("{result:?}, wanted {why:?}"),
        }
    }

    #[test]
    fn descriptions() {
        check(Role::Parser, |_| {}, None);
        check(Role::Parser, |d| d.extensions.clear(), Some("never be used"));
        check(Role::Chunker, |d| d.extensions.clear(), None);
        for name in ["", "Per-Block", "per--block", "../x", "a b", "-a"] {
            check(Role::Chunker, |d| d.name = name.into(), Some("kebab-case"));
        }
        check(Role::Chunker, |d| d.version = "1".into(), Some("semantic version"));
        check(Role::Chunker, |d| d.config_schema = "{".into(), Some("not JSON"));
        check(Role::Chunker, |d| d.config_schema = r#"{"type": 3}"#.into(), Some("invalid config schema"));
    }
}
