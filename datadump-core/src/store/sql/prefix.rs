//! Indexes on text. PostgreSQL limits an index entry to about 2,700 bytes and refuses a row with a longer one, so
//! there an index holds only the beginning of each text. A query compares the beginning, which the index serves,
//! and the whole text.

use sea_query::{Cond, Expr, ExprTrait, SimpleExpr};

use super::Dialect;
use crate::{
    schema::{Definition, Kind, Value, kind::INDEXED_PREFIX_LENGTH},
    store::query::{Column, Test},
};

/// Returns whether an index on a field of this kind holds only the beginning of its values.
pub(in crate::store) fn has_prefix_index(dialect: Dialect, kind: &Kind) -> bool {
    dialect == Dialect::Postgres && matches!(kind, Kind::Text { .. })
}

/// Returns the part of a column that an index holds.
pub(in crate::store) fn indexed(dialect: Dialect, kind: &Kind, column: String) -> String {
    if has_prefix_index(dialect, kind) {
        format!("(left({column}, {INDEXED_PREFIX_LENGTH}))")
    } else {
        column
    }
}

/// Returns whether an index holds the beginning of this column's values.
pub(super) fn is_indexed_by_prefix(dialect: Dialect, definition: &Definition, of: Column) -> bool {
    let Some(field) = of.field(definition).filter(|field| has_prefix_index(dialect, &field.kind)) else {
        return false;
    };
    field.db_index || definition.meta.indexes.iter().any(|index| index.fields.contains(&field.name))
}

/// Returns the beginning of a column's value, as the index has it.
pub(super) fn beginning_of(column: SimpleExpr) -> SimpleExpr {
    // A literal, not a parameter: else PostgreSQL would not recognize the index's expression.
    Expr::cust_with_exprs(format!("left($1, {INDEXED_PREFIX_LENGTH})"), [column])
}

/// Returns a condition on the beginning of a value that holds whenever the test passes, if an index serves it.
pub(super) fn condition(column: &SimpleExpr, test: &Test) -> Option<Cond> {
    let subject = || beginning_of(column.clone());
    let of_text = |text: &str| Expr::val(beginning(text));
    let of = |value: &Value| match value {
        Value::Text(text) => Some(of_text(text)),
        _ => None,
    };
    let one = |expression: SimpleExpr| Some(Cond::all().add(expression));
    match test {
        Test::Eq(value) => one(subject().eq(of(value)?)),
        Test::Lt(value) | Test::Lte(value) => one(subject().lte(of(value)?)),
        // Texts that begin like a short one and are not equal to it have a greater beginning.
        Test::Gt(value) if is_short(value) => one(subject().gt(of(value)?)),
        Test::Gt(value) | Test::Gte(value) => one(subject().gte(of(value)?)),
        Test::In(values) => one(subject().is_in(values.iter().map(of).collect::<Option<Vec<_>>>()?)),
        Test::Between(low, high) => {
            Some(Cond::all().add(subject().gte(of(low)?)).add(subject().lte(of(high)?)))
        }
        Test::StartsWith(part) if !part.is_empty() => {
            let part_of = beginning(part);
            let end = super::filter::after_prefix(&part_of);
            let start = Cond::all().add(subject().gte(part_of));
            Some(match end {
                Some(end) => start.add(subject().lt(end)),
                None => start,
            })
        }
        Test::IsNull => one(subject().is_null()),
        Test::StartsWith(_) | Test::EndsWith(_) | Test::Contains(_) | Test::IContains(_) => None,
    }
}

/// Returns whether the beginning of a text is all of it, and the text is not the beginning of a longer one with the
/// same beginning.
fn is_short(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.chars().count() < INDEXED_PREFIX_LENGTH as usize)
}

fn beginning(text: &str) -> String {
    text.chars().take(INDEXED_PREFIX_LENGTH as usize).collect()
}
