//! The author's own cases: `cases/NAME/` with `input.*`, settings in `config.json` if there are any, what a remote service
//! answers in `answer.http` if one is asked, and the golden `expected.json`, which is compared, or written when it is
//! blessed.

use crate::call::{Output, call};
use crate::compare::difference;
use crate::input::Input;
use crate::upstream::Upstream;
use crate::{Access, Error, Job, Result, Target, Workbench, form};
use bytes::Bytes;
use mortise_domain::{Json, JsonMap};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How a case went.
#[derive(Clone, Debug)]
pub struct CaseOutcome {
    /// The case's folder.
    pub name: String,
    /// How it ended.
    pub end: CaseEnd,
    /// How long it took.
    pub millis: u64,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq)]
pub enum CaseEnd {
    /// As expected.
    Passed,
    /// `expected.json` was written; true when it differs from what was there.
    Blessed(bool),
    /// Otherwise; in words, or as a difference.
    Failed(String),
}

/// The cases of a folder, sorted by name.
pub(crate) fn find(folder: &Path) -> Result<Vec<PathBuf>> {
    let cases = folder.join("cases");
    let entries = match std::fs::read_dir(&cases) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::file(cases)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::file(&cases))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Runs one case.
pub(crate) async fn run(bench: &Workbench, target: &Target, case: &Path, bless: bool) -> CaseOutcome {
    let name = case.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let began = Instant::now();
    let end = end(bench, target, case, bless).await.unwrap_or_else(|error| CaseEnd::Failed(error.to_string()));
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    CaseOutcome { name, end, millis }
}

async fn end(bench: &Workbench, target: &Target, case: &Path, bless: bool) -> Result<CaseEnd> {
    let given = form::golden(&given(bench, target, case).await?);
    let path = case.join("expected.json");
    let expected = match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str::<Json>(&text).map_err(|error| Error::input(&path, error))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(Error::file(path)(error)),
    };
    if bless {
        // What is near enough stays as it is: blessing on another machine changes nothing.
        let changed = !matches!(&expected, Some(Ok(expected)) if difference(expected, &given).is_none());
        if changed {
            std::fs::write(&path, form::pretty(&given)).map_err(Error::file(&path))?;
        }
        return Ok(CaseEnd::Blessed(changed));
    }
    let Some(expected) = expected.transpose()? else {
        return Ok(CaseEnd::Failed(format!(
            "there is no {} yet: look at what `mortise plugin run` gives, then write it with `mortise plugin test --bless`",
            path.display()
        )));
    };
    Ok(difference(&expected, &given).map_or(CaseEnd::Passed, CaseEnd::Failed))
}

async fn given(bench: &Workbench, target: &Target, case: &Path) -> Result<Output> {
    let settings = target.test_settings();
    let upstream = match recorded(target, case, settings.answer.as_deref())? {
        Some(answer) => Some(Upstream::start(answer).await?),
        None => None,
    };
    let mut config = settings.config;
    config.extend(config_of(case)?);
    let mut access = Access { hosts: settings.http, secrets: Vec::new() };
    if let Some(upstream) = &upstream {
        config = config.into_iter().map(|(name, value)| (name, filled(value, upstream))).collect();
        access.hosts = access.hosts.iter().map(|host| upstream.fill(host)).collect();
        access.hosts.push(upstream.host());
        access.secrets = settings.secrets.into_iter().map(|name| (name, "of-a-case".into())).collect();
    } else {
        // Nothing answers there, and nobody else is meant.
        access.hosts.clear();
    }
    let job = Job { target, config: &config, access: &access };
    let (plugin, config) = job.install(bench).await?;
    let input = Input::read(bench, plugin.info().role, &input(case)?).await?;
    call(&plugin, input, &config, &mut |_| {}).await
}

/// What the remote service answers: the case's own recording, or its folder's.
fn recorded(target: &Target, case: &Path, of_folder: Option<&Path>) -> Result<Option<Bytes>> {
    let own = case.join("answer.http");
    let shared = target.folder.as_ref().zip(of_folder).map(|((folder, _), answer)| folder.join(answer));
    let path = if own.is_file() { Some(own) } else { shared };
    path.map(|path| std::fs::read(&path).map(Bytes::from).map_err(Error::file(path))).transpose()
}

/// Settings in which `{upstream}` is an address.
fn filled(value: Json, upstream: &Upstream) -> Json {
    match value {
        Json::String(text) => Json::String(upstream.fill(&text)),
        Json::Array(list) => list.into_iter().map(|item| filled(item, upstream)).collect(),
        Json::Object(fields) => fields.into_iter().map(|(name, item)| (name, filled(item, upstream))).collect(),
        other => other,
    }
}

fn config_of(case: &Path) -> Result<JsonMap> {
    let path = case.join("config.json");
    match std::fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).map_err(|error| Error::input(path, error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(JsonMap::new()),
        Err(error) => Err(Error::file(path)(error)),
    }
}

/// The one input of a case: `input.*`, or `blocks.json`.
pub(crate) fn input(case: &Path) -> Result<PathBuf> {
    let entries = std::fs::read_dir(case).map_err(Error::file(case))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let is_input = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name == "blocks.json")
            || path.file_stem().is_some_and(|stem| stem == "input")
    };
    let mut inputs: Vec<PathBuf> = paths.filter(is_input).collect();
    match (inputs.pop(), inputs.pop()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Error::input(case, "there is no input.* (or blocks.json) in this case")),
        (Some(_), Some(_)) => Err(Error::input(case, "there are several inputs; a case has one")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_has_one_input() {
        let case = tempfile::tempdir().unwrap();
        let told = input(case.path()).unwrap_err().to_string();
        assert!(told.contains("no input"), "{told}");
        std::fs::write(case.path().join("expected.json"), "").unwrap();
        std::fs::write(case.path().join("input.md"), "").unwrap();
        assert_eq!(input(case.path()).unwrap(), case.path().join("input.md"));
        std::fs::write(case.path().join("blocks.json"), "").unwrap();
        assert!(input(case.path()).unwrap_err().to_string().contains("several"));
    }

    #[test]
    fn cases_are_folders() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find(folder.path()).unwrap().is_empty());
        for name in ["b", "a", ".git"] {
            std::fs::create_dir_all(folder.path().join("cases").join(name)).unwrap();
        }
        std::fs::write(folder.path().join("cases/README.md"), "").unwrap();
        let names: Vec<_> = find(folder.path()).unwrap();
        assert_eq!(names, [folder.path().join("cases/a"), folder.path().join("cases/b")]);
    }
}
