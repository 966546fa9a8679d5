//! Sources: made by the first throw, kept in the store, looked up by every throw.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value as Json, json};

use super::{Counted, SourceInfo};
use crate::{
    clock::Timestamp,
    dump::{Dump, settings},
    error::{Error, Place, Result},
    receipt::Receipt,
    route::Routes,
    schema::{FieldName, StorageName, StoredRow, Value, name::fold},
    source::Settings,
    store::{Expect, Outcome, Write, WriteBatch, system_storages::SystemStorage},
    throw::SourceName,
    validate,
};

/// The most sources that throws make: each may have a table, and names cost whoever throws nothing.
const MAX_SOURCES: usize = 10_000;

/// A source as throws use it.
#[derive(Debug)]
pub(in crate::dump) struct Source {
    pub(in crate::dump) name: SourceName,
    pub(in crate::dump) settings: Settings,
    pub(in crate::dump) routes: Routes,
    row: StoredRow,
    live: Arc<Live>,
}

/// What changes with every throw, and outlives a change of the settings.
#[derive(Debug, Default)]
struct Live {
    format: Mutex<Option<String>>,
    throws: AtomicU64,
    accepted: AtomicU64,
    quarantined: AtomicU64,
    dropped: AtomicU64,
    duplicates: AtomicU64,
}

/// All sources, by their names without case.
#[derive(Debug, Default)]
pub(in crate::dump) struct Sources {
    known: RwLock<BTreeMap<String, Arc<Source>>>,
    /// Many may write at a time, but none while all are read again: what was read would take the place of what
    /// has been written since.
    order: tokio::sync::RwLock<()>,
}

impl Sources {
    pub(in crate::dump) fn find(&self, name: &str) -> Option<Arc<Source>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(fold(name).as_ref()).cloned()
    }

    fn put(&self, row: StoredRow) -> Result<Arc<Source>> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let source = Arc::new(Source::of(row, &known)?);
        // Who was committed first may come here last.
        let is_later = |other: &Arc<Source>| {
            other.row.created_at == source.row.created_at && other.row.version > source.row.version
        };
        if !known.get(&source.name.folded()).is_some_and(is_later) {
            known.insert(source.name.folded(), source.clone());
        }
        Ok(source)
    }

    fn take(&self, name: &str) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(fold(name).as_ref());
    }

    /// Takes over what the store has.
    fn replace(&self, rows: Vec<StoredRow>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut fresh = BTreeMap::new();
        for row in rows {
            match Source::of(row, &known) {
                Ok(source) => {
                    fresh.insert(source.name.folded(), Arc::new(source));
                }
                Err(error) => tracing::error!(%error, "a source cannot be read"),
            }
        }
        *known = fresh;
    }

    fn count(&self) -> usize {
        self.known.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(in crate::dump) fn all(&self) -> Vec<Arc<Source>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

impl Source {
    /// One that is not stored, to try settings out.
    pub(in crate::dump) fn tentative(name: SourceName, settings: Settings, now: Timestamp) -> Result<Self> {
        let routes = Routes::read(&name, &settings)?;
        let key = Value::Text(name.to_string());
        let row = StoredRow { key, values: Vec::new(), version: 0, created_at: now, updated_at: now };
        Ok(Self { name, settings, routes, row, live: Arc::default() })
    }

    fn of(row: StoredRow, known: &BTreeMap<String, Arc<Self>>) -> Result<Self> {
        let broken = |what: &str| Error::internal(format!("a stored source: {what}"));
        let Value::Text(name) = &row.key else { return Err(broken("its name is not a text")) };
        let name = SourceName::parse(name).map_err(|error| broken(&error))?;
        let settings = match row.values.first() {
            Some(Value::Json(text)) => {
                serde_json::from_str(text).map_err(|error| broken(&error.to_string()))?
            }
            _ => return Err(broken("it has no settings")),
        };
        let routes = Routes::read(&name, &settings)?;
        let live = known.get(&name.folded()).map(|before| before.live.clone()).unwrap_or_default();
        if let Some(Value::Text(format)) = row.values.get(1) {
            live.format.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| format.clone());
        }
        Ok(Self { name, settings, routes, row, live })
    }

    /// Counts what became of a throw.
    pub(in crate::dump) fn count(&self, receipt: &Receipt) {
        self.live.throws.fetch_add(1, Ordering::Relaxed);
        self.count_rows(receipt);
    }

    /// The same for what is no new throw.
    pub(in crate::dump) fn count_rows(&self, receipt: &Receipt) {
        self.live.accepted.fetch_add(receipt.accepted, Ordering::Relaxed);
        self.live.quarantined.fetch_add(receipt.quarantined, Ordering::Relaxed);
        self.live.dropped.fetch_add(receipt.dropped, Ordering::Relaxed);
        self.live.duplicates.fetch_add(receipt.duplicates, Ordering::Relaxed);
    }

    /// Remembers the format of the last throw.
    pub(in crate::dump) fn note_format(&self, format: &str) {
        let mut last = self.live.format.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_deref() != Some(format) {
            *last = Some(format.to_owned());
        }
    }

    fn info(&self) -> SourceInfo {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        SourceInfo {
            name: self.name.to_string(),
            settings: self.settings.clone(),
            last_format: self.live.format.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            version: self.row.version,
            created_at: self.row.created_at.to_string(),
            updated_at: self.row.updated_at.to_string(),
            counted: Counted {
                throws: load(&self.live.throws),
                accepted: load(&self.live.accepted),
                quarantined: load(&self.live.quarantined),
                dropped: load(&self.live.dropped),
                duplicates: load(&self.live.duplicates),
            },
        }
    }
}

impl Dump {
    /// The source of that name, made now if there is none.
    pub(in crate::dump) async fn source_of(&self, name: &SourceName, format: &str) -> Result<Arc<Source>> {
        if let Some(source) = self.capture.sources.find(name.as_str()) {
            return Ok(source);
        }
        if self.capture.sources.count() >= MAX_SOURCES {
            return Err(Error::TooManySources { limit: MAX_SOURCES });
        }
        let _order = self.capture.sources.order.read().await;
        let outcome = self.write_source(name, &Settings::default(), Some(format), Expect::Absent).await?;
        match outcome {
            Outcome::Created(stored) | Outcome::Refused(Some(stored)) => self.capture.sources.put(stored.row),
            other => Err(Error::internal(format!("a source could not be made: {other:?}"))),
        }
    }

    async fn write_source(
        &self,
        name: &SourceName,
        settings: &Settings,
        format: Option<&str>,
        expect: Expect,
    ) -> Result<Outcome> {
        let in_force = self.store.catalogue().system(SystemStorage::Source)?;
        let record = json!({"name": name.as_str(), "settings": settings, "last_format": format});
        let record = record.as_object().cloned().unwrap_or_default();
        let row = validate::row(&in_force, record, &self.ids).map_err(Error::Invalid)?;
        let outcomes = self.store.write(WriteBatch::independent(vec![Write::put(row, expect)])).await?;
        outcomes.into_iter().next().ok_or_else(|| Error::internal("a write without an outcome"))
    }

    /// All sources, by name.
    pub fn sources(&self) -> Vec<SourceInfo> {
        self.capture.sources.all().iter().map(|source| source.info()).collect()
    }

    /// The storages that records of a source go to; the one of its name when there is no such source.
    pub(in crate::dump) fn storages_of(&self, name: &SourceName) -> Vec<StorageName> {
        match self.capture.sources.find(name.as_str()) {
            Some(source) => source.routes.storages().into_iter().cloned().collect(),
            None => vec![name.clone()],
        }
    }

    /// A source.
    pub fn source(&self, name: &str) -> Result<SourceInfo> {
        let found = self.capture.sources.find(name);
        found.map(|source| source.info()).ok_or_else(|| Error::UnknownSource(name.to_owned()))
    }

    /// Makes a source, or changes all its settings. Whether it is new. `expect` is a version.
    pub async fn set_source(
        &self,
        name: &SourceName,
        settings: &Json,
        expect: Option<i32>,
    ) -> Result<(SourceInfo, bool)> {
        let known = self.capture.sources.find(name.as_str());
        // The first spelling of a name stays.
        let name = known.as_ref().map_or(name, |source| &source.name);
        let settings = self.read_settings(name, settings)?;
        let format = known.as_ref().and_then(|source| source.info().last_format);
        let expect = expect.map_or(Expect::Anything, Expect::Exactly);
        let _order = self.capture.sources.order.read().await;
        match self.write_source(name, &settings, format.as_deref(), expect).await? {
            Outcome::Created(stored) => Ok((self.capture.sources.put(stored.row)?.info(), true)),
            Outcome::Updated(stored) => Ok((self.capture.sources.put(stored.row)?.info(), false)),
            Outcome::Refused(current) => {
                Err(Error::Precondition { current: current.as_ref().map(crate::store::Stored::to_json) })
            }
            other => Err(Error::internal(format!("a source could not be written: {other:?}"))),
        }
    }

    /// Changes some settings of a source: a JSON merge patch.
    pub async fn patch_source(&self, name: &str, patch: &Json, expect: Option<i32>) -> Result<SourceInfo> {
        let Some(source) = self.capture.sources.find(name) else {
            return Err(Error::UnknownSource(name.to_owned()));
        };
        let mut settings = serde_json::to_value(&source.settings).map_err(Error::internal)?;
        crate::dump::rows::merge(&mut settings, patch);
        // What was read is what the patch is for.
        let expect = expect.unwrap_or(source.row.version);
        self.set_source(&source.name, &settings, Some(expect)).await.map(|(info, _)| info)
    }

    /// Forgets a source; its rows stay.
    pub async fn remove_source(&self, name: &str) -> Result<()> {
        let Some(source) = self.capture.sources.find(name) else {
            return Err(Error::UnknownSource(name.to_owned()));
        };
        let in_force = self.store.catalogue().system(SystemStorage::Source)?;
        let _order = self.capture.sources.order.read().await;
        let write = Write::delete(in_force, source.row.key.clone(), Expect::Anything);
        self.store.write(WriteBatch::independent(vec![write])).await?;
        self.capture.sources.take(name);
        Ok(())
    }

    /// Reads all sources again.
    pub(in crate::dump) async fn reload_sources(&self) -> Result<()> {
        let _order = self.capture.sources.order.write().await;
        let rows = self.own_rows(SystemStorage::Source, &[]).await?;
        self.capture.sources.replace(rows);
        Ok(())
    }

    /// Reads settings, and checks what they name.
    pub(super) fn read_settings(&self, name: &SourceName, json: &Json) -> Result<Settings> {
        let settings: Settings = settings::read(json)?;
        Routes::read(name, &settings)?;
        if let Some(format) = &settings.format
            && self.capture.registry.get(format).is_none()
        {
            let known = self.capture.registry.names().collect::<Vec<_>>().join(", ");
            let detail = format!("{format:?} is not a format: use one of {known}");
            return Err(settings::wrong(Place::field("format"), "unknown-format", detail));
        }
        if let Some(program) = &settings.processor
            && self.capture.programs.find(program).is_err()
        {
            let detail =
                format!("there is no program {program:?}: make it first (a format is set with `format`)");
            return Err(settings::wrong(Place::field("processor"), "unknown-processor", detail));
        }
        if let Some(key) = &settings.key
            && key != crate::schema::definition::ID
        {
            FieldName::parse_open(key)
                .map_err(|reason| settings::wrong(Place::field("key"), "name", reason))?;
        }
        Ok(settings)
    }
}
