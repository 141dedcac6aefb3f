//! Entities that a file declares for itself.

use std::collections::BTreeMap;

/// Entities that are remembered.
const MOST: usize = 1_000;

/// Entities in each other.
const DEEPEST: usize = 8;

/// Bytes that all entities of a file may put in together.
const BUDGET: usize = 1 << 20;

/// The entities of a document type.
#[derive(Default)]
pub(crate) struct Entities {
    declared: BTreeMap<String, String>,
    used: usize,
    /// The budget is used up.
    pub(crate) refused: bool,
    /// An entity stands in another file.
    pub(crate) external: bool,
}

impl Entities {
    /// Reads the declarations of a document type. Those of parameters, and those that stand elsewhere, are not followed.
    pub(crate) fn declare(&mut self, doctype: &str) {
        for declaration in doctype.split("<!ENTITY").skip(1) {
            let mut rest = declaration.trim_start();
            if rest.starts_with('%') {
                continue;
            }
            let end = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
            let name = &rest[..end];
            rest = rest[end..].trim_start();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
                self.external = true;
                continue;
            };
            let Some(value) = rest[1..].split(quote).next() else { continue };
            if self.declared.len() < MOST && !name.is_empty() {
                self.declared.entry(name.into()).or_insert_with(|| value.into());
            }
        }
    }

    /// What a reference stands for; the reference as written if that is not known.
    pub(crate) fn resolve(&mut self, name: &str) -> String {
        let mut text = String::new();
        self.put(name, DEEPEST, &mut text);
        text
    }

    fn put(&mut self, name: &str, depth: usize, text: &mut String) {
        if let Some(known) = predefined(name) {
            text.push(known);
            return;
        }
        let value = match self.declared.get(name) {
            Some(value) if depth > 0 => value.clone(),
            _ => {
                text.push_str(&format!("&{};", name.get(..name.floor_char_boundary(40)).unwrap_or_default()));
                return;
            }
        };
        let mut rest = value.as_str();
        while let Some((before, after)) = rest.split_once('&') {
            self.charge(before, text);
            let Some((inner, after)) = after.split_once(';').filter(|_| !self.refused) else {
                rest = "";
                break;
            };
            self.put(inner, depth - 1, text);
            rest = after;
        }
        self.charge(rest, text);
    }

    fn charge(&mut self, piece: &str, text: &mut String) {
        // An entity without text costs time too.
        self.used += piece.len() + 8;
        self.refused |= self.used > BUDGET;
        if !self.refused {
            text.push_str(&strip_tags(piece));
        }
    }
}

/// The text of an entity that holds elements.
fn strip_tags(piece: &str) -> String {
    if !piece.contains('<') {
        return piece.into();
    }
    let mut text = String::new();
    for (number, part) in piece.split('<').enumerate() {
        text.push_str(if number == 0 { part } else { part.split_once('>').map_or("", |(_, after)| after) });
    }
    text
}

/// XML's own, numbers, and those of HTML that people use without declaring them.
fn predefined(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        };
        let known = code.and_then(char::from_u32).filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
        return Some(known.unwrap_or('\u{FFFD}'));
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "copy" => '©',
        "reg" => '®',
        "laquo" => '«',
        "raquo" => '»',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "bull" => '•',
        "middot" => '·',
        "deg" => '°',
        "euro" => '€',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "egrave" => 'è',
        "agrave" => 'à',
        "ccedil" => 'ç',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_put_in_within_bounds() {
        let mut entities = Entities::default();
        entities.declare(
            r#"x [<!ENTITY port "Port of <b>&city;</b>"> <!ENTITY city 'Hafen'> <!ENTITY out SYSTEM "file:///etc/passwd">]"#,
        );
        assert_eq!(entities.resolve("port"), "Port of Hafen");
        assert!(entities.external);
        assert_eq!(entities.resolve("out"), "&out;");
        assert_eq!((entities.resolve("#x6e2f"), entities.resolve("nbsp")), ("港".into(), " ".into()));
        assert_eq!(entities.resolve("#xD800"), "\u{FFFD}");
    }

    #[test]
    fn bombs_do_not_go_off() {
        let mut entities = Entities::default();
        let mut doctype = String::from("x [<!ENTITY l0 \"lol\">");
        for level in 1..10 {
            let inner = format!("&l{};", level - 1).repeat(10);
            doctype.push_str(&format!("<!ENTITY l{level} \"{inner}\">"));
        }
        entities.declare(&doctype);
        entities.declare("<!ENTITY self '&self;&self;&self;'>");
        assert!((0..1000).map(|_| entities.resolve("l9").len()).sum::<usize>() <= 2 * BUDGET);
        assert!(entities.refused);
        assert!(entities.resolve("self").len() < BUDGET);
    }
}
