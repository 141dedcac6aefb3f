//! Sessions of a chat: create, update, list, delete.

use super::body::{Params, RawBody, Wanted, descending, distinct, text};
use super::chats::unrecognized;
use super::envelope::{OrRefuse, Refusal, Reply, batch, data, done};
use super::{Key, Surface, python_text, wire};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, put};
use mortise_domain::id::parse_uuid1;
use mortise_domain::{AssistantId, JsonMap, NewSession, PageRequest, SessionFilter, SessionId, SessionPatch};

/// Routes of this file.
pub(super) fn router() -> Router<Surface> {
    Router::new()
        .route("/chats/{chat}/sessions", get(list).post(create).delete(delete))
        .route("/chats/{chat}/sessions/{session}", put(update))
}

/// Name of a session that is given none.
pub(super) const NEW_SESSION: &str = "New session";

async fn create(State(surface): State<Surface>, Key(caller): Key, Path(chat): Path<String>, body: RawBody) -> Reply {
    let service = &surface.service;
    let chat = AssistantId::new(chat);
    let body = body.lenient()?;
    let missing = || Refusal::data("You do not own the assistant.");
    service.get_assistant(&caller, &chat).await.or_refuse(missing)?;
    let name = text(&body, "name").or_else(|| (!body.contains_key("name")).then(|| NEW_SESSION.into()));
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Err(Refusal::data("`name` can not be empty."));
    };
    let new = NewSession { name, user_id: text(&body, "user_id").unwrap_or_default() };
    let session = service.create_session(&caller, &chat, new).await.or_refuse(missing)?;
    data(wire::session(&session))
}

async fn update(
    State(surface): State<Surface>,
    Key(caller): Key,
    Path((chat, id)): Path<(String, String)>,
    body: RawBody,
) -> Reply {
    let service = &surface.service;
    let (chat, id) = (AssistantId::new(chat), SessionId::new(id));
    let body = body.lenient()?;
    let missing = || Refusal::data("Session does not exist");
    if service.get_assistant(&caller, &chat).await.found()?.is_none() {
        // The sessions of a deleted chat are gone with it. An id that has the form of ours may have been such a chat.
        let deleted = parse_uuid1(chat.as_str()).is_some();
        return Err(if deleted { Refusal::data("You do not own the session") } else { missing() });
    }
    service.get_session(&caller, &chat, &id).await.or_refuse(missing)?;
    let patch = session_patch(&body)?;
    service.update_session(&caller, &chat, &id, patch).await.or_refuse(missing)?;
    done()
}

fn session_patch(body: &JsonMap) -> Result<SessionPatch, Refusal> {
    const IGNORED: [&str; 7] =
        ["id", "chat_id", "dialog_id", "create_time", "create_date", "update_time", "update_date"];
    if body.contains_key("message") || body.contains_key("messages") {
        return Err(Refusal::data("`message` can not be change"));
    }
    if body.contains_key("reference") {
        return Err(Refusal::data("`reference` can not be change"));
    }
    if body.get("name").is_some_and(|name| !python_text::truthy(name)) {
        return Err(Refusal::data("`name` can not be empty."));
    }
    let known = |key: &str| key == "name" || key == "user_id" || IGNORED.contains(&key);
    if let Some(unknown) = body.keys().find(|key| !known(key)) {
        return Err(unrecognized(unknown, body));
    }
    Ok(SessionPatch { name: text(body, "name"), user_id: text(body, "user_id") })
}

async fn list(State(surface): State<Surface>, Key(caller): Key, Path(chat): Path<String>, params: Params) -> Reply {
    let service = &surface.service;
    let chat = AssistantId::new(chat);
    let missing = || Refusal::data(format!("You don't own the assistant {chat}."));
    service.get_assistant(&caller, &chat).await.or_refuse(missing)?;
    let filter = SessionFilter {
        id: params.non_empty("id").map(SessionId::from),
        name: params.non_empty("name").map(str::to_owned),
        user_id: params.non_empty("user_id").map(str::to_owned),
    };
    let page = params.page(descending(&params))?;
    let found = service.list_sessions(&caller, &chat, &filter, &page).await?;
    data(found.items.iter().map(wire::listed_session).collect())
}

async fn delete(State(surface): State<Surface>, Key(caller): Key, Path(chat): Path<String>, body: RawBody) -> Reply {
    let service = &surface.service;
    let chat = AssistantId::new(chat);
    let body = body.lenient()?;
    let missing = || Refusal::data("You don't own the chat");
    service.get_assistant(&caller, &chat).await.or_refuse(missing)?;
    let (ids, duplicates) = match Wanted::read(&body, "ids")? {
        Wanted::All => {
            let all = service.list_sessions(&caller, &chat, &SessionFilter::default(), &PageRequest::all()).await?;
            let ids: Vec<_> = all.items.into_iter().map(|session| session.id).collect();
            service.delete_sessions(&caller, &chat, &ids).await?;
            return done();
        }
        Wanted::Ids(ids) => distinct(ids, "session"),
    };
    let (mut known, mut errors) = (vec![], vec![]);
    for id in ids {
        let id = SessionId::new(id);
        match service.get_session(&caller, &chat, &id).await.found()? {
            Some(_) => known.push(id),
            None => errors.push(format!("The chat doesn't own the session {id}")),
        }
    }
    service.delete_sessions(&caller, &chat, &known).await?;
    if known.is_empty() && !errors.is_empty() {
        return Err(Refusal::data(errors.join("; ")));
    }
    errors.extend(duplicates);
    batch(known.len(), &errors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_a_session_lets_change() {
        let patch = |body: Value| session_patch(body.as_object().unwrap());
        let fault = |body: Value| patch(body).err().unwrap().message;
        assert_eq!(patch(json!({"name": "a", "user_id": "u"})).unwrap().name.as_deref(), Some("a"));
        assert_eq!(fault(json!({"messages": []})), "`message` can not be change");
        assert_eq!(fault(json!({"reference": []})), "`reference` can not be change");
        assert_eq!(fault(json!({"name": ""})), "`name` can not be empty.");
        assert!(fault(json!({"unknown": 1})).starts_with("ValueError("));
    }
}
