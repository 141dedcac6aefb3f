//! A pull reader for XML parts: streamed, namespace-aware, bounded in depth, and deaf to DOCTYPE and entities.

use crate::error::Error;
use crate::package::Part;
use crate::reader::{Transcoded, unwrap_io};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};
use std::borrow::Cow;
use std::io::{BufRead, BufReader};

/// The vocabularies that office parsers tell apart; transitional and strict URIs count as the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// WordprocessingML (`w:`).
    Word,
    /// SpreadsheetML.
    Spreadsheet,
    /// PresentationML (`p:`).
    Presentation,
    /// DrawingML (`a:`).
    Drawing,
    /// DrawingML anchors in Word (`wp:`).
    WordDrawing,
    /// DrawingML pictures (`pic:`).
    Picture,
    /// DrawingML charts (`c:`).
    Chart,
    /// DrawingML diagrams, i.e. SmartArt (`dgm:`).
    Diagram,
    /// Shapes, groups and canvases in Word (`wps:`, `wpg:`, `wpc:`).
    WordShape,
    /// Office Math (`m:`).
    Math,
    /// Old vector shapes (`v:`).
    Vml,
    /// Old Office extensions of VML (`o:`).
    Office,
    /// Alternatives for older readers (`mc:`).
    Compatibility,
    /// Anything else.
    Other,
}

/// What comes next.
#[derive(Debug)]
pub enum Token<'b> {
    /// An element opens. Elements written empty open and close.
    Start(Tag<'b>),
    /// An element closes: its namespace and local name.
    End(Namespace, Cow<'b, str>),
    /// Text, unescaped. Runs may be broken at references.
    Text(Cow<'b, str>),
}

/// An opening element.
#[derive(Debug)]
pub struct Tag<'b> {
    namespace: Namespace,
    start: BytesStart<'b>,
}

impl Tag<'_> {
    /// Its vocabulary.
    pub fn namespace(&self) -> Namespace {
        self.namespace
    }

    /// Its local name, without prefix.
    pub fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// True for this vocabulary and local name.
    pub fn is(&self, namespace: Namespace, name: &str) -> bool {
        self.namespace == namespace && self.name() == name
    }

    /// An attribute by local name, whatever its prefix, unescaped. Entities other than XML's own five stay as written.
    pub fn attr(&self, name: &str) -> Option<String> {
        let found = self.start.attributes().flatten().find(|a| a.key.local_name().into_inner() == name)?;
        Some(match found.normalized_value(XmlVersion::Implicit1_0) {
            Ok(value) => value.into_owned(),
            Err(_) => found.value.into_owned(),
        })
    }

    /// An attribute by local name that has a prefix (`r:id` beside `id`), unescaped.
    pub fn prefixed(&self, name: &str) -> Option<String> {
        let mut attributes = self.start.attributes().flatten();
        let found = attributes.find(|a| a.key.prefix().is_some() && a.key.local_name().into_inner() == name)?;
        Some(found.value.into_owned())
    }

    /// A number in an attribute.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.attr(name)?.trim().parse().ok()
    }

    /// An on/off attribute (`w:val`): true where it is missing, and for `1`, `true`, `on`.
    pub fn on(&self) -> bool {
        self.attr("val").is_none_or(|v| !matches!(v.as_str(), "0" | "false" | "off" | "none"))
    }
}

/// Tokens of one part.
pub struct Xml<'f> {
    reader: NsReader<Box<dyn BufRead + 'f>>,
    buffer: Vec<u8>,
    part: String,
    depth: usize,
    max_depth: usize,
}

impl<'f> Xml<'f> {
    pub(crate) fn new(mut part: Part<'f>, name: &str, max_depth: usize) -> Result<Self, Error> {
        let head = part.fill_buf().map_err(|e| io_error(name, &e))?;
        let source: Box<dyn BufRead + 'f> = match head {
            [0xFF, 0xFE, ..] | [b'<', 0, ..] => Box::new(BufReader::new(Transcoded::new(part, encoding_rs::UTF_16LE))),
            [0xFE, 0xFF, ..] | [0, b'<', ..] => Box::new(BufReader::new(Transcoded::new(part, encoding_rs::UTF_16BE))),
            _ => Box::new(part),
        };
        let mut reader = NsReader::from_reader(source);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = true;
        // `AT&T` unescaped is damage that does not stop a reader.
        config.allow_dangling_amp = true;
        Ok(Self { reader, buffer: Vec::new(), part: name.into(), depth: 0, max_depth })
    }

    /// Open elements at this point.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The next token; none at the end of the part.
    ///
    /// # Errors
    /// Not well-formed, too deep, a document type, an entity, or the limits of the package.
    #[allow(clippy::should_implement_trait, reason = "tokens borrow the reader, which iterators cannot express")]
    pub fn next(&mut self) -> Result<Option<Token<'_>>, Error> {
        // A loop that gives tokens borrowed from the buffer needs the buffer apart from `self`.
        let Self { reader, buffer, part, depth, max_depth } = self;
        let forbidden = |what: String| Error::Forbidden { part: part.clone(), what };
        // What is skipped (comments, declarations) is found out before anything is borrowed for long.
        let (namespace, event) = loop {
            buffer.clear();
            let (resolved, event) = match reader.read_resolved_event_into(buffer) {
                Ok(found) => found,
                Err(error) => {
                    let own = match &error {
                        quick_xml::Error::Io(io) => unwrap_io(io),
                        _ => None,
                    };
                    let position = reader.error_position();
                    return Err(own.unwrap_or_else(|| Error::Xml {
                        part: part.clone(),
                        position,
                        reason: error.to_string(),
                    }));
                }
            };
            match event {
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::DocType(_) => return Err(forbidden("declares a document type (DOCTYPE)".into())),
                event => break (namespace_of(&resolved), event.into_owned()),
            }
        };
        Ok(match event {
            Event::Start(start) | Event::Empty(start) => {
                *depth += 1;
                if *depth > *max_depth {
                    return Err(Error::Limit(format!("{part} nests more than {max_depth} XML elements")));
                }
                Some(Token::Start(Tag { namespace, start }))
            }
            Event::End(end) => {
                *depth = depth.saturating_sub(1);
                Some(Token::End(namespace, end.local_name().into_inner().to_string().into()))
            }
            Event::Text(text) => Some(Token::Text(text.into_inner())),
            Event::CData(text) => Some(Token::Text(text.into_inner())),
            Event::GeneralRef(reference) => {
                let text: Cow<'_, str> = match &*reference {
                    "amp" => "&".into(),
                    "lt" => "<".into(),
                    "gt" => ">".into(),
                    "quot" => "\"".into(),
                    "apos" => "'".into(),
                    // A reference to no character is damage, not an attack.
                    number if number.starts_with('#') => match reference.resolve_char_ref() {
                        Ok(Some(c)) => c.to_string().into(),
                        _ => "\u{FFFD}".into(),
                    },
                    name => {
                        let name: String = name.chars().take(40).collect();
                        return Err(forbidden(format!("uses the entity \"{name}\"")));
                    }
                };
                Some(Token::Text(text))
            }
            Event::Eof if *depth > 0 => {
                return Err(Error::Xml {
                    part: part.clone(),
                    position: reader.buffer_position(),
                    reason: "it ends in the middle".into(),
                });
            }
            _ => None,
        })
    }

    /// Reads up to the root element and makes sure that it is of one vocabulary: office documents of all kinds have the
    /// same container. `expected` is e.g. `a Word document`.
    ///
    /// # Errors
    /// Another vocabulary; as [`next`](Self::next).
    pub fn expect_root(&mut self, namespace: Namespace, expected: &'static str) -> Result<(), Error> {
        loop {
            let found = match self.next()? {
                Some(Token::Start(tag)) if tag.namespace() == namespace => return Ok(()),
                Some(Token::Start(tag)) => match tag.namespace() {
                    Namespace::Word => "a Word document",
                    Namespace::Spreadsheet => "a spreadsheet",
                    Namespace::Presentation => "a presentation",
                    _ => "another kind of file",
                },
                Some(_) => continue,
                None => "an empty document",
            };
            return Err(Error::WrongKind { expected, found });
        }
    }

    /// Skips what is left of the element whose start tag was the last token.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn skip(&mut self) -> Result<(), Error> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            if self.next()?.is_none() {
                break;
            }
        }
        Ok(())
    }
}

fn io_error(part: &str, error: &std::io::Error) -> Error {
    unwrap_io(error).unwrap_or_else(|| Error::Part { part: part.into(), reason: error.to_string() })
}

fn namespace_of(resolved: &ResolveResult<'_>) -> Namespace {
    match resolved {
        ResolveResult::Bound(quick_xml::name::Namespace(uri)) => by_uri(uri),
        // A forgotten declaration: the customary prefix still says what is meant.
        ResolveResult::Unknown(prefix) => match prefix.as_str() {
            "w" => Namespace::Word,
            "a" => Namespace::Drawing,
            "p" => Namespace::Presentation,
            "wp" => Namespace::WordDrawing,
            "pic" => Namespace::Picture,
            "m" => Namespace::Math,
            "v" => Namespace::Vml,
            "o" => Namespace::Office,
            "mc" => Namespace::Compatibility,
            _ => Namespace::Other,
        },
        ResolveResult::Unbound => Namespace::Other,
    }
}

fn by_uri(uri: &str) -> Namespace {
    let path = uri
        .strip_prefix("http://schemas.openxmlformats.org/")
        .or_else(|| uri.strip_prefix("http://purl.oclc.org/ooxml/"))
        .or_else(|| uri.strip_prefix("http://schemas.microsoft.com/office/"))
        .unwrap_or(uri);
    match path {
        "wordprocessingml/2006/main" | "wordprocessingml/main" => Namespace::Word,
        "spreadsheetml/2006/main" | "spreadsheetml/main" => Namespace::Spreadsheet,
        "presentationml/2006/main" | "presentationml/main" => Namespace::Presentation,
        "drawingml/2006/main" | "drawingml/main" => Namespace::Drawing,
        "drawingml/2006/wordprocessingDrawing" | "drawingml/wordprocessingDrawing" => Namespace::WordDrawing,
        "drawingml/2006/picture" | "drawingml/picture" => Namespace::Picture,
        "drawingml/2006/chart" | "drawingml/chart" => Namespace::Chart,
        "drawingml/2006/diagram" | "drawingml/diagram" => Namespace::Diagram,
        "word/2010/wordprocessingShape" | "word/2010/wordprocessingGroup" | "word/2010/wordprocessingCanvas" => {
            Namespace::WordShape
        }
        "officeDocument/2006/math" | "officeDocument/math" => Namespace::Math,
        "urn:schemas-microsoft-com:vml" => Namespace::Vml,
        "urn:schemas-microsoft-com:office:office" => Namespace::Office,
        "markup-compatibility/2006" => Namespace::Compatibility,
        _ => Namespace::Other,
    }
}
