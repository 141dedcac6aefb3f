//! Mortise's own API for operators, under `/admin/v1`: plugins are installed, granted, replaced, rolled back and removed
//! while the server runs. `openapi.json` there describes it; `mortise plugin …` uses it and nothing else.
//!
//! The key is the operator's, not a tenant's. Errors are `{"error": {"code", "field", "message"}}`.

mod refusal;
mod wire;

use crate::upload;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Multipart, Path, Query, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use mortise_domain::{Error, Role, TenantId};
use mortise_service::{ComponentFrom, NewPlugin, Service, key_hash};
use refusal::{ErrorBody, Refusal};
use utoipa::OpenApi;
use wire::{GrantChange, InstallRequest, Plugin, PluginList, RollbackRequest, Scope, TrustReport};

/// Bytes of a component at most.
const MAX_COMPONENT: usize = 256 << 20;

#[derive(Clone)]
struct Surface {
    service: Service,
    /// [`key_hash`] of the operator's key.
    key: String,
}

/// All routes. `key` is the operator's key; without one everything is refused.
pub(crate) fn router(service: Service, key: Option<&str>) -> Router {
    let surface = Surface { service, key: key.map(key_hash).unwrap_or_default() };
    let plugin = "/plugins/{role}/{name}";
    let routes = Router::new()
        .route("/openapi.json", get(|| async { Json(Api::openapi()) }))
        .route("/plugins", get(list).post(install))
        .route(plugin, get(show).delete(remove))
        .route(&format!("{plugin}/grant"), post(grant))
        .route(&format!("{plugin}/revoke"), post(revoke))
        .route(&format!("{plugin}/rollback"), post(roll_back))
        .route(&format!("{plugin}/verify"), get(verify))
        .fallback(async || Refusal::from(Error::not_found("route", "here; see /admin/v1/openapi.json")))
        .with_state(surface.clone());
    Router::new().nest("/admin/v1", routes).merge(Router::new().route("/metrics", get(metrics)).with_state(surface))
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Mortise administration", description = "Plugins of a running server. Send the operator's key as `Authorization: Bearer KEY`."),
    paths(list, install, show, remove, grant, revoke, roll_back, verify, metrics),
    components(schemas(ErrorBody)),
    modifiers(&Key)
)]
struct Api;

/// The key in the description of the API.
struct Key;

impl utoipa::Modify for Key {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = api.components.get_or_insert_with(Default::default);
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
        api.security = Some(vec![SecurityRequirement::new("key", Vec::<String>::new())]);
        api.info.version = env!("CARGO_PKG_VERSION").into();
    }
}

/// Somebody who holds the operator's key.
struct Operator;

impl FromRequestParts<Surface> for Operator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, surface: &Surface) -> Result<Self, Refusal> {
        let given = bearer(&parts.headers).map(key_hash);
        // Hashes of the keys are compared: how long that takes says nothing about the key.
        match given {
            Some(given) if !surface.key.is_empty() && given == surface.key => Ok(Self),
            _ => Err(Error::Unauthenticated.into()),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

type Reply<T> = Result<Json<T>, Refusal>;

/// Every installed plugin: built-in, of the settings file, installed here.
#[utoipa::path(get, path = "/admin/v1/plugins", responses((status = 200, description = "Done.", body = PluginList), (status = 401, description = "Not the operator's key.", body = ErrorBody)))]
async fn list(_: Operator, State(surface): State<Surface>) -> Reply<PluginList> {
    let listed = surface.service.list_plugins().await?;
    Ok(Json(PluginList { plugins: listed.into_iter().map(Plugin::from).collect() }))
}

/// Installs a plugin, or replaces the one of that role and name while calls are under way: they finish on the old one.
///
/// Either JSON with a `source` that the server fetches, or a form with the file `component`, optionally files
/// `signature`, and a field `spec` with the same JSON. What is absent (config, grants, limits) stays as it was.
#[utoipa::path(
    post, path = "/admin/v1/plugins", request_body(content((InstallRequest = "application/json"), (InstallRequest = "multipart/form-data"))),
    responses(
        (status = 201, description = "Installed.", body = Plugin), (status = 401, description = "Not the operator's key.", body = ErrorBody),
        (status = 403, description = "The trust policy refuses the component.", body = ErrorBody),
        (status = 409, description = "The settings file names this plugin.", body = ErrorBody),
        (status = 422, description = "Something does not fit; `field` says what.", body = ErrorBody)
    )
)]
async fn install(
    _: Operator,
    State(surface): State<Surface>,
    request: Request,
) -> Result<(StatusCode, Json<Plugin>), Refusal> {
    let content = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (spec, from) = if content.starts_with("multipart/form-data") {
        form(request).await?
    } else {
        let Json(spec) = Json::<InstallRequest>::from_request(request, &()).await.map_err(bad_json)?;
        let source = spec.source.clone().ok_or_else(|| {
            Error::invalid("source", "name the component: a path or oci:// reference, or send it as a form")
        })?;
        (spec, ComponentFrom::Reference(source))
    };
    let tenant = tenant(&surface, spec.tenant.as_deref()).await?;
    let new = NewPlugin {
        from,
        digest: spec.digest,
        name: spec.name,
        tenant,
        config: spec.config,
        grants: spec.grants.map(TryInto::try_into).transpose()?,
        limits: spec.limits.map(Into::into),
    };
    let installed = surface.service.install_plugin(new).await?;
    Ok((StatusCode::CREATED, Json(installed.into())))
}

async fn form(request: Request) -> Result<(InstallRequest, ComponentFrom), Refusal> {
    let wrong = |reason: String| Refusal::from(Error::invalid("form", reason));
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| wrong(error.to_string()))?;
    let (mut spec, mut component, mut signatures) = (InstallRequest::default(), None, Vec::new());
    while let Some(part) = upload::next_part(&mut form).await.map_err(|fault| wrong(format!("{fault:?}")))? {
        let field = part.field.clone();
        let bytes = part.bytes(MAX_COMPONENT).await?;
        match field.as_str() {
            "component" => component = Some(bytes),
            "signature" => signatures.push(String::from_utf8_lossy(&bytes).into_owned()),
            "spec" => {
                spec = serde_json::from_slice(&bytes).map_err(|error| Error::invalid("spec", error.to_string()))?
            }
            other => return Err(wrong(format!("unknown part {other:?}: there are component, signature, spec"))),
        }
    }
    let component = component.ok_or_else(|| wrong("the part `component` is missing".into()))?;
    Ok((spec, ComponentFrom::Bytes { component, signatures }))
}

/// One installed plugin.
#[utoipa::path(get, path = "/admin/v1/plugins/{role}/{name}", params(("role" = String, Path), ("name" = String, Path), Scope), responses((status = 200, description = "Done.", body = Plugin), (status = 404, description = "No such plugin.", body = ErrorBody)))]
async fn show(_: Operator, State(surface): State<Surface>, at: At) -> Reply<Plugin> {
    Ok(Json(surface.service.plugin(at.tenant.as_ref(), at.role, &at.name).await?.into()))
}

/// Removes an installed plugin with all its generations; a built-in of the same name is back then.
#[utoipa::path(delete, path = "/admin/v1/plugins/{role}/{name}", params(("role" = String, Path), ("name" = String, Path), Scope), responses((status = 204, description = "Removed."), (status = 404, description = "No such plugin.", body = ErrorBody), (status = 409, description = "The plugin is built in, or named in the settings file.", body = ErrorBody)))]
async fn remove(_: Operator, State(surface): State<Surface>, at: At) -> Result<StatusCode, Refusal> {
    surface.service.remove_plugin(at.tenant.as_ref(), at.role, &at.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a plugin hosts, local models or secrets, beside what it has.
#[utoipa::path(post, path = "/admin/v1/plugins/{role}/{name}/grant", params(("role" = String, Path), ("name" = String, Path), Scope), request_body = GrantChange, responses((status = 200, description = "Done.", body = Plugin), (status = 404, description = "No such plugin.", body = ErrorBody), (status = 409, description = "The plugin is built in, or named in the settings file.", body = ErrorBody), (status = 422, description = "Something does not fit; `field` says what.", body = ErrorBody)))]
async fn grant(_: Operator, State(surface): State<Surface>, at: At, body: Body<GrantChange>) -> Reply<Plugin> {
    let change = body.0.granting()?;
    Ok(Json(surface.service.grant_plugin(at.tenant.as_ref(), at.role, &at.name, change).await?.into()))
}

/// Takes hosts, local models or secrets (by their names) away.
#[utoipa::path(post, path = "/admin/v1/plugins/{role}/{name}/revoke", params(("role" = String, Path), ("name" = String, Path), Scope), request_body = GrantChange, responses((status = 200, description = "Done.", body = Plugin), (status = 404, description = "No such plugin.", body = ErrorBody), (status = 409, description = "The plugin is built in, or named in the settings file.", body = ErrorBody)))]
async fn revoke(_: Operator, State(surface): State<Surface>, at: At, body: Body<GrantChange>) -> Reply<Plugin> {
    let change = body.0.revoking();
    Ok(Json(surface.service.revoke_plugin(at.tenant.as_ref(), at.role, &at.name, change).await?.into()))
}

/// Goes back to the generation before the one in use, or to the one named.
#[utoipa::path(post, path = "/admin/v1/plugins/{role}/{name}/rollback", params(("role" = String, Path), ("name" = String, Path), Scope), request_body = RollbackRequest, responses((status = 200, description = "Done.", body = Plugin), (status = 404, description = "No such plugin.", body = ErrorBody), (status = 409, description = "The plugin is built in, or named in the settings file.", body = ErrorBody)))]
async fn roll_back(_: Operator, State(surface): State<Surface>, at: At, body: Body<RollbackRequest>) -> Reply<Plugin> {
    let to = body.0.generation;
    Ok(Json(surface.service.roll_back_plugin(at.tenant.as_ref(), at.role, &at.name, to).await?.into()))
}

/// Judges an installed plugin's signatures anew against today's trust store.
#[utoipa::path(get, path = "/admin/v1/plugins/{role}/{name}/verify", params(("role" = String, Path), ("name" = String, Path), Scope), responses((status = 200, description = "Done.", body = TrustReport), (status = 403, description = "The trust policy refuses the component.", body = ErrorBody), (status = 404, description = "No such plugin.", body = ErrorBody)))]
async fn verify(_: Operator, State(surface): State<Surface>, at: At) -> Reply<TrustReport> {
    let trust = surface.service.verify_plugin(at.tenant.as_ref(), at.role, &at.name).await?;
    Ok(Json(trust.into()))
}

/// Calls, faults, seconds, memory, queues and instances of every plugin, in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", responses((status = 200, description = "Done.", content_type = "text/plain"), (status = 401, description = "Not the operator's key.", body = ErrorBody)))]
async fn metrics(_: Operator, State(surface): State<Surface>) -> Result<Response, Refusal> {
    let text = crate::metrics::text(&surface.service.list_plugins().await?, &surface.service.refused_plugins());
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// The plugin that a path names.
struct At {
    tenant: Option<TenantId>,
    role: Role,
    name: String,
}

impl FromRequestParts<Surface> for At {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, surface: &Surface) -> Result<Self, Refusal> {
        let path = Path::<(String, String)>::from_request_parts(parts, surface).await;
        let Path((role, name)) = path.map_err(|error| Error::invalid("path", error.to_string()))?;
        let known = Role::ALL.into_iter().find(|known| known.as_str() == role);
        let role = known.ok_or_else(|| {
            Error::invalid("role", format!("{role:?}: there are parser, chunker, embedder, reranker, chat-model"))
        })?;
        let scope = Query::<Scope>::from_request_parts(parts, surface).await;
        let Query(scope) = scope.map_err(|error| Error::invalid("tenant", error.to_string()))?;
        Ok(Self { tenant: tenant(surface, scope.tenant.as_deref()).await?, role, name })
    }
}

async fn tenant(surface: &Surface, named: Option<&str>) -> Result<Option<TenantId>, Refusal> {
    let Some(named) = named else { return Ok(None) };
    Ok(Some(surface.service.find_tenant(named).await?.id))
}

/// A JSON body; an empty one counts as `{}`.
struct Body<T>(T);

impl<T: serde::de::DeserializeOwned> FromRequest<Surface> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &Surface) -> Result<Self, Refusal> {
        let bytes = bytes::Bytes::from_request(request, &()).await;
        let bytes = bytes.map_err(|error| Error::invalid("body", error.to_string()))?;
        let bytes: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let body = serde_json::from_slice(bytes).map_err(|error| Error::invalid("body", error.to_string()))?;
        Ok(Self(body))
    }
}

fn bad_json(error: JsonRejection) -> Refusal {
    Error::invalid("body", error.body_text()).into()
}
