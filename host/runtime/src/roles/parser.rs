//! Parsers: a fresh instance for every file, or for every window of a large file's pages, several side by side.

use super::Linked;
use crate::imports::source::File;
use crate::instance::{Control, Room};
use crate::lines::{Called, PagesWorld, ParserWorld};
use crate::plugin::Plugin;
use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt};
use mortise_domain::block::{Image, Parsed};
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{CallContext, OnProgress, PageView, Parser};
use mortise_domain::source::SourceFile;
use mortise_domain::{Cancel, JsonMap, PluginFault, PluginInfo};
use parking_lot::Mutex;
use std::ops::Range;
use std::sync::Arc;
use std::thread::available_parallelism;

/// Pages of one window. The same whatever the machine, so that it always makes the same of the same file.
const WINDOW: u32 = 64;
/// Bytes below which a file is read at once without asking how many pages it has.
const SMALL: u64 = 128 << 10;
/// Windows of one file, read or waiting to be put together; a file of more pages has larger windows.
const WINDOWS: u32 = 4096;
/// Most bytes of a page drawn.
const PICTURE: usize = 64 << 20;
/// How much of the work reading windows is; the rest is putting them together.
const READING: f32 = 0.8;

/// An installed parser.
pub(crate) struct ParserPlugin {
    plugin: Plugin,
    linked: Linked<dyn ParserWorld>,
}

/// One file, in one call.
struct Job<'a> {
    plugin: &'a Plugin,
    file: SourceFile,
    config: String,
    cancel: Cancel,
}

impl Job<'_> {
    /// Works in a new instance: waits for a slot, works, and says why it failed.
    async fn within<T: Send>(
        &self,
        progress: Option<OnProgress>,
        work: impl AsyncFnOnce(&mut Room, File) -> Called<T>,
    ) -> Result<(Room, T), FaultReason> {
        let _running = self.plugin.admit(Some(&self.cancel)).await?;
        let control = self.plugin.control(Some(self.cancel.clone()));
        let mut store = self.plugin.store(control.clone(), progress);
        match control.guard(work(&mut store, File(self.file.clone()))).await {
            Ok(Ok(given)) => Ok((store, given)),
            Ok(Err(error)) => Err(crate::fault::returned(error, store.data().egress.denied())),
            Err(failure) => Err(store.data().reason(failure)),
        }
    }

    /// Reads the pages in windows, and puts them together.
    async fn in_windows(
        &self,
        pages: &dyn PagesWorld,
        count: u32,
        progress: Option<OnProgress>,
    ) -> Result<Parsed, FaultReason> {
        let told = Arc::new(Told::new(count, progress));
        let size = WINDOW.max(count.div_ceil(WINDOWS));
        let windows = (0..count.div_ceil(size)).map(|number| number * size..count.min((number + 1) * size));
        let side_by_side = available_parallelism().map_or(1, usize::from).min(self.plugin.limits.concurrency.max(1));
        tracing::debug!(pages = count, windows = windows.len(), side_by_side, "reading pages side by side");
        let most = self.plugin.limits.output_bytes;
        // Collected first: a stream over borrowing closures is not general enough for a spawned task.
        let reading: Vec<_> = windows.map(|window| self.window(pages, window, told.clone())).collect();
        let windows: Vec<Vec<u8>> = futures_util::stream::iter(reading).buffered(side_by_side).try_collect().await?;
        let total: usize = windows.iter().map(Vec::len).sum();
        if total as u64 > most {
            return Err(FaultReason::OutputTooLarge(format!("windows of {total} bytes, and the limit is {most}")));
        }
        let (mut store, ()) = self
            .within(told.rest(), async |store, file| pages.compose(store, file, &self.config, &windows).await)
            .await?;
        store.collected().finish()
    }

    async fn window(
        &self,
        pages: &dyn PagesWorld,
        window: Range<u32>,
        told: Arc<Told>,
    ) -> Result<Vec<u8>, FaultReason> {
        let progress = told.of_window(&window);
        let read = async |store: &mut Room, file| {
            store.data_mut().collector.reads(&window);
            pages.read(store, file, &self.config, window.clone()).await
        };
        let (_, given) = self.within(Some(progress), read).await?;
        told.done(&window);
        Ok(given)
    }
}

/// How far all windows of a file are together.
struct Told {
    pages: u32,
    /// Pages done, by window: whole ones, and parts of those under way.
    done: Mutex<Vec<(u32, f32)>>,
    progress: Option<OnProgress>,
}

impl Told {
    fn new(pages: u32, progress: Option<OnProgress>) -> Self {
        Self { pages, done: Mutex::default(), progress }
    }

    fn set(&self, window: &Range<u32>, share: f32) {
        let Some(progress) = &self.progress else { return };
        let pages = share * window.len() as f32;
        let mut done = self.done.lock();
        match done.iter_mut().find(|(first, _)| *first == window.start) {
            Some((_, before)) => *before = before.max(pages),
            None => done.push((window.start, pages)),
        }
        let all: f32 = done.iter().map(|(_, pages)| pages).sum();
        progress(READING * (all / self.pages.max(1) as f32).min(1.0), "reading pages");
    }

    fn of_window(self: &Arc<Self>, window: &Range<u32>) -> OnProgress {
        let (told, window) = (self.clone(), window.clone());
        Arc::new(move |done, _| told.set(&window, done))
    }

    fn done(&self, window: &Range<u32>) {
        self.set(window, 1.0);
    }

    /// Of putting them together.
    fn rest(&self) -> Option<OnProgress> {
        let progress = self.progress.clone()?;
        Some(Arc::new(move |done, note| progress(READING + (1.0 - READING) * done, note)))
    }
}

impl ParserPlugin {
    pub(crate) fn new(plugin: Plugin) -> Self {
        Self { plugin, linked: Linked::new() }
    }

    async fn world(&self, cancel: &Cancel) -> Result<&dyn ParserWorld, FaultReason> {
        let world = super::linked(&self.plugin, &self.linked, |line, linked| line.parser(linked));
        // The first call compiles or maps the component, which may take seconds.
        Control::admit(Some(cancel), world).await?
    }

    fn job(&self, file: SourceFile, config: &JsonMap, cancel: Cancel) -> Result<Job<'_>, FaultReason> {
        Ok(Job { plugin: &self.plugin, file, config: self.plugin.settings(config)?, cancel })
    }

    async fn run(&self, file: SourceFile, config: &JsonMap, context: CallContext) -> Result<Parsed, FaultReason> {
        let CallContext { cancel, progress } = context;
        let job = self.job(file, config, cancel)?;
        let world = self.world(&job.cancel).await?;
        if let Some(pages) = world.pages().filter(|_| job.file.bytes.size() >= SMALL) {
            let counted = async |store: &mut Room, file| pages.count(store, file, &job.config).await;
            let (_, count) = job.within(None, counted).await?;
            if count > WINDOW {
                return job.in_windows(pages, count, progress).await;
            }
        }
        let parse = async |store: &mut Room, file| world.parse(store, file, &job.config).await;
        let (mut store, ()) = job.within(progress, parse).await?;
        store.collected().finish()
    }

    async fn draw(
        &self,
        file: SourceFile,
        config: &JsonMap,
        view: PageView,
        cancel: Cancel,
    ) -> Result<Option<Image>, FaultReason> {
        let job = self.job(file, config, cancel)?;
        let Some(pages) = self.world(&job.cancel).await?.pages() else { return Ok(None) };
        let (_, image) =
            job.within(None, async |store, file| pages.render(store, file, &job.config, view).await).await?;
        let wrong = |what: String| Err(FaultReason::InvalidOutput(what));
        match image.media_type.as_str() {
            "image/png" | "image/jpeg" if image.bytes.is_empty() => wrong("a picture without bytes".into()),
            "image/png" | "image/jpeg" if image.bytes.len() > PICTURE => {
                Err(FaultReason::OutputTooLarge(format!("a picture of {} bytes", image.bytes.len())))
            }
            "image/png" | "image/jpeg" => Ok(Some(image)),
            other => wrong(format!("a picture of type {:?}", crate::fault::cut(other, 64))),
        }
    }
}

#[async_trait]
impl Parser for ParserPlugin {
    fn info(&self) -> &PluginInfo {
        &self.plugin.info
    }

    async fn parse(&self, file: SourceFile, config: &JsonMap, context: CallContext) -> Result<Parsed, PluginFault> {
        self.plugin.call().run(self.run(file, config, context)).await
    }

    async fn render(
        &self,
        file: SourceFile,
        config: &JsonMap,
        view: PageView,
        cancel: Cancel,
    ) -> Result<Option<Image>, PluginFault> {
        self.plugin.call().run(self.draw(file, config, view, cancel)).await
    }
}
