//! `mortise serve`, and the commands that look at the same data without serving.

use crate::admin::{self, Announced};
use crate::assemble::{Folders, assemble, runtime};
use crate::config::Config;
use crate::config::problems;
use crate::declare::declared;
use crate::supply::Components;
use crate::telemetry;
use anyhow::{Context, Result, bail};
use mortise_domain::ChangeSource;
use mortise_http::SurfaceOptions;
use mortise_service::Service;
use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Serves until SIGTERM or SIGINT, then lets requests under way finish, parks what is being ingested, and closes.
pub(crate) async fn serve(config: Config) -> Result<()> {
    let began = Instant::now();
    telemetry::start(&config.log)?;
    if !config.listen.ip().is_loopback() && config.api_key.is_empty() {
        bail!(
            "refusing to listen on {} without a key of yours: set MORTISE_API_KEY (or api_key in the settings file)",
            config.listen
        );
    }
    let folders = Folders::of(&config);
    let parts = assemble(&config, &folders).await?;
    give_key(&parts.service, &config).await?;
    let workers = parts.service.start_workers();
    let sweeper = tokio::spawn(sweep(parts.service.clone()));

    let ready = Arc::new(AtomicBool::new(false));
    let options = SurfaceOptions {
        legacy_stream: config.server.legacy_stream,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        max_body: config.server.max_body_mb << 20,
        admin_key: Some(admin::key(&config, &folders.data)?),
    };
    let app = mortise_http::app(parts.service.clone(), options, ready.clone());
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    let _announced = Announced::new(&folders.data, address)?;
    ready.store(true, Ordering::Release);
    println!("mortise listens on http://{address}");
    tracing::info!(%address, ready_ms = began.elapsed().as_millis() as u64, "ready");

    let (stop, mut stopping) = watch::channel(false);
    let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
        // An error means that the sender is gone, which is a reason to stop as well.
        let _ = stopping.wait_for(|stop| *stop).await;
    });
    let mut serving = std::pin::pin!(serving.into_future());
    tokio::select! {
        ended = &mut serving => ended.context("the HTTP server ended")?,
        () = asked_to_stop() => {
            ready.store(false, Ordering::Release);
            tracing::info!("stopping: waiting for requests under way");
            let _ = stop.send(true);
            let grace = Duration::from_secs(config.server.shutdown_grace_seconds);
            if tokio::time::timeout(grace, &mut serving).await.is_err() {
                tracing::warn!(?grace, "some requests did not end in time");
            }
        }
    }
    sweeper.abort();
    workers.stop().await;
    parts.close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// Every hour, removes what broken uploads left.
async fn sweep(service: Service) {
    let mut due = tokio::time::interval(Duration::from_secs(3600));
    loop {
        due.tick().await;
        match service.sweep_uploads().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "bytes of broken uploads removed"),
            Err(error) => tracing::warn!(%error, "bytes of broken uploads could not be removed"),
        }
    }
}

/// The operator's key, or on the first start one of our own, printed once.
async fn give_key(service: &Service, config: &Config) -> Result<()> {
    let tenant = service.default_tenant().await?;
    if !config.api_key.is_empty() {
        service.add_key(&tenant.id, config.api_key.expose()).await?;
    } else if !service.has_keys().await? {
        let key = new_key()?;
        service.add_key(&tenant.id, &key).await?;
        println!("Admin API key (shown only this once): {key}");
    }
    Ok(())
}

/// `ragflow-` and 32 random bytes as 43 characters of URL-safe base64: the form RAGFlow's clients know.
pub(crate) fn new_key() -> Result<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut random = [0u8; 32];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let mut key = String::from("ragflow-");
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in random {
        bits = bits << 8 | u32::from(byte);
        held += 8;
        while held >= 6 {
            held -= 6;
            key.push(char::from(ALPHABET[(bits >> held & 63) as usize]));
        }
    }
    key.push(char::from(ALPHABET[(bits << (6 - held) & 63) as usize]));
    Ok(key)
}

async fn asked_to_stop() {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM cannot be heard");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// `mortise reindex`: the index from nothing but the store.
pub(crate) async fn reindex(config: Config) -> Result<()> {
    telemetry::start(&config.log)?;
    let folders = Folders::of(&config);
    if !folders.data.is_dir() {
        bail!("there is no data in {}", folders.data.display());
    }
    let began = Instant::now();
    if folders.index.exists() {
        // Opened first, so that a running server on the same data is noticed before anything is removed.
        drop(mortise_store::Store::open(&folders.data).await?);
        std::fs::remove_dir_all(&folders.index)
            .with_context(|| format!("cannot remove {}", folders.index.display()))?;
    }
    let parts = assemble(&config, &folders).await?;
    let latest = parts.store.latest().await?;
    let caught_up = parts.follower.wait_for(latest, Duration::from_secs(24 * 3600)).await;
    let chunks = parts.index.count().await?;
    parts.close().await?;
    if !caught_up {
        bail!("the index did not catch up");
    }
    println!("{chunks} chunks indexed in {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

/// Of commands whose answer is what people want to read.
pub(crate) fn quiet(config: &mut Config) {
    if config.log.level == "info" {
        "warn".clone_into(&mut config.log.level);
    }
}

/// `mortise check`: whether a server would start with these settings.
pub(crate) async fn check(mut config: Config) -> Result<()> {
    quiet(&mut config);
    telemetry::start(&config.log)?;
    let folders = Folders::of(&config);
    // What is compiled for the check alone goes with it.
    let throw_away = tempfile::tempdir()?;
    let cache = if folders.plugins.exists() { folders.plugins } else { throw_away.path().to_owned() };
    let runtime = runtime(&config, &cache).await?;
    let supply = Components::of(&config, &cache)?;
    // Nobody's data is looked at: tenants are checked by name.
    let tenants = config.tenants.keys().map(|name| (name.clone(), name.clone().into())).collect();
    let found = declared(&runtime, &supply.keeping(), &config, &tenants).await;
    if !found.problems.is_empty() {
        bail!("the settings do not fit:\n{}", problems(&found.problems, &config.lines));
    }
    println!("the settings fit: {} plugins beside the built-in ones", found.plugins.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_form_clients_know() {
        let key = new_key().unwrap();
        let random = key.strip_prefix("ragflow-").unwrap();
        assert_eq!(random.len(), 43);
        assert!(random.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        assert_ne!(key, new_key().unwrap());
    }
}
