//! Auto storages: created by their first record, and extended by the new fields of later ones.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use serde_json::Value as Json;
use tokio::task::coop::consume_budget;

use crate::{
    context::Context,
    definitions::{Definitions, Refusal},
    error::{Error, Result},
    record::Record,
    schema::{Definition, Field, InForce, StorageId, StorageName, infer, infer::Shape, name::fold, parse},
    store::Storage,
    validate::Fitter,
};

/// Maximum attempts to extend a storage that others change at the same time.
const MAX_ATTEMPTS: usize = 32;

/// Maximum time that a throw waits for its new field. If adding it takes longer, because a large table is rewritten,
/// the value goes to `_extra`.
const EXTEND_TIMEOUT: Duration = Duration::from_secs(5);

/// Creates and extends auto storages.
#[derive(Debug, Clone)]
pub(super) struct AutoSchema {
    context: Context,
    definitions: Definitions,
    state: Arc<AutoSchemaState>,
}

#[derive(Debug, Default)]
struct AutoSchemaState {
    extensions: Mutex<HashMap<String, Arc<PendingExtension>>>,
    fitters: Mutex<HashMap<StorageId, Arc<Fitter>>>,
}

/// The pending extension of one storage. Throws that wait for the lock add their fields to `wanted`, so that the next
/// one declares a single version for all of them.
#[derive(Debug, Default)]
struct PendingExtension {
    lock: tokio::sync::Mutex<()>,
    wanted: Mutex<Shape>,
    /// Fields that could not be widened, which is not attempted again.
    fixed: Mutex<HashSet<String>>,
}

/// The storage that records go to.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// An auto storage: values that do not fit go to `_extra`.
    Open(Arc<Fitter>),
    /// An auto storage that could not be given some fields: records that have them go to quarantine.
    Incomplete(Arc<Fitter>, Arc<MissingFields>),
    /// A declared storage: records that do not fit go to quarantine.
    Strict(Arc<InForce>),
    /// A storage that could not be created: all its records go to quarantine.
    Missing(Refusal),
}

/// Fields that could not be added to a storage.
#[derive(Debug)]
pub(super) struct MissingFields {
    names: HashSet<String>,
    refusal: Refusal,
}

impl MissingFields {
    /// Returns why a record cannot be stored, if it has one of the fields.
    pub(super) fn refusal(&self, record: &Record) -> Option<(String, Refusal)> {
        let mut names = record.fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name);
        let name = names.find(|name| self.names.contains(*name))?;
        Some((name.to_owned(), self.refusal.clone()))
    }
}

/// The result of extending a storage.
enum Extension {
    /// The storage has changed: look at it again.
    Changed,
    /// Values without a field go to `_extra`.
    Unchanged,
    Refused(MissingFields),
}

impl AutoSchemaState {
    fn extension(&self, name: &str) -> Arc<PendingExtension> {
        self.extensions.lock().entry(name.to_owned()).or_default().clone()
    }

    /// Returns the fitter for a version, which is created once and shared.
    fn fitter(&self, in_force: &Arc<InForce>, widest: Option<usize>) -> Arc<Fitter> {
        let mut fitters = self.fitters.lock();
        match fitters.get(&in_force.storage) {
            Some(fitter) if fitter.in_force().version == in_force.version => fitter.clone(),
            _ => {
                let fitter = Arc::new(Fitter::new(in_force.clone(), widest));
                fitters.insert(in_force.storage, fitter.clone());
                fitter
            }
        }
    }
}

impl AutoSchema {
    pub(super) fn new(context: Context, definitions: Definitions) -> Self {
        Self { context, definitions, state: Arc::default() }
    }

    /// Returns the storage with this name, created or extended so that, as far as possible, it has a field
    /// for each field of these records.
    pub(super) async fn target(
        &self,
        name: &StorageName,
        key: Option<&str>,
        records: impl Iterator<Item = Cow<'_, Record>> + Clone + Send,
    ) -> Result<Target> {
        let mut last = None;
        for _ in 0..MAX_ATTEMPTS {
            let storage = self.context.store.catalogue().folded(name.as_str());
            let ready = storage.as_ref().and_then(|storage| storage.in_force.as_ref().map(|f| (storage, f)));
            let Some((storage, in_force)) = ready else {
                if let Err(refusal) = Box::pin(self.create(name, key, storage, records.clone())).await? {
                    return Ok(Target::Missing(refusal));
                }
                continue;
            };
            if !in_force.definition.meta.auto {
                return Ok(Target::Strict(in_force.clone()));
            }
            let fitter = self.state.fitter(in_force, self.context.store.widest_row());
            let mut shape = Shape::default();
            for record in records.clone() {
                consume_budget().await;
                fitter.observe(&record, &mut shape);
            }
            last = Some(fitter.clone());
            if shape.is_empty() {
                return Ok(Target::Open(fitter));
            }
            match Box::pin(self.extend(storage, shape)).await? {
                Extension::Changed => {}
                Extension::Unchanged => return Ok(Target::Open(fitter)),
                Extension::Refused(missing) => return Ok(Target::Incomplete(fitter, Arc::new(missing))),
            }
        }
        // Others keep changing it; values without a field go to `_extra`.
        last.map(Target::Open).ok_or(Error::Overloaded)
    }

    /// Creates a storage, or tries again to create one whose first version failed. Returns why it does not
    /// exist, if so; otherwise it exists or should be looked at again.
    async fn create(
        &self,
        name: &StorageName,
        key: Option<&str>,
        storage: Option<Arc<Storage>>,
        records: impl Iterator<Item = Cow<'_, Record>>,
    ) -> Result<Result<(), Refusal>> {
        if let Some(storage) = storage.as_ref().filter(|storage| storage.is_migrating()) {
            if !storage.migration.definition.meta.auto {
                return Err(not_ready(storage));
            }
            return self.context.store.migrate(storage.id).await.map(Ok);
        }
        let extension = self.state.extension(&name.folded());
        let _alone = extension.lock.lock().await;
        let failed = self.context.store.catalogue().folded(name.as_str());
        let base = match &failed {
            None => None,
            Some(storage) if storage.in_force.is_some() || storage.is_migrating() => return Ok(Ok(())),
            Some(storage) if !storage.migration.definition.meta.auto => {
                let reason = storage.migration.error.as_deref().unwrap_or_default();
                let detail = format!("the first version of storage `{}` failed: {reason}", storage.name);
                return Ok(Err(Refusal { code: "storage-change-failed", detail }));
            }
            Some(storage) => Some((storage.id, 0)),
        };
        let name = failed.as_ref().map_or(name, |storage| &storage.name);
        let first = infer::first(name, key);
        let bare = parse::definition(&first)?;
        let mut shape = Shape::default();
        for record in records {
            let others = record.fields.iter().filter(|(name, _)| *name != bare.key.name.as_str());
            others.for_each(|(name, value)| shape.observe(name, value, record.untyped));
        }
        let sent =
            infer::grown(&bare, &shape, &std::collections::BTreeMap::new(), |_| false).unwrap_or(first);
        self.definitions.apply_automatically(&sent, base).await
    }

    /// Adds the fields of a shape.
    async fn extend(&self, storage: &Arc<Storage>, shape: Shape) -> Result<Extension> {
        let extension = self.state.extension(&storage.name.folded());
        let add = |definition: &Definition, shape: &Shape| {
            let fixed = extension.fixed.lock();
            infer::grown(definition, shape, &storage.dropped, |name| fixed.contains(fold(name).as_ref()))
        };
        let Some(in_force) = &storage.in_force else { return Ok(Extension::Changed) };
        let Some(sent) = add(&in_force.definition, &shape) else { return Ok(Extension::Unchanged) };
        if let Some(refusal) = self.definitions.refused_recently(storage.id, in_force.version) {
            return Ok(refused(&in_force.definition, &sent, refusal));
        }
        if storage.is_migrating() && self.is_overdue(storage) {
            return Ok(Extension::Unchanged);
        }
        extension.wanted.lock().merge(shape.clone());
        let Ok(_alone) = tokio::time::timeout(EXTEND_TIMEOUT, extension.lock.lock()).await else {
            return Ok(Extension::Unchanged);
        };
        let wanted = std::mem::take(&mut *extension.wanted.lock());
        let Some(now) = self.context.store.catalogue().by_id(storage.id) else {
            return Ok(Extension::Changed);
        };
        let Some(in_force) = &now.in_force else { return Ok(Extension::Changed) };
        // The previous request has already added them.
        let Some(sent) = add(&in_force.definition, &wanted) else { return Ok(Extension::Changed) };
        if now.is_migrating() {
            // Another version is being applied: the fields are added with the next throw.
            let ended = tokio::time::timeout(EXTEND_TIMEOUT, self.context.store.migrate(now.id)).await;
            return Ok(if matches!(ended, Ok(Ok(()))) { Extension::Changed } else { Extension::Unchanged });
        }
        let change = self.definitions.apply_automatically(&sent, Some((now.id, in_force.version)));
        let Ok(change) = tokio::time::timeout(EXTEND_TIMEOUT, change).await else {
            return Ok(Extension::Unchanged);
        };
        let Err(refusal) = change? else { return Ok(Extension::Changed) };
        let widened = widened(&in_force.definition, &parse::definition(&sent)?);
        if !widened.is_empty() {
            // A stored value does not fit the wider type.
            tracing::info!(storage = %now.name, error = refusal.detail, "a field could not be widened");
            extension.fixed.lock().extend(widened);
            self.definitions.forget_refused(now.id);
            return Ok(Extension::Changed);
        }
        // Of the fields that all waiting throws need, those of this one.
        let sent = add(&in_force.definition, &shape).unwrap_or(sent);
        Ok(refused(&in_force.definition, &sent, refusal))
    }

    /// Returns whether a pending version has already kept throws waiting.
    fn is_overdue(&self, storage: &Storage) -> bool {
        let age = self.context.now().micros().saturating_sub(storage.updated_at.micros());
        u128::try_from(age).is_ok_and(|age| age > EXTEND_TIMEOUT.as_micros())
    }
}

/// Returns the result of an extension that was refused. Without new fields, values go to `_extra`.
fn refused(definition: &Definition, sent: &Json, refusal: Refusal) -> Extension {
    let fields = sent["fields"].as_array().into_iter().flatten();
    let names = fields.filter_map(|field| field["name"].as_str());
    let names: HashSet<String> =
        names.filter(|name| definition.field(name).is_none()).map(str::to_owned).collect();
    if names.is_empty() {
        return Extension::Unchanged;
    }
    Extension::Refused(MissingFields { names, refusal })
}

/// Returns the names of the fields that have another type.
fn widened(before: &Definition, after: &Definition) -> Vec<String> {
    let kind = |field: &Field| before.field(field.name.as_str()).map(|(_, before)| &before.kind);
    let widened = after.own_fields().filter(|field| kind(field).is_some_and(|kind| *kind != field.kind));
    widened.map(|field| field.name.folded()).collect()
}

fn not_ready(storage: &Storage) -> Error {
    match storage.ready() {
        Err(error) => error,
        Ok(_) => Error::Overloaded,
    }
}
