//! `/api/v1/replay/`: running and recent replays.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use datadump_core::{Dump, Error, ReplayRequest};
use poem::http::StatusCode;
use poem_openapi::{Object as ApiObject, OpenApi, param::Path, types::Type as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::{
    replay_answer::{ReplayAnswer, ReplayResponse},
    tag::Tag,
};
use crate::{
    answer::{Reply, Streamed, separated},
    extract::{BaseUrl, Paging, Parameter, Query, QueryParameters, typed, whole_number},
    problem::{FaultAnswer, Problem},
};

/// How long the response waits for the end of a replay.
const WAIT_TIMEOUT: Duration = Duration::from_secs(2);

/// Operations on replays.
pub(crate) struct Replays {
    pub(crate) dump: Dump,
}

/// A page of replays, newest first.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct ReplayList {
    /// Total number of results.
    count: u64,
    /// URL of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// URL of the previous page.
    #[oai(nullable)]
    previous: Option<String>,
    /// The replays.
    results: Vec<ReplayAnswer>,
}

/// The body of a request that starts a replay.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReplayBody {
    filters: Map<String, Json>,
    dry_run: bool,
    overwrite: bool,
    body: Option<String>,
    body_base64: Option<String>,
    program: Option<String>,
    takes: Option<String>,
    kept: bool,
}

#[OpenApi(prefix_path = "/api/v1/replay", tag = "Tag::Throw")]
impl Replays {
    /// List running and recent replays, newest first
    #[oai(path = "/", method = "get", operation_id = "list_replays")]
    async fn list(&self, paging: Query<Paging>, base: BaseUrl) -> Result<Streamed<ReplayList>, Problem> {
        let window = paging.0.window()?;
        let page = window.of(self.dump.replays().all());
        let page = page.map(|page| separated(page.into_iter().map(|state| ReplayAnswer::from(&*state))));
        Ok(Streamed::list(page, &base.at("/api/v1/replay/")))
    }

    /// Get the progress or outcome of a replay
    #[oai(path = "/:id", method = "get", operation_id = "get_replay")]
    async fn get(
        &self,
        /// ID of the replay.
        id: Path<String>,
    ) -> Result<Reply<ReplayAnswer>, Problem> {
        let state = parse(&id.0).and_then(|id| self.dump.replays().get(id));
        Ok(Reply(ReplayAnswer::from(&*state.ok_or_else(|| unknown(&id.0))?)))
    }

    /// Stop a replay after the entries in progress
    ///
    /// The rows it has stored are kept.
    #[oai(path = "/:id", method = "delete", operation_id = "stop_replay")]
    async fn stop(
        &self,
        /// ID of the replay.
        id: Path<String>,
    ) -> Result<Reply<ReplayAnswer>, Problem> {
        let replay = parse(&id.0).ok_or_else(|| unknown(&id.0))?;
        let state = self.dump.replays().stop(replay).await;
        Ok(Reply(ReplayAnswer::from(&*state.ok_or_else(|| unknown(&id.0))?)))
    }
}

/// The query of a request that starts a replay.
#[derive(Debug, Default)]
pub(crate) struct ReplayQuery {
    overwrite: Option<u8>,
}

impl QueryParameters for ReplayQuery {
    type Value = Self;

    const DECLARED: &'static [&'static Parameter<Self>] = &[&Parameter {
        name: "overwrite",
        schema: u8::schema_ref,
        description: "`1`: overwrite rows that were written after the entry was received, like `overwrite` in the \
                      body.",
        set: |query, name, text| match whole_number(name, text)? {
            overwrite @ (0 | 1) => {
                query.overwrite = Some(overwrite);
                Ok(())
            }
            other => {
                let detail = format!("the query parameter `{name}` is {other}; it must be 0 or 1");
                Err(Problem::parameter(name, "invalid-parameter", detail))
            }
        },
    }];
}

/// Starts a replay of one entry.
pub(super) async fn start_one(
    dump: &Dump,
    id: String,
    query: &ReplayQuery,
    request: Json,
) -> Result<ReplayResponse, Problem> {
    if !dump.quarantine().contains(&id).await? {
        return Err(Error::UnknownEntry(id).into());
    }
    let mut body: ReplayBody = typed(request)?;
    if body.kept || !body.filters.is_empty() {
        return Err(invalid(
            "filters",
            "this endpoint replays a single entry and takes neither `filters` nor `kept`",
        ));
    }
    let edited = body.take_edited()?;
    run(dump, ReplayRequest { entry: Some(id), body: edited, ..body.into_request(query)? }).await
}

/// Starts a replay of all matching entries.
pub(super) async fn start(
    dump: &Dump,
    query: &ReplayQuery,
    request: Json,
) -> Result<ReplayResponse, Problem> {
    let body: ReplayBody = typed(request)?;
    for (name, is_sent) in [("body", body.body.is_some()), ("body_base64", body.body_base64.is_some())] {
        if is_sent {
            return Err(invalid(name, "only the replay of a single entry takes an edited body"));
        }
    }
    run(dump, body.into_request(query)?).await
}

async fn run(dump: &Dump, request: ReplayRequest) -> Result<ReplayResponse, Problem> {
    let started = dump.replays().start(request).await?;
    Ok(dump.replays().wait(started.id, WAIT_TIMEOUT).await.unwrap_or(started).into())
}

impl ReplayBody {
    /// Takes the edited body.
    fn take_edited(&mut self) -> Result<Option<Bytes>, Problem> {
        match (self.body.take(), self.body_base64.take()) {
            (None, None) => Ok(None),
            (Some(text), None) => Ok(Some(Bytes::from(text))),
            (None, Some(text)) => match BASE64.decode(text) {
                Ok(bytes) => Ok(Some(bytes.into())),
                Err(error) => Err(invalid("body_base64", &format!("not valid base64: {error}"))),
            },
            (Some(_), Some(_)) => Err(invalid("body", "`body` and `body_base64` exclude each other")),
        }
    }

    fn into_request(self, query: &ReplayQuery) -> Result<ReplayRequest, Problem> {
        let Self { filters: by_name, dry_run, overwrite, program, takes, kept, .. } = self;
        let overwrite = overwrite || query.overwrite == Some(1);
        let mut filters = Vec::new();
        for (name, value) in by_name {
            // A single value is a list of one.
            let values = if let Json::Array(values) = value { values } else { vec![value] };
            for value in values {
                let text = match value {
                    Json::String(text) => text,
                    Json::Number(_) | Json::Bool(_) => value.to_string(),
                    _ => {
                        return Err(invalid(
                            &format!("filters/{name}"),
                            "a filter must be a string, a number or a boolean",
                        ));
                    }
                };
                filters.push((name.clone(), text));
            }
        }
        Ok(ReplayRequest { filters, dry_run, overwrite, program, takes, kept, ..ReplayRequest::default() })
    }
}

fn parse(id: &str) -> Option<Uuid> {
    Uuid::parse_str(id).ok()
}

fn unknown(id: &str) -> Problem {
    let detail = format!("replay `{id}` does not exist or is too old to be remembered");
    Problem::new(StatusCode::NOT_FOUND, "unknown-replay", "No such replay", detail)
}

fn invalid(pointer: &str, detail: &str) -> Problem {
    let fault = FaultAnswer { pointer: Some(format!("/{pointer}")), ..FaultAnswer::new("invalid", detail) };
    let problem = Problem::new(StatusCode::BAD_REQUEST, "invalid", "The body is not valid", detail);
    problem.with_faults(vec![fault])
}
