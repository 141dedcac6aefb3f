//! A parser with pages of 4 KB, each a line of text, that misbehaves where a page or a setting says so: it must read the
//! same in windows as at once, and what goes wrong in one window must cost one call and name its page.

use mortise_sdk::document::{Block, BlockKind, Place, Rect};
use mortise_sdk::pages::{Pages, Picture};
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Error, Result};

const PAGE: u64 = 4096;

struct Paged;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
struct Config {
    /// What goes wrong when pages are drawn: `text`, `empty`.
    drawn: String,
}

fn count(file: &File<'_>) -> u32 {
    file.size().div_ceil(PAGE) as u32
}

fn line(file: &File<'_>, page: u32) -> String {
    let bytes = file.read(u64::from(page) * PAGE, PAGE as u32);
    let line = String::from_utf8_lossy(&bytes).trim().to_owned();
    match line.as_str() {
        "trap" => panic!("page {}", page + 1),
        "loop" => loop {
            std::hint::black_box(page);
        },
        _ => line,
    }
}

fn emit(lines: impl Iterator<Item = (u32, String)>, out: &mut Output) {
    for (page, line) in lines {
        let mut block = Block::new(0, BlockKind::Paragraph, line);
        block.places = vec![Place { page: page + 1, rect: None }];
        out.emit(block);
    }
}

impl Parser for Paged {
    type Config = Config;

    fn describe() -> Description {
        Description::new("paged", "1.0.0", "Pages of 4 KB")
    }

    fn accepts() -> Accepts {
        accepts(&[], &["paged"])
    }

    fn parse(file: &File<'_>, _: Config, out: &mut Output) -> Result<()> {
        out.pages(count(file));
        emit((0..count(file)).map(|page| (page, line(file, page))), out);
        Ok(())
    }
}

impl Pages for Paged {
    fn count(file: &File<'_>, _: Config) -> Result<u32> {
        Ok(count(file))
    }

    fn read(file: &File<'_>, _: Config, first: u32, count: u32, done: &mut dyn FnMut(u32)) -> Result<Vec<u8>> {
        let mut lines = Vec::new();
        for number in 0..count {
            lines.push(line(file, first + number));
            done(number + 1);
        }
        if lines.iter().any(|line| line == "refuse") {
            return Err(Error::InvalidInput("a page is damaged".into()));
        }
        Ok(lines.join("\n").into_bytes())
    }

    fn compose(file: &File<'_>, _: Config, windows: Vec<Vec<u8>>, out: &mut Output) -> Result<()> {
        out.pages(count(file));
        let windows: Vec<String> = windows.into_iter().map(|w| String::from_utf8_lossy(&w).into_owned()).collect();
        emit((0..).zip(windows.iter().flat_map(|window| window.split('\n')).map(str::to_owned)), out);
        Ok(())
    }

    fn render(file: &File<'_>, config: Config, page: u32, area: Option<Rect>, dpi: f32) -> Result<Picture> {
        if page == 0 || page > count(file) {
            return Err(Error::InvalidInput(format!("there is no page {page}")));
        }
        let told = format!("{page} {:?} {dpi}", area.map(|area| (area.left, area.bottom)));
        Ok(match config.drawn.as_str() {
            "text" => Picture { media_type: "text/html".into(), bytes: told.into_bytes() },
            "empty" => Picture { media_type: "image/png".into(), bytes: vec![] },
            _ => Picture { media_type: "image/png".into(), bytes: told.into_bytes() },
        })
    }
}

mortise_sdk::export_parser!(Paged);
mortise_sdk::export_pages!(Paged);
