//! Rows within a transaction: as they were read, and as they are to be written.

use std::{borrow::Cow, ops::Range};

use sqlx::{Row as _, postgres::PgRow};

use super::columns;
use crate::{
    clock::Timestamp,
    schema::{Definition, FieldSet, InForce, Value, Values, ValuesBuilder},
    store::decide::CurrentRow,
};

/// Number of values that one statement may carry for fields that its rows do not have, in addition to as many
/// as they have.
const MAX_EXTRA_VALUES: usize = 1 << 16;

/// Maximum number of values in one statement, unless a single row has more.
const MAX_VALUES: usize = 1 << 20;

/// A row that was read and locked, with the fields that the writes need.
#[derive(Debug)]
pub(super) struct LockedRow {
    pub(super) key: Value,
    /// The values that are not null.
    pub(super) values: Values,
    pub(super) version: i32,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl CurrentRow for LockedRow {
    fn version(&self) -> i32 {
        self.version
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    fn key(&self) -> &Value {
        &self.key
    }

    fn value(&self, place: usize) -> &Value {
        self.values.get(place).unwrap_or(&Value::Null)
    }
}

/// A row as the writes decided so far have made it.
#[derive(Debug)]
pub(super) struct WrittenRow<'b> {
    pub(super) key: &'b Value,
    in_force: &'b InForce,
    /// The values that were written; the other fields have their defaults.
    values: Cow<'b, Values>,
    pub(super) version: i32,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// Position of the write that made it.
    pub(super) place: usize,
}

impl LockedRow {
    /// Reads a row of which these fields were selected: key, fields, version and times.
    pub(super) fn read(row: &PgRow, definition: &Definition, fields: &FieldSet) -> sqlx::Result<Self> {
        let mut values = ValuesBuilder::default();
        for (position, place) in fields.iter().enumerate() {
            let Some(field) = definition.fields.get(place) else { continue };
            match columns::value(row, position + 1, &field.kind)? {
                Value::Null => {}
                value => values.push(place, value),
            }
        }
        let place = fields.len() + 1;
        Ok(Self {
            key: columns::value(row, 0, &definition.key.kind)?,
            values: values.finish(),
            version: row.try_get(place)?,
            created_at: columns::moment(row, place + 1)?,
            updated_at: columns::moment(row, place + 2)?,
        })
    }
}

impl<'b> WrittenRow<'b> {
    pub(super) fn new(
        key: &'b Value,
        (in_force, values): (&'b InForce, Cow<'b, Values>),
        version: i32,
        (created_at, updated_at): (Timestamp, Timestamp),
        place: usize,
    ) -> Self {
        Self { key, in_force, values, version, created_at, updated_at, place }
    }

    /// Returns the fields that were written.
    pub(super) fn fields(&self) -> &FieldSet {
        self.values.fields()
    }

    /// Returns the value of a field, whose position among the fields written is probably `guess`.
    pub(super) fn value_near(&self, place: usize, guess: usize) -> &Value {
        self.values.get_near(place, guess).unwrap_or_else(|| self.in_force.default(place))
    }
}

impl CurrentRow for WrittenRow<'_> {
    fn version(&self) -> i32 {
        self.version
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    fn key(&self) -> &Value {
        self.key
    }

    fn value(&self, place: usize) -> &Value {
        self.value_near(place, place)
    }
}

/// The changes to one target's table.
#[derive(Debug, Default)]
pub(super) struct TableChanges<'d> {
    pub(super) inserted: Vec<NewRow<'d>>,
    /// Each has all of its fields replaced.
    pub(super) updated: Vec<&'d WrittenRow<'d>>,
    pub(super) deleted: Vec<&'d Value>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct NewRow<'d> {
    pub(super) row: &'d WrittenRow<'d>,
    /// True if that is the only write to its key.
    pub(super) is_sole: bool,
}

/// Splits rows into runs that one statement each writes, and returns the fields of each run. All rows of a
/// statement have the same columns, so rows with different fields share one only while that adds few values.
///
/// `always` is the set of fields that every statement writes.
pub(super) fn runs<'r>(
    fields: impl Iterator<Item = &'r FieldSet>,
    always: &FieldSet,
) -> Vec<(FieldSet, Range<usize>)> {
    let mut runs: Vec<(FieldSet, Range<usize>)> = Vec::new();
    // The last set, and the number of values that the run has in all.
    let (mut last, mut held): (Option<&FieldSet>, usize) = (None, 0);
    for (position, fields) in fields.enumerate() {
        held += fields.len();
        if let Some((union, range)) = runs.last_mut() {
            let mut wider = None;
            if last != Some(fields) {
                let mut fresh = union.clone();
                fresh.extend(fields);
                wider = Some(fresh);
            }
            let sent = (range.len() + 1) * wider.as_ref().unwrap_or(union).len();
            let is_sparse = sent > 2 * held + MAX_EXTRA_VALUES + range.len() * always.len();
            if !is_sparse && sent <= MAX_VALUES {
                if let Some(wider) = wider {
                    *union = wider;
                }
                range.end += 1;
                last = Some(fields);
                continue;
            }
        }
        let mut union = always.clone();
        union.extend(fields);
        runs.push((union, position..position + 1));
        (last, held) = (Some(fields), fields.len());
    }
    runs
}
