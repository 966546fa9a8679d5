//! Validates values that already have the types of the schema.

use std::sync::Arc;

use crate::{
    error::{Fault, Place},
    schema::{Field, InForce, InvalidValue, Kind, Row, Value, Values},
};

/// Validates a row of typed values, in the order of the definition's fields.
///
/// Checks the number of values, and for each its type, nullability, bounds, length and pattern. This is
/// the path of rows that the service builds itself, such as readings: it does not allocate unless a value
/// is invalid. The key may be absent only if the database generates it.
pub fn typed(in_force: &Arc<InForce>, key: Option<Value>, mut values: Vec<Value>) -> Result<Row, Vec<Fault>> {
    let definition = &in_force.definition;
    let mut faults = Vec::new();
    let key_name = definition.key.name.as_str();
    match &key {
        Some(key) => {
            let checked = check_type(&definition.key.kind, key).and_then(|()| definition.key.kind.check(key));
            if let Err(invalid) = checked {
                faults.push(Fault::new(Place::field(key_name), invalid.code, invalid.detail));
            }
        }
        None if definition.key.generated && matches!(definition.key.kind, Kind::Integer | Kind::Long) => {}
        None => {
            let detail = format!("key `{key_name}` is missing");
            faults.push(Fault::new(Place::field(key_name), "missing", detail));
        }
    }
    if values.len() != definition.fields.len() {
        let detail = format!("expected {} values, got {}", definition.fields.len(), values.len());
        faults.push(Fault::new(Place::body(), "mistyped", detail));
    }
    for (field, value) in definition.fields.iter().zip(&mut values) {
        if let Value::Float(number) = value {
            // Turns a negative zero into a positive one.
            *number += 0.0;
        }
        if let Err(invalid) = check(field, value) {
            faults.push(Fault::new(Place::field(field.name.as_str()), invalid.code, invalid.detail));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Row::from_validated(in_force.clone(), key, Values::first(values)))
}

fn check(field: &Field, value: &Value) -> Result<(), InvalidValue> {
    if !value.is_null() {
        check_type(&field.kind, value)?;
    }
    field.check(value)
}

/// Checks that a value has the type of a field or key.
fn check_type(kind: &Kind, value: &Value) -> Result<(), InvalidValue> {
    let is_valid = match (kind, value) {
        (Kind::Boolean, Value::Boolean(_))
        | (Kind::Integer | Kind::Long, Value::Integer(_))
        | (Kind::Decimal { .. }, Value::Decimal(_))
        | (Kind::Uuid | Kind::Id, Value::Uuid(_))
        | (Kind::Date, Value::Date(_))
        | (Kind::Timestamp, Value::Timestamp(_))
        | (Kind::Json, Value::Json(_))
        | (Kind::Binary { .. }, Value::Binary(_)) => true,
        (Kind::Float, Value::Float(number)) => number.is_finite(),
        (Kind::Time, Value::Time(micros)) => (0..86_400_000_000).contains(micros),
        (Kind::String { .. } | Kind::Text { .. } | Kind::Enum { .. } | Kind::Id, Value::Text(text)) => {
            if text.contains('\0') {
                return Err(InvalidValue::new("nul", "must not contain U+0000"));
            }
            true
        }
        _ => false,
    };
    if is_valid {
        Ok(())
    } else {
        Err(InvalidValue::new("mistyped", format!("is not a value of type {kind}")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::{
        clock::Timestamp,
        schema::{StorageId, parse},
    };

    fn storage(key: &serde_json::Value) -> Arc<InForce> {
        let definition = parse::definition(&json!({
            "name": "reading",
            "key": key,
            "fields": [
                {"name": "device", "type": "string", "max_length": 4},
                {"name": "value", "type": "float", "nullable": true, "max": 100.0},
                {"name": "state", "type": "enum", "values": ["on", "off"]},
                {"name": "at", "type": "timestamp"},
            ],
        }));
        Arc::new(InForce::new(StorageId(1), 1, definition.unwrap()))
    }

    fn values() -> Vec<Value> {
        let text = |text: &str| Value::Text(text.to_owned());
        vec![text("d1"), Value::Float(-0.0), text("on"), Value::Timestamp(Timestamp::MIN)]
    }

    #[test]
    fn typed_values_are_checked_against_the_definition() {
        let storage = storage(&json!({"name": "id", "type": "long", "generated": true}));
        let row = typed(&storage, None, values()).unwrap();
        assert_eq!((row.key(), row.complete().len()), (None, 4));
        let Value::Float(zero) = row.value(1) else { panic!("{row:?}") };
        assert!(zero.is_sign_positive(), "a negative zero becomes positive");
        let text = |text: &str| Value::Text(text.to_owned());
        for (place, value, expected) in [
            (0, text("long"), None),
            (0, text("longer"), Some("too-long")),
            (0, text("a\0"), Some("nul")),
            (0, Value::Null, Some("null")),
            (0, Value::Integer(1), Some("mistyped")),
            (1, Value::Null, None),
            (1, Value::Float(100.5), Some("max")),
            (1, Value::Float(f64::NAN), Some("mistyped")),
            (1, Value::Integer(1), Some("mistyped")),
            (2, text("other"), Some("not-a-value")),
            (3, text("2026-01-01T00:00:00Z"), Some("mistyped")),
        ] {
            let mut values = values();
            values[place] = value.clone();
            let code = typed(&storage, None, values).err().map(|faults| faults[0].code);
            assert_eq!(code, expected, "{place}: {value:?}");
        }
        let faults = typed(&storage, None, values()[..3].to_vec()).unwrap_err();
        assert_eq!(faults[0].detail, "expected 4 values, got 3");
    }

    #[test]
    fn keys_are_checked_and_only_counted_ones_may_be_missing() {
        let counted = json!({"name": "id", "type": "long", "generated": true});
        let uuid = json!({"name": "id", "type": "uuid", "generated": true});
        let string = json!({"name": "id", "type": "string", "max_length": 2});
        for (key, value, expected) in [
            (&counted, None, None),
            (&counted, Some(Value::Integer(7)), None),
            (&uuid, None, Some("missing")),
            (&uuid, Some(Value::Uuid(Uuid::nil())), None),
            (&uuid, Some(Value::Integer(7)), Some("mistyped")),
            (&string, Some(Value::Text("abc".into())), Some("too-long")),
        ] {
            let code = typed(&storage(key), value.clone(), values()).err().map(|faults| faults[0].code);
            assert_eq!(code, expected, "{key}: {value:?}");
        }
    }
}
