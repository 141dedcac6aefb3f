//! Names of plugins, and the forms in which sources write them.

use std::fmt;

/// A plugin's name: kebab-case, as `describe` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginName(String);

/// Why a text is no name of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no name for a plugin: write lower-case words of letters and digits, joined by single dashes, the first \
     beginning with a letter, such as \"long-sentences\" (at most 64 characters)"
)]
pub struct InvalidName(String);

impl std::str::FromStr for PluginName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let sound = text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(word);
        // A package of these names cannot be built, or hides what every crate needs.
        let reserved =
            ["test", "core", "std", "alloc", "proc-macro", "mortise-sdk"].contains(&text) || is_keyword(text);
        if sound && !reserved { Ok(Self(text.into())) } else { Err(InvalidName(text.into())) }
    }
}

/// Words that nothing can be called by in Rust, or in Python, JavaScript or C; in order.
const KEYWORDS: &[&str] = &[
    "abstract", "and", "as", "assert", "async", "auto", "await", "become", "box", "break", "case", "char", "class",
    "const", "continue", "crate", "def", "default", "del", "do", "double", "dyn", "elif", "else", "enum", "except",
    "export", "extern", "false", "final", "finally", "float", "fn", "for", "from", "function", "gen", "global", "goto",
    "if", "impl", "import", "in", "int", "is", "lambda", "let", "long", "loop", "macro", "match", "mod", "move", "mut",
    "new", "nonlocal", "not", "null", "or", "override", "package", "pass", "priv", "pub", "raise", "ref", "register",
    "return", "self", "short", "signed", "sizeof", "static", "struct", "super", "switch", "this", "throw", "trait",
    "true", "try", "type", "typedef", "typeof", "union", "unsafe", "unsigned", "unsized", "use", "var", "virtual",
    "void", "volatile", "where", "while", "with", "yield",
];

fn is_keyword(text: &str) -> bool {
    KEYWORDS.binary_search(&text).is_ok()
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PluginName {
    /// `long-sentences`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `long_sentences`, as crates and modules are called.
    pub fn snake(&self) -> String {
        self.0.replace('-', "_")
    }

    /// `LongSentences`, as types are called.
    pub fn pascal(&self) -> String {
        let words = self.0.split('-').map(|word| {
            let (first, rest) = word.split_at(1); // words are ASCII and not empty
            first.to_ascii_uppercase() + rest
        });
        words.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_forms() {
        let name: PluginName = "long-sentences-2".parse().unwrap();
        assert_eq!((name.snake().as_str(), name.pascal().as_str()), ("long_sentences_2", "LongSentences2"));
        for wrong in ["", "Long", "a--b", "-a", "a-", "2a", "a_b", "a b", "ä", "../a", "test", "match", &"a".repeat(65)]
        {
            assert_eq!(wrong.parse::<PluginName>(), Err(InvalidName(wrong.into())));
        }
    }

    #[test]
    fn every_keyword_is_found() {
        assert!(KEYWORDS.is_sorted());
        for word in ["abstract", "fn", "gen", "yield", "class", "while", "let"] {
            assert!(is_keyword(word), "{word}: is the list sorted?");
        }
        assert!(!is_keyword("sentences"));
    }
}
