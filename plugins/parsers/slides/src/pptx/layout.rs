//! Where placeholders stand that say nothing of it themselves: in the slide's layout, or in the layout's master.

use super::slide::rect_of;
use mortise_sdk::document::Rect;
use mortise_shared_packed::{Error, Namespace, Package, Token};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What names a placeholder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) kind: String,
    pub(crate) index: Option<i64>,
}

/// The placeholders of layouts and masters that were read.
#[derive(Default)]
pub(crate) struct Layouts {
    known: BTreeMap<String, Rc<Vec<(Holder, Rect)>>>,
}

impl Layouts {
    /// The place of a placeholder by the layout that the slide in `part` has.
    pub(crate) fn place(&mut self, package: &Package<'_>, part: &str, holder: &Holder) -> Result<Option<Rect>, Error> {
        let mut part = part.to_string();
        for kind in ["slideLayout", "slideMaster"] {
            let links = package.relationships(&part)?;
            let Some(target) = links.of_kind(kind).next().map(|l| l.target.clone()) else { return Ok(None) };
            let holders = match self.known.get(&target) {
                Some(known) => Rc::clone(known),
                None => {
                    let read = Rc::new(read(package, &target)?);
                    self.known.insert(target.clone(), Rc::clone(&read));
                    read
                }
            };
            let same_index = |h: &Holder| holder.index.is_some() && h.index == holder.index;
            let same_kind = |h: &Holder| family(&h.kind) == family(&holder.kind);
            let found =
                holders.iter().find(|(h, _)| same_index(h)).or_else(|| holders.iter().find(|(h, _)| same_kind(h)));
            if let Some((_, rect)) = found {
                return Ok(Some(*rect));
            }
            part = target;
        }
        Ok(None)
    }
}

fn family(kind: &str) -> &str {
    match kind {
        "ctrTitle" => "title",
        "" | "obj" | "subTitle" => "body",
        kind => kind,
    }
}

fn read(package: &Package<'_>, part: &str) -> Result<Vec<(Holder, Rect)>, Error> {
    let mut found = Vec::new();
    let Ok(mut xml) = package.xml(part) else { return Ok(found) };
    let mut holder: Option<Holder> = None;
    let mut offset = None;
    loop {
        match xml.next() {
            Ok(Some(Token::Start(tag))) => match (tag.namespace(), tag.name()) {
                (Namespace::Presentation, "sp") => (holder, offset) = (None, None),
                (Namespace::Presentation, "ph") => {
                    holder = Some(Holder { kind: tag.attr("type").unwrap_or_default(), index: tag.number("idx") });
                }
                (Namespace::Drawing, "off") => offset = Some((tag.number("x"), tag.number("y"))),
                (Namespace::Drawing, "ext") => {
                    if let (Some((Some(x), Some(y))), Some(w), Some(h)) =
                        (offset.take(), tag.number("cx"), tag.number("cy"))
                        && let Some(holder) = holder.take()
                    {
                        found.push((holder, rect_of(x as f64, y as f64, w as f64, h as f64)));
                    }
                }
                _ => {}
            },
            Ok(Some(_)) => {}
            Err(error) if error.is_hostile() => return Err(error),
            Ok(None) | Err(_) => return Ok(found),
        }
    }
}
