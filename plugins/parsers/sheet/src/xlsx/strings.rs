//! The strings that cells share, in one piece of memory.

use mortise_shared_packed::{Error, Namespace, Package, Token};

/// Bytes of all shared strings together; what the sandbox's memory allows.
const MOST: usize = 96 << 20;

/// Shared strings by number.
#[derive(Default)]
pub(crate) struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    /// Reads the table; a workbook without one has only numbers and its own texts.
    pub(crate) fn read(package: &Package<'_>, part: &str, warnings: &mut Vec<String>) -> Result<Self, Error> {
        let mut strings = Self::default();
        if !package.contains(part) {
            return Ok(strings);
        }
        match strings.read_part(package, part) {
            Err(error) if error.is_hostile() => return Err(error),
            Err(error) => warnings.push(format!("texts of cells are missing: {error}")),
            Ok(()) => {}
        }
        Ok(strings)
    }

    fn read_part(&mut self, package: &Package<'_>, part: &str) -> Result<(), Error> {
        let mut xml = package.xml(part)?;
        let mut in_text = false;
        while let Some(token) = xml.next()? {
            match token {
                Token::Start(tag) if tag.namespace() == Namespace::Spreadsheet => match tag.name() {
                    "t" => in_text = true,
                    // How the text is read aloud.
                    "rPh" => xml.skip()?,
                    _ => {}
                },
                Token::Start(_) => {}
                Token::Text(text) if in_text => {
                    push_unescaped(&mut self.text, &text);
                    if self.text.len() > MOST {
                        return Err(Error::Limit(format!("its shared strings are larger than {} MiB", MOST >> 20)));
                    }
                }
                Token::Text(_) => {}
                Token::End(_, name) => match &*name {
                    "t" => in_text = false,
                    "si" => self.ends.push(self.text.len() as u32),
                    _ => {}
                },
            }
        }
        Ok(())
    }

    /// The string of that number.
    pub(crate) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)? as usize;
        let start = number.checked_sub(1).and_then(|n| self.ends.get(n)).map_or(0, |n| *n as usize);
        self.text.get(start..end)
    }
}

/// Control characters are written `_x000D_` in a file, and an underscore that could begin such a thing as `_x005F_`.
pub(crate) fn push_unescaped(to: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 6).filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        let code = code.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        let Some(c) = code else {
            to.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
            continue;
        };
        to.push_str(&rest[..at]);
        if !c.is_control() || matches!(c, '\n' | '\t') {
            to.push(c);
        }
        rest = &rest[at + 7..];
    }
    to.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::push_unescaped;

    #[test]
    fn escapes_are_characters() {
        for (raw, text) in [
            ("a_x000D_\nb", "a\nb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_x00e9_ _xyz_ _x1", "é _xyz_ _x1"),
            ("é_x", "é_x"),
            ("_x00é_", "_x00é_"),
        ] {
            let mut to = String::new();
            push_unescaped(&mut to, raw);
            assert_eq!(to, text, "{raw}");
        }
    }
}
