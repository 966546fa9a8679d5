//! `/api/v1/storage/{name}/changes/`: the change feed of a storage.

use std::{sync::Arc, time::Duration};

use datadump_core::{
    Dump,
    live::{Event, FeedPage, FeedRequest, FeedStart, MAX_CHANGES},
};
use poem_openapi::{Object as ApiObject, OpenApi, param::Path, types::Type as _};
use serde::Serialize;
use serde_json::Value as Json;

use super::tag::Tag;
use crate::{
    answer::{Object, Reply},
    extract::{Parameter, Query, QueryParameters},
    problem::Problem,
};

/// Maximum time to wait for a change, in seconds.
const MAX_WAIT: f64 = 30.0;

/// The change feed.
pub(crate) struct Changes {
    pub(crate) dump: Dump,
}

/// A page of changes.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct ChangePage {
    /// The changes, in commit order. A page ends after five seconds, and may then be empty although there are more.
    results: Vec<ChangeAnswer>,
    /// The position from which to continue, as `after`.
    next: String,
}

/// A change of a storage.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "StorageChange")]
pub(crate) struct ChangeAnswer {
    /// The position after the change.
    position: String,
    /// `insert`, `update` or `delete`; `trim` if retention has removed rows.
    op: String,
    /// The key of the row; null for a trim.
    key: Json,
    /// The row as it is now; null if it no longer exists.
    #[oai(nullable)]
    row: Option<Object>,
    /// The rows that a trim has removed.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    trim: Option<TrimAnswer>,
}

/// Rows that retention has removed: those last written after one moment, and at or before another.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "TrimmedRows")]
pub(crate) struct TrimAnswer {
    /// The rows were last written after this moment.
    after: String,
    /// The rows were last written at or before this moment.
    until: String,
    /// Number of rows.
    rows: u64,
}

/// The query of a page of changes.
pub(crate) enum ChangesQuery {}

impl QueryParameters for ChangesQuery {
    type Value = FeedRequest;

    const DECLARED: &'static [&'static Parameter<FeedRequest>] = &[
        &Parameter {
            name: "after",
            schema: String::schema_ref,
            description: "Position after which to begin: the `next` of the previous page, or the id of an event of a \
                          stream. `now` begins at the end. Default: the oldest change that is kept.",
            set: |request, name, text| {
                request.start = FeedStart::parse(text).ok_or_else(|| {
                    let detail = format!(
                        "{text:?} is not a position: use the `next` of a page, or `now` to begin at the end"
                    );
                    Problem::parameter(name, "invalid-parameter", detail)
                })?;
                Ok(())
            },
        },
        &Parameter {
            name: "limit",
            schema: u64::schema_ref,
            description: "Maximum number of changes, 1 to 1000 (default 100).",
            set: |request, name, text| {
                let number = text.parse().ok().filter(|number| (1..=MAX_CHANGES).contains(number));
                request.limit = Some(number.ok_or_else(|| {
                    let detail = format!("`{name}` must be a number from 1 to {MAX_CHANGES}, not {text:?}");
                    Problem::parameter(name, "out-of-range", detail)
                })?);
                Ok(())
            },
        },
        &Parameter {
            name: "wait",
            schema: f64::schema_ref,
            description: "If there are no changes, wait up to this many seconds for one (at most 30).",
            set: |request, name, text| {
                let seconds = text.parse().ok().filter(|seconds| (0.0..=MAX_WAIT).contains(seconds));
                let seconds = seconds.ok_or_else(|| {
                    let detail =
                        format!("`{name}` must be a number of seconds from 0 to {MAX_WAIT}, not {text:?}");
                    Problem::parameter(name, "out-of-range", detail)
                })?;
                request.wait = Duration::from_secs_f64(seconds);
                Ok(())
            },
        },
    ];
}

#[OpenApi(prefix_path = "/api/v1/storage", tag = "Tag::Rows")]
impl Changes {
    /// List the changes of a storage in commit order
    ///
    /// For programs that copy a storage. Begin with `next` of the previous page as `after`. Answers 410 if the
    /// changes after a position are no longer kept: read the rows anew.
    #[oai(path = "/:name/changes", method = "get", operation_id = "list_changes")]
    async fn list(
        &self,
        /// Name of the storage.
        name: Path<String>,
        query: Query<ChangesQuery>,
    ) -> Result<Reply<ChangePage>, Problem> {
        let FeedPage { changes, next, .. } = &self.dump.live().changes(&name.0, query.0).await?;
        let results = changes.iter().map(ChangeAnswer::of).collect();
        Ok(Reply(ChangePage { results, next: next.to_string() }))
    }
}

impl ChangeAnswer {
    fn of(event: &Arc<Event>) -> Self {
        let row = event.row();
        let trim = event.trim().map(|trim| TrimAnswer {
            after: trim.after.to_string(),
            until: trim.until.to_string(),
            rows: trim.rows,
        });
        Self {
            position: event.cursor().map(ToString::to_string).unwrap_or_default(),
            op: event.name().into(),
            key: event.key().clone(),
            row: (!row.is_null()).then_some(Object(row)),
            trim,
        }
    }
}
