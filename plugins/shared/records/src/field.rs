//! How the field of a column is called.

use crate::Kind;
use pinyin::ToPinyin;
use std::collections::BTreeMap;

/// Characters of a name that count.
const LONGEST: usize = 64;

/// The name without its suffix: `/synonyms` and what stands in brackets are left out, Chinese characters become pinyin,
/// all is lower case, and what no name may hold is `_`.
///
/// `姓名/名字` is `xing_ming`, `Length (m)` is `length`.
pub fn stem(header: &str) -> String {
    let bare = without_brackets(header.split('/').next().unwrap_or_default());
    let bare = if bare.contains(char::is_alphanumeric) { bare } else { header.to_owned() };
    let mut name = String::new();
    let mut chinese = false;
    for c in bare.trim().chars().take(LONGEST) {
        match c.to_pinyin() {
            Some(syllable) => {
                joint(&mut name);
                // Nobody types an ü into a name; input methods have v for it.
                name.push_str(&syllable.plain().replace('ü', "v"));
                chinese = true;
            }
            None => {
                if chinese {
                    joint(&mut name);
                    chinese = false;
                }
                match c {
                    '-' => name.push('-'),
                    c if c.is_alphanumeric() => name.extend(c.to_lowercase()),
                    _ => joint(&mut name),
                }
            }
        }
    }
    let name = name.trim_matches(['_', '-']).to_owned();
    if name.is_empty() { "column".into() } else { name }
}

fn joint(name: &mut String) {
    if !name.is_empty() && !name.ends_with('_') {
        name.push('_');
    }
}

fn without_brackets(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['(', '（']) {
        let opener = rest[at..].chars().next().unwrap_or('(');
        let closer = if opener == '(' { ')' } else { '）' };
        let inside = &rest[at + opener.len_utf8()..];
        let Some(end) = inside.find(closer).filter(|end| *end > 0) else { break };
        bare.push_str(&rest[..at]);
        rest = &inside[end + closer.len_utf8()..];
    }
    bare.push_str(rest);
    bare
}

/// Names of a table's fields: the stem of each header and the suffix of each type, no two the same.
pub fn names<'a>(columns: impl IntoIterator<Item = (u32, &'a str, Kind)>) -> BTreeMap<u32, String> {
    let mut taken: BTreeMap<String, u32> = BTreeMap::new();
    let mut names = BTreeMap::new();
    for (column, header, kind) in columns {
        let mut stem = stem(header);
        let times = taken.entry(stem.clone()).and_modify(|times| *times += 1).or_insert(1);
        if *times > 1 {
            let mut number = *times;
            while taken.contains_key(&format!("{stem}_{number}")) {
                number += 1;
            }
            stem = format!("{stem}_{number}");
            taken.insert(stem.clone(), 1);
        }
        names.insert(column, stem + kind.suffix());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems() {
        for (header, expected) in [
            ("姓名/名字", "xing_ming"),
            ("年龄", "nian_ling"),
            ("length(m)", "length"),
            ("性别（男，女）", "xing_bie"),
            ("Group-left", "group-left"),
            ("First Name", "first_name"),
            ("产品ID号", "chan_pin_id_hao"),
            ("绿色", "lv_se"),
            ("(m)", "m"),
            ("/", "column"),
            ("", "column"),
            ("a (b", "a_b"),
        ] {
            assert_eq!(stem(header), expected, "{header}");
        }
    }

    #[test]
    fn no_two_names_are_the_same() {
        let columns = [(0, "a", Kind::Text), (1, "a_2", Kind::Text), (2, "a", Kind::Text), (3, "A", Kind::Integer)];
        let names: Vec<String> = names(columns).into_values().collect();
        assert_eq!(names, ["a_tks", "a_2_tks", "a_3_tks", "a_4_long"]);
    }
}
