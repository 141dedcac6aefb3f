//! The words before question and answer.

/// The words before question and answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labels {
    pub(crate) question: &'static str,
    pub(crate) answer: &'static str,
}

const ENGLISH: Labels = Labels { question: "Question: ", answer: "Answer: " };
const CHINESE: Labels = Labels { question: "问题：", answer: "回答：" };

/// By the language given, else by the script of the text.
pub(crate) fn labels(language: Option<&str>, east_asian: bool) -> Labels {
    match language.map(str::trim).filter(|language| !language.is_empty()) {
        Some(language) if language.to_lowercase().starts_with("en") => ENGLISH,
        Some(_) => CHINESE,
        None if east_asian => CHINESE,
        None => ENGLISH,
    }
}
