//! What a component says of itself before any of it is compiled or run: which world of which version it implements, and
//! which imports it needs. Whatever lies beyond its role's room is refused here, with the reason and what to do.

use crate::lines::{self, Line};
use mortise_domain::Role;
use semver::Version;
use wasmparser::{Encoding, Parser, Payload};

/// The package of the contract.
const PACKAGE: &str = "mortise:plugin";
/// What a parser may export beside its role; see `wit/pages`.
pub(crate) const PAGES: &str = "mortise:pages/pages@0.1.0";

/// What the host knows of a component from its type alone.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) role: Role,
    /// Version of the contract that it was built against.
    pub(crate) wit: Version,
    /// The line that serves it.
    pub(crate) line: &'static dyn Line,
    /// Whether it offers pages beside its role.
    pub(crate) pages: bool,
}

/// Why bytes are not a plugin of this host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// Not WebAssembly.
    #[error("not a WebAssembly file")]
    NotWasm,
    /// A core module.
    #[error(
        "a core module, not a component: build for the target wasm32-wasip2, or wrap it with wasm-tools component new"
    )]
    CoreModule,
    /// Damaged.
    #[error("damaged: {0}")]
    Damaged(String),
    /// It exports none of the five interfaces.
    #[error(
        "no Mortise plugin: it exports none of mortise:plugin/{{parser, chunker, embedder, reranker, chat-model}} of \
         {}; use one export macro of mortise-sdk",
        lines::offered()
    )]
    NoRole,
    /// It exports several of them.
    #[error("two roles in one component, {0} and {1}: build one component for each")]
    TwoRoles(Role, Role),
    /// Built against a contract that this host does not offer.
    #[error("built against mortise:plugin {wants}, this host offers {}: {}", lines::offered(), version_advice(wants))]
    Version {
        /// The version that the component wants.
        wants: Version,
    },
    /// It was put together from two versions that do not go together.
    #[error(
        "it exports mortise:plugin {exports} and imports {import}: build all of it with one version of mortise-sdk"
    )]
    Mixed {
        /// The version that it exports.
        exports: Version,
        /// What it imports of another.
        import: String,
    },
    /// It imports what its role may not have.
    #[error("a {role} may not import {import}: {}", import_advice(import))]
    Import {
        /// What the component is.
        role: Role,
        /// What it asks for.
        import: String,
    },
}

fn version_advice(wants: &Version) -> &'static str {
    if *wants > lines::newest() {
        "install a newer Mortise, or rebuild the plugin with an older mortise-sdk"
    } else {
        "rebuild the plugin with a newer mortise-sdk"
    }
}

fn import_advice(import: &str) -> String {
    let package = import.split('/').next().unwrap_or_default();
    match package {
        "wasi:http" => "chunkers do not reach the network; pass what it needs as settings".into(),
        "wasi:sockets" => "plugins reach the network through wasi:http only; build without sockets \
                           (componentize-py and jco can disable them, wasi-virt can remove them)"
            .into(),
        PACKAGE => "that interface is not part of this role in the contract".into(),
        _ => "the host has no such interface; remove the dependency that needs it".into(),
    }
}

impl Package {
    /// Reads the type of a component.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, PackageError> {
        let names = Names::of(bytes)?;
        let (role, wit) = names.role()?;
        names.fits(role, wit)
    }
}

/// Interface and version of a name within the contract.
fn contract(name: &str) -> Option<(&str, Option<Version>)> {
    let (interface, version) = split(name.strip_prefix(PACKAGE)?.strip_prefix('/')?);
    Some((interface, version))
}

fn split(name: &str) -> (&str, Option<Version>) {
    match name.split_once('@') {
        Some((name, version)) => (name, Version::parse(version).ok()),
        None => (name, None),
    }
}

/// The rooms: what each role may import. What standard libraries need to start is given to all, in empty form (no
/// arguments, no environment, no files, coarse clocks).
fn allowed(line: &dyn Line, role: Role, import: &str) -> bool {
    if let Some((interface, version)) = contract(import) {
        return version.is_some() && line.room(role).is_some_and(|room| room.contains(&interface));
    }
    let (name, version) = split(import);
    let Some((package, interface)) = name.split_once('/') else { return false };
    let known = match package {
        "wasi:io" => ["error", "poll", "streams"].contains(&interface),
        "wasi:clocks" => ["monotonic-clock", "wall-clock"].contains(&interface),
        "wasi:random" => ["random", "insecure", "insecure-seed"].contains(&interface),
        "wasi:filesystem" => ["types", "preopens"].contains(&interface),
        "wasi:cli" => {
            ["environment", "exit", "stdin", "stdout", "stderr"].contains(&interface)
                || interface.starts_with("terminal-")
        }
        "wasi:http" => {
            // A chunker works over blocks, and what it would fetch would be in no cut of them.
            role != Role::Chunker && ["types", "outgoing-handler"].contains(&interface)
        }
        _ => false,
    };
    known && version.is_some_and(|version| version.major == 0 && version.minor == 2)
}

/// The outermost imports and exports of a component.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

impl Names {
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, PackageError> {
        if !bytes.starts_with(b"\0asm") {
            return Err(PackageError::NotWasm);
        }
        let damaged = |error: wasmparser::BinaryReaderError| PackageError::Damaged(error.to_string());
        let mut names = Names::default();
        // Modules and components inside are skipped: their sections come at a greater depth.
        let mut depth = 0u32;
        let mut whole = false;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(damaged)? {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    return Err(PackageError::CoreModule);
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) if depth > 0 => depth -= 1,
                Payload::End(_) => whole = true,
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        names.imports.push(import.map_err(damaged)?.name.name.into());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        names.exports.push(export.map_err(damaged)?.name.name.into());
                    }
                }
                _ => {}
            }
        }
        if whole { Ok(names) } else { Err(PackageError::Damaged("it ends too early".into())) }
    }

    /// The role that it exports, and of which version of the contract.
    pub(crate) fn role(&self) -> Result<(Role, Version), PackageError> {
        let mut found = None;
        for (interface, version) in self.exports.iter().filter_map(|name| contract(name)) {
            let Some(role) = Role::ALL.into_iter().find(|role| role.as_str() == interface) else { continue };
            if let Some((first, _)) = found {
                return Err(PackageError::TwoRoles(first, role));
            }
            found = Some((role, version.ok_or(PackageError::NoRole)?));
        }
        found.ok_or(PackageError::NoRole)
    }

    /// The line that serves that role, if nothing is imported beyond its room.
    pub(crate) fn fits(&self, role: Role, wit: Version) -> Result<Package, PackageError> {
        let Some(line) = lines::serving(&wit) else { return Err(PackageError::Version { wants: wit }) };
        line.room(role).ok_or(PackageError::NoRole)?;
        for import in &self.imports {
            if let Some((_, Some(wants))) = contract(import)
                && !line.serves(&wants)
            {
                return Err(PackageError::Mixed { exports: wit, import: import.clone() });
            }
            if !allowed(line, role, import) {
                return Err(PackageError::Import { role, import: import.clone() });
            }
        }
        let pages = role == Role::Parser && self.exports.iter().any(|export| export == PAGES);
        Ok(Package { role, wit, line, pages })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms() {
        let line = lines::serving(&Version::new(0, 1, 0)).unwrap();
        let check = |role, import, allow| assert_eq!(allowed(line, role, import), allow, "{role} imports {import}");
        for role in Role::ALL {
            check(role, "wasi:io/streams@0.2.6", true);
            check(role, "wasi:cli/terminal-stdout@0.2.12", true);
            check(role, "wasi:sockets/tcp@0.2.6", false);
            check(role, "wasi:io/streams@0.3.0", false);
            check(role, "wasi:keyvalue/store@0.2.0", false);
            check(role, "mortise:plugin/log@0.1.0", true);
            check(role, "mortise:plugin/secrets@0.1.0", false);
            check(role, "some-function", false);
        }
        check(Role::Chunker, "wasi:http/outgoing-handler@0.2.4", false);
        check(Role::ChatModel, "wasi:http/outgoing-handler@0.2.4", true);
        check(Role::Parser, "wasi:http/outgoing-handler@0.2.4", true);
        check(Role::ChatModel, "wasi:http/incoming-handler@0.2.4", false);
        check(Role::Parser, "mortise:plugin/blocks-in@0.1.0", false);
        check(Role::Chunker, "mortise:plugin/blocks-in@0.1.0", true);
        check(Role::Chunker, "mortise:plugin/inference@0.1.0", false);
    }

    #[test]
    fn versions() {
        let check = |export: &str, import: &str, why: Option<&str>| {
            let names = Names { imports: vec![import.into()], exports: vec![export.into()] };
            let found = names.role().and_then(|(role, wit)| names.fits(role, wit));
            match (found.map_err(|error| error.to_string()), why) {
                (Ok(package), None) => assert_eq!(package.role, Role::Chunker),
                (Err(told), Some(why)) => assert!(told.contains(why), "{told}"),
                (found, why) => panic!("{found:?}, wanted {why:?}"),
            }
        };
        check("mortise:plugin/chunker@0.1.0", "mortise:plugin/log@0.1.0", None);
        check("mortise:plugin/chunker@0.1.7", "mortise:plugin/log@0.1.3", None);
        check("mortise:plugin/chunker@0.0.5", "wasi:io/streams@0.2.6", None);
        let newer = "built against mortise:plugin 0.2.0, this host offers 0.0.5 and 0.1.0: install a newer Mortise";
        check("mortise:plugin/chunker@0.2.0", "mortise:plugin/log@0.2.0", Some(newer));
        let older =
            "built against mortise:plugin 0.0.9, this host offers 0.0.5 and 0.1.0: rebuild the plugin with a newer";
        check("mortise:plugin/chunker@0.0.9", "mortise:plugin/log@0.0.9", Some(older));
        let mixed = "exports mortise:plugin 0.1.0 and imports mortise:plugin/log@0.0.5";
        check("mortise:plugin/chunker@0.1.0", "mortise:plugin/log@0.0.5", Some(mixed));
        check("mortise:plugin/chunker@0.1.0", "mortise:plugin/inference@0.1.0", Some("not part of this role"));
        check("mortise:plugin/parser@0.0.5", "wasi:io/streams@0.2.6", Some("exports none"));
        check("mortise:plugin/chunker", "wasi:io/streams@0.2.6", Some("exports none"));
    }

    #[test]
    fn other_files() {
        let refused = |bytes: &[u8]| Package::of(bytes).unwrap_err();
        assert_eq!(refused(b"%PDF-1.7"), PackageError::NotWasm);
        assert_eq!(refused(b"\0asm\x01\0\0\0"), PackageError::CoreModule);
        assert_eq!(refused(b"\0asm\x0d\0\x01\0"), PackageError::NoRole);
        assert!(matches!(refused(b"\0asm\x0d\0\x01\0\x0a\xff"), PackageError::Damaged(_)));
        assert!(matches!(refused(b"\0asm"), PackageError::Damaged(_)));
    }
}
