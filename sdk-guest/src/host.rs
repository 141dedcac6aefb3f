//! What every plugin may ask of the host: log lines, progress, token counts, granted local models.
//!
//! Outside of wasm, log lines and progress go to [`testing::record`](crate::testing::record), and tokens are counted by
//! the SDK itself, with the same result. The macros [`info!`](crate::info), [`warn!`](crate::warn) and their sisters
//! format a line and [`log`] it.
//!
//! ```
//! use mortise_sdk::host;
//!
//! assert_eq!(host::count_tokens(&["Mortise and tenon".into(), "".into()]), [6, 0]);
//! let text = "Mortise and tenon joints";
//! let cut = host::token_cuts(text, 3)[0] as usize;
//! assert_eq!(&text[..cut], "Mortise");
//! ```

#[cfg(not(target_family = "wasm"))]
mod native;
mod progress;

pub use progress::Progress;

/// How serious a log line is.
pub use crate::bindings::host::mortise::plugin::log::Level;

/// Local models that the operator granted.
pub mod inference {
    pub use crate::bindings::host::mortise::plugin::inference::{Data, Model, Tensor};
}

/// Writes one line to the host's log; the host adds the plugin's name.
pub fn log(level: Level, message: &str) {
    #[cfg(target_family = "wasm")]
    crate::bindings::host::mortise::plugin::log::log(level, message);
    #[cfg(not(target_family = "wasm"))]
    crate::testing::record::line(level, message);
}

/// Says how far the call is: 0..1, monotone, with a note for the owner of the document. [`Progress`] keeps both promises.
pub fn progress(done: f32, note: &str) {
    #[cfg(target_family = "wasm")]
    crate::bindings::host::mortise::plugin::log::progress(done, note);
    #[cfg(not(target_family = "wasm"))]
    crate::testing::record::step(done, note);
}

/// Counts `cl100k_base` tokens, one number per text. Count many texts in one call.
pub fn count_tokens(texts: &[String]) -> Vec<u32> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::host::mortise::plugin::tokens::count(texts);
    #[cfg(not(target_family = "wasm"))]
    native::count(texts)
}

/// Ascending byte offsets at which `text` can be cut into pieces of at most `limit` tokens each; empty when it fits whole.
/// They stand between characters, but may part a letter from its marks: [`text::pieces`](crate::text::pieces) does not.
pub fn token_cuts(text: &str, limit: u32) -> Vec<u32> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::host::mortise::plugin::tokens::cuts(text, limit);
    #[cfg(not(target_family = "wasm"))]
    native::cuts(text, limit)
}
