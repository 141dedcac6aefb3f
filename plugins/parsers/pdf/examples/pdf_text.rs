//! Reads PDFs natively and shows what came out: `pdf_text [--blocks] [--furniture] [--out FOLDER] FILE...`
//!
//! `--out` writes one text file per PDF, named after its folder and itself (`pdf__name.pdf.txt`), as the text scorer
//! of the shared test data wants it. `--blocks` shows kind, level, page and style of every block; `--time` only the
//! time taken, `--steps` how it divides into reading windows of 50 pages and composing them, and how large those are.
//! `--text` leaves pictures out, `--images FOLDER` writes them. Running heads and page numbers are left out unless
//! `--furniture` asks for them.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line program")]

use mortise_parser_pdf::{PdfConfig, PdfParser, compose, read};
use mortise_sdk::document::Block;
use mortise_sdk::parser::{File, Output, Parser};
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let (mut blocks, mut furniture, mut time, mut folder) = (false, false, false, None);
    let mut images: Option<PathBuf> = None;
    let (mut config, mut steps) = (PdfConfig::default(), false);
    let mut files: Vec<PathBuf> = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--blocks" => blocks = true,
            "--text" => config.figures = false,
            "--steps" => steps = true,
            "--furniture" => furniture = true,
            "--time" => time = true,
            "--images" => images = arguments.next().map(PathBuf::from),
            "--out" => folder = arguments.next().map(PathBuf::from),
            file => files.push(file.into()),
        }
    }
    for file in &files {
        let bytes = std::fs::read(file)?;
        if steps {
            show_steps(file, &bytes);
            continue;
        }
        let start = Instant::now();
        let mut out = Output::default();
        let result = PdfParser::parse(
            &File::from_bytes(&file.to_string_lossy(), "application/pdf", &bytes),
            config.clone(),
            &mut out,
        );
        let kept = out.into_kept();
        let elapsed = start.elapsed();
        if time || result.is_err() {
            eprintln!(
                "{}: {:?}, {} pages, {} blocks, {} pictures, {:.1} ms, {} warnings",
                file.display(),
                result.as_ref().err(),
                kept.pages,
                kept.blocks.len(),
                kept.images.len(),
                elapsed.as_secs_f64() * 1e3,
                kept.warnings.len()
            );
        }
        for (n, (media_type, bytes)) in kept.images.iter().enumerate() {
            let Some(folder) = &images else { break };
            let ending = if media_type == "image/png" { "png" } else { "jpg" };
            std::fs::write(folder.join(format!("{}.{n}.{ending}", scorer_name(file))), bytes)?;
        }
        if blocks {
            println!("{}\n{:?}", kept.metadata, kept.warnings);
        }
        let shown: Vec<String> =
            kept.blocks.iter().filter(|b| furniture || !b.is_furniture()).map(|b| show(b, blocks)).collect();
        match &folder {
            Some(folder) => std::fs::write(folder.join(scorer_name(file)), shown.join("\n"))?,
            None if !time => println!("{}", shown.join("\n")),
            None => {}
        }
    }
    Ok(())
}

/// What each step takes.
fn show_steps(file: &Path, bytes: &[u8]) {
    const PAGES: u32 = 50;
    let (mut windows, mut reading, mut size, mut slowest) = (Vec::new(), 0.0, 0, 0.0f64);
    loop {
        let start = Instant::now();
        let window = match read(bytes.to_vec(), windows.len() as u32 * PAGES, PAGES) {
            Ok(window) if !window.is_empty() => window,
            _ => break,
        };
        let took = start.elapsed().as_secs_f64() * 1e3;
        reading += took;
        slowest = slowest.max(took);
        size += window.to_bytes().map_or(0, |b| b.len());
        windows.push(window);
    }
    let (count, start) = (windows.len(), Instant::now());
    let blocks = compose(windows).len();
    let composing = start.elapsed().as_secs_f64() * 1e3;
    eprintln!(
        "{}: {count} windows, {size} bytes, read in {reading:.1} ms (slowest {slowest:.1}), {blocks} blocks composed in \
         {composing:.1} ms",
        file.display()
    );
}

fn show(block: &Block, details: bool) -> String {
    if !details {
        return block.text.clone();
    }
    let pages: Vec<String> = block
        .places
        .iter()
        .map(|p| {
            let Some(r) = p.rect else { return p.page.to_string() };
            format!("{}:{:.0},{:.0}-{:.0},{:.0}", p.page, r.left, r.top, r.right, r.bottom)
        })
        .collect();
    let style = block.style.map(|s| format!("{:.1}{}", s.font_size, if s.bold { "b" } else { "" })).unwrap_or_default();
    format!("[{:?} {} {} {}] {}", block.kind, block.level, pages.join(" "), style, block.text)
}

/// `folder__file.pdf.txt`.
fn scorer_name(file: &Path) -> String {
    let part = |p: Option<&std::ffi::OsStr>| p.map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{}__{}.txt", part(file.parent().and_then(Path::file_name)), part(file.file_name()))
}
