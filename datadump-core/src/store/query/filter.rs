//! Which rows: a tree of tests. Two-valued: a test of a null fails, except where it says otherwise,
//! and `Not` is true exactly where what it negates is not.

use std::cmp::Ordering;

use super::Column;
use crate::schema::{StoredRow, Value};

/// Which rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Those that pass all of these.
    All(Vec<Filter>),
    /// Those that pass at least one of these.
    Any(Vec<Filter>),
    /// Those that do not pass this.
    Not(Box<Filter>),
    /// Those whose column passes the test.
    Column(Column, Test),
    /// Those where the value at a path inside a JSON column passes the test. Missing is null.
    Path(Column, Vec<String>, Test),
}

/// A test of one value. For a path into JSON the values are `Text`, `Float`, `Boolean` and `Null`,
/// and a value passes only a test of its own type; numbers are compared as `Float`.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Equal.
    Eq(Value),
    /// Less.
    Lt(Value),
    /// Less or equal.
    Lte(Value),
    /// Greater.
    Gt(Value),
    /// Greater or equal.
    Gte(Value),
    /// Equal to one of these.
    In(Vec<Value>),
    /// At least the first, at most the second.
    Between(Value, Value),
    /// Has this text in it.
    Contains(String),
    /// Has this text in it, whatever the case of either; see [`fold_text`].
    IContains(String),
    /// Begins with this text.
    StartsWith(String),
    /// Ends with this text.
    EndsWith(String),
    /// Is null.
    IsNull,
}

impl Filter {
    /// What the rows say, in plain Rust: the reference that both databases must agree with.
    pub fn matches(&self, row: &StoredRow) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.matches(row)),
            Self::Any(filters) => filters.iter().any(|filter| filter.matches(row)),
            Self::Not(filter) => !filter.matches(row),
            Self::Column(column, test) => test.passes(&column.value(row)),
            Self::Path(column, path, test) => test.passes(&at_path(&column.value(row), path)),
        }
    }
}

impl Test {
    /// Whether a value passes.
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

/// Text without its case: lowercase, with the final sigma as any other.
pub fn fold_text(text: &str) -> String {
    text.to_lowercase().replace('ς', "σ")
}

/// The value at a path inside a JSON text. Objects and arrays are not null, but equal nothing.
/// A step of digits is an item of an array, or a member of an object.
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

/// The place in an array that a step names, when it names one.
pub(crate) fn item(step: &str) -> Option<usize> {
    step.bytes().all(|byte| byte.is_ascii_digit()).then(|| step.parse().ok()).flatten()
}
