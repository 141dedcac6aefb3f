//! A chunker built against `mortise:plugin@0.0.9`. Installing it must fail, naming the version it wants, the version
//! the host offers, and what to do.

mod bindings {
    #![allow(missing_docs, clippy::all, reason = "generated code")]
    wit_bindgen::generate!({ path: "wit", world: "chunker-plugin", pub_export_macro: true });
}

use bindings::exports::mortise::plugin::chunker::Guest;

pub struct OldContract;

impl Guest for OldContract {
    fn describe() -> String {
        "old-contract".into()
    }

    fn split(text: String) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }
}

#[cfg(target_family = "wasm")]
bindings::export!(OldContract with_types_in bindings);
