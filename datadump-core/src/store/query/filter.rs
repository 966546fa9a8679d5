//! Filters: a tree of tests on a row. Logic is two-valued: a test of a null fails unless it says otherwise,
//! and `Not` passes exactly where the negated filter does not.

use std::cmp::Ordering;

use super::Column;
use crate::schema::{FieldSet, StoredRow, Value};

/// A filter on rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these must pass.
    All(Vec<Filter>),
    /// At least one of these must pass.
    Any(Vec<Filter>),
    /// This must not pass.
    Not(Box<Filter>),
    /// The value of the column must pass the test.
    Column(Column, Test),
    /// The value at a path inside a JSON column must pass the test. A missing value is null.
    Path(Column, Vec<String>, Test),
}

/// A test of one value. At a path into JSON the values are `Text`, `Float`, `Boolean` and `Null`; numbers are
/// compared as `Float`, and a value only passes tests of its own type.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Equal to the value.
    Eq(Value),
    /// Less than the value.
    Lt(Value),
    /// Less than or equal to the value.
    Lte(Value),
    /// Greater than the value.
    Gt(Value),
    /// Greater than or equal to the value.
    Gte(Value),
    /// Equal to one of the values.
    In(Vec<Value>),
    /// Between the two values, inclusive.
    Between(Value, Value),
    /// Contains the text.
    Contains(String),
    /// Contains the text, ignoring case; see [`fold_text`].
    IContains(String),
    /// Starts with the text.
    StartsWith(String),
    /// Ends with the text.
    EndsWith(String),
    /// Is null.
    IsNull,
}

impl Filter {
    /// Returns whether a row passes. This is the reference implementation that the SQL of both databases must
    /// agree with.
    pub fn matches(&self, row: &StoredRow) -> bool {
        self.passes(&|column| column.value(row))
    }

    /// Returns whether a row with these values passes.
    pub(crate) fn passes(&self, value: &impl Fn(Column) -> Value) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.passes(value)),
            Self::Any(filters) => filters.iter().any(|filter| filter.passes(value)),
            Self::Not(filter) => !filter.passes(value),
            Self::Column(column, test) => test.passes(&value(*column)),
            Self::Path(column, path, test) => test.passes(&at_path(&value(*column), path)),
        }
    }

    /// Adds the fields whose values decide whether a row passes.
    pub(crate) fn add_fields(&self, fields: &mut FieldSet) {
        match self {
            Self::All(filters) | Self::Any(filters) => {
                filters.iter().for_each(|filter| filter.add_fields(fields));
            }
            Self::Not(filter) => filter.add_fields(fields),
            Self::Column(Column::Field(place), _) | Self::Path(Column::Field(place), ..) => {
                fields.extend(&FieldSet::one(*place));
            }
            Self::Column(..) | Self::Path(..) => {}
        }
    }
}

impl Test {
    /// Returns whether a value passes.
    pub fn passes(&self, value: &Value) -> bool {
        let ordered = |other: &Value| match (value, other) {
            (Value::Null, _) | (_, Value::Null) => None,
            _ => value.compare(other),
        };
        let text = match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        };
        match self {
            Self::Eq(other) => ordered(other) == Some(Ordering::Equal),
            Self::Lt(other) => ordered(other) == Some(Ordering::Less),
            Self::Lte(other) => ordered(other).is_some_and(Ordering::is_le),
            Self::Gt(other) => ordered(other) == Some(Ordering::Greater),
            Self::Gte(other) => ordered(other).is_some_and(Ordering::is_ge),
            Self::In(others) => others.iter().any(|other| ordered(other) == Some(Ordering::Equal)),
            Self::Between(low, high) => {
                ordered(low).is_some_and(Ordering::is_ge) && ordered(high).is_some_and(Ordering::is_le)
            }
            Self::Contains(part) => text.is_some_and(|text| text.contains(part)),
            Self::IContains(part) => text.is_some_and(|text| fold_text(text).contains(&fold_text(part))),
            Self::StartsWith(part) => text.is_some_and(|text| text.starts_with(part)),
            Self::EndsWith(part) => text.is_some_and(|text| text.ends_with(part)),
            Self::IsNull => value.is_null(),
        }
    }
}

/// Returns the text with case folded: in lowercase, with the final sigma replaced by the normal one.
pub fn fold_text(text: &str) -> String {
    text.to_lowercase().replace('ς', "σ")
}

/// Returns the value at a path inside a JSON text. Objects and arrays are not null but equal no value. A path
/// step of digits is an array index or the name of a member.
pub fn at_path(value: &Value, path: &[String]) -> Value {
    let Value::Json(text) = value else { return Value::Null };
    let Ok(mut json) = serde_json::from_str::<serde_json::Value>(text) else { return Value::Null };
    for step in path {
        let next = match &mut json {
            serde_json::Value::Object(members) => members.remove(step),
            serde_json::Value::Array(items) => {
                item(step).and_then(|place| items.get_mut(place)).map(serde_json::Value::take)
            }
            _ => None,
        };
        let Some(next) = next else { return Value::Null };
        json = next;
    }
    match json {
        serde_json::Value::Bool(value) => Value::Boolean(value),
        serde_json::Value::Number(number) => number.as_f64().map_or(Value::Null, Value::Float),
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Null => Value::Null,
        whole => Value::Json(whole.to_string()),
    }
}

/// Returns the array index that a path step denotes, if it is one.
pub(crate) fn item(step: &str) -> Option<usize> {
    step.bytes().all(|byte| byte.is_ascii_digit()).then(|| step.parse().ok()).flatten()
}
