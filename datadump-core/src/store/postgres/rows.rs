//! Rows within a transaction: as they were read, and as they are to be written.

use std::{borrow::Cow, ops::Range};

use sqlx::{Row as _, postgres::PgRow};

use super::columns;
use crate::{
    clock::Timestamp,
    schema::{Definition, FieldSet, InForce, Value, Values, ValuesBuilder},
    store::current_row::{CurrentRow, PartialRow},
};

/// Number of values that one statement may carry for fields that its rows do not have, in addition to as many
/// as they have.
const MAX_EXTRA_VALUES: usize = 1 << 16;

/// Maximum number of values in one statement, unless a single row has more.
pub(super) const MAX_VALUES: usize = 1 << 20;

/// Reads a row of which these fields were selected: key, fields, version and times.
pub(super) fn read(row: &PgRow, definition: &Definition, fields: &FieldSet) -> sqlx::Result<PartialRow> {
    let mut values = ValuesBuilder::default();
    for (position, place) in fields.iter().enumerate() {
        let Some(field) = definition.fields.get(place) else { continue };
        match columns::value(row, position + 1, &field.kind)? {
            Value::Null => {}
            value => values.push(place, value),
        }
    }
    let place = fields.len() + 1;
    Ok(PartialRow {
        key: columns::value(row, 0, &definition.key.kind)?,
        values: values.finish(),
        version: row.try_get(place)?,
        created_at: columns::moment(row, place + 1)?,
        updated_at: columns::moment(row, place + 2)?,
    })
}

/// A row as the writes decided so far have made it.
#[derive(Debug)]
pub(super) struct WrittenRow<'b> {
    pub(super) key: &'b Value,
    /// The other values.
    pub(super) base: Base<'b>,
    /// The values that were written.
    pub(super) values: Cow<'b, Values>,
    pub(super) version: i32,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// Position of the write that made it.
    pub(super) place: usize,
}

/// The values of the fields that were not written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Base<'b> {
    /// Their defaults.
    Defaults(&'b InForce),
    /// The values that are stored.
    Stored(&'b PartialRow),
}

impl WrittenRow<'_> {
    /// Returns the fields that an update sets, if `all` is the set of all fields.
    pub(super) fn set_fields<'s>(&'s self, all: &'s FieldSet) -> &'s FieldSet {
        match self.base {
            Base::Defaults(_) => all,
            Base::Stored(_) => self.fields(),
        }
    }

    /// Returns the fields that were written.
    pub(super) fn fields(&self) -> &FieldSet {
        self.values.fields()
    }

    /// Returns the value of a field, whose position among the fields written is probably `guess`.
    pub(super) fn value_near(&self, place: usize, guess: usize) -> &Value {
        self.values.get_near(place, guess).unwrap_or_else(|| match self.base {
            Base::Defaults(in_force) => in_force.default(place),
            Base::Stored(row) => row.value(place),
        })
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
    /// In each of these rows, the fields that were written are set.
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
