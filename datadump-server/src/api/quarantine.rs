//! `/api/v1/quarantine/`: data that could not be stored, with its original bytes and the reason.

use datadump_core::{ByteChunks, Dump, RowPage};
use poem::{IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse, Object as ApiObject, OpenApi,
    param::Path,
    registry::{MetaResponses, Registry},
    types::Type as _,
};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{
    replay_answer::ReplayResponse,
    replays::{self, ReplayQuery},
    tag::Tag,
};
use crate::{
    answer::{Object, Reply, Streamed, streamed},
    extract::{
        BaseUrl, COUNT, CURSOR, LIMIT, ListParameters, MaybeJson, OFFSET, ORDERING, Pairs, Parameter, Query,
        QueryParameters, passed_on, whole_number,
    },
    problem::Problem,
};

/// Operations on quarantine entries.
pub(crate) struct Quarantine {
    pub(crate) dump: Dump,
}

/// A page of quarantine entries, newest first.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct QuarantineList {
    /// Total number of matching entries; null if they were not counted.
    #[oai(nullable)]
    count: Option<u64>,
    /// True if the count is an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    count_estimated: Option<bool>,
    /// URL of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// URL of the previous page.
    #[oai(nullable)]
    previous: Option<String>,
    /// The entries, without their original bytes.
    results: Vec<Object>,
}

/// Counts of quarantine entries, by group.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct QuarantineSummary {
    /// The groups, largest first, each with `source`, `step`, `code`, `field` and the `count` of its entries.
    results: Vec<Object>,
    /// True if there are more groups.
    truncated: bool,
}

/// The response to reading an entry. Only the JSON is documented, because generated clients support a single
/// type of success.
pub(crate) enum EntryResponse {
    /// The entry as JSON.
    Entry(Streamed<Object>),
    /// Only its original bytes.
    Bytes(ByteChunks),
}

/// The response to discarding an entry.
#[derive(ApiResponse)]
pub(crate) enum DiscardResponse {
    /// The entry and its original bytes are deleted.
    #[oai(status = 204)]
    Discarded,
}

/// The query of a list of entries. The core parses it, because it knows the fields.
pub(crate) enum QuarantineQuery {}

impl ListParameters for QuarantineQuery {
    const PARAMETERS: &'static [&'static Parameter<Pairs>] = &[
        &LIMIT,
        &OFFSET,
        &CURSOR,
        &COUNT,
        &ORDERING,
        &passed_on("source", String::schema_ref, "Name of the source."),
        &passed_on("state", String::schema_ref, "`waiting` or `replayed`."),
    ];
}

/// The query of a summary.
pub(crate) enum SummaryQuery {}

impl ListParameters for SummaryQuery {
    const PARAMETERS: &'static [&'static Parameter<Pairs>] = &[
        &LIMIT,
        &passed_on("source", String::schema_ref, "Name of the source."),
        &passed_on("state", String::schema_ref, "`waiting` or `replayed`."),
    ];
}

/// The query of reading an entry.
#[derive(Debug, Default)]
pub(crate) struct EntryQuery {
    raw: Option<u64>,
}

impl QueryParameters for EntryQuery {
    type Value = Self;

    const DECLARED: &'static [&'static Parameter<Self>] = &[&Parameter {
        name: "raw",
        schema: u64::schema_ref,
        description: "`1`: return only the original bytes.",
        set: |query, name, text| whole_number(name, text).map(|raw| query.raw = Some(raw)),
    }];
}

#[OpenApi(prefix_path = "/api/v1/quarantine", tag = "Tag::Throw")]
impl Quarantine {
    /// List quarantine entries, newest first
    ///
    /// Every field of an entry can be used as a filter, like the fields of rows: `source=inbox`,
    /// `state=waiting`, `code=null`, `received_at__gt=…`.
    #[oai(path = "/", method = "get", operation_id = "list_quarantine")]
    async fn list(
        &self,
        query: Query<QuarantineQuery>,
        base: BaseUrl,
    ) -> Result<Streamed<QuarantineList>, Problem> {
        let page = self.dump.quarantine().page(&query.0).await?;
        Ok(Streamed::list(page.map(RowPage::into_chunks), &base.at("/api/v1/quarantine/")))
    }

    /// Count quarantine entries by source, step, code and field
    ///
    /// Takes the filters of the list. `limit` is the maximum number of groups.
    #[oai(path = "/summary", method = "get", operation_id = "summarize_quarantine")]
    async fn summary(&self, query: Query<SummaryQuery>) -> Result<Reply<QuarantineSummary>, Problem> {
        let (results, truncated) = self.dump.quarantine().summary(&query.0).await?;
        Ok(Reply(QuarantineSummary { results: results.into_iter().map(Object).collect(), truncated }))
    }

    /// Get a quarantine entry with its original bytes
    ///
    /// The bytes are returned as base64 in `raw` and, if they are text, in `text`.
    #[oai(path = "/:id", method = "get", operation_id = "get_quarantined")]
    async fn get(
        &self,
        /// ID of the entry.
        id: Path<String>,
        query: Query<EntryQuery>,
    ) -> Result<EntryResponse, Problem> {
        if query.0.raw == Some(1) {
            let (bytes, _) = self.dump.quarantine().bytes(&id.0).await?;
            return Ok(EntryResponse::Bytes(bytes));
        }
        let entry = self.dump.quarantine().get_page(&id.0).await?;
        Ok(EntryResponse::Entry(Streamed::new(entry.into_chunks())))
    }

    /// Discard a quarantine entry and its original bytes
    #[oai(path = "/:id", method = "delete", operation_id = "discard_quarantined")]
    async fn discard(
        &self,
        /// ID of the entry.
        id: Path<String>,
    ) -> Result<DiscardResponse, Problem> {
        self.dump.quarantine().discard(&id.0).await?;
        Ok(DiscardResponse::Discarded)
    }

    /// Replay a quarantine entry
    ///
    /// The entry is processed again, and its records are stored once. Rows that were written after the entry was
    /// received are kept, and the entry counts as `superseded`, unless `overwrite` is set.
    #[oai(path = "/:id/replay", method = "post", operation_id = "replay_quarantined")]
    async fn replay_one(
        &self,
        /// ID of the entry.
        id: Path<String>,
        query: Query<ReplayQuery>,
        /// `dry_run`, `overwrite`, `body` or `body_base64` to use instead of the entry's, and `program` and
        /// `takes` to use instead of the source's; all are optional.
        request: MaybeJson,
    ) -> Result<ReplayResponse, Problem> {
        replays::start_one(&self.dump, id.0, &query.0, request.0).await
    }

    /// Replay all matching quarantine entries
    ///
    /// The entries are processed again, oldest first, and their records are stored once. Rows that were written
    /// after an entry was received are kept, and the entry counts as `superseded`, unless `overwrite` is set.
    /// Answers 200 if the replay ends within two seconds, otherwise 202; `/api/v1/replay/{id}/` then shows the
    /// progress.
    #[oai(path = "/replay", method = "post", operation_id = "replay")]
    async fn replay(
        &self,
        query: Query<ReplayQuery>,
        /// `filters` (as in the list, by name), `dry_run`, `overwrite`, `program` and `takes` to use instead of the
        /// source's, and `kept` to replay kept throws instead of quarantine entries; all are optional.
        request: MaybeJson,
    ) -> Result<ReplayResponse, Problem> {
        replays::start(&self.dump, &query.0, request.0).await
    }
}

impl IntoResponse for EntryResponse {
    fn into_response(self) -> Response {
        match self {
            Self::Entry(entry) => entry.into_response(),
            // A browser must never treat them as a page of this server.
            Self::Bytes(bytes) => streamed("application/octet-stream", bytes)
                .with_header(header::CONTENT_DISPOSITION, "attachment")
                .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
                .with_header(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'")
                .into_response(),
        }
    }
}

impl ApiResponse for EntryResponse {
    fn meta() -> MetaResponses {
        Reply::<Object>::meta()
    }

    fn register(registry: &mut Registry) {
        <Reply<Object> as ApiResponse>::register(registry);
    }
}

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    match operation {
        "replay_quarantined" => Some(json!({"dry_run": true})),
        "replay" => Some(json!({"filters": {"source": "inbox"}, "dry_run": true})),
        _ => None,
    }
}
