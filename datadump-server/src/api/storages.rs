//! `/api/v1/factory/storage/`: declaring, reading and removing storages.

use datadump_core::{Consent, Dump, schema::Class};
use poem_openapi::{
    ApiResponse, Object as ApiObject, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use super::{Tag, storage_answer::StorageAnswer};
use crate::{
    answer::{Reply, Window},
    extract::{Base, JsonBody},
    problem::Problem,
};

const CLASSES: &[&str] = &["additive", "widening", "data-dependent", "breaking", "destructive"];

/// The storages of a database.
pub(crate) struct Storages {
    pub(crate) dump: Dump,
}

/// A page of storages, by name.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct StorageList {
    /// How many there are in all.
    count: u64,
    /// The address of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// The address of the page before.
    #[oai(nullable)]
    previous: Option<String>,
    /// The storages.
    results: Vec<StorageAnswer>,
}

/// A storage that was declared.
#[derive(ApiResponse)]
pub(crate) enum Declared {
    /// The version is recorded and being applied.
    #[oai(status = 201)]
    Queued(Reply<StorageAnswer>),
    /// The definition is the one in force already: nothing changes.
    #[oai(status = 200)]
    Unchanged(Reply<StorageAnswer>),
}

/// A storage that is gone.
#[derive(ApiResponse)]
pub(crate) enum Removed {
    /// The storage, its rows and its versions are gone.
    #[oai(status = 204)]
    Done,
}

#[OpenApi(prefix_path = "/api/v1/factory/storage", tag = "Tag::Factory")]
impl Storages {
    /// List all storages.
    #[oai(path = "/", method = "get", operation_id = "list_storages")]
    async fn list(
        &self,
        /// The most storages to answer with, 1 to 1000 (100).
        limit: Query<Option<u64>>,
        /// How many to skip.
        offset: Query<Option<u64>>,
        base: Base,
    ) -> Result<Reply<StorageList>, Problem> {
        let window = Window::new(limit.0, offset.0)?;
        let storages = self.dump.storages().iter().map(|storage| StorageAnswer::from(&**storage)).collect();
        let part = window.of(&base.at("/api/v1/factory/storage/"), storages);
        let (count, next, previous) = (part.count, part.next, part.previous);
        Ok(Reply(StorageList { count, next, previous, results: part.results }))
    }

    /// Declare a storage, or its next version.
    ///
    /// The version is recorded when this answers, and applied in the background: `ready_status` says
    /// how far it is. A new version sends the whole definition again. Only additive changes are made
    /// unless a graver class is allowed, with the hash of a plan that was looked at before.
    #[oai(path = "/", method = "post", operation_id = "declare_storage")]
    async fn declare(
        &self,
        /// Make changes up to this class: `additive`, `widening`, `data-dependent`, `breaking` or
        /// `destructive`.
        allow: Query<Option<String>>,
        /// The `plan_hash` of the plan for these changes.
        plan: Query<Option<String>>,
        /// The definition: `name`, `key`, `fields` and `meta`, as the guide describes them.
        definition: JsonBody,
    ) -> Result<Declared, Problem> {
        let allow = allow.0.as_deref().map(class).transpose()?;
        let declared = self.dump.declare(&definition.0, Consent { allow, plan: plan.0 }).await?;
        let answer = Reply(StorageAnswer::from(&*declared.storage));
        Ok(if declared.changed { Declared::Queued(answer) } else { Declared::Unchanged(answer) })
    }

    /// Read a storage.
    #[oai(path = "/:name", method = "get", operation_id = "get_storage")]
    async fn get(
        &self,
        /// The storage.
        name: Path<String>,
    ) -> Result<Reply<StorageAnswer>, Problem> {
        Ok(Reply(StorageAnswer::from(&*self.dump.find(&name.0)?)))
    }

    /// Remove a storage with all its rows.
    #[oai(path = "/:name", method = "delete", operation_id = "remove_storage")]
    async fn remove(
        &self,
        /// The storage.
        name: Path<String>,
        /// The name of the storage again.
        confirm: Query<Option<String>>,
    ) -> Result<Removed, Problem> {
        self.dump.find(&name.0)?;
        if confirm.0.as_deref() != Some(name.0.as_str()) {
            let detail = format!("this removes all rows of `{0}`: confirm it with ?confirm={0}", name.0);
            return Err(Problem::parameter("confirm", "not-confirmed", detail));
        }
        self.dump.remove(&name.0).await?;
        Ok(Removed::Done)
    }
}

fn class(name: &str) -> Result<Class, Problem> {
    Class::from_name(name).filter(|class| *class != Class::Forbidden).ok_or_else(|| {
        let detail = format!("`{name}` cannot be allowed: it is one of {}", CLASSES.join(", "));
        Problem::parameter("allow", "unknown-class", detail)
    })
}
