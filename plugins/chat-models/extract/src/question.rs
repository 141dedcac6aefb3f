//! What a question asks for: its terms, and the kind of thing that would answer it.

use mortise_shared_text::term::{self, FUNCTION};
use std::collections::HashMap;

/// The kind of thing an answer has to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Person,
    Time,
    Number,
    Place,
    Reason,
    Definition,
    Anything,
}

/// A question, taken apart.
pub(crate) struct Question {
    /// Distinct terms.
    pub(crate) terms: HashMap<Vec<u8>, usize>,
    /// What each term weighs by itself.
    pub(crate) base: Vec<f32>,
    pub(crate) asked: Asked,
}

/// Words that say what is asked for, the first that occurs deciding.
const HINTS: &[(&str, Asked)] = &[
    ("how many", Asked::Number),
    ("how much", Asked::Number),
    ("how long", Asked::Number),
    ("how old", Asked::Number),
    ("how far", Asked::Number),
    ("how high", Asked::Number),
    ("how often", Asked::Number),
    ("what percent", Asked::Number),
    ("what number", Asked::Number),
    ("what year", Asked::Time),
    ("what date", Asked::Time),
    ("which year", Asked::Time),
    ("what time", Asked::Time),
    ("who ", Asked::Person),
    ("whose ", Asked::Person),
    ("whom ", Asked::Person),
    ("when ", Asked::Time),
    ("where ", Asked::Place),
    ("why ", Asked::Reason),
    ("what is ", Asked::Definition),
    ("what are ", Asked::Definition),
    ("define ", Asked::Definition),
    ("多少", Asked::Number),
    ("多长", Asked::Number),
    ("多久", Asked::Number),
    ("多大", Asked::Number),
    ("多高", Asked::Number),
    ("几个", Asked::Number),
    ("几天", Asked::Number),
    ("几次", Asked::Number),
    ("哪年", Asked::Time),
    ("哪一年", Asked::Time),
    ("几年", Asked::Time),
    ("何时", Asked::Time),
    ("什么时候", Asked::Time),
    ("什么时间", Asked::Time),
    ("谁", Asked::Person),
    ("何人", Asked::Person),
    ("哪里", Asked::Place),
    ("哪儿", Asked::Place),
    ("何处", Asked::Place),
    ("什么地方", Asked::Place),
    ("为什么", Asked::Reason),
    ("为何", Asked::Reason),
    ("什么是", Asked::Definition),
    ("是什么", Asked::Definition),
];

/// Chinese question words, taken out before the terms are made, so that they pair with nothing.
const ASKING: &[&str] = &[
    "什么时候",
    "什么时间",
    "什么地方",
    "为什么",
    "怎么样",
    "有哪些",
    "有多少",
    "哪一年",
    "哪一个",
    "多少",
    "什么",
    "怎么",
    "怎样",
    "如何",
    "哪些",
    "哪个",
    "哪里",
    "哪儿",
    "哪年",
    "哪位",
    "何时",
    "何处",
    "何人",
    "为何",
    "多久",
    "多长",
    "请问",
    "几个",
    "谁",
    "哪",
    "吗",
    "呢",
];

impl Question {
    pub(crate) fn new(text: &str) -> Self {
        let lower = text.to_lowercase() + " ";
        let hint = HINTS.iter().filter_map(|(word, asked)| Some((at_word(&lower, word)?, *asked)));
        let asked = hint.min_by_key(|(at, _)| *at).map_or(Asked::Anything, |(_, asked)| asked);
        let bare = ASKING.iter().fold(text.to_owned(), |text, word| text.replace(word, "，"));
        let mut found: Vec<(Vec<u8>, f32)> = Vec::new();
        term::for_each(&bare, |term, weight| found.push((term.to_vec(), weight)));
        // Function words count only when the question has nothing else.
        let least = if found.iter().any(|(_, weight)| *weight > FUNCTION) { FUNCTION } else { 0.0 };
        let mut question = Self { terms: HashMap::new(), base: vec![], asked };
        for (term, weight) in found.into_iter().filter(|(_, weight)| *weight > least) {
            let next = question.base.len();
            if *question.terms.entry(term).or_insert(next) == next {
                question.base.push(weight);
            }
        }
        question
    }

    /// True when a sentence names the kind of thing that is asked for.
    pub(crate) fn fits(&self, sentence: &str) -> bool {
        let has_any = |words: &[&str]| words.iter().any(|word| at_word(&sentence.to_lowercase(), word).is_some());
        let digits = || sentence.chars().any(|c| c.is_ascii_digit());
        match self.asked {
            Asked::Anything => false,
            Asked::Number => digits() || has_any(NUMBERS) || sentence.contains(|c: char| CHINESE_NUMBERS.contains(c)),
            Asked::Time => {
                let year = sentence.split(|c: char| !c.is_ascii_digit()).any(|d| d.len() == 4);
                year || has_any(TIMES) || (digits() && sentence.contains(['年', '月', '日', '时', '点']))
            }
            Asked::Person => {
                names(sentence) || sentence.contains(['·', '》']) || has_any(&["he ", "she "]) || {
                    // No capitals to go by in Chinese: a title or a verb of doing after it.
                    ["先生", "女士", "教授", "博士", "由", "总统", "主席", "经理", "作者"]
                        .iter()
                        .any(|w| sentence.contains(w))
                }
            }
            Asked::Place => {
                has_any(&["in ", "at ", "near ", "located ", "north ", "south ", "east ", "west "])
                    || sentence.contains(['市', '省', '县', '区', '国', '州', '位', '于', '在'])
            }
            Asked::Reason => {
                has_any(&["because ", "since ", "due ", "therefore ", "so that ", "reason ", "caused ", "in order "])
                    || ["因为", "由于", "因此", "所以", "为了", "原因"].iter().any(|w| sentence.contains(w))
            }
            Asked::Definition => {
                has_any(&["is ", "are ", "means ", "refers ", "defined ", "called "])
                    || ["是", "指", "称为", "叫做"].iter().any(|w| sentence.contains(w))
            }
        }
    }
}

const NUMBERS: &[&str] = &[
    "one ",
    "two ",
    "three ",
    "four ",
    "five ",
    "six ",
    "seven ",
    "eight ",
    "nine ",
    "ten ",
    "eleven ",
    "twelve ",
    "twenty ",
    "thirty ",
    "forty ",
    "fifty ",
    "sixty ",
    "hundred ",
    "thousand ",
    "million ",
    "half ",
    "twice ",
    "once ",
    "dozen ",
    "none ",
];
const CHINESE_NUMBERS: &str = "一二三四五六七八九十百千万亿两半";
const TIMES: &[&str] = &[
    "january ",
    "february ",
    "march ",
    "april ",
    "may ",
    "june ",
    "july ",
    "august ",
    "september ",
    "october ",
    "november ",
    "december ",
    "monday ",
    "tuesday ",
    "wednesday ",
    "thursday ",
    "friday ",
    "saturday ",
    "sunday ",
    "today ",
    "yesterday ",
    "tomorrow ",
    "noon ",
    "midnight ",
    "dawn ",
    "dusk ",
    "century ",
    "o'clock ",
    "year ",
    "after ",
    "before ",
    "until ",
    "when ",
    "during ",
];

/// Where `word` begins in `text`, at the start of a word if it is a Latin one; a blank at its end stands for any end of
/// a word.
fn at_word(text: &str, word: &str) -> Option<usize> {
    let bare = word.trim_end();
    let closed = bare.len() < word.len();
    let mut from = 0;
    while let Some(at) = text[from..].find(bare).map(|i| i + from) {
        let latin = bare.is_ascii();
        let starts = !latin || !text[..at].ends_with(|c: char| c.is_alphanumeric());
        let ends = !closed || !text[at + bare.len()..].starts_with(|c: char| c.is_alphanumeric());
        if starts && ends {
            return Some(at);
        }
        from = at + bare.len();
    }
    None
}

/// True when a word other than the first begins with a capital.
fn names(sentence: &str) -> bool {
    let capital = |word: &str| word.starts_with(char::is_uppercase) && word.chars().count() > 1;
    sentence.split_whitespace().skip(1).any(capital)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_questions() {
        for (text, asked) in [
            ("How many days of notice?", Asked::Number),
            ("Who wrote it, and when?", Asked::Person),
            ("Tell me whoever", Asked::Anything),
            ("合同什么时候到期？", Asked::Time),
            ("谁数了船？", Asked::Person),
            ("What is a buoy?", Asked::Definition),
        ] {
            assert_eq!(Question::new(text).asked, asked, "{text}");
        }
        assert!(Question::new("How many?").fits("There are seven."));
        assert!(!Question::new("How many?").fits("There are some."));
        assert!(Question::new("When?").fits("It closed in 1987."));
    }

    #[test]
    fn question_words_are_no_terms() {
        assert_eq!(Question::new("What is the height of the crane?").terms.len(), 2);
        assert_eq!(Question::new("灯塔是什么").terms.len(), 2, "the pair, and the pair with the verb");
        assert!(!Question::new("the of and").terms.is_empty());
        assert!(Question::new("?").terms.is_empty());
    }
}
