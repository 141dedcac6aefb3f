//! From a request to the text of its answer.

use crate::knowledge::{Knowledge, Source};
use crate::question::Question;
use crate::{ExtractConfig, rank};
use mortise_sdk::chat_model::{Request, Role};
use mortise_sdk::{Error, Result};

/// What is said when nothing fits, unless the prompt wants other words.
const NOT_FOUND: &str = "The answer you are looking for is not found in the dataset!";
/// What is said when there is nothing to quote from and no sign that there should be.
const NO_DOCUMENTS: &str = "I can only answer from documents, and there are none in this conversation.";

pub(crate) fn of_request(request: &Request, config: &ExtractConfig) -> Result<String> {
    let question = request.messages.iter().rev().find(|m| m.role == Role::User);
    let Some(question) = question else {
        return Err(Error::InvalidInput("there is no message of a user to answer".into()));
    };
    Ok(answer(&question.text(), &Knowledge::of(request), config))
}

/// The answer to a question: quotations with their citations, or that there is none.
pub fn answer(question: &str, knowledge: &Knowledge, config: &ExtractConfig) -> String {
    if !knowledge.expected && knowledge.sources.is_empty() {
        return NO_DOCUMENTS.to_owned();
    }
    let question = Question::new(question);
    let candidates = rank::candidates(&question, &knowledge.sources);
    let chosen = rank::best(candidates, config.max_sentences as usize, config.floor);
    if chosen.is_empty() {
        return knowledge.not_found.clone().unwrap_or_else(|| NOT_FOUND.to_owned());
    }
    let quote = |c: rank::Candidate| cite(&c.text, &knowledge.sources[c.source]);
    chosen.into_iter().map(quote).collect::<Vec<_>>().join(" ")
}

/// The sentence with ` [ID:n]` before its final punctuation.
fn cite(sentence: &str, source: &Source) -> String {
    let body = sentence.trim_end_matches(|c: char| {
        matches!(
            c,
            '.' | '!'
                | '?'
                | ';'
                | ':'
                | '。'
                | '！'
                | '？'
                | '；'
                | '：'
                | '"'
                | '”'
                | '’'
                | '」'
                | '』'
                | ')'
                | '）'
        ) || c.is_whitespace()
    });
    // A bracket or quotation mark that closes something in the sentence stays with it.
    let marks = &sentence[body.len()..];
    let stop = marks.rfind(['.', '!', '?', ';', ':', '。', '！', '？', '；', '：']).unwrap_or(marks.len());
    let (inner, marks) = marks.split_at(stop);
    format!("{body}{inner} [ID:{}]{marks}", source.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(texts: &[&str]) -> Knowledge {
        let sources = texts.iter().enumerate().map(|(i, text)| Source {
            number: i as u32,
            title: format!("doc {i}"),
            text: (*text).to_owned(),
        });
        Knowledge { sources: sources.collect(), expected: true, not_found: None }
    }

    fn ask(question: &str, texts: &[&str]) -> String {
        answer(question, &sources(texts), &ExtractConfig { max_sentences: 1, ..ExtractConfig::default() })
    }

    const HANDBOOK: &str = "Employment\nEvery employee has a contract. Either side may end it with a notice of thirty days. \
        During the first three months the notice is seven days. Ana Lee signs all contracts.";
    const PORT: &str =
        "The harbour of Brill has two cranes. The older crane was built in 1924 by Thomas Harding. It lifts 8.5 tons.";

    #[test]
    fn quotes_the_sentence_that_fits() {
        assert_eq!(
            ask("How many days of notice end a contract?", &[PORT, HANDBOOK]),
            "Either side may end it with a notice of thirty days [ID:1]."
        );
        assert_eq!(ask("Who signs the contracts?", &[HANDBOOK, PORT]), "Ana Lee signs all contracts [ID:0].");
        assert_eq!(
            ask("When was the older crane built?", &[HANDBOOK, PORT]),
            "The older crane was built in 1924 by Thomas Harding [ID:1]."
        );
        assert_eq!(
            ask("灯塔管理员数了多少艘船？", &["潮水上涨。灯塔管理员数了七艘船。船只等待！"]),
            "灯塔管理员数了七艘船 [ID:0]。"
        );
    }

    #[test]
    fn says_when_nothing_fits() {
        assert_eq!(ask("What is the capital of France?", &[PORT, HANDBOOK]), NOT_FOUND);
        assert_eq!(ask("What is photosynthesis?", &[PORT]), NOT_FOUND);
        assert_eq!(ask("法国的首都是哪里？", &["灯塔管理员数了七艘船。"]), NOT_FOUND);
        assert_eq!(ask("anything", &[]), NOT_FOUND);
        assert_eq!(ask("", &[PORT]), NOT_FOUND);
        assert_eq!(answer("hello", &Knowledge::default(), &ExtractConfig::default()), NO_DOCUMENTS);
        let own = Knowledge { not_found: Some("Nope.".into()), ..sources(&[PORT]) };
        assert_eq!(answer("Who is Napoleon?", &own, &ExtractConfig::default()), "Nope.");
    }

    #[test]
    fn several_sentences_in_order_without_repeats() {
        let config = ExtractConfig::default();
        let knowledge = sources(&[
            "The notice is thirty days. Lunch is at noon.",
            "The notice is thirty days. In summer the notice is ten days.",
        ]);
        let text = answer("How long is the notice?", &knowledge, &config);
        assert_eq!(text, "The notice is thirty days [ID:0]. In summer the notice is ten days [ID:1].");
    }

    #[test]
    fn citations_stand_before_the_mark() {
        let source = Source { number: 7, title: String::new(), text: String::new() };
        assert_eq!(cite("Ropes age.", &source), "Ropes age [ID:7].");
        assert_eq!(cite("\"Ropes age!\"", &source), "\"Ropes age [ID:7]!\"");
        assert_eq!(cite("Ropes (old ones).", &source), "Ropes (old ones) [ID:7].");
        assert_eq!(cite("Ropes age", &source), "Ropes age [ID:7]");
        assert_eq!(cite("绳子会老化。", &source), "绳子会老化 [ID:7]。");
    }
}
