//! A parser of plain text, one block for every line, with bugs to choose from.

use faulty::Fault;
use mortise_sdk::document::{Block, BlockKind, Place, Rect};
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, Error, Result, host};

pub struct Lines;

impl Parser for Lines {
    type Config = Fault;

    fn describe() -> Description {
        Description::new("faulty-parser", env!("CARGO_PKG_VERSION"), "One block for every line, with a bug")
    }

    fn accepts() -> Accepts {
        accepts(&["text/plain"], &["txt"])
    }

    fn parse(file: &File<'_>, fault: Fault, out: &mut Output) -> Result<()> {
        let size = file.size();
        if size > 64 << 20 {
            return Err(Error::InvalidInput("larger than 64 MiB".into()));
        }
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < size {
            let window = file.read(bytes.len() as u64, 64 << 10);
            if window.is_empty() {
                break;
            }
            bytes.extend(window);
            host::progress(bytes.len() as f32 / size as f32 / 2.0, "reading");
        }
        let text = if fault.is("strict-utf8") {
            match std::str::from_utf8(&bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => panic!("this is no UTF-8"),
            }
        } else {
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let text = if fault.is("keeps-mark") { &text } else { text.strip_prefix('\u{feff}').unwrap_or(&text) };
        let text =
            if fault.is("keeps-returns") { text.to_owned() } else { text.replace("\r\n", "\n").replace('\r', "\n") };
        if fault.is("empty-is-a-bug") && text.is_empty() {
            return Err(Error::Internal("no lines".into()));
        }
        if fault.is("one-page") {
            out.pages(1);
        }
        let lines = text.split('\n').filter(|line| !line.trim_matches([' ', '\t']).is_empty());
        for (number, line) in lines.enumerate() {
            if fault.is("drops-third") && number == 2 {
                continue;
            }
            let line = if fault.is("keeps-returns") { line } else { line.trim() };
            let line =
                if fault.is("ascii-only") { line.replace(|c: char| !c.is_ascii(), "?") } else { line.to_owned() };
            let mut block = Block::new(0, BlockKind::Paragraph, line);
            if fault.is("one-page") {
                let rect = Rect { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };
                block.places = vec![Place { page: number as u32 + 1, rect: Some(rect) }];
            }
            if fault.is("wrong-language") {
                block.language = Some("English (US)".into());
            }
            if fault.is("levels") {
                block.level = 3;
            }
            out.emit(block);
        }
        host::progress(if fault.is("progress-back") { 0.1 } else { 1.0 }, "done");
        Ok(())
    }
}

mortise_sdk::export_parser!(Lines);
