//! What glyphs say: character collections for CID fonts without a Unicode map, and what counts as text at all.

use hayro_font::CMapResolverFn;
use hayro_interpret::hayro_cmap::{BfString, CMap, CMapName, CidFamily};
use hayro_syntax::object::{Array, Dict, Name, Stream, String as PdfString};
use skrifa::{FontRef, MetadataProvider};
use std::collections::HashMap;

/// The characters of a glyph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Characters {
    /// Nobody knows.
    None,
    Char(char),
    Str(String),
}

/// The characters, unless they are placeholders that say nothing.
pub(crate) fn readable(characters: Characters) -> Option<Characters> {
    match characters {
        Characters::None => None,
        Characters::Char(c) => says_something(c).then_some(Characters::Char(c)),
        Characters::Str(s) => {
            let kept: String = s.chars().filter(|c| says_something(*c)).collect();
            (!kept.is_empty()).then_some(Characters::Str(kept))
        }
    }
}

fn says_something(c: char) -> bool {
    // Bullets of symbol fonts live at U+F000..U+F0FF; the rest of the private area means nothing outside its font.
    !matches!(c as u32, 0..=8 | 0xb | 0xe..=0x1f | 0x7f..=0x84 | 0x86..=0x9f | 0xe000..=0xefff | 0xf100..=0xf8ff | 0xfffd | 0xfffe | 0xffff | 0xf0000..)
}

/// The character map of a TrueType or OpenType program, turned round. Where several characters share a glyph, the
/// plainest is taken: letters before their presentation forms. Empty if the program is damaged or has no map.
pub(crate) fn reversed(font: &[u8]) -> HashMap<u32, char> {
    let Ok(font) = FontRef::new(font) else { return HashMap::new() };
    let mut map = HashMap::new();
    for (code, glyph) in font.charmap().mappings() {
        if let Some(c) = char::from_u32(code).filter(|c| says_something(*c)) {
            let plain = |c: char| match c as u32 {
                0xfe70..=0xfeff => 1,
                0xf900..=0xffff | 0x2e80..=0x2fdf => 2,
                _ => 0,
            };
            let best = map.entry(glyph.to_u32()).or_insert(c);
            if plain(c) < plain(*best) {
                *best = c;
            }
        }
    }
    map
}

/// Code → CID → Unicode, for fonts of a known character collection.
pub(crate) struct CidText {
    encoding: CMap,
    ucs2: CMap,
}

impl CidText {
    /// From a Type 0 font dictionary; `None` if its collection has no published Unicode map.
    pub(crate) fn of(font: &Dict<'_>, resolver: &CMapResolverFn) -> Option<Self> {
        let parse = |data: &[u8]| {
            let resolver = resolver.clone();
            CMap::parse(data, move |name| (resolver)(name))
        };
        let encoding = match font.get::<Name<'_>>(b"Encoding") {
            Some(name) => match CMapName::from_bytes(name.as_ref()) {
                CMapName::IdentityH => CMap::identity_h(),
                CMapName::IdentityV => CMap::identity_v(),
                other => parse((resolver)(other)?)?,
            },
            None => parse(&font.get::<Stream<'_>>(b"Encoding")?.decoded_data().ok()?)?,
        };
        let descendant = font.get::<Array<'_>>(b"DescendantFonts")?.iter::<Dict<'_>>().next()?;
        let info = descendant.get::<Dict<'_>>(b"CIDSystemInfo");
        let family = match encoding.metadata().character_collection.as_ref().map(|c| c.family.clone()) {
            Some(family) if family != CidFamily::AdobeIdentity => family,
            _ => {
                let info = info?;
                CidFamily::from_registry_ordering(
                    info.get::<PdfString<'_>>(b"Registry")?.as_bytes(),
                    info.get::<PdfString<'_>>(b"Ordering")?.as_bytes(),
                )
            }
        };
        let ucs2 = parse((resolver)(family.ucs2_cmap()?)?)?;
        Some(Self { encoding, ucs2 })
    }

    /// What a character code says.
    pub(crate) fn characters(&self, code: u32) -> Characters {
        let cid = (1..=4).find_map(|length| self.encoding.lookup_cid_code(code, length));
        match cid.and_then(|cid| self.ucs2.lookup_bf_string(cid)) {
            Some(BfString::Char(c)) => Characters::Char(c),
            Some(BfString::String(s)) => Characters::Str(s),
            None => Characters::None,
        }
    }
}
