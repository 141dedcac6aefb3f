//! Pictures of a document, each kept once.

use mortise_sdk::parser::Output;
use mortise_shared_packed::{Error, Package};
use std::collections::BTreeMap;

/// A picture is kept up to this size, bytes.
const LARGEST: u64 = 32 << 20;
/// Bytes of all pictures together.
const ALL: u64 = 512 << 20;

/// The pictures that were kept.
#[derive(Default)]
pub struct Pictures {
    kept: BTreeMap<String, Option<u32>>,
    bytes: u64,
}

impl Pictures {
    /// The number of the picture in `part`; none if it cannot be read, of which one warning tells.
    ///
    /// # Errors
    /// Only what [`Error::is_hostile`] calls so, for the package as a whole.
    pub fn keep(
        &mut self,
        package: &Package<'_>,
        part: &str,
        out: &mut Output,
        warnings: &mut Vec<String>,
    ) -> Result<Option<u32>, Error> {
        if let Some(known) = self.kept.get(part) {
            return Ok(*known);
        }
        let number = match package.read(part, LARGEST) {
            Ok(bytes) if bytes.is_empty() => None,
            Ok(bytes) if self.bytes + bytes.len() as u64 <= ALL => {
                self.bytes += bytes.len() as u64;
                Some(out.put_image(picture_type(part, &bytes), &bytes))
            }
            Ok(_) => {
                warnings.push("a picture was left out: there are too many".into());
                None
            }
            Err(error) => {
                warnings.push(format!("a picture was left out: {error}"));
                None
            }
        };
        self.kept.insert(part.into(), number);
        Ok(number)
    }
}

/// The media type of a picture by its first bytes, else by its name.
pub fn picture_type(name: &str, bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => "image/tiff",
        [b'B', b'M', ..] => "image/bmp",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => match name.rsplit('.').next().unwrap_or_default().to_lowercase().as_str() {
            "emf" => "image/emf",
            "wmf" => "image/wmf",
            "svg" => "image/svg+xml",
            _ => "application/octet-stream",
        },
    }
}
