//! One operation of a batch. Each means what the request for one row means.

use serde::Deserialize;
use serde_json::Value as Json;

use crate::{
    context::Context,
    error::{Error, Fault, Place, Result},
    rows::{
        Rows,
        many::{Item, WriteOrigin},
    },
    schema::{InForce, Value},
    store::{Expect, Write},
    write_result::FailedWrite,
};

/// An operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    op: Kind,
    storage: String,
    key: Option<Json>,
    row: Option<Json>,
    if_version: Option<i32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// Inserts a row, which must be new.
    Create,
    /// Inserts a row, or changes the fields that were sent.
    Save,
    /// Inserts or replaces a row.
    Replace,
    /// Changes a row by a merge patch.
    Patch,
    Delete,
}

impl Operation {
    fn place(index: usize) -> Place {
        Place::field("operations").index(index)
    }

    /// Adds the faults of an operation that do not depend on rows.
    pub(super) fn check(&self, context: &Context, index: usize, faults: &mut Vec<Fault>) {
        let place = Self::place(index);
        let mut fault = |name: &str, code, detail: String| {
            faults.push(Fault::new(place.name(name), code, detail));
        };
        if context.store.catalogue().get(&self.storage).is_none() {
            let error = Error::UnknownStorage(self.storage.clone());
            fault("storage", "unknown-storage", error.to_string());
        }
        let (has_key, has_row) = match self.op {
            Kind::Create | Kind::Save => (false, true),
            Kind::Replace | Kind::Patch => (true, true),
            Kind::Delete => (true, false),
        };
        for (name, is_sent, is_needed) in
            [("key", self.key.is_some(), has_key), ("row", self.row.is_some(), has_row)]
        {
            match (is_sent, is_needed) {
                (false, true) => fault(name, "missing", format!("this operation needs `{name}`")),
                (true, false) if name == "key" => {
                    fault(name, "not-applicable", "the key of this operation is part of its row".into());
                }
                (true, false) => fault(name, "not-applicable", "a deletion has no row".into()),
                _ => {}
            }
        }
        match self.if_version {
            Some(_) if self.op == Kind::Create => {
                fault("if_version", "not-applicable", "a row that is created has no version yet".into());
            }
            Some(version) if version < 1 => {
                fault("if_version", "version", format!("{version} is not a version, which is at least 1"));
            }
            _ => {}
        }
    }

    /// Returns the write of this operation.
    pub(super) async fn item(&self, context: &Context, index: usize) -> Result<Item> {
        let rows = Rows::open(context, &self.storage)?;
        let place = Self::place(index);
        let row = place.name("row");
        let origin = WriteOrigin { row: row.clone(), place: place.clone(), storage: self.storage.clone() };
        let write = match self.write(&rows).await {
            Ok(write) => Ok(write),
            Err((at, Error::Invalid(faults))) => {
                let mut failed = FailedWrite::invalid(
                    &at.map_or(row, |at| place.name(at)),
                    &self.storage,
                    self.key.clone(),
                    &faults,
                );
                failed.pointer = place.pointer().unwrap_or_default();
                Err(failed)
            }
            Err((_, error)) => return Err(error),
        };
        Ok(Item { origin, write })
    }

    /// Returns the write. The places of an error's faults are in the row, or in the member that is named.
    async fn write(&self, rows: &Rows) -> Result<Write, (Option<&'static str>, Error)> {
        let in_row = |error| (None, error);
        let expect = match (self.op, self.if_version) {
            (Kind::Create, _) => Expect::Absent,
            (_, Some(version)) => Expect::Exactly(version),
            (_, None) => Expect::Anything,
        };
        let in_force = rows.in_force().map_err(in_row)?;
        let row = self.row.as_ref().unwrap_or(&Json::Null);
        let key = match &self.key {
            Some(key) => read_key(&in_force, key).map_err(|error| (Some("key"), error))?,
            None => Value::Null,
        };
        let write = match self.op {
            Kind::Create | Kind::Save => rows.merge(row, expect).await,
            Kind::Replace => rows.replacement(&in_force, &key, row, expect),
            Kind::Patch => rows.patch_write(&in_force, key, row, expect),
            Kind::Delete => return Ok(Write::delete(in_force, key, expect)),
        };
        write.map(|(write, _)| write).map_err(in_row)
    }
}

/// Reads a key, which may be written as in a URL.
fn read_key(in_force: &InForce, sent: &Json) -> Result<Value> {
    let kind = &in_force.definition.key.kind;
    let read = kind.read(sent).or_else(|invalid| match sent {
        Json::String(text) => kind.read_text(text).map_err(|_| invalid),
        _ => Err(invalid),
    });
    read.map_err(|invalid| Error::Invalid(vec![Fault::new(Place::body(), invalid.code, invalid.detail)]))
}
