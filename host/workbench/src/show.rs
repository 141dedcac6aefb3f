//! What a plugin makes of one file, shown to the one who wrote it.

mod document;
mod vectors;

use crate::call::{Answer, Output, call};
use crate::form;
use crate::input::Input;
use crate::paint::{Paint, columns, count, line, safe};
use crate::{Access, Error, Plugin, Result, Target, Workbench};
use mortise_domain::block::Parsed;
use mortise_domain::chat::ChatEvent;
use mortise_domain::role::RawChunks;
use mortise_domain::{ChunkKind, JsonMap, Role};
use std::io::Write;
use std::path::Path;

/// Runs a component on one file, `-` being standard input, and writes what it gives; with `json` for machines.
///
/// # Errors
/// Whatever keeps it from running, and every fault in the host's words.
pub async fn run(
    bench: &Workbench,
    target: &Target,
    input: &Path,
    config: &JsonMap,
    access: &Access,
    json: bool,
    paint: Paint,
    out: &mut (dyn Write + Send),
) -> Result<()> {
    let role = bench.inspect(target).await?.info.role;
    let at_call = matches!(role, Role::Parser | Role::Chunker);
    let none = JsonMap::new();
    let plugin = bench.install(target, if at_call { &none } else { config }, access).await?;
    let input = read(bench, role, input).await?;
    let config = if at_call { config } else { &none };
    if let (Plugin::ChatModel(_), false) = (&plugin, json) {
        return stream(&plugin, input, paint, out).await;
    }
    let output = call(&plugin, input, config, &mut |_| {}).await?;
    let text = if json { form::pretty(&form::full(&output)) } else { shown(&output, paint) };
    out.write_all(text.as_bytes())?;
    Ok(())
}

async fn read(bench: &Workbench, role: Role, path: &Path) -> Result<Input> {
    if path != Path::new("-") {
        return Input::read(bench, role, path).await;
    }
    let read = || {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(|_| bytes)
    };
    let bytes = tokio::task::spawn_blocking(read).await.map_err(mortise_domain::Error::internal)?;
    Input::of(bench, role, Path::new("standard input.txt"), bytes.map_err(Error::file("standard input"))?).await
}

fn shown(output: &Output, paint: Paint) -> String {
    match output {
        Output::Document(parsed) => document::outline(parsed, paint),
        Output::Chunks { chunks, document } => self::chunks(chunks, document, paint),
        Output::Vectors { space, texts, vectors } => vectors::shown(space, texts, vectors, paint),
        Output::Scores { query, texts, scores } => ranked(query, texts, scores, paint),
        Output::Answer(answer) => format!("{}\n{}\n", safe(&answer.text), end(answer, paint)),
    }
}

fn chunks(chunks: &RawChunks, document: &Parsed, paint: Paint) -> String {
    let pages = form::Pages::of(document);
    let mut text = String::new();
    let mut tokens = Vec::with_capacity(chunks.chunks.len());
    for (number, chunk) in (1..).zip(&chunks.chunks) {
        let size = mortise_text::tokens::count(&chunk.text);
        tokens.push(size);
        let mut head = vec![paint.bold(&format!("#{number}")), count(size, "token")];
        if chunk.kind != ChunkKind::Text {
            head.push(form::chunk_kind(chunk.kind));
        }
        head.extend(self::pages(&pages.of_chunk(chunk)));
        if !chunk.context.is_empty() {
            head.push(paint.cyan(&line(&chunk.context.join(" › "), 100)));
        }
        text.push_str(&head.join(&paint.dim(" · ")));
        text.push('\n');
        let body = safe(&chunk.text);
        let tabular = chunk.kind == ChunkKind::Table && body.contains('\t');
        let rows = || body.lines().map(|row| row.split('\t').map(str::to_owned).collect()).collect::<Vec<_>>();
        let lines = if tabular { columns(&rows(), &[]) } else { body.lines().map(str::to_owned).collect() };
        lines.iter().for_each(|line| text.push_str(&format!("{} {line}\n", paint.dim("│"))));
        let lists = [("keywords", &chunk.keywords), ("questions", &chunk.questions), ("tags", &chunk.tags)];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            text.push_str(&format!("{}\n", paint.dim(&format!("╰ {name}: {}", line(&list.join(", "), 200)))));
        }
        text.push('\n');
    }
    let total: usize = tokens.iter().sum();
    let mut sum = vec![count(tokens.len(), "chunk"), count(total, "token")];
    if let (Some(least), Some(most)) = (tokens.iter().min(), tokens.iter().max()) {
        sum.push(format!("{least}–{most} each"));
    }
    sum.push(format!("from {}", count(document.blocks.len(), "block")));
    if !chunks.parents.is_empty() {
        sum.push(count(chunks.parents.len(), "parent"));
    }
    text + &paint.dim(&sum.join(", ")) + "\n"
}

/// `p. 3`, `p. 3–5`.
fn pages(pages: &[u32]) -> Option<String> {
    match pages {
        [] => None,
        [only] => Some(format!("p. {only}")),
        [first, .., last] => Some(format!("p. {first}–{last}")),
    }
}

fn ranked(query: &str, texts: &[String], scores: &[f32], paint: Paint) -> String {
    let mut order: Vec<(usize, f32)> = scores.iter().copied().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let mut text = format!("{}\n", paint.bold(&line(query, 200)));
    for (place, (at, score)) in (1..).zip(order) {
        let bar = "█".repeat((score.clamp(0.0, 1.0) * 10.0).round() as usize);
        let told = texts.get(at).map(|text| line(text, 100)).unwrap_or_default();
        text.push_str(&format!("{place:>3}. {score:.4} {} {told}\n", paint.green(&format!("{bar:<10}"))));
    }
    text
}

/// Writes the answer as it comes.
async fn stream(plugin: &Plugin, input: Input, paint: Paint, out: &mut (dyn Write + Send)) -> Result<()> {
    let mut broken = None;
    let mut on_event = |event: &ChatEvent| {
        let piece = match event {
            ChatEvent::Text(text) => safe(text),
            ChatEvent::Thinking(text) => paint.dim(&safe(text)),
            _ => return,
        };
        broken = broken.take().or(out.write_all(piece.as_bytes()).and_then(|()| out.flush()).err());
    };
    let output = call(plugin, input, &JsonMap::new(), &mut on_event).await?;
    broken.map_or(Ok(()), Err)?;
    if let Output::Answer(answer) = output {
        writeln!(out, "\n\n{}", end(&answer, paint))?;
    }
    Ok(())
}

fn end(answer: &Answer, paint: Paint) -> String {
    let why = answer.finish.map_or("no end".to_owned(), |reason| format!("{reason:?}").to_lowercase());
    let tokens = match answer.usage {
        Some((prompt, completion)) => format!("{prompt} + {completion} tokens"),
        None => "no usage told".into(),
    };
    paint.dim(&format!("{why}, {tokens}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::block::{Block, BlockKind, Place};
    use mortise_domain::role::RawChunk;

    fn chunk(text: &str, kind: ChunkKind, context: &[&str]) -> RawChunk {
        RawChunk {
            text: text.into(),
            kind,
            blocks: vec![0],
            places: vec![],
            context: context.iter().map(|part| (*part).to_owned()).collect(),
            keywords: vec![],
            questions: vec![],
            tags: vec![],
            fields: vec![],
            parent: None,
        }
    }

    fn parsed() -> Parsed {
        let block = Block {
            id: 0,
            kind: BlockKind::Paragraph,
            text: "x".into(),
            level: 0,
            places: vec![Place { page: 2, rect: None }, Place { page: 3, rect: None }],
            part: 0,
            style: None,
            table: None,
            image: None,
            language: None,
            parent: None,
        };
        Parsed { blocks: vec![block], ..Parsed::default() }
    }

    #[test]
    fn chunks_are_numbered_measured_and_placed() {
        let given = RawChunks {
            chunks: vec![
                chunk("One two.\nThree.", ChunkKind::Text, &["Joints", "Tenons"]),
                chunk("oak\t720\npine\t5", ChunkKind::Table, &[]),
            ],
            parents: vec![],
        };
        let text = chunks(&given, &parsed(), Paint::default());
        assert!(text.starts_with("#1 · 5 tokens · p. 2–3 · Joints › Tenons\n│ One two.\n│ Three.\n\n#2 · "), "{text}");
        assert!(text.contains(" · table · p. 2–3\n│ oak   720\n│ pine  5\n"), "{text}");
        assert!(text.contains("2 chunks, ") && text.ends_with("from 1 block\n"), "{text}");
        assert!(!text.contains('\x1b'));
        assert!(chunks(&given, &parsed(), Paint { colour: true }).contains('\x1b'));
    }

    #[test]
    fn texts_are_ranked() {
        let texts = ["low", "high"].map(str::to_owned);
        let text = ranked("q", &texts, &[0.1, 0.9], Paint::default());
        assert_eq!(text, "q\n  1. 0.9000 █████████  high\n  2. 0.1000 █          low\n");
    }
}
