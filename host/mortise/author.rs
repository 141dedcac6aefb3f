//! `mortise plugin new|build|test|run|bench|inspect|bindings|componentize`: what an author of plugins types. The work is done on the workbench;
//! here flags, environment and terminal are read.

use crate::config::{Log, LogFormat};
use crate::telemetry;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use mortise_domain::{JsonMap, Role};
use mortise_workbench::{Access, Job, New, Paint, PluginName, Target, Workbench};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(crate) enum AuthorCommand {
    /// Write the folder of a new plugin, which builds and passes its tests at once.
    New(NewArguments),
    /// Build a plugin's component by the command in its plugin.toml, and print where it is.
    Build {
        /// The plugin's folder.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Check a component against the contract, and against the cases in its folder.
    Test(TestArguments),
    /// Show what a component makes of a file.
    Run(RunArguments),
    /// Say what a component costs: time, memory, fuel.
    Bench(BenchArguments),
    /// Say what a component is, what it takes and what it asks for.
    Inspect(InspectArguments),
    /// Write C bindings of a role's contract: a header, glue, and an object with its type.
    Bindings {
        /// parser, chunker, embedder, reranker or chat-model.
        #[arg(value_parser = role)]
        role: Role,
        /// Where to.
        folder: PathBuf,
    },
    /// Make a component of a core module that was linked with such bindings.
    Componentize {
        /// What the linker wrote.
        module: PathBuf,
        /// Where to.
        component: PathBuf,
    },
}

#[derive(Args, Debug)]
pub(crate) struct NewArguments {
    /// Its name: lower-case words, joined by dashes.
    name: PluginName,
    /// What it does: parser, chunker, embedder, reranker or chat-model.
    #[arg(long, value_parser = role)]
    role: Role,
    /// What it is written in.
    #[arg(long, default_value = "rust")]
    lang: String,
    /// Where to write it. Default: a folder of its name, here.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// A checkout of Mortise to build against, instead of a copy of the SDK that goes into the folder.
    #[arg(long, value_name = "PATH")]
    sdk: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct TestArguments {
    #[command(flatten)]
    bench: BenchSettings,
    /// Write what the cases give now as what is expected of them.
    #[arg(long)]
    bless: bool,
    /// Run one check, or one case, alone.
    #[arg(long, value_name = "CHECK")]
    only: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct RunArguments {
    /// A plugin's folder, which is built first if need be, or a component (default: this folder); and the file to work on,
    /// `-` being standard input. For an embedder: a text a line. For a reranker: the query, then a text a line. For a
    /// chat model: the question, then passages, a paragraph each.
    #[arg(value_names = ["FOLDER|FILE.wasm", "INPUT"], num_args = 1..=2, required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    call: CallSettings,
    #[command(flatten)]
    output: OutputSettings,
}

#[derive(Args, Debug)]
pub(crate) struct BenchArguments {
    #[command(flatten)]
    bench: BenchSettings,
    /// The file to work on. Default: the largest input of the cases, or text that is made up.
    input: Option<PathBuf>,
    #[command(flatten)]
    call: CallSettings,
}

#[derive(Args, Debug)]
pub(crate) struct InspectArguments {
    #[command(flatten)]
    bench: BenchSettings,
}

/// What most commands work on and how they answer.
#[derive(Args, Debug)]
pub(crate) struct BenchSettings {
    /// A plugin's folder, which is built first if need be, or a component.
    #[arg(value_name = "FOLDER|FILE.wasm", default_value = ".")]
    target: PathBuf,
    #[command(flatten)]
    output: OutputSettings,
}

#[derive(Args, Debug)]
pub(crate) struct OutputSettings {
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
    /// Where compiled plugins are kept. Default: the user's cache folder.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Say on standard error what is going on.
    #[arg(long, short)]
    verbose: bool,
}

/// How a plugin is called.
#[derive(Args, Debug)]
pub(crate) struct CallSettings {
    /// The plugin's settings: a JSON object.
    #[arg(long, value_name = "JSON", value_parser = settings, default_value = "{}")]
    config: JsonMap,
    /// A host that the plugin may reach; may be given several times.
    #[arg(long, value_name = "HOST")]
    http: Vec<String>,
    /// A secret that the plugin may send to these hosts, taken from an environment variable.
    #[arg(long, value_name = "NAME=VARIABLE")]
    secret: Vec<String>,
}

fn role(text: &str) -> Result<Role, String> {
    let names = Role::ALL.map(Role::as_str).join(", ");
    Role::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| format!("the roles are {names}"))
}

fn settings(text: &str) -> Result<JsonMap, String> {
    serde_json::from_str(text).map_err(|error| format!("it is not a JSON object: {error}"))
}

pub(crate) async fn run(command: AuthorCommand) -> Result<ExitCode> {
    match command {
        AuthorCommand::New(arguments) => new(arguments)?,
        AuthorCommand::Build { folder } => println!("{}", mortise_workbench::build(&folder)?.display()),
        AuthorCommand::Bindings { role, folder } => {
            for file in mortise_workbench::bindings(role, &folder)? {
                println!("{}", file.display());
            }
        }
        AuthorCommand::Componentize { module, component } => {
            let bytes = std::fs::read(&module).with_context(|| module.display().to_string())?;
            let made = mortise_workbench::componentize(&bytes)?;
            std::fs::write(&component, made).with_context(|| component.display().to_string())?;
        }
        AuthorCommand::Test(arguments) => return test(arguments).await,
        AuthorCommand::Run(arguments) => {
            let RunArguments { mut paths, call, output } = arguments;
            let input = paths.pop().context("INPUT is missing")?;
            let target = paths.pop().unwrap_or_else(|| ".".into());
            let (bench, target) = output.open(&target)?;
            let job = Job { target: &target, config: &call.config, access: &call.access()? };
            let (json, paint) = (output.json, paint());
            let mut out = std::io::stdout();
            mortise_workbench::run(&bench, job, &input, json, paint, &mut out).await?;
        }
        AuthorCommand::Bench(BenchArguments { bench: settings, input, call }) => {
            let (bench, target) = settings.output.open(&settings.target)?;
            let job = Job { target: &target, config: &call.config, access: &call.access()? };
            let measured = mortise_workbench::measure(&bench, &settings.output.cache()?, job, input.as_deref()).await?;
            answer(settings.output.json, || measured.print(paint()), || measured.json())?;
        }
        AuthorCommand::Inspect(InspectArguments { bench: settings }) => {
            let (bench, target) = settings.output.open(&settings.target)?;
            let inspection = bench.inspect(&target).await?;
            let told = crate::signing::told(&target.path, &inspection.digest)?;
            let signature = Some(told.as_str());
            answer(
                settings.output.json,
                || mortise_workbench::sheet(&inspection, signature, paint()),
                || mortise_workbench::sheet_json(&inspection, signature),
            )?;
            return Ok(if inspection.misfits.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn new(arguments: NewArguments) -> Result<()> {
    let NewArguments { name, role, lang, folder, sdk } = arguments;
    let folder = folder.unwrap_or_else(|| name.as_str().into());
    mortise_workbench::scaffold(&New { name, role, language: lang, folder: folder.clone(), sdk })?;
    println!("{} is ready ({role}): it builds and passes its tests. Next:", folder.display());
    println!("    cd {}", folder.display());
    println!("    mortise plugin build");
    println!("    mortise plugin test");
    Ok(())
}

async fn test(arguments: TestArguments) -> Result<ExitCode> {
    let TestArguments { bench: settings, bless, only } = arguments;
    let (bench, target) = settings.output.open(&settings.target)?;
    let cache = settings.output.cache()?;
    let verdict = mortise_workbench::test(&bench, &cache, &target, only.as_deref(), bless).await?;
    answer(settings.output.json, || verdict.print(paint()), || verdict.json())?;
    Ok(if verdict.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints for people or for machines.
fn answer(json: bool, people: impl Fn() -> String, machines: impl Fn() -> serde_json::Value) -> Result<()> {
    let text = if json { format!("{:#}\n", machines()) } else { people() };
    // A reader that has seen enough is no failure of ours to print a backtrace of.
    std::io::stdout().write_all(text.as_bytes()).context("standard output")
}

/// Colours go to people alone, and only to those who want them (<https://no-color.org>).
fn paint() -> Paint {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Paint { colour: std::io::stdout().is_terminal() && !unwanted }
}

impl OutputSettings {
    /// The workbench, and the component to work on.
    fn open(&self, target: &Path) -> Result<(Workbench, Target)> {
        // What a plugin logs is for its author; what the host logs is said again in its errors.
        let level = if self.verbose { "info,mortise_runtime=debug,plugin=trace" } else { "off,plugin=info" };
        telemetry::start(&Log { level: level.into(), format: LogFormat::Text })?;
        let target = Target::open(target)?;
        Ok((Workbench::open(&self.cache()?)?, target))
    }

    fn cache(&self) -> Result<PathBuf> {
        if let Some(folder) = &self.cache {
            return Ok(folder.clone());
        }
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
        Ok(cache
            .context("there is no HOME: say with --cache where compiled plugins are kept")?
            .join("mortise/workbench"))
    }
}

impl CallSettings {
    fn access(&self) -> Result<Access> {
        let secret = |pair: &String| {
            let Some((name, variable)) = pair.split_once('=') else { bail!("--secret {pair}: expected NAME=VARIABLE") };
            let value = std::env::var(variable).with_context(|| format!("environment variable {variable}"))?;
            Ok((name.to_owned(), value))
        };
        Ok(Access { hosts: self.http.clone(), secrets: self.secret.iter().map(secret).collect::<Result<_>>()? })
    }
}
