//! SVG: its size and its words.

use crate::{check_size, figure};
use mortise_sdk::parser::Output;
use mortise_sdk::{Error, Result};
use mortise_shared_encoding::decode;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::json;

/// Words of a drawing, bytes.
const WORDS: usize = 1 << 20;

/// Reads a drawing. Nothing that it links to is fetched, and no entity is expanded.
pub(crate) fn parse(bytes: &[u8], out: &mut Output) -> Result<()> {
    let text = decode(bytes, None).text;
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let (mut size, mut title, mut words) = (None, None, String::new());
    // Names of the open elements whose text counts, with the depth of the outermost.
    let (mut depth, mut telling, mut line) = (0usize, None, String::new());
    let mut broken = None;
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                broken = Some(error.to_string());
                break;
            }
        };
        match event {
            Event::Start(start) => {
                if depth == 0 {
                    size = size_of(&start);
                }
                let name = start.local_name().into_inner().to_owned();
                if telling.is_none() && matches!(name.as_str(), "title" | "desc" | "text" | "foreignObject") {
                    telling = Some((depth, name));
                } else if matches!(name.as_str(), "tspan" | "p" | "div") {
                    line.push(' ');
                }
                depth += 1;
            }
            Event::Empty(start) if depth == 0 => size = size_of(&start),
            Event::Text(text) if telling.is_some() => line.push_str(&text.into_inner()),
            Event::CData(text) if telling.is_some() => line.push_str(&text.into_inner()),
            Event::GeneralRef(name) if telling.is_some() => match &*name {
                "amp" => line.push('&'),
                "lt" => line.push('<'),
                "gt" => line.push('>'),
                "quot" => line.push('"'),
                "apos" => line.push('\''),
                _ => line.extend(name.resolve_char_ref().ok().flatten()),
            },
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if telling.as_ref().is_some_and(|(from, _)| *from >= depth) {
                    let said = line.split_whitespace().collect::<Vec<_>>().join(" ");
                    line.clear();
                    if let Some((from, name)) = telling.take()
                        && !said.is_empty()
                    {
                        if name == "title" && from <= 1 && title.is_none() {
                            title = Some(said.clone());
                        }
                        if !words.is_empty() {
                            words.push('\n');
                        }
                        words.push_str(&said);
                    }
                }
            }
            Event::Eof => break,
            _ => {}
        }
        if words.len() > WORDS {
            break;
        }
    }
    if depth == 0 && size.is_none() && words.is_empty() {
        let why = broken.unwrap_or_else(|| "it has no drawing".into());
        return Err(Error::InvalidInput(format!("damaged SVG picture: {why}")));
    }
    let (width, height) = size.unwrap_or((300, 150));
    check_size(width, height)?;
    let image = out.put_image("image/svg+xml", bytes);
    let mut metadata = json!({ "format": "SVG", "width": width, "height": height });
    if let Some(title) = title {
        metadata["title"] = title.into();
    }
    out.metadata(&metadata);
    out.pages(1);
    // A unit of a drawing is a pixel of CSS.
    out.emit(figure(1, (width, height), Some((96.0, 96.0)), words, Some(image)));
    if let Some(why) = broken {
        out.warn(None, &format!("the drawing is broken ({why}); its words were read as far as it goes"));
    }
    Ok(())
}

/// Width and height in pixels, else those of the view box; none where neither is told in numbers.
fn size_of(svg: &BytesStart<'_>) -> Option<(u32, u32)> {
    let attr = |name: &str| {
        let mut attributes = svg.attributes();
        let found = attributes.with_checks(false).flatten().find(|a| a.key.local_name().into_inner() == name);
        found.map(|a| a.value.trim().to_owned())
    };
    let length = |name: &str| {
        let value = attr(name)?;
        let end = value.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(value.len());
        let scale = match value[end..].trim() {
            "" | "px" => 1.0,
            "pt" => 96.0 / 72.0,
            "pc" => 16.0,
            "mm" => 96.0 / 25.4,
            "cm" => 96.0 / 2.54,
            "in" => 96.0,
            _ => return None,
        };
        whole(value[..end].parse::<f64>().ok()? * scale)
    };
    length("width").zip(length("height")).or_else(|| {
        let view = attr("viewBox")?;
        let numbers: Vec<f64> = view.split([' ', ',']).filter_map(|n| n.trim().parse().ok()).collect();
        whole(*numbers.get(2)?).zip(whole(*numbers.get(3)?))
    })
}

fn whole(length: f64) -> Option<u32> {
    (length.is_finite() && length >= 0.5).then(|| length.round().min(f64::from(u32::MAX)) as u32)
}
