//! `/api/v1/factory/storage/`: declaring, listing and removing storages.

use datadump_core::{Consent, Dump, schema::Class};
use poem_openapi::{ApiResponse, Object as ApiObject, OpenApi, param::Path, types::Type as _};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{storage_answer::StorageAnswer, tag::Tag};
use crate::{
    answer::{Reply, Streamed, separated},
    extract::{BaseUrl, JsonBody, Paging, Parameter, Query, QueryParameters},
    problem::Problem,
};

/// Classes of changes that a request can allow.
const CLASSES: &[&str] = &["additive", "widening", "data-dependent", "breaking", "destructive"];

/// Operations on storages.
pub(crate) struct Storages {
    pub(crate) dump: Dump,
}

/// A page of storages, sorted by name.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct StorageList {
    /// Total number of results.
    count: u64,
    /// URL of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// URL of the previous page.
    #[oai(nullable)]
    previous: Option<String>,
    /// The storages.
    results: Vec<StorageAnswer>,
}

/// The response to declaring a storage.
#[derive(ApiResponse)]
pub(crate) enum DeclareResponse {
    /// The version is recorded and is being applied.
    #[oai(status = 201)]
    Queued(Reply<StorageAnswer>),
    /// The definition is already in use: nothing changes.
    #[oai(status = 200)]
    Unchanged(Reply<StorageAnswer>),
}

/// The response to removing a storage.
#[derive(ApiResponse)]
pub(crate) enum RemoveResponse {
    /// The storage is removed with its rows and versions.
    #[oai(status = 204)]
    Removed,
}

/// The query of a declaration.
#[derive(Debug, Default)]
pub(crate) struct DeclareQuery {
    allow: Option<Class>,
    plan: Option<String>,
}

impl QueryParameters for DeclareQuery {
    type Value = Self;

    const DECLARED: &'static [&'static Parameter<Self>] = &[
        &Parameter {
            name: "allow",
            schema: String::schema_ref,
            description: "Highest class of changes to apply: `additive`, `widening`, `data-dependent`, `breaking` or \
                          `destructive`.",
            set: |query, _name, text| class(text).map(|class| query.allow = Some(class)),
        },
        &Parameter {
            name: "plan",
            schema: String::schema_ref,
            description: "`plan_hash` of the plan for these changes.",
            set: |query, _name, text| {
                query.plan = Some(text.to_owned());
                Ok(())
            },
        },
    ];
}

/// The query of a removal.
#[derive(Debug, Default)]
pub(crate) struct RemoveQuery {
    confirm: Option<String>,
}

impl QueryParameters for RemoveQuery {
    type Value = Self;

    const DECLARED: &'static [&'static Parameter<Self>] = &[&Parameter {
        name: "confirm",
        schema: String::schema_ref,
        description: "Name of the storage, repeated.",
        set: |query, _name, text| {
            query.confirm = Some(text.to_owned());
            Ok(())
        },
    }];
}

#[OpenApi(prefix_path = "/api/v1/factory/storage", tag = "Tag::Factory")]
impl Storages {
    /// List storages
    #[oai(path = "/", method = "get", operation_id = "list_storages")]
    async fn list(&self, paging: Query<Paging>, base: BaseUrl) -> Result<Streamed<StorageList>, Problem> {
        let window = paging.0.window()?;
        let listing = window
            .of(self.dump.definitions().all())
            .map(|storages| separated(storages.into_iter().map(|storage| StorageAnswer::from(&*storage))));
        Ok(Streamed::list(listing, &base.at("/api/v1/factory/storage/")))
    }

    /// Declare a storage, or a new version of it
    ///
    /// The version is recorded before the response is sent and applied in the background; `ready_status`
    /// shows the progress. A new version requires the whole definition. Only additive changes are applied,
    /// unless `allow` names a higher class and `plan` is the hash of a current plan.
    #[oai(path = "/", method = "post", operation_id = "declare_storage")]
    async fn declare(
        &self,
        query: Query<DeclareQuery>,
        /// The definition: `name`, `key`, `fields` and `meta`, as described in the guide.
        definition: JsonBody,
    ) -> Result<DeclareResponse, Problem> {
        let DeclareQuery { allow, plan } = query.0;
        let declared = self.dump.declare(&definition.0, Consent { allow, plan }).await?;
        let answer = Reply(StorageAnswer::from(&*declared.storage));
        Ok(if declared.changed {
            DeclareResponse::Queued(answer)
        } else {
            DeclareResponse::Unchanged(answer)
        })
    }

    /// Get a storage
    #[oai(path = "/:name", method = "get", operation_id = "get_storage")]
    async fn get(
        &self,
        /// Name of the storage.
        name: Path<String>,
    ) -> Result<Reply<StorageAnswer>, Problem> {
        Ok(Reply(StorageAnswer::from(&*self.dump.definitions().find(&name.0)?)))
    }

    /// Remove a storage with all its rows
    #[oai(path = "/:name", method = "delete", operation_id = "remove_storage")]
    async fn remove(
        &self,
        /// Name of the storage.
        name: Path<String>,
        query: Query<RemoveQuery>,
    ) -> Result<RemoveResponse, Problem> {
        self.dump.definitions().find(&name.0)?;
        if query.0.confirm.as_deref() != Some(name.0.as_str()) {
            let detail = format!("this removes all rows of `{0}`; confirm with ?confirm={0}", name.0);
            return Err(Problem::parameter("confirm", "not-confirmed", detail));
        }
        self.dump.definitions().remove(&name.0).await?;
        Ok(RemoveResponse::Removed)
    }
}

fn class(name: &str) -> Result<Class, Problem> {
    Class::from_name(name).filter(|class| *class != Class::Forbidden).ok_or_else(|| {
        let detail = format!("`allow` must be one of {}, not `{name}`", CLASSES.join(", "));
        Problem::parameter("allow", "unknown-class", detail)
    })
}

/// Name of the storage in examples.
pub(super) const EXAMPLE_NAME: &str = "dog";

/// Example bodies for the API document; a plan takes the same body as a declaration.
pub(super) fn example(operation: &str) -> Option<Json> {
    match operation {
        "declare_storage" | "plan_storage" => Some(json!({
            "name": EXAMPLE_NAME,
            "key": {"name": "chip_id", "type": "string", "max_length": 16},
            "fields": [
                {"name": "color", "type": "string", "max_length": 32, "db_index": true},
                {"name": "collar_size", "type": "integer"},
            ],
        })),
        _ => None,
    }
}
