//! A query and texts → scores.
//!
//! ```
//! use mortise_sdk::reranker::Reranker;
//! use mortise_sdk::{Description, NoConfig, Result, testing};
//!
//! /// The share of the query's words that a text has.
//! struct Words;
//!
//! impl Reranker for Words {
//!     type Config = NoConfig;
//!
//!     fn describe() -> Description {
//!         Description::new("words", env!("CARGO_PKG_VERSION"), "Counts words in common")
//!     }
//!
//!     fn open(_: NoConfig) -> Result<Self> {
//!         Ok(Words)
//!     }
//!
//!     fn score(&self, query: &str, texts: &[String]) -> Result<Vec<f32>> {
//!         let words: Vec<&str> = query.split_whitespace().collect();
//!         let found = |text: &String| words.iter().filter(|word| text.contains(**word)).count();
//!         Ok(texts.iter().map(|text| found(text) as f32 / words.len().max(1) as f32).collect())
//!     }
//! }
//!
//! mortise_sdk::export_reranker!(Words);
//! # fn main() {
//! let model = testing::open_reranker::<Words>(mortise_sdk::serde_json::json!({})).unwrap();
//! assert_eq!(testing::score(&model, "tenon joint", &["a joint", "a crane"]).unwrap(), [0.5, 0.0]);
//! # }
//! ```

use crate::bindings::reranker::exports::mortise::plugin::reranker as wit;
use crate::{Config, Description, Result};

/// A reranker. Export it with [`export_reranker!`](crate::export_reranker).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a reranker",
    label = "`Reranker` is not implemented for `{Self}`",
    note = "`export_reranker!` takes the type that implements `mortise_sdk::reranker::Reranker`",
    note = "other roles have macros of their own: export_parser!, export_chunker!, export_embedder!, export_chat_model!"
)]
pub trait Reranker: Sized + 'static {
    /// Settings given by the operator.
    type Config: Config;
    /// Name, version, summary. Must always be the same.
    fn describe() -> Description;
    /// Makes the model ready; the result may serve many calls.
    ///
    /// # Errors
    /// `invalid-config`, or whatever keeps the model from opening.
    fn open(config: Self::Config) -> Result<Self>;
    /// One score per text in the same order, higher is better, 0..1.
    ///
    /// # Errors
    /// The host falls back to the order before reranking.
    fn score(&self, query: &str, texts: &[String]) -> Result<Vec<f32>>;
}

#[doc(hidden)]
pub struct Adapter<T>(std::marker::PhantomData<T>);
#[doc(hidden)]
pub struct Opened<T>(T);

impl<T: Reranker> wit::Guest for Adapter<T> {
    type RerankModel = Opened<T>;
    fn describe() -> crate::bindings::host::mortise::plugin::types::Descriptor {
        T::describe().into_descriptor::<T::Config>()
    }
}

impl<T: Reranker> wit::GuestRerankModel for Opened<T> {
    fn open(config: String) -> Result<wit::RerankModel> {
        Ok(wit::RerankModel::new(Opened(T::open(T::Config::from_json(&config)?)?)))
    }
    fn score(&self, query: String, texts: Vec<String>) -> Result<Vec<f32>> {
        self.0.score(&query, &texts)
    }
}

/// Makes the component of a [`Reranker`](crate::reranker::Reranker): `mortise_sdk::export_reranker!(MyReranker);`
///
/// Once in a crate, at its top level. Outside of wasm it only checks that the type is a reranker.
#[macro_export]
macro_rules! export_reranker {
    ($plugin:ty $(,)?) => {
        $crate::__one_plugin_per_crate!();
        const _: () = {
            const fn is_a_reranker<T: $crate::reranker::Reranker>() {}
            is_a_reranker::<$plugin>();
        };
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Component = $crate::reranker::Adapter<$plugin>;
    $crate::bindings::reranker::__export_reranker_world!(Component with_types_in $crate::bindings::reranker);
        };
    };
    ($($other:tt)*) => {
        ::core::compile_error!("name the one type that implements `Reranker`: export_reranker!(MyReranker);");
    };
}
