//! A parser of 0.1 with its pages, where it exports `mortise:pages/pages`.

use super::bindings::host::mortise::plugin::types::Error as WitError;
use super::bindings::pages::exports::mortise::pages::pages::Picture;
use super::bindings::pages::{Paged, PagedPre};
use super::bindings::parser::ParserPluginPre;
use super::{Called, Described, Describes, ParserWorld};
use crate::imports::source::File;
use crate::instance::State;
use crate::lines::PagesWorld;
use crate::package::PAGES;
use async_trait::async_trait;
use mortise_domain::block::Image;
use mortise_domain::role::PageView;
use std::ops::Range;
use wasmtime::Store;
use wasmtime::component::{InstancePre, Resource};

/// A linked parser, with or without pages.
pub(super) struct PagedParser {
    parser: ParserPluginPre<State>,
    pages: Option<Pages>,
}

impl PagedParser {
    /// # Errors
    /// When the component exports pages of another shape.
    pub(super) fn new(linked: InstancePre<State>) -> wasmtime::Result<Self> {
        let paged = linked.component().get_export_index(None, PAGES).is_some();
        let pages = if paged { Some(Pages(PagedPre::new(linked.clone())?)) } else { None };
        Ok(Self { parser: ParserPluginPre::new(linked)?, pages })
    }
}

#[async_trait]
impl Describes for PagedParser {
    async fn describe(&self, store: &mut Store<State>) -> wasmtime::Result<Described> {
        self.parser.describe(store).await
    }
}

#[async_trait]
impl ParserWorld for PagedParser {
    async fn parse(&self, store: &mut Store<State>, file: File, config: &str) -> Called<()> {
        self.parser.parse(store, file, config).await
    }

    fn pages(&self) -> Option<&dyn PagesWorld> {
        self.pages.as_ref().map(|pages| pages as &dyn PagesWorld)
    }
}

/// The linked pages.
struct Pages(PagedPre<State>);

impl Pages {
    async fn open(&self, store: &mut Store<State>, file: File) -> wasmtime::Result<(Paged, Resource<File>)> {
        let world = self.0.instantiate_async(&mut *store).await?;
        let file = store.data_mut().table.push(file)?;
        Ok((world, file))
    }
}

fn called<T>(given: Result<T, WitError>) -> Called<T> {
    Ok(given.map_err(Into::into))
}

#[async_trait]
impl PagesWorld for Pages {
    async fn count(&self, store: &mut Store<State>, file: File, config: &str) -> Called<u32> {
        let (world, file) = self.open(store, file).await?;
        called(world.mortise_pages_pages().call_count(store, file, &config.to_owned()).await?)
    }

    async fn read(&self, store: &mut Store<State>, file: File, config: &str, pages: Range<u32>) -> Called<Vec<u8>> {
        let (world, file) = self.open(store, file).await?;
        let (first, count) = (pages.start, pages.end.saturating_sub(pages.start));
        called(world.mortise_pages_pages().call_read(store, file, &config.to_owned(), first, count).await?)
    }

    async fn compose(&self, store: &mut Store<State>, file: File, config: &str, windows: &[Vec<u8>]) -> Called<()> {
        let (world, file) = self.open(store, file).await?;
        called(world.mortise_pages_pages().call_compose(store, file, &config.to_owned(), windows).await?)
    }

    async fn render(&self, store: &mut Store<State>, file: File, config: &str, view: PageView) -> Called<Image> {
        let (world, file) = self.open(store, file).await?;
        let pages = world.mortise_pages_pages();
        let area = view.area.map(Into::into);
        let drawn = pages.call_render(store, file, &config.to_owned(), view.page, area, view.dpi).await?;
        called(drawn.map(|Picture { media_type, bytes }| Image { media_type, bytes }))
    }
}
