//! How `mortise plugin` reaches the administration API: over HTTP when a server runs on the data, in this process when
//! none does. Both speak to the same routes.

use crate::assemble::{Folders, Parts, assemble};
use crate::config::Config;
use anyhow::{Context, Result, bail};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use mortise_http::SurfaceOptions;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

/// The operator's key of a data folder: the configured one, or the one made at the first start.
pub(crate) fn key(config: &Config, data: &Path) -> Result<String> {
    if !config.admin_key.is_empty() {
        return Ok(config.admin_key.expose().to_owned());
    }
    let file = key_file(data);
    if let Ok(kept) = std::fs::read_to_string(&file) {
        return Ok(kept.trim().to_owned());
    }
    let key = crate::serve::new_key()?.replacen("ragflow", "mortise-admin", 1);
    private(&file, &key)?;
    Ok(key)
}

fn key_file(data: &Path) -> PathBuf {
    data.join("admin.key")
}

fn address_file(data: &Path) -> PathBuf {
    data.join("address")
}

/// Writes a file that only this user can read.
fn private(file: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    let mut options = std::fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(file).with_context(|| format!("cannot write {}", file.display()))?;
    open.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", file.display()))
}

/// Tells commands on the same data where the server listens, as long as it lives.
pub(crate) struct Announced(PathBuf);

impl Announced {
    pub(crate) fn new(data: &Path, address: std::net::SocketAddr) -> Result<Self> {
        let file = address_file(data);
        private(&file, &format!("http://{address}"))?;
        Ok(Self(file))
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        // A file that stays behind is found out by whoever tries the address.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Somebody who answers the administration API.
pub(crate) enum Admin {
    /// A running server.
    Server { url: String, key: String, client: reqwest::Client },
    /// This process, on the data itself.
    Here { router: axum::Router, key: String, parts: Box<Parts> },
}

/// An answer: its status and body.
pub(crate) type Answer = (StatusCode, Value);

impl Admin {
    /// The server that is named, or the one that runs on the data, or none: then this process opens the data itself.
    pub(crate) async fn reach(config: &Config, url: Option<&str>) -> Result<Self> {
        let folders = Folders::of(config);
        let client = reqwest::Client::builder().timeout(Duration::from_secs(600)).no_proxy().build()?;
        if let Some(url) = url {
            let key = key(config, &folders.data).context("the operator's key: set MORTISE_ADMIN_KEY")?;
            return Ok(Self::Server { url: url.trim_end_matches('/').to_owned(), key, client });
        }
        if let Ok(url) = std::fs::read_to_string(address_file(&folders.data)) {
            let lives = client.get(format!("{url}/livez")).timeout(Duration::from_secs(5)).send().await;
            if lives.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(Self::Server { url, key: key(config, &folders.data)?, client });
            }
        }
        let parts = assemble(config, &folders).await?;
        let key = key(config, &folders.data)?;
        let options = SurfaceOptions {
            legacy_stream: false,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            max_body: config.server.max_body_mb << 20,
            admin_key: Some(key.clone()),
        };
        let router = mortise_http::app(parts.service.clone(), options, Arc::default());
        Ok(Self::Here { router, key, parts: Box::new(parts) })
    }

    /// Sends a request below `/admin/v1` and gives the JSON of its answer.
    pub(crate) async fn call(&self, method: Method, path: &str, content: &str, body: Vec<u8>) -> Result<Answer> {
        let (Self::Server { key, .. } | Self::Here { key, .. }) = self;
        let authorization = format!("Bearer {key}");
        let (status, bytes) = match self {
            Self::Server { url, client, .. } => {
                let request = client.request(method, format!("{url}/admin/v1{path}"));
                let request =
                    request.header(header::AUTHORIZATION, authorization).header(header::CONTENT_TYPE, content);
                let answer = request.body(body).send().await.with_context(|| format!("cannot reach {url}"))?;
                (answer.status(), answer.bytes().await?)
            }
            Self::Here { router, .. } => {
                let request = Request::builder().method(method).uri(format!("/admin/v1{path}"));
                let request =
                    request.header(header::AUTHORIZATION, authorization).header(header::CONTENT_TYPE, content);
                let Ok(answer) = router.clone().oneshot(request.body(Body::from(body))?).await;
                let status = answer.status();
                (status, axum::body::to_bytes(answer.into_body(), usize::MAX).await?)
            }
        };
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or(Value::Null) };
        Ok((status, body))
    }

    /// As [`Admin::call`]; a refusal is an error in the server's words.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let bytes = body.map(Value::to_string).unwrap_or_default().into_bytes();
        accepted(self.call(method, path, "application/json", bytes).await?)
    }

    /// Leaves the data in one piece.
    pub(crate) async fn leave(self) -> Result<()> {
        match self {
            Self::Server { .. } => Ok(()),
            Self::Here { parts, router, .. } => {
                drop(router);
                parts.close().await
            }
        }
    }
}

/// The body of an answer that is no refusal.
pub(crate) fn accepted((status, body): Answer) -> Result<Value> {
    if status.is_success() {
        return Ok(body);
    }
    let error = &body["error"];
    let message = error["message"].as_str().unwrap_or("the server gave no reason");
    match error["field"].as_str() {
        Some(field) => bail!("{field}: {message}"),
        None if status == StatusCode::UNAUTHORIZED => {
            bail!("the server refuses the operator's key: set MORTISE_ADMIN_KEY to the server's admin_key")
        }
        None => bail!("{message}"),
    }
}
