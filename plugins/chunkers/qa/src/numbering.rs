//! Numbered questions: which numbering a document has, and the number of a line.

/// The numberings, in order of priority.
const FAMILIES: usize = 11;

const WORDS: [&str; 10] = ["ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE", "TEN"];

/// Counts lines by the numbering they have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts([u64; FAMILIES]);

impl Counts {
    pub(crate) fn count(&mut self, text: &str) {
        for (family, count) in self.0.iter_mut().enumerate() {
            *count += u64::from(numbered(text, family).is_some());
        }
    }

    /// The most frequent numbering with its count, the first of equals.
    pub(crate) fn best(&self) -> Option<(usize, u64)> {
        let best = self.0.iter().enumerate().rev().max_by_key(|(_, count)| **count);
        best.map(|(family, count)| (family, *count)).filter(|(_, count)| *count > 0)
    }
}

/// The numbering of some lines.
pub fn family<'a>(lines: impl IntoIterator<Item = &'a str>) -> Option<usize> {
    let mut counts = Counts::default();
    lines.into_iter().for_each(|line| counts.count(line));
    counts.best().map(|(family, _)| family)
}

/// The number of a line in a numbering, as it is written, and what follows it.
pub(crate) fn numbered(line: &str, family: usize) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let between = |prefix: &str, length: Option<usize>, ends: &[char]| {
        let inside = line.strip_prefix(prefix)?;
        let (number, behind) = inside.split_at(length?);
        Some((number, behind.strip_prefix(ends)?))
    };
    let numerals = |prefix: &str| line.strip_prefix(prefix).and_then(|text| run(text, is_numeral, usize::MAX));
    let digits =
        |prefix: &str, most| line.strip_prefix(prefix).and_then(|text| run(text, |c| c.is_ascii_digit(), most));
    match family {
        0 => between("第", numerals("第"), &['问', '問']),
        1 => between("第", numerals("第"), &['条', '條']),
        2 => between("(", numerals("("), &[')']).or_else(|| between("（", numerals("（"), &['）'])),
        3 => between("第", digits("第", 9), &['问', '問']),
        4 => between("第", digits("第", 9), &['条', '條']),
        5 => between("", digits("", 2), &['.', '、', ' '])
            .filter(|(_, rest)| !rest.starts_with(|c: char| c.is_ascii_digit())),
        6 => between("", numerals(""), &['、', ' ']),
        7 => between("(", digits("(", 2), &[')']).or_else(|| between("（", digits("（", 2), &['）'])),
        _ => question(line, family),
    }
}

/// `QUESTION TWO`, `QUESTION IV`, `QUESTION 3`.
fn question(line: &str, family: usize) -> Option<(&str, &str)> {
    let head = line.get(..8).filter(|head| head.eq_ignore_ascii_case("question"))?;
    let rest = line[head.len()..].trim_start();
    if rest.len() == line.len() - head.len() && family != 10 {
        return None;
    }
    let end = match family {
        8 => {
            let word = rest.split(|c: char| !c.is_ascii_alphabetic()).next()?;
            WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)).then_some(word.len())?
        }
        9 => {
            let end = run(rest, |c| matches!(c, 'I' | 'V' | 'X' | 'L' | 'C'), 8)?;
            (!rest[end..].starts_with(char::is_alphanumeric)).then_some(end)?
        }
        _ => run(rest, |c| c.is_ascii_digit(), 4)?,
    };
    Some((&rest[..end], rest[end..].trim_start_matches([':', '：', '.', '、', ')', '-', ' '])))
}

/// Bytes of the run of such characters at the start.
fn run(text: &str, is: impl Fn(char) -> bool, most: usize) -> Option<usize> {
    let end: usize = text.chars().take_while(|c| is(*c)).map(char::len_utf8).sum();
    (end > 0 && text[..end].chars().count() <= most).then_some(end)
}

fn is_numeral(c: char) -> bool {
    "零〇一二三四五六七八九十百两".contains(c)
}

/// What a number is worth: digits, English words, Chinese numerals, roman numerals. `None` for anything else.
pub fn ordinal(number: &str) -> Option<u32> {
    let number = number.trim();
    if number.is_empty() {
        return None;
    }
    if number.bytes().all(|b| b.is_ascii_digit()) {
        return number.parse().ok();
    }
    if let Some(at) = WORDS.iter().position(|word| word.eq_ignore_ascii_case(number)) {
        return Some(at as u32 + 1);
    }
    chinese_number(number).or_else(|| roman(number))
}

fn chinese_number(text: &str) -> Option<u32> {
    let (mut sum, mut digit) = (0_u32, None);
    for c in text.chars() {
        let unit = match c {
            '十' => 10,
            '百' => 100,
            _ => {
                let value = "零一二三四五六七八九".chars().position(|d| d == c);
                let value =
                    value.or(if c == '〇' { Some(0) } else { None }).or(if c == '两' { Some(2) } else { None })?;
                digit = Some(value as u32);
                continue;
            }
        };
        sum = sum.saturating_add(digit.take().unwrap_or(1) * unit);
    }
    Some(sum.saturating_add(digit.unwrap_or(0)))
}

fn roman(text: &str) -> Option<u32> {
    let value = |c: char| match c.to_ascii_uppercase() {
        'I' => Some(1_u32),
        'V' => Some(5),
        'X' => Some(10),
        'L' => Some(50),
        'C' => Some(100),
        _ => None,
    };
    let values: Vec<u32> = text.chars().map(value).collect::<Option<_>>()?;
    let mut sum = 0_i64;
    for (at, value) in values.iter().enumerate() {
        let less = values.get(at + 1).is_some_and(|next| next > value);
        sum += if less { -i64::from(*value) } else { i64::from(*value) };
    }
    u32::try_from(sum).ok().filter(|sum| *sum > 0)
}
