//! The versions of a storage: their history, the plan for the next, and how far the last one is.

use datadump_core::{Dump, Plan, store::VersionRecord};
use poem::http::StatusCode;
use poem_openapi::{
    Object as ApiObject, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;
use serde_json::Value as Json;

use super::Tag;
use crate::{
    answer::{Moment, Object, Reply, Window, encoded},
    extract::{Base, JsonBody},
    problem::{FaultAnswer, Problem},
};

/// The versions of the storages of a database.
pub(crate) struct Versions {
    pub(crate) dump: Dump,
}

/// A page of versions, first to last.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct VersionList {
    /// How many there are in all.
    count: u64,
    /// The address of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// The address of the page before.
    #[oai(nullable)]
    previous: Option<String>,
    /// The versions.
    results: Vec<VersionAnswer>,
}

/// A version of a storage.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Version")]
pub(crate) struct VersionAnswer {
    /// Which one it is.
    version: i32,
    /// Its definition, as it was sent.
    definition: Object,
    /// `queued`, `running`, `applied` or `failed`.
    state: String,
    /// Why it failed, when it did.
    #[oai(nullable)]
    error: Option<String>,
    /// When it was declared.
    created_at: Moment,
    /// When it came into force.
    #[oai(nullable)]
    applied_at: Option<Moment>,
}

/// What declaring a definition would do.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Plan")]
pub(crate) struct PlanAnswer {
    /// The storage.
    name: String,
    /// The version in force; null for a new storage.
    #[oai(nullable)]
    base: Option<i32>,
    /// The version it would have.
    version: i32,
    /// The gravest class among the changes; null when there are none.
    #[oai(nullable)]
    class: Option<String>,
    /// The changes.
    changes: Vec<ChangeAnswer>,
    /// What the database would run.
    ddl: Vec<String>,
    /// What to send as `plan` to have exactly this applied.
    plan_hash: String,
}

/// One change of a plan.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Change")]
pub(crate) struct ChangeAnswer {
    /// `additive`, `widening`, `data-dependent`, `breaking`, `destructive` or `forbidden`.
    class: String,
    /// The field or index it concerns.
    name: String,
    /// Where it is in the definition: a JSON pointer.
    #[oai(nullable)]
    pointer: Option<String>,
    /// What changes, for people.
    detail: String,
    /// Rows that were looked at.
    rows_scanned: u64,
    /// Rows that stand in its way.
    rows_violating: u64,
    /// The keys of the first few of them.
    examples: Vec<Json>,
    /// About how long writers have to wait while it is made, in milliseconds; 0 when they need not.
    writers_wait_ms: u64,
}

/// How far the last version of a storage is.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct ReadyStatus {
    /// The storage.
    name: String,
    /// The version.
    version: i32,
    /// Whether it is in force.
    applied: bool,
    /// `queued`, `running`, `applied` or `failed`.
    state: String,
    /// Rows read or rewritten so far.
    rows_done: u64,
    /// Rows there are to read or rewrite.
    rows_total: u64,
    /// Why it failed, when it did.
    #[oai(nullable)]
    error: Option<String>,
}

#[OpenApi(prefix_path = "/api/v1/factory", tag = "Tag::Factory")]
impl Versions {
    /// List the versions of a storage.
    #[oai(path = "/storage/:name/versions", method = "get", operation_id = "list_versions")]
    async fn list(
        &self,
        /// The storage.
        name: Path<String>,
        /// The most versions to answer with, 1 to 1000 (100).
        limit: Query<Option<u64>>,
        /// How many to skip.
        offset: Query<Option<u64>>,
        base: Base,
    ) -> Result<Reply<VersionList>, Problem> {
        let window = Window::new(limit.0, offset.0)?;
        let versions = self.dump.versions(&name.0).await?.into_iter().map(VersionAnswer::from).collect();
        let address = base.at(&format!("/api/v1/factory/storage/{}/versions/", encoded(&name.0)));
        let part = window.of(&address, versions);
        let (count, next, previous) = (part.count, part.next, part.previous);
        Ok(Reply(VersionList { count, next, previous, results: part.results }))
    }

    /// Say what declaring a definition would do, and do nothing.
    #[oai(path = "/storage/:name/plan", method = "post", operation_id = "plan_storage")]
    async fn plan(
        &self,
        /// The storage; it need not exist.
        name: Path<String>,
        /// The definition; its `name` may be left out.
        definition: JsonBody,
    ) -> Result<Reply<PlanAnswer>, Problem> {
        let definition = named(definition.0, &name.0)?;
        Ok(Reply(PlanAnswer::from(self.dump.plan(&definition).await?)))
    }

    /// Say how far the last version of a storage is.
    #[oai(path = "/ready_status/:name", method = "get", operation_id = "ready_status")]
    async fn ready_status(
        &self,
        /// The storage.
        name: Path<String>,
    ) -> Result<Reply<ReadyStatus>, Problem> {
        let progress = self.dump.progress(&name.0).await?;
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

/// The definition, with the name of the path in it.
fn named(mut definition: Json, name: &str) -> Result<Json, Problem> {
    let Some(members) = definition.as_object_mut() else { return Ok(definition) };
    let found = members.entry("name").or_insert_with(|| name.into());
    if found == name {
        return Ok(definition);
    }
    let detail = format!("name: {found} is not `{name}`, the storage of the path");
    let fault =
        FaultAnswer { pointer: Some("/name".into()), ..FaultAnswer::new("another-name", detail.clone()) };
    let problem = Problem::new(StatusCode::BAD_REQUEST, "another-name", "The names differ", detail);
    Err(problem.with_faults(vec![fault]))
}

impl From<VersionRecord> for VersionAnswer {
    fn from(record: VersionRecord) -> Self {
        Self {
            version: record.version,
            definition: Object(record.sent),
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
