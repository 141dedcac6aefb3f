//! Events of a nested document → records.

use crate::records::Records;
use mortise_sdk::document::BlockKind;
use mortise_sdk::{Error, Result};

/// Levels that objects and lists may stand in each other.
pub const DEEPEST: usize = 1_000;

/// Longest scalar that stands in a list with its neighbours, bytes.
const SHORT: usize = 80;

/// Bytes of a list in one block, about.
const LIST: usize = 1_000;

/// An open object or list.
struct Level {
    is_list: bool,
    /// The key whose value comes next, or the number of the next element.
    key: String,
    next: usize,
    /// Bytes of the path above.
    path: usize,
    /// Short scalars of a list that wait for their neighbours.
    waiting: String,
    /// Another object or list stood in it.
    holds_levels: bool,
}

/// Takes events, writes records.
pub struct Tree<'o> {
    records: Records<'o>,
    levels: Vec<Level>,
    path: String,
}

impl<'o> Tree<'o> {
    /// Nothing open.
    pub fn new(records: Records<'o>) -> Self {
        Self { records, levels: Vec::new(), path: String::new() }
    }

    /// An object begins; [`Tree::key`] tells the name of each of its values.
    ///
    /// # Errors
    /// `invalid-input` when it stands too deep.
    pub fn begin_object(&mut self) -> Result<()> {
        self.begin(false)
    }

    /// A list begins.
    ///
    /// # Errors
    /// `invalid-input` when it stands too deep.
    pub fn begin_list(&mut self) -> Result<()> {
        self.begin(true)
    }

    /// The name of the value that comes next.
    pub fn key(&mut self, key: &str) {
        if let Some(level) = self.levels.last_mut() {
            level.key.clear();
            level.key.push_str(key.trim());
        }
    }

    /// A value.
    pub fn scalar(&mut self, value: &str) {
        let value = value.trim();
        match self.levels.last_mut() {
            Some(level) if level.is_list => {
                level.next += 1;
                if value.is_empty() {
                    return;
                }
                if value.len() <= SHORT && !value.contains('\n') {
                    if !level.waiting.is_empty() {
                        level.waiting.push_str(", ");
                    }
                    level.waiting.push_str(value);
                    if level.waiting.len() >= LIST {
                        self.flush_list();
                    }
                } else {
                    self.flush_list();
                    self.records.pair(&self.path, value);
                }
            }
            Some(level) => {
                let length = self.path.len();
                push_name(&mut self.path, &level.key);
                self.records.pair(&self.path, value);
                self.path.truncate(length);
            }
            None => {
                self.records.pair("", value);
                self.records.separate();
            }
        }
    }

    /// What a comment says, where it stands.
    pub fn comment(&mut self, text: &str) {
        self.flush_list();
        self.records.block(BlockKind::Paragraph, text);
    }

    /// The innermost object or list ends.
    pub fn end(&mut self) {
        self.flush_list();
        let Some(level) = self.levels.pop() else { return };
        self.path.truncate(level.path);
        let in_list = self.levels.last().is_some_and(|outer| outer.is_list);
        match self.levels.len() {
            // A list of scalars is one value of its object.
            1 if level.is_list && !level.holds_levels && !in_list => {}
            0 | 1 => self.records.separate(),
            2 if in_list && !self.levels[0].is_list => self.records.separate(),
            _ => {}
        }
    }

    /// How many objects and lists are open.
    pub fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Closes everything that is open: the document ends, or goes on elsewhere.
    pub fn close(&mut self) {
        while !self.levels.is_empty() {
            self.end();
        }
    }

    /// The records below.
    pub fn records(&mut self) -> &mut Records<'o> {
        &mut self.records
    }

    /// Writes what waits; to be called at the end.
    pub fn finish(&mut self) {
        self.close();
        self.records.finish();
    }

    fn begin(&mut self, is_list: bool) -> Result<()> {
        if self.levels.len() >= DEEPEST {
            return Err(Error::InvalidInput(format!("refused: more than {DEEPEST} objects and lists in each other")));
        }
        self.flush_list();
        let path = self.path.len();
        let depth = self.levels.len();
        let below_object = self.levels.first().is_some_and(|root| !root.is_list);
        if let Some(level) = self.levels.last_mut() {
            level.holds_levels = true;
            if !level.is_list {
                push_name(&mut self.path, &level.key);
            } else {
                // Elements that are records of their own need no number.
                if depth > 2 || (depth == 2 && !below_object) {
                    push_name(&mut self.path, &level.next.to_string());
                }
                level.next += 1;
            }
        }
        self.levels.push(Level {
            is_list,
            key: String::new(),
            next: 0,
            path,
            waiting: String::new(),
            holds_levels: false,
        });
        Ok(())
    }

    fn flush_list(&mut self) {
        if let Some(level) = self.levels.last_mut()
            && !level.waiting.is_empty()
        {
            let text = std::mem::take(&mut level.waiting);
            self.records.pair(&self.path, &text);
        }
    }
}

fn push_name(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_sdk::parser::Output;

    fn told(tell: impl Fn(&mut Tree<'_>)) -> Vec<String> {
        let mut out = Output::default();
        let mut tree = Tree::new(Records::new(&mut out));
        tell(&mut tree);
        tree.finish();
        let blocks = out.into_kept().blocks;
        blocks.into_iter().map(|b| if b.kind == BlockKind::Separator { "---".into() } else { b.text }).collect()
    }

    fn pair(tree: &mut Tree<'_>, key: &str, value: &str) {
        tree.key(key);
        tree.scalar(value);
    }

    #[test]
    fn elements_of_the_outermost_list_are_records() {
        let texts = told(|tree| {
            tree.begin_list().unwrap();
            for name in ["oak", "pine"] {
                tree.begin_object().unwrap();
                pair(tree, "name", name);
                tree.key("uses");
                tree.begin_list().unwrap();
                ["masts", "keels"].iter().for_each(|use_| tree.scalar(use_));
                tree.end();
                tree.key("prices");
                tree.begin_list().unwrap();
                tree.begin_object().unwrap();
                pair(tree, "net", "5");
                tree.end();
                tree.end();
                pair(tree, "note", "");
                tree.end();
            }
            tree.end();
        });
        let one = |name: &str| vec![format!("name: {name}"), "uses: masts, keels".into(), "prices.0.net: 5".into()];
        assert_eq!(texts, [one("oak"), vec!["---".into()], one("pine")].concat());
    }

    #[test]
    fn objects_and_lists_below_the_outermost_object_are_records() {
        let texts = told(|tree| {
            tree.begin_object().unwrap();
            pair(tree, "title", "Woods");
            tree.key("data");
            tree.begin_list().unwrap();
            for name in ["oak", "pine"] {
                tree.begin_object().unwrap();
                pair(tree, "name", name);
                tree.end();
            }
            tree.end();
            tree.key("more");
            tree.begin_object().unwrap();
            pair(tree, "a", "1");
        });
        assert_eq!(texts, ["title: Woods", "data.name: oak", "---", "data.name: pine", "---", "more.a: 1"]);
    }

    #[test]
    fn long_values_of_a_list_stand_alone() {
        let long = "A sentence that goes on and on. ".repeat(5);
        let texts = told(|tree| {
            tree.begin_list().unwrap();
            ["a", long.as_str(), "b"].iter().for_each(|value| tree.scalar(value));
        });
        assert_eq!(texts, ["a", long.trim(), "b"]);
    }

    #[test]
    fn depth_is_bounded_and_millions_of_scalars_are_packed() {
        let mut out = Output::default();
        let mut tree = Tree::new(Records::new(&mut out));
        let refused = (0..1_000_000).find_map(|_| tree.begin_list().err());
        assert!(matches!(refused, Some(Error::InvalidInput(why)) if why.contains("1000")));
        let texts = told(|tree| {
            tree.begin_list().unwrap();
            for i in 0..500_000 {
                tree.begin_object().unwrap();
                pair(tree, "n", &i.to_string());
                tree.end();
            }
        });
        assert!(texts.len() < 450_000, "{}", texts.len());
        assert!(texts.last().is_some_and(|t| t.ends_with("n: 499999")));
    }
}
