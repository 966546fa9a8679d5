//! Results of aggregates as typed values: their order, which is that of the databases, and their JSON.

use std::cmp::Ordering;

use serde_json::{Value as Json, json};

use super::{Aggregate, AggregatedGroup, Direction, GroupKey};
use crate::schema::{Definition, Value};

/// Largest whole number up to which floats hold all whole numbers.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The result of a function.
#[derive(Debug, Clone, PartialEq)]
pub enum Computed {
    /// A value of the operand's column; null if there is none.
    Value(Value),
    /// A whole number: a count or a sum.
    Whole(i128),
    /// A sum of decimals without its decimal point, and the number of decimal places.
    Decimal(i128, u32),
    /// A float, or a scalar inside JSON.
    Json(Json),
}

impl Computed {
    /// No result.
    pub(crate) const NULL: Self = Self::Value(Value::Null);

    /// Returns whether there is no result.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Value(Value::Null) | Self::Json(Json::Null))
    }

    /// Returns the JSON of a result of this function. Decimals are text, and so are whole numbers beyond 64 bits.
    pub fn to_json(&self, definition: &Definition, aggregate: &Aggregate) -> Json {
        match self {
            Self::Value(value) => match &aggregate.operand {
                Some(operand) => value.to_json(&operand.column().kind(definition)),
                None => Json::Null,
            },
            Self::Whole(number) => {
                i64::try_from(*number).map_or_else(|_| number.to_string().into(), Json::from)
            }
            Self::Decimal(number, scale) => decimal(*number, *scale).into(),
            Self::Json(json) => json.clone(),
        }
    }

    /// Returns the size in memory in bytes, approximately.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Value(value) => value.size(),
                Self::Json(Json::String(text)) => text.len(),
                _ => 0,
            }
    }

    /// Compares two results of one function: null, false, true, numbers, then anything else.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => one.cmp(other),
            (Self::Decimal(one, _), Self::Decimal(other, _)) => one.cmp(other),
            (Self::Json(one), Self::Json(other)) => compare_json(one, other),
            (Self::Value(one), Self::Value(other)) => compare_values(one, other),
            // Text that reads as a number beside text that does not, or a bucket filled with zeros.
            _ => self.class().cmp(&other.class()).then_with(|| self.float().total_cmp(&other.float())),
        }
    }

    fn class(&self) -> u8 {
        match self {
            Self::Value(Value::Null) => 0,
            Self::Value(Value::Boolean(value)) => 1 + u8::from(*value),
            Self::Value(Value::Integer(_) | Value::Float(_) | Value::Decimal(_))
            | Self::Whole(_)
            | Self::Decimal(..) => 3,
            Self::Value(_) => 4,
            Self::Json(json) => class(json),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers of different types are compared approximately")]
    fn float(&self) -> f64 {
        match self {
            Self::Value(Value::Integer(number)) => *number as f64,
            Self::Value(Value::Float(number)) => *number,
            Self::Whole(number) => *number as f64,
            Self::Decimal(number, scale) => mean(*number, 1, *scale),
            Self::Json(json) => json.as_f64().unwrap_or_default(),
            Self::Value(_) => 0.0,
        }
    }
}

impl GroupKey {
    /// Returns the size in memory in bytes, approximately.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Value(value) => value.size(),
                Self::Json(Json::String(text)) => text.len(),
                _ => 0,
            }
    }

    /// Compares two values of one group expression, null first.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Value(one), Self::Value(other)) => compare_values(one, other),
            (Self::Json(one), Self::Json(other)) => compare_json(one, other),
            (Self::Start(one), Self::Start(other)) => one.cmp(other),
            _ => Ordering::Equal,
        }
    }
}

impl AggregatedGroup {
    /// Compares two groups of a query in an order, in which positions are those of the group's values, followed by those
    /// of the results. Groups that are equal in it have the order of their values.
    pub fn compare(&self, other: &Self, order: &[(usize, Direction)]) -> Ordering {
        let by = |(place, direction): &(usize, Direction)| {
            let order = match place.checked_sub(self.keys.len()) {
                None => {
                    self.keys.get(*place).zip(other.keys.get(*place)).map(|(one, other)| one.compare(other))
                }
                Some(place) => {
                    self.values.get(place).zip(other.values.get(place)).map(|(one, other)| one.compare(other))
                }
            };
            let order = order.unwrap_or(Ordering::Equal);
            if *direction == Direction::Descending { order.reverse() } else { order }
        };
        let by_order = order.iter().map(by).find(|order| order.is_ne());
        by_order.unwrap_or_else(|| compare_keys(&self.keys, &other.keys))
    }

    /// Returns the size in memory in bytes, approximately.
    pub(crate) fn size(&self) -> usize {
        self.keys.iter().map(GroupKey::size).sum::<usize>()
            + self.values.iter().map(Computed::size).sum::<usize>()
    }
}

/// Compares groups by their values.
pub(crate) fn compare_keys(one: &[GroupKey], other: &[GroupKey]) -> Ordering {
    let compare = |(one, other): (&GroupKey, &GroupKey)| one.compare(other);
    one.iter().zip(other).map(compare).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Compares values of one column. Ids are compared as text.
fn compare_values(one: &Value, other: &Value) -> Ordering {
    let text = |value: &Value| match value {
        Value::Uuid(uuid) => uuid.to_string(),
        Value::Text(text) => text.clone(),
        _ => String::new(),
    };
    one.compare(other).unwrap_or_else(|| text(one).cmp(&text(other)))
}

/// Compares scalars: null, false, true, numbers, strings. Anything else comes last.
fn compare_json(one: &Json, other: &Json) -> Ordering {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => match (one.as_i64(), other.as_i64()) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => one.as_f64().unwrap_or_default().total_cmp(&other.as_f64().unwrap_or_default()),
        },
        (Json::String(one), Json::String(other)) => one.cmp(other),
        _ => class(one).cmp(&class(other)),
    }
}

fn class(json: &Json) -> u8 {
    match json {
        Json::Null => 0,
        Json::Bool(false) => 1,
        Json::Bool(true) => 2,
        Json::Number(_) => 3,
        Json::String(_) => 4,
        Json::Array(_) | Json::Object(_) => 5,
    }
}

/// Returns the text of a decimal.
fn decimal(number: i128, scale: u32) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let scale = usize::try_from(scale).unwrap_or(0);
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
    match digits.split_at(digits.len() - scale) {
        (whole, "") => format!("{sign}{whole}"),
        (whole, part) => format!("{sign}{whole}.{part}"),
    }
}

/// Returns the mean of numbers with this sum, which has decimal places.
#[expect(clippy::cast_precision_loss, reason = "the mean is a float")]
pub(in crate::store) fn mean(sum: i128, count: i64, scale: u32) -> f64 {
    sum as f64 / count as f64 / 10_f64.powi(scale.cast_signed())
}

/// Returns the JSON of a float, in which zero has no sign.
pub(in crate::store) fn float(number: f64) -> Json {
    json!(number + 0.0)
}

/// Returns a number inside JSON: a whole one without a decimal point.
pub(in crate::store) fn scalar_number(number: f64) -> Json {
    if number.fract() == 0.0 && number.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
        return (number as i64).into();
    }
    float(number)
}

/// Returns the JSON of a scalar inside JSON; null for lists and objects.
pub(crate) fn scalar(value: &Value) -> Json {
    match value {
        Value::Boolean(value) => (*value).into(),
        Value::Float(number) => scalar_number(*number),
        Value::Text(text) => text.as_str().into(),
        _ => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_the_order_of_their_values() {
        let text = |text: &str| Computed::Value(Value::Text(text.into()));
        for ascending in [
            vec![
                Computed::NULL,
                Computed::Decimal(-950, 2),
                Computed::Decimal(950, 2),
                Computed::Decimal(1250, 2),
            ],
            vec![
                Computed::NULL,
                Computed::Whole(i128::from(i64::MAX)),
                Computed::Whole(1 << 70),
                Computed::Whole(3 << 70),
            ],
            vec![Computed::NULL, Computed::Json(json!(2.5)), Computed::Json(json!(10)), text("1"), text("a")],
            vec![
                Computed::Json(json!(null)),
                Computed::Json(json!(false)),
                Computed::Json(json!(true)),
                Computed::Json(json!(-1)),
                Computed::Json(json!(1.5)),
                Computed::Json(json!("")),
                Computed::Json(json!("a")),
            ],
            vec![Computed::NULL, Computed::Value(Value::Decimal(-1)), Computed::Value(Value::Decimal(2))],
        ] {
            for (place, one) in ascending.iter().enumerate() {
                for (other_place, other) in ascending.iter().enumerate() {
                    assert_eq!(one.compare(other), place.cmp(&other_place), "{one:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn decimals_keep_their_places() {
        for (number, scale, expected) in [
            (0, 2, "0.00"),
            (5, 2, "0.05"),
            (-5, 2, "-0.05"),
            (1234, 2, "12.34"),
            (-7, 0, "-7"),
            (1 << 70, 0, "1180591620717411303424"),
        ] {
            assert_eq!(decimal(number, scale), expected);
        }
    }
}
