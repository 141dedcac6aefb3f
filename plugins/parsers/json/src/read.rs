//! The syntax, read in one pass and without recursion.

use mortise_sdk::{Error, Result};
use mortise_shared_data::{LONGEST, Tree};

/// Why reading ended.
#[derive(Debug)]
pub(crate) enum Broken {
    /// Nothing can make this good.
    Refused(Error),
    /// It is not JSON from here on.
    Syntax { line: u64, what: String },
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Broken::Refused(error)
    }
}

/// Appends the next window of a text; false at the end.
pub(crate) type More<'m> = dyn FnMut(&mut String) -> Result<bool> + 'm;

/// Characters, fetched as they are needed.
pub(crate) struct Source<'m> {
    text: String,
    at: usize,
    line: u64,
    more: Option<&'m mut More<'m>>,
}

impl<'m> Source<'m> {
    pub(crate) fn new(text: String, more: &'m mut More<'m>) -> Self {
        Self { text, at: 0, line: 1, more: Some(more) }
    }

    pub(crate) fn of(text: String) -> Self {
        Self { text, at: 0, line: 1, more: None }
    }

    fn peek(&mut self) -> Result<Option<char>, Broken> {
        while self.at >= self.text.len() {
            let Some(more) = &mut self.more else { return Ok(None) };
            self.text.clear();
            self.at = 0;
            if !more(&mut self.text)? && self.text.is_empty() {
                self.more = None;
                return Ok(None);
            }
        }
        let byte = self.text.as_bytes()[self.at];
        Ok(if byte.is_ascii() { Some(char::from(byte)) } else { self.text[self.at..].chars().next() })
    }

    fn next(&mut self) -> Result<Option<char>, Broken> {
        let c = self.peek()?;
        if let Some(c) = c {
            self.at += c.len_utf8();
            self.line += u64::from(c == '\n');
        }
        Ok(c)
    }

    /// What is left of the line; none at the end.
    pub(crate) fn line(&mut self) -> Result<Option<String>, Broken> {
        let mut line = String::new();
        while let Some(c) = self.next()? {
            line.push(c);
            if c == '\n' || line.len() >= LONGEST {
                break;
            }
        }
        Ok((!line.is_empty()).then_some(line))
    }

    /// Passes over blanks and comments; true at the end.
    pub(crate) fn is_at_end(&mut self) -> Result<bool, Broken> {
        loop {
            match self.peek()? {
                None => return Ok(true),
                // Records of RFC 7464 begin with a control character, which the reader of text leaves out.
                Some(c) if c.is_whitespace() || c == '\u{feff}' => drop(self.next()?),
                Some('/') => {
                    self.next()?;
                    match self.next()? {
                        Some('/') => self.comment_line()?,
                        Some('*') => {
                            let mut star = false;
                            while let Some(c) = self.next()? {
                                if star && c == '/' {
                                    break;
                                }
                                star = c == '*';
                            }
                        }
                        _ => return Err(self.broken("a slash that begins no comment")),
                    }
                }
                Some('#') => self.comment_line()?,
                Some(_) => return Ok(false),
            }
        }
    }

    fn comment_line(&mut self) -> Result<(), Broken> {
        while self.next()?.is_some_and(|c| c != '\n') {}
        Ok(())
    }

    fn broken(&self, what: impl Into<String>) -> Broken {
        Broken::Syntax { line: self.line, what: what.into() }
    }

    /// A text in quotes. Longer ones than a block holds are cut off there; `rest` takes what follows.
    fn text(&mut self, rest: &mut dyn FnMut(&str)) -> Result<String, Broken> {
        let Some(quote) = self.next()? else { return Err(self.broken("it ends where a text should be")) };
        let mut text = String::new();
        loop {
            match self.next()? {
                None => return Err(self.broken("it ends within a text")),
                Some(c) if c == quote => return Ok(text),
                Some('\\') => self.escape(&mut text)?,
                Some(c) => text.push(c),
            }
            // Between words, if there are any.
            let room = LONGEST / 2;
            if text.len() >= room && (text.ends_with(char::is_whitespace) || text.len() >= room + 1_000) {
                rest(&text);
                text.clear();
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), Broken> {
        match self.next()? {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r' | 'b' | 'f' | '0' | '\n') => {}
            Some('u') => {
                let unit = self.hex(4)?;
                let mut units = vec![unit as u16];
                if (0xD800..0xDC00).contains(&unit) && self.peek()? == Some('\\') {
                    self.next()?;
                    if self.peek()? != Some('u') {
                        text.push('\u{FFFD}');
                        return self.escape(text);
                    }
                    self.next()?;
                    units.push(self.hex(4)? as u16);
                }
                text.extend(char::decode_utf16(units).map(|c| c.unwrap_or('\u{FFFD}')).filter(|c| *c != '\0'));
            }
            Some('x') => text.extend(char::from_u32(self.hex(2)?).filter(|c| *c != '\0')),
            Some(other) => text.push(other),
            None => return Err(self.broken("it ends within a text")),
        }
        Ok(())
    }

    fn hex(&mut self, digits: usize) -> Result<u32, Broken> {
        let mut number = 0;
        for _ in 0..digits {
            match self.peek()?.and_then(|c| c.to_digit(16)) {
                Some(digit) => number = number * 16 + digit,
                None => return Err(self.broken("an escape without its digits")),
            }
            self.next()?;
        }
        Ok(number)
    }

    /// A number, `true`, `NaN`, or a bare name.
    fn word(&mut self) -> Result<String, Broken> {
        let mut word = String::new();
        while let Some(c) = self.peek()? {
            let ends = c.is_whitespace() || matches!(c, ',' | ':' | '{' | '}' | '[' | ']' | '"' | '\'' | '/' | '#');
            if ends || word.len() > 1_000 {
                break;
            }
            word.push(c);
            self.next()?;
        }
        Ok(word)
    }
}

/// A scalar that is no text: a number as it is written, a word of the language.
fn is_scalar(word: &str) -> bool {
    let bare = word.trim_start_matches(['+', '-']);
    matches!(
        bare,
        "true" | "false" | "null" | "undefined" | "NaN" | "nan" | "Infinity" | "inf" | "None" | "True" | "False"
    ) || bare.starts_with(|c: char| c.is_ascii_digit())
        || bare.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn is_nothing(word: &str) -> bool {
    matches!(word, "null" | "undefined" | "None")
}

/// Reads one value. What was told before an error stays told.
pub(crate) fn value(source: &mut Source<'_>, tree: &mut Tree<'_>) -> Result<(), Broken> {
    let outside = tree.depth();
    // Of each open level, whether it is a list.
    let mut open: Vec<bool> = Vec::new();
    loop {
        if source.is_at_end()? {
            return Err(source.broken("it ends before it is complete"));
        }
        let is_list = open.last().copied();
        let c = source.peek()?.unwrap_or('\0');
        match (is_list, c) {
            (Some(_), ',') => {
                source.next()?;
                continue;
            }
            (Some(true), ']') | (Some(false), '}') => {
                source.next()?;
                open.pop();
                tree.end();
                if tree.depth() <= outside {
                    return Ok(());
                }
                continue;
            }
            (Some(false), '"' | '\'') => {
                let key = source.text(&mut |_| {})?;
                tree.key(key.get(..key.floor_char_boundary(500)).unwrap_or(&key));
                colon(source)?;
            }
            (Some(false), _) => {
                let key = source.word()?;
                if key.is_empty() {
                    return Err(source.broken(format!("{c:?} where a name should be")));
                }
                tree.key(&key);
                colon(source)?;
            }
            _ => {}
        }
        if source.is_at_end()? {
            return Err(source.broken("it ends before it is complete"));
        }
        match source.peek()?.unwrap_or('\0') {
            '{' | '[' => {
                let is_list = source.next()? == Some('[');
                if is_list {
                    tree.begin_list()?
                } else {
                    tree.begin_object()?
                }
                open.push(is_list);
                continue;
            }
            '"' | '\'' => {
                let text = source.text(&mut |piece| tree.scalar(piece))?;
                tree.scalar(&text);
            }
            // A name without its value.
            ',' | '}' if is_list == Some(false) => continue,
            c => {
                let word = source.word()?;
                if !is_scalar(&word) {
                    let found = if word.is_empty() { c.to_string() } else { word };
                    let found: String = found.chars().take(40).collect();
                    return Err(source.broken(format!("{found:?} where a value should be")));
                }
                if !is_nothing(&word) {
                    tree.scalar(&word);
                }
            }
        }
        if open.is_empty() {
            return Ok(());
        }
    }
}

fn colon(source: &mut Source<'_>) -> Result<(), Broken> {
    if !source.is_at_end()? && source.peek()? == Some(':') {
        source.next()?;
        return Ok(());
    }
    Err(source.broken("a name without a colon after it"))
}
