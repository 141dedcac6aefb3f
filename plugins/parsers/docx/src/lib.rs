//! Word documents (`docx`, `docm`, `dotx`, `dotm`).
//!
//! | Word | block |
//! |---|---|
//! | paragraphs whose style or own outline level says so | `title`, `heading` with its level, `toc-entry`, `caption`, `quote`, `code` |
//! | numbered and bulleted paragraphs | `list-item` with its depth; the label stands before the text as Word shows it, also before headings |
//! | other paragraphs | `paragraph`, with size and weight of most of its letters |
//! | tables | `table` with spans; header rows are those that repeat on every page, else the first. A table of one cell is a frame and walked through; a table inside a cell is text of the cell |
//! | pictures, drawings, SmartArt | `figure`: its alternative text or the text in it, and the picture |
//! | text boxes | their blocks, after the paragraph that they are anchored to |
//! | foot- and endnotes | `footnote` after the block that refers to them, which is their parent |
//! | formulas | LaTeX between `$` in the line; `formula` if they stand alone |
//! | comments of reviewers | `note` after the block that they are about, which is their parent |
//! | headers and footers | `page-header`, `page-footer` at the end, each text once |
//!
//! Tracked changes count as accepted; hidden text is left out. Where the document tells where its pages ended when it was
//! last laid out, blocks have their page. Embedded documents are attached. Core properties are the metadata. The document is streamed; memory goes to styles, notes and one paragraph or table at a time.

mod body;
mod close;
mod math;
mod number_format;
mod numbering;
mod paragraph;
mod styles;
mod symbols;
mod table;

use body::{NoteKind, PartKind, Shared, Walk};
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, NoConfig, Result, host};
use mortise_shared_packed::{Error, Package, Relationships, core_properties};
use numbering::Numbering;
use std::collections::BTreeSet;
use std::io::Read;
use styles::Styles;

/// The parser.
pub struct Docx;

impl Parser for Docx {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("docx", env!("CARGO_PKG_VERSION"), "Word documents: headings, lists, tables, notes, pictures")
    }

    fn accepts() -> Accepts {
        let media_types = &[
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
            "application/vnd.ms-word.document.macroenabled.12",
            "application/vnd.ms-word.template.macroenabled.12",
        ];
        accepts(media_types, &["docx", "docm", "dotx", "dotm"])
    }

    fn parse(file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        Ok(parse(file, out)?)
    }
}

fn parse(file: &File<'_>, out: &mut Output) -> Result<(), Error> {
    let package = Package::open(file)?;
    let main = match package.main_part() {
        Ok(part) => part,
        Err(Error::MissingPart(_)) if package.contains("word/document.xml") => "word/document.xml".into(),
        Err(error) => return Err(error),
    };
    let properties = core_properties(&package)?;
    let links = package.relationships(&main)?;
    let part_of = |kind: &str| links.of_kind(kind).next().map(|r| r.target.clone());
    let styles = Styles::read(&package, part_of("styles").as_deref())?;
    let numbering = Numbering::read(&package, part_of("numbering").as_deref(), &styles)?;
    let mut shared = Shared {
        package: &package,
        styles: &styles,
        numbering,
        pictures: Default::default(),
        notes: Default::default(),
        margins: Vec::new(),
        page: has_page_ends(&package, &main)?.then_some(1),
        warnings: Vec::new(),
    };
    for (kind, name) in
        [(NoteKind::Footnote, "footnotes"), (NoteKind::Endnote, "endnotes"), (NoteKind::Comment, "comments")]
    {
        if let Some(part) = part_of(name) {
            secondary(&mut shared, &part, PartKind::Notes(kind), out)?;
        }
    }
    host::progress(0.1, "reading document");
    Walk::new(&mut shared, &main, PartKind::Body)?.run(&main, out)?;
    host::progress(0.9, "reading headers and footers");
    let mut seen = BTreeSet::new();
    for (kind, part) in std::mem::take(&mut shared.margins) {
        for block in secondary(&mut shared, &part, kind, out)? {
            // Sections usually repeat what the one before had.
            if block.image.is_some() || seen.insert(block.text.clone()) {
                out.emit(mortise_sdk::document::Block { parent: None, ..block });
            }
        }
    }
    attach(&package, &links, out, &mut shared.warnings)?;
    out.metadata(&properties.into());
    out.pages(shared.page.unwrap_or(0));
    for warning in &shared.warnings {
        out.warn(None, warning);
    }
    Ok(())
}

/// Walks a part that the document can do without: damage is a warning.
fn secondary(
    shared: &mut Shared<'_, '_>,
    part: &str,
    kind: PartKind,
    out: &mut Output,
) -> Result<Vec<mortise_sdk::document::Block>, Error> {
    match Walk::new(shared, part, kind)?.run(part, out) {
        Ok(blocks) => Ok(blocks),
        Err(error) if error.is_hostile() => Err(error),
        Err(error) => {
            shared.warnings.push(error.to_string());
            Ok(Vec::new())
        }
    }
}

/// True if Word left marks of where its pages ended. Without them every block would be of page 1.
fn has_page_ends(package: &Package<'_>, part: &str) -> Result<bool, Error> {
    const MARK: &[u8] = b"lastRenderedPageBreak";
    let mut reader = package.part(part)?;
    let mut window = vec![0; 64 << 10];
    let mut kept = 0;
    loop {
        // Damage is found again, and told of, by the walk itself.
        let Ok(count @ 1..) = reader.read(&mut window[kept..]) else { return Ok(false) };
        let filled = kept + count;
        if window[..filled].windows(MARK.len()).any(|w| w == MARK) {
            return Ok(true);
        }
        kept = filled.min(MARK.len() - 1);
        window.copy_within(filled - kept..filled, 0);
    }
}

/// Embedded documents and imported pieces become files of their own.
fn attach(
    package: &Package<'_>,
    links: &Relationships,
    out: &mut Output,
    warnings: &mut Vec<String>,
) -> Result<(), Error> {
    const LARGEST: u64 = 64 << 20;
    for link in links.of_kind("package").chain(links.of_kind("aFChunk")) {
        let name = link.target.rsplit('/').next().unwrap_or_default();
        match package.read(&link.target, LARGEST) {
            Ok(bytes) => out.attach(name, media_type(name), &bytes),
            Err(error) => warnings.push(format!("an embedded file was left out: {error}")),
        }
    }
    Ok(())
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default().to_lowercase().as_str() {
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "html" | "htm" => "text/html",
        "txt" => "text/plain",
        "rtf" => "application/rtf",
        "mht" | "mhtml" => "message/rfc822",
        _ => "application/octet-stream",
    }
}

mortise_sdk::export_parser!(Docx);
