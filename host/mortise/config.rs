//! Settings: one `Config` out of `default.toml`, a file, the environment and the command line, and where each value
//! came from.

mod lines;

use anyhow::{Context, Result, bail};
use lines::Lines;
pub(crate) use lines::{Problem, nearest, problems};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use toml::{Table, Value};

const DEFAULTS: &str = include_str!("default.toml");
const PREFIX: &str = "MORTISE_";

/// Everything that can be set. `default.toml` says what each field means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) data_dir: PathBuf,
    pub(crate) plugin_cache: PathBuf,
    pub(crate) api_key: Secret,
    pub(crate) admin_key: Secret,
    pub(crate) server: Server,
    pub(crate) log: Log,
    pub(crate) ingest: Ingest,
    pub(crate) pictures: Pictures,
    pub(crate) models: Models,
    pub(crate) aliases: Aliases,
    pub(crate) limits: Limits,
    pub(crate) trust: Trust,
    #[serde(default)]
    pub(crate) registries: BTreeMap<String, Registry>,
    #[serde(default)]
    pub(crate) plugins: BTreeMap<String, Plugin>,
    #[serde(default)]
    pub(crate) tenants: BTreeMap<String, Tenant>,
    /// Where the settings file says what.
    #[serde(skip)]
    pub(crate) lines: Lines,
}

/// Whose signatures count.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trust {
    pub(crate) unsigned: Unsigned,
    #[serde(default)]
    pub(crate) keys: BTreeMap<String, String>,
}

/// What happens to components that nobody trusted vouches for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unsigned {
    Allow,
    Warn,
    Deny,
}

/// How a registry of components is reached.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Registry {
    pub(crate) insecure: bool,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) password_env: Option<String>,
}

/// A further tenant of the server: its key, and what is its own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tenant {
    pub(crate) api_key: Option<Secret>,
    pub(crate) api_key_env: Option<String>,
    pub(crate) plugins: BTreeMap<String, Plugin>,
    pub(crate) aliases: Aliases,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) max_body_mb: u64,
    pub(crate) legacy_stream: bool,
    pub(crate) shutdown_grace_seconds: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) level: String,
    pub(crate) format: LogFormat,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ingest {
    pub(crate) workers: usize,
    pub(crate) lease_seconds: u64,
    pub(crate) embed_batch: usize,
}

/// Who reads pictures.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pictures {
    pub(crate) ocr: String,
    pub(crate) vision: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Models {
    pub(crate) embedding: String,
    pub(crate) chat: String,
    pub(crate) known: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Aliases {
    pub(crate) parser: BTreeMap<String, String>,
    pub(crate) chunker: BTreeMap<String, String>,
    pub(crate) embedder: BTreeMap<String, String>,
    pub(crate) reranker: BTreeMap<String, String>,
    pub(crate) chat_model: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) parser_memory_mb: u64,
    pub(crate) parser_seconds: u64,
    pub(crate) parser_page_seconds: u64,
    pub(crate) chunker_memory_mb: u64,
    pub(crate) chunker_seconds: u64,
    pub(crate) model_memory_mb: u64,
    pub(crate) model_seconds: u64,
    pub(crate) model_idle_seconds: u64,
}

impl Tenant {
    /// The tenant's key, where the settings give one.
    pub(crate) fn key(&self) -> Result<Option<String>> {
        match (&self.api_key, &self.api_key_env) {
            (Some(key), None) => Ok(Some(key.expose().to_owned())),
            (None, Some(variable)) => {
                Ok(Some(std::env::var(variable).with_context(|| format!("environment variable {variable}"))?))
            }
            (None, None) => Ok(None),
            (Some(_), Some(_)) => bail!("give either `api_key` or `api_key_env`"),
        }
    }
}

/// A plugin that the operator names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Plugin {
    pub(crate) path: Option<PathBuf>,
    pub(crate) builtin: Option<String>,
    pub(crate) oci: Option<String>,
    pub(crate) digest: Option<String>,
    pub(crate) config: Table,
    /// Absent is not the same as empty: a plugin that asks for HTTP must be given hosts, or told that it gets none.
    pub(crate) http: Option<Vec<String>>,
    pub(crate) allow_private: bool,
    pub(crate) models: Option<Vec<String>>,
    pub(crate) memory_mb: Option<u64>,
    pub(crate) seconds: Option<u64>,
    pub(crate) page_seconds: Option<u64>,
    pub(crate) output_mb: Option<u64>,
    pub(crate) concurrency: Option<usize>,
    pub(crate) idle_seconds: Option<u64>,
    pub(crate) secrets: BTreeMap<String, SecretBinding>,
}

/// A secret and the one host it is for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretBinding {
    pub(crate) host: String,
    #[serde(default)]
    pub(crate) env: Option<String>,
    #[serde(default)]
    pub(crate) value: Option<Secret>,
    #[serde(default = "authorization")]
    pub(crate) header: String,
    #[serde(default = "bearer")]
    pub(crate) template: String,
}

fn authorization() -> String {
    "authorization".into()
}

fn bearer() -> String {
    "Bearer {secret}".into()
}

/// A text that prints as `***`.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "\"\"" } else { "***" })
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Origin {
    Default,
    File(PathBuf),
    Environment(String),
    Flag,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "{name}"),
            Self::Flag => f.write_str("command line"),
        }
    }
}

/// Settings in force, with their origins by dotted path.
pub(crate) struct Loaded {
    pub(crate) config: Config,
    values: Table,
    origins: BTreeMap<String, Origin>,
}

/// What the command line says: the file, and `path = value` pairs.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    pub(crate) file: Option<PathBuf>,
    pub(crate) settings: Vec<(String, String)>,
}

/// Reads all four sources.
pub(crate) fn load(flags: &Flags, environment: impl Iterator<Item = (String, String)>) -> Result<Loaded> {
    let mut values: Table = DEFAULTS.parse().context("the built-in defaults do not parse")?;
    let mut origins = BTreeMap::new();
    note(&values, "", &Origin::Default, &mut origins);

    let mut environment: BTreeMap<String, String> = environment.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    let file = flags.file.clone().or(environment.remove("MORTISE_CONFIG").map(PathBuf::from));
    let mut lines = Lines::default();
    let mut wrong = Vec::new();
    if let Some(path) = &file {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read the settings in {}", path.display()))?;
        lines = Lines::of(path, &text)?;
        let table: Table = text.parse().with_context(|| format!("{} is not valid TOML", path.display()))?;
        check(&values, &table, &mut Vec::new(), &mut wrong);
        note(&table, "", &Origin::File(path.clone()), &mut origins);
        merge(&mut values, table);
    }
    bail_on(&wrong, &lines)?;
    for (name, text) in environment {
        let path = name[PREFIX.len()..].to_lowercase().replace("__", ".");
        let table = single(&path, &text);
        check(&values, &table, &mut Vec::new(), &mut wrong);
        bail_on(&wrong, &Lines::default()).with_context(|| format!("environment variable {name}"))?;
        note(&table, "", &Origin::Environment(name), &mut origins);
        merge(&mut values, table);
    }
    for (path, text) in &flags.settings {
        let table = single(path, text);
        check(&values, &table, &mut Vec::new(), &mut wrong);
        bail_on(&wrong, &Lines::default()).context("command line")?;
        note(&table, "", &Origin::Flag, &mut origins);
        merge(&mut values, table);
    }
    let mut config = serde_path_to_error::deserialize::<_, Config>(Value::Table(values.clone())).map_err(|error| {
        let path = error.path().to_string();
        let origin = origins.iter().find(|(known, _)| **known == path).map(|(_, origin)| origin.clone());
        let keys: Vec<String> = error.path().iter().map(ToString::to_string).collect();
        let message = error.into_inner().message().to_owned();
        match origin {
            Some(Origin::File(_)) | None => {
                anyhow::anyhow!("{}", lines.tell(&Problem { path: keys, message: format!("`{path}`: {message}") }))
            }
            Some(origin) => anyhow::anyhow!("`{path}` ({origin}): {message}"),
        }
    })?;
    config.lines = lines;
    bail_on(&sources(&config), &config.lines)?;
    Ok(Loaded { config, values, origins })
}

/// Every plugin comes from exactly one place.
fn sources(config: &Config) -> Vec<Problem> {
    let own = config.plugins.iter().map(|(name, plugin)| (vec!["plugins".to_owned(), name.clone()], plugin));
    let tenants = config.tenants.iter().flat_map(|(tenant, of)| {
        let path = move |name: &String| vec!["tenants".to_owned(), tenant.clone(), "plugins".to_owned(), name.clone()];
        of.plugins.iter().map(move |(name, plugin)| (path(name), plugin))
    });
    let all = own.chain(tenants);
    let count = |plugin: &Plugin| {
        [plugin.path.is_some(), plugin.builtin.is_some(), plugin.oci.is_some()]
            .into_iter()
            .filter(|given| *given)
            .count()
    };
    let wrong = all.filter(|(_, plugin)| count(plugin) != 1);
    wrong
        .map(|(path, _)| Problem {
            message: format!("`{}`: give one of `path`, `builtin` and `oci`", path.join(".")),
            path,
        })
        .collect()
}

fn bail_on(wrong: &[Problem], lines: &Lines) -> Result<()> {
    if wrong.is_empty() { Ok(()) } else { bail!("{}", problems(wrong, lines)) }
}

impl Loaded {
    /// Every setting, a line each: `path = value  # origin`. Secrets are masked.
    pub(crate) fn print(&self) -> String {
        let mut lines = String::new();
        self.lines(&self.values, "", &mut lines);
        lines
    }

    fn lines(&self, table: &Table, path: &str, out: &mut String) {
        for (key, value) in table {
            let path = join(path, key);
            match value {
                Value::Table(inner) if !inner.is_empty() => self.lines(inner, &path, out),
                value => {
                    let secret = ["api_key", "admin_key", "password"].contains(&key.as_str())
                        || (path.contains(".secrets.") && key == "value");
                    let shown = match value {
                        Value::String(text) if secret && !text.is_empty() => "\"***\"".to_owned(),
                        other => other.to_string(),
                    };
                    let origin = self.origins.get(&path).unwrap_or(&Origin::Default);
                    out.push_str(&format!("{path} = {shown}  # {origin}\n"));
                }
            }
        }
    }
}

/// Below these paths the operator chooses the keys; what stands below them is checked where its type is known.
const OPEN: [&str; 9] = [
    "plugins",
    "tenants",
    "registries",
    "trust.keys",
    "aliases.parser",
    "aliases.chunker",
    "aliases.embedder",
    "aliases.reranker",
    "aliases.chat-model",
];

/// Notes keys that the defaults do not have.
fn check(defaults: &Table, table: &Table, path: &mut Vec<String>, wrong: &mut Vec<Problem>) {
    for (key, value) in table {
        path.push(key.clone());
        let dotted = path.join(".");
        let problem = |message| Problem { path: path.clone(), message };
        match (defaults.get(key), value) {
            _ if OPEN.contains(&dotted.as_str()) => {}
            (None, _) => {
                let nearest = lines::nearest(key, defaults.keys());
                let above = dotted.strip_suffix(key.as_str()).unwrap_or_default();
                let advice = nearest.map(|near| format!("; did you mean `{above}{near}`?")).unwrap_or_default();
                wrong.push(problem(format!("unknown setting `{dotted}`{advice}")));
            }
            (Some(Value::Table(inner)), Value::Table(given)) => check(inner, given, path, wrong),
            (Some(Value::Table(_)), _) => {
                wrong.push(problem(format!("`{dotted}` is a group of settings, not a value")))
            }
            _ => {}
        }
        path.pop();
    }
}

fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(given)) => merge(inner, given),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn note(table: &Table, path: &str, origin: &Origin, origins: &mut BTreeMap<String, Origin>) {
    for (key, value) in table {
        let path = join(path, key);
        match value {
            Value::Table(inner) if !inner.is_empty() => note(inner, &path, origin, origins),
            _ => {
                origins.insert(path, origin.clone());
            }
        }
    }
}

/// A table with one value at a dotted path. The text is read as TOML where it is TOML, else as a string.
fn single(path: &str, text: &str) -> Table {
    let value = format!("v = {text}").parse::<Table>().ok().and_then(|mut t| t.remove("v"));
    let mut value = value.unwrap_or_else(|| Value::String(text.to_owned()));
    for key in path.split('.').rev() {
        let mut table = Table::new();
        table.insert(key.to_owned(), value);
        value = Value::Table(table);
    }
    match value {
        Value::Table(table) => table,
        _ => Table::new(),
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn defaults_load_and_name_their_origin() {
        let loaded = load(&Flags::default(), environment(&[])).unwrap();
        assert_eq!(loaded.config.listen.port(), 9380);
        assert!(loaded.print().contains("ingest.workers = 2  # default"));
    }

    #[test]
    fn flags_win_over_environment_over_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.toml");
        std::fs::write(&path, "data_dir = \"f\"\nlisten = \"127.0.0.1:1\"\n[ingest]\nworkers = 9\n").unwrap();
        let flags = Flags { file: Some(path), settings: vec![("listen".into(), "127.0.0.1:3".into())] };
        let loaded =
            load(&flags, environment(&[("MORTISE_LISTEN", "127.0.0.1:2"), ("MORTISE_DATA_DIR", "e")])).unwrap();
        assert_eq!(loaded.config.listen.port(), 3);
        assert_eq!(loaded.config.data_dir, PathBuf::from("e"));
        assert_eq!(loaded.config.ingest.workers, 9);
        let printed = loaded.print();
        assert!(printed.contains("# command line") && printed.contains("# MORTISE_DATA_DIR"), "{printed}");
    }

    #[test]
    fn unknown_keys_are_errors_everywhere() {
        let message = |result: Result<Loaded>| format!("{:#}", result.err().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let file = |text: &str| {
            let path = folder.path().join("m.toml");
            std::fs::write(&path, text).unwrap();
            message(load(&Flags { file: Some(path), settings: vec![] }, environment(&[])))
        };
        let told = file("# mine\n[ingest]\nworker = 2\n");
        assert!(told.contains("m.toml:3: unknown setting `ingest.worker`; did you mean `ingest.workers`?"), "{told}");
        let told = file("[ingest]\nworkers = \"two\"\n");
        assert!(told.contains("m.toml:2: `ingest.workers`: ") && told.contains("expected usize"), "{told}");
        let told = file("[plugins.x]\npath = \"a\"\n\n[plugins.x.config]\n[plugins.y]\npath = \"a\"\nhtp = []\n");
        assert!(told.contains("m.toml:7: `plugins.y") && told.contains("htp"), "{told}");
        let told = file("\n[plugins.x]\npath = \"a\"\noci = \"b\"\n");
        assert!(told.contains("m.toml:2: `plugins.x`: give one of"), "{told}");
        let told = file("workers = [\n");
        assert!(told.contains("m.toml"), "{told}");
        let unknown = message(load(&Flags::default(), environment(&[("MORTISE_INGEST__WORKER", "1")])));
        assert!(unknown.contains("MORTISE_INGEST__WORKER") && unknown.contains("ingest.worker"), "{unknown}");
        let flags = Flags { file: None, settings: vec![("nope".into(), "1".into())] };
        assert!(message(load(&flags, environment(&[]))).contains("unknown setting `nope`"));
        let flags = Flags { file: None, settings: vec![("plugins.x.pth".into(), "a".into())] };
        assert!(message(load(&flags, environment(&[]))).contains("pth"));
    }

    #[test]
    fn secrets_are_not_printed() {
        let loaded = load(&Flags::default(), environment(&[("MORTISE_API_KEY", "ragflow-hidden")])).unwrap();
        assert!(!loaded.print().contains("hidden"));
        assert!(!format!("{:?}", loaded.config).contains("hidden"));
        assert_eq!(loaded.config.api_key.expose(), "ragflow-hidden");
    }
}
