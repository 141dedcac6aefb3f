//! Elements and texts of a file, streamed.

use crate::entities::Entities;
use mortise_sdk::parser::File;
use mortise_sdk::{Error, Result, host};
use mortise_shared_encoding::TextReader;
use mortise_shared_html::declared_encoding;
use quick_xml::XmlVersion;
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use std::cell::{Cell, RefCell};
use std::io::{BufReader, Read};
use std::rc::Rc;

/// Elements in each other.
const DEEPEST: usize = 1_000;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// An element with its attributes; local names.
    Start(String, Vec<(String, String)>),
    End,
    Text(String),
}

/// The text of a file as bytes in UTF-8.
struct Text<'f> {
    reader: Rc<RefCell<TextReader<'f>>>,
    share: (f32, f32),
    window: String,
    taken: usize,
    /// What the reader of text refused.
    refused: Rc<Cell<Option<Error>>>,
}

impl Read for Text<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while self.taken == self.window.len() {
            self.window.clear();
            self.taken = 0;
            let mut reader = self.reader.borrow_mut();
            match reader.read(&mut self.window) {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(error) => {
                    self.refused.set(Some(error));
                    return Err(std::io::Error::other("refused"));
                }
            }
            host::progress(self.share.0 + reader.progress() * self.share.1, "reading XML");
        }
        let have = &self.window.as_bytes()[self.taken..];
        let count = have.len().min(out.len());
        out[..count].copy_from_slice(&have[..count]);
        self.taken += count;
        Ok(count)
    }
}

/// A reading of a file.
pub(crate) struct Tokens<'f> {
    xml: Reader<BufReader<Text<'f>>>,
    text: Rc<RefCell<TextReader<'f>>>,
    refused: Rc<Cell<Option<Error>>>,
    buffer: Vec<u8>,
    depth: usize,
    entities: Entities,
    broken: Option<String>,
}

impl<'f> Tokens<'f> {
    /// `from`: the share of the work that is done already.
    pub(crate) fn new(file: &'f File<'f>, from: f32) -> Result<Self> {
        let declared = declared_encoding(&file.read(0, 1024));
        let text = Rc::new(RefCell::new(TextReader::new(file, declared.as_deref())));
        let refused = Rc::new(Cell::new(None));
        let (reader, share) = (Rc::clone(&text), (from, 0.5));
        let source = Text { reader, share, window: String::new(), taken: 0, refused: Rc::clone(&refused) };
        let mut xml = Reader::from_reader(BufReader::with_capacity(64 << 10, source));
        let config = xml.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let (buffer, entities) = (Vec::new(), Entities::default());
        Ok(Self { xml, text, refused, buffer, depth: 0, entities, broken: None })
    }

    /// The next token; none at the end, and where the file is broken.
    pub(crate) fn next(&mut self) -> Result<Option<Token>> {
        loop {
            self.buffer.clear();
            let event = match self.xml.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => {
                    if let Some(refused) = self.refused.take() {
                        return Err(refused);
                    }
                    self.broken = Some(format!("at byte {} of the text: {error}", self.xml.error_position()));
                    return Ok(None);
                }
            };
            return Ok(match event {
                Event::Start(start) | Event::Empty(start) => {
                    self.depth += 1;
                    if self.depth > DEEPEST {
                        return Err(Error::InvalidInput(format!(
                            "refused: more than {DEEPEST} elements in each other"
                        )));
                    }
                    let name = start.local_name().into_inner().to_owned();
                    let mut attributes = start.attributes();
                    let attributes = attributes.with_checks(false).flatten().filter_map(|a| {
                        let whole = a.key.into_inner();
                        // Declarations, and words to programs.
                        if whole.starts_with("xmlns") || whole.starts_with("xsi:") || whole.starts_with("xml:") {
                            return None;
                        }
                        let value = match a.normalized_value(XmlVersion::Implicit1_0) {
                            Ok(value) => value.into_owned(),
                            Err(_) => a.value.into_owned(),
                        };
                        Some((a.key.local_name().into_inner().to_owned(), value))
                    });
                    Some(Token::Start(name, attributes.collect()))
                }
                Event::End(_) if self.depth == 0 => continue,
                Event::End(_) => {
                    self.depth -= 1;
                    Some(Token::End)
                }
                Event::Text(text) => Some(Token::Text(text.into_inner().into_owned())),
                Event::CData(text) => Some(Token::Text(text.into_inner().into_owned())),
                Event::GeneralRef(name) => Some(Token::Text(self.entities.resolve(&name))),
                Event::DocType(text) => {
                    self.entities.declare(&text);
                    continue;
                }
                Event::Eof => None,
                _ => continue,
            });
        }
    }

    /// Whether the file breaks off before its first element ends.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    pub(crate) fn encoding(&self) -> &'static str {
        self.text.borrow().encoding()
    }

    /// What the owner of the file should know after it was read.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(why) = &self.broken {
            warnings.push(format!("XML error {why}; what follows was left out"));
        } else if self.depth > 0 {
            warnings.push(format!("the file ends before {} of its elements do", self.depth));
        }
        if self.entities.refused {
            warnings.push("the file declares entities that would fill megabytes; they were left out".into());
        }
        if self.entities.external {
            warnings.push("the file names entities outside of itself; they were not read".into());
        }
        warnings.extend(self.text.borrow().warning());
        warnings
    }
}
