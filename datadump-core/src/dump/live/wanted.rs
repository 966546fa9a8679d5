//! Of which storages one wants to be told.

use super::subscription::{Subscribe, wrong};
use crate::{dump::Dump, error::Result, schema::StorageName, throw::SourceName};

/// How many storages, and how many sources, one may name.
const MOST: usize = 100;

/// The storages one wants to be told of; all when none is named.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted(Option<Vec<StorageName>>);

impl Wanted {
    pub(super) fn of(dump: &Dump, asked: &Subscribe) -> Result<Self> {
        let storages = parsed("storage", &asked.storages)?;
        if asked.sources.is_empty() {
            return Ok(Self(Some(storages).filter(|storages| !storages.is_empty())));
        }
        let sources: Vec<SourceName> = parsed("source", &asked.sources)?;
        let mut wanted = Vec::new();
        for storage in sources.iter().flat_map(|source| dump.storages_of(source)) {
            // A route may spell it in its own way.
            let known = dump.store.catalogue().folded(storage.as_str());
            let storage = known.map_or(storage, |known| known.name.clone());
            let is_named = storages.is_empty() || storages.contains(&storage);
            if is_named && !wanted.contains(&storage) {
                wanted.push(storage);
            }
        }
        if wanted.is_empty() {
            let detail = if storages.is_empty() {
                "its records go nowhere"
            } else {
                "its records go to none of the storages that are named"
            };
            return Err(wrong("source", detail));
        }
        Ok(Self(Some(wanted)))
    }

    pub(super) fn has(&self, storage: &StorageName) -> bool {
        self.0.as_ref().is_none_or(|wanted| wanted.contains(storage))
    }

    /// Those that are named.
    pub(super) fn named(&self) -> Option<Vec<StorageName>> {
        self.0.clone()
    }

    /// The only one.
    pub(super) fn one(&self) -> Option<&StorageName> {
        match self.0.as_deref() {
            Some([name]) => Some(name),
            _ => None,
        }
    }
}

fn parsed(parameter: &str, names: &[String]) -> Result<Vec<StorageName>> {
    if names.len() > MOST {
        return Err(wrong(parameter, format!("no more than {MOST} can be named")));
    }
    names.iter().map(|name| StorageName::parse(name).map_err(|reason| wrong(parameter, reason))).collect()
}
