//! Prepared statements of a transaction, and how rows are bound to them.

use rusqlite::{CachedStatement, Connection, ToSql};

use super::{columns::Bind, effect::ServiceColumns, error::map};
use crate::{
    error::{Error, Result},
    schema::{Definition, FieldSet, Row, Value},
};

/// Maximum number of fields, if they are not all, up to which a statement on them is cached.
const MAX_CACHED_FIELDS: usize = 64;

/// A prepared statement on some fields of a row, kept while the next row has the same fields.
pub(super) struct FieldStatement<'c> {
    fields: FieldSet,
    /// `None` only while it is dropped.
    statement: Option<CachedStatement<'c>>,
    /// False if there may be any number of such statements, which are large.
    is_cached: bool,
}

impl Drop for FieldStatement<'_> {
    fn drop(&mut self) {
        if let Some(statement) = self.statement.take().filter(|_| !self.is_cached) {
            statement.discard();
        }
    }
}

/// Returns the prepared statement in a slot, preparing it on first use.
pub(super) fn prepared<'s, 'c>(
    slot: &'s mut Option<CachedStatement<'c>>,
    connection: &'c Connection,
    text: &str,
) -> Result<&'s mut CachedStatement<'c>> {
    match slot {
        Some(statement) => Ok(statement),
        none => Ok(none.insert(connection.prepare_cached(text).map_err(map)?)),
    }
}

/// Returns the prepared statement for some fields, preparing it if the slot has one for other fields.
pub(super) fn field_statement<'s, 'c>(
    slot: &'s mut Option<FieldStatement<'c>>,
    connection: &'c Connection,
    definition: &Definition,
    fields: &FieldSet,
    text: impl FnOnce() -> String,
) -> Result<&'s mut CachedStatement<'c>> {
    if slot.as_ref().is_none_or(|last| last.fields != *fields) {
        // Returns the previous statement to the connection's cache first.
        *slot = None;
        let statement = connection.prepare_cached(&text()).map_err(map)?;
        let is_cached = fields.len() <= MAX_CACHED_FIELDS || fields.len() == definition.fields.len();
        *slot = Some(FieldStatement { fields: fields.clone(), statement: Some(statement), is_cached });
    }
    let statement = slot.as_mut().and_then(|slot| slot.statement.as_mut());
    statement.ok_or_else(|| Error::internal("a prepared statement is missing"))
}

/// Binds a new row after the first `bound` parameters, in the order of the columns: key, fields, service
/// columns. Returns how many are bound then. Fields that are null are not bound, so the bindings must be clear:
/// a row may have few of a thousand fields.
pub(super) fn bind_row(
    statement: &mut CachedStatement<'_>,
    bound: usize,
    row: &Row,
    service: ServiceColumns,
) -> Result<usize> {
    let bound = bind(statement, bound, [Bind(row.key().unwrap_or(&Value::Null))])?;
    let bound = bind_fields(statement, bound, row)?;
    let service = [service.version.into(), service.created_at.micros(), service.updated_at.micros()];
    bind(statement, bound, service)
}

/// Binds the fields of a new row.
fn bind_fields(statement: &mut CachedStatement<'_>, bound: usize, row: &Row) -> Result<usize> {
    for (place, value) in stored_fields(row) {
        statement.raw_bind_parameter(bound + place + 1, Bind(value)).map_err(map)?;
    }
    Ok(bound + row.proven_by().definition.fields.len())
}

/// Iterates over the values that were sent, and the defaults of the other fields that are not null.
pub(super) fn stored_fields(row: &Row) -> impl Iterator<Item = (usize, &Value)> {
    let in_force = row.proven_by();
    let defaults = in_force.defaulted().iter().filter(|place| row.values().get(*place).is_none());
    row.values().iter().chain(defaults.map(|place| (place, in_force.default(place))))
}

/// Binds values after the first `bound` parameters; returns how many are bound then.
pub(super) fn bind(
    statement: &mut CachedStatement<'_>,
    mut bound: usize,
    values: impl IntoIterator<Item = impl ToSql>,
) -> Result<usize> {
    for value in values {
        bound += 1;
        statement.raw_bind_parameter(bound, value).map_err(map)?;
    }
    Ok(bound)
}
