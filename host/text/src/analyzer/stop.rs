//! Words that say little about what a text is about.

/// Articles, pronouns, auxiliaries, prepositions and question words, lower case, before stemming. Sorted.
const ENGLISH: &[&str] = &[
    "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "been", "being", "but", "by", "can", "could",
    "did", "do", "does", "for", "from", "had", "has", "have", "he", "her", "his", "how", "i", "if", "in", "into", "is",
    "it", "its", "may", "me", "might", "must", "my", "no", "not", "of", "on", "or", "our", "shall", "she", "should",
    "so", "such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to",
    "us", "was", "we", "were", "what", "when", "where", "which", "while", "who", "whom", "whose", "why", "will",
    "with", "would", "you", "your",
];

/// Particles, pronouns, prepositions and question words as the segmenter cuts them. Sorted.
const CHINESE: &[&str] = &[
    "与",
    "为",
    "为什么",
    "么",
    "也",
    "于",
    "什么",
    "他",
    "以",
    "会",
    "但",
    "你",
    "作为",
    "关于",
    "其",
    "几",
    "别",
    "及",
    "吗",
    "吧",
    "呀",
    "呢",
    "和",
    "哪",
    "哪个",
    "哪些",
    "哪位",
    "哪儿",
    "哪里",
    "啊",
    "啥",
    "在",
    "多少",
    "如何",
    "它",
    "就",
    "并",
    "您",
    "我",
    "我们",
    "或",
    "所",
    "是",
    "是否",
    "有",
    "有没有",
    "最",
    "某",
    "此",
    "求",
    "由",
    "的",
    "着",
    "等",
    "给",
    "被",
    "要",
    "让",
    "该",
    "请",
    "请问",
    "谁",
    "还",
    "这",
    "那",
    "都",
    "里",
    "而",
    "能",
    "了",
    "从",
    "他们",
    "即",
    "却",
    "吗",
    "又",
    "地",
    "她",
    "将",
    "怎么",
    "怎么办",
    "怎么样",
    "怎样",
    "对",
    "把",
    "到",
    "得",
    "可",
    "可以",
    "相关",
    "上",
    "下",
    "不",
];

/// Whether an English word (lower case, not stemmed) is a stop word.
pub(super) fn is_english(word: &str) -> bool {
    word.len() <= 6 && ENGLISH.binary_search(&word).is_ok()
}

/// Whether a Chinese word is a stop word.
pub(super) fn is_chinese(word: &str) -> bool {
    word.len() <= 12 && CHINESE.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(ENGLISH.is_sorted());
        assert!(ENGLISH.iter().all(|word| is_english(word)));
        assert!(is_chinese("什么") && !is_chinese("长江"));
    }
}
