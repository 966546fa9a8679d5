//! `/api/v1/replay/`: replays under way, and those that have ended lately.

use std::time::Duration;

use datadump_core::{Dump, ReplayRequest};
use poem::http::StatusCode;
use poem_openapi::{
    Object as ApiObject, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::{
    Tag,
    replay_answer::{ReplayAnswer, Replayed},
};
use crate::{
    answer::{Reply, Window},
    extract::{Base, typed},
    problem::{FaultAnswer, Problem},
};

/// How long an answer waits for the end of a replay.
const PATIENCE: Duration = Duration::from_secs(2);

/// The replays this server remembers.
pub(crate) struct Replays {
    pub(crate) dump: Dump,
}

/// A page of replays, newest first.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct ReplayList {
    /// How many there are in all.
    count: u64,
    /// The address of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// The address of the page before.
    #[oai(nullable)]
    previous: Option<String>,
    /// The replays.
    results: Vec<ReplayAnswer>,
}

/// What is to be replayed, as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sent {
    filters: Map<String, Json>,
    dry_run: bool,
    program: Option<String>,
    takes: Option<String>,
    kept: bool,
}

#[OpenApi(prefix_path = "/api/v1/replay", tag = "Tag::Throw")]
impl Replays {
    /// List the replays this server remembers, newest first.
    #[oai(path = "/", method = "get", operation_id = "list_replays")]
    async fn list(
        &self,
        /// The most replays to answer with, 1 to 1000 (100).
        limit: Query<Option<u64>>,
        /// How many to skip.
        offset: Query<Option<u64>>,
        base: Base,
    ) -> Result<Reply<ReplayList>, Problem> {
        let window = Window::new(limit.0, offset.0)?;
        let replays = self.dump.replays().iter().map(|state| ReplayAnswer::from(&**state)).collect();
        let part = window.of(&base.at("/api/v1/replay/"), replays);
        let (count, next, previous) = (part.count, part.next, part.previous);
        Ok(Reply(ReplayList { count, next, previous, results: part.results }))
    }

    /// Say how far a replay is, or how it ended.
    #[oai(path = "/:id", method = "get", operation_id = "get_replay")]
    async fn get(
        &self,
        /// The replay.
        id: Path<String>,
    ) -> Result<Reply<ReplayAnswer>, Problem> {
        let state = parse(&id.0).and_then(|id| self.dump.replay_state(id));
        Ok(Reply(ReplayAnswer::from(&*state.ok_or_else(|| unknown(&id.0))?)))
    }

    /// Stop a replay after the entry it is at. What it has stored stays.
    #[oai(path = "/:id", method = "delete", operation_id = "stop_replay")]
    async fn stop(
        &self,
        /// The replay.
        id: Path<String>,
    ) -> Result<Reply<ReplayAnswer>, Problem> {
        let running = parse(&id.0).ok_or_else(|| unknown(&id.0))?;
        let state = self.dump.stop_replay(running).await;
        Ok(Reply(ReplayAnswer::from(&*state.ok_or_else(|| unknown(&id.0))?)))
    }
}

/// Starts the replay of one entry.
pub(super) async fn start_one(dump: &Dump, id: String, request: Json) -> Result<Replayed, Problem> {
    // Whether there is one at all.
    dump.quarantined(&id).await?;
    let sent: Sent = typed(request)?;
    if sent.kept || !sent.filters.is_empty() {
        return Err(wrong("filters", "one entry is replayed here: there is nothing to choose"));
    }
    run(dump, ReplayRequest { filters: vec![("id".into(), id)], ..sent.into_request()? }).await
}

/// Starts the replay of all that match.
pub(super) async fn start(dump: &Dump, request: Json) -> Result<Replayed, Problem> {
    run(dump, typed::<Sent>(request)?.into_request()?).await
}

async fn run(dump: &Dump, request: ReplayRequest) -> Result<Replayed, Problem> {
    let started = dump.replay(request).await?;
    Ok(dump.replay_ended(started.id, PATIENCE).await.unwrap_or(started).into())
}

impl Sent {
    fn into_request(self) -> Result<ReplayRequest, Problem> {
        let Self { filters: sent, dry_run, program, takes, kept } = self;
        let mut filters = Vec::new();
        for (name, value) in sent {
            // One value is as good as a list of one.
            let values = if let Json::Array(values) = value { values } else { vec![value] };
            for value in values {
                let text = match value {
                    Json::String(text) => text,
                    Json::Number(_) | Json::Bool(_) => value.to_string(),
                    _ => {
                        return Err(wrong(
                            &format!("filters/{name}"),
                            "a filter is a text, a number or a boolean",
                        ));
                    }
                };
                filters.push((name.clone(), text));
            }
        }
        Ok(ReplayRequest { filters, dry_run, program, takes, kept })
    }
}

fn parse(id: &str) -> Option<Uuid> {
    Uuid::parse_str(id).ok()
}

fn unknown(id: &str) -> Problem {
    let detail = format!("there is no replay `{id}`, or it is forgotten");
    Problem::new(StatusCode::NOT_FOUND, "unknown-replay", "No such replay", detail)
}

fn wrong(pointer: &str, detail: &str) -> Problem {
    let fault = FaultAnswer { pointer: Some(format!("/{pointer}")), ..FaultAnswer::new("invalid", detail) };
    let problem = Problem::new(StatusCode::BAD_REQUEST, "invalid", "The body is not valid", detail);
    problem.with_faults(vec![fault])
}
