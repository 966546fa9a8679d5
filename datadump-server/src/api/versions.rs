//! The versions of a storage: their history, plans, and the progress of migrations.

use datadump_core::{
    Dump, Plan,
    store::{VersionPage, VersionRecord},
};
use poem::http::StatusCode;
use poem_openapi::{Object as ApiObject, OpenApi, param::Path};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::tag::Tag;
use crate::{
    answer::{Moment, Object, Reply, Streamed, encoded, separated},
    extract::{BaseUrl, JsonBody, Paging, Query},
    problem::{FaultAnswer, Problem},
};

/// Operations on the versions of storages.
pub(crate) struct Versions {
    pub(crate) dump: Dump,
}

/// A page of versions, oldest first.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct VersionList {
    /// Total number of results.
    count: u64,
    /// URL of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// URL of the previous page.
    #[oai(nullable)]
    previous: Option<String>,
    /// The versions.
    results: Vec<VersionAnswer>,
}

/// A version of a storage.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Version")]
pub(crate) struct VersionAnswer {
    /// Number of the version.
    version: i32,
    /// Definition as it was sent.
    definition: Object,
    /// `queued`, `running`, `applied` or `failed`.
    state: String,
    /// Why the migration failed, if it did.
    #[oai(nullable)]
    error: Option<String>,
    /// Time the version was declared.
    created_at: Moment,
    /// Time the migration was completed.
    #[oai(nullable)]
    applied_at: Option<Moment>,
}

/// The changes that a definition would make.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Plan")]
pub(crate) struct PlanAnswer {
    /// Name of the storage.
    name: String,
    /// Current version; null for a new storage.
    #[oai(nullable)]
    base: Option<i32>,
    /// Version the storage would have.
    version: i32,
    /// Highest class of the changes; null if there are none.
    #[oai(nullable)]
    class: Option<String>,
    /// The changes.
    changes: Vec<ChangeAnswer>,
    /// Statements that the database would run.
    ddl: Vec<String>,
    /// Hash to send as `plan` when declaring, so that exactly these changes are applied.
    plan_hash: String,
}

/// A change in a plan.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Change")]
pub(crate) struct ChangeAnswer {
    /// `additive`, `widening`, `data-dependent`, `breaking`, `destructive` or `forbidden`.
    class: String,
    /// Name of the field or index.
    name: String,
    /// JSON pointer to the change in the definition.
    #[oai(nullable)]
    pointer: Option<String>,
    /// Human-readable explanation.
    detail: String,
    /// Number of rows examined.
    rows_scanned: u64,
    /// Number of rows that prevent the change.
    rows_violating: u64,
    /// Keys of the first of these rows.
    examples: Vec<Json>,
    /// Estimated time in milliseconds for which the change blocks writers; 0 if it does not.
    writers_wait_ms: u64,
}

/// The progress of a storage's latest migration.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct ReadyStatus {
    /// Name of the storage.
    name: String,
    /// Version of the storage that is being applied.
    version: i32,
    /// True if the migration is completed.
    applied: bool,
    /// `queued`, `running`, `applied` or `failed`.
    state: String,
    /// Number of rows processed so far.
    rows_done: u64,
    /// Total number of rows to process.
    rows_total: u64,
    /// Why the migration failed, if it did.
    #[oai(nullable)]
    error: Option<String>,
}

#[OpenApi(prefix_path = "/api/v1/factory", tag = "Tag::Factory")]
impl Versions {
    /// List the versions of a storage
    #[oai(path = "/storage/:name/versions", method = "get", operation_id = "list_versions")]
    async fn list(
        &self,
        /// Name of the storage.
        name: Path<String>,
        paging: Query<Paging>,
        base: BaseUrl,
    ) -> Result<Streamed<VersionList>, Problem> {
        let window = paging.0.window()?;
        let VersionPage { count, versions, memory } =
            self.dump.definitions().versions(&name.0, window.offset(), window.limit()).await?;
        let listing = window.listing(count, versions).map(|versions| {
            separated(versions.into_iter().map(move |version| {
                // Held until all are sent.
                let _memory = &memory;
                VersionAnswer::from(version)
            }))
        });
        let address = base.at(&format!("/api/v1/factory/storage/{}/versions/", encoded(&name.0)));
        Ok(Streamed::list(listing, &address))
    }

    /// Plan a definition without declaring it
    #[oai(path = "/storage/:name/plan", method = "post", operation_id = "plan_storage")]
    async fn plan(
        &self,
        /// Name of the storage, which need not exist.
        name: Path<String>,
        /// The definition; its `name` is optional.
        definition: JsonBody,
    ) -> Result<Reply<PlanAnswer>, Problem> {
        let definition = named(definition.0, &name.0)?;
        Ok(Reply(PlanAnswer::from(self.dump.definitions().plan(&definition).await?)))
    }

    /// Get migration progress
    #[oai(path = "/ready_status/:name", method = "get", operation_id = "ready_status")]
    async fn ready_status(
        &self,
        /// Name of the storage.
        name: Path<String>,
    ) -> Result<Reply<ReadyStatus>, Problem> {
        let progress = self.dump.definitions().progress(&name.0).await?;
        Ok(Reply(ReadyStatus {
            name: name.0,
            version: progress.version,
            applied: progress.state == datadump_core::store::State::Applied,
            state: progress.state.name().into(),
            rows_done: progress.rows_done,
            rows_total: progress.rows_total,
            error: progress.error,
        }))
    }
}

/// Adds the name in the path to a definition, which must not contain another one.
fn named(mut definition: Json, name: &str) -> Result<Json, Problem> {
    let Some(members) = definition.as_object_mut() else { return Ok(definition) };
    let found = members.entry("name").or_insert_with(|| name.into());
    if found == name {
        return Ok(definition);
    }
    let detail = format!("name: {found} differs from `{name}`, the storage in the path");
    let fault =
        FaultAnswer { pointer: Some("/name".into()), ..FaultAnswer::new("another-name", detail.clone()) };
    let problem = Problem::new(StatusCode::BAD_REQUEST, "another-name", "The names differ", detail);
    Err(problem.with_faults(vec![fault]))
}

impl From<VersionRecord> for VersionAnswer {
    fn from(record: VersionRecord) -> Self {
        Self {
            version: record.version,
            definition: Object(serde_json::from_str(&record.sent).unwrap_or_else(|error| {
                tracing::error!(version = record.version, %error, "the stored definition is not JSON");
                Json::Object(Map::new())
            })),
            state: record.state.name().into(),
            error: record.error,
            created_at: Moment(record.created_at),
            applied_at: record.applied_at.map(Moment),
        }
    }
}

impl From<Plan> for PlanAnswer {
    fn from(plan: Plan) -> Self {
        let changes = plan.changes.into_iter().map(|planned| ChangeAnswer {
            class: planned.change.class.name().into(),
            pointer: planned.change.at.pointer(),
            name: planned.change.name,
            detail: planned.change.detail,
            rows_scanned: planned.examined.scanned,
            rows_violating: planned.examined.violating,
            examples: planned.examined.examples,
            writers_wait_ms: planned.examined.writers_wait_ms,
        });
        Self {
            changes: changes.collect(),
            name: plan.name,
            base: plan.base,
            version: plan.version,
            class: plan.class.map(|class| class.name().into()),
            ddl: plan.ddl,
            plan_hash: plan.hash,
        }
    }
}
