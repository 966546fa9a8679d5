//! Aggregates: functions of the values of all rows of a group.

use serde_json::Value as Json;

use super::{Bucket, Column, Computed, Direction, Filter, filter::at_path};
use crate::{
    clock::{Timestamp, Zone},
    schema::{Definition, Kind, StoredRow, Value},
    store::ReadLease,
};

/// Maximum number of groups.
pub const MAX_GROUPS: u64 = 100_000;

/// Maximum size of the results of a query in bytes.
pub const MAX_RESULT_BYTES: usize = 64 << 20;

/// A query for functions of groups of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateQuery {
    /// The rows; `None` for all.
    pub filter: Option<Filter>,
    /// The expressions that make groups; all rows are one group if there are none.
    pub groups: Vec<GroupBy>,
    /// The zone of buckets.
    pub zone: Zone,
    /// The functions.
    pub functions: Vec<Aggregate>,
    /// The order of the groups: positions of their values and, after these, of the results of functions. Groups that are
    /// equal in it are ordered by their values.
    pub order: Vec<(usize, Direction)>,
    /// Maximum number of groups, in this order; further ones are left out.
    pub limit: u64,
}

/// Rows with the same value of this are in one group.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupBy {
    /// A column.
    Column(Column),
    /// A value inside a JSON column.
    Path(Column, Vec<String>),
    /// The bucket of a time.
    Bucket(Column, Bucket),
}

/// A function of the rows of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// The function.
    pub function: Function,
    /// The values; `None` counts rows.
    pub operand: Option<Operand>,
    /// The time by which the first and the last value are chosen.
    pub time: Column,
}

/// The values that a function takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// The values of a column.
    Column(Column),
    /// The values inside a JSON column.
    Path(Column, Vec<String>),
    /// The values of another operand that count as numbers, as floats.
    Number(Box<Operand>),
}

/// A function of many values. Nulls are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Number of values, or of rows.
    Count,
    /// Number of different values.
    CountDistinct,
    /// Sum.
    Sum,
    /// Arithmetic mean.
    Avg,
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
    /// Value with the earliest time.
    First,
    /// Value with the latest time.
    Last,
    /// Standard deviation of a sample.
    Stddev,
    /// Percentile, 1 to 99, interpolated between the nearest values.
    Percentile(u8),
}

/// The form in which an operand's values are aggregated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Whole numbers; sums are exact.
    Whole,
    /// Floats.
    Float,
    /// Decimals with this many decimal places; sums are exact.
    Decimal(u32),
    /// Text, whose values count as numbers where they can be read as such.
    NumericText,
    /// JSON, of which numbers count as such.
    Json,
    /// Values of another kind.
    Other,
}

/// Groups in the order of the query, nulls first.
#[derive(Debug, Default)]
pub struct AggregatedGroups {
    /// The groups.
    pub groups: Vec<AggregatedGroup>,
    /// True if there are more groups.
    pub more: bool,
    /// The memory of the groups.
    pub memory: ReadLease,
}

/// A group of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregatedGroup {
    /// The values of the group.
    pub keys: Vec<GroupKey>,
    /// The results of the functions.
    pub values: Vec<Computed>,
}

/// A value that rows of a group have in common.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupKey {
    /// The value of a column.
    Value(Value),
    /// The value inside a JSON column.
    Json(Json),
    /// The start of a bucket; `None` for rows without a time.
    Start(Option<i64>),
}

impl Function {
    /// Returns the function with this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "count" => Self::Count,
            "count_distinct" => Self::CountDistinct,
            "sum" => Self::Sum,
            "avg" => Self::Avg,
            "min" => Self::Min,
            "max" => Self::Max,
            "first" => Self::First,
            "last" => Self::Last,
            "stddev" => Self::Stddev,
            _ => {
                let percent = name.strip_prefix('p').filter(|digits| !digits.starts_with('0'))?;
                Self::Percentile(percent.parse().ok().filter(|percent| (1..=99).contains(percent))?)
            }
        })
    }

    /// Returns whether it takes only numbers.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Sum | Self::Avg | Self::Stddev | Self::Percentile(_))
    }
}

impl Operand {
    /// Returns the column.
    pub fn column(&self) -> Column {
        match self {
            Self::Column(column) | Self::Path(column, _) => *column,
            Self::Number(of) => of.column(),
        }
    }

    /// Returns the form of its values.
    pub fn form(&self, definition: &Definition) -> Form {
        let column = match self {
            Self::Column(column) => column,
            Self::Path(..) => return Form::Json,
            Self::Number(_) => return Form::Float,
        };
        match column.kind(definition) {
            Kind::Integer | Kind::Long => Form::Whole,
            Kind::Float => Form::Float,
            Kind::Decimal { scale, .. } => Form::Decimal(scale),
            Kind::Text { .. } if definition.meta.auto => Form::NumericText,
            _ => Form::Other,
        }
    }

    /// Returns its value in a row.
    pub fn value(&self, definition: &Definition, row: &StoredRow) -> Value {
        match self {
            Self::Column(column) => column.value(row),
            Self::Path(column, path) => at_path(&column.value(row), path),
            Self::Number(of) => number(&of.form(definition), &of.value(definition, row)),
        }
    }
}

impl GroupBy {
    /// Returns the column.
    pub fn column(&self) -> Column {
        match self {
            Self::Column(column) | Self::Path(column, _) | Self::Bucket(column, _) => *column,
        }
    }
}

/// Returns the number that a value of this form counts as; null if it is none.
#[expect(clippy::cast_precision_loss, reason = "the number is a float")]
fn number(form: &Form, value: &Value) -> Value {
    match value {
        Value::Integer(number) => Value::Float(*number as f64),
        Value::Decimal(number) => {
            let scale = if let Form::Decimal(scale) = form { *scale } else { 0 };
            Value::Float(*number as f64 / 10_f64.powi(scale.cast_signed()))
        }
        Value::Float(number) => Value::Float(*number),
        Value::Text(text) if *form == Form::NumericText => {
            read_number(text).map_or(Value::Null, Value::Float)
        }
        _ => Value::Null,
    }
}

/// Reads text as a number: an optional sign, digits with an optional point among or around them, and an optional
/// exponent of one or two digits, 100 characters at most. Both databases read the same.
pub fn read_number(text: &str) -> Option<f64> {
    const MAX_LENGTH: usize = 100;
    if text.len() > MAX_LENGTH {
        return None;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_exponent = exponent.is_none_or(|exponent| {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        (1..=2).contains(&unsigned.len()) && digits(unsigned)
    });
    let is_number = digits(whole) && digits(part) && whole.len() + part.len() > 0 && is_exponent;
    // Not a negative zero.
    is_number.then(|| text.parse::<f64>().ok()).flatten().map(|number| number + 0.0)
}

/// The pattern of the same numbers, for PostgreSQL.
pub(in crate::store) const NUMBER_PATTERN: &str = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$";

/// Returns the bounds that a filter sets for a time.
pub fn bounds(filter: Option<&Filter>, of: Column) -> (Option<Timestamp>, Option<Timestamp>) {
    use super::Test;
    let at = |value: &Value| match value {
        Value::Timestamp(at) => Some(*at),
        _ => None,
    };
    match filter {
        Some(Filter::All(all)) => all.iter().fold((None, None), |(from, to), one| {
            let (other_from, other_to) = bounds(Some(one), of);
            (from.max(other_from), to.into_iter().chain(other_to).min())
        }),
        Some(Filter::Column(column, test)) if *column == of => match test {
            Test::Eq(value) => (at(value), at(value)),
            Test::Gt(value) | Test::Gte(value) => (at(value), None),
            // The bound itself is not among the times.
            Test::Lt(value) => (None, at(value).and_then(|at| Timestamp::from_micros(at.micros() - 1))),
            Test::Lte(value) => (None, at(value)),
            Test::Between(low, high) => (at(low), at(high)),
            _ => (None, None),
        },
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_a_number() {
        let long = "9".repeat(101);
        for (text, expected) in [
            ("1", Some(1.0)),
            ("-1.75", Some(-1.75)),
            ("+.5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e3", Some(1000.0)),
            ("1E-2", Some(0.01)),
            ("-0", Some(0.0)),
            ("007", Some(7.0)),
            ("1e100", None),
            ("e1", None),
            (".", None),
            ("", None),
            ("-", None),
            (" 1", None),
            ("1,5", None),
            ("NaN", None),
            ("inf", None),
            ("0x10", None),
            ("1_000", None),
            (long.as_str(), None),
        ] {
            assert_eq!(read_number(text), expected, "{text}");
        }
    }

    #[test]
    fn functions_have_names() {
        for (name, expected) in [
            ("count", Some(Function::Count)),
            ("p1", Some(Function::Percentile(1))),
            ("p99", Some(Function::Percentile(99))),
            ("p100", None),
            ("p0", None),
            ("p05", None),
            ("p", None),
            ("median", None),
        ] {
            assert_eq!(Function::named(name), expected, "{name}");
        }
    }
}
