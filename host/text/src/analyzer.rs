//! Turns text into the terms that searches compare: the same for chunks, questions and highlights.
//!
//! Full-width forms, case, accents and traditional Chinese fold away first. Then, run by run:
//!
//! | script | terms |
//! |---|---|
//! | Latin, Cyrillic, digits, … | words, split at punctuation and `_`; English and Russian ones stemmed (Snowball); numbers whole (`3.14`, `1,234` = `1234`); of `rtx4090` also `rtx` and `4090` |
//! | Chinese | words and the shorter words in them (jieba, search mode), all pairs of neighbours, single characters |
//! | Kana | pairs |
//! | Korean | pairs within a word, single syllables |
//! | Thai, Lao, Burmese, Khmer | triples |
//!
//! **Stop words.** Chunks keep theirs: a question of nothing but stop words (“to be or not to be”, “The Who”) must
//! find what it asks for. Questions drop them as long as anything else is left, see [`terms_for_query`].

mod fold;
mod han;
mod runs;
mod stop;
mod word;

use std::collections::HashSet;

/// Changes whenever the terms of some text change; an index made with another version must be made anew.
pub const VERSION: u32 = 1;

/// What a term is to its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A word; the words of a text do not overlap.
    Word,
    /// A piece of a word or of two: a shorter word in it, a pair of characters.
    Part,
    /// A single character of a longer run; only chunks have these, for questions of one character.
    Character,
    /// A word that says little.
    Stop,
}

/// A term of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The folded, stemmed term.
    pub term: String,
    /// Byte offset of its first character in the text.
    pub start: usize,
    /// Byte offset behind its last character.
    pub end: usize,
    /// Counts words, in Chinese and the like characters; parts stand where they begin.
    pub position: usize,
    /// What it is.
    pub kind: Kind,
}

/// A term to look for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QueryTerm {
    /// The term.
    pub term: String,
    /// A piece of another term of the question, which says less than that one.
    pub part: bool,
}

impl AsRef<str> for QueryTerm {
    fn as_ref(&self) -> &str {
        &self.term
    }
}

/// Every term of a chunk's text, by position; equal terms at the same place once.
pub fn analyze(text: &str) -> Vec<Token> {
    runs::tokens(text, false)
}

/// The distinct terms by which a text can be found.
pub fn terms_for_index(text: &str) -> HashSet<String> {
    analyze(text).into_iter().map(|token| token.term).collect()
}

/// The distinct terms of a question in their order. Stop words, and pairs of characters that take in part of one, are
/// left out unless nothing else remains.
pub fn terms_for_query(question: &str) -> Vec<QueryTerm> {
    let tokens = runs::tokens(question, true);
    let pick = |wanted: fn(Kind) -> bool| {
        let mut seen = HashSet::new();
        let wanted = tokens.iter().filter(|token| wanted(token.kind) && seen.insert(token.term.as_str()));
        // A term that is a word in one place and a part in another is a word.
        let words: HashSet<&str> = tokens.iter().filter(|t| t.kind != Kind::Part).map(|t| t.term.as_str()).collect();
        wanted
            .map(|token| QueryTerm { term: token.term.clone(), part: !words.contains(token.term.as_str()) })
            .collect::<Vec<_>>()
    };
    let terms = pick(|kind| matches!(kind, Kind::Word | Kind::Part));
    if terms.is_empty() { pick(|_| true) } else { terms }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let tokens = analyze(text).into_iter();
        tokens.filter(|t| matches!(t.kind, Kind::Word | Kind::Stop)).map(|t| t.term).collect()
    }

    fn query(text: &str) -> Vec<String> {
        terms_for_query(text).into_iter().map(|t| t.term).collect()
    }

    #[test]
    fn english() {
        assert_eq!(
            words("The quick brown foxes are running through the policies"),
            ["the", "quick", "brown", "fox", "are", "run", "through", "the", "polici"]
        );
        assert_eq!(words("AAA_BBB_CCC"), ["aaa", "bbb", "ccc"]);
        assert_eq!(words("state-of-the-art user_name@example.com"), words("state of the art user name example com"));
        assert_eq!(words("children's books don’t"), ["children", "book", "don"]);
        assert_eq!(query("what is the height of the crane?"), ["height", "crane"]);
        assert_eq!(query("The Who"), ["the", "who"]);
        assert_eq!(query("To be, or not to be"), ["to", "be", "or", "not"]);
        assert!(query(" ?!… ").is_empty() && query("").is_empty());
    }

    #[test]
    fn numbers_stay_whole() {
        assert_eq!(
            words("1,234.56 kg and 3.14, 1,2,3. 2024-03-01."),
            ["1234.56", "kg", "and", "3.14", "1", "2", "3", "2024", "03", "01"]
        );
        assert_eq!(words("versions 2.5.1 of 10.0.0.1"), ["version", "2.5.1", "of", "10.0.0.1"]);
        assert_eq!(query("RTX4090"), ["rtx4090", "rtx", "4090"]);
        assert!(terms_for_index("version2.0").is_superset(&["version".to_owned(), "2.0".to_owned()].into()));
        assert_eq!(query("a1b2c3d4"), ["a1b2c3d4"]);
    }

    #[test]
    fn forms_of_a_letter_are_equal() {
        assert_eq!(words("Ｆｕｌｌ　Ｗｉｄｔｈ　１２３"), ["full", "width", "123"]);
        assert_eq!(words("Résumé naïve Ångström"), words("re\u{301}sume\u{301} naive angstrom"));
        assert_eq!(words("ﬁne soft\u{ad}ware"), words("fine software"));
        assert_eq!(words("ёлки"), words("елки"));
        assert_eq!(words("ｶﾞﾗｽ"), words("ガラス"));
        // As a Mac spells file names.
        assert_eq!(words("\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"), words("한글"));
    }

    #[test]
    fn chinese() {
        let terms = terms_for_index("南京市长江大桥");
        for term in ["南京市", "长江", "大桥", "长江大桥", "桥", "京市"] {
            assert!(terms.contains(term), "{term}");
        }
        assert_eq!(terms_for_index("臺灣繁體字"), terms_for_index("台湾繁体字"));
        assert_eq!(query("什么是知识图谱？"), ["知识", "识图", "图谱"]);
        assert_eq!(query("茶"), ["茶"]);
        assert!(terms_for_index("我喜欢喝茶").contains("茶"));
        assert!(!query("什么是").is_empty());
        let mixed = query("RAG系统version2.0发布");
        for term in ["rag", "系统", "version2.0", "发布"] {
            assert!(mixed.contains(&term.to_owned()), "{term}");
        }
        assert!(terms_for_query("长江大桥").contains(&QueryTerm { term: "江大".into(), part: true }));
    }

    #[test]
    fn other_scripts() {
        assert_eq!(words("한국어 말"), ["한국", "국어", "말"]);
        assert_eq!(words("ภาษาไทย").len(), 5);
        assert!(terms_for_index("食べ物").contains("食べ"));
        assert_eq!(words("книги книга"), ["книг", "книг"]);
        assert_eq!(words("हिन्दी भाषा").len(), 2);
        assert_eq!(words("كِتَاب"), words("كتاب"));
    }

    #[test]
    fn offsets_point_into_the_text() {
        let text = "Ｆｕｌｌ  résumé's 南京市长江大桥 ½ ㈱東京 3,000元 e\u{301}";
        for token in analyze(text) {
            let piece = text.get(token.start..token.end).unwrap();
            assert!(!piece.trim().is_empty(), "{token:?}");
        }
        let bridge = analyze(text).into_iter().find(|t| t.term == "长江大桥").unwrap();
        assert_eq!(&text[bridge.start..bridge.end], "长江大桥");
        let positions: Vec<usize> = analyze(text).iter().map(|t| t.position).collect();
        assert!(positions.is_sorted());
    }

    #[test]
    fn no_text_is_too_strange() {
        // Every assigned and unassigned character alone, doubled, and next to letters of each script.
        for c in (0..=0x10ffff).filter_map(char::from_u32).filter(|&c| c < '\u{20000}' || (c as u32).is_multiple_of(97))
        {
            let text = format!("{c}{c}a{c}1{c}ж{c}가{c}か");
            for token in analyze(&text) {
                assert!(text.get(token.start..token.end).is_some() && !token.term.is_empty(), "{text:?} {token:?}");
            }
        }
    }
}
