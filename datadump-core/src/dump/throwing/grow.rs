//! Storages that nobody declared: made by the first record that goes there, and grown by what later
//! ones bring.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::task::coop::consume_budget;

use crate::{
    dump::Dump,
    error::{Error, Result},
    record::Record,
    schema::{Definition, InForce, StorageId, StorageName, infer, infer::Shape, name::fold, parse},
    store::{State, Storage},
    validate::Fitter,
};

/// How often to look again at a storage that others change at the same time.
const ROUNDS: usize = 32;

/// How long a throw waits for the new field it brings. What takes longer (a long table that is
/// being rewritten) is not waited for: the value is kept beside the fields.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is known of the growth of storages.
#[derive(Debug, Default)]
pub(in crate::dump) struct Growth {
    turns: Mutex<HashMap<String, Arc<Turn>>>,
    fitters: Mutex<HashMap<StorageId, Arc<Fitter>>>,
}

/// One storage's turn to grow. Those who wait for it leave what they want, so that whoever is next
/// makes one version for all of them.
#[derive(Debug, Default)]
struct Turn {
    alone: tokio::sync::Mutex<()>,
    wanted: Mutex<Shape>,
    /// Fields whose widening failed; it is not tried again.
    settled: Mutex<HashSet<String>>,
}

/// Where records go.
#[derive(Debug, Clone)]
pub(in crate::dump) enum Target {
    /// A storage that takes what it is given.
    Open(Arc<Fitter>),
    /// A storage that takes what fits.
    Strict(Arc<InForce>),
}

impl Growth {
    fn turn(&self, name: &str) -> Arc<Turn> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.entry(name.to_owned()).or_default().clone()
    }

    /// What fits records to a version.
    fn fitter(&self, in_force: &Arc<InForce>, widest: Option<usize>) -> Arc<Fitter> {
        let mut fitters = self.fitters.lock().unwrap_or_else(PoisonError::into_inner);
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

impl Dump {
    /// The storage of that name, made or grown so that it has a field for all that these records
    /// say, as far as it can be.
    pub(super) async fn target(
        &self,
        name: &StorageName,
        key: Option<&str>,
        records: impl Iterator<Item = &Record> + Clone + Send,
    ) -> Result<Target> {
        let mut last = None;
        for _ in 0..ROUNDS {
            let Some(storage) = self.store.catalogue().folded(name.as_str()) else {
                Box::pin(self.make(name, key, records.clone())).await?;
                continue;
            };
            let Some(in_force) = &storage.in_force else {
                if !storage.migration.definition.meta.auto {
                    return Err(not_ready(&storage));
                }
                self.store.migrate(storage.id).await?;
                continue;
            };
            if !in_force.definition.meta.auto {
                return Ok(Target::Strict(in_force.clone()));
            }
            let fitter = self.capture.growth.fitter(in_force, self.store.widest_row());
            let mut shape = Shape::default();
            for record in records.clone() {
                consume_budget().await;
                fitter.see(record, &mut shape);
            }
            last = Some(fitter.clone());
            if shape.is_empty() || !Box::pin(self.grow(&storage, shape)).await? {
                return Ok(Target::Open(fitter));
            }
        }
        // Others go on changing it; what it has no field for is kept beside the fields.
        last.map(Target::Open).ok_or(Error::Overloaded)
    }

    async fn make(
        &self,
        name: &StorageName,
        key: Option<&str>,
        records: impl Iterator<Item = &Record>,
    ) -> Result<()> {
        let turn = self.capture.growth.turn(&name.folded());
        let _alone = turn.alone.lock().await;
        if self.store.catalogue().folded(name.as_str()).is_some() {
            return Ok(());
        }
        let first = infer::first(name, key);
        let bare = parse::definition(&first)?;
        let mut shape = Shape::default();
        for record in records {
            let others = record.fields.iter().filter(|(name, _)| *name != bare.key.name.as_str());
            others.for_each(|(name, value)| shape.see(name, value, record.untyped));
        }
        let sent =
            infer::grown(&bare, &shape, &std::collections::BTreeMap::new(), |_| false).unwrap_or(first);
        match self.queue(parse::definition(&sent)?, &sent, None).await {
            Ok(storage) => self.store.migrate(storage.id).await,
            // Another node made it in the same moment.
            Err(Error::StalePlan(_) | Error::Migrating { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Adds what is wanted; whether it is worth looking again.
    async fn grow(&self, storage: &Arc<Storage>, shape: Shape) -> Result<bool> {
        let turn = self.capture.growth.turn(&storage.name.folded());
        let add = |definition: &Definition, shape: &Shape| {
            let settled = turn.settled.lock().unwrap_or_else(PoisonError::into_inner);
            infer::grown(definition, shape, &storage.dropped, |name| settled.contains(fold(name).as_ref()))
        };
        let Some(in_force) = &storage.in_force else { return Ok(true) };
        if add(&in_force.definition, &shape).is_none() {
            return Ok(false);
        }
        turn.wanted.lock().unwrap_or_else(PoisonError::into_inner).merge(shape);
        let Ok(_alone) = tokio::time::timeout(PATIENCE, turn.alone.lock()).await else { return Ok(false) };
        let wanted = std::mem::take(&mut *turn.wanted.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(now) = self.store.catalogue().by_id(storage.id) else { return Ok(true) };
        let Some(in_force) = &now.in_force else { return Ok(true) };
        // Whoever was here before has added it.
        let Some(sent) = add(&in_force.definition, &wanted) else { return Ok(true) };
        if now.is_migrating() {
            // Somebody else's version is on its way: this one has to wait for the next throw.
            let ended = tokio::time::timeout(PATIENCE, self.store.migrate(now.id)).await;
            return Ok(matches!(ended, Ok(Ok(()))));
        }
        let version = in_force.version;
        match self.queue(parse::definition(&sent)?, &sent, Some((now.id, version))).await {
            Ok(_) => {}
            Err(Error::Migrating { .. } | Error::StalePlan(_)) => return Ok(true),
            Err(error) => return Err(error),
        }
        if tokio::time::timeout(PATIENCE, self.store.migrate(now.id)).await.is_err() {
            return Ok(false);
        }
        let progress = self.store.progress(now.id).await?;
        if progress.state == State::Failed {
            // A value of the table does not survive the widening.
            tracing::info!(storage = %now.name, error = progress.error, "a field could not be widened");
            let widened = in_force.definition.own_fields().map(|field| field.name.folded());
            turn.settled.lock().unwrap_or_else(PoisonError::into_inner).extend(widened);
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
