//! Texts → vectors.
//!
//! ```
//! use mortise_sdk::embedder::{Embedder, InputKind, Space, Vectors};
//! use mortise_sdk::{Description, NoConfig, Result, testing};
//!
//! /// How often each vowel stands in a text: a small space, but one.
//! struct Vowels;
//!
//! impl Embedder for Vowels {
//!     type Config = NoConfig;
//!
//!     fn describe() -> Description {
//!         Description::new("vowels", env!("CARGO_PKG_VERSION"), "Counts vowels")
//!     }
//!
//!     fn open(_: NoConfig) -> Result<Self> {
//!         Ok(Vowels)
//!     }
//!
//!     fn space(&self) -> Space {
//!         Space { dimensions: 5, max_tokens: 8192, normalised: false, languages: vec![] }
//!     }
//!
//!     fn embed(&self, texts: &[String], _: InputKind) -> Result<Vectors> {
//!         let count = |text: &String, vowel| text.chars().filter(|letter| *letter == vowel).count() as f32;
//!         let values = texts.iter().flat_map(|text| "aeiou".chars().map(move |vowel| count(text, vowel))).collect();
//!         Ok(Vectors { dimensions: 5, values, tokens: 0 })
//!     }
//! }
//!
//! mortise_sdk::export_embedder!(Vowels);
//! # fn main() {
//! let model = testing::open_embedder::<Vowels>(mortise_sdk::serde_json::json!({})).unwrap();
//! testing::assert_embedder(&model, &["mortise and tenon", "", "榫头"]);
//! assert_eq!(testing::embed(&model, &["mortise"], InputKind::Query).unwrap(), [[0.0, 1.0, 1.0, 1.0, 0.0]]);
//! # }
//! ```

use crate::bindings::embedder::exports::mortise::plugin::embedder as wit;
pub use crate::bindings::embedder::exports::mortise::plugin::embedder::{InputKind, Space, Vectors};
use crate::{Config, Description, Result};

/// An embedding model. Export it with [`export_embedder!`](crate::export_embedder).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an embedding model",
    label = "`Embedder` is not implemented for `{Self}`",
    note = "`export_embedder!` takes the type that implements `mortise_sdk::embedder::Embedder`",
    note = "other roles have macros of their own: export_parser!, export_chunker!, export_reranker!, export_chat_model!"
)]
pub trait Embedder: Sized + 'static {
    /// Settings given by the operator.
    type Config: Config;
    /// Name, version, summary. Must always be the same.
    fn describe() -> Description;
    /// Makes the model ready; the result may serve many calls.
    ///
    /// # Errors
    /// `invalid-config`, or whatever keeps the model from opening.
    fn open(config: Self::Config) -> Result<Self>;
    /// The vector space; constant for one configuration.
    fn space(&self) -> Space;
    /// One vector per text, in order, all finite.
    ///
    /// # Errors
    /// The host retries `upstream` errors and fails the document on others.
    fn embed(&self, texts: &[String], kind: InputKind) -> Result<Vectors>;
}

#[doc(hidden)]
pub struct Adapter<T>(std::marker::PhantomData<T>);
#[doc(hidden)]
pub struct Opened<T>(T);

impl<T: Embedder> wit::Guest for Adapter<T> {
    type EmbeddingModel = Opened<T>;
    fn describe() -> crate::bindings::host::mortise::plugin::types::Descriptor {
        T::describe().into_descriptor::<T::Config>()
    }
}

impl<T: Embedder> wit::GuestEmbeddingModel for Opened<T> {
    fn open(config: String) -> Result<wit::EmbeddingModel> {
        Ok(wit::EmbeddingModel::new(Opened(T::open(T::Config::from_json(&config)?)?)))
    }
    fn space(&self) -> Space {
        self.0.space()
    }
    fn embed(&self, texts: Vec<String>, kind: InputKind) -> Result<Vectors> {
        self.0.embed(&texts, kind)
    }
}

/// Makes the component of an [`Embedder`](crate::embedder::Embedder): `mortise_sdk::export_embedder!(MyEmbedder);`
///
/// Once in a crate, at its top level. Outside of wasm it only checks that the type is an embedding model.
#[macro_export]
macro_rules! export_embedder {
    ($plugin:ty $(,)?) => {
        $crate::__one_plugin_per_crate!();
        const _: () = {
            const fn is_an_embedding_model<T: $crate::embedder::Embedder>() {}
            is_an_embedding_model::<$plugin>();
        };
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Component = $crate::embedder::Adapter<$plugin>;
    $crate::bindings::embedder::__export_embedder_world!(Component with_types_in $crate::bindings::embedder);
        };
    };
    ($($other:tt)*) => {
        ::core::compile_error!("name the one type that implements `Embedder`: export_embedder!(MyEmbedder);");
    };
}
