//! `/` and `/throw/{source}`: throwing data.

use poem::Request;
use poem_openapi::{OpenApi, param::Path};
use serde_json::{Value as Json, json};

use super::{tag::Tag, throw_response::ThrowResponse};
use crate::{
    extract::{MaybeKey, Query, ThrowBody, ThrowHead},
    problem::Problem,
    throwing::{DataQuery, ThrowQuery, ThrowRequest, Thrower},
};

/// GET operations that store data: a HEAD request must not run them.
pub(super) const GET_WITH_SIDE_EFFECTS: &[&str] = &["throw_arguments", "throw_arguments_at"];

/// Operations that throw data.
pub(crate) struct Throws {
    pub(crate) thrower: Thrower,
}

#[OpenApi(tag = "Tag::Throw")]
impl Throws {
    /// Throw data at the source `inbox`
    ///
    /// Accepts any body, with or without a content type, and uncompressed or compressed with gzip, deflate,
    /// br or zstd. The format is detected. All other query parameters are stored with the throw; if the body
    /// is empty, they are the record.
    #[oai(path = "/", method = "post", operation_id = "throw")]
    async fn throw(
        &self,
        query: Query<ThrowQuery>,
        head: ThrowHead,
        key: MaybeKey,
        /// The data.
        body: ThrowBody,
    ) -> Result<ThrowResponse, Problem> {
        self.run("", query, head, key, body).await
    }

    /// Throw data at the source `inbox`, like `POST`
    #[oai(path = "/", method = "put", operation_id = "throw_put")]
    async fn throw_put(
        &self,
        query: Query<ThrowQuery>,
        head: ThrowHead,
        key: MaybeKey,
        /// The data.
        body: ThrowBody,
    ) -> Result<ThrowResponse, Problem> {
        self.run("", query, head, key, body).await
    }

    /// Throw the query parameters at the source `inbox`: `/?speed=1.75`
    ///
    /// All query parameters are fields of the record. A client that accepts HTML gets the start page instead.
    #[oai(path = "/", method = "get", operation_id = "throw_arguments")]
    async fn throw_arguments(
        &self,
        query: Query<DataQuery>,
        head: ThrowHead,
        request: &Request,
    ) -> Result<ThrowResponse, Problem> {
        self.run_data("", query, head, request).await
    }

    /// Throw data at a source, which is created by its first throw
    ///
    /// Accepts any body, with or without a content type, and uncompressed or compressed with gzip, deflate,
    /// br or zstd. The format is detected. All other query parameters are stored with the throw; if the body
    /// is empty, they are the record.
    #[oai(path = "/throw/:source", method = "post", operation_id = "throw_at")]
    async fn throw_at(
        &self,
        /// Name of the source.
        source: Path<String>,
        query: Query<ThrowQuery>,
        head: ThrowHead,
        key: MaybeKey,
        /// The data.
        body: ThrowBody,
    ) -> Result<ThrowResponse, Problem> {
        self.run(&source.0, query, head, key, body).await
    }

    /// Throw data at a source, like `POST`
    #[oai(path = "/throw/:source", method = "put", operation_id = "throw_put_at")]
    async fn throw_put_at(
        &self,
        /// Name of the source.
        source: Path<String>,
        query: Query<ThrowQuery>,
        head: ThrowHead,
        key: MaybeKey,
        /// The data.
        body: ThrowBody,
    ) -> Result<ThrowResponse, Problem> {
        self.run(&source.0, query, head, key, body).await
    }

    /// Throw the query parameters at a source: `/throw/car?speed=1.75`
    ///
    /// All query parameters are fields of the record.
    #[oai(path = "/throw/:source", method = "get", operation_id = "throw_arguments_at")]
    async fn throw_arguments_at(
        &self,
        /// Name of the source.
        source: Path<String>,
        query: Query<DataQuery>,
        head: ThrowHead,
        request: &Request,
    ) -> Result<ThrowResponse, Problem> {
        self.run_data(&source.0, query, head, request).await
    }

    async fn run(
        &self,
        source: &str,
        query: Query<ThrowQuery>,
        head: ThrowHead,
        key: MaybeKey,
        body: ThrowBody,
    ) -> Result<ThrowResponse, Problem> {
        let request = ThrowRequest { arguments: query.0, head, key: key.0 };
        Ok(self.thrower.throw(source, request, body.0).await?.into())
    }

    async fn run_data(
        &self,
        source: &str,
        query: Query<DataQuery>,
        head: ThrowHead,
        request: &Request,
    ) -> Result<ThrowResponse, Problem> {
        // The key is only documented for POST and PUT, and accepted here too.
        let key = MaybeKey::of(request.headers())?.0;
        Ok(self.thrower.throw_data(source, query.0, head, key).await?.into())
    }
}

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    match operation {
        "throw" | "throw_put" | "throw_at" | "throw_put_at" => Some(json!({"speed": "1.75"})),
        _ => None,
    }
}
