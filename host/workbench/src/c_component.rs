//! What a plugin in C needs beyond a C compiler: headers and glue made from the contract, and the component made from
//! the module that the linker wrote.
//!
//! The compiler is clang with `--target=wasm32-wasi`. It knows core modules only; the glue carries the type of the world
//! in a custom section, and [`componentize`] turns both into a component. Where the program uses parts of the C library
//! that call WASI 0.1, the reactor adapter translates them.

use mortise_domain::Role;
use std::path::{Path, PathBuf};
use wasi_preview1_component_adapter_provider as adapter;
use wit_bindgen_core::Files;
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::{Resolve, SourceMap, WorldId};

/// The contract that this binary was built with: file names and texts of `wit/`.
pub(crate) const CONTRACT: [(&str, &str); 8] = [
    ("chat-model.wit", include_str!("../../../wit/chat-model.wit")),
    ("chunker.wit", include_str!("../../../wit/chunker.wit")),
    ("document.wit", include_str!("../../../wit/document.wit")),
    ("embedder.wit", include_str!("../../../wit/embedder.wit")),
    ("host.wit", include_str!("../../../wit/host.wit")),
    ("parser.wit", include_str!("../../../wit/parser.wit")),
    ("reranker.wit", include_str!("../../../wit/reranker.wit")),
    ("types.wit", include_str!("../../../wit/types.wit")),
];

/// Why there are no bindings, or no component.
#[derive(Debug, thiserror::Error)]
pub enum CComponentError {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The contract itself does not hold; a fault of Mortise.
    #[error("the built-in contract cannot be used: {0}")]
    Contract(String),
    /// The module is not one that can become a component.
    #[error("not a plugin's module: {0}; link the generated *_component_type.o and build with -mexec-model=reactor")]
    Module(String),
}

/// Writes the contract's files into `folder`, for tools that generate bindings from them. Gives their paths.
///
/// # Errors
/// A file that cannot be written.
pub fn write_contract(folder: &Path) -> Result<Vec<PathBuf>, CComponentError> {
    let files = CONTRACT.iter().map(|(name, text)| (*name, text.as_bytes()));
    write_all(folder, files)
}

/// Writes C bindings of a role's world into `folder`: a header, the glue, and an object with the world's type. Gives
/// their paths.
///
/// # Errors
/// A file that cannot be written.
pub fn bindings(role: Role, folder: &Path) -> Result<Vec<PathBuf>, CComponentError> {
    let broken = |error: anyhow::Error| CComponentError::Contract(format!("{error:#}"));
    let (mut resolve, world) = world(role).map_err(broken)?;
    let mut files = Files::default();
    wit_bindgen_c::Opts::default().build().generate(&mut resolve, world, &mut files).map_err(broken)?;
    write_all(folder, files.iter())
}

/// Turns a linked core module into a component.
///
/// # Errors
/// A module without the world's type, or with imports that no plugin may have.
pub fn componentize(module: &[u8]) -> Result<Vec<u8>, CComponentError> {
    let encode = || {
        let component = ComponentEncoder::default()
            .validate(true)
            .module(module)?
            .adapter(adapter::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER)?
            .encode()?;
        match wit_component::decode(&component)? {
            DecodedWasm::Component(resolve, world) if !resolve.worlds[world].exports.is_empty() => Ok(component),
            _ => anyhow::bail!("it exports nothing of the contract"),
        }
    };
    encode().map_err(|error: anyhow::Error| CComponentError::Module(format!("{error:#}")))
}

fn world(role: Role) -> anyhow::Result<(Resolve, WorldId)> {
    let mut sources = SourceMap::new();
    for (name, text) in CONTRACT {
        sources.push_str(name, text);
    }
    let contract = sources.parse().map_err(|(sources, error)| anyhow::anyhow!(error.render(&sources)))?;
    let mut resolve = Resolve::default();
    let package = resolve.push_group(contract)?;
    let world = resolve.select_world(&[package], Some(&format!("{role}-plugin")))?;
    Ok((resolve, world))
}

fn write_all<'a>(
    folder: &Path,
    files: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Result<Vec<PathBuf>, CComponentError> {
    let failed = |path: &Path, source| CComponentError::File { path: path.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let written = files.map(|(name, bytes)| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).map_err(|error| failed(&path, error))?;
        Ok(path)
    });
    written.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_is_the_repositorys() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let mut found: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.retain(|path| path.extension().is_some_and(|extension| extension == "wit"));
        assert_eq!(found.len(), CONTRACT.len(), "a file of wit/ is not built in");
    }

    #[test]
    fn every_role_has_bindings() {
        for role in Role::ALL {
            let folder = tempfile::tempdir().unwrap();
            let names: Vec<String> = bindings(role, folder.path())
                .unwrap()
                .iter()
                .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
                .collect();
            let stem = format!("{role}_plugin").replace('-', "_");
            for end in [".c", ".h", "_component_type.o"] {
                assert!(names.contains(&format!("{stem}{end}")), "{role}: {names:?}");
            }
        }
    }

    #[test]
    fn what_is_no_plugins_module_is_told() {
        let bare = componentize(b"\0asm\x01\0\0\0").unwrap_err().to_string();
        assert!(bare.contains("component_type.o"), "{bare}");
        assert!(matches!(componentize(b"int main(void)"), Err(CComponentError::Module(_))));
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = write_contract(file.path()).unwrap_err().to_string();
        assert!(error.contains(&file.path().display().to_string()), "{error}");
    }
}
