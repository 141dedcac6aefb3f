//! Role words before a question or an answer: `Q:`, `Answer：`, `问题：`.

const QUESTION: [&str; 8] = ["question", "user", "q", "问题", "問題", "质问", "問", "问"];
const ANSWER: [&str; 8] = ["answer", "assistant", "a", "答案", "回答", "答复", "解答", "答"];

/// Which role a line gives itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Question,
    Answer,
}

/// The text without the role words before it. A word is one only before a colon or a tab: the article of «A floating
/// marker.» stays.
pub fn strip(text: &str) -> &str {
    let mut text = text.trim();
    while let Some((_, rest)) = role(text) {
        text = rest;
    }
    text
}

/// The role that a text gives itself, and what follows. A number may stand behind the word: `Q1:`.
pub(crate) fn role(text: &str) -> Option<(Role, &str)> {
    let text = text.trim_start();
    let words =
        QUESTION.iter().map(|word| (Role::Question, *word)).chain(ANSWER.iter().map(|word| (Role::Answer, *word)));
    for (role, word) in words {
        let Some(front) = text.get(..word.len()).filter(|front| front.eq_ignore_ascii_case(word)) else { continue };
        let rest = text[front.len()..].trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(' ');
        let bare = rest.trim_start_matches(['\t', ':', '：']);
        if bare.len() < rest.len() {
            return Some((role, bare.trim_start()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_before_a_colon_only() {
        assert_eq!(strip("A floating marker."), "A floating marker.");
        assert_eq!(strip("Q1: Why?"), "Why?");
        assert_eq!(strip("Question: Q: Why?"), "Why?");
        assert_eq!(strip("问答：x"), "问答：x");
        assert_eq!(strip("A:"), "");
        assert_eq!(role("答：是").map(|(role, _)| role), Some(Role::Answer));
    }
}
