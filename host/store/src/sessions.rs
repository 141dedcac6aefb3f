//! Conversations and their messages.

use crate::TenantStore;
use crate::column::{Read, bad, id, json, list, now};
use crate::engine::{Write, all, any, one, order_by, page, run};
use mortise_domain::{
    AssistantId, Error, Message, MessageRole, NewSession, Page, PageRequest, Result, Session, SessionFilter, SessionId,
    SessionPatch,
};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row};
use std::collections::HashMap;

impl TenantStore {
    /// Begins a conversation, with the assistant's opener as its first message if there is one.
    ///
    /// # Errors
    /// `NotFound` for the assistant.
    pub async fn insert_session(
        &self,
        assistant: &AssistantId,
        new: NewSession,
        opener: Option<String>,
    ) -> Result<Session> {
        let mut tx = self.write().await?;
        if !self.has_assistant(&mut tx, assistant).await? {
            return Err(Error::not_found("assistant", assistant.as_str()));
        }
        let now = now();
        let opener = opener.map(|content| Message {
            id: None,
            role: MessageRole::Assistant,
            content,
            created: 0.0,
            reference: None,
        });
        let session = Session {
            id: SessionId::generate(),
            assistant: assistant.clone(),
            name: new.name,
            user_id: new.user_id,
            messages: opener.into_iter().collect(),
            created: now,
            updated: now,
        };
        let insert = sqlx::query(
            "INSERT INTO session (id, assistant, name, user_id, created, updated) VALUES ($1, $2, $3, $4, $5, $5) \
             RETURNING row",
        );
        let insert = insert.bind(session.id.as_str()).bind(assistant.as_str()).bind(&session.name);
        let insert = insert.bind(&session.user_id).bind(now);
        let row = one(&mut tx, insert, |r| r.try_get::<i64, _>(0)).await?.unwrap_or_default();
        append(&mut tx, row, &session.messages).await?;
        tx.commit().await?;
        Ok(session)
    }

    /// One conversation with all its messages.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn session(&self, assistant: &AssistantId, id: &SessionId) -> Result<Option<Session>> {
        let mut snapshot = self.engine().snapshot().await?;
        let Some(found) = self.session_on(&mut snapshot, assistant, id).await? else { return Ok(None) };
        Ok(with_messages(&mut snapshot, vec![found]).await?.pop())
    }

    /// Conversations with an assistant with all their messages, paged.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn list_sessions(
        &self,
        assistant: &AssistantId,
        filter: &SessionFilter,
        request: &PageRequest,
    ) -> Result<Page<Session>> {
        let narrow = |query: &mut QueryBuilder<_>| {
            query.push("assistant IN (SELECT id FROM assistant WHERE id = ").push_bind(assistant.as_str().to_owned());
            query.push(" AND tenant = ").push_bind(self.id().to_owned()).push(")");
            if let Some(id) = &filter.id {
                query.push(" AND id = ").push_bind(id.as_str().to_owned());
            }
            if let Some(name) = &filter.name {
                query.push(" AND name = ").push_bind(name.clone());
            }
            if let Some(user) = &filter.user_id {
                query.push(" AND user_id = ").push_bind(user.clone());
            }
        };
        let order = order_by(request, "name");
        let mut snapshot = self.engine().snapshot().await?;
        let found = page(&mut snapshot, "session", narrow, &order, request, session_row).await?;
        Ok(Page { items: with_messages(&mut snapshot, found.items).await?, total: found.total })
    }

    /// Changes a conversation's name or user; `None` when there is no such conversation.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn update_session(
        &self,
        assistant: &AssistantId,
        id: &SessionId,
        patch: SessionPatch,
    ) -> Result<Option<Session>> {
        let mut tx = self.write().await?;
        let Some((row, mut session)) = self.session_on(&mut tx, assistant, id).await? else { return Ok(None) };
        session.name = patch.name.unwrap_or(session.name);
        session.user_id = patch.user_id.unwrap_or(session.user_id);
        session.updated = now();
        let update = sqlx::query("UPDATE session SET name = $2, user_id = $3, updated = $4 WHERE row = $1");
        let update = update.bind(row).bind(&session.name).bind(&session.user_id).bind(session.updated);
        run(&mut tx, update).await?;
        let updated = with_messages(&mut tx, vec![(row, session)]).await?.pop();
        tx.commit().await?;
        Ok(updated)
    }

    /// Removes conversations; unknown ids are ignored.
    ///
    /// # Errors
    /// `Internal` when the database fails; then nothing was removed.
    pub async fn delete_sessions(&self, assistant: &AssistantId, ids: &[SessionId]) -> Result<()> {
        let delete = sqlx::query(
            "DELETE FROM session WHERE assistant = (SELECT id FROM assistant WHERE id = $1 AND tenant = $2) \
             AND id IN (SELECT value FROM json_each($3))",
        );
        let delete = delete.bind(assistant.as_str()).bind(self.id());
        let mut tx = self.write().await?;
        run(&mut tx, delete.bind(list(ids.iter().map(SessionId::as_str))?)).await?;
        tx.commit().await
    }

    /// Adds messages to the end of a conversation, all or none.
    ///
    /// # Errors
    /// `NotFound` for the session.
    pub async fn append_messages(&self, session: &SessionId, messages: &[Message]) -> Result<()> {
        let mut tx = self.write().await?;
        let select = sqlx::query(
            "SELECT s.row FROM session s JOIN assistant a ON a.id = s.assistant WHERE s.id = $1 AND a.tenant = $2",
        );
        let row = one(&mut tx, select.bind(session.as_str()).bind(self.id()), |r| r.try_get::<i64, _>(0)).await?;
        let row = row.ok_or_else(|| Error::not_found("session", session.as_str()))?;
        append(&mut tx, row, messages).await?;
        run(&mut tx, sqlx::query("UPDATE session SET updated = $2 WHERE row = $1").bind(row).bind(now())).await?;
        tx.commit().await
    }

    async fn has_assistant(&self, tx: &mut Write, id: &AssistantId) -> Result<bool> {
        let select = sqlx::query("SELECT 1 FROM assistant WHERE id = $1 AND tenant = $2");
        any(tx, select.bind(id.as_str()).bind(self.id())).await
    }

    async fn session_on(
        &self,
        on: &mut SqliteConnection,
        assistant: &AssistantId,
        id: &SessionId,
    ) -> Result<Option<(i64, Session)>> {
        let select = sqlx::query(
            "SELECT s.* FROM session s JOIN assistant a ON a.id = s.assistant \
             WHERE s.id = $1 AND a.id = $2 AND a.tenant = $3",
        );
        one(on, select.bind(id.as_str()).bind(assistant.as_str()).bind(self.id()), session_row).await
    }
}

async fn append(tx: &mut Write, session: i64, messages: &[Message]) -> Result<()> {
    for message in messages {
        let insert = sqlx::query(
            "INSERT INTO message (session, ordinal, id, role, content, created, reference) \
             SELECT $1, coalesce(max(ordinal), -1) + 1, $2, $3, $4, $5, $6 FROM message WHERE session = $1",
        );
        let reference = message.reference.as_ref().map(|r| json("reference", r)).transpose()?;
        let insert = insert.bind(session).bind(&message.id).bind(message.role.as_str()).bind(&message.content);
        run(tx, insert.bind(message.created).bind(reference)).await?;
    }
    Ok(())
}

/// Sessions, in the order given, with their messages.
async fn with_messages(on: &mut SqliteConnection, sessions: Vec<(i64, Session)>) -> Result<Vec<Session>> {
    let rows: Vec<i64> = sessions.iter().map(|(row, _)| *row).collect();
    let select = sqlx::query(
        "SELECT * FROM message WHERE session IN (SELECT value FROM json_each($1)) ORDER BY session, ordinal",
    );
    let mut messages: HashMap<i64, Vec<Message>> = HashMap::new();
    for (session, message) in all(on, select.bind(json("rows", &rows)?), message_row).await? {
        messages.entry(session).or_default().push(message);
    }
    let filled = sessions.into_iter().map(|(row, session)| {
        let messages = messages.remove(&row).unwrap_or_default();
        Session { messages, ..session }
    });
    Ok(filled.collect())
}

fn session_row(row: &SqliteRow) -> Read<(i64, Session)> {
    let session = Session {
        id: id(row, "id")?,
        assistant: id(row, "assistant")?,
        name: row.try_get("name")?,
        user_id: row.try_get("user_id")?,
        messages: vec![],
        created: row.try_get("created")?,
        updated: row.try_get("updated")?,
    };
    Ok((row.try_get("row")?, session))
}

fn message_row(row: &SqliteRow) -> Read<(i64, Message)> {
    let role: &str = row.try_get("role")?;
    let reference: Option<&str> = row.try_get("reference")?;
    let message = Message {
        id: row.try_get("id")?,
        role: MessageRole::parse(role).ok_or_else(|| bad("role", format!("unknown role {role}")))?,
        content: row.try_get("content")?,
        created: row.try_get("created")?,
        reference: reference.map(serde_json::from_str).transpose().map_err(|error| bad("reference", error))?,
    };
    Ok((row.try_get("session")?, message))
}
