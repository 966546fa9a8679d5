//! `/api/v1/storage/{name}/`: the rows of a storage.

use datadump_core::{Dump, Error, Expect, Fault, Place, Saved};
use poem_openapi::{
    ApiResponse, Object as ApiObject, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use super::Tag;
use crate::{
    answer::{Object, Reply, encoded, link},
    extract::{
        Base, IfMatch, IfNoneMatch, JsonBody, KnownVersions, MaybeOnce, Noted, Parameters, expectation,
    },
    problem::Problem,
};

const ONE_ROW: &str = "one row is sent at a time (there is no call for many yet)";

/// The rows of the storages of a database.
pub(crate) struct Rows {
    pub(crate) dump: Dump,
}

/// A page of rows.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct RowList {
    /// How many rows match in all; null when they were not counted.
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
    /// The rows.
    results: Vec<Object>,
}

/// A row that was written by its own account of its key.
#[derive(ApiResponse)]
pub(crate) enum Posted {
    /// The row as it is now.
    #[oai(status = 201)]
    Done(
        Reply<Object>,
        /// The version of the row, in quotes.
        #[oai(header = "ETag")]
        String,
        /// Whether it was answered before.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

/// A row that was written at its own address.
#[derive(ApiResponse)]
pub(crate) enum Put {
    /// The row as it is now.
    #[oai(status = 200)]
    Done(
        Reply<Object>,
        /// The version of the row, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

/// A row that was asked for.
#[derive(ApiResponse)]
pub(crate) enum Got {
    /// The row.
    #[oai(status = 200)]
    Row(
        Reply<Object>,
        /// The version of the row, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
    /// The client has it already.
    #[oai(status = 304)]
    Known(
        /// The version of the row, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

/// A row that is gone.
#[derive(ApiResponse)]
pub(crate) enum Deleted {
    /// The row is gone.
    #[oai(status = 204)]
    Done,
}

#[OpenApi(prefix_path = "/api/v1/storage", tag = "Tag::Rows")]
impl Rows {
    /// List rows, newest update first.
    ///
    /// Beside the parameters below, every field can be filtered on: `field=value`, or
    /// `field__op=value` with `eq ne lt lte gt gte in nin between contains icontains startswith
    /// endswith isnull`. Repeated filters must all hold.
    #[expect(clippy::too_many_arguments, reason = "they are noted for the document, and read as one list")]
    #[oai(path = "/:name", method = "get", operation_id = "list_rows")]
    async fn list(
        &self,
        /// The storage.
        name: Path<String>,
        /// The most rows to answer with, 1 to 1000 (100).
        #[oai(name = "limit")]
        _limit: Noted<u64>,
        /// How many rows to skip.
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
        /// The fields to answer with.
        #[oai(name = "fields")]
        _fields: Noted<String>,
        /// A filter as JSON: `{"or":[{"age":{"lt":18}},{"color":{"in":["red"]}}]}`.
        #[oai(name = "where")]
        _where: Noted<String>,
        parameters: Parameters,
        base: Base,
    ) -> Result<Reply<RowList>, Problem> {
        let listing = self.dump.storage(&name.0)?.list(&parameters.0).await?;
        let address = base.at(&format!("/api/v1/storage/{}/", encoded(&name.0)));
        Ok(Reply(RowList {
            count: listing.count,
            count_estimated: listing.estimated.then_some(true),
            next: listing.next.map(|parameters| link(&address, &parameters)),
            previous: listing.previous.map(|parameters| link(&address, &parameters)),
            results: listing.rows.into_iter().map(Object).collect(),
        }))
    }

    /// Insert a row, or replace the one with its key.
    ///
    /// A `version` in the row is the one it is expected to have: 409 when it has another.
    #[oai(path = "/:name", method = "post", operation_id = "save_row")]
    async fn save(
        &self,
        /// The storage.
        name: Path<String>,
        /// Only if the row has this version, in quotes, or `*`: only if there is one.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// `*`: only if there is no such row.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
        once: MaybeOnce,
        /// The row.
        row: JsonBody,
    ) -> Result<Posted, Problem> {
        let expect = expectation(if_match, if_none_match)?;
        if row.0.is_array() {
            return Err(one_row());
        }
        let saved = match once.0 {
            Some(once) => Box::pin(self.dump.save_once(&name.0, &row.0, expect, once)).await?,
            None => self.dump.storage(&name.0)?.save(&row.0, expect).await?,
        };
        let again = saved.again.then_some(true);
        let (row, tag) = tagged(saved);
        Ok(Posted::Done(row, tag, again))
    }

    /// Read a row.
    #[oai(path = "/:name/:key", method = "get", operation_id = "get_row")]
    async fn get(
        &self,
        /// The storage.
        name: Path<String>,
        /// The key.
        key: Path<String>,
        /// The versions the client has: 304 when the row has one of them.
        #[oai(name = "If-None-Match")]
        known: KnownVersions,
    ) -> Result<Got, Problem> {
        let saved = self.dump.storage(&name.0)?.get(&key.0).await?;
        let is_known = known.has(saved.version);
        let (row, tag) = tagged(saved);
        Ok(if is_known { Got::Known(tag) } else { Got::Row(row, tag) })
    }

    /// Insert or replace the row with this key.
    #[oai(path = "/:name/:key", method = "put", operation_id = "replace_row")]
    async fn replace(
        &self,
        /// The storage.
        name: Path<String>,
        /// The key.
        key: Path<String>,
        /// Only if the row has this version, in quotes, or `*`: only if there is one.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// `*`: only if there is no such row.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
        /// The row; its key may be left out.
        row: JsonBody,
    ) -> Result<Put, Problem> {
        let expect = expectation(if_match, if_none_match)?;
        let saved = self.dump.storage(&name.0)?.replace(&key.0, &row.0, expect).await?;
        let (row, tag) = tagged(saved);
        Ok(Put::Done(row, tag))
    }

    /// Change some fields of a row (JSON merge patch, RFC 7396).
    #[oai(path = "/:name/:key", method = "patch", operation_id = "patch_row")]
    async fn patch(
        &self,
        /// The storage.
        name: Path<String>,
        /// The key.
        key: Path<String>,
        /// Only if the row has this version, in quotes.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Always fails: only a row that exists can be changed.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
        /// The fields to change.
        patch: JsonBody,
    ) -> Result<Put, Problem> {
        let expect = expectation(if_match, if_none_match)?;
        let saved = self.dump.storage(&name.0)?.patch(&key.0, &patch.0, expect).await?;
        let (row, tag) = tagged(saved);
        Ok(Put::Done(row, tag))
    }

    /// Delete a row.
    #[oai(path = "/:name/:key", method = "delete", operation_id = "delete_row")]
    async fn delete(
        &self,
        /// The storage.
        name: Path<String>,
        /// The key.
        key: Path<String>,
        /// The version the row is expected to have: 409 when it has another.
        version: Query<Option<i32>>,
        /// Only if the row has this version, in quotes.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<Deleted, Problem> {
        let expect = match (version.0, if_match.expects()) {
            (None, condition) => condition,
            (Some(version), Expect::Anything) => Expect::Version(version),
            (Some(_), _) => return Err(both_versions()),
        };
        self.dump.storage(&name.0)?.delete(&key.0, expect).await?;
        Ok(Deleted::Done)
    }
}

fn tagged(saved: Saved) -> (Reply<Object>, String) {
    (Reply(Object(saved.row)), format!("\"{}\"", saved.version))
}

/// The same fault as for anything else that is no row, and what to do instead.
fn one_row() -> Problem {
    let fault = Fault::new(Place::body(), "not-an-object", "a row is a JSON object");
    Problem::from(Error::Invalid(vec![fault])).with_hint(ONE_ROW)
}

fn both_versions() -> Problem {
    let detail = "`version` and If-Match say the same: send one of them";
    Problem::parameter("version", "two-conditions", detail)
}
