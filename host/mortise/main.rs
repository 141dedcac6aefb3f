//! The `mortise` binary: reads flags, environment and files, runs one command, and turns its error into an exit code.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "commands talk to people by printing")]

mod ask;
mod assemble;
mod cli;
mod config;
mod serve;
mod telemetry;

use clap::Parser;
use cli::{Cli, Command};
use config::{Loaded, load};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mortise: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let settings = match &command {
        Command::Serve(s) | Command::Config(s) | Command::Reindex(s) | Command::Plugins(s) => s,
        Command::Ask { settings, .. } => settings,
    };
    let loaded = load(&settings.flags(), std::env::vars())?;
    if matches!(command, Command::Config(_)) {
        print!("{}", loaded.print());
        return Ok(());
    }
    let Loaded { config, .. } = loaded;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Serve(_) => serve::serve(config).await,
            Command::Ask { folder, question, top_n, .. } => ask::ask(config, &folder, &question, top_n).await,
            Command::Reindex(_) => serve::reindex(config).await,
            Command::Plugins(_) => serve::plugins(config).await,
            Command::Config(_) => Ok(()),
        }
    })
}
