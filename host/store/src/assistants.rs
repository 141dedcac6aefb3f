//! Chat assistants.

use crate::TenantStore;
use crate::column::{Read, fold, from_json, id, json, list, now};
use crate::engine::{Statement, Write, any, one, order_by, page, run};
use mortise_domain::{
    Assistant, AssistantFilter, AssistantId, DatasetId, Error, NewAssistant, Page, PageRequest, Result,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row};

const INSERT: &str = "INSERT INTO assistant (id, tenant, created, updated, name, name_fold, description, avatar, \
    language, datasets, llm_id, llm_setting, prompt_config, similarity_threshold, vector_weight, top_n, top_k, \
    rerank_id, do_refer, prompt_type, meta_data_filter) \
    VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";

const UPDATE: &str = "UPDATE assistant SET updated = $3, name = $4, name_fold = $5, description = $6, avatar = $7, \
    language = $8, datasets = $9, llm_id = $10, llm_setting = $11, prompt_config = $12, similarity_threshold = $13, \
    vector_weight = $14, top_n = $15, top_k = $16, rerank_id = $17, do_refer = $18, prompt_type = $19, \
    meta_data_filter = $20 WHERE id = $1 AND tenant = $2";

impl TenantStore {
    /// Adds an assistant.
    ///
    /// # Errors
    /// `Conflict` when the name is taken, ignoring case.
    pub async fn insert_assistant(&self, new: NewAssistant) -> Result<Assistant> {
        let mut tx = self.write().await?;
        let now = now();
        let id = AssistantId::generate();
        self.check_free(&mut tx, &new.name, &id).await?;
        let insert = sqlx::query(INSERT).bind(id.as_str()).bind(self.id()).bind(now);
        run(&mut tx, bind_settings(insert, &new)?).await?;
        tx.commit().await?;
        Ok(Assistant { id, tenant: self.tenant.clone(), settings: new, created: now, updated: now })
    }

    /// One assistant.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn assistant(&self, id: &AssistantId) -> Result<Option<Assistant>> {
        let select = sqlx::query("SELECT * FROM assistant WHERE id = $1 AND tenant = $2");
        one(&mut *self.engine().read().await?, select.bind(id.as_str()).bind(self.id()), assistant_row).await
    }

    /// The assistant of a name, ignoring case.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn assistant_by_name(&self, name: &str) -> Result<Option<Assistant>> {
        let select = sqlx::query("SELECT * FROM assistant WHERE tenant = $1 AND name_fold = $2");
        one(&mut *self.engine().read().await?, select.bind(self.id()).bind(fold(name)), assistant_row).await
    }

    /// Assistants, paged.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn list_assistants(&self, filter: &AssistantFilter, request: &PageRequest) -> Result<Page<Assistant>> {
        let narrow = |query: &mut QueryBuilder<_>| {
            query.push("tenant = ").push_bind(self.id().to_owned());
            if let Some(id) = &filter.id {
                query.push(" AND id = ").push_bind(id.as_str().to_owned());
            }
            if let Some(name) = &filter.name {
                query.push(" AND name_fold = ").push_bind(fold(name));
            }
        };
        let order = order_by(request, "name_fold");
        page(&mut *self.engine().snapshot().await?, "assistant", narrow, &order, request, assistant_row).await
    }

    /// Replaces the settings of an assistant; `None` when there is no such assistant.
    ///
    /// # Errors
    /// `Conflict` when the name is another's, ignoring case.
    pub async fn update_assistant(&self, id: &AssistantId, settings: NewAssistant) -> Result<Option<Assistant>> {
        let mut tx = self.write().await?;
        self.check_free(&mut tx, &settings.name, id).await?;
        let update = sqlx::query(UPDATE).bind(id.as_str()).bind(self.id()).bind(now());
        run(&mut tx, bind_settings(update, &settings)?).await?;
        let select = sqlx::query("SELECT * FROM assistant WHERE id = $1 AND tenant = $2");
        let updated = one(&mut tx, select.bind(id.as_str()).bind(self.id()), assistant_row).await?;
        tx.commit().await?;
        Ok(updated)
    }

    /// Removes assistants with their sessions; unknown ids are ignored.
    ///
    /// # Errors
    /// `Internal` when the database fails; then nothing was removed.
    pub async fn delete_assistants(&self, ids: &[AssistantId]) -> Result<()> {
        let delete = sqlx::query("DELETE FROM assistant WHERE tenant = $1 AND id IN (SELECT value FROM json_each($2))");
        let delete = delete.bind(self.id()).bind(list(ids.iter().map(AssistantId::as_str))?);
        let mut tx = self.write().await?;
        run(&mut tx, delete).await?;
        tx.commit().await
    }

    async fn check_free(&self, tx: &mut Write, name: &str, except: &AssistantId) -> Result<()> {
        let taken = sqlx::query("SELECT 1 FROM assistant WHERE tenant = $1 AND name_fold = $2 AND id <> $3");
        if any(tx, taken.bind(self.id()).bind(fold(name)).bind(except.as_str())).await? {
            return Err(Error::Conflict { noun: "assistant", reason: format!("the name {name} is taken") });
        }
        Ok(())
    }
}

/// Values of $4 to $20.
fn bind_settings<'q>(statement: Statement<'q>, settings: &NewAssistant) -> Result<Statement<'q>> {
    Ok(statement
        .bind(settings.name.clone())
        .bind(fold(&settings.name))
        .bind(settings.description.clone())
        .bind(settings.avatar.clone())
        .bind(settings.language.clone())
        .bind(list(settings.datasets.iter().map(DatasetId::as_str))?)
        .bind(settings.llm_id.clone())
        .bind(json("llm_setting", &settings.llm_setting)?)
        .bind(json("prompt_config", &settings.prompt_config)?)
        .bind(settings.similarity_threshold)
        .bind(settings.vector_weight)
        .bind(settings.top_n)
        .bind(settings.top_k)
        .bind(settings.rerank_id.clone())
        .bind(settings.do_refer.clone())
        .bind(settings.prompt_type.clone())
        .bind(json("meta_data_filter", &settings.meta_data_filter)?))
}

fn assistant_row(row: &SqliteRow) -> Read<Assistant> {
    let datasets: Vec<String> = from_json(row, "datasets")?;
    let settings = NewAssistant {
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        avatar: row.try_get("avatar")?,
        language: row.try_get("language")?,
        datasets: datasets.into_iter().map(DatasetId::from).collect(),
        llm_id: row.try_get("llm_id")?,
        llm_setting: from_json(row, "llm_setting")?,
        prompt_config: from_json(row, "prompt_config")?,
        similarity_threshold: row.try_get("similarity_threshold")?,
        vector_weight: row.try_get("vector_weight")?,
        top_n: row.try_get("top_n")?,
        top_k: row.try_get("top_k")?,
        rerank_id: row.try_get("rerank_id")?,
        do_refer: row.try_get("do_refer")?,
        prompt_type: row.try_get("prompt_type")?,
        meta_data_filter: from_json(row, "meta_data_filter")?,
    };
    Ok(Assistant {
        id: id(row, "id")?,
        tenant: id(row, "tenant")?,
        settings,
        created: row.try_get("created")?,
        updated: row.try_get("updated")?,
    })
}
