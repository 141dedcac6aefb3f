//! Numbers at the beginning of a line: Chinese, decimal, in brackets.

/// Reads a line from its beginning.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(line: &'a str) -> Self {
        Self { line, at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    fn take_if(&mut self, wanted: impl Fn(char) -> bool) -> bool {
        let found = self.next().filter(|&c| wanted(c));
        self.at += found.map_or(0, char::len_utf8);
        found.is_some()
    }

    fn many(&mut self, wanted: impl Fn(char) -> bool) -> usize {
        let mut count = 0;
        while self.take_if(&wanted) {
            count += 1;
        }
        count
    }

    fn blanks(&mut self) {
        self.many(is_blank);
    }

    /// At least one Chinese numeral.
    pub(super) fn chinese(&mut self) -> bool {
        self.many(is_chinese_numeral) > 0
    }

    /// One digit, and at most `most`.
    pub(super) fn digits(&mut self, most: usize) -> bool {
        let count = self.many(is_digit);
        (1..=most).contains(&count)
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{3000}' | '\u{a0}')
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || ('０'..='９').contains(&c)
}

fn is_chinese_numeral(c: char) -> bool {
    "零〇一二三四五六七八九十百千".contains(c)
}

/// `第` number unit. Blanks may stand between, as typesetters like them.
pub(super) fn ordinal(line: &str, units: &[&str], chinese: bool) -> Option<usize> {
    let mut cursor = Cursor::new(line);
    if !cursor.take("第") {
        return None;
    }
    cursor.blanks();
    let count = cursor.many(|c| is_digit(c) || (chinese && is_chinese_numeral(c)));
    // "第7.9条": chapter and article in one number.
    while count > 0 && chinese && cursor.take(".") {
        if !cursor.digits(3) {
            return None;
        }
    }
    cursor.blanks();
    (count > 0 && units.iter().any(|unit| cursor.take(unit))).then_some(cursor.at)
}

/// A number in round brackets of either width.
pub(super) fn bracketed(line: &str, number: impl Fn(&mut Cursor<'_>) -> bool) -> Option<usize> {
    let mut cursor = Cursor::new(line);
    let open = cursor.take_if(|c| matches!(c, '(' | '（'));
    (open && number(&mut cursor) && cursor.take_if(|c| matches!(c, ')' | '）'))).then_some(cursor.at)
}

/// A Chinese number with a blank or an enumeration comma behind it: `一、`.
pub(super) fn chinese_point(line: &str) -> Option<usize> {
    let mut cursor = Cursor::new(line);
    (cursor.chinese() && cursor.take_if(|c| is_blank(c) || matches!(c, '、' | '．' | '.'))).then_some(cursor.at)
}

/// A decimal number of one to four parts, and how many parts it has: `1.`, `1、`, `1.2`, `1.2.3.4`.
pub(super) fn decimal(line: &str) -> Option<(usize, usize)> {
    let mut cursor = Cursor::new(line);
    if !cursor.digits(2) {
        return None;
    }
    let mut depth = 1;
    loop {
        let mut further = cursor;
        if !(further.take_if(|c| matches!(c, '.' | '．')) && further.next().is_some_and(is_digit)) {
            break;
        }
        if !further.digits(3) {
            return None;
        }
        depth += 1;
        cursor = further;
    }
    if depth == 1 {
        return cursor.take_if(|c| is_blank(c) || matches!(c, '.' | '、' | '．')).then_some((1, cursor.at));
    }
    // "1.5m", "2.0%" and "1.1-1.3" are quantities.
    let quantity = cursor.next().is_some_and(|c| c.is_ascii_alphabetic() || "%~-·％～－".contains(c));
    cursor.take_if(|c| matches!(c, '.' | '．'));
    (!quantity).then_some((depth.min(4), cursor.at))
}
