//! Changes or deletes all rows that match a filter, in one transaction.
//!
//! The keys are read first, in short transactions, so that the writer is only busy with rows that probably match. It tests each
//! row again before it writes it: a row that has changed in the meantime, and no longer matches, is left alone. That is
//! what `UPDATE … WHERE` of PostgreSQL does too. A row that begins to match in the meantime may be left alone as well.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{
    Rows,
    export::Scan,
    write::{check_writable, object},
};
use crate::{
    error::{Error, Fault, Place, Result},
    schema::{FieldName, InForce, IndexKind, Patch, Value},
    store::{
        Column, Expect, Filter, Outcome, Write, WriteBatch,
        query::{
            Direction,
            parse::{self, ExportQuery, Selection},
        },
    },
    validate,
};

/// Maximum size of a patch times the rows that it changes. They are written in one transaction, and on SQLite other writes
/// wait for it.
const MAX_PATCHED_BYTES: usize = 1 << 30;

impl Rows {
    /// Changes all rows that the parameters select, as [`patch`](Self::patch) changes one: filters, `max_affected`,
    /// `all=1` instead of filters, and `dry_run`. Returns how many rows were changed.
    ///
    /// # Errors
    ///
    /// [`TooManyAffected`](Error::TooManyAffected) if more rows match than `max_affected`. If a row would become invalid,
    /// none is changed.
    pub async fn patch_matching(&self, parameters: &[(String, String)], patch: &Json) -> Result<u64> {
        let (_, affected) = self
            .query(|in_force| async move {
                check_writable(&in_force)?;
                let selection = parse::selection(&in_force.definition, parameters)?;
                let patch = Arc::new(shared_patch(&in_force, patch)?);
                let expect = Expect::Matches(Arc::new(selection.filter.clone()));
                let write = |key| Write::patch(key, patch.clone(), expect.clone());
                let check = |count| {
                    check_size(&patch, count)?;
                    check_unique(&in_force, &patch, count)
                };
                self.write_matching(&in_force, &selection, write, check).await
            })
            .await?;
        Ok(affected)
    }

    /// Deletes all rows that the parameters select, which are those of [`patch_matching`](Self::patch_matching). Returns
    /// how many rows were deleted.
    pub async fn delete_matching(&self, parameters: &[(String, String)]) -> Result<u64> {
        let (_, affected) = self
            .query(|in_force| async move {
                let selection = parse::selection(&in_force.definition, parameters)?;
                let expect = Expect::Matches(Arc::new(selection.filter.clone()));
                let write = |key| Write::delete(in_force.clone(), key, expect.clone());
                self.write_matching(&in_force, &selection, write, |_| Ok(())).await
            })
            .await?;
        Ok(affected)
    }

    async fn write_matching(
        &self,
        in_force: &Arc<InForce>,
        selection: &Selection,
        write: impl Fn(Value) -> Write,
        check: impl Fn(usize) -> Result<()>,
    ) -> Result<u64> {
        if in_force.definition.meta.require_version {
            return Err(Error::VersionRequired(self.name.clone()));
        }
        let limits = &self.context.filtered_writes;
        let _searching = limits.search().await?;
        let keys = self.matching_keys(in_force, selection).await?;
        let _writing = limits.write().await?;
        check(keys.len())?;
        let writes = keys.iter().cloned().map(write).collect();
        let batch = WriteBatch { is_dry_run: selection.is_dry_run, ..WriteBatch::until_failure(writes) };
        let outcomes = self.context.store.write(batch).await?;
        let mut affected = 0;
        for (key, outcome) in keys.iter().zip(outcomes) {
            match outcome {
                Outcome::Updated(_) | Outcome::Deleted(_) => affected += 1,
                Outcome::Invalid(faults) => return Err(invalid_row(in_force, key, faults)),
                Outcome::VersionRequired => return Err(Error::VersionRequired(self.name.clone())),
                _ => {}
            }
        }
        Ok(affected)
    }

    /// Returns the keys of the rows that match now, which are read in short transactions, as those of an export.
    async fn matching_keys(&self, in_force: &Arc<InForce>, selection: &Selection) -> Result<Vec<Value>> {
        let max = selection.max_affected;
        let query = ExportQuery {
            filter: Some(selection.filter.clone()).filter(|filter| *filter != Filter::All(Vec::new())),
            fields: Some(vec![Column::Key]),
            order: (Column::Key, Direction::Ascending),
            limit: None,
        };
        let memory = self.context.read_memory.clone();
        let mut scan = Scan::new(self, in_force, query, vec![Column::Key], memory);
        let mut keys: Vec<Value> = Vec::new();
        while let Some(page) = scan.next((max + 1).saturating_sub(keys.len() as u64)).await? {
            keys.extend(page.rows.into_iter().map(|row| row.key));
            if keys.len() as u64 > max {
                return Err(Error::TooManyAffected { limit: max });
            }
        }
        Ok(keys)
    }
}

/// Validates a patch of many rows, which cannot name a key or a version.
fn shared_patch(in_force: &Arc<InForce>, patch: &Json) -> Result<Patch> {
    let definition = &in_force.definition;
    let (key, service) = (definition.key.name.as_str(), definition.service());
    let refused =
        |name: &str, code, detail| Err(Error::Invalid(vec![Fault::new(Place::field(name), code, detail)]));
    let mut changes: Map<String, Json> = object(patch)?.clone();
    if changes.contains_key(key) {
        return refused(key, "key", "a key cannot be changed");
    }
    if changes.contains_key(service.version) {
        let detail = "rows that match a filter have different versions; use the version as a filter";
        return refused(service.version, "version", detail);
    }
    for name in [service.created_at, service.updated_at] {
        changes.shift_remove(name);
    }
    if changes.is_empty() {
        let fault = Fault::new(Place::body(), "empty", "the body has no field to change");
        return Err(Error::Invalid(vec![fault]));
    }
    validate::patch(in_force, changes).map_err(Error::Invalid)
}

/// Checks that a patch is not so large that writing it to so many rows would stop other writes for long.
fn check_size(patch: &Patch, rows: usize) -> Result<()> {
    let total = patch.size().saturating_mul(rows);
    if rows < 2 || total <= MAX_PATCHED_BYTES {
        return Ok(());
    }
    let detail = format!(
        "{rows} rows match, and the patch has about {} bytes: together more than {} MiB, the limit per request; change \
         fewer rows at a time",
        patch.size(),
        MAX_PATCHED_BYTES >> 20
    );
    Err(Error::Invalid(vec![Fault::new(Place::body(), "too-large", detail)]))
}

/// Checks that a patch does not give the same unique value to several rows.
fn check_unique(in_force: &InForce, patch: &Patch, rows: usize) -> Result<()> {
    if rows < 2 {
        return Ok(());
    }
    let definition = &in_force.definition;
    let indexes = definition.all_indexes();
    for index in indexes.iter().filter(|index| index.kind == IndexKind::Unique) {
        let is_set = |name: &str| {
            let place = definition.field(name).map(|(place, _)| place);
            place.and_then(|place| patch.set().get(place)).is_some_and(|value| !value.is_null())
        };
        if let Some(first) = index.fields.first()
            && index.fields.iter().all(|name| is_set(name.as_str()))
        {
            let names: Vec<&str> = index.fields.iter().map(FieldName::as_str).collect();
            let names = names.join(", ");
            let detail = format!("{rows} rows match, but no two rows may have the same {names}");
            return Err(Error::Invalid(vec![Fault::new(Place::field(first.as_str()), "unique", detail)]));
        }
    }
    Ok(())
}

/// Returns an error about a row that would become invalid.
fn invalid_row(in_force: &InForce, key: &Value, faults: Vec<Fault>) -> Error {
    let key = key.to_json(&in_force.definition.key.kind);
    let about = |fault: Fault| Fault { detail: format!("row {key}: {}", fault.detail), ..fault };
    Error::Invalid(faults.into_iter().map(about).collect())
}
