//! Office Open XML presentations: which slides there are, and each of them in turn.

mod layout;
mod slide;
mod table;
mod text;

use crate::{MOST_SLIDES, emit};
use layout::Layouts;
use mortise_sdk::document::Place;
use mortise_sdk::host;
use mortise_sdk::parser::Output;
use mortise_shared_drawing::Pictures;
use mortise_shared_packed::{Error, Namespace, Package, Token, core_properties};
use slide::Reader;

pub(crate) fn parse(package: &Package<'_>, out: &mut Output) -> Result<(), Error> {
    let main = match package.main_part() {
        Ok(part) => part,
        Err(Error::MissingPart(_)) if package.contains("ppt/presentation.xml") => "ppt/presentation.xml".into(),
        Err(error) => return Err(error),
    };
    let ids = slide_ids(package, &main)?;
    let links = package.relationships(&main)?;
    let mut slides: Vec<String> = ids.iter().filter_map(|id| links.get(id)).map(|l| l.target.clone()).collect();
    if slides.is_empty() {
        // A damaged list of links leaves the parts, whose names have the order in which they were made.
        slides = by_name(package);
    }
    out.metadata(&core_properties(package)?.into());
    out.pages(slides.len() as u32);
    let mut layouts = Layouts::default();
    let mut pictures = Pictures::default();
    let mut failed = None;
    let mut read = false;
    let count = slides.len();
    for (index, part) in slides.into_iter().enumerate() {
        let page = index as u32 + 1;
        host::progress(index as f32 / count as f32, &format!("reading slide {page} of {count}"));
        let mut reader = Reader::new(package, &mut layouts, &mut pictures, out);
        let result = reader.read(&part).and_then(|shapes| Ok((shapes, reader.notes(&part)?)));
        let warnings = std::mem::take(&mut reader.warnings);
        match result {
            Ok((shapes, notes)) => {
                emit::slide(page, shapes, notes, out);
                read = true;
            }
            Err(error) if error.is_hostile() => return Err(error),
            Err(error) => {
                out.warn(Some(Place { page, rect: None }), &format!("slide {page} was left out: {error}"));
                failed = Some(error);
            }
        }
        for warning in warnings {
            out.warn(Some(Place { page, rect: None }), &warning);
        }
    }
    match failed {
        Some(error) if !read => Err(error),
        _ => Ok(()),
    }
}

fn slide_ids(package: &Package<'_>, main: &str) -> Result<Vec<String>, Error> {
    let mut xml = package.xml(main)?;
    xml.expect_root(Namespace::Presentation, "a presentation")?;
    let mut ids = Vec::new();
    loop {
        match xml.next() {
            Ok(Some(Token::Start(tag))) if tag.is(Namespace::Presentation, "sldId") && ids.len() < MOST_SLIDES => {
                // `id` is a number of its own; the link is the one with a prefix.
                ids.extend(tag.prefixed("id"));
            }
            Ok(Some(_)) => {}
            Err(error) if error.is_hostile() => return Err(error),
            Ok(None) | Err(_) => return Ok(ids),
        }
    }
}

fn by_name(package: &Package<'_>) -> Vec<String> {
    let number = |name: &str| -> Option<u32> {
        name.to_lowercase().strip_prefix("ppt/slides/slide")?.strip_suffix(".xml")?.parse().ok()
    };
    let mut found: Vec<(u32, String)> = package.names().filter_map(|n| Some((number(n)?, n.to_string()))).collect();
    found.sort();
    found.into_iter().take(MOST_SLIDES).map(|(_, name)| name).collect()
}
