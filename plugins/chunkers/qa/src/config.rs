//! The settings of the method.

use mortise_shared_general::Settings;
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of the method of questions and answers.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct QaConfig {
    /// Most tokens of a chunk; a longer answer goes on in further chunks that repeat the question.
    #[schemars(range(min = 1, max = 2048))]
    pub chunk_token_num: u32,
    /// Where to cut text that is in no pair and too long.
    pub delimiter: String,
    /// Language of the words before question and answer: `English`, or another for Chinese ones. If not given, the
    /// script of the text decides.
    pub lang: Option<String>,
}

impl Default for QaConfig {
    fn default() -> Self {
        Self { chunk_token_num: 1024, delimiter: "\n!?。；！？".into(), lang: None }
    }
}

impl QaConfig {
    pub(crate) fn settings(&self) -> Settings {
        Settings::of_size(self.chunk_token_num, &self.delimiter)
    }
}
