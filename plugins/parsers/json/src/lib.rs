//! Data in JSON: one document, or one a line (`jsonl`, `ldjson`, `ndjson`).
//!
//! What becomes which block is told by `mortise-shared-records`; here syntax is read, with patience: comments, commas too
//! many, single quotes, bare names, `NaN` and `Infinity` are taken as they are meant. The file is streamed, so that memory
//! does not grow with its size. A line that is no JSON is a warning and is passed over; a document that breaks off is told
//! as far as it goes, and the lines that remain are paragraphs.

mod read;

use mortise_sdk::document::BlockKind;
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, Error, NoConfig, Result, host, serde_json};
use mortise_shared_data::{Records, Tree};
use mortise_shared_encoding::TextReader;
use read::{Broken, More, Source, value};

/// The parser.
pub struct Json;

/// Lines that are looked at to tell a document from a line of documents.
const LOOKED_AT: usize = 10;

/// Broken lines that are told one by one.
const TOLD: u32 = 5;

impl Parser for Json {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("json", env!("CARGO_PKG_VERSION"), "Data in JSON and JSON Lines, as records")
    }

    fn accepts() -> Accepts {
        let media_types =
            &["application/json", "text/json", "application/jsonl", "application/x-ndjson", "application/ld+json"];
        accepts(media_types, &["json", "jsonl", "ldjson", "ndjson", "geojson", "jsonld", "json5", "jsonc"])
    }

    fn parse(file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        let mut reader = TextReader::new(file, None);
        let mut first = String::new();
        reader.read(&mut first)?;
        let by_name = matches!(file.extension().as_str(), "jsonl" | "ldjson" | "ndjson");
        let whole = reader.progress() >= 1.0;
        let lines = is_lines(&first, by_name, whole);
        let mut tree = Tree::new(Records::new(out));
        let result = {
            let mut more = |text: &mut String| {
                let more = reader.read(text);
                host::progress(reader.progress(), "reading JSON");
                more
            };
            if lines { read_lines(first, &mut more, &mut tree) } else { read_document(first, &mut more, &mut tree) }
        };
        tree.finish();
        let result = result.map_err(|error| match error {
            Broken::Refused(error) => error,
            Broken::Syntax { line, what } => Error::InvalidInput(format!("not JSON: line {line}: {what}")),
        });
        drop(tree);
        out.metadata(&serde_json::json!({ "encoding": reader.encoding() }));
        if let Some(warning) = reader.warning() {
            out.warn(None, &warning);
        }
        result
    }
}

/// True for a document a line: by its name if its first line is one, else if the first lines are.
fn is_lines(text: &str, by_name: bool, whole: bool) -> bool {
    let mut lines: Vec<&str> =
        text.split('\n').map(str::trim).filter(|line| !line.is_empty()).take(LOOKED_AT).collect();
    if !whole && lines.len() < LOOKED_AT {
        lines.pop();
    }
    let right = lines.iter().filter(|line| line.starts_with(['{', '[']) && is_value(line)).count();
    if by_name {
        return lines.is_empty() || right > 0 || !lines[0].starts_with(['{', '[']);
    }
    lines.len() > 1 && right * 10 >= lines.len() * 8
}

fn is_value(line: &str) -> bool {
    let mut tree = Tree::new(Records::unwritten());
    let mut source = Source::of(line.to_owned());
    value(&mut source, &mut tree).is_ok() && source.is_at_end().unwrap_or(false)
}

fn read_lines(mut text: String, more: &mut More<'_>, tree: &mut Tree<'_>) -> Result<(), Broken> {
    let (mut number, mut broken, mut going) = (0u32, 0u32, true);
    while going || !text.is_empty() {
        let end = match text.rfind('\n') {
            Some(end) if going => end + 1,
            // A line that goes on in the next window.
            None if going => {
                going = more(&mut text)?;
                continue;
            }
            _ => text.len(),
        };
        for line in text[..end].split_terminator('\n') {
            number += 1;
            if line.trim().is_empty() {
                continue;
            }
            let mut source = Source::of(line.to_owned());
            let read = value(&mut source, tree).and_then(|()| match source.is_at_end()? {
                true => Ok(()),
                false => Err(Broken::Syntax { line: 1, what: "more than one value".into() }),
            });
            tree.close();
            match read {
                Ok(()) => {}
                Err(Broken::Refused(error)) => return Err(Broken::Refused(error)),
                Err(Broken::Syntax { what, .. }) => {
                    broken += 1;
                    if broken <= TOLD {
                        tree.records().warn(&format!("line {number} was left out: {what}"));
                    }
                }
            }
        }
        text.drain(..end);
        going = going && more(&mut text)?;
    }
    if tree.records().is_empty() && broken > 0 {
        return Err(Broken::Syntax { line: 1, what: "no line is JSON".into() });
    }
    if broken > TOLD {
        tree.records().warn(&format!("{} more lines were left out: they are not JSON", broken - TOLD));
    }
    Ok(())
}

/// One value, or several behind each other.
fn read_document<'m>(text: String, more: &'m mut More<'m>, tree: &mut Tree<'_>) -> Result<(), Broken> {
    let mut source = Source::new(text, more);
    while !source.is_at_end()? {
        let Err(error) = value(&mut source, tree) else { continue };
        let Broken::Syntax { line, what } = error else { return Err(error) };
        if tree.records().is_empty() && tree.depth() == 0 {
            return Err(Broken::Syntax { line, what });
        }
        tree.close();
        let found = !tree.records().is_empty();
        tree.records().warn(&format!("line {line}: {what}; what follows was read as plain text"));
        tree.records().separate();
        while let Some(rest) = source.line()? {
            tree.records().block(BlockKind::Paragraph, rest.trim());
        }
        if !found && tree.records().is_empty() {
            return Err(Broken::Syntax { line, what });
        }
        return Ok(());
    }
    Ok(())
}

mortise_sdk::export_parser!(Json);
