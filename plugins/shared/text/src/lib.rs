//! Text rules that several plugins share: delimiters, sentences, words, stems, and packing text to a token size.
//!
//! Everything here is pure: values in, values out. Tokens are counted by whoever calls, through [`TokenCounter`]: in a
//! plugin that is the host, in tests a local encoder.
//!
//! | module | answers |
//! |---|---|
//! | [`delimiter`] | what a `delimiter` setting means, and where it cuts |
//! | [`sentence`] | where sentences end, in English and Chinese, Japanese, Korean |
//! | [`cut`] | how a text that is too long comes apart |
//! | [`pack`] | how sections become chunks that respect a token limit |
//! | [`merge`] | the reference system's merges, exactly, overshoot included |
//! | [`context`] | the text around a table or picture, whole sentences within a budget |
//! | [`children`] | how a chunk falls into child chunks |
//! | [`word`], [`stem`], [`stop`] | words, folded and shortened, and how much each tells |
//! | [`term`] | the terms by which a query and a text are compared |

pub mod children;
pub mod context;
pub mod cut;
pub mod delimiter;
pub mod merge;
pub mod pack;
pub mod sentence;
pub mod stem;
pub mod stop;
pub mod term;
pub mod word;

pub use delimiter::Delimiters;

/// Counts `cl100k_base` tokens.
pub trait TokenCounter {
    /// One count per text. Many texts in one call are cheaper than many calls.
    fn count(&self, texts: &[String]) -> Vec<u32>;
    /// Ascending byte offsets on character boundaries at which `text` falls into pieces of at most `limit` tokens.
    fn cuts(&self, text: &str, limit: u32) -> Vec<u32>;

    /// The count of one text.
    fn count_one(&self, text: &str) -> u32 {
        self.count(&[text.to_owned()]).first().copied().unwrap_or(0)
    }
}

impl<T: TokenCounter + ?Sized> TokenCounter for &T {
    fn count(&self, texts: &[String]) -> Vec<u32> {
        (**self).count(texts)
    }
    fn cuts(&self, text: &str, limit: u32) -> Vec<u32> {
        (**self).cuts(text, limit)
    }
}
