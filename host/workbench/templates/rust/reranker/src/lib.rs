//! A reranker without a model: a text scores by the share of the query's words that it holds. A start to replace by a
//! real model.

use mortise_sdk::reranker::Reranker;
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Result};
use std::collections::HashSet;

/// Settings, given by the operator. These comments become the descriptions that they read.
#[derive(Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    /// Words of the query with fewer characters do not count.
    #[schemars(range(min = 1, max = 20))]
    pub shortest_word: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { shortest_word: 2 }
    }
}

/// The plugin, opened with its settings.
pub struct {{Name}}(Config);

impl Reranker for {{Name}} {
    type Config = Config;

    fn describe() -> Description {
        Description::new(
            "{{name}}",
            env!("CARGO_PKG_VERSION"),
            "Offline scores from the words that query and text share",
        )
    }

    fn open(config: Config) -> Result<Self> {
        Ok(Self(config))
    }

    fn score(&self, query: &str, texts: &[String]) -> Result<Vec<f32>> {
        let wanted = words(query, self.0.shortest_word);
        let share = |text: &String| wanted.intersection(&words(text, 1)).count() as f32 / wanted.len().max(1) as f32;
        Ok(texts.iter().map(share).collect())
    }
}

mortise_sdk::export_reranker!({{Name}});

/// The distinct words of a text with at least so many characters, in lower case.
fn words(text: &str, shortest: usize) -> HashSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words.filter(|word| !word.is_empty() && word.chars().count() >= shortest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(query: &str, texts: &[&str]) -> Vec<f32> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        {{Name}}::open(Config::default()).unwrap().score(query, &texts).unwrap()
    }

    #[test]
    fn the_share_of_the_query_decides() {
        assert_eq!(score("the tall mast", &["A mast.", "The tall mast!", "Sugar."]), [1.0 / 3.0, 1.0, 0.0]);
    }

    #[test]
    fn a_query_without_words_finds_nothing() {
        assert_eq!(score("", &["x"]), [0.0]);
        assert_eq!(score("a ?", &["a ?"]), [0.0], "one letter is too short");
    }
}
