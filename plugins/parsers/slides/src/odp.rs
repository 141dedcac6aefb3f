//! OpenDocument presentations.

use crate::shape::{Content, Paragraph, Role, Shape};
use crate::{MOST_SLIDES, emit};
use mortise_sdk::document::{Block, BlockKind, Cell, Place, Rect, Table, Value};
use mortise_sdk::host;
use mortise_sdk::parser::Output;
use mortise_shared_drawing::Pictures;
use mortise_shared_opendocument::{metadata, plain_text, push_element, push_text, refuse_encrypted};
use mortise_shared_packed::{Error, Package, Tag, Token, Xml};

/// Groups within groups at most; the text of what is deeper is read as one.
const DEEPEST: usize = 60;
/// Rows, columns and repetitions of a table at most.
const MOST: u32 = 1_000;

pub(crate) fn is_one(package: &Package<'_>) -> bool {
    package.contains("content.xml") && !package.contains("ppt/presentation.xml")
}

struct Reader<'r, 'f, 'o> {
    package: &'r Package<'f>,
    pictures: Pictures,
    warnings: Vec<String>,
    out: &'o mut Output,
}

#[derive(Default)]
struct Slide {
    shapes: Vec<Shape>,
    notes: Vec<String>,
}

pub(crate) fn parse(package: &Package<'_>, out: &mut Output) -> Result<(), Error> {
    refuse_encrypted(package)?;
    out.metadata(&metadata(package)?.into());
    let mut xml = package.xml("content.xml")?;
    let mut reader = Reader { package, pictures: Pictures::default(), warnings: Vec::new(), out };
    let mut page = 0u32;
    let mut presentation = false;
    loop {
        let result = match xml.next() {
            Ok(None) => break,
            Ok(Some(Token::Start(tag))) => match tag.name() {
                "automatic-styles" => xml.skip(),
                "presentation" => {
                    presentation = true;
                    Ok(())
                }
                "page" if presentation && (page as usize) < MOST_SLIDES => {
                    page += 1;
                    host::progress(1.0 - 1.0 / (page as f32 / 20.0 + 1.0), &format!("reading slide {page}"));
                    let mut slide = Slide::default();
                    let result = reader.shapes(&mut xml, 0, &mut slide);
                    // What was read before damage stays.
                    emit::slide(page, slide.shapes, slide.notes, reader.out);
                    result
                }
                _ => Ok(()),
            },
            Ok(Some(_)) => Ok(()),
            Err(error) => Err(error),
        };
        match result {
            Ok(()) => {}
            Err(error) if error.is_hostile() || page == 0 => return Err(error),
            Err(error) => {
                reader.warnings.push(format!("{error}; what comes after it was left out"));
                break;
            }
        }
    }
    if !presentation {
        return Err(Error::WrongKind { expected: "a presentation", found: "another kind of file" });
    }
    let warnings = std::mem::take(&mut reader.warnings);
    out.pages(page);
    for warning in warnings {
        out.warn(Some(Place { page: page.max(1), rect: None }), &warning);
    }
    Ok(())
}

impl Reader<'_, '_, '_> {
    /// The shapes within the element whose start tag was the last token.
    fn shapes(&mut self, xml: &mut Xml<'_>, depth: usize, slide: &mut Slide) -> Result<(), Error> {
        let outside = xml.depth().saturating_sub(1);
        while xml.depth() > outside {
            let Some(token) = xml.next()? else { break };
            let Token::Start(tag) = token else { continue };
            match tag.name() {
                "g" if depth < DEEPEST => {
                    let mut inner = Slide::default();
                    let result = self.shapes(xml, depth + 1, &mut inner);
                    let rect = inner.shapes.iter().filter_map(|s| s.rect).reduce(union);
                    if !inner.shapes.is_empty() {
                        slide.shapes.push(Shape { rect, role: Role::Text, content: Content::Group(inner.shapes) });
                    }
                    slide.notes.append(&mut inner.notes);
                    result?;
                }
                "notes" => {
                    let mut inner = Slide::default();
                    let result = self.shapes(xml, depth + 1, &mut inner);
                    for shape in inner.shapes {
                        // The page's picture, number and the like are no notes.
                        if let (Role::Text | Role::Body, Content::Text(paragraphs)) = (shape.role, shape.content) {
                            let lines: Vec<&str> =
                                paragraphs.iter().map(|p| p.text.trim()).filter(|t| !t.is_empty()).collect();
                            slide.notes.extend((!lines.is_empty()).then(|| lines.join("\n")));
                        }
                    }
                    result?;
                }
                "annotation" => {
                    let text = plain_text(xml)?;
                    slide.notes.extend((!text.is_empty()).then_some(text));
                }
                "frame" | "custom-shape" | "rect" | "ellipse" | "polygon" | "path" | "line" | "connector"
                | "circle" | "caption" | "regular-polygon" | "polyline" => {
                    let told = ShapeTag::of(&tag);
                    self.shape(xml, &told, slide)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn shape(&mut self, xml: &mut Xml<'_>, told: &ShapeTag, slide: &mut Slide) -> Result<(), Error> {
        let outside = xml.depth().saturating_sub(1);
        let mut paragraphs: Vec<Paragraph> = Vec::new();
        let mut blocks = Vec::new();
        let (mut alt, mut image, mut level) = (String::new(), None, 0u32);
        let mut result = Ok(());
        while xml.depth() > outside {
            let token = match xml.next() {
                Ok(Some(token)) => token,
                Ok(None) => break,
                Err(error) => {
                    result = Err(error);
                    break;
                }
            };
            match token {
                Token::Start(tag) => match tag.name() {
                    "list" => level += 1,
                    "p" | "h" => {
                        let text = line(xml)?;
                        let bullet = (level > 0).then_some(true);
                        paragraphs.push(Paragraph { text, level: level.saturating_sub(1).min(8), bullet });
                    }
                    "image" if image.is_none() => {
                        let name = tag.attr("href").unwrap_or_default().trim_start_matches("./").to_string();
                        if self.package.contains(&name) {
                            image = self.pictures.keep(self.package, &name, self.out, &mut self.warnings)?;
                        }
                    }
                    "table" => blocks.extend(table(xml)?),
                    "title" | "desc" => alt = format!("{alt}\n{}", plain_text(xml)?).trim().to_string(),
                    _ => {}
                },
                Token::End(_, name) if &*name == "list" => level = level.saturating_sub(1),
                _ => {}
            }
        }
        // A table has a picture of itself beside it, for programs that know no tables.
        if image.is_some() && blocks.is_empty() {
            blocks.push(Block { image, ..Block::new(0, BlockKind::Figure, alt) });
        }
        let (rect, role) = (told.rect, told.role);
        if paragraphs.iter().any(|p| !p.text.trim().is_empty()) {
            slide.shapes.push(Shape { rect, role, content: Content::Text(paragraphs) });
        }
        if !blocks.is_empty() {
            slide.shapes.push(Shape { rect, role: Role::Text, content: Content::Blocks(blocks) });
        }
        result
    }
}

/// What the tag of a shape says.
struct ShapeTag {
    rect: Option<Rect>,
    role: Role,
}

impl ShapeTag {
    fn of(tag: &Tag<'_>) -> Self {
        let role = match tag.attr("class").as_deref() {
            Some("title") => Role::Title,
            Some("outline") => Role::Body,
            Some("page-number") => Role::Number,
            Some("footer" | "date-time") => Role::Footer,
            Some("header") => Role::Header,
            _ => Role::Text,
        };
        let length = |name: &str| tag.attr(name).as_deref().and_then(points);
        let rect = length("x").zip(length("y")).map(|(left, top)| {
            let (width, height) = (length("width").unwrap_or(0.0).max(0.0), length("height").unwrap_or(0.0).max(0.0));
            Rect { left, top, right: left + width, bottom: top + height }
        });
        Self { rect, role }
    }
}

/// `2.5cm` → points.
fn points(length: &str) -> Option<f32> {
    let at = length.find(|c: char| c.is_ascii_alphabetic())?;
    let unit = match &length[at..] {
        "cm" => 72.0 / 2.54,
        "mm" => 72.0 / 25.4,
        "in" => 72.0,
        "pt" => 1.0,
        "pc" => 12.0,
        "px" => 0.75,
        _ => return None,
    };
    length[..at].trim().parse::<f32>().ok().filter(|n| n.is_finite() && n.abs() < 1e6).map(|n| n * unit)
}

fn union(a: Rect, b: Rect) -> Rect {
    Rect {
        left: a.left.min(b.left),
        top: a.top.min(b.top),
        right: a.right.max(b.right),
        bottom: a.bottom.max(b.bottom),
    }
}

/// The text of the paragraph whose start tag was the last token.
fn line(xml: &mut Xml<'_>) -> Result<String, Error> {
    let outside = xml.depth().saturating_sub(1);
    let mut text = String::new();
    while xml.depth() > outside {
        match xml.next()? {
            Some(Token::Text(piece)) => push_text(&piece, &mut text),
            Some(Token::Start(tag)) => drop(push_element(&tag, &mut text)),
            Some(Token::End(..)) => {}
            None => break,
        }
    }
    Ok(text)
}

fn table(xml: &mut Xml<'_>) -> Result<Option<Block>, Error> {
    let outside = xml.depth().saturating_sub(1);
    let mut table = Table { rows: 0, columns: 0, cells: Vec::new() };
    let mut column = 0u32;
    let count =
        |tag: &Tag<'_>, name: &str| tag.number(name).and_then(|n| u32::try_from(n).ok()).unwrap_or(1).clamp(1, MOST);
    while xml.depth() > outside {
        let Some(token) = xml.next()? else { break };
        let Token::Start(tag) = token else { continue };
        match tag.name() {
            "table-row" => {
                table.rows = (table.rows + 1).min(MOST);
                column = 0;
            }
            "covered-table-cell" => {
                column = column.saturating_add(count(&tag, "number-columns-repeated"));
                xml.skip()?;
            }
            "table-cell" => {
                let (row_span, column_span) =
                    (count(&tag, "number-rows-spanned"), count(&tag, "number-columns-spanned"));
                let repeated = count(&tag, "number-columns-repeated");
                let text = plain_text(xml)?;
                for _ in 0..repeated {
                    if column < MOST && table.rows > 0 && table.cells.len() < 100_000 {
                        let (row, text) = (table.rows - 1, text.clone());
                        let header = row == 0;
                        table.cells.push(Cell { row, column, row_span, column_span, header, text, value: Value::None });
                    }
                    column = column.saturating_add(1);
                }
                table.columns = table.columns.max((column + column_span - 1).min(MOST));
            }
            _ => {}
        }
    }
    let rows = table.rows;
    for cell in &mut table.cells {
        cell.header &= rows > 1;
        cell.row_span = cell.row_span.min(rows - cell.row);
        cell.column_span = cell.column_span.min(table.columns - cell.column);
    }
    if table.cells.iter().all(|c| c.text.is_empty()) {
        return Ok(None);
    }
    let text = table.plain_text();
    Ok(Some(Block { table: Some(table), ..Block::new(0, BlockKind::Table, text) }))
}
