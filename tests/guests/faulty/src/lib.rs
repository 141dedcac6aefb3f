//! Components with bugs that honest authors make, one for every role in `examples/`. The setting `fault` names the bug;
//! without it the component keeps every rule, so that what the conformance kit finds is that bug and nothing else.

use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;

/// Settings of every component here.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Fault {
    /// Name of the bug; none when empty.
    pub fault: String,
}

impl Fault {
    /// Whether that bug is wanted.
    pub fn is(&self, fault: &str) -> bool {
        self.fault == fault
    }
}

/// Words of a text, each with the blanks before it; they concatenate to the text.
pub fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut inside) = (0, false);
    for (at, c) in text.char_indices() {
        if c.is_whitespace() && inside {
            words.push(&text[start..at]);
            start = at;
        }
        inside = !c.is_whitespace();
    }
    if start < text.len() {
        words.push(&text[start..]);
    }
    words
}

/// A small hash that is the same on every machine.
pub fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Words as they are compared: lower case, letters and digits only; characters of scripts without blanks one by one.
pub fn terms(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if word.chars().any(|c| c >= '\u{2e80}') {
            terms.extend(word.chars().map(String::from));
        } else {
            terms.push(word.to_lowercase());
        }
    }
    terms
}
