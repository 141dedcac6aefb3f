//! Prints the text of files: `print-xml OUT FILE…` writes `OUT/<folder>__<file>.txt`, one block a line, for scoring.
#![allow(clippy::print_stdout, reason = "a command line tool")]

use mortise_parser_xml::Xml;
use mortise_sdk::parser::{File, Output, Parser};
use std::path::Path;

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().unwrap_or_else(|| ".".into());
    for path in args.map(std::path::PathBuf::from) {
        let bytes = std::fs::read(&path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut out = Output::default();
        let start = std::time::Instant::now();
        let result = Xml::parse(&File::from_bytes(&name, "application/xml", &bytes), Default::default(), &mut out);
        let kept = out.into_kept();
        println!("{name}: {} blocks, {:?}, {result:?}, {:?}", kept.blocks.len(), start.elapsed(), kept.warnings);
        let parent = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let text: Vec<&str> = kept.blocks.iter().map(|b| b.text.as_str()).collect();
        std::fs::write(Path::new(&folder).join(format!("{parent}__{name}.txt")), text.join("\n"))?;
    }
    Ok(())
}
