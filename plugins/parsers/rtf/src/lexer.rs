//! Bytes → groups, control words, and bytes of text.

use mortise_sdk::parser::File;

const WINDOW: u32 = 256 << 10;
/// Longer names than this are not control words.
const LONGEST_WORD: usize = 32;

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Open,
    Close,
    /// A control word and its number.
    Word(String, Option<i32>),
    /// A control symbol: `\~`, `\_`, `\*`.
    Symbol(u8),
    /// A byte of text, plain or as `\'hh`.
    Byte {
        byte: u8,
        escaped: bool,
    },
    /// What `\bin` announced.
    Binary(u64, u64),
}

/// Tokens of a file, streamed.
pub(crate) struct Lexer<'f> {
    file: &'f File<'f>,
    window: Vec<u8>,
    start: u64,
    at: u64,
}

impl<'f> Lexer<'f> {
    pub(crate) fn new(file: &'f File<'f>, at: u64) -> Self {
        Self { file, window: Vec::new(), start: 0, at }
    }

    pub(crate) fn position(&self) -> u64 {
        self.at
    }

    pub(crate) fn bytes(&self, from: u64, length: u32) -> Vec<u8> {
        self.file.read(from, length)
    }

    fn peek(&mut self) -> Option<u8> {
        if self.at < self.start || self.at >= self.start + self.window.len() as u64 {
            self.window = self.file.read(self.at, WINDOW);
            self.start = self.at;
        }
        self.window.get((self.at - self.start) as usize).copied()
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub(crate) fn next(&mut self) -> Option<Token> {
        loop {
            return Some(match self.take()? {
                b'{' => Token::Open,
                b'}' => Token::Close,
                b'\\' => self.control()?,
                b'\r' | b'\n' | 0 => continue,
                byte => Token::Byte { byte, escaped: false },
            });
        }
    }

    fn control(&mut self) -> Option<Token> {
        let first = self.take()?;
        if first == b'\'' {
            let (high, low) = (self.hex(), self.hex());
            let byte = match (high, low) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => b'?',
            };
            return Some(Token::Byte { byte, escaped: true });
        }
        if matches!(first, b'\\' | b'{' | b'}') {
            return Some(Token::Byte { byte: first, escaped: false });
        }
        // A line end after a backslash is a paragraph's end.
        if matches!(first, b'\r' | b'\n') {
            return Some(Token::Word("par".into(), None));
        }
        if !first.is_ascii_alphabetic() {
            return Some(Token::Symbol(first));
        }
        let mut word = String::from(char::from(first));
        while let Some(byte) = self.peek().filter(u8::is_ascii_alphabetic) {
            if word.len() >= LONGEST_WORD {
                break;
            }
            word.push(char::from(byte));
            self.at += 1;
        }
        let negative = self.peek() == Some(b'-');
        if negative {
            self.at += 1;
        }
        let mut number: Option<i64> = None;
        while let Some(byte) = self.peek().filter(u8::is_ascii_digit) {
            number = Some((number.unwrap_or(0) * 10 + i64::from(byte - b'0')).min(i64::from(i32::MAX)));
            self.at += 1;
        }
        if self.peek() == Some(b' ') {
            self.at += 1;
        }
        let number = number.map(|n| if negative { -n as i32 } else { n as i32 });
        if word == "bin" {
            let length = u64::from(number.unwrap_or(0).max(0) as u32);
            let from = self.at;
            self.at = (self.at + length).min(self.file.size());
            return Some(Token::Binary(from, self.at - from));
        }
        Some(Token::Word(word, number))
    }

    fn hex(&mut self) -> Option<u8> {
        let digit = char::from(self.peek()?).to_digit(16)?;
        self.at += 1;
        Some(digit as u8)
    }
}
