//! Auto storages: created by their first record, and extended by the new fields of later ones.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::task::coop::consume_budget;

use crate::{
    context::Context,
    definitions::Definitions,
    error::{Error, Result},
    record::Record,
    schema::{Definition, InForce, StorageId, StorageName, infer, infer::Shape, name::fold, parse},
    store::{State, Storage},
    validate::Fitter,
};

/// Maximum attempts to extend a storage that others change at the same time.
const MAX_ATTEMPTS: usize = 32;

/// How long a throw waits for its new field. If adding it takes longer, because a large table is rewritten,
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
    extensions: Mutex<HashMap<String, Arc<Extension>>>,
    fitters: Mutex<HashMap<StorageId, Arc<Fitter>>>,
}

/// The extension of one storage. Throws that wait for the lock add their fields to `wanted`, so that the next
/// one declares a single version for all of them.
#[derive(Debug, Default)]
struct Extension {
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
    /// A declared storage: records that do not fit go to quarantine.
    Strict(Arc<InForce>),
}

impl AutoSchemaState {
    fn extension(&self, name: &str) -> Arc<Extension> {
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
        records: impl Iterator<Item = &Record> + Clone + Send,
    ) -> Result<Target> {
        let mut last = None;
        for _ in 0..MAX_ATTEMPTS {
            let Some(storage) = self.context.store.catalogue().folded(name.as_str()) else {
                Box::pin(self.create(name, key, records.clone())).await?;
                continue;
            };
            let Some(in_force) = &storage.in_force else {
                if !storage.migration.definition.meta.auto {
                    return Err(not_ready(&storage));
                }
                self.context.store.migrate(storage.id).await?;
                continue;
            };
            if !in_force.definition.meta.auto {
                return Ok(Target::Strict(in_force.clone()));
            }
            let fitter = self.state.fitter(in_force, self.context.store.widest_row());
            let mut shape = Shape::default();
            for record in records.clone() {
                consume_budget().await;
                fitter.observe(record, &mut shape);
            }
            last = Some(fitter.clone());
            if shape.is_empty() || !Box::pin(self.extend(&storage, shape)).await? {
                return Ok(Target::Open(fitter));
            }
        }
        // Others keep changing it; values without a field go to `_extra`.
        last.map(Target::Open).ok_or(Error::Overloaded)
    }

    async fn create(
        &self,
        name: &StorageName,
        key: Option<&str>,
        records: impl Iterator<Item = &Record>,
    ) -> Result<()> {
        let extension = self.state.extension(&name.folded());
        let _alone = extension.lock.lock().await;
        if self.context.store.catalogue().folded(name.as_str()).is_some() {
            return Ok(());
        }
        let first = infer::first(name, key);
        let bare = parse::definition(&first)?;
        let mut shape = Shape::default();
        for record in records {
            let others = record.fields.iter().filter(|(name, _)| *name != bare.key.name.as_str());
            others.for_each(|(name, value)| shape.observe(name, value, record.untyped));
        }
        let sent =
            infer::grown(&bare, &shape, &std::collections::BTreeMap::new(), |_| false).unwrap_or(first);
        match self.definitions.queue(parse::definition(&sent)?, &sent, None).await {
            Ok(storage) => self.context.store.migrate(storage.id).await,
            // Another node created it at the same time.
            Err(Error::StalePlan(_) | Error::Migrating { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Adds the fields of a shape; returns whether to check the storage again.
    async fn extend(&self, storage: &Arc<Storage>, shape: Shape) -> Result<bool> {
        let extension = self.state.extension(&storage.name.folded());
        let add = |definition: &Definition, shape: &Shape| {
            let fixed = extension.fixed.lock();
            infer::grown(definition, shape, &storage.dropped, |name| fixed.contains(fold(name).as_ref()))
        };
        let Some(in_force) = &storage.in_force else { return Ok(true) };
        if add(&in_force.definition, &shape).is_none() {
            return Ok(false);
        }
        extension.wanted.lock().merge(shape);
        let Ok(_alone) = tokio::time::timeout(EXTEND_TIMEOUT, extension.lock.lock()).await else {
            return Ok(false);
        };
        let wanted = std::mem::take(&mut *extension.wanted.lock());
        let Some(now) = self.context.store.catalogue().by_id(storage.id) else { return Ok(true) };
        let Some(in_force) = &now.in_force else { return Ok(true) };
        // The previous request has already added them.
        let Some(sent) = add(&in_force.definition, &wanted) else { return Ok(true) };
        if now.is_migrating() {
            // Another version is being applied: the fields are added with the next throw.
            let ended = tokio::time::timeout(EXTEND_TIMEOUT, self.context.store.migrate(now.id)).await;
            return Ok(matches!(ended, Ok(Ok(()))));
        }
        let version = in_force.version;
        match self.definitions.queue(parse::definition(&sent)?, &sent, Some((now.id, version))).await {
            Ok(_) => {}
            Err(Error::Migrating { .. } | Error::StalePlan(_)) => return Ok(true),
            Err(error) => return Err(error),
        }
        if tokio::time::timeout(EXTEND_TIMEOUT, self.context.store.migrate(now.id)).await.is_err() {
            return Ok(false);
        }
        let progress = self.context.store.progress(now.id).await?;
        if progress.state == State::Failed {
            // A stored value does not fit the wider type.
            tracing::info!(storage = %now.name, error = progress.error, "a field could not be widened");
            let widened = in_force.definition.own_fields().map(|field| field.name.folded());
            extension.fixed.lock().extend(widened);
        }
        Ok(true)
    }
}

fn not_ready(storage: &Storage) -> Error {
    match storage.ready() {
        Err(error) => error,
        Ok(_) => Error::Overloaded,
    }
}
