//! The `mortise` binary: reads flags, environment and files, runs one command, and turns its error into an exit code.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "commands talk to people by printing")]

mod ask;
mod assemble;
mod author;
mod cli;
mod config;
mod serve;
mod telemetry;

use clap::Parser;
use cli::{Cli, Command, PluginCommand, Settings};
use config::load;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("mortise: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let load = |settings: &Settings| load(&settings.flags(), std::env::vars());
    match command {
        Command::Plugin { command: PluginCommand::Author(command) } => {
            return runtime()?.block_on(author::run(command));
        }
        Command::Config(settings) => print!("{}", load(&settings)?.print()),
        Command::Serve(settings) => runtime()?.block_on(serve::serve(load(&settings)?.config))?,
        Command::Reindex(settings) => runtime()?.block_on(serve::reindex(load(&settings)?.config))?,
        Command::Plugins(settings) => runtime()?.block_on(serve::plugins(load(&settings)?.config))?,
        Command::Ask { folder, question, top_n, settings } => {
            runtime()?.block_on(ask::ask(load(&settings)?.config, &folder, &question, top_n))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
