//! Every built-in component, as bytes. `build.rs` compiles the folders beside this one for `wasm32-wasip2`; they enter
//! the host by the same `install` as anybody's plugin.

/// One built-in component.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// `parser`, `chunker`, `embedder`, `reranker` or `chat-model`: the folder it lives in.
    pub role: &'static str,
    /// Name of its folder.
    pub name: &'static str,
    /// The component.
    pub component: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/built_ins.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_is_a_component() {
        // Preamble of a component: magic, version 0x0d, layer 1.
        const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
        assert!(!BUILT_INS.is_empty());
        for built_in in BUILT_INS {
            assert!(built_in.component.starts_with(COMPONENT), "{}", built_in.name);
        }
    }
}
