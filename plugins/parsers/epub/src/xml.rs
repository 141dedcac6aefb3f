//! The small XML files of a book, read with patience: elements by local name, no entity expanded, no end required.

use mortise_shared_encoding::decode;
use quick_xml::XmlVersion;
use quick_xml::events::Event;
use quick_xml::reader::Reader;

/// What comes next.
#[derive(Debug)]
pub(crate) enum Token {
    Start(Element),
    End(String),
    Text(String),
}

/// An opening element.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// An attribute by local name.
    pub(crate) fn attr(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// True if one of the words of an attribute is this.
    pub(crate) fn has(&self, name: &str, word: &str) -> bool {
        self.attr(name).is_some_and(|value| value.split_whitespace().any(|w| w == word))
    }
}

/// The text and what is wrong with it, if anything.
pub(crate) struct Tokens {
    pub(crate) tokens: Vec<Token>,
    pub(crate) broken: Option<String>,
}

/// Tokens of one file at most.
const MOST: usize = 2_000_000;

/// All tokens up to the first error that cannot be passed over.
pub(crate) fn tokens(bytes: &[u8]) -> Tokens {
    let text = decode(bytes, None).text;
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut tokens = Vec::new();
    let mut broken = None;
    while tokens.len() < MOST {
        match reader.read_event() {
            Ok(Event::Start(start) | Event::Empty(start)) => {
                let name = start.local_name().into_inner().to_owned();
                let mut attributes = start.attributes();
                let attributes = attributes.with_checks(false).flatten().map(|a| {
                    let value = match a.normalized_value(XmlVersion::Implicit1_0) {
                        Ok(value) => value.into_owned(),
                        Err(_) => a.value.into_owned(),
                    };
                    (a.key.local_name().into_inner().to_owned(), value)
                });
                tokens.push(Token::Start(Element { name, attributes: attributes.collect() }));
            }
            Ok(Event::End(end)) => tokens.push(Token::End(end.local_name().into_inner().to_owned())),
            Ok(Event::Text(text)) => tokens.push(Token::Text(text.into_inner().into_owned())),
            Ok(Event::CData(text)) => tokens.push(Token::Text(text.into_inner().into_owned())),
            Ok(Event::GeneralRef(name)) => tokens.push(Token::Text(match &*name {
                "amp" => "&".into(),
                "lt" => "<".into(),
                "gt" => ">".into(),
                "quot" => "\"".into(),
                "apos" => "'".into(),
                _ => name.resolve_char_ref().ok().flatten().map_or_else(|| " ".into(), String::from),
            })),
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                broken = Some(error.to_string());
                break;
            }
        }
    }
    Tokens { tokens, broken }
}

/// Runs of blanks as one.
pub(crate) fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
