//! Pictures of chunks and thumbnails of documents: what was kept, or drawn from the page when it is asked for, and then
//! kept by content.

use crate::Service;
use mortise_domain::block::{Image, Parsed, Rect};
use mortise_domain::role::PageView;
use mortise_domain::source::SourceFile;
use mortise_domain::{
    Caller, Cancel, Chunk, ChunkId, DatasetId, Document, DocumentId, Error, Position, Result, Role, media_type,
};

/// Pixels an inch of a chunk's picture: 1.5 times the size of the page on a screen, readable and small.
const CHUNK_DPI: f32 = 108.0;
/// Of a thumbnail: a page of A4 or Letter becomes some 200 pixels wide.
const THUMBNAIL_DPI: f32 = 24.0;
/// Points around a chunk's places that are shown with it.
const MARGIN: f32 = 6.0;

impl Service {
    /// The picture of a chunk: the figure that it holds, or its places on the first page where it stands.
    ///
    /// # Errors
    /// `NotFound` for the chunk, and for one that has no picture; `Plugin` when the page cannot be drawn.
    pub async fn chunk_image(&self, caller: &Caller, dataset: &DatasetId, id: &ChunkId) -> Result<Image> {
        let chunk = self.own(caller).chunk_of_dataset(dataset, id).await?;
        let chunk = chunk.ok_or_else(|| Error::not_found("chunk", id.as_str()))?;
        if let Some(blob) = &chunk.image {
            let bytes = self.store.blobs().open(blob).await?;
            let size = usize::try_from(bytes.size()).map_err(Error::internal)?;
            let read = tokio::task::spawn_blocking(move || bytes.read_at(0, size)).await.map_err(Error::internal)?;
            let bytes = read.map_err(Error::internal)?;
            return Ok(Image { media_type: kind(&bytes).to_owned(), bytes });
        }
        let document = self.get_document(caller, dataset, &chunk.document).await?;
        let view = around(&chunk).ok_or_else(|| Error::not_found("picture of chunk", id.as_str()))?;
        let drawn = self.drawn(caller, &document, view).await?;
        drawn.ok_or_else(|| Error::not_found("picture of chunk", id.as_str()))
    }

    /// A small picture of a document's first page.
    ///
    /// # Errors
    /// `NotFound` for the document, and for one whose parser draws no pages; `Plugin` when the page cannot be drawn.
    pub async fn thumbnail(&self, caller: &Caller, dataset: &DatasetId, id: &DocumentId) -> Result<Image> {
        let document = self.get_document(caller, dataset, id).await?;
        let view = PageView { page: 1, area: None, dpi: THUMBNAIL_DPI };
        let drawn = self.drawn(caller, &document, view).await?;
        drawn.ok_or_else(|| Error::not_found("thumbnail of document", id.as_str()))
    }

    /// Names the thumbnail of a document whose pages can be drawn.
    pub(crate) fn with_thumbnail(&self, caller: &Caller, mut document: Document) -> Document {
        if document.thumbnail.is_empty() {
            let plugins = self.plugins_of(&caller.tenant);
            let parser = plugins.parser_for(&document.name, media_type::by_name(&document.name));
            if parser.is_some_and(|parser| parser.info().role == Role::Parser && parser.info().pages) {
                document.thumbnail = format!("thumbnail_{}.png", document.id);
            }
        }
        document
    }

    async fn drawn(&self, caller: &Caller, document: &Document, view: PageView) -> Result<Option<Image>> {
        let media_type = media_type::by_name(&document.name);
        let Some(parser) = self.plugins_of(&caller.tenant).parser_for(&document.name, media_type) else {
            return Ok(None);
        };
        if !parser.info().pages {
            return Ok(None);
        }
        let cache = self.store.parsed();
        let key = format!("view:{}:{}:{view:?}", document.blob, parser.info().digest);
        if let Some(kept) = cache.get(&key).await? {
            return Ok(kept.images.into_iter().next());
        }
        let bytes = self.store.blobs().open(&document.blob).await?;
        let file = SourceFile { name: document.name.clone(), media_type: media_type.to_owned(), bytes };
        let drawn = parser.render(file, &document.parser_config, view, Cancel::new()).await?;
        if let Some(image) = &drawn {
            cache.put(&key, &Parsed { images: vec![image.clone()], ..Parsed::default() }).await?;
        }
        Ok(drawn)
    }
}

/// All of a chunk's places on its first page, with a margin.
fn around(chunk: &Chunk) -> Option<PageView> {
    let [page, ..] = *chunk.positions.first()?;
    let on_page = chunk.positions.iter().filter(|position| position[0] == page);
    let area = on_page.fold(None, |area: Option<Rect>, &[_, left, right, top, bottom]: &Position| {
        let [left, right, top, bottom] = [left, right, top, bottom].map(|at| at as f32);
        Some(match area {
            None => Rect { left, top, right, bottom },
            Some(area) => Rect {
                left: area.left.min(left),
                top: area.top.min(top),
                right: area.right.max(right),
                bottom: area.bottom.max(bottom),
            },
        })
    })?;
    let area = Rect {
        left: (area.left - MARGIN).max(0.0),
        top: (area.top - MARGIN).max(0.0),
        right: area.right + MARGIN,
        bottom: area.bottom + MARGIN,
    };
    Some(PageView { page: u32::try_from(page).ok()?, area: Some(area), dpi: CHUNK_DPI })
}

/// The media type of a stored picture, by its first bytes.
fn kind(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => "application/octet-stream",
    }
}
