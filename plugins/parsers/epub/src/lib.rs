//! E-books: EPUB 2 and 3.
//!
//! Chapters are read in the order of the spine, each by `mortise-shared-html`, and each is a part that bears its name from
//! the book's navigation. What the navigation names and a chapter does not show as a heading becomes one: many books mark
//! their headings only by their looks. Pictures are figures with their bytes; notes are footnotes; the visible table of
//! contents is `toc-entry`.
//!
//! A book whose chapters are encrypted is refused by the name of its protection; obfuscated fonts are none. A package file
//! that is broken or missing is made up for as far as the archive allows, with a warning.

mod chapter;
mod navigation;
mod opf;
mod path;
mod protection;
mod xml;

use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, Error, NoConfig, Result, host};
use mortise_shared_packed::{Error as PackageError, Package};
use navigation::Entry;
use opf::Book;
use std::collections::BTreeMap;

/// The parser.
pub struct Epub;

/// Bytes of the files that describe a book.
const DESCRIPTION: u64 = 16 << 20;

/// Bytes of a chapter.
const CHAPTER: u64 = 48 << 20;

/// Bytes of a picture.
const PICTURE: u64 = 32 << 20;

/// Chapters that are read.
const MOST: usize = 20_000;

impl Parser for Epub {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("epub", env!("CARGO_PKG_VERSION"), "E-books in EPUB, chapter by chapter")
    }

    fn accepts() -> Accepts {
        accepts(&["application/epub+zip"], &["epub"])
    }

    fn parse(file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        let package = Package::open(file).map_err(|error| match error {
            PackageError::Archive(why) => Error::InvalidInput(format!("damaged or no e-book: {why}")),
            PackageError::Legacy => Error::invalid_input("this is an old binary Office file, not an e-book"),
            other => other.into(),
        })?;
        let mut warnings = Vec::new();
        let mut book = opf::read(&package, &mut warnings)?;
        protection::check(&package, &book)?;
        book.spine.truncate(MOST);
        let entries = navigation::read(&package, &book);
        out.metadata(&book.metadata.clone().into());
        let mut reading = Reading {
            package: &package,
            book: &book,
            entries: &entries,
            pictures: BTreeMap::new(),
            next: 0,
            read: 0,
            out,
            warnings,
        };
        for (number, chapter) in book.spine.iter().enumerate() {
            reading.chapter(chapter)?;
            host::progress((number + 1) as f32 / book.spine.len() as f32, "reading chapters");
        }
        let (read, warnings) = (reading.read, reading.warnings);
        for warning in &warnings {
            out.warn(None, warning);
        }
        if read == 0 {
            let why = warnings.first().map_or_else(|| "it has no chapters".to_owned(), Clone::clone);
            return Err(Error::InvalidInput(format!("damaged or no e-book: {why}")));
        }
        Ok(())
    }
}

struct Reading<'r, 'f> {
    package: &'r Package<'f>,
    book: &'r Book,
    entries: &'r [Entry],
    /// Pictures that were kept, by name; none for those that cannot be.
    pictures: BTreeMap<String, Option<u32>>,
    /// The id of the next block.
    next: u32,
    read: usize,
    out: &'r mut Output,
    warnings: Vec<String>,
}

impl Reading<'_, '_> {
    fn chapter(&mut self, name: &str) -> Result<()> {
        let bytes = match self.package.read(name, CHAPTER) {
            Ok(bytes) => bytes,
            Err(error) if error.is_hostile() => return Err(error.into()),
            Err(error) => {
                self.warnings.push(error.to_string());
                return Ok(());
            }
        };
        self.read += 1;
        let entries: Vec<&Entry> = self.entries.iter().filter(|e| e.file.eq_ignore_ascii_case(name)).collect();
        if self.book.is_picture(name) {
            let part = self.out.start_part(path::file_name(name), self.book.media_type(name));
            let image = Some(self.out.put_image(self.book.media_type(name), &bytes));
            self.emit(vec![Block { image, ..Block::new(0, BlockKind::Figure, "") }], part);
            return Ok(());
        }
        let mut page = chapter::read(&bytes);
        if let Some(warning) = page.warning.take() {
            self.warnings.push(format!("{name}: {warning}"));
        }
        page.keep_pictures(|source| self.picture(name, source));
        if self.book.navigation.as_deref() == Some(name) {
            chapter::mark_contents(&mut page);
        }
        chapter::name_headings(&mut page, &entries);
        let shown = entries.first().map(|entry| entry.label.clone()).or_else(|| chapter::heading(&page));
        let title = page.title.clone().filter(|title| Some(title.as_str()) != self.book.title());
        let label = shown.or(title).unwrap_or_else(|| path::file_name(name).to_owned());
        let part = self.out.start_part(&label, "application/xhtml+xml");
        if self.read == 1
            && let Some(title) = self.book.title()
            && !page.blocks.iter().take(8).any(|block| chapter::same(&block.text, title))
        {
            self.emit(vec![Block::new(0, BlockKind::Title, title)], part);
        }
        self.emit(page.blocks, part);
        Ok(())
    }

    fn emit(&mut self, blocks: Vec<Block>, part: u32) {
        self.next = mortise_shared_html::emit(blocks, self.next, part, self.out);
    }

    /// The number of the picture at an address, seen from a chapter.
    fn picture(&mut self, chapter: &str, source: &str) -> Option<u32> {
        if let Some((media_type, bytes)) = mortise_shared_html::embedded(source) {
            return Some(self.out.put_image(&media_type, &bytes));
        }
        let name = path::resolve(path::folder(chapter), source)?;
        if let Some(known) = self.pictures.get(&name) {
            return *known;
        }
        let number = match self.package.read(&name, PICTURE) {
            Ok(bytes) if bytes.is_empty() => None,
            Ok(bytes) => Some(self.out.put_image(opf::picture_type(&name, &bytes), &bytes)),
            Err(error) => {
                self.warnings.push(format!("a picture was left out: {error}"));
                None
            }
        };
        self.pictures.insert(name, number);
        number
    }
}

mortise_sdk::export_parser!(Epub);
