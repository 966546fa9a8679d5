//! `/api/v1/quarantine/`: what could not be stored, with its bytes and the reason.

use datadump_core::Dump;
use poem::{IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse, Object as ApiObject, OpenApi,
    param::{Path, Query},
    registry::{MetaResponses, Registry},
};
use serde::Serialize;

use super::{Tag, replay_answer::Replayed, replays};
use crate::{
    answer::{Object, Reply, link},
    extract::{Base, MaybeJson, Noted, Parameters},
    problem::Problem,
};

/// What waits in quarantine.
pub(crate) struct Quarantine {
    pub(crate) dump: Dump,
}

/// A page of entries of quarantine, newest first.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct QuarantineList {
    /// How many entries match in all; null when they were not counted.
    #[oai(nullable)]
    count: Option<u64>,
    /// Whether the count is an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    count_estimated: Option<bool>,
    /// The address of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// The address of the page before.
    #[oai(nullable)]
    previous: Option<String>,
    /// The entries, without their bytes.
    results: Vec<Object>,
}

/// An entry: as JSON, or its bytes. The document knows only the first: a client that was generated
/// takes one type of answer.
pub(crate) enum EntryAnswer {
    /// All of it.
    Entry(Reply<Object>),
    /// Its bytes, for whoever asks for nothing else.
    Bytes(Vec<u8>),
}

/// An entry that is gone.
#[derive(ApiResponse)]
pub(crate) enum EntryGone {
    /// The entry and its bytes are gone.
    #[oai(status = 204)]
    Done,
}

#[OpenApi(prefix_path = "/api/v1/quarantine", tag = "Tag::Throw")]
impl Quarantine {
    /// List what could not be stored, newest first.
    ///
    /// Beside the parameters below, every field of an entry can be filtered on like a field of a row:
    /// `source=inbox`, `state=waiting`, `code=invalid`, `received_at__gt=…`.
    #[expect(clippy::too_many_arguments, reason = "they are noted for the document, and read as one list")]
    #[oai(path = "/", method = "get", operation_id = "list_quarantine")]
    async fn list(
        &self,
        /// The most entries to answer with, 1 to 1000 (100).
        #[oai(name = "limit")]
        _limit: Noted<u64>,
        /// How many entries to skip.
        #[oai(name = "offset")]
        _offset: Noted<u64>,
        /// Pages by position instead of by offset: empty for the first, then as `next` says.
        #[oai(name = "cursor")]
        _cursor: Noted<String>,
        /// How to count: `exact`, `estimated` or `none`.
        #[oai(name = "count")]
        _count: Noted<String>,
        /// The order: names of fields, `-` before those that descend.
        #[oai(name = "ordering")]
        _ordering: Noted<String>,
        /// The source.
        #[oai(name = "source")]
        _source: Noted<String>,
        /// `waiting` or `replayed`.
        #[oai(name = "state")]
        _state: Noted<String>,
        parameters: Parameters,
        base: Base,
    ) -> Result<Reply<QuarantineList>, Problem> {
        let listing = self.dump.quarantine(&parameters.0).await?;
        let address = base.at("/api/v1/quarantine/");
        Ok(Reply(QuarantineList {
            count: listing.count,
            count_estimated: listing.estimated.then_some(true),
            next: listing.next.map(|parameters| link(&address, &parameters)),
            previous: listing.previous.map(|parameters| link(&address, &parameters)),
            results: listing.rows.into_iter().map(Object).collect(),
        }))
    }

    /// Read an entry with its bytes: as base64 in `raw`, and as `text` when they are text.
    #[oai(path = "/:id", method = "get", operation_id = "get_quarantined")]
    async fn get(
        &self,
        /// The entry.
        id: Path<String>,
        /// `1`: answer with the bytes alone.
        raw: Query<Option<u64>>,
    ) -> Result<EntryAnswer, Problem> {
        if raw.0 == Some(1) {
            let (bytes, _) = self.dump.quarantined_bytes(&id.0).await?;
            return Ok(EntryAnswer::Bytes(bytes));
        }
        Ok(EntryAnswer::Entry(Reply(Object(self.dump.quarantined(&id.0).await?))))
    }

    /// Discard an entry and its bytes.
    #[oai(path = "/:id", method = "delete", operation_id = "discard_quarantined")]
    async fn discard(
        &self,
        /// The entry.
        id: Path<String>,
    ) -> Result<EntryGone, Problem> {
        self.dump.discard(&id.0).await?;
        Ok(EntryGone::Done)
    }

    /// Replay an entry: process it again and store what becomes of it, once.
    #[oai(path = "/:id/replay", method = "post", operation_id = "replay_quarantined")]
    async fn replay_one(
        &self,
        /// The entry.
        id: Path<String>,
        /// `dry_run`, `program` and `takes`; all may be left out.
        request: MaybeJson,
    ) -> Result<Replayed, Problem> {
        replays::start_one(&self.dump, id.0, request.0).await
    }

    /// Replay all entries that match: process them again and store what becomes of them, once.
    ///
    /// Answers 200 when it has ended within two seconds, else 202; how far it is says
    /// `/api/v1/replay/{id}/`.
    #[oai(path = "/replay", method = "post", operation_id = "replay")]
    async fn replay(
        &self,
        /// `filters` (of a list, by name), `dry_run`, `program` and `takes` to use in the place of the
        /// source's, `kept` for kept throws instead of quarantine; all may be left out.
        request: MaybeJson,
    ) -> Result<Replayed, Problem> {
        replays::start(&self.dump, request.0).await
    }
}

impl IntoResponse for EntryAnswer {
    fn into_response(self) -> Response {
        match self {
            Self::Entry(entry) => entry.into_response(),
            // Whatever they are, no browser may take them for a page of this server.
            Self::Bytes(bytes) => Response::builder()
                .content_type("application/octet-stream")
                .header(header::CONTENT_DISPOSITION, "attachment")
                .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
                .header(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'")
                .body(bytes),
        }
    }
}

impl ApiResponse for EntryAnswer {
    fn meta() -> MetaResponses {
        Reply::<Object>::meta()
    }

    fn register(registry: &mut Registry) {
        <Reply<Object> as ApiResponse>::register(registry);
    }
}
