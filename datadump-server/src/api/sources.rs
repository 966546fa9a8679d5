//! `/api/v1/source/`: sources and their settings.

use datadump_core::{Dump, Error, Expect, SourceInfo};
use poem_openapi::{ApiResponse, Object as ApiObject, OpenApi, param::Path};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{
    recent_throws::{self, RecentThrowList},
    storages,
    tag::Tag,
};
use crate::{
    answer::{Object, Reply, Streamed, ThrowCounters, separated},
    extract::{BaseUrl, IfMatch, IfNoneMatch, JsonBody, Paging, Pairs, Query, expectation, object},
    problem::Problem,
    throwing::source_name,
};

const PATH: &str = "/api/v1/source/";

/// Operations on sources.
pub(crate) struct Sources {
    pub(crate) dump: Dump,
}

/// A page of sources, sorted by name.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct SourceList {
    /// Total number of results.
    count: u64,
    /// URL of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// URL of the previous page.
    #[oai(nullable)]
    previous: Option<String>,
    /// The sources.
    results: Vec<SourceAnswer>,
}

/// A source.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Source")]
pub(crate) struct SourceAnswer {
    /// Name.
    name: String,
    /// The settings of the source: `format`, `processor`, `key`, `timezone`, `strict`, `keep_raw`, `origins`,
    /// `unrouted` and `routes`, as described in the guide.
    settings: Object,
    /// Format of the last throw.
    #[oai(nullable)]
    last_format: Option<String>,
    /// Version of the settings, incremented by every write.
    version: i32,
    /// Time the source was created.
    created_at: String,
    /// Time the settings were last written.
    updated_at: String,
    /// Counters since the server started.
    counted: ThrowCounters,
}

/// The response to setting a source.
#[derive(ApiResponse)]
pub(crate) enum SetResponse {
    /// The source is created.
    #[oai(status = 201)]
    Created(
        Reply<SourceAnswer>,
        /// Version of the settings, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
    /// The settings are replaced.
    #[oai(status = 200)]
    Changed(
        Reply<SourceAnswer>,
        /// Version of the settings, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

/// The response to reading or changing a source.
#[derive(ApiResponse)]
pub(crate) enum SourceResponse {
    /// The source.
    #[oai(status = 200)]
    Source(
        Reply<SourceAnswer>,
        /// Version of the settings, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

/// The response to removing a source.
#[derive(ApiResponse)]
pub(crate) enum RemoveResponse {
    /// The source and its settings are removed; its rows are kept.
    #[oai(status = 204)]
    Removed,
}

#[OpenApi(prefix_path = "/api/v1/source", tag = "Tag::Throw")]
impl Sources {
    /// List sources
    #[oai(path = "/", method = "get", operation_id = "list_sources")]
    async fn list(&self, paging: Query<Paging>, base: BaseUrl) -> Result<Streamed<SourceList>, Problem> {
        let window = paging.0.window()?;
        let page = window.of(self.dump.sources().all());
        let page = page.map(|page| separated(page.into_iter().map(SourceAnswer::from)));
        Ok(Streamed::list(page, &base.at(PATH)))
    }

    /// Get a source
    #[oai(path = "/:source", method = "get", operation_id = "get_source")]
    async fn get(
        &self,
        /// Name of the source.
        source: Path<String>,
    ) -> Result<SourceResponse, Problem> {
        let (source, tag) = tagged(self.dump.sources().get(&source.0)?);
        Ok(SourceResponse::Source(source, tag))
    }

    /// Create a source, or replace all its settings
    #[oai(path = "/:source", method = "put", operation_id = "set_source")]
    async fn set(
        &self,
        /// Name of the source.
        source: Path<String>,
        /// Quoted version the settings must have, or `*` if the source must exist.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// `*`: the source must not exist.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
        /// The settings; omitted ones get their defaults.
        settings: JsonBody,
    ) -> Result<SetResponse, Problem> {
        let name = source_name(&source.0)?;
        let expect = self.expected(&source.0, expectation(if_match, if_none_match)?)?;
        let settings = object(settings.0)?;
        let (source, is_new) = self.dump.sources().set(&name, &settings, expect).await?;
        let (source, tag) = tagged(source);
        Ok(if is_new { SetResponse::Created(source, tag) } else { SetResponse::Changed(source, tag) })
    }

    /// Change some settings of a source (JSON merge patch, RFC 7396)
    #[oai(path = "/:source", method = "patch", operation_id = "patch_source")]
    async fn patch(
        &self,
        /// Name of the source.
        source: Path<String>,
        /// Quoted version the settings must have.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// The settings to change.
        patch: JsonBody,
    ) -> Result<SourceResponse, Problem> {
        let expect = self.expected(&source.0, if_match.expects())?;
        let patch = object(patch.0)?;
        let (source, tag) = tagged(self.dump.sources().patch(&source.0, &patch, expect).await?);
        Ok(SourceResponse::Source(source, tag))
    }

    /// Remove a source
    ///
    /// Its rows are kept. The next throw creates the source again.
    #[oai(path = "/:source", method = "delete", operation_id = "remove_source")]
    async fn remove(
        &self,
        /// Name of the source.
        source: Path<String>,
        /// Quoted version the settings must have.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<RemoveResponse, Problem> {
        let found = self.dump.sources().get(&source.0)?;
        match self.expected(&source.0, if_match.expects())? {
            Some(version) if version != found.version => Err(precondition_failed(found)),
            _ => Ok(self.dump.sources().remove(&source.0).await.map(|()| RemoveResponse::Removed)?),
        }
    }

    /// List recent throws at a source, newest first
    ///
    /// All that this server remembers, as it received them; `/api/v1/throw/` lists those of all sources.
    #[oai(path = "/:source/recent", method = "get", operation_id = "recent_throws")]
    async fn recent(
        &self,
        /// Name of the source.
        source: Path<String>,
        base: BaseUrl,
    ) -> Result<Streamed<RecentThrowList>, Problem> {
        let page = self.dump.sources().recent(&source.0)?;
        Ok(recent_throws::streamed(page, Pairs::new(), &base))
    }

    /// Returns the version that the settings must have, if there is a precondition.
    fn expected(&self, name: &str, expect: Expect) -> Result<Option<i32>, Problem> {
        match (expect, self.dump.sources().get(name)) {
            (Expect::Exactly(version) | Expect::Version(version), _) => Ok(Some(version)),
            (Expect::Absent, Ok(found)) => Err(precondition_failed(found)),
            (Expect::Exists, Err(_)) => Err(Error::Precondition { current: None }.into()),
            (Expect::Exists, Ok(found)) => Ok(Some(found.version)),
            _ => Ok(None),
        }
    }
}

fn tagged(source: SourceInfo) -> (Reply<SourceAnswer>, String) {
    let tag = format!("\"{}\"", source.version);
    (Reply(source.into()), tag)
}

fn precondition_failed(found: SourceInfo) -> Problem {
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
            counted: source.counted.into(),
        }
    }
}

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    match operation {
        "set_source" => Some(json!({
            "routes": [{
                "storage": storages::EXAMPLE_NAME,
                "when": {"kind": "dog"},
                "keep": ["chip_id", "color", "collar.size"],
                "rename": {"collar.size": "collar_size"},
                "cast": {"collar_size": "integer"},
            }],
            "unrouted": "drop",
        })),
        "patch_source" => Some(json!({"keep_raw": true})),
        _ => None,
    }
}
