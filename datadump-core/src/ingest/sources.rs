//! Sources: created by their first throw, kept in the store, and looked up by every throw.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{
    programs::Programs,
    recent::{RecentPage, RecentThrows},
    recent_filter::RecentFilter,
    source_cache::{Source, SourceCache, SourceInfo, SourceRow},
};
use crate::{
    clock::Zone,
    context::Context,
    error::{Error, Place, Result},
    json, request,
    route::Routes,
    schema::{FieldName, StorageName, definition::ID},
    source::{Settings, WebOrigin},
    store::{Expect, Outcome, Stored, Write, system_storages::SystemStorage},
    throw::SourceName,
};

/// Maximum number of sources that throws create. Each may have a table, while making up a new name costs the
/// sender nothing.
const MAX_SOURCES: usize = 10_000;

/// Maximum number of origins that a source names.
const MAX_ORIGINS: usize = 100;

/// The sources of a database.
#[derive(Debug, Clone)]
pub struct Sources {
    context: Context,
    programs: Programs,
    cache: Arc<SourceCache>,
    recent: Arc<RecentThrows>,
    /// Held shared by writers and exclusively by a reload, which would otherwise replace newer settings with
    /// those it has read.
    reload: Arc<tokio::sync::RwLock<()>>,
}

impl Sources {
    pub(super) fn new(
        context: Context,
        programs: Programs,
        cache: Arc<SourceCache>,
        recent: Arc<RecentThrows>,
    ) -> Self {
        Self { context, programs, cache, recent, reload: Arc::default() }
    }

    /// Returns all sources, by name.
    pub fn all(&self) -> Vec<SourceInfo> {
        self.cache.all().iter().map(|source| source.info()).collect()
    }

    /// Returns a source.
    pub fn get(&self, name: &str) -> Result<SourceInfo> {
        Ok(self.known(name)?.info())
    }

    /// Returns whether a source lets pages of this origin throw from browsers.
    pub fn allows(&self, name: &str, origin: &WebOrigin) -> bool {
        let Some(source) = self.cache.find(name).filter(|source| !source.settings.origins.is_empty()) else {
            return false;
        };
        source.settings.origins.contains(&origin.to_string())
    }

    /// Returns the most recent throws at a source, newest first.
    pub fn recent(&self, name: &str) -> Result<RecentPage> {
        self.known(name)?;
        let filter = RecentFilter { source: Some(name.to_owned()), ..RecentFilter::default() };
        Ok(self.recent.list(&filter, None, usize::MAX))
    }

    /// Creates a source, or replaces its settings; returns whether it is new. `expect` is the version that
    /// the settings must have.
    pub async fn set(
        &self,
        name: &SourceName,
        settings: &Json,
        expect: Option<i32>,
    ) -> Result<(SourceInfo, bool)> {
        let known = self.cache.find(name.as_str());
        // The source keeps the spelling with which it was created.
        let name = known.as_ref().map_or(name, |source| &source.name);
        let settings = self.read_settings(name, settings)?;
        let format = known.as_ref().and_then(|source| source.last_format());
        let expect = expect.map_or(Expect::Anything, Expect::Exactly);
        let _writing = self.reload.read().await;
        match self.write(name, settings, format, expect).await? {
            Outcome::Created(stored) => Ok((self.cache.put(&stored)?.info(), true)),
            Outcome::Updated(stored) => Ok((self.cache.put(&stored)?.info(), false)),
            Outcome::Refused(current) => {
                Err(Error::Precondition { current: current.as_ref().map(Stored::to_json) })
            }
            other => Err(Error::internal(format!("unexpected outcome of writing a source: {other:?}"))),
        }
    }

    /// Changes some settings of a source: a JSON merge patch.
    pub async fn patch(&self, name: &str, patch: &Json, expect: Option<i32>) -> Result<SourceInfo> {
        let source = self.known(name)?;
        let mut settings = serde_json::to_value(&source.settings).map_err(Error::internal)?;
        json::merge_patch(&mut settings, patch);
        // The patch applies to the settings that were read.
        let expect = expect.unwrap_or(source.version);
        self.set(&source.name, &settings, Some(expect)).await.map(|(info, _)| info)
    }

    /// Deletes a source; its rows stay.
    pub async fn remove(&self, name: &str) -> Result<()> {
        let source = self.known(name)?;
        let in_force = self.context.system(SystemStorage::Source)?;
        let _writing = self.reload.read().await;
        let key = crate::schema::Value::Text(source.name.to_string());
        self.context.write_one(Write::delete(in_force, key, Expect::Anything)).await?;
        self.cache.remove(name);
        Ok(())
    }

    /// Returns the source of a throw, creating it if it does not exist.
    pub(crate) async fn get_or_create(&self, name: &SourceName, format: &str) -> Result<Arc<Source>> {
        if let Some(source) = self.cache.find(name.as_str()) {
            return Ok(source);
        }
        if self.cache.count() >= MAX_SOURCES {
            return Err(Error::TooManySources { limit: MAX_SOURCES });
        }
        let _writing = self.reload.read().await;
        match self.write(name, Settings::default(), Some(format.to_owned()), Expect::Absent).await? {
            Outcome::Created(stored) | Outcome::Refused(Some(stored)) => self.cache.put(&stored),
            other => Err(Error::internal(format!("unexpected outcome of creating a source: {other:?}"))),
        }
    }

    /// Returns a source, if it exists.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Source>> {
        self.cache.find(name)
    }

    /// Returns the storages that records of a source go to; if the source does not exist, the storage of the
    /// same name.
    pub(crate) fn storages_of(&self, name: &SourceName) -> Vec<StorageName> {
        match self.cache.find(name.as_str()) {
            Some(source) => source.routes.storages().into_iter().cloned().collect(),
            None => vec![name.clone()],
        }
    }

    /// Reloads all sources.
    pub(super) async fn reload(&self) -> Result<()> {
        let _reading = self.reload.write().await;
        let in_force = self.context.system(SystemStorage::Source)?;
        let rows = self.context.stored_rows(SystemStorage::Source, &[]).await?;
        let stored = rows.into_iter().map(|row| Stored { row, in_force: in_force.clone() });
        self.cache.replace(stored.collect());
        Ok(())
    }

    /// Reads settings and checks the names in them.
    pub(super) fn read_settings(&self, name: &SourceName, json: &Json) -> Result<Settings> {
        let settings: Settings = request::read(json)?;
        Routes::read(name, &settings)?;
        if let Some(format) = &settings.format
            && !self.programs.is_format(format)
        {
            let known = self.programs.formats().join(", ");
            let detail = format!("{format:?} is not a format: use one of {known}");
            return Err(request::invalid(Place::field("format"), "unknown-format", detail));
        }
        if let Some(program) = &settings.processor
            && self.programs.find(program).is_err()
        {
            let detail = format!(
                "program {program:?} does not exist: create it first (a format is set with `format`)"
            );
            return Err(request::invalid(Place::field("processor"), "unknown-processor", detail));
        }
        if let Some(key) = &settings.key
            && key != ID
        {
            FieldName::parse_open(key)
                .map_err(|reason| request::invalid(Place::field("key"), "name", reason))?;
        }
        check_origins(&settings.origins)?;
        if let Some(zone) = &settings.timezone
            && Zone::named(zone).is_none()
        {
            let detail = format!("{zone:?} is not a time zone: use a name such as Europe/Berlin or UTC");
            return Err(request::invalid(Place::field("timezone"), "unknown-timezone", detail));
        }
        Ok(settings)
    }

    fn known(&self, name: &str) -> Result<Arc<Source>> {
        self.cache.find(name).ok_or_else(|| Error::UnknownSource(name.to_owned()))
    }

    async fn write(
        &self,
        name: &SourceName,
        settings: Settings,
        last_format: Option<String>,
        expect: Expect,
    ) -> Result<Outcome> {
        let row = SourceRow { name: name.to_string(), settings, last_format };
        self.context.write_one(self.context.put(SystemStorage::Source, &row, expect)?).await
    }
}

/// Checks that origins are written as browsers send them.
fn check_origins(origins: &[String]) -> Result<()> {
    let at = Place::field("origins");
    if origins.len() > MAX_ORIGINS {
        let detail = format!("a source names at most {MAX_ORIGINS} origins, not {}", origins.len());
        return Err(request::invalid(at, "too-many", detail));
    }
    for (index, text) in origins.iter().enumerate() {
        let sent = WebOrigin::parse(text).map(|origin| origin.to_string());
        let detail = match sent {
            Ok(sent) if sent == *text => continue,
            Ok(sent) => format!("browsers send {text:?} as {sent:?}: write it like that"),
            Err(reason) => reason,
        };
        return Err(request::invalid(at.index(index), "origin", detail));
    }
    Ok(())
}
