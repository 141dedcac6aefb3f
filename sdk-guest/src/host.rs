//! What every plugin may ask of the host: log lines, progress, token counts, granted local models.
//!
//! Outside of wasm, log lines go nowhere and tokens are counted by the SDK itself, with the same result.

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
    let _ = (level, message);
}

/// Says how far the call is: 0..1, monotone, with a note for the owner of the document.
pub fn progress(done: f32, note: &str) {
    #[cfg(target_family = "wasm")]
    crate::bindings::host::mortise::plugin::log::progress(done, note);
    #[cfg(not(target_family = "wasm"))]
    let _ = (done, note);
}

/// Counts `cl100k_base` tokens, one number per text. Count many texts in one call.
pub fn count_tokens(texts: &[String]) -> Vec<u32> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::host::mortise::plugin::tokens::count(texts);
    #[cfg(not(target_family = "wasm"))]
    texts.iter().map(|t| bpe_openai::cl100k_base().count(t.as_str()) as u32).collect()
}

/// Ascending byte offsets at which `text` can be cut into pieces of at most `limit` tokens each.
pub fn token_cuts(text: &str, limit: u32) -> Vec<u32> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::host::mortise::plugin::tokens::cuts(text, limit);
    #[cfg(not(target_family = "wasm"))]
    native_cuts(text, limit)
}

#[cfg(not(target_family = "wasm"))]
fn native_cuts(text: &str, limit: u32) -> Vec<u32> {
    let limit = limit.max(1) as usize;
    let tokenizer = bpe_openai::cl100k_base();
    let mut cuts = Vec::new();
    let mut start = 0;
    while tokenizer.count_till_limit(&tokenizer.normalize(&text[start..]), limit).is_none() {
        // The longest prefix that fits, found by halving: counts do not shrink as a prefix grows by whole words.
        let ends: Vec<usize> = text[start..].char_indices().skip(1).map(|(i, _)| start + i).take(limit * 64).collect();
        let fits = ends.partition_point(|&end| {
            tokenizer.count_till_limit(&tokenizer.normalize(&text[start..end]), limit).is_some()
        });
        let Some(&end) = ends.get(fits.max(1) - 1) else { break };
        cuts.push(end as u32);
        start = end;
    }
    cuts
}
