//! Generated from the released WIT: one module with everything the host offers to guests of this line, and one per world
//! that maps onto its types. Only the files beside this one see them.
#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]

/// Types and imports of every world.
pub mod host {
    wasmtime::component::bindgen!({
        path: "../../wit/released/0.1.0",
        inline: r#"
            package mortise:runtime;
            world host {
                import mortise:plugin/types@0.1.0;
                import mortise:plugin/document@0.1.0;
                import mortise:plugin/log@0.1.0;
                import mortise:plugin/tokens@0.1.0;
                import mortise:plugin/source@0.1.0;
                import mortise:plugin/blocks-out@0.1.0;
                import mortise:plugin/blocks-in@0.1.0;
                import mortise:plugin/inference@0.1.0;
            }
        "#,
        world: "mortise:runtime/host",
        imports: {
            "mortise:plugin/tokens": async | trappable,
            "mortise:plugin/source.[method]file.read": async | trappable,
            "mortise:plugin/inference": async | trappable,
            default: trappable,
        },
        with: {
            "mortise:plugin/source.file": crate::imports::source::File,
            "mortise:plugin/blocks-in.reader": crate::imports::blocks_in::Reader,
            "mortise:plugin/inference.model": crate::imports::inference::OpenModel,
        },
    });
}

macro_rules! world {
    ($module:ident, $world:literal, { $($interface:literal: $with:ident),* $(,)? }) => {
        pub mod $module {
            wasmtime::component::bindgen!({
                path: "../../wit/released/0.1.0",
                world: $world,
                exports: { default: async },
                with: { $($interface: crate::lines::v0_1::bindings::host::mortise::plugin::$with),* },
            });
        }
    };
}

world!(parser, "parser-plugin", {
    "mortise:plugin/types@0.1.0": types,
    "mortise:plugin/document@0.1.0": document,
    "mortise:plugin/log@0.1.0": log,
    "mortise:plugin/tokens@0.1.0": tokens,
    "mortise:plugin/source@0.1.0": source,
    "mortise:plugin/blocks-out@0.1.0": blocks_out,
});
pub mod pages {
    wasmtime::component::bindgen!({
        path: ["../../wit/released/0.1.0", "../../wit/pages"],
        world: "mortise:pages/paged",
        exports: { default: async },
        with: {
            "mortise:plugin/types@0.1.0": crate::lines::v0_1::bindings::host::mortise::plugin::types,
            "mortise:plugin/document@0.1.0": crate::lines::v0_1::bindings::host::mortise::plugin::document,
            "mortise:plugin/source@0.1.0": crate::lines::v0_1::bindings::host::mortise::plugin::source,
        },
    });
}
world!(chunker, "chunker-plugin", {
    "mortise:plugin/types@0.1.0": types,
    "mortise:plugin/document@0.1.0": document,
    "mortise:plugin/log@0.1.0": log,
    "mortise:plugin/tokens@0.1.0": tokens,
    "mortise:plugin/source@0.1.0": source,
    "mortise:plugin/blocks-in@0.1.0": blocks_in,
});
world!(embedder, "embedder-plugin", {
    "mortise:plugin/types@0.1.0": types,
    "mortise:plugin/log@0.1.0": log,
    "mortise:plugin/tokens@0.1.0": tokens,
    "mortise:plugin/inference@0.1.0": inference,
});
world!(reranker, "reranker-plugin", {
    "mortise:plugin/types@0.1.0": types,
    "mortise:plugin/log@0.1.0": log,
    "mortise:plugin/tokens@0.1.0": tokens,
    "mortise:plugin/inference@0.1.0": inference,
});
world!(chat_model, "chat-model-plugin", {
    "mortise:plugin/types@0.1.0": types,
    "mortise:plugin/log@0.1.0": log,
    "mortise:plugin/tokens@0.1.0": tokens,
    "mortise:plugin/inference@0.1.0": inference,
});
