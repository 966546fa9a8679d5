//! `/api/v1/throw/`: the last throws of all sources as they were received, and what became of them.

use datadump_core::{Dump, Error, RecentFilter, RecentPage, ThrowOutcome};
use poem_openapi::{Object as ApiObject, OpenApi, param::Path, types::Type as _};
use serde::Serialize;
use uuid::Uuid;

use super::tag::Tag;
use crate::{
    answer::{RecentThrowAnswer, RecentThrowDetails, Reply, Streamed, ThrowOutcomeAnswer, Window, separated},
    extract::{BaseUrl, LIMIT, Pairs, Parameter, Query, QueryParameters, whole_number},
    problem::Problem,
};

const PATH: &str = "/api/v1/throw/";

/// Operations on recent throws.
pub(crate) struct RecentThrows {
    pub(crate) dump: Dump,
}

/// The most recent throws, newest first.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct RecentThrowList {
    /// Number of matching throws that this server remembers.
    count: u64,
    /// URL of the next page, with older throws.
    #[oai(nullable)]
    next: Option<String>,
    /// Always null: new throws come in before the first page.
    #[oai(nullable)]
    previous: Option<String>,
    /// The throws.
    results: Vec<RecentThrowAnswer>,
}

/// The query of the list.
#[derive(Debug, Default)]
pub(crate) struct RecentQuery {
    filter: RecentFilter,
    limit: Option<u64>,
    before: Option<Uuid>,
    /// The filters as they were sent, for the link to the next page.
    sent: Pairs,
}

impl QueryParameters for RecentQuery {
    type Value = Self;

    const DECLARED: &'static [&'static Parameter<Self>] = &[
        &Parameter {
            name: "source",
            schema: String::schema_ref,
            description: "Name of a source; `_hub` for pushes to the hub.",
            set: |query, name, text| query.set(name, text, |filter, text| filter.source = Some(text)),
        },
        &Parameter {
            name: "q",
            schema: String::schema_ref,
            description: "Text that the body, the path or the name of the source contains, in upper or lower case.",
            set: |query, name, text| query.set(name, text, |filter, text| filter.text = Some(text)),
        },
        &Parameter {
            name: "format",
            schema: String::schema_ref,
            description: "Name of a format.",
            set: |query, name, text| query.set(name, text, |filter, text| filter.format = Some(text)),
        },
        &Parameter {
            name: "outcome",
            schema: ThrowOutcomeAnswer::schema_ref,
            description: "`stored`, `quarantined` (at least a part of it) or `refused`.",
            set: |query, name, text| {
                let outcome = outcome(text)?;
                query.set(name, text, |filter, _| filter.outcome = Some(outcome))
            },
        },
        &Parameter {
            name: LIMIT.name,
            schema: LIMIT.schema,
            description: LIMIT.description,
            set: |query, name, text| {
                query.limit = Some(whole_number(name, text)?);
                query.set(name, text, |_, _| {})
            },
        },
        &Parameter {
            name: "before",
            schema: String::schema_ref,
            description: "ID of a throw: only older ones are listed. Empty once the throw itself is no longer remembered.",
            set: |query, name, text| {
                query.before = Some(Uuid::try_parse(text).map_err(|_| {
                    let detail = format!("the query parameter `{name}` is not the ID of a throw");
                    Problem::parameter(name, "invalid-parameter", detail)
                })?);
                Ok(())
            },
        },
    ];
}

impl RecentQuery {
    fn set(
        &mut self,
        name: &str,
        text: &str,
        set: impl FnOnce(&mut RecentFilter, String),
    ) -> Result<(), Problem> {
        self.sent.push((name.to_owned(), text.to_owned()));
        set(&mut self.filter, text.to_owned());
        Ok(())
    }
}

fn outcome(text: &str) -> Result<ThrowOutcome, Problem> {
    match text {
        "stored" => Ok(ThrowOutcome::Stored),
        "quarantined" => Ok(ThrowOutcome::Quarantined),
        "refused" => Ok(ThrowOutcome::Refused),
        _ => {
            let detail = format!("`outcome` is `stored`, `quarantined` or `refused`, not {text:?}");
            Err(Problem::parameter("outcome", "invalid-parameter", detail))
        }
    }
}

#[OpenApi(prefix_path = "/api/v1/throw", tag = "Tag::Throw")]
impl RecentThrows {
    /// List the last throws of all sources, newest first
    ///
    /// This server remembers the last throws it received, at most 500 of them, until it is stopped. Streams and imports
    /// are not among them.
    #[oai(path = "/", method = "get", operation_id = "list_recent_throws")]
    async fn list(
        &self,
        query: Query<RecentQuery>,
        base: BaseUrl,
    ) -> Result<Streamed<RecentThrowList>, Problem> {
        let RecentQuery { filter, limit, before, sent } = query.0;
        let limit = usize::try_from(Window::new(limit, None)?.limit()).unwrap_or(usize::MAX);
        let page = self.dump.ingest().recent_throws().list(&filter, before, limit);
        Ok(streamed(page, sent, &base))
    }

    /// Get a recent throw with its records and what became of them
    ///
    /// The records are read once more from the kept bytes. The keys are those of the rows as they were stored.
    #[oai(path = "/:id", method = "get", operation_id = "get_recent_throw")]
    async fn get(
        &self,
        /// ID of the throw.
        id: Path<String>,
    ) -> Result<Reply<RecentThrowDetails>, Problem> {
        let id = Uuid::try_parse(&id.0).map_err(|_| Error::UnknownThrow(id.0.clone()))?;
        let (recent, records) = Box::pin(self.dump.ingest().recent_throw(id)).await?;
        Ok(Reply(RecentThrowDetails::new(&recent, records)))
    }
}

/// Returns a page of recent throws, which are rendered while they are sent. `sent` are the filters of the page.
pub(super) fn streamed(page: RecentPage, mut sent: Pairs, base: &BaseUrl) -> Streamed<RecentThrowList> {
    let next = page.next.map(|last| {
        sent.push(("before".to_owned(), last.to_string()));
        sent
    });
    let throws = separated(page.throws.into_iter().map(|recent| RecentThrowAnswer::from(recent.as_ref())));
    let (count, previous) = (Some(page.count as u64), None);
    let listing = datadump_core::Listing { rows: throws, count, estimated: false, next, previous };
    Streamed::list(listing, &base.at(PATH))
}
