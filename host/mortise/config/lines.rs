//! Which line of the settings file a setting stands on, so that whatever is wrong can be found.

use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// Something wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The keys that lead to it.
    pub(crate) path: Vec<String>,
    /// What is wrong, and what to do.
    pub(crate) message: String,
}

/// Lines of all settings of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    file: Option<PathBuf>,
    known: Vec<(Vec<String>, usize)>,
}

impl Lines {
    /// Reads a file's text.
    pub(crate) fn of(file: &Path, text: &str) -> Result<Self> {
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                let at = error.span().map_or(1, |span| line(text, span.start));
                bail!("{}:{at}: not valid TOML: {}", file.display(), error.message());
            }
        };
        let mut known = Vec::new();
        collect(text, table.get_ref(), &mut Vec::new(), &mut known);
        Ok(Self { file: Some(file.to_owned()), known })
    }

    /// `file:line: message`, as far as file and line are known: the line of the setting, or of what encloses it.
    pub(crate) fn tell(&self, problem: &Problem) -> String {
        let Some(file) = &self.file else { return problem.message.clone() };
        let keys = (0..=problem.path.len()).rev().map(|length| &problem.path[..length]);
        let at = keys.into_iter().find_map(|keys| self.known.iter().find(|(known, _)| known == keys));
        match at {
            Some((_, line)) => format!("{}:{line}: {}", file.display(), problem.message),
            None => format!("{}: {}", file.display(), problem.message),
        }
    }
}

/// All problems, a line each.
pub(crate) fn problems(wrong: &[Problem], lines: &Lines) -> String {
    wrong.iter().map(|problem| lines.tell(problem)).collect::<Vec<_>>().join("\n")
}

fn collect(text: &str, table: &DeTable<'_>, path: &mut Vec<String>, known: &mut Vec<(Vec<String>, usize)>) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        known.push((path.clone(), line(text, key.span().start)));
        if let DeValue::Table(inner) = value.get_ref() {
            collect(text, inner, path, known);
        }
        path.pop();
    }
}

fn line(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The name that somebody who typed `given` may have meant.
pub(crate) fn nearest<'a>(given: &str, names: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    let scored = names.map(|name| (strsim::jaro_winkler(given, name), name.as_str()));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}
