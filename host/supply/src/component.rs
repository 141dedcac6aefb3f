//! What of a component can be read without running it: that it is one, and what it imports and exports.

use bytes::Bytes;
use wasmparser::{Encoding, Parser, Payload};

/// The names at a component's edge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct World {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

/// By the first eight bytes: a component, or what it is instead.
pub(crate) fn check(bytes: &Bytes) -> Result<(), &'static str> {
    match bytes.get(..8) {
        Some(b"\0asm\x0d\0\x01\0") => Ok(()),
        Some(b"\0asm\x01\0\0\0") => {
            Err("it is a core module; build for wasm32-wasip2, or wrap it with `wasm-tools component new`")
        }
        Some(b"\0asm\x0d\0\x00\0" | b"\0asm\x0c\0\x01\0" | b"\0asm\x0a\0\x01\0") => {
            Err("its encoding is a draft of the component model; build it anew")
        }
        _ => Err("it does not begin as WebAssembly does"),
    }
}

/// The component's imports and exports.
pub(crate) fn world(bytes: &[u8]) -> wasmparser::Result<World> {
    let mut world = World::default();
    // Parts of a component come inline; only names of the outermost one are its own.
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::Version { encoding: Encoding::Component | Encoding::Module, .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    world.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    world.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(world)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_a_component_says_what_it_is() {
        let why = |bytes: &'static [u8]| check(&Bytes::from_static(bytes)).unwrap_err();
        assert!(why(b"\0asm\x01\0\0\0").contains("core module"));
        assert!(why(b"\0asm\x0c\0\x01\0").contains("draft"));
        for bytes in [&b""[..], b"\0asm", b"<html></html>", b"\x7fELF\0\0\0\0"] {
            assert!(why(bytes).contains("WebAssembly"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = world(&bytes);
            let _ = world(&[&b"\0asm\x0d\0\x01\0"[..], &bytes].concat());
        }
    }
}
