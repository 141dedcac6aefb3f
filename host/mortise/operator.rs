//! The operator's half of `mortise plugin`: install, list, grant, revoke, remove, roll back, verify.

use crate::admin::{Admin, accepted};
use crate::cli::Settings;
use crate::config::{Config, load};
use anyhow::{Context, Result, bail};
use axum::http::Method;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// Install a component, or replace the one of the same name while the server runs.
    Install {
        /// A file, a path on the server, or `oci://registry/name:tag`.
        source: String,
        /// Name under which it is offered; its own when absent.
        #[arg(long)]
        name: Option<String>,
        /// `sha256:…` that the component must have.
        #[arg(long)]
        digest: Option<String>,
        /// Settings as JSON.
        #[arg(long, value_name = "JSON")]
        settings_json: Option<String>,
        #[command(flatten)]
        grants: Grants,
        /// Memory of one instance, MiB.
        #[arg(long)]
        memory_mb: Option<u64>,
        /// Seconds of one call.
        #[arg(long)]
        seconds: Option<u64>,
        /// Calls at the same time.
        #[arg(long)]
        concurrency: Option<usize>,
        #[command(flatten)]
        at: Server,
    },
    /// List installed plugins with digest, signature, grants and last fault.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: Server,
    },
    /// Give a plugin hosts, local models or secrets, beside what it has.
    Grant {
        #[command(flatten)]
        plugin: Named,
        #[command(flatten)]
        grants: Grants,
        #[command(flatten)]
        at: Server,
    },
    /// Take hosts, local models or secrets (`--secret NAME`) away.
    Revoke {
        #[command(flatten)]
        plugin: Named,
        #[command(flatten)]
        grants: Grants,
        #[command(flatten)]
        at: Server,
    },
    /// Remove an installed plugin with all its generations.
    Remove {
        #[command(flatten)]
        plugin: Named,
        #[command(flatten)]
        at: Server,
    },
    /// Go back to the generation before the one in use.
    Rollback {
        #[command(flatten)]
        plugin: Named,
        /// To this generation.
        #[arg(long)]
        to: Option<u32>,
        #[command(flatten)]
        at: Server,
    },
}

/// Which plugin.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// Its name.
    name: String,
    /// Its role, where the name alone is not enough.
    #[arg(long)]
    role: Option<String>,
}

/// What a plugin may do.
#[derive(Args, Debug)]
pub(crate) struct Grants {
    /// A host it may reach: `api.example.com`, `localhost:8080`, `*.example.com`.
    #[arg(long, value_name = "HOST")]
    http: Vec<String>,
    /// A local model it may run.
    #[arg(long, value_name = "NAME")]
    model: Vec<String>,
    /// Its hosts may be machines of this network.
    #[arg(long)]
    allow_private: bool,
    /// A secret for one host, taken from an environment variable: `NAME=HOST:VARIABLE`.
    #[arg(long, value_name = "NAME=HOST:VARIABLE")]
    secret: Vec<String>,
}

/// Which server, and whose plugins.
#[derive(Args, Debug)]
pub(crate) struct Server {
    /// The server's address; by default the one that runs on the data folder, or the folder itself when none does.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A tenant's own plugins, by its id or name.
    #[arg(long)]
    tenant: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

impl Server {
    fn config(&self) -> Result<Config> {
        let mut config = load(&self.settings.flags(), std::env::vars())?.config;
        crate::serve::quiet(&mut config);
        Ok(config)
    }
}

/// Runs one of the commands.
pub(crate) async fn run(command: OperatorCommand) -> Result<ExitCode> {
    let (OperatorCommand::Install { at, .. }
    | OperatorCommand::List { at, .. }
    | OperatorCommand::Grant { at, .. }
    | OperatorCommand::Revoke { at, .. }
    | OperatorCommand::Remove { at, .. }
    | OperatorCommand::Rollback { at, .. }) = &command;
    let config = at.config()?;
    crate::telemetry::start(&config.log)?;
    let admin = Admin::reach(&config, at.url.as_deref()).await?;
    let outcome = on(&admin, command).await;
    admin.leave().await?;
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn on(admin: &Admin, command: OperatorCommand) -> Result<()> {
    match command {
        OperatorCommand::Install {
            source,
            name,
            digest,
            settings_json,
            grants,
            memory_mb,
            seconds,
            concurrency,
            at,
        } => {
            let mut spec = Map::new();
            let mut put = |key: &str, value: Option<Value>| spec.extend(value.map(|value| (key.to_owned(), value)));
            put("name", name.map(Value::from));
            put("digest", digest.map(Value::from));
            put("tenant", at.tenant.map(Value::from));
            let settings = settings_json.map(|text| serde_json::from_str::<Value>(&text)).transpose();
            put("config", settings.context("--settings-json")?);
            put("grants", grants.given()?);
            let limits = json!({"memory_mb": memory_mb, "seconds": seconds, "concurrency": concurrency});
            put("limits", (memory_mb.is_some() || seconds.is_some() || concurrency.is_some()).then_some(limits));
            let installed = install(admin, &source, spec).await?;
            println!("installed {}", line(&installed));
            told_unmet(&installed);
            Ok(())
        }
        OperatorCommand::List { json, .. } => {
            let listed = admin.ask(Method::GET, "/plugins", None).await?;
            if json {
                println!("{}", serde_json::to_string_pretty(&listed)?);
                return Ok(());
            }
            for plugin in listed["plugins"].as_array().into_iter().flatten() {
                print_listed(plugin);
            }
            Ok(())
        }
        OperatorCommand::Grant { plugin, grants, at } => {
            let change = grants.given()?.context("say what to grant: --http, --model, --secret or --allow-private")?;
            let path = path(admin, &plugin, at.tenant.as_deref(), "/grant").await?;
            let plugin = admin.ask(Method::POST, &path, Some(&change)).await?;
            println!("{}: {}", line(&plugin), grants_of(&plugin));
            Ok(())
        }
        OperatorCommand::Revoke { plugin, grants, at } => {
            let change = grants.named().context("say what to revoke: --http, --model, --secret or --allow-private")?;
            let path = path(admin, &plugin, at.tenant.as_deref(), "/revoke").await?;
            let plugin = admin.ask(Method::POST, &path, Some(&change)).await?;
            println!("{}: {}", line(&plugin), grants_of(&plugin));
            Ok(())
        }
        OperatorCommand::Remove { plugin, at } => {
            let path = path(admin, &plugin, at.tenant.as_deref(), "").await?;
            admin.ask(Method::DELETE, &path, None).await?;
            println!("removed {}", plugin.name);
            Ok(())
        }
        OperatorCommand::Rollback { plugin, to, at } => {
            let path = path(admin, &plugin, at.tenant.as_deref(), "/rollback").await?;
            let plugin = admin.ask(Method::POST, &path, Some(&json!({"generation": to}))).await?;
            println!("back to {}", line(&plugin));
            Ok(())
        }
    }
}

/// A file of this machine is sent along with its signatures; everything else the server fetches itself.
async fn install(admin: &Admin, source: &str, mut spec: Map<String, Value>) -> Result<Value> {
    let file = PathBuf::from(source.strip_prefix("file:").unwrap_or(source));
    if source.starts_with("oci://") || !file.is_file() {
        spec.insert("source".into(), source.into());
        return admin.ask(Method::POST, "/plugins", Some(&Value::Object(spec))).await;
    }
    let component = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut form = Form::default();
    form.part("component", Some("component.wasm"), &component);
    let beside = PathBuf::from(format!("{}.sig", file.display()));
    if let Ok(signature) = std::fs::read(&beside) {
        form.part("signature", Some("component.wasm.sig"), &signature);
    }
    form.part("spec", None, Value::Object(spec).to_string().as_bytes());
    let (content, body) = form.finish();
    accepted(admin.call(Method::POST, "/plugins", &content, body).await?)
}

/// `multipart/form-data`, as far as this one form needs it.
struct Form {
    boundary: String,
    body: Vec<u8>,
}

impl Default for Form {
    fn default() -> Self {
        // Nothing but chance could put these into a component.
        Self {
            boundary: format!("mortise-{}-{}", mortise_domain::id::new_uuid4(), std::process::id()),
            body: Vec::new(),
        }
    }
}

impl Form {
    fn part(&mut self, name: &str, file: Option<&str>, bytes: &[u8]) {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head = format!("--{}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n", self.boundary);
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(bytes);
        self.body.extend_from_slice(b"\r\n");
    }

    fn finish(mut self) -> (String, Vec<u8>) {
        self.body.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        (format!("multipart/form-data; boundary={}", self.boundary), self.body)
    }
}

/// The path of the plugin that was named.
async fn path(admin: &Admin, named: &Named, tenant: Option<&str>, verb: &str) -> Result<String> {
    let role = match &named.role {
        Some(role) => role.clone(),
        None => {
            let listed = admin.ask(Method::GET, "/plugins", None).await?;
            let all = listed["plugins"].as_array().cloned().unwrap_or_default();
            let mut roles: Vec<&str> =
                all.iter().filter(|p| p["name"] == named.name.as_str()).filter_map(|p| p["role"].as_str()).collect();
            roles.dedup();
            match roles.as_slice() {
                [role] => (*role).to_owned(),
                [] => bail!("no plugin is called {:?}; `mortise plugin list` shows what there is", named.name),
                several => {
                    bail!("several plugins are called {:?}: say --role {}", named.name, several.join(" or --role "))
                }
            }
        }
    };
    let query = tenant.map(|tenant| format!("?tenant={}", encoded(tenant))).unwrap_or_default();
    Ok(format!("/plugins/{role}/{}{verb}{query}", encoded(&named.name)))
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

impl Grants {
    /// What is to be given; `None` when nothing is said.
    fn given(&self) -> Result<Option<Value>> {
        let mut secrets = Vec::new();
        for text in &self.secret {
            let (name, rest) =
                text.split_once('=').with_context(|| format!("{text:?}: expected NAME=HOST:VARIABLE"))?;
            let (host, variable) =
                rest.rsplit_once(':').with_context(|| format!("{text:?}: expected NAME=HOST:VARIABLE"))?;
            let value =
                std::env::var(variable).with_context(|| format!("secret {name}: environment variable {variable}"))?;
            secrets.push(json!({"name": name, "host": host, "value": value}));
        }
        Ok(self.with(secrets))
    }

    /// What is to be taken away.
    fn named(&self) -> Option<Value> {
        let name = |text: &String| json!({"name": text.split('=').next().unwrap_or_default()});
        self.with(self.secret.iter().map(name).collect())
    }

    fn with(&self, secrets: Vec<Value>) -> Option<Value> {
        let nothing = self.http.is_empty() && self.model.is_empty() && secrets.is_empty() && !self.allow_private;
        let grants = json!({
            "http": self.http, "models": self.model, "allow_private": self.allow_private, "secrets": secrets,
        });
        (!nothing).then_some(grants)
    }
}

fn text<'a>(plugin: &'a Value, key: &str) -> &'a str {
    plugin[key].as_str().unwrap_or_default()
}

fn line(plugin: &Value) -> String {
    let digest = text(plugin, "digest");
    format!(
        "{} {} {} {}",
        text(plugin, "role"),
        text(plugin, "name"),
        text(plugin, "version"),
        &digest[..19.min(digest.len())]
    )
}

fn grants_of(plugin: &Value) -> String {
    let grants = &plugin["grants"];
    let list = |key: &str| grants[key].as_array().cloned().unwrap_or_default();
    let mut parts: Vec<String> = Vec::new();
    parts.extend(list("http").iter().filter_map(Value::as_str).map(|host| format!("http {host}")));
    parts.extend(list("models").iter().filter_map(Value::as_str).map(|model| format!("model {model}")));
    parts.extend(list("secrets").iter().map(|s| format!("secret {} to {}", text(s, "name"), text(s, "host"))));
    parts.extend(grants["allow_private"].as_bool().filter(|yes| *yes).map(|_| "private addresses".to_owned()));
    if parts.is_empty() { "no grants".into() } else { parts.join(", ") }
}

/// Says how to give what a newly installed plugin asks for and does not have.
fn told_unmet(plugin: &Value) {
    for request in plugin["requests"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let (kind, why) = request.split_once(": ").unwrap_or((request, ""));
        let (granted, flag) = match kind {
            "http" => ("http", "--http HOST".to_owned()),
            _ => ("models", format!("--model {why}")),
        };
        if plugin["grants"][granted].as_array().is_none_or(Vec::is_empty) {
            println!("it asks for {request}; nothing is granted: mortise plugin grant {} {flag}", text(plugin, "name"));
        }
    }
}

fn print_listed(plugin: &Value) {
    let digest = text(plugin, "digest").trim_start_matches("sha256:");
    let trust = match (text(&plugin["trust"], "verdict"), plugin["trust"]["by"][0].as_str()) {
        ("signed", Some(by)) => format!("signed by {by}"),
        (verdict, _) => verdict.to_owned(),
    };
    println!(
        "{:<11} {:<18} {:<8} {:<9} {:<12}  {}",
        text(plugin, "role"),
        text(plugin, "name"),
        text(plugin, "version"),
        text(plugin, "source"),
        &digest[..12.min(digest.len())],
        text(plugin, "summary"),
    );
    let mut more: Vec<String> = Vec::new();
    if text(plugin, "source") != "built-in" {
        more.push(trust);
    }
    let grants = grants_of(plugin);
    let requests: Vec<&str> = plugin["requests"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !requests.is_empty() {
        more.push(format!("asks for {}", requests.join(", ")));
        more.push(grants);
    }
    if let Some(tenant) = plugin["tenant"].as_str() {
        more.push(format!("tenant {tenant}"));
    }
    if !more.is_empty() {
        println!("{:<11} {}", "", more.join("; "));
    }
    if let Some(reason) = plugin["stats"]["last_fault"]["reason"].as_str() {
        println!("{:<11} last fault: {reason}", "");
    }
}
