//! `/api/v1/storage/{name}/openapi.json` and `schema.json`: descriptions of storages for programs.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, OnceLock},
};

use datadump_core::{Dump, schema::InForce};
use parking_lot::Mutex;
use poem_openapi::{ApiResponse, OpenApi, param::Path};
use serde_json::Value as Json;

use super::tag::Tag;
use crate::{
    answer::{Object, Reply, encoded},
    extract::{BaseUrl, KnownVersions},
    problem::Problem,
    typed::{Template, of_storage, of_storages},
};

/// Descriptions of storages.
pub(crate) struct Typed {
    pub(crate) dump: Dump,
    pub(crate) documents: Arc<Documents>,
}

/// Makes documents, one at a time: one of many storages takes some memory.
#[derive(Debug)]
pub(crate) struct Documents {
    /// Returns the document of the whole API.
    api: fn() -> Json,
    template: OnceLock<Template>,
    turn: Mutex<()>,
}

impl Documents {
    /// Creates documents from that of the whole API.
    pub(crate) fn new(api: fn() -> Json) -> Self {
        Self { api, template: OnceLock::new(), turn: Mutex::new(()) }
    }

    /// Runs a function that makes a document, on a thread that may block.
    async fn make(
        self: &Arc<Self>,
        make: impl FnOnce(&Template) -> Json + Send + 'static,
    ) -> Result<Json, Problem> {
        let documents = self.clone();
        let made = tokio::task::spawn_blocking(move || {
            let template = documents.template.get_or_init(|| Template::of(&(documents.api)()));
            let _turn = documents.turn.lock();
            make(template)
        });
        made.await.map_err(|_| Problem::internal())
    }
}

/// The response to reading a document.
#[derive(ApiResponse)]
pub(crate) enum DocumentResponse {
    /// The document.
    #[oai(status = 200)]
    Document(
        Reply<Object>,
        /// Changes with the document.
        #[oai(header = "ETag")]
        String,
    ),
    /// The client's copy is current.
    #[oai(status = 304)]
    NotModified(
        /// Changes with the document.
        #[oai(header = "ETag")]
        String,
    ),
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Rows")]
impl Typed {
    /// Get the API document of a storage
    ///
    /// OpenAPI 3.0: the operations on the rows of this storage, with the types of the rows and a parameter for each
    /// filter. Client generators take it.
    #[oai(path = "/storage/:name/openapi.json", method = "get", operation_id = "storage_openapi")]
    async fn storage(
        &self,
        /// Name of the storage.
        name: Path<String>,
        /// Quoted tags of the copies that the client has: 304 if one of them is current.
        #[oai(name = "If-None-Match")]
        known: KnownVersions,
    ) -> Result<DocumentResponse, Problem> {
        let in_force = self.in_force(&name.0)?;
        let document = self.documents.make(move |template| of_storage(template, &in_force)).await?;
        Ok(respond(document, &known))
    }

    /// Get the JSON Schema of a row
    ///
    /// JSON Schema 2020-12. It describes a row as it is read; `#/$defs/RowInput` is what may be sent, and
    /// `#/$defs/RowPatch` a patch.
    #[oai(path = "/storage/:name/schema.json", method = "get", operation_id = "storage_schema")]
    async fn schema(
        &self,
        /// Name of the storage.
        name: Path<String>,
        /// Quoted tags of the copies that the client has: 304 if one of them is current.
        #[oai(name = "If-None-Match")]
        known: KnownVersions,
        base: BaseUrl,
    ) -> Result<DocumentResponse, Problem> {
        let in_force = self.in_force(&name.0)?;
        let id = base.at(&format!("/api/v1/storage/{}/schema.json", encoded(&name.0)));
        let make = move |_: &Template| in_force.definition.json_schema(&id, in_force.version);
        Ok(respond(self.documents.make(make).await?, &known))
    }

    /// Get the API document of all storages
    ///
    /// The same as that of each storage, for as many of them as fit into one document.
    #[oai(path = "/openapi.json", method = "get", operation_id = "storages_openapi")]
    async fn storages(
        &self,
        /// Quoted tags of the copies that the client has: 304 if one of them is current.
        #[oai(name = "If-None-Match")]
        known: KnownVersions,
    ) -> Result<DocumentResponse, Problem> {
        let storages = self.dump.definitions().all();
        let in_force: Vec<_> = storages.iter().filter_map(|storage| storage.in_force.clone()).collect();
        let document = self.documents.make(move |template| of_storages(template, &in_force)).await?;
        Ok(respond(document, &known))
    }
}

impl Typed {
    fn in_force(&self, name: &str) -> Result<Arc<InForce>, Problem> {
        Ok(self.dump.definitions().find(name)?.ready()?.clone())
    }
}

fn respond(document: Json, known: &KnownVersions) -> DocumentResponse {
    let mut hasher = DefaultHasher::new();
    document.to_string().hash(&mut hasher);
    let tag = format!("\"{:016x}\"", hasher.finish());
    if known.contains_tag(&tag) {
        DocumentResponse::NotModified(tag)
    } else {
        DocumentResponse::Document(Reply(Object(document)), tag)
    }
}
