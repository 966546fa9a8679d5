//! Infers the schema of a storage from records: the type of a value, a type that holds several values, and
//! new fields of an existing storage.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value as Json, json};

use super::{Definition, FieldName, Kind, StorageName, definition::ID, name::fold, parse::MAX_FIELDS};
use crate::clock::{self, Timestamp};

/// Number of decimal digits that a float preserves.
const MAX_FLOAT_DIGITS: usize = 17;

/// Largest magnitude up to which every integer is exactly representable as a float.
const MAX_EXACT: i64 = 1 << 53;

/// Field names seen in records, each with a type that holds all its values.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    names: Vec<String>,
    kinds: HashMap<String, Kind>,
}

impl Shape {
    /// Returns whether no fields have been recorded.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Records a value. Null is ignored because it has no type.
    pub fn observe(&mut self, name: &str, value: &Json, untyped: bool) {
        let Some(kind) = kind_of(name, value, untyped) else { return };
        self.add(name, kind);
    }

    /// Returns the type of the values that were seen under a name.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// Adds the fields of another shape.
    pub fn merge(&mut self, other: Self) {
        let Self { names, mut kinds } = other;
        for name in names {
            if let Some(kind) = kinds.remove(&name) {
                self.add(&name, kind);
            }
        }
    }

    fn add(&mut self, name: &str, kind: Kind) {
        if let Some(seen) = self.kinds.get_mut(name) {
            if *seen != kind {
                *seen = common(seen, &kind);
            }
            return;
        }
        // A storage cannot have more fields anyway.
        if self.names.len() <= 2 * MAX_FIELDS {
            self.names.push(name.to_owned());
            self.kinds.insert(name.to_owned(), kind);
        }
    }
}

/// Returns the type that holds a value without loss, or `None` for null, which fits any type.
pub fn kind_of(name: &str, value: &Json, untyped: bool) -> Option<Kind> {
    Some(match value {
        Json::Null => return None,
        Json::Bool(_) => Kind::Boolean,
        Json::Number(_) if is_moment(name) && moment(value).is_some() => Kind::Timestamp,
        Json::Number(number) if number.is_f64() => Kind::Float,
        Json::Number(number) if number.is_i64() => Kind::Long,
        // Does not fit a signed 64-bit integer: text, so that it is not rounded.
        Json::Number(_) => Kind::Text { max_length: None },
        Json::String(text) if looks_like_moment(text) && clock::is_moment(text) => Kind::Timestamp,
        Json::String(text) if untyped && plain_decimal(text).is_some() => Kind::Float,
        Json::String(_) => Kind::Text { max_length: None },
        Json::Array(_) | Json::Object(_) => Kind::Json,
    })
}

/// Returns a type that holds the values of both types.
fn common(one: &Kind, other: &Kind) -> Kind {
    match (one, other) {
        _ if one == other => one.clone(),
        (Kind::Long, Kind::Float) | (Kind::Float, Kind::Long) => Kind::Float,
        (Kind::Json, _) | (_, Kind::Json) => Kind::Json,
        _ => Kind::Text { max_length: None },
    }
}

/// Returns the initial definition of an inferred storage.
pub fn first(name: &StorageName, key: Option<&str>) -> Json {
    json!({
        "name": name.as_str(),
        "key": {"name": first_key(key), "type": "id"},
        "fields": [],
        "meta": {"auto": true, "scans": true},
    })
}

/// Returns the name of the key of a first version, which is `key` if that can be a name.
pub fn first_key(key: Option<&str>) -> &str {
    key.filter(|key| FieldName::parse_open(key).is_ok()).unwrap_or(ID)
}

/// Extends a definition by the fields of a shape; returns `None` if there is nothing to add. `dropped` maps
/// the names of removed fields to their types, which cannot change. `settled` tells which fields must keep
/// their type.
pub fn grown(
    definition: &Definition,
    shape: &Shape,
    dropped: &BTreeMap<String, String>,
    settled: impl Fn(&str) -> bool,
) -> Option<Json> {
    let mut json = definition.to_json();
    let fields = json.get_mut("fields")?.as_array_mut()?;
    let mut folded: HashMap<String, usize> =
        definition.own_fields().enumerate().map(|(place, field)| (field.name.folded(), place)).collect();
    let key = definition.key.name.folded();
    let before = (fields.len(), 0);
    let mut widened = 0;
    for name in &shape.names {
        let Some(kind) = shape.kinds.get(name) else { continue };
        if let Some(place) = folded.get(fold(name).as_ref()) {
            let field = definition.field(name).map(|(_, field)| field);
            let grows = field.is_some_and(|field| field.kind == Kind::Long && *kind == Kind::Float);
            if let (true, false, Some(member)) = (grows, settled(name), fields.get_mut(*place)) {
                member["type"] = "float".into();
                widened += 1;
            }
            continue;
        }
        let once = dropped.get(fold(name).as_ref()).is_some_and(|once| once != kind.name());
        if FieldName::parse_open(name).is_err() || fold(name) == key || once || fields.len() >= MAX_FIELDS {
            continue;
        }
        folded.insert(fold(name).into_owned(), fields.len());
        fields.push(json!({"name": name, "type": kind.name(), "nullable": true}));
    }
    ((fields.len(), widened) != before).then_some(json)
}

/// Returns whether numbers in a field with this name are timestamps.
pub fn is_moment(name: &str) -> bool {
    matches!(name, "ts" | "time" | "timestamp") || name.ends_with("_at")
}

/// Returns whether a number, if it is a timestamp, counts nanoseconds.
pub fn is_nanoseconds(number: i64) -> bool {
    number.unsigned_abs() >= 5_000_000_000_000_000
}

/// Converts a number to a timestamp. Its magnitude decides whether it counts seconds, milliseconds,
/// microseconds or nanoseconds since 1970.
pub fn moment(value: &Json) -> Option<Timestamp> {
    let number = value.as_number()?;
    let float = number.as_f64()?;
    // Microseconds per unit, also as an integer, unless the unit is the nanosecond.
    let (micros_per_unit, whole_micros) = match float.abs() {
        size if size < 5e9 => (1e6, Some(1_000_000)),
        size if size < 5e12 => (1e3, Some(1_000)),
        size if size < 5e15 => (1.0, Some(1)),
        _ => (1e-3, None),
    };
    let micros = match (number.as_i64(), whole_micros) {
        (Some(whole), Some(factor)) => whole.checked_mul(factor)?,
        (Some(whole), None) => whole.div_euclid(1_000),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the cast saturates and the range is checked afterwards"
        )]
        (None, _) => (float * micros_per_unit).round() as i64,
    };
    Timestamp::from_micros(micros)
}

/// Checks cheaply whether parsing is worthwhile, because most text is not a timestamp.
fn looks_like_moment(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 19
        && bytes.len() <= 40
        && bytes.get(4) == Some(&b'-')
        && bytes.first().is_some_and(u8::is_ascii_digit)
        && matches!(bytes.get(10), Some(b'T' | b't' | b' '))
}

/// Parses text of an untyped format as a decimal number. Trailing zeros are allowed: a sensor that prints
/// `21.50` between `21.49` and `21.51` means numbers. An exponent requires a decimal point or a sign
/// (`1e-07`, `1.5E10`), because `12e4567` is more likely an identifier.
pub fn plain_decimal(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let (whole, part) = match mantissa.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (mantissa, None),
    };
    let all = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let leading = whole.len() > 1 && whole.starts_with('0');
    if !all(whole) || leading || part.is_some_and(|part| !all(part)) {
        return None;
    }
    match exponent {
        None if part.is_none() => return None,
        None => {}
        Some(exponent) => {
            let unsigned = exponent.strip_prefix(['+', '-']);
            if (unsigned.is_none() && part.is_none()) || !all(unsigned.unwrap_or(exponent)) {
                return None;
            }
        }
    }
    // A float would round more digits.
    if whole.len() + part.map_or(0, |part| part.trim_end_matches('0').len()) > MAX_FLOAT_DIGITS {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Returns whether an integer is exactly representable as a float.
pub fn is_exact(number: i64) -> bool {
    (-MAX_EXACT..=MAX_EXACT).contains(&number)
}

/// Replaces U+0000, which databases cannot store, in all strings of a value. Returns whether there was any.
pub fn replace_nul(value: &mut Json) -> bool {
    match value {
        Json::String(text) if text.contains('\0') => {
            *text = text.replace('\0', "\u{fffd}");
            true
        }
        Json::Array(items) => items.iter_mut().fold(false, |any, item| replace_nul(item) | any),
        Json::Object(members) => {
            let mut any = false;
            if members.keys().any(|name| name.contains('\0')) {
                any = true;
                let renamed = std::mem::take(members).into_iter();
                *members = renamed.map(|(name, value)| (name.replace('\0', "\u{fffd}"), value)).collect();
            }
            members.values_mut().fold(any, |any, value| replace_nul(value) | any)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_type_that_holds_them() {
        let check = |name: &str, value: Json, untyped: bool, expected: Option<&str>| {
            let kind = kind_of(name, &value, untyped);
            assert_eq!(kind.as_ref().map(Kind::name), expected, "{name}: {value}");
        };
        check("a", json!(null), false, None);
        check("a", json!(true), false, Some("boolean"));
        check("a", json!(1), false, Some("long"));
        check("a", json!(1.5), false, Some("float"));
        check("a", json!(u64::MAX), false, Some("text"));
        check("a", json!("1.75"), false, Some("text"));
        check("a", json!("1.50"), true, Some("float"));
        check("a", json!("01.5"), true, Some("text"));
        check("a", json!("1.2.3"), true, Some("text"));
        check("a", json!("2026-01-31T12:00:00Z"), false, Some("timestamp"));
        check("a", json!("2026-01-31T12:00:00.5"), false, Some("timestamp"));
        check("a", json!("2026-01-31 12:00:00"), true, Some("timestamp"));
        check("a", json!("2026-01-31 25:00:00"), true, Some("text"));
        check("a", json!("2026-01-31"), false, Some("text"));
        check("a", json!(1_700_000_000), false, Some("long"));
        check("ts", json!(1_700_000_000), false, Some("timestamp"));
        check("created_at", json!(1_700_000_000_123_i64), false, Some("timestamp"));
        check("a", json!({"b": 1}), false, Some("json"));
    }

    #[test]
    fn the_unit_of_a_timestamp_depends_on_its_magnitude() {
        for (number, expected) in [
            (json!(1_700_000_000), "2023-11-14T22:13:20.000000Z"),
            (json!(1_700_000_000.5), "2023-11-14T22:13:20.500000Z"),
            (json!(1_700_000_000_123_i64), "2023-11-14T22:13:20.123000Z"),
            (json!(1_700_000_000_123_456_i64), "2023-11-14T22:13:20.123456Z"),
            (json!(1_700_000_000_123_456_789_i64), "2023-11-14T22:13:20.123456Z"),
            (json!(0), "1970-01-01T00:00:00.000000Z"),
        ] {
            assert_eq!(moment(&number).map(|m| m.to_string()).as_deref(), Some(expected), "{number}");
        }
    }

    #[test]
    fn decimals_are_numbers_unless_they_may_be_identifiers() {
        for (text, expected) in [
            ("1.50", Some(1.5)),
            ("-0.5", Some(-0.5)),
            ("1e-07", Some(1e-7)),
            ("1.5E10", Some(1.5e10)),
            ("12e4567", None),
            ("1e5", None),
            ("01.5", None),
            ("1.", None),
            (".5", None),
            ("1.2.3", None),
            ("3.14159265358979323846", None),
            ("1.0e999", None),
            ("NaN", None),
        ] {
            assert_eq!(plain_decimal(text), expected, "{text}");
        }
    }

    #[test]
    fn a_storage_grows_by_new_fields() {
        let name = StorageName::parse("inbox").unwrap();
        let read = |json: &Json| crate::schema::parse::definition(json).unwrap();
        let mut shape = Shape::default();
        for (name, value) in [
            ("a", json!(1)),
            ("a", json!(1.5)),
            ("Id", json!(1)),
            ("id", json!(2)),
            ("_x", json!(1)),
            ("b", json!("x")),
            ("b", json!(1)),
        ] {
            shape.observe(name, &value, false);
        }
        let json = grown(&read(&first(&name, None)), &shape, &BTreeMap::new(), |_| false).unwrap();
        let definition = read(&json);
        let fields: Vec<String> =
            definition.own_fields().map(|f| format!("{} {}", f.name, f.kind.name())).collect();
        assert_eq!(fields, ["a float", "Id long", "b text"]);
        assert!(grown(&definition, &shape, &BTreeMap::new(), |_| false).is_none());
        assert_eq!(definition.to_json(), json);
    }
}
