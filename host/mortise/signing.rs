//! `mortise plugin keygen`, `sign`, `verify` and `publish`: what a publisher and a careful operator do with a file.

use crate::cli::Settings;
use crate::config::{Config, load};
use crate::supply::{Components, access, reference};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use mortise_domain::Supply;
use mortise_runtime::{Runtime, RuntimeOptions};
use mortise_supply::publish::{DESCRIPTION, TITLE, VERSION};
use mortise_supply::{Digest, Metadata, Policy, PublishOptions, Signature, SigningKey, TrustStore, Verdict};
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(crate) enum SigningCommand {
    /// Make a key to sign components with.
    Keygen {
        /// File for the private key; only you can read it.
        #[arg(default_value = "mortise.key")]
        file: PathBuf,
    },
    /// Sign a component: the signature goes beside it, into FILE.sig.
    Sign {
        /// The component.
        file: PathBuf,
        /// The private key.
        #[arg(long, default_value = "mortise.key")]
        key: PathBuf,
    },
    /// Tell who vouches for a component, judged by `[trust]` in the settings.
    Verify {
        /// A file, or `oci://registry/name:tag`.
        source: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Put a component into an OCI registry, with the signatures beside it.
    Publish(Publish),
}

#[derive(Args, Debug)]
pub(crate) struct Publish {
    /// The component.
    file: PathBuf,
    /// `oci://registry/name:tag`.
    reference: String,
    /// Move the tag if it names something else already.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Runs one of the commands.
pub(crate) async fn run(command: SigningCommand) -> Result<()> {
    match command {
        SigningCommand::Keygen { file } => {
            let key = SigningKey::generate()?;
            key.save(&file)?;
            println!("private key: {} (keep it to yourself)", file.display());
            println!("public key, for [trust.keys] of those who trust you:\n{}", key.public());
            Ok(())
        }
        SigningCommand::Sign { file, key } => {
            let key = SigningKey::load(&key)?;
            let component = read(&file)?;
            let mut signatures = beside(&file)?;
            key.sign(&Digest::of(&component)).add_to(&mut signatures);
            let to = Signature::file_of(&file);
            std::fs::write(&to, Signature::write_all(&signatures))
                .with_context(|| format!("cannot write {}", to.display()))?;
            println!("signed by {}: {}", key.public().id(), to.display());
            Ok(())
        }
        SigningCommand::Verify { source, settings } => {
            let config = quiet(&settings)?;
            let components = Components::of(&config, Path::new(""))?;
            let fetched = components.fetch(&source).await?;
            let digest = Digest::of(&fetched.component);
            match components.judge(&digest.hex(), &fetched.signatures)? {
                mortise_domain::Trust::Signed(by) => println!("{digest} is signed by {by}"),
                mortise_domain::Trust::UnknownKey(ids) => {
                    bail!("{digest} is signed by {}, whom [trust.keys] does not name", ids.join(", "))
                }
                _ => bail!("{digest} is not signed"),
            }
            Ok(())
        }
        SigningCommand::Publish(publish) => publish.run().await,
    }
}

impl Publish {
    async fn run(self) -> Result<()> {
        let config = quiet(&self.settings)?;
        let component = read(&self.file)?;
        let signatures = beside(&self.file)?;
        // What is no plugin is not published; what it says of itself goes along.
        let cache = tempfile::tempdir()?;
        let runtime = Runtime::new(RuntimeOptions { cache_dir: cache.path().into(), count_fuel: false })?;
        let info = runtime.read_description(component.clone().into()).await?;
        let annotations = [(TITLE, &info.name), (DESCRIPTION, &info.summary), (VERSION, &info.version)];
        let annotations = annotations.map(|(key, value)| (key.to_owned(), value.clone())).into();
        let metadata = Metadata { annotations, ..Metadata::default() };
        let options = PublishOptions { replace: self.replace, access: access(&config)? };
        let to = reference(&self.reference)?;
        let published = mortise_supply::publish(&to, component.into(), &metadata, &signatures, &options).await?;
        println!("published {} {} {} with {} signatures", info.role, info.name, info.version, signatures.len());
        println!("{}", published.reference);
        Ok(())
    }
}

/// What the signatures beside a component are worth, in words; whom to trust, the settings of MORTISE_CONFIG say.
pub(crate) fn told(component: &Path, digest: &str) -> Result<String> {
    let signatures = beside(component)?;
    let config = load(&Settings::default().flags(), std::env::vars())?.config;
    let trusted = TrustStore::new(&config.trust.keys)?;
    Ok(match trusted.judge(&digest.parse()?, &signatures, Policy::Allow).verdict {
        Verdict::Trusted { by } => format!("signed by {by}"),
        Verdict::Unsigned => "none".into(),
        Verdict::UnknownKey { id } => format!("by key {id}, which [trust.keys] does not name"),
        Verdict::Invalid { why } => format!("does not fit: {why}"),
    })
}

fn quiet(settings: &Settings) -> Result<Config> {
    let mut config = load(&settings.flags(), std::env::vars())?.config;
    crate::serve::quiet(&mut config);
    crate::telemetry::start(&config.log)?;
    Ok(config)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// The signatures beside a component, if there are any.
fn beside(component: &Path) -> Result<Vec<Signature>> {
    let file = Signature::file_of(component);
    match std::fs::read_to_string(&file) {
        Ok(text) => Signature::parse_all(&text).with_context(|| file.display().to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(vec![]),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}
