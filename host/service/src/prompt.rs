//! The prompt: passages as knowledge blocks, variables filled in, everything fitted to the model's context.

use mortise_domain::chat::{ChatMessage, ChatRole};
use mortise_domain::{Hit, JsonMap};
use std::collections::HashSet;

/// Share of the context that passages may take, and share that the whole prompt may take (RAGFlow's numbers).
const KNOWLEDGE_SHARE: f64 = 0.97;
const PROMPT_SHARE: f64 = 0.95;

/// How the model is asked to cite.
const CITING: &str = "\n\n## Citations\n\
    Every passage above begins with a line `ID: n`. When a sentence of your answer rests on a passage, write its mark \
    `[ID:n]` at the end of the sentence, before the final punctuation. Several passages: `[ID:0] [ID:3]`, four at most; \
    never `[ID:0, ID:3]`. Cite numbers, dates, causes, comparisons, definitions and disputed claims. Do not cite common \
    knowledge, transitions or your own reasoning, and never cite a passage that is not above.";

/// Text that a hit contributes: its parent's, when it is a child.
pub(crate) fn passage_text(hit: &Hit) -> &str {
    hit.chunk.parent_text.as_deref().unwrap_or(&hit.chunk.text)
}

/// Drops children whose parent is already there, and what does not fit. Numbers of passages are places in the result.
pub(crate) fn fit_passages(hits: Vec<Hit>, context_tokens: u32, count: impl Fn(&str) -> usize) -> Vec<Hit> {
    let budget = (f64::from(context_tokens) * KNOWLEDGE_SHARE) as usize;
    let mut parents = HashSet::new();
    let mut used = 0;
    let fresh = hits.into_iter().filter(|hit| match &hit.chunk.parent_text {
        Some(parent) => parents.insert((hit.chunk.document.clone(), parent.clone())),
        None => true,
    });
    let mut kept: Vec<Hit> = Vec::new();
    for hit in fresh {
        let block = knowledge_block(kept.len(), &hit.document_name, &JsonMap::new(), passage_text(&hit));
        used += count(&block);
        if used > budget && !kept.is_empty() {
            break;
        }
        kept.push(hit);
    }
    kept
}

/// One passage as the model reads it.
pub(crate) fn knowledge_block(number: usize, title: &str, metadata: &JsonMap, text: &str) -> String {
    let mut block = format!("\nID: {number}\n├── Title: {}\n", one_line(title));
    for (key, value) in metadata {
        let value = match value {
            serde_json::Value::String(text) => one_line(text),
            serde_json::Value::Null => String::new(),
            other => one_line(&other.to_string()),
        };
        if !value.is_empty() {
            block.push_str(&format!("├── {key}: {value}\n"));
        }
    }
    block.push_str("└── Content:\n");
    block.push_str(text);
    block
}

/// The value of `{knowledge}`.
pub(crate) fn knowledge(blocks: &[String]) -> String {
    format!("\n------\n{}", blocks.join("\n\n------\n\n"))
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Fills `{name}` for the given names only; any other brace stays as it is.
pub(crate) fn fill(template: &str, values: &[(String, String)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    'next: while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        rest = &rest[open..];
        for (name, value) in values {
            let after =
                rest.strip_prefix('{').and_then(|r| r.strip_prefix(name.as_str())).and_then(|r| r.strip_prefix('}'));
            if let Some(after) = after {
                filled.push_str(value);
                rest = after;
                continue 'next;
            }
        }
        filled.push('{');
        rest = &rest[1..];
    }
    filled + rest
}

/// The system message.
pub(crate) fn system(template: &str, values: &[(String, String)], citing: bool) -> String {
    fill(template, values) + if citing { CITING } else { "" }
}

/// Fits messages into the context: the oldest turns go first, then the system message is cut, then the last message.
/// Gives the messages and their tokens.
pub(crate) fn fit_messages(
    messages: Vec<ChatMessage>,
    context_tokens: u32,
    count: impl Fn(&str) -> usize,
    cut: impl Fn(&str, usize) -> String,
) -> (Vec<ChatMessage>, usize) {
    let limit = (f64::from(context_tokens) * PROMPT_SHARE) as usize;
    let mut sized: Vec<(usize, ChatMessage)> = messages.into_iter().map(|m| (count(&m.text), m)).collect();
    let mut total: usize = sized.iter().map(|(n, _)| n).sum();
    while total >= limit {
        let last = sized.len().saturating_sub(1);
        let Some(oldest) = sized.iter().take(last).position(|(_, m)| m.role != ChatRole::System) else { break };
        total -= sized.remove(oldest).0;
    }
    if total >= limit {
        let last = sized.last().map_or(0, |(n, _)| *n);
        let system = total - last;
        // Whoever takes most gives way.
        let (shrink_system, room) = if system * 5 > total * 4 {
            (true, limit.saturating_sub(last))
        } else {
            (false, limit.saturating_sub(system))
        };
        let victim = if shrink_system { sized.first_mut() } else { sized.last_mut() };
        if let Some((tokens, message)) = victim {
            message.text = cut(&message.text, room);
            let now = count(&message.text);
            total = total - *tokens + now;
        }
    }
    (sized.into_iter().map(|(_, m)| m).collect(), total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn knowledge_blocks_carry_title_and_metadata() {
        let metadata = json!({"author": "Ana\n\nLee", "year": 2021, "empty": ""});
        let block = knowledge_block(0, "Harbour.pdf", metadata.as_object().unwrap(), "Cranes lift\n\ncargo.");
        assert_eq!(
            block,
            "\nID: 0\n├── Title: Harbour.pdf\n├── author: Ana Lee\n├── year: 2021\n└── Content:\nCranes lift\n\ncargo."
        );
        assert_eq!(knowledge(&["A".into(), "B".into()]), "\n------\nA\n\n------\n\nB");
    }

    #[test]
    fn only_named_variables_are_filled() {
        let values = [("knowledge".to_owned(), "K {x}".to_owned()), ("x".to_owned(), "X".to_owned())];
        assert_eq!(fill("{a: {knowledge}} {x} {", &values), "{a: K {x}} X {");
    }

    fn message(role: ChatRole, text: &str) -> ChatMessage {
        ChatMessage::new(role, text)
    }

    fn fit(messages: Vec<ChatMessage>, limit: u32) -> Vec<String> {
        let context = (f64::from(limit) / PROMPT_SHARE).ceil() as u32;
        let cut = |text: &str, n: usize| mortise_text::tokens::truncate(text, n).to_owned();
        let (messages, _) = fit_messages(messages, context, mortise_text::tokens::count, cut);
        messages.into_iter().map(|m| m.text).collect()
    }

    #[test]
    fn the_oldest_turns_go_first() {
        let messages = vec![
            message(ChatRole::System, "You answer about docks."),
            message(ChatRole::User, "first question about ropes"),
            message(ChatRole::Assistant, "a long answer about ropes and knots"),
            message(ChatRole::User, "second question"),
        ];
        assert_eq!(fit(messages.clone(), 100).len(), 4);
        assert_eq!(fit(messages, 12), ["You answer about docks.", "second question"]);
    }

    #[test]
    fn a_long_system_message_or_question_is_cut() {
        let greek = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau";
        let system = vec![message(ChatRole::System, greek), message(ChatRole::User, "short one")];
        assert_eq!(fit(system, 12), ["alpha beta gamma delta epsilon zeta eta theta iota", "short one"]);
        let question = vec![message(ChatRole::System, "be brief"), message(ChatRole::User, greek)];
        let fitted = fit(question, 12);
        assert_eq!(fitted[0], "be brief");
        assert_eq!(mortise_text::tokens::count(&fitted[1]), 10, "{fitted:?}");
    }
}
