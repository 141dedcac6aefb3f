//! XML of any vocabulary: data as records, texts as paragraphs, told apart by what the file itself does.
//!
//! The file is read twice. The first reading learns which elements mix text with elements, and which repeat; the second
//! tells the blocks:
//!
//! | in the file | block |
//! |---|---|
//! | an element that mixes text and elements, with all that is in it | `paragraph` |
//! | `p`, `para` and their like; `title`, `head` and their like in files that have such paragraphs | `paragraph`; `heading` |
//! | `table` with rows and cells in such files | `table` |
//! | any other element with text | `key-value`: `path.to.element: value` |
//! | an attribute, where elements are data | `key-value`: `path.to.element.name: value` |
//! | the end of an element of the first level that repeats | an empty `separator` |
//!
//! Entities that the file declares are put in as long as they are short; nothing outside of the file is ever read. What is
//! broken is read as far as it goes.

mod entities;
mod survey;
mod tell;
mod tokens;

use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, NoConfig, Result, serde_json};
use mortise_shared_data::Records;
use survey::Survey;
use tell::Teller;
use tokens::Tokens;

/// The parser.
pub struct Xml;

impl Parser for Xml {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("xml", env!("CARGO_PKG_VERSION"), "XML of any vocabulary: records and texts")
    }

    fn accepts() -> Accepts {
        let media_types = &["application/xml", "text/xml", "application/rss+xml", "application/atom+xml"];
        let extensions = &[
            "xml", "rss", "atom", "opml", "rdf", "gpx", "kml", "plist", "resx", "xliff", "xlf", "tmx", "tei", "dita",
            "dbk", "fb2", "xsd", "wsdl", "xsl", "xslt",
        ];
        accepts(media_types, extensions)
    }

    fn parse(file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        let survey = Survey::of(file)?;
        let mut tokens = Tokens::new(file, 0.5)?;
        let mut records = Records::new(out);
        let told = Teller::new(&survey, &mut records).tell(&mut tokens);
        records.finish();
        let mut metadata = serde_json::json!({ "encoding": tokens.encoding() });
        if !survey.root.is_empty() {
            metadata["root"] = survey.root.clone().into();
        }
        out.metadata(&metadata);
        for warning in tokens.warnings() {
            out.warn(None, &warning);
        }
        told
    }
}

mortise_sdk::export_parser!(Xml);
