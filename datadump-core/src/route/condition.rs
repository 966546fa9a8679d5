//! The condition of a route: the tests that filters know, on a record that has no types yet.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::{find, steps};
use crate::{clock::Timestamp, record::Fields, schema::name::fold};

/// How deep a condition may nest.
const MAX_DEPTH: usize = 16;

/// What must hold of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// All of them.
    All(Vec<Condition>),
    /// Any of them.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// A test of the value at a path.
    Test(Vec<String>, Operator, Json),
}

/// The tests, by the names that filters give them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// One of.
    In,
    /// None of.
    Nin,
    /// Between two, both included.
    Between,
    /// Has this text in it.
    Contains,
    /// The same, whatever the case.
    Icontains,
    /// Begins with this text.
    Startswith,
    /// Ends with this text.
    Endswith,
    /// Is null, or not there.
    Isnull,
}

const OPERATORS: [(&str, Operator); 14] = [
    ("eq", Operator::Eq),
    ("ne", Operator::Ne),
    ("lt", Operator::Lt),
    ("lte", Operator::Lte),
    ("gt", Operator::Gt),
    ("gte", Operator::Gte),
    ("in", Operator::In),
    ("nin", Operator::Nin),
    ("between", Operator::Between),
    ("contains", Operator::Contains),
    ("icontains", Operator::Icontains),
    ("startswith", Operator::Startswith),
    ("endswith", Operator::Endswith),
    ("isnull", Operator::Isnull),
];

impl Condition {
    /// Reads a condition; the error says what is wrong with it.
    pub fn read(json: &Json) -> Result<Self, String> {
        read(json, 0)
    }

    /// Whether it holds of a record.
    pub fn holds(&self, record: &Fields) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(record)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(record)),
            Self::Not(condition) => !condition.holds(record),
            Self::Test(path, operator, wanted) => {
                test(find(record, path).filter(|found| !found.is_null()), *operator, wanted)
            }
        }
    }
}

fn read(json: &Json, depth: usize) -> Result<Condition, String> {
    if depth > MAX_DEPTH {
        return Err(format!("the condition nests deeper than {MAX_DEPTH} levels"));
    }
    let members = json.as_object().ok_or_else(|| format!("{json} is not an object of tests"))?;
    let all = |items: &[Json]| items.iter().map(|item| read(item, depth + 1)).collect::<Result<Vec<_>, _>>();
    let mut conditions = Vec::new();
    for (name, json) in members {
        match (name.as_str(), json) {
            ("and", Json::Array(items)) => conditions.push(Condition::All(all(items)?)),
            ("or", Json::Array(items)) => conditions.push(Condition::Any(all(items)?)),
            ("not", Json::Object(_)) => conditions.push(Condition::Not(Box::new(read(json, depth + 1)?))),
            (name, Json::Object(operators)) => {
                for (operator, wanted) in operators {
                    conditions.push(one(name, operator, wanted)?);
                }
            }
            (name, wanted) => conditions.push(one(name, "eq", wanted)?),
        }
    }
    Ok(match conditions.len() {
        1 => conditions.remove(0),
        _ => Condition::All(conditions),
    })
}

fn one(name: &str, operator: &str, wanted: &Json) -> Result<Condition, String> {
    let Some((_, found)) = OPERATORS.iter().find(|(known, _)| *known == operator) else {
        let known: Vec<&str> = OPERATORS.iter().map(|(name, _)| *name).collect();
        return Err(format!("{name}: `{operator}` is not an operator: use one of {}", known.join(", ")));
    };
    let fits = match found {
        Operator::In | Operator::Nin => wanted.is_array(),
        Operator::Between => wanted.as_array().is_some_and(|bounds| bounds.len() == 2),
        Operator::Contains | Operator::Icontains | Operator::Startswith | Operator::Endswith => {
            wanted.is_string()
        }
        Operator::Isnull => wanted.is_boolean(),
        _ => true,
    };
    if !fits {
        return Err(format!("{name}: {wanted} is not what `{operator}` takes"));
    }
    Ok(Condition::Test(steps(name), *found, wanted.clone()))
}

fn test(found: Option<&Json>, operator: Operator, wanted: &Json) -> bool {
    let order = |wanted: &Json| found.and_then(|found| compare(found, wanted));
    let is = |wanted: &Json| order(wanted) == Some(Ordering::Equal) || (wanted.is_null() && found.is_none());
    let any = |items: &Json| items.as_array().is_some_and(|items| items.iter().any(is));
    let text = |test: fn(&str, &str) -> bool| match (found.and_then(Json::as_str), wanted.as_str()) {
        (Some(found), Some(wanted)) => test(found, wanted),
        _ => false,
    };
    match operator {
        Operator::Eq => is(wanted),
        Operator::Ne => !is(wanted),
        Operator::Lt => order(wanted).is_some_and(Ordering::is_lt),
        Operator::Lte => order(wanted).is_some_and(Ordering::is_le),
        Operator::Gt => order(wanted).is_some_and(Ordering::is_gt),
        Operator::Gte => order(wanted).is_some_and(Ordering::is_ge),
        Operator::In => any(wanted),
        Operator::Nin => !any(wanted),
        Operator::Between => match wanted.as_array().map(Vec::as_slice) {
            Some([least, most]) => {
                order(least).is_some_and(Ordering::is_ge) && order(most).is_some_and(Ordering::is_le)
            }
            _ => false,
        },
        Operator::Contains => text(|found, wanted| found.contains(wanted)),
        Operator::Icontains => text(|found, wanted| fold(found).contains(fold(wanted).as_ref())),
        Operator::Startswith => text(|found, wanted| found.starts_with(wanted)),
        Operator::Endswith => text(|found, wanted| found.ends_with(wanted)),
        Operator::Isnull => found.is_none() == (*wanted == Json::Bool(true)),
    }
}

/// How two values are ordered; a text that reads as a number is compared with a number as one, and
/// two times as times.
fn compare(found: &Json, wanted: &Json) -> Option<Ordering> {
    match (found, wanted) {
        (Json::Number(a), Json::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
        (Json::String(text), Json::Number(number)) => {
            text.trim().parse::<f64>().ok()?.partial_cmp(&number.as_f64()?)
        }
        (Json::String(a), Json::String(b)) => match (Timestamp::parse(a), Timestamp::parse(b)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => Some(a.cmp(b)),
        },
        (Json::Bool(a), Json::Bool(b)) => Some(a.cmp(b)),
        (found, wanted) => (found == wanted).then_some(Ordering::Equal),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_hold_or_do_not() {
        let record = json!({"kind": "dog", "age": 7, "weight": "12.5", "chip": {"id": "X1"}, "tags": ["a", "b"],
                            "at": "2026-01-01T00:00:00Z", "none": null});
        let record = Fields::from(record.as_object().unwrap().clone());
        for (condition, expected) in [
            (json!({}), true),
            (json!({"kind": "dog"}), true),
            (json!({"kind": {"ne": "dog"}}), false),
            (json!({"age": {"gte": 7, "lt": 8}}), true),
            (json!({"weight": {"gt": 12}}), true),
            (json!({"chip.id": "X1"}), true),
            (json!({"chip.name": {"isnull": true}}), true),
            (json!({"none": {"isnull": true}}), true),
            (json!({"none": null}), true),
            (json!({"tags.1": "b"}), true),
            (json!({"kind": {"in": ["cat", "dog"]}}), true),
            (json!({"kind": {"nin": ["cat"]}}), true),
            (json!({"age": {"between": [1, 6]}}), false),
            (json!({"kind": {"icontains": "DO"}}), true),
            (json!({"kind": {"startswith": "d"}, "age": 8}), false),
            (json!({"or": [{"kind": "cat"}, {"not": {"age": {"lt": 3}}}]}), true),
            (json!({"at": {"gt": "2025-12-31T23:00:00-02:00"}}), false),
            (json!({"missing": 1}), false),
        ] {
            assert_eq!(Condition::read(&condition).unwrap().holds(&record), expected, "{condition}");
        }
    }

    #[test]
    fn wrong_conditions_are_refused() {
        for condition in [json!(1), json!({"a": {"like": 1}}), json!({"a": {"in": 1}}), json!({"or": [1]})] {
            assert!(Condition::read(&condition).is_err(), "{condition}");
        }
    }
}
