//! `/api/v1/storage/{name}/key/{key}/`: a row, whatever its key. At `/api/v1/storage/{name}/{key}/` a key such as
//! `query` is the name of another operation.

use poem_openapi::{OpenApi, param::Path};

use super::{
    rows::{DeleteQuery, DeleteResponse, GetResponse, Rows, WriteResponse},
    tag::Tag,
};
use crate::{
    extract::{IfMatch, IfNoneMatch, JsonBody, KnownVersions, Query},
    problem::Problem,
};

/// Operations on rows whose keys are names of operations.
pub(crate) struct Keys {
    pub(crate) rows: Rows,
}

#[OpenApi(prefix_path = "/api/v1/storage", tag = "Tag::Rows")]
impl Keys {
    /// Get a row with any key
    #[oai(path = "/:name/key/:key", method = "get", operation_id = "get_row_by_key")]
    async fn get(
        &self,
        /// Name of the storage.
        name: Path<String>,
        /// Key of the row.
        key: Path<String>,
        /// Quoted versions the client has cached: 304 if the row has one of them.
        #[oai(name = "If-None-Match")]
        known: KnownVersions,
    ) -> Result<GetResponse, Problem> {
        self.rows.get(name, key, known).await
    }

    /// Insert or replace the row with this key, whatever it is
    #[oai(path = "/:name/key/:key", method = "put", operation_id = "replace_row_by_key")]
    async fn replace(
        &self,
        /// Name of the storage.
        name: Path<String>,
        /// Key of the row.
        key: Path<String>,
        /// Quoted version the row must have, or `*` if any row with this key must exist.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// `*`: the row must not exist.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
        /// The row; its key is optional.
        row: JsonBody,
    ) -> Result<WriteResponse, Problem> {
        self.rows.replace(name, key, if_match, if_none_match, row).await
    }

    /// Change some fields of a row with any key (JSON merge patch, RFC 7396)
    #[oai(path = "/:name/key/:key", method = "patch", operation_id = "patch_row_by_key")]
    async fn patch(
        &self,
        /// Name of the storage.
        name: Path<String>,
        /// Key of the row.
        key: Path<String>,
        /// Quoted version the row must have.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Always fails, because only an existing row can be changed.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
        /// The fields to change.
        patch: JsonBody,
    ) -> Result<WriteResponse, Problem> {
        self.rows.patch(name, key, if_match, if_none_match, patch).await
    }

    /// Delete a row with any key
    #[oai(path = "/:name/key/:key", method = "delete", operation_id = "delete_row_by_key")]
    async fn delete(
        &self,
        /// Name of the storage.
        name: Path<String>,
        /// Key of the row.
        key: Path<String>,
        query: Query<DeleteQuery>,
        /// Quoted version the row must have.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<DeleteResponse, Problem> {
        self.rows.delete(name, key, query, if_match).await
    }
}
