//! Progress and impact of a migration, and the check that rows fit a new definition, shared by both backends.

use serde_json::Value as Json;

use super::{
    catalogue::State,
    sql::{Dialect, Name},
};
use crate::schema::{Definition, Difference, Field, Index, IndexKind, Task, Value, evolve};

/// Maximum number of keys of violating rows that are reported as examples.
pub(super) const MAX_EXAMPLES: usize = 5;

/// Progress of a migration.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The version being applied.
    pub version: i32,
    /// Its state.
    pub state: State,
    /// Rows read or rewritten so far.
    pub rows_done: u64,
    /// Rows to read or rewrite in total.
    pub rows_total: u64,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

/// Impact of one change on the rows that exist.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChangeImpact {
    /// Rows examined; 0 if the change does not depend on rows.
    pub scanned: u64,
    /// Rows that violate the change.
    pub violating: u64,
    /// Keys of the first violating rows, as JSON.
    pub examples: Vec<Json>,
    /// Estimated time that writers have to wait for the change, in milliseconds.
    pub writers_wait_ms: u64,
}

/// A check that the values of an old field fit the new one, with the result for the rows checked so far.
#[derive(Debug)]
pub(super) struct FieldCheck<'a> {
    old: &'a Definition,
    /// Position of the field in the old definition.
    pub(super) from: usize,
    /// Position of the field in the new definition.
    pub(super) to: usize,
    before: &'a Field,
    after: &'a Field,
    impact: ChangeImpact,
}

impl<'a> FieldCheck<'a> {
    fn new(old: &'a Definition, new: &'a Definition, (from, to): (usize, usize)) -> Option<Self> {
        let (before, after) = (old.fields.get(from)?, new.fields.get(to)?);
        Some(Self { old, from, to, before, after, impact: ChangeImpact::default() })
    }

    /// Returns the checks for these pairs of old and new fields.
    pub(super) fn of_pairs(old: &'a Definition, new: &'a Definition, pairs: &[(usize, usize)]) -> Vec<Self> {
        pairs.iter().filter_map(|pair| Self::new(old, new, *pair)).collect()
    }

    /// Returns the checks that a migration needs.
    pub(super) fn all(old: &'a Definition, new: &'a Definition, difference: &Difference) -> Vec<Self> {
        Self::of_pairs(old, new, &difference.scans())
    }

    pub(super) fn before(&self) -> &'a Field {
        self.before
    }

    /// Returns a value as the new field holds it; `None` if it does not fit.
    pub(super) fn convert(&self, value: &Value) -> Option<Value> {
        evolve::fitting(value, self.before, self.after)
    }

    /// Checks the value of the row with this key. Returns it as the new field holds it, if it fits.
    pub(super) fn check(&mut self, key: &Value, value: &Value) -> Option<Value> {
        self.impact.scanned += 1;
        let converted = self.convert(value);
        if converted.is_none() {
            self.impact.violating += 1;
            if self.impact.examples.len() < MAX_EXAMPLES {
                self.impact.examples.push(key.to_json(&self.old.key.kind));
            }
        }
        converted
    }

    fn violation(&self) -> Option<String> {
        let (name, violating) = (&self.after.name, self.impact.violating);
        let keys: Vec<String> = self.impact.examples.iter().map(Json::to_string).collect();
        let keys = keys.join(", ");
        (violating > 0).then(|| format!("field `{name}`: {violating} rows violate it, for example {keys}"))
    }
}

/// Returns why a migration fails, if rows violate one of these checks.
pub(super) fn violations(checks: &[FieldCheck<'_>]) -> Option<String> {
    let violations: Vec<String> = checks.iter().filter_map(FieldCheck::violation).collect();
    (!violations.is_empty()).then(|| violations.join("; "))
}

/// Returns the impact that these checks have found for the task of a change.
pub(super) fn impact(checks: &[FieldCheck<'_>], task: &Task) -> ChangeImpact {
    let (Task::CheckRows { from, to } | Task::ConvertColumn { from, to }) = task else {
        return ChangeImpact::default();
    };
    let check = checks.iter().find(|check| (check.from, check.to) == (*from, *to));
    check.map(|check| check.impact.clone()).unwrap_or_default()
}

/// Returns the existing columns whose values a new unique index compares; `None` if no row can violate it.
pub(super) fn unique_columns(
    dialect: Dialect,
    old: &Definition,
    new: &Definition,
    index: &Index,
) -> Option<Vec<String>> {
    if index.kind != IndexKind::Unique {
        return None;
    }
    let mut columns = Vec::new();
    for name in &index.fields {
        let Some((_, field)) = new.field(name.as_str()) else { continue };
        match evolve::origin(old, field) {
            Some((_, before)) => columns.push(Name::field(dialect, &before.name).quoted()),
            // A new field is null in every row, which violates nothing, or has the same value in every row.
            None if field.backfill().is_none_or(Value::is_null) => return None,
            None => {}
        }
    }
    Some(columns)
}
