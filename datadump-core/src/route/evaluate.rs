//! Evaluates conditions on records, which have no types yet.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::find;
use crate::{
    clock::Timestamp,
    condition::{Condition, FieldTest, Operator, Term},
    record::Fields,
    schema::name::fold,
};

/// Returns whether a condition holds for a record.
pub(crate) fn holds(condition: &Condition, record: &Fields) -> bool {
    condition.terms.iter().all(|term| match term {
        Term::All(conditions) => conditions.iter().all(|condition| holds(condition, record)),
        Term::Any(conditions) => conditions.iter().any(|condition| holds(condition, record)),
        Term::Not(condition) => !holds(condition, record),
        Term::Field(field) => {
            // Null and missing are the same.
            let found = find(record, &field.field, &field.path).filter(|found| !found.is_null());
            field.tests.iter().all(|test| passes(test, found))
        }
    })
}

fn passes(test: &FieldTest, found: Option<&Json>) -> bool {
    let operand = &test.operand;
    let order = |operand: &Json| found.and_then(|found| compare(found, operand));
    let is_equal =
        |operand: &Json| order(operand) == Some(Ordering::Equal) || (operand.is_null() && found.is_none());
    let is_in = |items: &Json| items.as_array().is_some_and(|items| items.iter().any(is_equal));
    let text = |test: fn(&str, &str) -> bool| match (found.and_then(Json::as_str), operand.as_str()) {
        (Some(found), Some(operand)) => test(found, operand),
        _ => false,
    };
    match test.operator {
        Operator::Eq => is_equal(operand),
        Operator::Ne => !is_equal(operand),
        Operator::Lt => order(operand).is_some_and(Ordering::is_lt),
        Operator::Lte => order(operand).is_some_and(Ordering::is_le),
        Operator::Gt => order(operand).is_some_and(Ordering::is_gt),
        Operator::Gte => order(operand).is_some_and(Ordering::is_ge),
        Operator::In => is_in(operand),
        Operator::NotIn => !is_in(operand),
        Operator::Between => match operand.as_array().map(Vec::as_slice) {
            Some([min, max]) => {
                order(min).is_some_and(Ordering::is_ge) && order(max).is_some_and(Ordering::is_le)
            }
            _ => false,
        },
        Operator::Contains => text(|found, operand| found.contains(operand)),
        Operator::IContains => text(|found, operand| fold(found).contains(fold(operand).as_ref())),
        Operator::StartsWith => text(|found, operand| found.starts_with(operand)),
        Operator::EndsWith => text(|found, operand| found.ends_with(operand)),
        Operator::IsNull => found.is_none() == (*operand == Json::Bool(true)),
    }
}

/// Compares two values. Text that parses as a number is compared with a number, and two timestamps are
/// compared as times.
fn compare(found: &Json, operand: &Json) -> Option<Ordering> {
    match (found, operand) {
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
        (found, operand) => (found == operand).then_some(Ordering::Equal),
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
            assert_eq!(
                holds(&Condition::parse(&condition, |_| false).unwrap(), &record),
                expected,
                "{condition}"
            );
        }
    }
}
