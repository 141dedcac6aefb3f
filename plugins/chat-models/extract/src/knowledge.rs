//! What the model may quote: the passages of the request, or the knowledge blocks of the system message.

use mortise_sdk::chat_model::{Request, Role};

/// A passage to quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Number to cite it by.
    pub number: u32,
    /// Name of the document.
    pub title: String,
    /// The passage.
    pub text: String,
}

/// Everything that may be quoted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Knowledge {
    /// Most relevant first.
    pub sources: Vec<Source>,
    /// The conversation is about documents, found or not.
    pub expected: bool,
    /// What the prompt asks to say when nothing fits.
    pub not_found: Option<String>,
}

impl Knowledge {
    pub(crate) fn of(request: &Request) -> Self {
        let system: String =
            request.messages.iter().filter(|m| m.role == Role::System).map(|m| m.text() + "\n").collect();
        let mut sources: Vec<Source> = request
            .passages
            .iter()
            .map(|p| Source { number: p.number, title: p.title.clone(), text: p.text.clone() })
            .collect();
        if sources.is_empty() {
            sources = blocks(&system);
        }
        let lower = system.to_lowercase();
        let expected = !sources.is_empty()
            || ["knowledge base", "dataset", "知识库", "数据集", "knowledge:"].iter().any(|word| lower.contains(word));
        Self { sources, expected, not_found: not_found(&system) }
    }
}

/// Blocks in the form in which retrieved chunks stand in a prompt: `ID: n`, lines of `├── key: value`, `└── Content:`
/// and the text, up to the next block.
fn blocks(text: &str) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    let mut lines = text.lines().peekable();
    // Inside of a block's text, or among its headers.
    let mut inside = false;
    while let Some(line) = lines.next() {
        let number = line.trim().strip_prefix("ID: ").and_then(|n| n.trim().parse().ok());
        let headed = lines.peek().is_some_and(|next| next.starts_with("├── ") || next.starts_with("└── "));
        if let (Some(number), true) = (number, headed) {
            sources.push(Source { number, title: String::new(), text: String::new() });
            inside = false;
            continue;
        }
        let Some(source) = sources.last_mut() else { continue };
        if inside {
            source.text.push_str(line);
            source.text.push('\n');
        } else if let Some(title) = line.strip_prefix("├── Title: ") {
            source.title = title.trim().to_owned();
        } else if line.starts_with("└── Content:") {
            inside = true;
        }
    }
    for source in &mut sources {
        let mut text = source.text.trim_end();
        // The line between blocks, and what default prompts say after the last one.
        for ending in ["The above is the knowledge base.", "以上是知识库。", "以上是知识库", "------"] {
            text = text.strip_suffix(ending).unwrap_or(text).trim_end();
        }
        source.text = text.trim_start_matches('\n').to_owned();
    }
    sources
}

/// The sentence that a prompt wants to hear when nothing fits: the first quotation after "include the sentence" or its
/// Chinese counterpart.
fn not_found(system: &str) -> Option<String> {
    let quoted = |after: &str, open: char, close: char| {
        let rest = &system[system.find(after)? + after.len()..];
        let rest = rest.trim_start().strip_prefix(open)?;
        let sentence = &rest[..rest.find(close)?];
        (!sentence.trim().is_empty() && sentence.chars().count() <= 300).then(|| sentence.trim().to_owned())
    };
    quoted("include the sentence", '"', '"').or_else(|| quoted("必须包括", '“', '”'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_a_prompt() {
        let system = "You are a helper. must include the sentence \"Nothing here!\" Answers\n      Here is the knowledge base:\n\n\
            ------\n\nID: 0\n├── Title: Harbour.pdf\n├── author: Ana Lee\n└── Content:\nCranes lift\n\ncargo.\n\n------\n\n\
            ID: 3\n├── Title: Web page\n├── URL: https://example.org/a\n└── Content:\nRopes age.\n      The above is the knowledge base.";
        let source = |number, title: &str, text: &str| Source { number, title: title.into(), text: text.into() };
        assert_eq!(
            blocks(system),
            [source(0, "Harbour.pdf", "Cranes lift\n\ncargo."), source(3, "Web page", "Ropes age.")]
        );
        assert_eq!(not_found(system).as_deref(), Some("Nothing here!"));
        assert_eq!(
            not_found("回答必须包括“知识库中未找到您要的答案！”这句话").as_deref(),
            Some("知识库中未找到您要的答案！")
        );
        assert!(blocks("ID: 4\nno block").is_empty());
    }
}
