//! Pictures, and pages that are pictures: read by an OCR plugin, or told by a chat model that takes images, before the
//! chunker sees the document. An OCR plugin is a parser that reads pictures.
//!
//! A page without text becomes blocks after its figure: of the OCR plugin, with their places on the page, or of the
//! Markdown that the model wrote down. Any other picture keeps what is said of it as its text. What was said of a picture
//! is kept by its bytes and by who said it, so that no model is paid twice. Without anybody to ask, the owner is told.

use super::pipeline::Failure;
use crate::Service;
use crate::answer::short_answer;
use futures_util::StreamExt;
use mortise_domain::block::{Block, BlockKind, Image, Parsed, Place, Rect, Warning};
use mortise_domain::chat::{ChatMessage, ChatRole};
use mortise_domain::role::{CallContext, ChatModel, Parser, Plugins};
use mortise_domain::source::SourceFile;
use mortise_domain::{Cancel, Document, Error, JsonMap, Role};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// Who reads pictures. Names of installed plugins; empty: nobody.
#[derive(Clone, Debug, Default)]
pub struct PictureSettings {
    /// A parser that reads pictures as text.
    pub ocr: String,
    /// A chat model that takes images.
    pub vision: String,
}

/// Pictures asked about at a time.
const SIDE_BY_SIDE: usize = 4;
/// Pictures of one document that are asked about; a file made of thousands is not worth as many calls.
const MOST: usize = 1000;
/// Largest picture sent to a model, in bytes.
const LARGEST: usize = 20 << 20;
/// What models take.
const SENT: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/gif"];
/// Recognised text with fewer characters, or Latin text with fewer words, is described as well; RAGFlow's numbers.
const SHORT: usize = 32;
/// How often a cancelled document is noticed while a model is waited for.
const LOOK: Duration = Duration::from_millis(100);
/// Part of the key of what is kept; to be raised when a question changes.
const QUESTIONS: &str = "1";

const TRANSCRIBE: &str = "You write down what stands on the picture of a page, as Markdown: all of its text in reading \
    order and in its own language, word for word, with headings as headings, lists as lists, tables as Markdown tables, \
    and formulas as LaTeX between dollar signs. Say in one line in brackets what a drawing or photograph shows. Leave out \
    page numbers. Add nothing else: no introduction, no remark, no code fence. A blank page has an empty answer.";

const DESCRIBE: &str = "You say what a picture shows to somebody who cannot see it and wants to find it by its words. If \
    it holds data (a chart, a table, a diagram), name its kind, its title, its axes or columns, its legend, and every \
    value that can be read. Otherwise describe it in a few sentences. Give all text on it word for word. Write in the \
    language of the picture's text, or of the caption. Answer with the description alone.";

/// Who is asked.
struct Readers {
    ocr: Option<Arc<dyn Parser>>,
    vision: Option<Arc<dyn ChatModel>>,
    /// Turns the vision model's pages into blocks.
    markdown: Option<Arc<dyn Parser>>,
    /// Who is configured and not installed.
    missing: Vec<String>,
}

/// A picture of the document.
struct Picture {
    image: u32,
    /// It stands for a page.
    page: bool,
    /// What is said near it: its caption, its alternative text.
    about: String,
}

/// What came of asking.
type Read = Result<Arc<Parsed>, String>;

/// Fills in what pictures say.
///
/// # Errors
/// `Plugin` with `Cancelled` when the document was cancelled. A picture that cannot be read is a warning.
pub(super) async fn read(
    service: &Service,
    plugins: &dyn Plugins,
    document: &Document,
    mut parsed: Parsed,
    context: &CallContext,
) -> Result<Parsed, Failure> {
    let whole = mortise_domain::media_type::by_name(&document.name).starts_with("image/");
    let pictures = pictures(&parsed, whole);
    if pictures.is_empty() {
        return Ok(parsed);
    }
    let readers = Readers::of(service, plugins, document);
    if readers.ocr.is_none() && readers.vision.is_none() {
        let unread = pictures.iter().filter(|p| p.page || whole).count();
        if unread > 0 {
            let what = if whole { "the picture was".into() } else { format!("{unread} pages without text were") };
            let why = match readers.missing.as_slice() {
                [] => "no OCR plugin and no vision model is configured (`ocr` or `vision` under [pictures])".into(),
                missing => missing.join("; "),
            };
            let message = format!("{what} not read: {why}");
            parsed.warnings.push(Warning { at: None, message });
        }
        return Ok(parsed);
    }
    let mut by_image: BTreeMap<u32, &Picture> = BTreeMap::new();
    for picture in &pictures {
        by_image.entry(picture.image).or_insert(picture);
    }
    if by_image.len() > MOST {
        let message = format!("only the first {MOST} of {} pictures were read", by_image.len());
        parsed.warnings.push(Warning { at: None, message });
    }
    tracing::debug!(document = %document.id, pictures = by_image.len(), "reading pictures");
    let images = &parsed.images;
    let asked = by_image.into_iter().take(MOST).filter_map(|(number, picture)| {
        let image = images.get(number as usize)?;
        let readers = &readers;
        Some(async move { (number, readers.read(service, image, picture, whole, context).await) })
    });
    // Collected first: a stream over borrowing closures is not general enough for a spawned task.
    let asked: Vec<_> = asked.collect();
    let total = asked.len();
    let mut answers: HashMap<u32, Read> = HashMap::new();
    let mut reading = futures_util::stream::iter(asked).buffer_unordered(SIDE_BY_SIDE);
    while let Some((number, read)) = reading.next().await {
        if context.cancel.is_cancelled() {
            return Err(super::pipeline::cancelled());
        }
        answers.insert(number, read);
        if let Some(progress) = &context.progress {
            progress(answers.len() as f32 / total as f32, "reading pictures");
        }
    }
    drop(reading);
    Ok(filled(parsed, &answers, whole))
}

/// Pictures worth asking about: pages without text, and figures that were kept.
fn pictures(parsed: &Parsed, whole: bool) -> Vec<Picture> {
    let told: HashSet<u32> = parsed.blocks.iter().filter(|b| says_something(b)).flat_map(pages).collect();
    let captions: HashMap<u32, &str> = parsed
        .blocks
        .iter()
        .filter(|block| block.kind == BlockKind::Caption)
        .filter_map(|block| Some((block.parent?, block.text.as_str())))
        .collect();
    let figures = parsed.blocks.iter().filter(|block| block.kind == BlockKind::Figure);
    let pictures = figures.filter_map(|block| {
        let page = !whole && is_page(block, &told);
        let about = [captions.get(&block.id).copied().unwrap_or_default(), &block.text].join("\n").trim().to_owned();
        Some(Picture { image: block.image?, page, about })
    });
    pictures.collect()
}

fn pages(block: &Block) -> impl Iterator<Item = u32> + '_ {
    block.places.iter().map(|place| place.page)
}

/// Whether a block holds text of its page, beside what stands on every page.
fn says_something(block: &Block) -> bool {
    use BlockKind::{Figure, PageFooter, PageHeader, PageNumber, Separator};
    !matches!(block.kind, Figure | PageFooter | PageHeader | PageNumber | Separator) && !block.text.trim().is_empty()
}

/// A figure with a rectangle on a page that says nothing.
fn is_page(block: &Block, told: &HashSet<u32>) -> bool {
    let place = block.places.first();
    block.text.trim().is_empty() && place.is_some_and(|p| p.rect.is_some() && !told.contains(&p.page))
}

impl Readers {
    fn of(service: &Service, plugins: &dyn Plugins, document: &Document) -> Self {
        let settings = &service.ingest.pictures;
        let named = |name: &str| Some(name.to_owned()).filter(|name| !name.is_empty());
        // A client names its vision model where it names the reader of layouts.
        let own = document.parser_config.get("layout_recognize").and_then(|v| v.as_str());
        let own = own.filter(|name| plugins.has(Role::ChatModel, name)).map(str::to_owned);
        let mut missing = Vec::new();
        let mut lacks = |what: &str, error: Error| {
            tracing::warn!(%error, "the {what} of [pictures] is not installed");
            missing.push(format!("the {what} is not installed: {error}"));
        };
        let ocr = named(&settings.ocr).map(|name| plugins.parser(&name));
        let ocr = ocr.and_then(|found| found.map_err(|error| lacks("OCR plugin", error)).ok());
        let vision = own.or_else(|| named(&settings.vision)).map(|name| plugins.chat_model(&name));
        let vision = vision.and_then(|found| found.map_err(|error| lacks("vision model", error)).ok());
        Self { ocr, vision, markdown: plugins.parser_for("page.md", "text/markdown"), missing }
    }

    /// What one picture says.
    async fn read(
        &self,
        service: &Service,
        image: &Image,
        picture: &Picture,
        whole: bool,
        context: &CallContext,
    ) -> Read {
        let mut recognised = None;
        if let Some(ocr) = &self.ocr {
            let read = self.recognise(service, &**ocr, image, context).await?;
            if picture.page || self.vision.is_none() || !is_short(&text_of(&read)) {
                return Ok(read);
            }
            recognised = Some(read);
        }
        let Some(vision) = &self.vision else { return recognised.ok_or_else(String::new) };
        let transcribe = picture.page || whole && recognised.is_none();
        let instruction = if transcribe { TRANSCRIBE } else { DESCRIBE };
        let told = self.tell(service, &**vision, image, instruction, &picture.about, context).await?;
        let Some(recognised) = recognised.filter(|read| !text_of(read).is_empty()) else { return Ok(told) };
        let text = format!("{}\n{}", text_of(&recognised), text_of(&told));
        Ok(Arc::new(said(text.trim().to_owned())))
    }

    async fn recognise(&self, service: &Service, ocr: &dyn Parser, image: &Image, context: &CallContext) -> Read {
        let info = ocr.info();
        let key = key(image, &["ocr", &info.name, &info.digest]);
        if let Ok(Some(kept)) = service.store.parsed().get(&key).await {
            return Ok(Arc::new(kept));
        }
        let extension = image.media_type.strip_prefix("image/").unwrap_or("png");
        let file = SourceFile {
            name: format!("picture.{extension}"),
            media_type: image.media_type.clone(),
            bytes: Arc::new(image.bytes.clone()),
        };
        let context = CallContext { cancel: context.cancel.clone(), progress: None };
        let read = ocr.parse(file, &JsonMap::new(), context).await.map_err(|fault| fault.to_string())?;
        keep(service, &key, &read).await;
        Ok(Arc::new(read))
    }

    async fn tell(
        &self,
        service: &Service,
        vision: &dyn ChatModel,
        image: &Image,
        instruction: &str,
        about: &str,
        context: &CallContext,
    ) -> Read {
        if !SENT.contains(&image.media_type.as_str()) {
            return Err(format!("models take no pictures of type {}", image.media_type));
        }
        if image.bytes.len() > LARGEST {
            return Err(format!("the picture is larger than {} MB", LARGEST >> 20));
        }
        let info = vision.info();
        let key = key(image, &["vision", QUESTIONS, &info.name, &info.digest, instruction, about]);
        if let Ok(Some(kept)) = service.store.parsed().get(&key).await {
            return Ok(Arc::new(kept));
        }
        let text = if about.is_empty() { String::new() } else { format!("Caption or text near the picture: {about}") };
        let question = ChatMessage { role: ChatRole::User, text, images: vec![image.clone()] };
        let answer = unless_cancelled(&context.cancel, short_answer(vision, instruction, question)).await;
        let answer = answer.ok_or("cancelled")?.map_err(|error| error.to_string())?;
        let answer = unfenced(&answer);
        let told = match &self.markdown {
            Some(markdown) if instruction == TRANSCRIBE => {
                let bytes = Arc::new(answer.as_bytes().to_vec());
                let file = SourceFile { name: "page.md".into(), media_type: "text/markdown".into(), bytes };
                let context = CallContext { cancel: context.cancel.clone(), progress: None };
                let parsed = markdown.parse(file, &JsonMap::new(), context).await.map_err(|fault| fault.to_string())?;
                // Pictures that a model names in its Markdown are its invention.
                Parsed { images: vec![], attachments: vec![], warnings: vec![], ..parsed }
            }
            _ => said(answer.to_owned()),
        };
        keep(service, &key, &told).await;
        Ok(Arc::new(told))
    }
}

/// Keeps what was said. Losing it costs another call, not the document.
async fn keep(service: &Service, key: &str, read: &Parsed) {
    if let Err(error) = service.store.parsed().put(key, read).await {
        tracing::warn!(%error, "what was read of a picture cannot be kept");
    }
}

fn key(image: &Image, by: &[&str]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(Sha256::digest(&image.bytes));
    for part in by {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    format!("picture:{}", hex::encode(hasher.finalize()))
}

/// A document of one paragraph.
fn said(text: String) -> Parsed {
    let block = Block {
        id: 0,
        kind: BlockKind::Paragraph,
        text,
        level: 0,
        places: vec![],
        part: 0,
        style: None,
        table: None,
        image: None,
        language: None,
        parent: None,
    };
    Parsed { blocks: vec![block], ..Parsed::default() }
}

fn text_of(read: &Parsed) -> String {
    let texts = read.blocks.iter().map(|block| block.text.trim()).filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join("\n")
}

fn is_short(text: &str) -> bool {
    if text.is_ascii() { text.split_whitespace().count() < SHORT } else { text.chars().count() < SHORT }
}

/// Without the fence that models put around what they write down, however they are asked.
fn unfenced(answer: &str) -> &str {
    let answer = answer.trim();
    let inner = answer.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let Some((language, inner)) = inner.and_then(|inner| inner.split_once('\n')) else { return answer };
    if language.chars().all(char::is_alphanumeric) && !inner.contains("```") { inner.trim() } else { answer }
}

/// The future's outcome, or `None` as soon as the document is cancelled.
async fn unless_cancelled<T>(cancel: &Cancel, future: impl Future<Output = T>) -> Option<T> {
    let raised = async {
        while !cancel.is_cancelled() {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        outcome = future => Some(outcome),
        () = raised => None,
    }
}

/// The document with the answers in it. Blocks are numbered anew, since those of a page stand after its figure.
fn filled(parsed: Parsed, answers: &HashMap<u32, Read>, whole: bool) -> Parsed {
    let told: HashSet<u32> = parsed.blocks.iter().filter(|b| says_something(b)).flat_map(pages).collect();
    let Parsed { blocks, mut warnings, .. } = parsed;
    let mut out: Vec<Block> = Vec::with_capacity(blocks.len());
    let mut renumbered: HashMap<u32, u32> = HashMap::new();
    // Parents may stand after their children, so that they are looked up at the end.
    let mut own: Vec<bool> = Vec::with_capacity(blocks.len());
    for mut block in blocks {
        let id = out.len() as u32;
        renumbered.insert(block.id, id);
        block.id = id;
        let answer = block.image.filter(|_| block.kind == BlockKind::Figure).and_then(|image| answers.get(&image));
        let at = block.places.first().copied();
        let page = !whole && is_page(&block, &told);
        let part = block.part;
        match answer {
            Some(Ok(read)) if page => {
                out.push(block);
                own.push(true);
                for inner in on_page(read, at, part, out.len() as u32) {
                    out.push(inner);
                    own.push(false);
                }
                continue;
            }
            Some(Ok(read)) => {
                let said = text_of(read);
                block.text = [said.as_str(), block.text.trim()].join("\n").trim().to_owned();
            }
            Some(Err(why)) if !why.is_empty() => {
                let what = if page { "the page" } else { "a picture" };
                warnings.push(Warning { at, message: format!("{what} could not be read: {why}") });
            }
            _ => {}
        }
        out.push(block);
        own.push(true);
    }
    for (block, own) in out.iter_mut().zip(own) {
        if own {
            block.parent = block.parent.and_then(|parent| renumbered.get(&parent).copied());
        }
    }
    Parsed { blocks: out, warnings, ..parsed }
}

/// What was read of a page, as its blocks from number `first` on: at the places an OCR plugin gives, scaled from its
/// figure of the whole picture to the page; otherwise at the page's own.
fn on_page(read: &Parsed, at: Option<Place>, part: u32, first: u32) -> Vec<Block> {
    let of_page = |block: &&Block| block.kind != BlockKind::Figure;
    let numbers: HashMap<u32, u32> = read.blocks.iter().filter(of_page).map(|block| block.id).zip(first..).collect();
    let whole = read.blocks.iter().find(|block| !of_page(block)).and_then(|figure| figure.places.first()?.rect);
    let page = at.and_then(|place| place.rect);
    let scaled = |rect: Rect| {
        let (from, to) = (whole?, page?);
        let along = |at: f32, from: (f32, f32), to: (f32, f32)| {
            let length = (from.1 - from.0).max(1.0);
            to.0 + (at - from.0) / length * (to.1 - to.0)
        };
        let x = |at: f32| along(at, (from.left, from.right), (to.left, to.right));
        let y = |at: f32| along(at, (from.top, from.bottom), (to.top, to.bottom));
        Some(Rect { left: x(rect.left), top: y(rect.top), right: x(rect.right), bottom: y(rect.bottom) })
    };
    let placed = read.blocks.iter().filter(of_page).map(|block| {
        let rects = block.places.iter().filter_map(|place| scaled(place.rect?));
        let places: Vec<Place> = rects.filter_map(|rect| Some(Place { page: at?.page, rect: Some(rect) })).collect();
        let mut block = block.clone();
        block.id = numbers.get(&block.id).copied().unwrap_or(first);
        block.parent = block.parent.and_then(|parent| numbers.get(&parent).copied());
        block.part = part;
        block.image = None;
        block.places = if places.is_empty() { at.into_iter().collect() } else { places };
        block
    });
    placed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(id: u32, kind: BlockKind, text: &str, page: u32) -> Block {
        let rect = Some(Rect { left: 0.0, top: 0.0, right: 600.0, bottom: 800.0 });
        let place = Place { page, rect };
        Block { id, kind, places: vec![place], ..said(text.into()).blocks.remove(0) }
    }

    fn figure(id: u32, image: u32, page: u32) -> Block {
        Block { image: Some(image), ..block(id, BlockKind::Figure, "", page) }
    }

    fn document() -> Parsed {
        let caption = Block { parent: Some(4), ..block(3, BlockKind::Caption, "Fig. 1", 2) };
        let blocks = vec![
            figure(1, 0, 1),
            block(2, BlockKind::Paragraph, "Text.", 2),
            caption,
            figure(4, 1, 2),
            figure(5, 2, 3),
        ];
        let image = Image { media_type: "image/png".into(), bytes: vec![1] };
        Parsed { blocks, images: vec![image.clone(), image.clone(), image], ..Parsed::default() }
    }

    #[test]
    fn pages_without_text_are_told_from_pictures_among_text() {
        let found = pictures(&document(), false);
        let shape: Vec<_> = found.iter().map(|p| (p.image, p.page, p.about.as_str())).collect();
        assert_eq!(shape, [(0, true, ""), (1, false, "Fig. 1"), (2, true, "")]);
        assert!(pictures(&document(), true).iter().all(|picture| !picture.page));
    }

    #[test]
    fn answers_go_where_they_belong() {
        let mut page = said("Heading".into());
        page.blocks.push(Block { id: 1, parent: Some(0), ..said("Below.".into()).blocks.remove(0) });
        let answers = HashMap::from([
            (0, Ok(Arc::new(page))),
            (1, Ok(Arc::new(said("A chart.".into())))),
            (2, Err("the model is away".into())),
        ]);
        let filled = filled(document(), &answers, false);
        let shape: Vec<_> = filled.blocks.iter().map(|b| (b.id, b.text.as_str(), b.parent, b.places[0].page)).collect();
        let expected = [
            (0, "", None, 1),
            (1, "Heading", None, 1),
            (2, "Below.", Some(1), 1),
            (3, "Text.", None, 2),
            (4, "Fig. 1", Some(5), 2),
            (5, "A chart.", None, 2),
            (6, "", None, 3),
        ];
        assert_eq!(shape, expected);
        let [warning] = &filled.warnings[..] else { panic!("{:?}", filled.warnings) };
        assert_eq!(warning.message, "the page could not be read: the model is away");
        assert_eq!(warning.at.unwrap().page, 3);
    }

    #[test]
    fn recognised_lines_are_scaled_to_the_page() {
        let mut read = said("line".into());
        let rect = Rect { left: 100.0, top: 200.0, right: 1200.0, bottom: 800.0 };
        read.blocks[0].places = vec![Place { page: 1, rect: Some(rect) }];
        let page = Some(Place { page: 7, ..document().blocks[0].places[0] });
        assert_eq!(on_page(&read, page, 0, 3)[0].places, page.into_iter().collect::<Vec<_>>(), "of unknown size");
        let whole = Some(Rect { left: 0.0, top: 0.0, right: 1200.0, bottom: 1600.0 });
        let picture = Block { places: vec![Place { page: 1, rect: whole }], ..figure(9, 0, 1) };
        read.blocks.insert(0, picture);
        let placed = on_page(&read, page, 0, 3);
        let place = placed[0].places[0];
        assert_eq!((placed.len(), placed[0].id, place.page), (1, 3, 7));
        assert_eq!(place.rect.unwrap(), Rect { left: 50.0, top: 100.0, right: 600.0, bottom: 400.0 });
    }

    #[test]
    fn fences_go_and_code_stays() {
        assert_eq!(unfenced("```markdown\n# A\n\ntext\n```"), "# A\n\ntext");
        assert_eq!(unfenced("text\n```\ncode\n```"), "text\n```\ncode\n```");
        assert_eq!(unfenced("```\na\n```\nb\n```\nc\n```"), "```\na\n```\nb\n```\nc\n```");
        assert!(is_short("a few words") && !is_short(&"字".repeat(32)) && is_short(&"字".repeat(31)));
    }
}
