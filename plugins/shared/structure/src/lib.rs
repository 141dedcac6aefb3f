//! What chunk methods that follow the structure of a document share: where its headings are, how they make a tree, and
//! how sections become chunks that respect a token limit.
//!
//! | module | answers |
//! |---|---|
//! | [`numbering`] | how a line is numbered, and which family of numbers a text follows |
//! | [`title`] | what can be a heading by its words |
//! | [`contents`] | where a contents list begins and ends |
//! | [`outline`] | which text a file's bookmarks mean |
//! | [`tree`] | sections of a document, from the levels of its headings |
//! | [`document`], [`detect`] | a document's items, and which of them are headings |
//! | [`emit`] | sections → chunks |
//! | [`method`] | all of this in one go, as the methods do it |

pub mod contents;
pub mod detect;
pub mod document;
pub mod emit;
pub mod method;
pub mod numbering;
pub mod outline;
pub mod title;
pub mod tree;

use mortise_sdk::host;
use mortise_shared_text::TokenCounter;

/// Tokens as the host counts them.
#[derive(Clone, Copy, Debug)]
pub struct HostTokens;

impl TokenCounter for HostTokens {
    fn count(&self, texts: &[String]) -> Vec<u32> {
        if texts.is_empty() { Vec::new() } else { host::count_tokens(texts) }
    }
    fn cuts(&self, text: &str, limit: u32) -> Vec<u32> {
        host::token_cuts(text, limit)
    }
}
