//! The sandbox: runs plugins, which are WebAssembly components, and hands them out as the role traits of the domain.
//!
//! | file | answers |
//! |---|---|
//! | `engine` | how is code compiled, interrupted, linked? |
//! | `package`, `describe`, `schema` | what is this component, may it be here, do these settings fit? |
//! | `lines/` | how does the host speak to components of every version of the contract? |
//! | `misfit` | why does this component not fit the contract? |
//! | `artifacts` | what is kept so that the next start is quick? |
//! | `grants`, `egress` | what may it reach, and how does it get there? |
//! | `limits`, `instance` | what may one call use, and how is it stopped? |
//! | `senses` | what can a guest learn of the world around it? |
//! | `imports/` | what does the host do for guests? |
//! | `roles/`, `unread` | how does a call of each role go, and what must come out of it? |
//! | `pool`, `idle` | which instances stay warm, and for how long? |
//! | `observe` | what was seen of a plugin, and where does a call begin and end? |
//! | `fault`, `output` | what went wrong, in words that someone can act upon? |
//! | `runtime`, `registry`, `admin` | what is installed under which name, for whom? |
//!
//! No other crate names wasmtime. A fault costs one call: whatever a guest does, the store it ran in is dropped and the
//! next call begins anew.

mod admin;
mod artifacts;
mod describe;
mod egress;
mod engine;
mod fault;
mod grants;
mod idle;
mod imports;
mod install;
mod instance;
mod limits;
mod lines;
mod misfit;
mod observe;
mod output;
mod package;
mod plugin;
mod pool;
mod registry;
mod roles;
mod runtime;
mod schema;
mod senses;
#[cfg(test)]
mod tests;
mod unread;

pub use grants::{Grants, HostPattern, InvalidHost, SecretBinding};
pub use install::{Inspection, Install, InstallError};
pub use limits::{LimitOverrides, Limits};
pub use package::PackageError;
pub use runtime::{Runtime, RuntimeOptions};
