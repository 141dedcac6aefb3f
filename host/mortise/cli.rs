//! The commands.

use crate::author::AuthorCommand;
use crate::config::Flags;
use crate::operator::OperatorCommand;
use crate::signing::SigningCommand;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// A RAG server whose parsers, chunk methods and models are sandboxed WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "mortise", version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "made once, when the process starts")]
pub(crate) enum Command {
    /// Answer HTTP requests until told to stop.
    Serve(Settings),
    /// Read a folder of documents into a throw-away store and answer one question from it, offline.
    Ask {
        /// Folder (or file) to read.
        folder: PathBuf,
        /// What to ask.
        question: String,
        /// Passages given to the chat model.
        #[arg(long, default_value_t = 6)]
        top_n: u32,
        #[command(flatten)]
        settings: Settings,
    },
    /// Print the settings in force and where each comes from.
    Config(Settings),
    /// Build the search index anew from the store. The server must not be running on the same data.
    Reindex(Settings),
    /// Check settings and the plugins that they name, without starting: every problem with its line and the remedy.
    Check(Settings),
    /// Install, grant, replace and remove plugins; write, build, test and measure one's own.
    #[command(subcommand)]
    Plugin(PluginCommand),
}

/// `mortise plugin …`
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    #[command(flatten)]
    Operator(OperatorCommand),
    #[command(flatten)]
    Signing(SigningCommand),
    #[command(flatten)]
    Author(AuthorCommand),
}

/// Where settings come from.
#[derive(Args, Debug, Default)]
pub(crate) struct Settings {
    /// Settings file (TOML).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where everything is kept.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// Any other setting, e.g. `--set ingest.workers=4`.
    #[arg(long, value_name = "PATH=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (path, value) = text.split_once('=').ok_or("expected PATH=VALUE")?;
    Ok((path.trim().to_owned(), value.trim().to_owned()))
}

impl Settings {
    pub(crate) fn flags(&self) -> Flags {
        let quoted = |text: &String| toml::Value::String(text.clone()).to_string();
        let mut settings = self.set.clone();
        settings.extend(self.listen.iter().map(|l| ("listen".to_owned(), quoted(l))));
        settings.extend(self.data_dir.iter().map(|d| ("data_dir".to_owned(), quoted(d))));
        Flags { file: self.config.clone(), settings }
    }
}
