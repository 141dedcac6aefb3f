//! Cell styles, as far as they say how a number is shown.

use mortise_shared_grid::Format;
use mortise_shared_packed::{Error, Namespace, Package, Token, Xml};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Styles at most; Excel allows 64,000.
const MOST: usize = 100_000;

/// One cell style.
#[derive(Clone, Default)]
pub(crate) struct Style {
    pub(crate) format: Rc<Format>,
    pub(crate) bold: bool,
}

/// Cell styles by number.
#[derive(Default)]
pub(crate) struct Styles {
    styles: Vec<Style>,
}

impl Styles {
    pub(crate) fn read(package: &Package<'_>, part: &str) -> Result<Self, Error> {
        let mut styles = Self::default();
        let Ok(mut xml) = package.xml(part) else { return Ok(styles) };
        match styles.read_part(&mut xml) {
            Err(error) if error.is_hostile() => Err(error),
            // Without styles, numbers are shown as they are.
            _ => Ok(styles),
        }
    }

    pub(crate) fn get(&self, number: usize) -> Option<&Style> {
        self.styles.get(number)
    }

    fn read_part(&mut self, xml: &mut Xml<'_>) -> Result<(), Error> {
        let mut codes: BTreeMap<u32, Rc<Format>> = BTreeMap::new();
        let mut bold: Vec<bool> = Vec::new();
        // Formats stand before the styles that use them; which list an element is in tells what it is.
        let mut list = String::new();
        while let Some(token) = xml.next()? {
            let Token::Start(tag) = token else { continue };
            if tag.namespace() != Namespace::Spreadsheet {
                continue;
            }
            let number = |name: &str| tag.number(name).and_then(|n| u32::try_from(n).ok());
            match tag.name() {
                name @ ("numFmts" | "fonts" | "cellXfs" | "cellStyleXfs" | "dxfs" | "cellStyles" | "fills"
                | "borders") => {
                    list = name.to_string();
                }
                "numFmt" if list == "numFmts" => {
                    if let (Some(id), Some(code)) = (number("numFmtId"), tag.attr("formatCode")) {
                        codes.insert(id, Rc::new(Format::parse(&code)));
                    }
                }
                "font" if list == "fonts" && bold.len() < MOST => bold.push(false),
                "b" if list == "fonts" => {
                    if let Some(last) = bold.last_mut() {
                        *last = tag.on();
                    }
                }
                "xf" if list == "cellXfs" && self.styles.len() < MOST => {
                    let id = number("numFmtId").unwrap_or(0);
                    let format = codes.entry(id).or_insert_with(|| Rc::new(Format::built_in(id))).clone();
                    let bold = number("fontId").and_then(|f| bold.get(f as usize)).copied().unwrap_or(false);
                    self.styles.push(Style { format, bold });
                }
                _ => {}
            }
        }
        Ok(())
    }
}
