//! Generated from `wit/`: one module with everything the host offers, and one per world that maps onto its types.
//! Plugin authors use the modules above it.
#![allow(missing_docs, clippy::all, rustdoc::all, reason = "generated code")]

/// The host's side: types and imports of every world. A component carries only the imports it really uses.
pub mod host {
    wit_bindgen::generate!({
        path: "../wit",
        inline: r#"
            package mortise:sdk;
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
        world: "mortise:sdk/host",
        generate_all,
    });
}

macro_rules! world {
    ($module:ident, $world:literal, $export:literal, $path:literal, { $($interface:literal: $with:ident),* $(,)? }) => {
        pub mod $module {
            wit_bindgen::generate!({
                path: "../wit",
                world: $world,
                pub_export_macro: true,
                export_macro_name: $export,
                default_bindings_module: $path,
                with: { $($interface: crate::bindings::host::mortise::plugin::$with),* },
            });
        }
    };
}

world!(parser, "parser-plugin", "__export_parser_world", "mortise_sdk::bindings::parser", {
    "mortise:plugin/types@0.1.0": types,
    "mortise:plugin/document@0.1.0": document,
    "mortise:plugin/log@0.1.0": log,
    "mortise:plugin/tokens@0.1.0": tokens,
    "mortise:plugin/source@0.1.0": source,
    "mortise:plugin/blocks-out@0.1.0": blocks_out,
});
pub mod pages {
    wit_bindgen::generate!({
        path: ["../wit", "../wit/pages"],
        world: "mortise:pages/paged",
        pub_export_macro: true,
        export_macro_name: "__export_pages_world",
        default_bindings_module: "mortise_sdk::bindings::pages",
        with: {
            "mortise:plugin/types@0.1.0": crate::bindings::host::mortise::plugin::types,
            "mortise:plugin/document@0.1.0": crate::bindings::host::mortise::plugin::document,
            "mortise:plugin/source@0.1.0": crate::bindings::host::mortise::plugin::source,
        },
    });
}
world!(chunker, "chunker-plugin", "__export_chunker_world", "mortise_sdk::bindings::chunker", {
    "mortise:plugin/types@0.1.0": types,
    "mortise:plugin/document@0.1.0": document,
    "mortise:plugin/log@0.1.0": log,
    "mortise:plugin/tokens@0.1.0": tokens,
    "mortise:plugin/source@0.1.0": source,
    "mortise:plugin/blocks-in@0.1.0": blocks_in,
});
world!(embedder, "embedder-plugin", "__export_embedder_world", "mortise_sdk::bindings::embedder", {
    "mortise:plugin/types@0.1.0": types,
    "mortise:plugin/log@0.1.0": log,
    "mortise:plugin/tokens@0.1.0": tokens,
    "mortise:plugin/inference@0.1.0": inference,
});
world!(reranker, "reranker-plugin", "__export_reranker_world", "mortise_sdk::bindings::reranker", {
    "mortise:plugin/types@0.1.0": types,
    "mortise:plugin/log@0.1.0": log,
    "mortise:plugin/tokens@0.1.0": tokens,
    "mortise:plugin/inference@0.1.0": inference,
});
world!(chat_model, "chat-model-plugin", "__export_chat_model_world", "mortise_sdk::bindings::chat_model", {
    "mortise:plugin/types@0.1.0": types,
    "mortise:plugin/log@0.1.0": log,
    "mortise:plugin/tokens@0.1.0": tokens,
    "mortise:plugin/inference@0.1.0": inference,
});
