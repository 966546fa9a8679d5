//! Evaluates conditions on records, which have no types yet.

use std::{borrow::Cow, cmp::Ordering};

use serde_json::Value as Json;

use super::find;
use crate::{
    clock::Timestamp,
    condition::{Condition, FieldTest, FieldTests, Operator, Term},
    record::Fields,
    schema::name::fold,
    throw::RequestHead,
};

/// Beginning of the names of headers in conditions.
const HEADERS: &str = "headers.";

/// Returns whether a condition holds for a record.
pub(crate) fn holds(condition: &Condition, record: &Fields) -> bool {
    holds_with(condition, record, None)
}

/// Returns whether a condition holds for a record of a throw that a request brought.
pub(super) fn holds_with(condition: &Condition, record: &Fields, head: Option<&RequestHead>) -> bool {
    condition.terms.iter().all(|term| match term {
        Term::All(conditions) => conditions.iter().all(|condition| holds_with(condition, record, head)),
        Term::Any(conditions) => conditions.iter().any(|condition| holds_with(condition, record, head)),
        Term::Not(condition) => !holds_with(condition, record, head),
        Term::Field(field) => {
            let found = match of_request(field, record, head) {
                Some(found) => Some(Cow::Owned(found)),
                None => find(record, &field.field, &field.path).map(Cow::Borrowed),
            };
            // Null and missing are the same.
            let found = found.as_deref().filter(|found| !found.is_null());
            field.tests.iter().all(|test| passes(test, found))
        }
    })
}

/// Returns what a test finds in the request, if it is a test of the request: of `%method`, `%path` or `%headers.NAME`,
/// or of `headers.NAME` if the record has no field `headers`. Null if there is no such header.
fn of_request(field: &FieldTests, record: &Fields, head: Option<&RequestHead>) -> Option<Json> {
    let name = field.field.as_str();
    let text = |text: Option<&str>| Some(Json::from(text));
    let header = |name: &str| Json::from(head.and_then(|head| head.headers.get(name)));
    match name.strip_prefix('%') {
        Some("method") => text(head.map(|head| head.method.as_str())),
        Some("path") => text(head.map(|head| head.path.as_str())),
        Some(name) => name.strip_prefix(HEADERS).map(header),
        None => {
            let is_field = record.contains_key("headers") || record.contains_key(name);
            name.strip_prefix(HEADERS).filter(|_| !is_field).map(header)
        }
    }
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
    use crate::throw::{Headers, Transport};

    #[test]
    fn conditions_test_the_request() {
        let headers =
            Headers::new([("X-GitHub-Event", "push"), ("x.dotted", "1"), ("Accept", "a"), ("Accept", "b")]);
        let (method, path) = ("POST".to_owned(), "/throw/hooks".to_owned());
        let head = RequestHead { method, path, transport: Transport::Http, headers };
        let plain = json!({"%method": "forged", "method": "own"});
        let own = json!({"headers": {"x-github-event": "own"}, "%headers.accept": "forged"});
        for (record, condition, expected) in [
            (&plain, json!({"headers.x-github-event": "push"}), true),
            (&plain, json!({"headers.X-GitHub-Event": {"in": ["push", "pull_request"]}}), true),
            (&plain, json!({"headers.x.dotted": 1}), true),
            (&plain, json!({"headers.accept": "a, b"}), true),
            (&plain, json!({"headers.none": {"isnull": true}}), true),
            (&plain, json!({"%method": "POST"}), true),
            (&plain, json!({"%path": {"endswith": "/hooks"}}), true),
            (&plain, json!({"method": "own"}), true),
            (&own, json!({"headers.x-github-event": "own"}), true),
            (&own, json!({"headers.accept": {"isnull": true}}), true),
            (&own, json!({"%headers.x-github-event": "push"}), true),
            (&own, json!({"%headers.accept": "forged"}), false),
        ] {
            let parsed = Condition::parse(&condition, |_| false).unwrap();
            let fields = Fields::from(record.as_object().unwrap().clone());
            assert_eq!(holds_with(&parsed, &fields, Some(&head)), expected, "{record} {condition}");
        }
    }

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
