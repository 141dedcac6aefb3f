//! The package file: metadata, files and their order. What is missing is made up for.

use crate::path::{folder, resolve};
use crate::xml::{Element, Token, squeezed, tokens};
use crate::{DESCRIPTION, path};
use mortise_sdk::{Error, Result};
use mortise_shared_packed::Package;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A file of a book.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) file: String,
    pub(crate) media_type: String,
    fallback: Option<String>,
}

/// What the package file says.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) metadata: Map<String, Value>,
    items: BTreeMap<String, Item>,
    /// Names of the chapters in reading order.
    pub(crate) spine: Vec<String>,
    /// The navigation of EPUB 3.
    pub(crate) navigation: Option<String>,
    /// That of EPUB 2.
    pub(crate) ncx: Option<String>,
}

impl Book {
    pub(crate) fn title(&self) -> Option<&str> {
        self.metadata.get("title").and_then(Value::as_str)
    }

    pub(crate) fn media_type(&self, file: &str) -> &str {
        self.items.values().find(|item| item.file == file).map_or("", |item| item.media_type.as_str())
    }

    /// True for chapters that are a picture and nothing else.
    pub(crate) fn is_picture(&self, file: &str) -> bool {
        let media_type = self.media_type(file);
        media_type.starts_with("image/") && media_type != "image/svg+xml"
    }

    /// Files that a reader reads.
    pub(crate) fn contents(&self) -> impl Iterator<Item = &str> {
        self.spine.iter().map(String::as_str)
    }
}

/// Reads the package file that the container names, or the first there is.
pub(crate) fn read(package: &Package<'_>, warnings: &mut Vec<String>) -> Result<Book> {
    let named = package.read("META-INF/container.xml", DESCRIPTION).ok().and_then(|bytes| {
        let rootfile = |token: &Token| match token {
            Token::Start(element) if element.name == "rootfile" => resolve("", element.attr("full-path")?),
            _ => None,
        };
        tokens(&bytes).tokens.iter().filter_map(rootfile).find(|name| package.contains(name))
    });
    let name = named.or_else(|| {
        warnings.push("the container does not name the package file; the first one was taken".into());
        package.names().find(|name| name.to_ascii_lowercase().ends_with(".opf")).map(String::from)
    });
    let mut book = Book::default();
    match &name {
        Some(name) => match package.read(name, DESCRIPTION) {
            Ok(bytes) => describe(&bytes, folder(name), &mut book, warnings),
            Err(error) if error.is_hostile() => return Err(error.into()),
            Err(error) => warnings.push(error.to_string()),
        },
        None => warnings.push("the package file is missing".into()),
    }
    if book.spine.is_empty() {
        make_up(package, &mut book);
        if book.spine.is_empty() {
            return Err(Error::invalid_input("damaged or no e-book: it has neither a package file nor chapters"));
        }
        warnings.push("the order of the chapters is missing; that of their names was taken".into());
    }
    Ok(book)
}

fn describe(bytes: &[u8], folder: &str, book: &mut Book, warnings: &mut Vec<String>) {
    let read = tokens(bytes);
    if let Some(why) = read.broken {
        warnings.push(format!("the package file is broken ({why}); it was read as far as it goes"));
    }
    let mut order: Vec<String> = Vec::new();
    let mut toc = None;
    let mut field: Option<&'static str> = None;
    let mut depth_in_metadata = false;
    for token in &read.tokens {
        match token {
            Token::Start(element) => match element.name.as_str() {
                "metadata" | "dc-metadata" => depth_in_metadata = true,
                "manifest" | "spine" => {
                    depth_in_metadata = false;
                    toc = toc.or_else(|| element.attr("toc").map(String::from));
                }
                "item" => add_item(element, folder, book),
                "itemref" => order.extend(element.attr("idref").map(String::from)),
                name if depth_in_metadata => field = field_name(name, element),
                _ => {}
            },
            Token::Text(text) => {
                if let Some(field) = field {
                    add_field(&mut book.metadata, field, &squeezed(text));
                }
            }
            Token::End(_) => field = None,
        }
    }
    let mut seen = BTreeSet::new();
    for id in &order {
        match book.items.get(id) {
            Some(item) => {
                let file = readable(book, item);
                if seen.insert(file.clone()) {
                    book.spine.push(file);
                }
            }
            None => warnings.push(format!("the spine names {id:?}, which the package does not have")),
        }
    }
    if order.is_empty() {
        book.spine = book.items.values().filter(|item| is_text(&item.media_type)).map(|i| i.file.clone()).collect();
        book.spine.sort();
    }
    let named = toc.and_then(|id| book.items.get(&id)).map(|item| item.file.clone());
    let by_type = || book.items.values().find(|i| i.media_type == "application/x-dtbncx+xml").map(|i| i.file.clone());
    book.ncx = named.or_else(by_type);
}

fn add_item(element: &Element, folder: &str, book: &mut Book) {
    let Some(file) = element.attr("href").and_then(|href| resolve(folder, href)) else { return };
    let media_type = element.attr("media-type").unwrap_or_default().to_ascii_lowercase();
    if element.has("properties", "nav") {
        book.navigation = Some(file.clone());
    }
    let fallback = element.attr("fallback").map(String::from);
    let id = element.attr("id").unwrap_or(&file).to_owned();
    book.items.entry(id).or_insert(Item { file, media_type, fallback });
}

/// The file of an item, or that of the fallback that can be read.
fn readable(book: &Book, item: &Item) -> String {
    let mut current = item;
    for _ in 0..8 {
        if is_text(&current.media_type) || current.media_type.starts_with("image/") {
            return current.file.clone();
        }
        match current.fallback.as_ref().and_then(|id| book.items.get(id)) {
            Some(next) => current = next,
            None => break,
        }
    }
    item.file.clone()
}

fn is_text(media_type: &str) -> bool {
    matches!(media_type, "application/xhtml+xml" | "text/html" | "text/x-oeb1-document" | "application/x-dtbook+xml")
}

fn field_name(name: &str, element: &Element) -> Option<&'static str> {
    Some(match name {
        "title" => "title",
        "creator" => "author",
        "contributor" => "contributors",
        "language" => "language",
        "publisher" => "publisher",
        "date" => "date",
        "identifier" => "identifier",
        "description" => "description",
        "subject" => "keywords",
        "rights" => "rights",
        "source" => "source",
        "meta" if element.attr("property") == Some("dcterms:modified") => "modified",
        _ => return None,
    })
}

fn add_field(metadata: &mut Map<String, Value>, field: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    match metadata.get_mut(field) {
        // A book has one title; a second one is a subtitle or a series.
        Some(_) if matches!(field, "title" | "language" | "date" | "identifier" | "modified") => {}
        Some(Value::String(known)) => {
            known.push_str(", ");
            known.push_str(text);
        }
        _ => drop(metadata.insert(field.into(), text.into())),
    }
}

/// Without a spine, every page of the archive is a chapter.
fn make_up(package: &Package<'_>, book: &mut Book) {
    let is_page = |name: &&str| {
        let name = name.to_ascii_lowercase();
        [".xhtml", ".html", ".htm", ".xht"].iter().any(|end| name.ends_with(end)) && !name.starts_with("meta-inf/")
    };
    book.spine = package.names().filter(is_page).map(String::from).collect();
    let ncx = package.names().find(|name| name.to_ascii_lowercase().ends_with(".ncx"));
    book.ncx = book.ncx.take().or_else(|| ncx.map(String::from));
}

/// The media type of a picture, by its bytes, else by its name.
pub(crate) fn picture_type(name: &str, bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        [b'B', b'M', ..] => "image/bmp",
        _ if path::file_name(name).to_ascii_lowercase().ends_with(".svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
