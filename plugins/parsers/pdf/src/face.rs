//! Fonts: what their glyphs look like, and what they say where the PDF itself does not tell.
//!
//! The interpreter names the font of a glyph only where it has a TrueType or CID program. For the rest (Type 1, the
//! standard fonts) the font dictionaries of the page are loaded once more, and matched by the program they draw with.

use crate::unicode::{Characters, CidText};
use hayro_font::{Font, FontCache, FontGlyph, GlyphId};
use hayro_interpret::InterpreterSettings;
use hayro_interpret::font::{Glyph, GlyphIdentifier};
use hayro_syntax::object::{Array, Dict, Name, Stream};
use hayro_syntax::page::{Page, Resources};
use mortise_shared_layout::Face;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};

/// The faces of a document.
#[derive(Default)]
pub(crate) struct Faces<'a> {
    faces: Vec<Face>,
    by_program: HashMap<u128, u16>,
    index: HashMap<Face, u16>,
    /// Fonts of the current page that were not looked at yet.
    pending: Vec<Dict<'a>>,
    seen: HashSet<FontId>,
    names: HashMap<u128, Face>,
    cache: FontCache<'a>,
    cid: HashMap<String, Option<CidText>>,
    cid_fonts: HashMap<String, Dict<'a>>,
    /// By program: which character the font itself gives each of its glyphs.
    reversed: HashMap<u128, HashMap<u32, char>>,
}

#[derive(PartialEq, Eq, Hash)]
enum FontId {
    Object(u32, i32),
    Data(Vec<u8>),
}

/// Resources looked through for fonts on one page.
const MOST_RESOURCES: usize = 64;
/// Fonts of one document; more can only be an attack.
const MOST_FONTS: usize = 4000;

impl<'a> Faces<'a> {
    /// All faces, by the index that glyphs carry.
    pub(crate) fn all(&self) -> &[Face] {
        &self.faces
    }

    /// Notes the fonts that the page can use.
    pub(crate) fn begin_page(&mut self, page: &Page<'a>) {
        let mut todo: Vec<Resources<'a>> = vec![page.resources().clone()];
        let mut visited = HashSet::new();
        let mut looked = 0;
        while let Some(resources) = todo.pop() {
            looked += 1;
            if looked > MOST_RESOURCES {
                break;
            }
            for name in resources.fonts.keys() {
                if let Some(font) = resources.fonts.get::<Dict<'a>>(name.as_ref()) {
                    self.note(font);
                }
            }
            for name in resources.x_objects.keys() {
                let Some(reference) = resources.x_objects.get_ref(name.as_ref()) else { continue };
                if !visited.insert((reference.obj_number, reference.gen_number)) {
                    continue;
                }
                if let Some(form) = resources.x_objects.get::<Stream<'a>>(name.as_ref())
                    && let Some(inner) = form.dict().get::<Dict<'a>>(b"Resources")
                {
                    todo.push(Resources::new(inner));
                }
            }
        }
    }

    fn note(&mut self, font: Dict<'a>) {
        let id = match font.obj_id() {
            Some(id) => FontId::Object(id.obj_number, id.gen_number),
            None => FontId::Data(font.data().to_vec()),
        };
        if self.seen.len() >= MOST_FONTS || !self.seen.insert(id) {
            return;
        }
        let base = base_font(&font);
        if font.get::<Name<'_>>(b"Subtype").is_some_and(|s| s.as_ref() == b"Type0") {
            self.cid_fonts.entry(base).or_insert(font);
        } else {
            self.pending.push(font);
        }
    }

    /// The face of a glyph.
    pub(crate) fn of(&mut self, glyph: &Glyph<'a>, settings: &InterpreterSettings) -> u16 {
        let Glyph::Outline(glyph) = glyph else { return self.number(Face::default()) };
        let program = program(&glyph.identifier());
        if let Some(index) = self.by_program.get(&program) {
            return *index;
        }
        let face = match glyph.font_data() {
            Some(data) => face(&data.postscript_name.unwrap_or_default(), |face| {
                face.bold |= data.weight.is_some_and(|w| w >= 600);
                face.italic |= data.is_italic;
                face.monospace |= data.is_monospace;
            }),
            None => {
                self.load_pending(settings);
                self.names.get(&program).cloned().unwrap_or_default()
            }
        };
        let index = self.number(face);
        self.by_program.insert(program, index);
        index
    }

    fn number(&mut self, face: Face) -> u16 {
        if let Some(index) = self.index.get(&face) {
            return *index;
        }
        let index = self.faces.len().min(usize::from(u16::MAX)) as u16;
        if self.faces.len() < usize::from(u16::MAX) {
            self.faces.push(face.clone());
            self.index.insert(face, index);
        }
        index
    }

    /// Finds out which program each noted font draws with.
    fn load_pending(&mut self, settings: &InterpreterSettings) {
        for dict in std::mem::take(&mut self.pending) {
            let font: Option<Font<'a>> = self.cache.font(&dict, &settings.font_resolver, &settings.cmap_resolver);
            let Some(FontGlyph::Outline(glyph)) = font.map(|f| f.glyph(GlyphId::NOTDEF, 0)) else { continue };
            let descriptor = dict.get::<Dict<'_>>(b"FontDescriptor").unwrap_or_default();
            let flags = descriptor.get::<u32>(b"Flags").unwrap_or(0);
            let found = face(&base_font(&dict), |face| {
                face.monospace |= flags & 1 != 0;
                face.italic |= flags & (1 << 6) != 0;
                face.bold |= flags & (1 << 18) != 0 || descriptor.get::<u32>(b"FontWeight").is_some_and(|w| w >= 600);
            });
            self.names.entry(program(&glyph.identifier())).or_insert(found);
        }
    }

    /// What a glyph says by way of its font's character collection or its own outlines' names.
    pub(crate) fn characters(&mut self, glyph: &Glyph<'a>, settings: &InterpreterSettings) -> Characters {
        let Glyph::Outline(glyph) = glyph else { return Characters::None };
        let Some(data) = glyph.font_data() else { return Characters::None };
        if let Some(name) = data.postscript_name {
            let dict = self.cid_fonts.get(&name);
            let text = self
                .cid
                .entry(name)
                .or_insert_with(|| dict.and_then(|dict| CidText::of(dict, &settings.cmap_resolver)));
            if let Some(text) = text {
                return text.characters(glyph.char_code());
            }
        }
        let reversed = self
            .reversed
            .entry(program(&glyph.identifier()))
            .or_insert_with(|| crate::unicode::reversed(data.data.as_ref().as_ref()));
        reversed.get(&glyph.glyph_id().to_u32()).map_or(Characters::None, |c| Characters::Char(*c))
    }
}

/// `BaseFont` without the prefix of a subset.
fn base_font(dict: &Dict<'_>) -> String {
    let name = dict
        .get::<Name<'_>>(b"BaseFont")
        .or_else(|| dict.get::<Array<'_>>(b"DescendantFonts")?.iter::<Dict<'_>>().next()?.get::<Name<'_>>(b"BaseFont"));
    let name = name.map(|n| n.as_str().to_string()).unwrap_or_default();
    match name.split_once('+') {
        Some((prefix, rest)) if prefix.len() == 6 => rest.to_string(),
        _ => name,
    }
}

/// A face by its name; foundries write weight and slant into it in few ways.
fn face(name: &str, more: impl FnOnce(&mut Face)) -> Face {
    let lower = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| lower.contains(w));
    let starts = |words: &[&str]| words.iter().any(|w| lower.starts_with(w));
    let ends = |words: &[&str]| words.iter().any(|w| lower.ends_with(w));
    let mut face = Face {
        name: name.to_string(),
        bold: has(&["bold", "black", "heavy", "semibd", "demi", "simhei", "heiti", "fzhei", "xbsjw", "xiaobiao"])
            || ends(&["-medi", "-bd", "-b", "-mediital"])
            || starts(&["cmbx", "cmssbx", "sfbx", "ecbx", "sfrb"]),
        italic: has(&["italic", "oblique", "kursiv", "ital"])
            || ends(&["-it", "-i"])
            || starts(&["cmti", "cmsl", "sfti"]),
        monospace: has(&["courier", "mono", "consol", "typewriter", "menlo"]) || starts(&["cmtt", "sftt", "ectt"]),
    };
    more(&mut face);
    face
}

/// Identity of the font program that a glyph is drawn with.
fn program(identifier: &GlyphIdentifier) -> u128 {
    /// Keeps the first 128-bit number written to it, which is the fingerprint of the program.
    struct First(Option<u128>);
    impl Hasher for First {
        fn finish(&self) -> u64 {
            0
        }
        fn write(&mut self, _: &[u8]) {}
        fn write_u128(&mut self, value: u128) {
            self.0.get_or_insert(value);
        }
    }
    let mut first = First(None);
    identifier.hash(&mut first);
    first.0.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::face;

    #[test]
    fn looks_by_name() {
        for name in ["Arial-BoldMT", "NimbusRomNo9L-Medi", "CMBX10", "TimesNewRomanPS-BoldItalicMT", "SimHei"] {
            assert!(face(name, |_| ()).bold, "{name}");
        }
        for name in ["ArialMT", "CMR10", "Times-Roman", "NimbusRomNo9L-Regu", "SimSun"] {
            assert!(!face(name, |_| ()).bold, "{name}");
        }
        assert!(face("Helvetica-Oblique", |_| ()).italic);
        assert!(face("CMTT9", |_| ()).monospace);
    }
}
