//! What a camera wrote into the file.

use crate::header::{plausible, said};
use exif::{Exif, Field, In, Tag, Value};
use serde_json::{Map, Value as Json};
use std::io::Cursor;

/// Facts of a picture.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) description: Option<String>,
    pub(crate) resolution: Option<(f32, f32)>,
    orientation: u32,
    told: Vec<(&'static str, Json)>,
}

impl Facts {
    /// Width and height as the picture is shown.
    pub(crate) fn turned(&self, width: u32, height: u32) -> (u32, u32) {
        if (5..=8).contains(&self.orientation) { (height, width) } else { (width, height) }
    }

    pub(crate) fn tell(self, metadata: &mut Map<String, Json>) {
        metadata.extend(self.told.into_iter().map(|(key, value)| (key.to_owned(), value)));
    }
}

/// Reads the EXIF data of JPEG, PNG, WebP and TIFF; nothing where there is none or where it is damaged.
pub(crate) fn read(bytes: &[u8]) -> Facts {
    let mut reader = exif::Reader::new();
    reader.continue_on_error(true);
    let exif = reader.read_from_container(&mut Cursor::new(bytes));
    let exif = exif.or_else(|error| error.distill_partial_result(|_| {}));
    exif.map(|exif| facts(&exif)).unwrap_or_default()
}

fn facts(exif: &Exif) -> Facts {
    let field = |tag: Tag| exif.get_field(tag, In::PRIMARY);
    let text = |tag: Tag| field(tag).and_then(text_of);
    let number = |tag: Tag| field(tag).and_then(|f| f.value.get_uint(0));
    let rational = |tag: Tag| field(tag).and_then(|f| rational_of(&f.value, 0));
    let mut told: Vec<(&'static str, Json)> = Vec::new();
    let mut tell = |key: &'static str, value: Option<Json>| told.extend(value.map(|value| (key, value)));

    let description = text(Tag::ImageDescription).and_then(|t| said(&t));
    tell("description", description.clone().map(Json::from));
    let taken = [(Tag::DateTimeOriginal, Tag::OffsetTimeOriginal), (Tag::DateTime, Tag::OffsetTime)];
    let taken = taken.into_iter().find_map(|(date, offset)| {
        let date = iso(&text(date)?)?;
        // Only what looks like an offset: `+02:00`.
        let offset = text(offset).filter(|o| o.len() == 6 && o.starts_with(['+', '-'])).unwrap_or_default();
        Some(date + &offset)
    });
    tell("taken", taken.map(Json::from));
    let camera = match (text(Tag::Make), text(Tag::Model)) {
        (Some(make), Some(model)) if !model.starts_with(&make) => Some(format!("{make} {model}")),
        (make, model) => model.or(make),
    };
    tell("camera", camera.map(Json::from));
    for (key, tag) in
        [("lens", Tag::LensModel), ("author", Tag::Artist), ("copyright", Tag::Copyright), ("software", Tag::Software)]
    {
        tell(key, text(tag).map(Json::from));
    }
    let orientation = number(Tag::Orientation).filter(|o| (1..=8).contains(o)).unwrap_or(1);
    tell("orientation", (orientation != 1).then(|| orientation.into()));
    tell("latitude", degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, "S", 90.0));
    tell("longitude", degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, "W", 180.0));
    let below = number(Tag::GPSAltitudeRef) == Some(1);
    tell("altitude", rational(Tag::GPSAltitude).map(|m| rounded(if below { -m } else { m })));
    let inches = match number(Tag::ResolutionUnit) {
        Some(3) => 2.54,
        _ => 1.0,
    };
    let across = rational(Tag::XResolution).map(|r| (r * inches) as f32);
    let down = rational(Tag::YResolution).map(|r| (r * inches) as f32);
    let resolution = across.zip(down).and_then(|(across, down)| plausible(across, down));
    Facts { description, resolution, orientation, told }
}

fn text_of(field: &Field) -> Option<String> {
    let Value::Ascii(lines) = &field.value else { return None };
    let text: Vec<String> = lines.iter().map(|line| mortise_shared_encoding::decode(line, None).text).collect();
    let text = text.join(" ");
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    (!text.is_empty()).then(|| text.chars().take(10_000).collect())
}

fn rational_of(value: &Value, at: usize) -> Option<f64> {
    let Value::Rational(numbers) = value else { return None };
    let number = numbers.get(at)?;
    (number.denom != 0).then(|| number.to_f64())
}

/// `2024:05:01 10:00:00` → `2024-05-01T10:00:00`.
fn iso(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let shape = b"0000:00:00 00:00:00";
    let fits = bytes.len() >= shape.len()
        && bytes.iter().zip(shape).all(|(b, s)| if *s == b'0' { b.is_ascii_digit() } else { b == s });
    // Cameras without a clock write zeros.
    (fits && !text.starts_with("0000"))
        .then(|| format!("{}-{}-{}T{}", &text[..4], &text[5..7], &text[8..10], &text[11..19]))
}

fn degrees(exif: &Exif, tag: Tag, reference: Tag, negative: &str, most: f64) -> Option<Json> {
    let value = &exif.get_field(tag, In::PRIMARY)?.value;
    let part = |at: usize| rational_of(value, at);
    let degrees = part(0)? + part(1).unwrap_or(0.0) / 60.0 + part(2).unwrap_or(0.0) / 3600.0;
    let side = exif.get_field(reference, In::PRIMARY).and_then(text_of).unwrap_or_default();
    let degrees = if side.starts_with(negative) { -degrees } else { degrees };
    (degrees.abs() <= most).then(|| rounded(degrees))
}

fn rounded(number: f64) -> Json {
    ((number * 1e6).round() / 1e6).into()
}

#[cfg(test)]
mod tests {
    use super::iso;

    #[test]
    fn dates_of_cameras() {
        assert_eq!(iso("2024:05:01 10:20:30").as_deref(), Some("2024-05-01T10:20:30"));
        assert_eq!(iso("0000:00:00 00:00:00"), None);
        assert_eq!(iso("May 1st"), None);
    }
}
