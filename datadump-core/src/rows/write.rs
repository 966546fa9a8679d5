//! Writes one row: inserts, merges, replacements, patches and deletions.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{Rows, Saved};
use crate::{
    error::{Error, Fault, Place, Result},
    record::Fields,
    schema::{InForce, Value, definition::ServiceColumns},
    store::{Expect, Outcome, Stored, Write},
    validate,
};

impl Rows {
    /// Inserts a row, or changes the fields that the record has in the row with its key. A `version` in the
    /// record must match the version of an existing row; a new row starts with it.
    pub async fn save(&self, record: &Json, expect: Expect) -> Result<Saved> {
        let (write, expect) = self.merge(record, expect).await?;
        let outcome = self.write(write).await?;
        self.saved(outcome, &expect, "")
    }

    /// Returns the write that saves a record, and its condition.
    pub(crate) async fn merge(&self, record: &Json, expect: Expect) -> Result<(Write, Expect)> {
        let in_force = self.writable()?;
        let service = in_force.definition.service();
        let (fields, expect) = with_condition(service, object(record)?.clone(), expect)?;
        match validate::changes(&in_force, fields, &self.context.ids) {
            Ok(row) => Ok((Write::merge(row, expect.clone()), expect)),
            Err(faults) => Err(Error::Invalid(self.all_faults(&in_force, object(record)?, faults).await?)),
        }
    }

    /// Returns the faults of a record, and if there is no row with its key, those of missing fields as well.
    async fn all_faults(
        &self,
        in_force: &Arc<InForce>,
        record: &Map<String, Json>,
        faults: Vec<Fault>,
    ) -> Result<Vec<Fault>> {
        let key = &in_force.definition.key;
        let sent = record.get(key.name.as_str()).and_then(|sent| key.kind.read(sent).ok());
        if let Some(sent) = sent
            && self.context.store.get(in_force, &sent).await?.is_some()
        {
            return Ok(faults);
        }
        let (fields, _) = with_condition(in_force.definition.service(), record.clone(), Expect::Anything)?;
        let whole = validate::row(in_force, fields, &self.context.ids);
        Ok(whole.err().unwrap_or(faults))
    }

    /// Inserts or replaces the row with this key: fields that the record omits get their defaults. The record
    /// may omit the key; if present, it must be the same.
    pub async fn replace(&self, key: &str, record: &Json, expect: Expect) -> Result<Saved> {
        let in_force = self.writable()?;
        let value = self.key(&in_force, key)?;
        let (write, expect) = self.replacement(&in_force, &value, record, expect)?;
        let outcome = self.write(write).await?;
        self.saved(outcome, &expect, "")
    }

    /// Returns the write that inserts or replaces a row, and its condition.
    pub(crate) fn replacement(
        &self,
        in_force: &Arc<InForce>,
        key: &Value,
        record: &Json,
        expect: Expect,
    ) -> Result<(Write, Expect)> {
        check_writable(in_force)?;
        let mut record = object(record)?.clone();
        same_key(in_force, &mut record, key)?;
        let (record, expect) = with_condition(in_force.definition.service(), record, expect)?;
        let row = validate::row(in_force, record, &self.context.ids).map_err(Error::Invalid)?;
        Ok((Write::put(row, expect.clone()), expect))
    }

    /// Changes some fields of a row: a JSON merge patch (RFC 7396).
    pub async fn patch(&self, key: &str, patch: &Json, expect: Expect) -> Result<Saved> {
        let attempt = |in_force: Arc<InForce>| {
            let expect = expect.clone();
            async move {
                let value = self.key(&in_force, key)?;
                let (write, expect) = self.patch_write(&in_force, value, patch, expect)?;
                Ok((self.write(write).await?, expect))
            }
        };
        let (_, (outcome, expect)) = self.query(attempt).await?;
        self.saved(outcome, &expect, key)
    }

    /// Returns the write that changes a row, and its condition.
    pub(crate) fn patch_write(
        &self,
        in_force: &Arc<InForce>,
        key: Value,
        patch: &Json,
        expect: Expect,
    ) -> Result<(Write, Expect)> {
        check_writable(in_force)?;
        let mut record = object(patch)?.clone();
        same_key(in_force, &mut record, &key)?;
        record.shift_remove(in_force.definition.key.name.as_str());
        let (changes, expect) = with_condition(in_force.definition.service(), record, expect)?;
        let patch = validate::patch(in_force, changes).map_err(Error::Invalid)?;
        Ok((Write::patch(key, Arc::new(patch), expect.clone()), expect))
    }

    /// Deletes a row.
    pub async fn delete(&self, key: &str, expect: Expect) -> Result<()> {
        let in_force = self.in_force()?;
        let value = self.key(&in_force, key)?;
        let outcome = self.write(Write::delete(in_force, value, expect.clone())).await?;
        self.saved(outcome, &expect, key).map(|_| ())
    }

    /// Returns the definition that new rows must fit. Only the hub writes readings.
    pub(super) fn writable(&self) -> Result<Arc<InForce>> {
        let in_force = self.in_force()?;
        check_writable(&in_force)?;
        Ok(in_force)
    }

    async fn write(&self, write: Write) -> Result<Outcome> {
        self.context.write_one(write).await
    }

    /// Returns the result for a write with this outcome.
    pub(super) fn saved(&self, outcome: Outcome, expect: &Expect, key: &str) -> Result<Saved> {
        let saved = |stored: Stored, created| Saved {
            row: stored.to_json(),
            version: stored.row.version,
            created,
            replayed: false,
        };
        match outcome {
            Outcome::Created(stored) => Ok(saved(stored, true)),
            Outcome::Updated(stored) | Outcome::Deleted(stored) => Ok(saved(stored, false)),
            Outcome::Refused(current) => {
                let current = current.as_ref().map(Stored::to_json);
                match expect {
                    Expect::Version(_) => match current {
                        None => Err(self.unknown(key)),
                        current => Err(Error::Conflict { current }),
                    },
                    _ => Err(Error::Precondition { current }),
                }
            }
            Outcome::Superseded(stored) => Err(Error::Precondition { current: Some(stored.to_json()) }),
            Outcome::Unchanged(stored) => Ok(saved(stored, false)),
            Outcome::Replaced(..) | Outcome::Unmatched | Outcome::RolledBack => {
                Err(Error::internal("an outcome without a write"))
            }
            Outcome::Missing => Err(self.unknown(key)),
            Outcome::VersionRequired => Err(Error::VersionRequired(self.name.clone())),
            Outcome::Invalid(faults) => Err(Error::Invalid(faults)),
        }
    }
}

/// Checks that rows of a storage may be written.
pub(super) fn check_writable(in_force: &InForce) -> Result<()> {
    match in_force.definition.name.is_of_hub() {
        true => Err(Error::HubStorage(in_force.definition.name.to_string())),
        false => Ok(()),
    }
}

pub(super) fn object(record: &Json) -> Result<&Map<String, Json>> {
    record.as_object().ok_or_else(|| {
        let detail = "a row is a JSON object";
        Error::Invalid(vec![Fault::new(Place::body(), "not-an-object", detail)])
    })
}

/// Removes the service columns from a record, so that a row can be sent back as it was read: `version`
/// becomes the condition, and the times, which only the service sets, are ignored.
pub(crate) fn with_condition(
    service: ServiceColumns,
    record: impl Into<Fields>,
    expect: Expect,
) -> Result<(Fields, Expect)> {
    let mut record = record.into();
    let is_service =
        |name: &String| [service.version, service.created_at, service.updated_at].contains(&name.as_str());
    // Most records have no service columns.
    if !record.keys().any(is_service) {
        return Ok((record, expect));
    }
    record.remove(service.created_at);
    record.remove(service.updated_at);
    let Some(sent) = record.remove(service.version).filter(|sent| !sent.is_null()) else {
        return Ok((record, expect));
    };
    let at = Place::field(service.version);
    let version = sent.as_i64().and_then(|v| i32::try_from(v).ok()).filter(|v| *v >= 1);
    let Some(version) = version else {
        let detail = format!("{sent} is not a version, which is a whole number from 1 to {}", i32::MAX);
        return Err(Error::Invalid(vec![Fault::new(at, "version", detail)]));
    };
    match expect {
        Expect::Anything | Expect::Different | Expect::NotSince(..) => Ok((record, Expect::Version(version))),
        Expect::Exactly(other) if other != version => {
            let detail =
                format!("version {version} differs from {other}, the version in the request's condition");
            Err(Error::Invalid(vec![Fault::new(at, "version", detail)]))
        }
        Expect::Exists => Ok((record, Expect::Exactly(version))),
        Expect::Absent => Ok((record, Expect::First(version))),
        Expect::Keep(_) => Ok((record, Expect::Keep(Some(version)))),
        expect => Ok((record, expect)),
    }
}

/// Adds the key to a record, or checks that the record already has it.
fn same_key(in_force: &InForce, record: &mut Map<String, Json>, key: &Value) -> Result<()> {
    let defined = &in_force.definition.key;
    let wanted = key.to_json(&defined.kind);
    let found = record.entry(defined.name.to_string()).or_insert_with(|| wanted.clone());
    if *found == wanted || defined.kind.read(found).as_ref() == Ok(key) {
        return Ok(());
    }
    let detail =
        format!("key {found} differs from {wanted}, the key in the request; a key cannot be changed");
    Err(Error::Invalid(vec![Fault::new(Place::field(defined.name.as_str()), "key", detail)]))
}
