//! The `mortise` binary: reads flags, environment and files, runs one command, and turns its error into an exit code.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "commands talk to people by printing")]

mod admin;
mod ask;
mod assemble;
mod author;
mod cli;
mod config;
mod declare;
mod operator;
mod serve;
mod signing;
mod supply;
mod telemetry;

use clap::Parser;
use cli::{Cli, Command, PluginCommand, Settings};
use config::{Loaded, load};
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
    // Of all TLS clients in this process; fails only when one is chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        match command {
            Command::Serve(settings) => serve::serve(loaded(&settings)?.config).await,
            Command::Ask { folder, question, top_n, settings } => {
                ask::ask(loaded(&settings)?.config, &folder, &question, top_n).await
            }
            Command::Reindex(settings) => serve::reindex(loaded(&settings)?.config).await,
            Command::Check(settings) => serve::check(loaded(&settings)?.config).await,
            Command::Config(settings) => {
                print!("{}", loaded(&settings)?.print());
                Ok(())
            }
            Command::Plugin(PluginCommand::Operator(command)) => return operator::run(command).await,
            Command::Plugin(PluginCommand::Author(command)) => return author::run(command).await,
            Command::Plugin(PluginCommand::Signing(command)) => signing::run(command).await,
        }
        .map(|()| ExitCode::SUCCESS)
    });
    // What a command left running must not keep it from ending.
    runtime.shutdown_background();
    done
}

fn loaded(settings: &Settings) -> anyhow::Result<Loaded> {
    load(&settings.flags(), std::env::vars())
}
