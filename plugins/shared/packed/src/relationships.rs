//! Links between parts (`_rels/*.rels`), as the Open Packaging Conventions define them.

use crate::error::Error;
use crate::package::Package;
use crate::xml::Token;
use std::collections::BTreeMap;

/// One link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relationship {
    /// Last segment of the type URI: `image`, `header`, `hyperlink`; the same in transitional and strict files.
    pub kind: String,
    /// Name of the part it leads to, resolved against its source; the URI as written if it leads out of the package.
    pub target: String,
    /// True if it leads out of the package. Such targets are never fetched.
    pub external: bool,
}

/// The links that start at one part, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relationships(BTreeMap<String, Relationship>);

/// More links than this are not kept: real documents have some thousands of hyperlinks at most.
const MAX_LINKS: usize = 200_000;

impl Relationships {
    pub(crate) fn read(package: &Package<'_>, part: &str) -> Result<Self, Error> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let list = if folder.is_empty() { format!("_rels/{name}.rels") } else { format!("{folder}/_rels/{name}.rels") };
        let mut links = Self::default();
        let mut xml = match package.xml(&list) {
            Ok(xml) => xml,
            Err(_) => return Ok(links),
        };
        loop {
            let token = match xml.next() {
                Ok(Some(token)) => token,
                Err(error) if error.is_hostile() => return Err(error),
                Ok(None) | Err(_) => return Ok(links),
            };
            let Token::Start(tag) = token else { continue };
            if tag.name() != "Relationship" || links.0.len() >= MAX_LINKS {
                continue;
            }
            let (Some(id), Some(kind), Some(target)) = (tag.attr("Id"), tag.attr("Type"), tag.attr("Target")) else {
                continue;
            };
            let external = tag.attr("TargetMode").is_some_and(|m| m == "External");
            let kind = kind.rsplit('/').next().unwrap_or_default().to_string();
            let target = if external { target } else { resolve(folder, &target) };
            links.0.insert(id, Relationship { kind, target, external });
        }
    }

    /// By id.
    pub fn get(&self, id: &str) -> Option<&Relationship> {
        self.0.get(id)
    }

    /// Links inside the package of one kind, in the order of their ids.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Relationship> {
        self.0.values().filter(move |r| r.kind == kind && !r.external)
    }
}

/// `media/a.png` from folder `word` → `word/media/a.png`; `..` is followed, and cannot leave the package.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let target = target.split('#').next().unwrap_or_default();
    let base = if target.starts_with('/') { "" } else { folder };
    let mut path: Vec<&str> = Vec::new();
    for segment in base.split('/').chain(target.split('/')) {
        match segment {
            "" | "." => {}
            ".." => drop(path.pop()),
            name => path.push(name),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn targets_resolve_against_their_folder() {
        assert_eq!(resolve("word", "media/a.png"), "word/media/a.png");
        assert_eq!(resolve("word", "../docProps/core.xml"), "docProps/core.xml");
        assert_eq!(resolve("word", "/xl/book.xml"), "xl/book.xml");
        assert_eq!(resolve("a/b", "../../../../etc/passwd"), "etc/passwd");
    }
}
