//! `/api/v1/storage/{name}/import/` and `/api/v1/import/`: imports of files.

use datadump_core::{Dump, Error, FilePart, ImportRequest, OnConflict, OnError};
use poem_openapi::{ApiResponse, Object as ApiObject, OpenApi, param::Path, types::Type as _};
use serde::Serialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{import_answer::ImportAnswer, tag::Tag};
use crate::{
    answer::{Reply, Streamed, separated},
    extract::{
        BaseUrl, ContentRange, LIMIT, ListParameters, MaybeKey, OFFSET, Pairs, Parameter, Query,
        QueryParameters, ThrowBody, ThrowHead, flag, whole_number,
    },
    problem::Problem,
    throwing::Thrower,
};

/// Operations on imports.
pub(crate) struct Imports {
    pub(crate) dump: Dump,
    pub(crate) thrower: Thrower,
}

/// The response to an import.
#[derive(ApiResponse)]
pub(crate) enum ImportResponse {
    /// The whole file is stored, or the part that was sent, or it was only read if `plan=1`.
    #[oai(status = 200)]
    Imported(
        Reply<ImportAnswer>,
        /// ID of the import.
        #[oai(header = "Import-Id")]
        Option<String>,
        /// Set to `true` if an earlier request had stored the whole file.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

/// A page of imports, newest first.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct ImportList {
    /// Total number of results.
    #[oai(nullable)]
    count: Option<u64>,
    /// URL of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// URL of the previous page.
    #[oai(nullable)]
    previous: Option<String>,
    /// The imports.
    results: Vec<ImportAnswer>,
}

/// The query of the list of imports.
pub(crate) enum ImportListQuery {}

impl ListParameters for ImportListQuery {
    const PARAMETERS: &'static [&'static Parameter<Pairs>] = &[&LIMIT, &OFFSET];
}

/// The query of an import.
#[derive(Debug, Default)]
pub(crate) struct ImportQuery {
    format: Option<String>,
    plan: bool,
    on_conflict: OnConflict,
    on_error: OnError,
    raw: bool,
    resume: Option<Uuid>,
    offset: Option<u64>,
}

impl QueryParameters for ImportQuery {
    type Value = Self;

    const DECLARED: &'static [&'static Parameter<Self>] = &[
        &Parameter {
            name: "format",
            schema: String::schema_ref,
            description: "`csv`, `tsv`, `ndjson` or `json`; detected if omitted.",
            set: |query, _, text| {
                query.format = Some(text.to_owned()).filter(|format| !format.is_empty());
                Ok(())
            },
        },
        &Parameter {
            name: "plan",
            schema: String::schema_ref,
            description: "`1`: read the file to its end and return what the import would do; store nothing.",
            set: |query, name, text| flag(name, text).map(|plan| query.plan = plan),
        },
        &Parameter {
            name: "on_conflict",
            schema: String::schema_ref,
            description: "What to do with a record whose key exists: `merge` (default: change the fields it has), \
                          `replace` the row, `ignore` the record, or `error`.",
            set: |query, name, text| {
                let known = OnConflict::ALL.map(OnConflict::name);
                let found = OnConflict::from_name(text);
                found.map(|found| query.on_conflict = found).ok_or_else(|| one_of(name, &known, text))
            },
        },
        &Parameter {
            name: "on_error",
            schema: String::schema_ref,
            description: "What to do with a record that does not fit: `quarantine` (default), or `stop` before the \
                          chunk that has one, and answer 422.",
            set: |query, name, text| {
                query.on_error = match text {
                    "quarantine" => OnError::Quarantine,
                    "stop" => OnError::Stop,
                    _ => return Err(one_of(name, &["quarantine", "stop"], text)),
                };
                Ok(())
            },
        },
        &Parameter {
            name: "strict",
            schema: String::schema_ref,
            description: "`1`: the same as `on_error=stop`.",
            set: |query, name, text| {
                if flag(name, text)? {
                    query.on_error = OnError::Stop;
                }
                Ok(())
            },
        },
        &Parameter {
            name: "raw",
            schema: String::schema_ref,
            description: "`1`: in a table, an apostrophe before a formula (`'=1`) belongs to the text. Otherwise it is \
                          removed, because exports add it.",
            set: |query, name, text| flag(name, text).map(|raw| query.raw = raw),
        },
        &Parameter {
            name: "resume",
            schema: String::schema_ref,
            description: "ID of an import to continue with the same file and parameters: what is stored is skipped.",
            set: |query, name, text| {
                let id = Uuid::parse_str(text).map_err(|_| {
                    let detail = format!("`{name}` must be the ID of an import, not `{text}`");
                    Problem::parameter(name, "invalid-parameter", detail)
                })?;
                query.resume = Some(id);
                Ok(())
            },
        },
        &Parameter {
            name: "offset",
            schema: u64::schema_ref,
            description: "Position of the body in the file, in decompressed bytes; only with `resume`.",
            set: |query, name, text| whole_number(name, text).map(|offset| query.offset = Some(offset)),
        },
    ];
}

#[OpenApi(tag = "Tag::Rows")]
impl Imports {
    /// Import a file of any length
    ///
    /// Takes CSV, TSV, NDJSON or a JSON array, uncompressed or compressed with gzip, deflate, br or zstd. It is
    /// committed chunk by chunk. A storage that does not exist is created. If the import is interrupted, send the same
    /// file with `resume` or with the same idempotency key.
    #[oai(path = "/api/v1/storage/:name/import", method = "post", operation_id = "import_rows")]
    async fn import(
        &self,
        /// Name of the storage.
        name: Path<String>,
        query: Query<ImportQuery>,
        /// The part of the file that the body holds, as `bytes 1000-1999/2000`. Unless it is the last one, the lines,
        /// rows or items that are complete are stored, and the import stays `interrupted`.
        #[oai(name = "Content-Range")]
        range: ContentRange,
        head: ThrowHead,
        key: MaybeKey,
        /// The file.
        body: ThrowBody,
    ) -> Result<ImportResponse, Problem> {
        let ImportQuery { format, plan, on_conflict, on_error, raw, resume, offset } = query.0;
        let part = match (range.0, offset) {
            (Some(part), Some(offset)) if part.offset != offset => {
                let detail = format!("`offset` is {offset}, but Content-Range begins at {}", part.offset);
                return Err(Problem::parameter("offset", "invalid-parameter", detail));
            }
            (Some(part), _) => part,
            (None, offset) => FilePart { offset: offset.unwrap_or(0), ..FilePart::default() },
        };
        let request = ImportRequest {
            storage: name.0,
            format,
            content_type: head.content_type.clone(),
            on_conflict,
            on_error,
            raw,
            resume,
            part,
            key: key.0.filter(|_| !plan),
            peer: head.peer,
        };
        if plan {
            let planned = self.thrower.plan_import(&request, head, body.0).await?;
            let answer = ImportAnswer::planned(planned, on_conflict.name(), on_error);
            return Ok(ImportResponse::Imported(Reply(answer), None, None));
        }
        let imported = Box::pin(self.thrower.import(request, head, body.0)).await?;
        let id = imported.state.id.to_string();
        let replayed = imported.is_replayed.then_some(true);
        Ok(ImportResponse::Imported(Reply(imported.state.into()), Some(id), replayed))
    }

    /// List running and recent imports, newest first
    ///
    /// An import is listed for a day after its last progress.
    #[oai(path = "/api/v1/import", method = "get", operation_id = "list_imports")]
    async fn list(
        &self,
        query: Query<ImportListQuery>,
        base: BaseUrl,
    ) -> Result<Streamed<ImportList>, Problem> {
        let page = self.dump.imports().list(query.0).await?;
        let page = page.map(|states| separated(states.into_iter().map(ImportAnswer::from)));
        Ok(Streamed::list(page, &base.at("/api/v1/import/")))
    }

    /// Get the progress or outcome of an import
    #[oai(path = "/api/v1/import/:id", method = "get", operation_id = "get_import")]
    async fn get(
        &self,
        /// ID of the import.
        id: Path<String>,
    ) -> Result<Reply<ImportAnswer>, Problem> {
        let state = match Uuid::parse_str(&id.0) {
            Ok(id) => self.dump.imports().get(id).await?,
            Err(_) => None,
        };
        Ok(Reply(state.ok_or(Error::UnknownImport(id.0))?.into()))
    }
}

fn one_of(name: &str, known: &[&str], text: &str) -> Problem {
    let detail = format!("`{name}` must be one of {}, not `{text}`", known.join(", "));
    Problem::parameter(name, "invalid-parameter", detail)
}

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    match operation {
        "import_rows" => Some(json!({"chip_id": "CHIP1", "color": "red", "collar_size": 40})),
        _ => None,
    }
}
