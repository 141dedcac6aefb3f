//! Where components come from, as the settings say: files and registries, and whose signatures count.

use crate::config::{Config, Unsigned};
use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use bytes::Bytes;
use mortise_domain::{Error, FetchedComponent, Supply, Trust};
use mortise_supply::{
    Access, Credentials, Decision, Digest, FetchOptions, Policy, Reference, Signature, Source, TrustStore, Verdict,
};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Files and registries.
pub(crate) struct Components {
    options: FetchOptions,
    trusted: TrustStore,
    policy: Policy,
    /// Where what came from registries is kept.
    kept: PathBuf,
    /// Digests the operator was warned of: lists and metrics judge again and again.
    warned: Mutex<HashSet<Digest>>,
}

impl Components {
    /// What the settings say; registries' components are kept below `cache`.
    pub(crate) fn of(config: &Config, cache: &Path) -> Result<Self> {
        let policy = match config.trust.unsigned {
            Unsigned::Allow => Policy::Allow,
            Unsigned::Warn => Policy::Warn,
            Unsigned::Deny => Policy::Deny,
        };
        let options = FetchOptions { access: access(config)?, ..FetchOptions::default() };
        Ok(Self {
            options,
            trusted: TrustStore::new(&config.trust.keys)?,
            policy,
            kept: cache.join("fetched"),
            warned: Mutex::default(),
        })
    }

    /// The same for what the settings name: what came from a registry once is not fetched again, so that a start needs
    /// no network.
    pub(crate) fn keeping(&self) -> Keeping<'_> {
        Keeping(self)
    }

    async fn get(&self, reference: &Reference) -> mortise_domain::Result<FetchedComponent> {
        let fetched = mortise_supply::fetch(reference, &self.options).await;
        let fetched = fetched.map_err(|error| Error::invalid("source", with_causes(&error)))?;
        Ok(FetchedComponent {
            component: fetched.component,
            origin: fetched.origin,
            signatures: fetched.signatures.iter().map(ToString::to_string).collect(),
        })
    }
}

/// How registries are reached: the settings first, then what `docker login` left.
pub(crate) fn access(config: &Config) -> Result<Access> {
    let mut access = Access::default();
    let docker = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let docker = docker.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".docker")));
    if let Some(text) = docker.and_then(|folder| std::fs::read_to_string(folder.join("config.json")).ok()) {
        match Credentials::from_docker_config(&text) {
            Ok(found) => access.credentials.extend(found),
            Err(error) => tracing::warn!(%error, "docker's config.json is not used"),
        }
    }
    for (name, registry) in &config.registries {
        let at = || format!("registries.{name:?}");
        let password = match (&registry.password, &registry.password_env) {
            (Some(password), None) => Some(password.expose().to_owned()),
            (None, Some(variable)) => {
                Some(std::env::var(variable).with_context(|| format!("{}: environment variable {variable}", at()))?)
            }
            (None, None) => None,
            (Some(_), Some(_)) => bail!("{}: give either `password` or `password_env`", at()),
        };
        let credentials = match (&registry.username, password) {
            (Some(user), Some(password)) => Some(Credentials::password(user, password)),
            (None, Some(token)) => Some(Credentials::token(token)),
            (Some(_), None) => bail!("{}: a user without a password", at()),
            (None, None) => None,
        };
        access.credentials.extend(credentials.map(|credentials| (name.clone(), credentials)));
        if registry.insecure {
            access.insecure.insert(name.clone());
        }
    }
    Ok(access)
}

/// A reference as people write it: a bare file name is a path too.
pub(crate) fn reference(text: &str) -> mortise_domain::Result<Reference> {
    match text.parse() {
        Ok(reference) => Ok(reference),
        Err(_) if !text.contains(':') => Ok(Reference::file(text)),
        Err(error) => Err(Error::invalid("source", error.to_string())),
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

#[async_trait]
impl Supply for Components {
    async fn fetch(&self, text: &str) -> mortise_domain::Result<FetchedComponent> {
        self.get(&reference(text)?).await
    }

    fn judge(&self, digest: &str, signatures: &[String]) -> mortise_domain::Result<Trust> {
        let digest: Digest = digest.parse().map_err(Error::internal)?;
        let mut read = Vec::new();
        for text in signatures {
            let signatures = Signature::parse_all(text);
            read.extend(signatures.map_err(|error| Error::Denied { what: format!("its signature: {error}") })?);
        }
        let judgement = self.trusted.judge(&digest, &read, self.policy);
        match judgement.decision {
            Decision::Install => {}
            Decision::Warn(why) if self.warned.lock().is_ok_and(|mut warned| warned.insert(digest)) => {
                tracing::warn!(%digest, "{why}");
            }
            Decision::Warn(_) => {}
            Decision::Refuse(why) => return Err(Error::Denied { what: why }),
        }
        Ok(match judgement.verdict {
            Verdict::Trusted { by } => Trust::Signed(by),
            Verdict::UnknownKey { id } => Trust::UnknownKey(vec![id.to_string()]),
            Verdict::Unsigned | Verdict::Invalid { .. } => Trust::Unsigned,
        })
    }
}

/// See [`Components::keeping`].
pub(crate) struct Keeping<'a>(&'a Components);

/// What is kept beside a component from a registry.
#[derive(Serialize, Deserialize)]
struct Note {
    reference: String,
    origin: String,
    digest: String,
    signatures: Vec<String>,
}

impl Keeping<'_> {
    fn note(&self, reference: &Reference) -> PathBuf {
        self.0.kept.join(format!("{}.json", Digest::of(reference.to_string().as_bytes()).hex()))
    }

    fn kept(&self, reference: &Reference) -> Option<FetchedComponent> {
        let note: Note = serde_json::from_slice(&std::fs::read(self.note(reference)).ok()?).ok()?;
        let bytes = std::fs::read(self.0.kept.join(format!("{}.wasm", note.digest))).ok()?;
        let sound = note.reference == reference.to_string() && Digest::of(&bytes).hex() == note.digest;
        let component = Bytes::from(bytes);
        sound.then_some(FetchedComponent { component, origin: note.origin, signatures: note.signatures })
    }

    fn keep(&self, reference: &Reference, fetched: &FetchedComponent) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.0.kept)?;
        let digest = Digest::of(&fetched.component).hex();
        let note = Note {
            reference: reference.to_string(),
            origin: fetched.origin.clone(),
            digest: digest.clone(),
            signatures: fetched.signatures.clone(),
        };
        std::fs::write(self.0.kept.join(format!("{digest}.wasm")), &fetched.component)?;
        // Last: a note stands for whole bytes, which are checked when they are read all the same.
        std::fs::write(self.note(reference), serde_json::to_vec(&note)?)
    }
}

#[async_trait]
impl Supply for Keeping<'_> {
    async fn fetch(&self, text: &str) -> mortise_domain::Result<FetchedComponent> {
        let reference = reference(text)?;
        if !matches!(reference.source, Source::Oci(_)) {
            return self.0.get(&reference).await;
        }
        if let Some(kept) = self.kept(&reference) {
            tracing::debug!(%reference, "component fetched earlier");
            return Ok(kept);
        }
        let fetched = self.0.get(&reference).await?;
        if let Err(error) = self.keep(&reference, &fetched) {
            tracing::warn!(%error, %reference, "a fetched component cannot be kept; the next start fetches it again");
        }
        Ok(fetched)
    }

    fn judge(&self, digest: &str, signatures: &[String]) -> mortise_domain::Result<Trust> {
        self.0.judge(digest, signatures)
    }
}
