//! What a format with types holds, on its way to a record: JSON, and what JSON cannot hold.

use std::collections::HashMap;

use serde_json::{Number, Value as Json};

use super::Output;
use crate::{
    json::MAX_DEPTH,
    record::{Failure, Fields, Record},
};

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ParsedValue {
    /// What JSON has too.
    Json(Json),
    /// Not a number, or an infinity, by its name.
    NonFinite(&'static str),
    /// Values in order.
    Array(Vec<ParsedValue>),
    /// Values by name. When a name comes twice the last one wins.
    Object(Vec<(String, ParsedValue)>),
}

impl ParsedValue {
    /// A float, or the name of what it is instead.
    pub(super) fn float(float: f64) -> Self {
        match Number::from_f64(float) {
            Some(number) => Self::Json(Json::Number(number)),
            None => Self::NonFinite(non_finite_name(float)),
        }
    }

    /// A float of 32 bits: the shortest decimal that means it, and not the long one that its bits
    /// are in 64 (`1.1` and not `1.100000023841858`).
    pub(super) fn float32(float: f32) -> Self {
        Self::float(float.to_string().parse().unwrap_or_else(|_| f64::from(float)))
    }

    /// A whole number; beyond 64 bits it is a text, since it would be rounded.
    pub(super) fn integer(number: i128) -> Self {
        let signed = i64::try_from(number).map(Json::from);
        let json = signed.or_else(|_| u64::try_from(number).map(Json::from));
        Self::Json(json.unwrap_or_else(|_| Json::String(number.to_string())))
    }

    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Json(Json::String(text.into()))
    }

    /// As JSON: what JSON cannot hold becomes a text in its place.
    pub(super) fn into_json(self) -> Json {
        match self {
            Self::Json(json) => json,
            Self::NonFinite(name) => Json::String(name.to_owned()),
            Self::Array(items) => items.into_iter().map(Self::into_json).collect(),
            Self::Object(members) => {
                Json::Object(members.into_iter().map(|(name, found)| (name, found.into_json())).collect())
            }
        }
    }

    /// As the name of a member: names are texts in JSON, whatever they are elsewhere.
    pub(super) fn into_member_name(self) -> String {
        match self.into_json() {
            Json::String(name) => name,
            other => {
                let mut name = String::new();
                write_name(&other, &mut name);
                name
            }
        }
    }

    /// As a record: an object is one, anything else becomes the `value` of one.
    pub(super) fn into_record(self) -> Result<Record, Failure> {
        let members = match self {
            Self::Object(members) => members,
            value => vec![("value".to_owned(), value)],
        };
        if members.iter().any(|(_, found)| found.is_deeper_than(MAX_DEPTH - 1)) {
            return Err(too_deep());
        }
        // The last of one name wins, wherever it goes.
        let is_odd = |found: &Self| matches!(found, Self::NonFinite(_));
        let goes: HashMap<String, bool> = match members.iter().any(|(_, found)| is_odd(found)) {
            true => members.iter().map(|(name, found)| (name.clone(), is_odd(found))).collect(),
            false => HashMap::new(),
        };
        let mut record = Record::default();
        for (name, found) in members {
            if goes.get(&name).is_some_and(|odd| *odd != is_odd(&found)) {
                continue;
            }
            let place = if is_odd(&found) { &mut record.non_finite } else { &mut record.fields };
            place.insert(name, found.into_json());
        }
        Ok(record)
    }

    /// Puts out the items of a list as a record each, anything else as one record.
    pub(super) fn emit(self, output: &mut Output) {
        let items = match self {
            Self::Array(items) => items,
            found => vec![found],
        };
        for item in items {
            match item.into_record() {
                Ok(record) => output.record(record),
                Err(failure) => output.reject(failure, None, None),
            }
        }
    }

    fn is_deeper_than(&self, levels: usize) -> bool {
        match self {
            Self::Json(_) | Self::NonFinite(_) => false,
            Self::Array(items) => levels == 0 || items.iter().any(|item| item.is_deeper_than(levels - 1)),
            Self::Object(members) => {
                levels == 0 || members.iter().any(|(_, member)| member.is_deeper_than(levels - 1))
            }
        }
    }
}

/// Writes JSON as a name. A name in it that was made so itself stands there as it is: escaped at each
/// level it would be twice as long each time.
fn write_name(json: &Json, name: &mut String) {
    match json {
        Json::Array(items) => {
            name.push('[');
            for (place, item) in items.iter().enumerate() {
                name.push_str(if place == 0 { "" } else { "," });
                write_name(item, name);
            }
            name.push(']');
        }
        Json::Object(members) => {
            name.push('{');
            for (place, (inner, value)) in members.iter().enumerate() {
                name.push_str(if place == 0 { "" } else { "," });
                if inner.starts_with(['{', '[']) {
                    name.push_str(inner);
                } else {
                    name.push_str(&Json::from(inner.as_str()).to_string());
                }
                name.push(':');
                write_name(value, name);
            }
            name.push('}');
        }
        plain => name.push_str(&plain.to_string()),
    }
}

/// What floats that are no numbers are called.
pub(super) fn non_finite_name(float: f64) -> &'static str {
    if float.is_nan() {
        "NaN"
    } else if float > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// Why something that nests deeper than we walk is not read.
pub(super) fn too_deep() -> Failure {
    Failure::new("too-deep", format!("it nests deeper than {MAX_DEPTH} levels"))
}

/// The record of one JSON value: an object is one, anything else becomes the `value` of one.
pub(super) fn record_from_json(json: Json) -> Record {
    match json {
        Json::Object(fields) => Record::new(fields),
        value => Record::new(Fields::from_iter([("value".to_owned(), value)])),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_json_cannot_hold_is_kept_beside_the_fields_or_as_text_in_its_place() {
        let list = ParsedValue::Array(vec![ParsedValue::float(1.5), ParsedValue::float(f64::NAN)]);
        let object = |members: Vec<(&str, ParsedValue)>| {
            ParsedValue::Object(members.into_iter().map(|(name, found)| (name.to_owned(), found)).collect())
        };
        let found = object(vec![
            ("a", ParsedValue::float(f64::NEG_INFINITY)),
            ("b", list),
            ("c", ParsedValue::integer(-3)),
            ("c", ParsedValue::float(f64::INFINITY)),
            ("d", ParsedValue::float(f64::NAN)),
            ("d", ParsedValue::float32(1.1)),
            ("e", ParsedValue::integer(1 << 100)),
        ]);
        let record = found.into_record().unwrap();
        let expected = json!({"b": [1.5, "NaN"], "d": 1.1, "e": (1_i128 << 100).to_string()});
        assert_eq!(Json::from(record.fields), expected);
        assert_eq!(Json::from(record.non_finite), json!({"a": "-Infinity", "c": "Infinity"}));
    }

    #[test]
    fn many_that_are_odd_after_all_are_found_soon() {
        let members = (0..100_000).flat_map(|number| {
            let name = number.to_string();
            [(name.clone(), ParsedValue::integer(1)), (name, ParsedValue::float(f64::NAN))]
        });
        let began = std::time::Instant::now();
        let record = ParsedValue::Object(members.collect()).into_record().unwrap();
        assert_eq!((record.fields.len(), record.non_finite.len()), (0, 100_000));
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    }

    #[test]
    fn names_of_names_grow_by_what_they_hold() {
        let named = |name: ParsedValue| ParsedValue::Object(vec![(name.into_member_name(), ParsedValue::integer(1))]);
        assert_eq!(ParsedValue::text("a \"b\"").into_member_name(), "a \"b\"");
        let once = named(ParsedValue::text("a\""));
        assert_eq!(once.clone().into_member_name(), r#"{"a\"":1}"#);
        assert_eq!(ParsedValue::Array(vec![once.clone(), ParsedValue::text("x")]).into_member_name(), r#"[{"a\"":1},"x"]"#);
        assert_eq!(named(once).into_member_name(), r#"{{"a\"":1}:1}"#);
        let deep = (0..100).fold(ParsedValue::text("a"), |name, _| named(name));
        assert_eq!(deep.into_member_name().len(), 3 + 100 * 4);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels: usize| (0..levels).fold(ParsedValue::integer(1), |found, _| ParsedValue::Array(vec![found]));
        let object = |levels| ParsedValue::Object(vec![("a".to_owned(), nested(levels))]);
        assert!(object(MAX_DEPTH - 1).into_record().is_ok());
        assert_eq!(object(MAX_DEPTH).into_record().unwrap_err().code, "too-deep");
    }
}
