//! `/api/v1/source/`: the doors of throws, and what they do with them.

use datadump_core::{Dump, Error, Expect, SourceInfo};
use poem_openapi::{
    ApiResponse, Object as ApiObject, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use super::Tag;
use crate::{
    answer::{Object, Reply, Window},
    extract::{Base, IfMatch, IfNoneMatch, JsonBody, expectation, object},
    problem::Problem,
    throwing::source_name,
};

const PATH: &str = "/api/v1/source/";

/// The sources of a database.
pub(crate) struct Sources {
    pub(crate) dump: Dump,
}

/// A page of sources, by name.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct SourceList {
    /// How many there are in all.
    count: u64,
    /// The address of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// The address of the page before.
    #[oai(nullable)]
    previous: Option<String>,
    /// The sources.
    results: Vec<SourceAnswer>,
}

/// A source.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Source")]
pub(crate) struct SourceAnswer {
    /// Its name.
    name: String,
    /// What it does with what is thrown at it: `format`, `processor`, `key`, `strict`, `keep_raw`,
    /// `unrouted` and `routes`, as the guide describes them.
    settings: Object,
    /// The format of the last throw.
    #[oai(nullable)]
    last_format: Option<String>,
    /// How often its settings were written.
    version: i32,
    /// When it was made.
    created_at: String,
    /// When its settings were last written.
    updated_at: String,
    /// What this server has counted since it started.
    counted: CountedAnswer,
}

/// What was counted of throws.
#[derive(Debug, Clone, Copy, Default, ApiObject, Serialize)]
#[oai(rename = "Counted")]
pub(crate) struct CountedAnswer {
    /// Throws.
    pub(crate) throws: u64,
    /// Rows written.
    pub(crate) accepted: u64,
    /// Entries made in quarantine.
    pub(crate) quarantined: u64,
    /// Records that nothing was to be done with.
    pub(crate) dropped: u64,
    /// Records that were there already.
    pub(crate) duplicates: u64,
}

/// The last throws at a source, newest first.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct RecentList {
    /// How many are remembered.
    count: u64,
    /// The throws, as they came, and what became of each: `throw`, `received_at`, `content_type`,
    /// `arguments`, `peer`, `size`, `body` or `body_base64`, `cut`, `format`, and `receipt` or `error`.
    results: Vec<Object>,
}

/// A source that was declared.
#[derive(ApiResponse)]
pub(crate) enum SourcePut {
    /// There was none; now there is.
    #[oai(status = 201)]
    Created(
        Reply<SourceAnswer>,
        /// The version of the settings, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
    /// Its settings are these now.
    #[oai(status = 200)]
    Changed(
        Reply<SourceAnswer>,
        /// The version of the settings, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

/// A source as it is.
#[derive(ApiResponse)]
pub(crate) enum SourceGot {
    /// The source.
    #[oai(status = 200)]
    Source(
        Reply<SourceAnswer>,
        /// The version of the settings, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

/// A source that is gone.
#[derive(ApiResponse)]
pub(crate) enum SourceGone {
    /// The source and its settings are gone; the rows stay.
    #[oai(status = 204)]
    Done,
}

#[OpenApi(prefix_path = "/api/v1/source", tag = "Tag::Throw")]
impl Sources {
    /// List all sources.
    #[oai(path = "/", method = "get", operation_id = "list_sources")]
    async fn list(
        &self,
        /// The most sources to answer with, 1 to 1000 (100).
        limit: Query<Option<u64>>,
        /// How many to skip.
        offset: Query<Option<u64>>,
        base: Base,
    ) -> Result<Reply<SourceList>, Problem> {
        let window = Window::new(limit.0, offset.0)?;
        let sources = self.dump.sources().into_iter().map(SourceAnswer::from).collect();
        let part = window.of(&base.at(PATH), sources);
        let (count, next, previous) = (part.count, part.next, part.previous);
        Ok(Reply(SourceList { count, next, previous, results: part.results }))
    }

    /// Read a source.
    #[oai(path = "/:source", method = "get", operation_id = "get_source")]
    async fn get(
        &self,
        /// The source.
        source: Path<String>,
    ) -> Result<SourceGot, Problem> {
        let (source, tag) = tagged(self.dump.source(&source.0)?);
        Ok(SourceGot::Source(source, tag))
    }

    /// Declare a source, or replace all its settings.
    #[oai(path = "/:source", method = "put", operation_id = "set_source")]
    async fn set(
        &self,
        /// The source.
        source: Path<String>,
        /// Only if its settings have this version, in quotes, or `*`: only if there is one.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// `*`: only if there is no such source.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
        /// The settings; what is left out is as it is by default.
        settings: JsonBody,
    ) -> Result<SourcePut, Problem> {
        let name = source_name(&source.0)?;
        let expect = self.expected(&source.0, expectation(if_match, if_none_match)?)?;
        let settings = object(settings.0)?;
        let (source, is_new) = self.dump.set_source(&name, &settings, expect).await?;
        let (source, tag) = tagged(source);
        Ok(if is_new { SourcePut::Created(source, tag) } else { SourcePut::Changed(source, tag) })
    }

    /// Change some settings of a source (JSON merge patch, RFC 7396).
    #[oai(path = "/:source", method = "patch", operation_id = "patch_source")]
    async fn patch(
        &self,
        /// The source.
        source: Path<String>,
        /// Only if its settings have this version, in quotes.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// The settings to change.
        patch: JsonBody,
    ) -> Result<SourceGot, Problem> {
        let expect = self.expected(&source.0, if_match.expects())?;
        let patch = object(patch.0)?;
        let (source, tag) = tagged(self.dump.patch_source(&source.0, &patch, expect).await?);
        Ok(SourceGot::Source(source, tag))
    }

    /// Forget a source. Its rows stay, and the next throw makes it anew.
    #[oai(path = "/:source", method = "delete", operation_id = "remove_source")]
    async fn remove(
        &self,
        /// The source.
        source: Path<String>,
        /// Only if its settings have this version, in quotes.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<SourceGone, Problem> {
        let found = self.dump.source(&source.0)?;
        match self.expected(&source.0, if_match.expects())? {
            Some(version) if version != found.version => Err(moved_on(found)),
            _ => Ok(self.dump.remove_source(&source.0).await.map(|()| SourceGone::Done)?),
        }
    }

    /// List the last throws at a source, as they came to this server, newest first.
    #[oai(path = "/:source/recent", method = "get", operation_id = "recent_throws")]
    async fn recent(
        &self,
        /// The source.
        source: Path<String>,
    ) -> Result<Reply<RecentList>, Problem> {
        let recent = self.dump.recent(&source.0)?;
        Ok(Reply(RecentList {
            count: recent.len() as u64,
            results: recent.into_iter().map(Object).collect(),
        }))
    }

    /// The version that settings have to have, if any is named.
    fn expected(&self, name: &str, expect: Expect) -> Result<Option<i32>, Problem> {
        match (expect, self.dump.source(name)) {
            (Expect::Exactly(version) | Expect::Version(version), _) => Ok(Some(version)),
            (Expect::Absent, Ok(found)) => Err(moved_on(found)),
            (Expect::Exists, Err(_)) => Err(Error::Precondition { current: None }.into()),
            (Expect::Exists, Ok(found)) => Ok(Some(found.version)),
            _ => Ok(None),
        }
    }
}

impl CountedAnswer {
    /// What was counted at all sources together.
    pub(super) fn of(dump: &Dump) -> Self {
        dump.sources().iter().fold(Self::default(), |sum, source| Self {
            throws: sum.throws + source.counted.throws,
            accepted: sum.accepted + source.counted.accepted,
            quarantined: sum.quarantined + source.counted.quarantined,
            dropped: sum.dropped + source.counted.dropped,
            duplicates: sum.duplicates + source.counted.duplicates,
        })
    }
}

fn tagged(source: SourceInfo) -> (Reply<SourceAnswer>, String) {
    let tag = format!("\"{}\"", source.version);
    (Reply(source.into()), tag)
}

fn moved_on(found: SourceInfo) -> Problem {
    Error::Precondition { current: serde_json::to_value(found).ok() }.into()
}

impl From<SourceInfo> for SourceAnswer {
    fn from(source: SourceInfo) -> Self {
        Self {
            name: source.name,
            settings: Object(serde_json::to_value(source.settings).unwrap_or_default()),
            last_format: source.last_format,
            version: source.version,
            created_at: source.created_at,
            updated_at: source.updated_at,
            counted: CountedAnswer {
                throws: source.counted.throws,
                accepted: source.counted.accepted,
                quarantined: source.counted.quarantined,
                dropped: source.counted.dropped,
                duplicates: source.counted.duplicates,
            },
        }
    }
}
