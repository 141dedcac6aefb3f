//! What a call costs: time for a megabyte, memory, fuel.

use crate::call::{Output, call};
use crate::input::{Input, file};
use crate::paint::{Paint, count, safe, size};
use crate::{Error, Job, Plugin, Result, Target, Workbench, cases};
use mortise_domain::block::{Block, BlockKind, Parsed};
use mortise_domain::chat::{ChatEvent, ChatMessage, ChatRequest, ChatRole, Passage};
use mortise_domain::plugin::{FaultReason, PluginStats};
use mortise_domain::{Json, JsonMap, PluginInfo, Role};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The figures of one component on one input.
#[derive(Clone, Debug)]
pub struct Measured {
    info: PluginInfo,
    /// Bytes of the component.
    component: u64,
    /// The input in words, and its bytes.
    input: (String, u64),
    /// What one run gave, in words.
    output: String,
    runs: usize,
    /// Until a fresh instance is ready, and has done next to nothing.
    start: Duration,
    /// One run: the median.
    call: Duration,
    /// Until the first piece of an answer.
    first: Option<Duration>,
    /// Of the largest instance.
    peak_memory: Option<u64>,
    /// Of one run.
    fuel: Option<u64>,
}

/// How long the runs take together, and how many there are.
const TIME: Duration = Duration::from_secs(3);
const RUNS: std::ops::Range<usize> = 3..200;
/// How often a start is measured.
const STARTS: usize = 20;

/// Runs a component often enough to say what it costs. Without an input it is given the largest one of its cases, or
/// text that is made up. `cache` is where compiled plugins are kept.
///
/// # Errors
/// Whatever keeps it from running.
pub async fn measure(bench: &Workbench, cache: &Path, job: Job<'_>, input: Option<&Path>) -> Result<Measured> {
    let (plugin, config) = job.install(bench).await?;
    let info = plugin.info().clone();
    let (told, input) = given(bench, job.target, &info, input).await?;
    let mut times = Vec::new();
    let mut firsts = Vec::new();
    let mut output = run(&plugin, &input, &config, &mut |_| {}).await?; // pages everything in
    let begun = Instant::now();
    while times.len() < RUNS.start || (begun.elapsed() < TIME && times.len() < RUNS.end) {
        let began = Instant::now();
        let mut first = None;
        output = run(&plugin, &input, &config, &mut |_| first = first.or(Some(began.elapsed()))).await?;
        times.push(began.elapsed());
        firsts.extend(first);
    }
    let start = start(bench, job).await?;
    let stats = metered(cache, job, &input).await?;
    Ok(Measured {
        component: job.target.component.len() as u64,
        input: (told, input.bytes()),
        output: words(&output),
        runs: times.len(),
        start,
        call: median(&mut times),
        first: (info.role == Role::ChatModel).then(|| median(&mut firsts)),
        peak_memory: Some(stats.peak_memory_bytes).filter(|bytes| *bytes > 0),
        fuel: Some(stats.fuel).filter(|fuel| *fuel > 0),
        info,
    })
}

async fn run(
    plugin: &Plugin,
    input: &Input,
    config: &JsonMap,
    on_event: &mut (dyn FnMut(&ChatEvent) + Send),
) -> Result<Output> {
    call(plugin, input.clone(), config, on_event).await
}

/// One run where fuel is counted.
async fn metered(cache: &Path, job: Job<'_>, input: &Input) -> Result<PluginStats> {
    let bench = Workbench::metered(cache)?;
    let (plugin, config) = job.install(&bench).await?;
    run(&plugin, input, &config, &mut |_| {}).await?;
    let of = (plugin.info().role, plugin.info().name.clone());
    let stats = bench.runtime().stats();
    Ok(stats.into_iter().find(|(key, _)| *key == of).map(|(_, stats)| stats).unwrap_or_default())
}

/// How long a fresh instance takes to be made and to do next to nothing. Parsers and chunkers get an instance with every
/// call; of the others every installation makes its first.
async fn start(bench: &Workbench, job: Job<'_>) -> Result<Duration> {
    let mut times = Vec::new();
    let (mut plugin, called) = job.install(bench).await?;
    for _ in 0..STARTS {
        if !matches!(plugin, Plugin::Parser(_) | Plugin::Chunker(_)) {
            (plugin, _) = job.install(bench).await?;
        }
        let began = Instant::now();
        let ended = match &plugin {
            Plugin::Embedder(embedder) => embedder.space().await.map(drop),
            Plugin::ChatModel(model) => model.abilities().await.map(drop),
            Plugin::Reranker(reranker) => reranker.score("a", vec!["a".into()]).await.map(drop),
            Plugin::Parser(parser) => {
                let extension = parser.info().extensions.first().map(String::as_str).unwrap_or("txt");
                let empty = file(format!("empty.{extension}"), Vec::new());
                parser.parse(empty, &called, Default::default()).await.map(drop)
            }
            Plugin::Chunker(chunker) => {
                let empty = file("empty.txt".into(), Vec::new());
                chunker.split(empty, Arc::default(), &called, Default::default()).await.map(drop)
            }
        };
        times.push(began.elapsed());
        match ended {
            // An empty file is no file of most formats, and being told so is a whole call.
            Ok(())
            | Err(mortise_domain::PluginFault {
                reason: FaultReason::Refused(_) | FaultReason::Unsupported(_), ..
            }) => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(median(&mut times))
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The input to measure with, and how to call it.
async fn given(bench: &Workbench, target: &Target, info: &PluginInfo, path: Option<&Path>) -> Result<(String, Input)> {
    let path = path.map(Path::to_owned).or_else(|| largest(target));
    match path {
        Some(path) => {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            Ok((name, Input::read(bench, info.role, &path).await?))
        }
        None => made_up(info.role).map(|input| ("made-up text".into(), input)).ok_or_else(|| {
            Error::input(&target.path, "a parser is measured with a file of its format: name one, or add a case")
        }),
    }
}

/// The largest input of the cases, if it is large enough to measure with. A made-up one is better than a few lines; but
/// nobody can make up a file for a parser.
fn largest(target: &Target) -> Option<PathBuf> {
    const LEAST: u64 = 100_000;
    let (folder, manifest) = target.folder.as_ref()?;
    let inputs = cases::find(folder).ok()?.into_iter().filter_map(|case| cases::input(&case).ok());
    let sized = inputs.filter_map(|path| Some((path.metadata().ok()?.len(), path)));
    let enough = |(size, _): &(u64, PathBuf)| *size >= LEAST || manifest.role == Role::Parser;
    sized.filter(enough).max().map(|(_, path)| path)
}

/// Text without meaning: words of several lengths in sentences, paragraphs and sections; the same every time.
fn made_up(role: Role) -> Option<Input> {
    let mut words = Words(7);
    let input = match role {
        Role::Parser => return None,
        Role::Chunker => {
            let mut blocks = Vec::new();
            let mut bytes = 0;
            while bytes < 1_000_000 {
                let heading = blocks.len() % 20 == 0;
                let text = if heading { words.sentence(5) } else { words.paragraph() };
                bytes += text.len();
                blocks.push(block(blocks.len(), heading, text));
            }
            Input::Document(file("made-up.txt".into(), Vec::new()), Arc::new(Parsed { blocks, ..Parsed::default() }))
        }
        Role::Embedder => Input::Texts((0..512).map(|_| words.paragraph()).collect()),
        Role::Reranker => {
            Input::Ranking { query: words.sentence(8), texts: (0..200).map(|_| words.paragraph()).collect() }
        }
        Role::ChatModel => {
            let passage = |number| Passage { number, title: "made-up.txt".into(), text: words.paragraph() };
            let passages = (0..8).map(passage).collect();
            let messages = vec![ChatMessage::new(ChatRole::User, words.sentence(8))];
            Input::Chat(ChatRequest { messages, passages, ..ChatRequest::default() })
        }
    };
    Some(input)
}

fn block(id: usize, heading: bool, text: String) -> Block {
    Block {
        id: u32::try_from(id).unwrap_or(u32::MAX),
        kind: if heading { BlockKind::Heading } else { BlockKind::Paragraph },
        text,
        level: u32::from(heading),
        places: vec![],
        part: 0,
        style: None,
        table: None,
        image: None,
        language: None,
        parent: None,
    }
}

/// A generator of words.
struct Words(u32);

impl Words {
    fn next(&mut self, below: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) % below
    }

    fn word(&mut self) -> String {
        const SYLLABLES: [&str; 16] =
            ["ma", "sto", "re", "ten", "lo", "kra", "wi", "den", "sal", "o", "pi", "ner", "glu", "ha", "ver", "it"];
        // Of two numbers the smaller: short words come often, as in any language.
        let length = 1 + self.next(4).min(self.next(4));
        (0..length).map(|_| SYLLABLES[self.next(16) as usize]).collect()
    }

    fn sentence(&mut self, words: u32) -> String {
        let words: Vec<String> = (0..words).map(|_| self.word()).collect();
        words.join(" ") + "."
    }

    fn paragraph(&mut self) -> String {
        let sentences = 3 + self.next(10);
        let sentences: Vec<String> = (0..sentences)
            .map(|_| {
                let words = 5 + self.next(15);
                self.sentence(words)
            })
            .collect();
        sentences.join(" ")
    }
}

fn words(output: &Output) -> String {
    match output {
        Output::Document(parsed) => count(parsed.blocks.len(), "block"),
        Output::Chunks { chunks, .. } => count(chunks.chunks.len(), "chunk"),
        Output::Vectors { vectors, .. } => count(vectors.len(), "vector"),
        Output::Scores { scores, .. } => count(scores.len(), "score"),
        Output::Answer(answer) => count(answer.text.chars().count(), "character"),
    }
}

impl Measured {
    fn milliseconds_per_megabyte(&self) -> f64 {
        milliseconds(self.call) / (self.input.1.max(1) as f64 / 1e6)
    }

    /// The figures for people.
    pub fn print(&self, paint: Paint) -> String {
        let info = &self.info;
        let mut text = format!("{} {} ({})\n", paint.bold(&safe(&info.name)), safe(&info.version), info.role);
        let mut fact =
            |name: &str, value: String| text.push_str(&format!("{} {value}\n", paint.dim(&format!("{name:<12}"))));
        fact("component", size(self.component));
        fact("input", format!("{}, {}", self.input.0, size(self.input.1)));
        fact("output", self.output.clone());
        fact("start", format!("{:.3} ms", milliseconds(self.start)));
        fact("call", format!("{:.3} ms, the median of {}", milliseconds(self.call), self.runs));
        fact("speed", format!("{:.1} ms/MB", self.milliseconds_per_megabyte()));
        if let Some(first) = self.first {
            fact("first piece", format!("{:.3} ms", milliseconds(first)));
        }
        fact("peak memory", self.peak_memory.map_or("–".into(), size));
        let fuel =
            |fuel: u64| format!("{:.1} M, {:.1} a byte", fuel as f64 / 1e6, fuel as f64 / self.input.1.max(1) as f64);
        fact("fuel", self.fuel.map_or("–".into(), fuel));
        if cfg!(debug_assertions) {
            text.push_str(
                &paint.yellow("this is a debug build of mortise: what the host does for a plugin is slow in it\n"),
            );
        }
        text
    }

    /// The figures for machines.
    pub fn json(&self) -> Json {
        json!({
            "name": self.info.name,
            "version": self.info.version,
            "role": self.info.role.as_str(),
            "digest": self.info.digest,
            "component_bytes": self.component,
            "input": self.input.0,
            "input_bytes": self.input.1,
            "output": self.output,
            "runs": self.runs,
            "start_ms": milliseconds(self.start),
            "call_ms": milliseconds(self.call),
            "ms_per_mb": (self.milliseconds_per_megabyte() * 1e3).round() / 1e3,
            "first_piece_ms": self.first.map(milliseconds),
            "peak_memory_bytes": self.peak_memory,
            "fuel": self.fuel,
            "debug_host": cfg!(debug_assertions),
        })
    }
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_text_is_the_same_every_time_and_large_enough() {
        assert!(made_up(Role::Parser).is_none());
        for role in [Role::Chunker, Role::Embedder, Role::Reranker, Role::ChatModel] {
            let (one, other) = (made_up(role).unwrap(), made_up(role).unwrap());
            assert_eq!(one.bytes(), other.bytes());
            assert!(one.bytes() > 1_000, "{role}");
        }
        let Some(Input::Document(_, parsed)) = made_up(Role::Chunker) else { panic!("no document") };
        assert!(parsed.blocks.iter().zip(0..).all(|(block, id)| block.id == id && block.text.ends_with('.')));
        assert_ne!(parsed.blocks[1].text, parsed.blocks[2].text);
    }

    #[test]
    fn medians() {
        let mut times = [3, 1, 2].map(Duration::from_millis);
        assert_eq!(median(&mut times), Duration::from_millis(2));
        assert_eq!(median(&mut []), Duration::ZERO);
    }
}
