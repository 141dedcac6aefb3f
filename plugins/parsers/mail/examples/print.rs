//! Prints the text of mails: `print-mail OUT FILE…` writes `OUT/<folder>__<file>.txt`, one block a line, for scoring.
//! Attached mails are read too, as a host would.
#![allow(clippy::print_stdout, reason = "a command line tool")]

use mortise_parser_mail::Mail;
use mortise_sdk::parser::{File, Output, Parser};
use std::path::Path;

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().unwrap_or_else(|| ".".into());
    for path in args.map(std::path::PathBuf::from) {
        let bytes = std::fs::read(&path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let parent = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let mut text: Vec<String> = Vec::new();
        let mut waiting = vec![(0, name.clone(), bytes)];
        while let Some((depth, name, bytes)) = waiting.pop() {
            let mut out = Output::default();
            let start = std::time::Instant::now();
            let result = Mail::parse(&File::from_bytes(&name, "message/rfc822", &bytes), Default::default(), &mut out);
            let kept = out.into_kept();
            println!("{name}: {} blocks, {:?}, {result:?}, {:?}", kept.blocks.len(), start.elapsed(), kept.warnings);
            println!("  {}", kept.metadata);
            for block in &kept.blocks {
                println!("  {:?} {:?} {:?}", block.kind, block.image, block.text);
            }
            text.extend(kept.blocks.into_iter().map(|b| b.text));
            for (name, media_type, bytes) in kept.attachments {
                println!("  attached: {name} {media_type} {} bytes", bytes.len());
                if depth < 3 && (name.ends_with(".eml") || name.ends_with(".msg")) {
                    waiting.push((depth + 1, name, bytes));
                }
            }
        }
        std::fs::write(Path::new(&folder).join(format!("{parent}__{name}.txt")), text.join("\n"))?;
    }
    Ok(())
}
